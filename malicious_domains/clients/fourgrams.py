"""Four characters in a row, how common they are in a log, and how much it says to share them.

That is a surprise: how unlikely it is that so many labels of a day hold them by chance, when they
are as common there as elsewhere in the log.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ..features.array_types import Floats, Ints, Narrow
from ..features.encoding import OTHER, SIZE, encode_labels

GRAM = 4  # characters
CELLS = SIZE**GRAM  # different ones
_CHUNK = 1 << 16  # labels counted at a time
_LEAST = 0.5  # labels that a gram never seen elsewhere is taken to be in
_FEW = 2000  # labels that a smaller background is taken to have


class Fourgrams(NamedTuple):
    """Four characters in a row: `gram` stands in label `label` at `at`, all (places,)."""

    gram: Ints
    label: Ints
    at: Ints


def find_fourgrams(labels: Sequence[str]) -> Fourgrams:
    """All of each label, by label and then by place."""
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


def _each_once(found: Fourgrams) -> tuple[Ints, Ints]:
    """The different grams of each label: gram and label, by label and then by gram."""
    keys = np.unique(found.label * CELLS + found.gram)
    return keys % CELLS, keys // CELLS


class Background:
    """In how many labels of a log each gram is; read-only, safe to share by threads."""

    def __init__(self, counts: Narrow, labels: int) -> None:
        """Take the number of labels with each gram, and of all labels. See count()."""
        self.counts, self.labels = counts, labels

    @classmethod
    def count(cls, labels: Sequence[str]) -> Background:
        """Count the grams of the different labels of a log; 8 MB, however many they are."""
        counts: Narrow = np.zeros(CELLS, np.int32)
        for start in range(0, len(labels), _CHUNK):
            gram, _ = _each_once(find_fourgrams(labels[start : start + _CHUNK]))
            counts += np.bincount(gram, minlength=CELLS).astype(np.int32)
        return cls(counts, len(labels))

    def add(self, labels: Sequence[str]) -> Background:
        """The same with some labels more, which it does not have yet."""
        counts = self.counts.copy()
        np.add.at(counts, _each_once(find_fourgrams(labels))[0], 1)
        return Background(counts, self.labels + len(labels))

    def share(self, gram: Ints, within: Ints, labels: Ints | int) -> Floats:
        """The share of the log's labels with each gram, those of the day left aside.

        gram (grams,); within: how many of the day's labels have it; labels: of the day.
        """
        elsewhere = np.maximum(self.counts[gram] - within, 0) + _LEAST
        share: Floats = np.minimum(elsewhere / np.maximum(self.labels - labels, _FEW), 1.0)
        return share


def poisson_surprisal(count: Floats, expected: Floats) -> Floats:
    """How unlikely so many are where so many are expected, in nats; 0 where they are fewer.

    The exponent of Chernoff's bound on a Poisson variable: P(X >= count) <= exp(-surprise).
    """
    above = count > expected
    ratio = np.where(above, count / expected, 1.0)
    found: Floats = np.where(above, count * np.log(ratio) - count + expected, 0.0)
    return found
