"""Prefixes and suffixes that labels of a day share, and the rest of the log does not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ..names.array_types import Floats, Ints
from ..names.encoding import ALPHABET, OTHER, SIZE, encode_labels
from . import fourgrams
from .fourgrams import GRAM, Background, poisson_surprisal

_LENGTH = 6  # characters of an affix
_PLACE_VALUES = SIZE ** np.arange(_LENGTH - 1, -1, -1)
_GRAM_VALUES = SIZE ** np.arange(GRAM - 1, -1, -1)
_LENGTHS = 256  # above the length of every label
# Affixes sort as texts do, because the first of equal ones is taken.
_RANK = np.argsort(np.argsort([*map(ord, ALPHABET), 256]))


def weigh_affixes(
    labels: Sequence[str], background: Background, same_length: bool, day: Ints | None = None
) -> Floats:
    """Return the weight of each label (n,) in its day's most surprising shared affix, in nats.

    The labels of a day with one prefix, or one suffix, of six characters make a group; with
    same_length only those of one length, as generators that change a seed make them. Its
    surprisal is that of as many labels with its rarest four-gram. The labels of the day's best
    group share its surprisal, all others weigh 0. day: as for weigh_substrings().
    """
    of_day = np.zeros(len(labels), np.int64) if day is None else day
    codes, starts, lengths = encode_labels(labels)
    long = np.flatnonzero(lengths >= _LENGTH)
    sizes = np.bincount(of_day, minlength=1)
    best: dict[int, tuple[float, Ints]] = {}  # by day: the score and the labels
    for begins in (starts[long], starts[long] + lengths[long] - _LENGTH):
        affixes = codes[begins[:, np.newaxis] + np.arange(_LENGTH)].astype(np.int64)
        groups = _group_labels(affixes, of_day[long], lengths[long] if same_length else None)
        first = groups.order[groups.start]  # a label of each group
        score = _score_groups(affixes[first], groups, sizes[groups.day], background)
        for i in fourgrams.find_peaks(score, fourgrams.find_starts(groups.day)).tolist():
            number, surprisal = int(groups.day[i]), float(score[i])
            if surprisal > best.get(number, (0.0,))[0]:
                own = slice(groups.start[i], groups.start[i] + groups.size[i])
                best[number] = surprisal, long[groups.order[own]]
    weights = np.zeros(len(labels))
    for surprisal, members in best.values():
        weights[members] = surprisal / len(members)
    return weights


class _Groups(NamedTuple):
    """Two or more labels of a day with the same affix, by day, then by text and length."""

    day: Ints
    start: Ints  # group i is order[start[i] : start[i] + size[i]]
    size: Ints
    order: Ints


def _group_labels(affixes: Ints, day: Ints, lengths: Ints | None) -> _Groups:
    text = day * SIZE**_LENGTH + _RANK[affixes] @ _PLACE_VALUES
    key = text if lengths is None else text * _LENGTHS + lengths
    order = np.argsort(key, kind="stable")
    start = fourgrams.find_starts(key[order])
    count = fourgrams.measure_runs(start, len(order))
    start, count = start[count > 1], count[count > 1]
    return _Groups(day[order[start]], start, count, order)


def _score_groups(affixes: Ints, groups: _Groups, labels: Ints, background: Background) -> Floats:
    """Return each group's surprisal by its affix (groups, 6) and its day's number of labels."""
    share = np.ones(len(affixes))
    for at in range(_LENGTH - GRAM + 1):
        window = affixes[:, at : at + GRAM]
        own = background.share(window @ _GRAM_VALUES, groups.size, labels)
        whole = np.all(window != OTHER, axis=1)
        share = np.minimum(share, np.where(whole, own, 1.0))
    return poisson_surprisal(groups.size.astype(np.float64), labels * share)
