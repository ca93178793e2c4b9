"""Substrings that labels of a day share, and the rest of the log does not.

A shared substring is a four-gram, or several that overlap. Many days are weighed together: NumPy
needs as many calls for one day as for a thousand.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import combinations, pairwise
from typing import NamedTuple

import numpy as np

from ..names.array_types import Floats, Ints
from . import fourgrams
from .fourgrams import CELLS, GRAM, Background, Fourgrams, find_fourgrams, poisson_surprisal

_MIN_SURPRISAL = 6.0  # nats; below it labels have a four-gram in common by chance


def weigh_substrings(
    labels: Sequence[str], background: Background, day: Ints | None = None
) -> Floats:
    """Return the weight of each label (n,) by the substrings it shares with others of its day.

    A substring weighs 1, spread over the labels that share it: a brand has many names and one
    substring, a generator that joins words has many. A label weighs 1 more if it has two shared
    substrings, and each is shared with a label that lacks the other.

    day: the number of each label's day, from 0, ascending; None if all are of one day.
    """
    of_day = np.zeros(len(labels), np.int64) if day is None else day
    places = find_fourgrams(labels)
    cells = of_day[places.label] * CELLS + places.gram
    shared = _find_shared(places, cells, of_day, background)
    if not len(shared.cell):
        return np.zeros(len(labels))
    label, substring, members = _merge_overlaps(places, cells, shared)
    _, first = np.unique(substring, return_index=True)
    sharers = [members[i] for i in substring[np.sort(first)].tolist()]
    sizes = np.fromiter(map(len, sharers), np.int64, len(sharers))
    shares: Floats = np.repeat(1.0 / sizes, sizes)
    weights = np.bincount(np.concatenate(sharers), shares, len(labels)).astype(np.float64)
    weights[_find_compounds(label, substring, members)] += 1.0
    return weights


class _Shared(NamedTuple):
    """Four-grams that more labels of a day share than by chance, (grams,), by day and gram."""

    cell: Ints  # the day's number times CELLS, and the gram
    surprisal: Floats  # nats
    start: Ints  # the labels with it are holder[start : start + size], ascending
    size: Ints
    holder: Ints


def _find_shared(places: Fourgrams, cells: Ints, day: Ints, background: Background) -> _Shared:
    labels = len(day)
    cell, holder = np.divmod(np.unique(cells * labels + places.label), max(labels, 1))
    start = fourgrams.find_starts(cell)
    count = fourgrams.measure_runs(start, len(cell))
    start, count = start[count > 1], count[count > 1]
    own, gram = np.divmod(cell[start], CELLS)
    of_day = np.bincount(day, minlength=1)[own]
    expected = of_day * background.share(gram, count, of_day)
    surprisal = poisson_surprisal(count.astype(np.float64), expected)
    kept = surprisal > _MIN_SURPRISAL
    return _Shared(cell[start[kept]], surprisal[kept], start[kept], count[kept], holder)


def _merge_overlaps(
    places: Fourgrams, cells: Ints, shared: _Shared
) -> tuple[Ints, Ints, list[Ints]]:
    """Return the label and the number of each shared substring, (places,), and its labels.

    Overlapping four-grams make one substring. It is identified by the labels that have its most
    surprising four-gram, so that two with the same labels are one.
    """
    at = np.searchsorted(shared.cell, cells)
    at[at == len(shared.cell)] = 0
    some = np.flatnonzero(shared.cell[at] == cells)
    label, place, gram = places.label[some], places.at[some], at[some]
    apart = (label[1:] != label[:-1]) | (place[1:] - place[:-1] >= GRAM)
    start = np.flatnonzero(np.append(True, apart))
    rarest = gram[fourgrams.find_peaks(shared.surprisal[gram], start)]
    number, members = _number_by_labels(shared, rarest)
    return label[start], number, members


def _number_by_labels(shared: _Shared, gram: Ints) -> tuple[Ints, list[Ints]]:
    """Return a number for each four-gram, the same for the same labels; and those labels."""
    grams, where = np.unique(gram, return_inverse=True)
    numbers: dict[bytes, int] = {}
    members: list[Ints] = []
    number = np.empty(len(grams), np.int64)
    spans = zip(shared.start[grams].tolist(), shared.size[grams].tolist(), strict=True)
    for i, (start, count) in enumerate(spans):
        holders = shared.holder[start : start + count]
        number[i] = numbers.setdefault(holders.tobytes(), len(members))
        if number[i] == len(members):
            members.append(holders)
    return number[where], members


def _find_compounds(label: Ints, substring: Ints, members: Sequence[Ints]) -> list[int]:
    """Return the labels with two substrings that other labels have one without the other."""
    pairs = np.unique(label * len(members) + substring)
    whose, which = np.divmod(pairs, len(members))
    bounds = [*fourgrams.find_starts(whose).tolist(), len(whose)]
    substrings, known = which.tolist(), dict[tuple[int, ...], bool]()
    compounds = []
    for start, stop in pairwise(bounds):
        if stop - start > 1:
            own = tuple(substrings[start:stop])
            if own not in known:
                known[own] = _are_apart(members[i] for i in own)
            if known[own]:
                compounds.append(int(whose[start]))
    return compounds


def _are_apart(members: Iterable[Ints]) -> bool:
    sets = [frozenset(x.tolist()) for x in members]
    return any(one - other and other - one for one, other in combinations(sets, 2))
