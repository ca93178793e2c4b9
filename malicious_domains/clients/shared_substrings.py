"""Pieces that a day's labels share, and the rest of the log does not.

A piece is four characters in a row, or several such that overlap. Days are looked at many at a
time: one costs NumPy as many calls as a thousand.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import combinations, pairwise
from typing import NamedTuple

import numpy as np

from ..features.array_types import Floats, Ints
from . import array_runs
from .fourgrams import CELLS, GRAM, Background, Fourgrams, find_fourgrams, poisson_surprisal

_SURPRISING = 6.0  # nats over which a piece is shared


def weigh_substrings(labels: Sequence[str], grams: Background, day: Ints | None = None) -> Floats:
    """What each label (n,) says by pieces that it shares with others; a day's sum counts pieces.

    A piece counts one, however many labels share it: a brand has many names and one piece, a
    generator that joins words many pieces. A label counts one more if it is put together from two
    pieces, of which each is shared with a label that has not the other.

    day: the number of each label's day, from 0, ascending; labels of one day share with each other
    alone. None: all are of one day.
    """
    of_day = np.zeros(len(labels), np.int64) if day is None else day
    places = find_fourgrams(labels)
    cells = of_day[places.label] * CELLS + places.gram
    shared = _shared(places, cells, of_day, grams)
    if not len(shared.cell):
        return np.zeros(len(labels))
    label, piece, members = _pieces(places, cells, shared)
    _, first = np.unique(piece, return_index=True)
    in_turn = [members[i] for i in piece[np.sort(first)].tolist()]
    sizes = np.fromiter(map(len, in_turn), np.int64, len(in_turn))
    shares: Floats = np.repeat(1.0 / sizes, sizes)
    points = np.bincount(np.concatenate(in_turn), shares, len(labels)).astype(np.float64)
    points[_composed(label, piece, members)] += 1.0
    return points


class _Shared(NamedTuple):
    """Grams that more labels of a day share than chance explains, (grams,), by day and gram."""

    cell: Ints  # the day's number times CELLS, and the gram
    surprisal: Floats  # nats
    start: Ints  # the labels with it are holder[start : start + size], ascending
    size: Ints
    holder: Ints


def _shared(places: Fourgrams, cells: Ints, day: Ints, grams: Background) -> _Shared:
    labels = len(day)
    cell, holder = np.divmod(np.unique(cells * labels + places.label), max(labels, 1))
    start = array_runs.find_starts(cell)
    count = array_runs.measure_runs(start, len(cell))
    start, count = start[count > 1], count[count > 1]
    own, gram = np.divmod(cell[start], CELLS)
    of_day = np.bincount(day, minlength=1)[own]
    said = poisson_surprisal(count.astype(np.float64), of_day * grams.share(gram, count, of_day))
    kept = said > _SURPRISING
    return _Shared(cell[start[kept]], said[kept], start[kept], count[kept], holder)


def _pieces(places: Fourgrams, cells: Ints, shared: _Shared) -> tuple[Ints, Ints, list[Ints]]:
    """The pieces of the labels in order: whose, which, both (places,); and each one's labels.

    Shared grams are merged where they overlap. A piece is told by the labels that have its most
    surprising gram, so two that the same labels have are one.
    """
    at = np.searchsorted(shared.cell, cells)
    at[at == len(shared.cell)] = 0
    some = np.flatnonzero(shared.cell[at] == cells)
    label, place, gram = places.label[some], places.at[some], at[some]
    apart = (label[1:] != label[:-1]) | (place[1:] - place[:-1] >= GRAM)
    start = np.flatnonzero(np.append(True, apart))
    rarest = gram[array_runs.find_peaks(shared.surprisal[gram], start)]
    number, members = _different(shared, rarest)
    return label[start], number, members


def _different(shared: _Shared, gram: Ints) -> tuple[Ints, list[Ints]]:
    """A number for each gram, the same for those of the same labels; and the labels of each."""
    grams, where = np.unique(gram, return_inverse=True)
    numbers: dict[bytes, int] = {}
    members: list[Ints] = []
    found = np.empty(len(grams), np.int64)
    spans = zip(shared.start[grams].tolist(), shared.size[grams].tolist(), strict=True)
    for i, (start, count) in enumerate(spans):
        holders = shared.holder[start : start + count]
        found[i] = numbers.setdefault(holders.tobytes(), len(members))
        if found[i] == len(members):
            members.append(holders)
    return found[where], members


def _composed(label: Ints, piece: Ints, members: Sequence[Ints]) -> list[int]:
    """The labels that are put together from two pieces."""
    pairs = np.unique(label * len(members) + piece)
    whose, which = np.divmod(pairs, len(members))
    bounds = [*array_runs.find_starts(whose).tolist(), len(whose)]
    pieces, known = which.tolist(), dict[tuple[int, ...], bool]()
    found = []
    for start, stop in pairwise(bounds):
        if stop - start > 1:
            own = tuple(pieces[start:stop])
            if own not in known:
                known[own] = _are_apart(members[i] for i in own)
            if known[own]:
                found.append(int(whose[start]))
    return found


def _are_apart(members: Iterable[Ints]) -> bool:
    sets = [frozenset(x.tolist()) for x in members]
    return any(one - other and other - one for one, other in combinations(sets, 2))
