"""Pieces that a day's labels share, and the rest of the log does not.

A piece is four characters in a row, or several such that overlap. How much it says is a surprise:
how unlikely it is that so many labels hold it by chance, when it is as common as elsewhere in the
log.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain, combinations, compress
from typing import NamedTuple

import numpy as np

from ..features.encoding import OTHER, SIZE, codes, encode
from ..features.types import Floats, Ints, Narrow

GRAM = 4  # characters
_CELLS = SIZE**GRAM
_PLACE_VALUES = SIZE ** np.arange(GRAM - 1, -1, -1)
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


def shared_pieces(labels: Sequence[str], grams: Background) -> list[list[frozenset[int]]]:
    """Of each label the pieces that more of a day's labels have than chance explains, in order.

    Grams of over 6 nats of surprise, merged where they overlap. A piece is told by the labels
    that have its most surprising gram, so two that the same labels have are one.
    """
    # Days are short: sets of texts take less time than NumPy's calls for each of them.
    own = [{x[i : i + GRAM] for i in range(len(x) - GRAM + 1)} for x in labels]
    said = _surprising(Counter(chain.from_iterable(own)), len(labels), grams)
    holders: dict[str, set[int]] = {gram: set() for gram in said}
    of: list[list[frozenset[int]]] = [[] for _ in labels]
    shared = {i: found for i, x in enumerate(own) if (found := x & said.keys())}
    for i, found in shared.items():
        for gram in found:
            holders[gram].add(i)
    members = {gram: frozenset(found) for gram, found in holders.items()}
    for i in shared:
        of[i] = [members[gram] for gram in _rarest(labels[i], said)]
    return of


def _surprising(counts: Counter[str], labels: int, grams: Background) -> dict[str, float]:
    """The grams that more labels share than chance explains, and by how many nats."""
    shared = {gram: count for gram, count in counts.items() if count > 1}
    if not shared:
        return {}
    code = np.frombuffer(codes("".join(shared)), np.uint8).reshape(-1, GRAM).astype(np.int64)
    count = np.fromiter(shared.values(), np.int64, len(shared))
    share = grams.share(code @ _PLACE_VALUES, count, labels)
    said = surprise(count.astype(np.float64), labels * share)
    kept = (said > _SURPRISING) & np.all(code != OTHER, axis=1)
    return dict(compress(zip(shared, said.tolist(), strict=True), kept.tolist()))


def _rarest(label: str, said: Mapping[str, float]) -> list[str]:
    """Of each piece of a label the gram that surprises most, the first of equals."""
    rarest: list[str] = []
    before = -GRAM
    for at in range(len(label) - GRAM + 1):
        gram = label[at : at + GRAM]
        if gram not in said:
            continue
        if at - before >= GRAM:
            rarest.append(gram)
        elif said[gram] > said[rarest[-1]]:
            rarest[-1] = gram
        before = at
    return rarest


def piece_points(labels: Sequence[str], grams: Background) -> Floats:
    """What each label (n,) says by the pieces that it shares with others; the sum counts pieces.

    A piece counts one, however many labels share it: a brand has many names and one piece, a
    generator that joins words many pieces. A label counts one more if it is put together from two
    pieces, of which each is shared with a label that has not the other.
    """
    found = shared_pieces(labels, grams)
    points: Floats = np.zeros(len(labels))
    for members in dict.fromkeys(chain.from_iterable(found)):
        points[list(members)] += 1.0 / len(members)
    return points + [float(_is_composed(own)) for own in found]


def _is_composed(pieces: Iterable[frozenset[int]]) -> bool:
    different = dict.fromkeys(pieces)
    return any(one - other and other - one for one, other in combinations(different, 2))


def end_points(labels: Sequence[str], grams: Background, alike: bool) -> Floats:
    """What each label (n,) says by the beginning or end that it shares most remarkably, in nats.

    All labels with one beginning, or one end, of six characters make a group; with `alike` only
    those of one length, which the names of an interest seldom have and those of a generator that
    changes a seed do. Its surprise is that of so many labels with the rarest gram of it; the group
    of the highest has all points.
    """
    best = 0.0
    points: Floats = np.zeros(len(labels))
    for ends in ([x[:_END] for x in labels], [x[-_END:] for x in labels]):
        groups = defaultdict[tuple[str, int], list[int]](list)
        for i, end in enumerate(ends):
            if len(end) == _END:
                groups[end, len(labels[i]) if alike else 0].append(i)
        kept = sorted(key for key, group in groups.items() if len(group) > 1)
        if not kept:
            continue
        count = np.array([len(groups[key]) for key in kept])
        scores = _group_scores([end for end, _ in kept], count, len(labels), grams)
        top = int(np.argmax(scores))
        if scores[top] > best:
            best = float(scores[top])
            points = np.zeros(len(labels))
            points[groups[kept[top]]] = best / count[top]
    return points


def _group_scores(parts: Sequence[str], count: Ints, labels: int, grams: Background) -> Floats:
    gram, owner, _ = grams_of(parts)
    share = np.full(len(parts), 1.0)
    np.minimum.at(share, owner, grams.share(gram, count[owner], labels))
    return surprise(count.astype(np.float64), labels * share)
