"""Pieces that a day's labels share, and the rest of the log does not.

A piece is four characters in a row, or several such that overlap. How much it says is a surprise:
how unlikely it is that so many labels hold it by chance, when it is as common as elsewhere in the
log.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import NamedTuple

import numpy as np

from ..features.encoding import OTHER, SIZE, encode
from ..features.types import Bools, Floats, Ints, Narrow

GRAM = 4  # characters
_CELLS = SIZE**GRAM
_CHUNK = 1 << 15  # labels counted at a time
_LEAST = 0.5  # labels that a piece never seen elsewhere is taken to be in
_FEW = 2000  # labels that a smaller background is taken to have
_SURPRISING = 6.0  # nats over which a piece is shared
_END = 6  # characters of a beginning or an end


class Grams(NamedTuple):
    """Four characters in a row: `gram` stands in label `label` at `at`, all (places,)."""

    gram: Ints
    label: Ints
    at: Ints


def grams_of(labels: Sequence[str]) -> Grams:
    """All of each label, by label and then by place."""
    codes, starts, lengths = encode(labels)
    owner = np.repeat(np.arange(len(labels)), lengths + 1)
    size = max(len(owner) - GRAM + 1, 0)
    windows = [codes[i : i + size] for i in range(GRAM)]
    whole = np.flatnonzero(np.all([x != OTHER for x in windows], axis=0))
    gram = np.zeros(len(whole), np.int64)
    for code in windows:
        gram = gram * SIZE + code[whole]
    label = owner[whole]
    return Grams(gram, label, whole - starts[label])


def _each_once(found: Grams) -> tuple[Ints, Ints]:
    """The different grams of each label: gram and label, by label and then by gram."""
    keys = np.unique(found.label * _CELLS + found.gram)
    return keys % _CELLS, keys // _CELLS


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
            gram, _ = _each_once(grams_of(labels[start : start + _CHUNK]))
            counts += np.bincount(gram, minlength=_CELLS).astype(np.int32)
        return cls(counts, len(labels))

    def plus(self, labels: Sequence[str]) -> Background:
        """The same with some labels more, which it does not have yet."""
        counts = self.counts.copy()
        np.add.at(counts, _each_once(grams_of(labels))[0], 1)
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


class Pieces(NamedTuple):
    """Pieces that labels share: piece `piece` is in label `label`, both (places,), by label.

    A piece is known by the labels that have it: two that the same labels have are one.
    """

    piece: Ints
    label: Ints
    members: list[frozenset[int]]  # of each piece, the labels that have its rarest gram


def shared_pieces(labels: Sequence[str], grams: Background) -> Pieces:
    """The pieces that more of a day's labels have than chance explains.

    Grams of over 6 nats of surprise, merged where they overlap; of each the most
    surprising says which labels have the piece.
    """
    found = grams_of(labels)
    gram, label = _each_once(found)
    kinds, count = np.unique(gram, return_counts=True)
    said = surprise(count.astype(np.float64), len(labels) * grams.share(kinds, count, len(labels)))
    kept = (count >= 2) & (said > _SURPRISING)
    kinds, said = kinds[kept], said[kept]
    if not len(kinds):
        return Pieces(np.empty(0, np.int64), np.empty(0, np.int64), [])
    rarest, owner = _rarest(found, kinds, said)
    at, kept = _places(kinds, gram)
    ends = np.cumsum(np.bincount(at[kept], minlength=len(kinds)))
    of = np.split(label[kept][np.argsort(at[kept], kind="stable")], ends[:-1])
    sets = {k: frozenset(of[k].tolist()) for k in np.unique(rarest).tolist()}
    number = {x: i for i, x in enumerate(dict.fromkeys(sets.values()))}
    piece = np.array([number[sets[k]] for k in rarest.tolist()])
    return Pieces(piece, owner, list(number))


def _places(kinds: Ints, gram: Ints) -> tuple[Ints, Bools]:
    """Where grams stand among the sorted kinds, and which of them do."""
    at = np.minimum(np.searchsorted(kinds, gram), len(kinds) - 1)
    return at, kinds[at] == gram


def _rarest(found: Grams, kinds: Ints, said: Floats) -> tuple[Ints, Ints]:
    """Of each piece of each label the kind that surprises most, and the label."""
    at, kept = _places(kinds, found.gram)
    kind, owner, place = at[kept], found.label[kept], found.at[kept]
    apart = (np.diff(owner) != 0) | (np.diff(place) >= GRAM)
    run = np.concatenate([[0], np.cumsum(apart)])
    order = np.lexsort((-said[kind], run))
    first = order[np.unique(run[order], return_index=True)[1]]
    return kind[first], owner[first]


def piece_points(labels: Sequence[str], grams: Background) -> Floats:
    """What each label (n,) says by the pieces that it shares with others; the sum counts pieces.

    A piece counts one, however many labels share it: a brand has many names and one piece, a
    generator that joins words many pieces. A label counts one more if it is put together from two
    pieces, of which each is shared with a label that has not the other.
    """
    found = shared_pieces(labels, grams)
    points: Floats = np.zeros(len(labels))
    for members in found.members:
        points[list(members)] += 1.0 / len(members)
    return points + _composed(found, len(labels))


def _composed(found: Pieces, labels: int) -> Floats:
    composed: Floats = np.zeros(labels)
    bounds = np.flatnonzero(np.diff(found.label)) + 1
    for where in np.split(np.arange(len(found.label)), bounds):
        own = [found.members[k] for k in dict.fromkeys(found.piece[where].tolist())]
        if any(one - other and other - one for one, other in combinations(own, 2)):
            composed[found.label[where[0]]] = 1.0
    return composed


def end_points(labels: Sequence[str], grams: Background, alike: bool) -> Floats:
    """What each label (n,) says by the beginning or end that it shares most remarkably, in nats.

    All labels with one beginning, or one end, of six characters make a group; with `alike` only
    those of one length, which the names of an interest seldom have and those of a generator that
    changes a seed do. Its surprise is that of so many labels with the rarest gram of it; the group
    of the highest has all points.
    """
    best = 0.0
    points: Floats = np.zeros(len(labels))
    size = [f"{len(x)} " if alike else "" for x in labels]
    for parts in ([x[:_END] for x in labels], [x[-_END:] for x in labels]):
        keys = [n + x if len(x) == _END else "" for n, x in zip(size, parts, strict=True)]
        group, index, count = np.unique(keys, return_inverse=True, return_counts=True)
        kept = np.flatnonzero((count > 1) & (group != ""))
        if not len(kept):
            continue
        ends = [str(group[k])[-_END:] for k in kept]
        scores = _group_scores(ends, count[kept], len(labels), grams)
        top = int(np.argmax(scores))
        if scores[top] > best:
            best = float(scores[top])
            points = np.where(index == kept[top], best / count[kept[top]], 0.0)
    return points


def _group_scores(parts: Sequence[str], count: Ints, labels: int, grams: Background) -> Floats:
    gram, owner, _ = grams_of(parts)
    share = np.full(len(parts), 1.0)
    np.minimum.at(share, owner, grams.share(gram, count[owner], labels))
    return surprise(count.astype(np.float64), labels * share)
