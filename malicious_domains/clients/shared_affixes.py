"""A beginning or an end that a day's labels share, and the rest of the log does not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ..features.array_types import Floats, Ints
from ..features.encoding import ALPHABET, OTHER, SIZE, encode_labels
from . import array_runs
from .fourgrams import GRAM, Background, poisson_surprisal

_LENGTH = 6  # characters of a beginning or an end
_PLACE_VALUES = SIZE ** np.arange(_LENGTH - 1, -1, -1)
_GRAM_VALUES = SIZE ** np.arange(GRAM - 1, -1, -1)
_LENGTHS = 256  # of labels, and more than there are
_NOTHING = (0.0, None)
# Ends in the order of texts, as the first of equals is taken.
_RANK = np.argsort(np.argsort([*map(ord, ALPHABET), 256]))


def weigh_affixes(
    labels: Sequence[str], grams: Background, alike: bool, day: Ints | None = None
) -> Floats:
    """What each label (n,) says by the beginning or end that it shares most remarkably, in nats.

    All labels of a day with one beginning, or one end, of six characters make a group; with
    `alike` only those of one length, which the names of an interest seldom have and those of a
    generator that changes a seed do. Its surprise is that of so many labels with the rarest gram
    of it; the day's group of the highest has all points. day: as of piece_points.
    """
    of_day = np.zeros(len(labels), np.int64) if day is None else day
    codes, starts, lengths = encode_labels(labels)
    long = np.flatnonzero(lengths >= _LENGTH)
    sizes = np.bincount(of_day, minlength=1)
    best: dict[int, tuple[float, Ints]] = {}  # of each day the score and the labels
    for begins in (starts[long], starts[long] + lengths[long] - _LENGTH):
        ends = codes[begins[:, np.newaxis] + np.arange(_LENGTH)].astype(np.int64)
        groups = _groups(ends, of_day[long], lengths[long] if alike else None)
        score = _scores(ends[groups.first], groups, sizes[groups.day], grams)
        for i in array_runs.find_peaks(score, array_runs.find_starts(groups.day)).tolist():
            number, said = int(groups.day[i]), float(score[i])
            if said > best.get(number, _NOTHING)[0]:
                best[number] = said, long[groups.members(i)]
    points = np.zeros(len(labels))
    for said, members in best.values():
        points[members] = said / len(members)
    return points


class _Groups(NamedTuple):
    """Labels of a day with the same end: of two or more, by day, then by text and length."""

    day: Ints
    start: Ints  # group i is order[start[i] : start[i] + size[i]]
    size: Ints
    order: Ints

    @property
    def first(self) -> Ints:
        """A label of each group."""
        return self.order[self.start]

    def members(self, i: int) -> Ints:
        """The labels of a group."""
        return self.order[self.start[i] : self.start[i] + self.size[i]]


def _groups(ends: Ints, day: Ints, lengths: Ints | None) -> _Groups:
    text = day * SIZE**_LENGTH + _RANK[ends] @ _PLACE_VALUES
    key = text if lengths is None else text * _LENGTHS + lengths
    order = np.argsort(key, kind="stable")
    start = array_runs.find_starts(key[order])
    count = array_runs.measure_runs(start, len(order))
    start, count = start[count > 1], count[count > 1]
    return _Groups(day[order[start]], start, count, order)


def _scores(ends: Ints, groups: _Groups, labels: Ints, grams: Background) -> Floats:
    """Of each group by its text (groups, 6) and how many labels its day has."""
    share = np.ones(len(ends))
    for at in range(_LENGTH - GRAM + 1):
        window = ends[:, at : at + GRAM]
        own = grams.share(window @ _GRAM_VALUES, groups.size, labels)
        whole = np.all(window != OTHER, axis=1)
        share = np.minimum(share, np.where(whole, own, 1.0))
    return poisson_surprisal(groups.size.astype(np.float64), labels * share)
