"""Four-grams of labels: how common each is in a log, how surprising it is to share one; runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ..names.array_types import Floats, Ints, Narrow
from ..names.encoding import OTHER, SIZE, encode_labels

GRAM = 4  # characters
CELLS = SIZE**GRAM  # different four-grams
_CHUNK = 1 << 16  # labels counted at a time
_MIN_COUNT = 0.5  # labels that a four-gram seen nowhere else is taken to be in
_MIN_LABELS = 2000  # that a smaller background is taken to have


class Fourgrams(NamedTuple):
    """Four-grams: `gram` stands in label `label` at `at`, (places,) each."""

    gram: Ints
    label: Ints
    at: Ints


def find_fourgrams(labels: Sequence[str]) -> Fourgrams:
    """Return all four-grams of each label, by label and then by place."""
    codes, starts, lengths = encode_labels(labels)
    owner = np.repeat(np.arange(len(labels)), lengths + 1)
    size = max(len(owner) - GRAM + 1, 0)
    windows = [codes[i : i + size] for i in range(GRAM)]
    whole = np.flatnonzero(np.all([x != OTHER for x in windows], axis=0))
    gram: Ints = np.zeros(len(whole), np.int64)
    for code in windows:
        gram = gram * SIZE + code[whole]
    label = owner[whole]
    return Fourgrams(gram, label, whole - starts[label])


def _find_distinct(labels: Sequence[str]) -> Ints:
    """Return the different four-grams of each label, by label and then by four-gram."""
    places = find_fourgrams(labels)
    grams: Ints = np.unique(places.label * CELLS + places.gram) % CELLS
    return grams


class Background:
    """In how many labels of a log each four-gram is; read-only, safe to share by threads."""

    def __init__(self, counts: Narrow, labels: int) -> None:
        """Take the number of labels with each four-gram, and that of all labels; see count()."""
        self.counts, self.labels = counts, labels

    @classmethod
    def count(cls, labels: Sequence[str]) -> Background:
        """Count the four-grams of a log's different labels, in 8 MB for any number of labels.

        >>> Background.count(["google"]).add(["goog"]).labels
        2
        """
        counts: Narrow = np.zeros(CELLS, np.int32)
        for start in range(0, len(labels), _CHUNK):
            grams = _find_distinct(labels[start : start + _CHUNK])
            different, number = np.unique(grams, return_counts=True)
            counts[different] += number
        return cls(counts, len(labels))

    def add(self, labels: Sequence[str]) -> Background:
        """Return a background with more labels, which this one does not have yet."""
        counts = self.counts.copy()
        np.add.at(counts, _find_distinct(labels), 1)
        return Background(counts, self.labels + len(labels))

    def share(self, gram: Ints, within: Ints, labels: Ints | int) -> Floats:
        """Return the share of the log's other labels that have each four-gram.

        gram (grams,); within: how many of the day's labels have it; labels: of the day in all.
        """
        elsewhere = np.maximum(self.counts[gram] - within, 0) + _MIN_COUNT
        share: Floats = np.minimum(elsewhere / np.maximum(self.labels - labels, _MIN_LABELS), 1.0)
        return share


def poisson_surprisal(count: Floats, expected: Floats) -> Floats:
    """Return the surprisal of a count above the expected one, in nats; 0 below it.

    The exponent of Chernoff's bound on a Poisson variable: P(X >= count) <= exp(-surprisal).

    >>> poisson_surprisal(np.array([1.0, 5.0]), np.array([2.0, 1.0])).round(3).tolist()
    [0.0, 4.047]
    """
    above = count > expected
    ratio = np.where(above, count / expected, 1.0)
    surprisal: Floats = np.where(above, count * np.log(ratio) - count + expected, 0.0)
    return surprisal


def find_starts(values: Ints) -> Ints:
    """Return where each run of equal values (n,) begins.

    >>> find_starts(np.array([7, 7, 3, 7])).tolist()
    [0, 2, 3]
    """
    return np.flatnonzero(np.append(True, values[1:] != values[:-1])[: len(values)])


def measure_runs(starts: Ints, size: int) -> Ints:
    """Return the length of each run that begins at starts, in an array of a size.

    >>> measure_runs(np.array([0, 2, 3]), 4).tolist()
    [2, 1, 1]
    """
    return np.diff(np.append(starts, size))


def find_peaks(values: Floats, starts: Ints) -> Ints:
    """Return where the highest value of each run stands, the first of equal ones.

    >>> find_peaks(np.array([1.0, 5.0, 5.0, 2.0]), np.array([0, 3])).tolist()
    [1, 3]
    """
    if not len(starts):
        return starts
    run = np.repeat(np.arange(len(starts)), measure_runs(starts, len(values)))
    top = np.flatnonzero(values == np.maximum.reduceat(values, starts)[run])
    return top[find_starts(run[top])]
