"""What is judged, by which thresholds, and what comes of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ..features.array_types import Bools, Floats, Ints
from .fourgrams import Background


@dataclass(frozen=True)
class Day:
    """One client's day: its unfamiliar labels, in order of first sight, ties by label."""

    labels: list[str]  # registrable labels, each once
    z: Floats  # log-odds of each of being malicious
    suffixes: Ints  # different suffixes under which it was asked for; it is one label all the same
    dead: Bools  # does not exist; all False of a log without response codes
    first: Floats  # seconds since the epoch, NaN if not known
    last: Floats

    def taken(self, some: Ints) -> Day:
        """The labels at these places, in this order."""
        return self._with([self.labels[i] for i in some.tolist()], some)

    def between(self, start: int, stop: int) -> Day:
        """The labels from one place to another."""
        return self._with(self.labels[start:stop], slice(start, stop))

    def _with(self, labels: list[str], at: Ints | slice) -> Day:
        columns = (self.z, self.suffixes, self.dead, self.first, self.last)
        return Day(labels, *(x[at] for x in columns))


@dataclass(frozen=True)
class Log:
    """What the whole log says."""

    coded: bool  # whether it tells response codes
    grams: Background  # how common pieces of labels are in it


class Alarm(NamedTuple):
    """What speaks against a client's day, and by how much."""

    kind: str  # a field of Thresholds, "shared-oddity", or "known": see made.py
    score: float  # compare with the threshold of that kind
    confidence: str  # "high" or "low"
    names: tuple[int, ...]  # indices into Day.labels, the strongest first
    points: tuple[float, ...]  # of those names; what they add to the score


@dataclass(frozen=True)
class Thresholds:
    """Scores from which on each kind of alarm is raised; infinite for a kind that cannot be."""

    random_looking: float
    same_pieces: float
    same_end: float
    long_dead: float
    many_dead: float


_NEVER = float("inf")


@dataclass(frozen=True)
class Cut:
    """The thresholds: by simulated days, for one false alarm in 1,000 clean client-days.

    docs/evaluation.md has the study. Alarms of high confidence share the 1 in 1,000.
    """

    coded: Thresholds = Thresholds(4.7, 2.5, 25.0, 6.5, 50.0)  # with response codes
    uncoded: Thresholds = Thresholds(4.7, 10.0, 35.0, _NEVER, _NEVER)
    odd: float = 3.0  # log-odds from which on a label that clients share is odd
    sharers: int = 2  # clients that make a label shared
    share: float = 0.5  # of the clients; what more of them ask for is part of the network
    shared: int = 3  # odd labels that clients share, for an alarm

    def thresholds(self, coded: bool) -> Thresholds:
        """Those for a log with or without response codes."""
        return self.coded if coded else self.uncoded


def in_order(day: Day) -> Ints:
    """Indices of the labels by first sight, ties by label; times that are not known come last."""
    first = day.first
    if len(first) < 2 or bool(np.all(first[:-1] < first[1:])):
        return np.arange(len(first))
    order: Ints = np.lexsort((np.array(day.labels), first))  # NaN sorts last
    return order
