"""Pieces that a day's labels share, and the rest of the log does not.

A piece is four characters in a row. How much it says is a surprise: how unlikely it is that so
many labels hold it by chance, when it is as common as elsewhere in the log.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from ..features.encoding import OTHER, SIZE, encode
from ..features.types import Floats, Ints, Narrow

GRAM = 4  # characters
_CELLS = SIZE**GRAM
_CHUNK = 1 << 15  # labels counted at a time
_LEAST = 0.5  # labels that a piece never seen elsewhere is taken to be in
_FEW = 2000  # labels that a smaller background is taken to have


class Grams(NamedTuple):
    """The different pieces of labels: piece `gram` is in label `label`, both (pairs,)."""

    gram: Ints
    label: Ints


def grams_of(labels: Sequence[str]) -> Grams:
    """The pieces of each label, each once, by label and then by piece."""
    codes, _, lengths = encode(labels)
    owner = np.repeat(np.arange(len(labels)), lengths + 1)
    size = max(len(owner) - GRAM + 1, 0)
    windows = np.stack([codes[i : i + size] for i in range(GRAM)])
    whole = np.all(windows != OTHER, axis=0)
    gram = np.zeros(size, np.int64)
    for code in windows:
        gram = gram * SIZE + code
    keys = np.unique(owner[:size][whole] * _CELLS + gram[whole])
    return Grams(keys % _CELLS, keys // _CELLS)


class Background:
    """In how many labels of a log each piece is; read-only, safe to share by threads."""

    def __init__(self, counts: Narrow, labels: int) -> None:
        """Take the number of labels with each piece, and of all labels. See of()."""
        self.counts, self.labels = counts, labels

    @classmethod
    def of(cls, labels: Sequence[str]) -> Background:
        """Count the pieces of the different labels of a log; 8 MB, however many they are."""
        counts = np.zeros(_CELLS, np.int32)
        for start in range(0, len(labels), _CHUNK):
            gram = grams_of(labels[start : start + _CHUNK]).gram
            counts += np.bincount(gram, minlength=_CELLS).astype(np.int32)
        return cls(counts, len(labels))

    def plus(self, labels: Sequence[str]) -> Background:
        """The same with some labels more, which it does not have yet."""
        counts = self.counts.copy()
        np.add.at(counts, grams_of(labels).gram, 1)
        return Background(counts, self.labels + len(labels))

    def share(self, gram: Ints, within: Ints, labels: int) -> Floats:
        """The share of the log's labels with each piece, those of the day left aside.

        gram (pieces,); within: how many of the day's labels have it; labels: of the day.
        """
        elsewhere = np.maximum(self.counts[gram] - within, 0) + _LEAST
        share: Floats = np.minimum(elsewhere / max(self.labels - labels, _FEW), 1.0)
        return share


def surprise(count: Floats, expected: Floats) -> Floats:
    """How unlikely so many are where so many are expected, in nats; 0 where they are fewer.

    The exponent of Chernoff's bound on a Poisson variable: P(X >= count) <= exp(-surprise).
    """
    above = count > expected
    ratio = np.where(above, count / expected, 1.0)
    found: Floats = np.where(above, count * np.log(ratio) - count + expected, 0.0)
    return found


def piece_points(labels: Sequence[str], grams: Background, cost: float) -> Floats:
    """What each label (n,) says by the pieces that others of the day have too.

    A piece's surprise, less its cost in nats, is shared out among the labels that have it: up to
    1, so that many pieces count and not one that is in many labels, and a quarter of that, as four
    pieces hold each character. The labels with the piece that surprises most count nothing. An
    interest in some things looks like that; a generator that joins words has many such pieces.
    See end_points() for one that has a single one.
    """
    found = grams_of(labels)
    gram, index, count = np.unique(found.gram, return_inverse=True, return_counts=True)
    points: Floats = np.zeros(len(labels))
    if not len(gram):
        return points
    others = (count - 1).astype(np.float64)  # one label has it anyhow
    expected = (len(labels) - 1) * grams.share(gram, count, len(labels))
    said = surprise(others, np.maximum(expected, 1e-9)) - cost
    each = np.clip(said, 0.0, 1.0) / count / GRAM
    points += np.bincount(found.label, each[index], minlength=len(labels))
    points[found.label[index == np.argmax(said)]] = 0.0
    return points


def ends(labels: Sequence[str], length: int) -> Iterator[list[str]]:
    """The beginnings of labels, then their ends; "" for labels not longer than that."""
    yield [x[:length] if len(x) > length else "" for x in labels]
    yield [x[-length:] if len(x) > length else "" for x in labels]


def end_points(labels: Sequence[str], grams: Background, length: int) -> Floats:
    """What each label (n,) says by the beginning or end that it shares most remarkably, in nats.

    All labels with one beginning, or one end, of that length make a group. Its surprise is that
    of so many labels with the rarest piece of it; the group of the highest has all points.
    """
    best = 0.0
    points: Floats = np.zeros(len(labels))
    for parts in ends(labels, length):
        group, index, count = np.unique(parts, return_inverse=True, return_counts=True)
        kept = np.flatnonzero((count > 1) & (group != ""))
        if not len(kept):
            continue
        scores = _group_scores([str(group[k]) for k in kept], count[kept], len(labels), grams)
        top = int(np.argmax(scores))
        if scores[top] > best:
            best = float(scores[top])
            points = np.where(index == kept[top], best / count[kept[top]], 0.0)
    return points


def _group_scores(parts: Sequence[str], count: Ints, labels: int, grams: Background) -> Floats:
    found = grams_of(parts)
    share = np.full(len(parts), 1.0)
    np.minimum.at(share, found.label, grams.share(found.gram, count[found.label], labels))
    expected = np.maximum((labels - 1) * share, 1e-9)
    above: Floats = surprise((count - 1).astype(np.float64), expected) - np.log(labels)
    return np.maximum(above, 0.0)
