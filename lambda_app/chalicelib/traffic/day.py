"""What is judged, by which thresholds, and what comes of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ..features.types import Bools, Floats, Ints
from .pieces import Background


@dataclass(frozen=True)
class Day:
    """One client's day: its unfamiliar labels, in order of first sight, ties by label."""

    labels: list[str]  # registrable labels, each once
    z: Floats  # log-odds of each of being malicious
    suffixes: Ints  # different suffixes under which it was asked for; it counts once all the same
    dead: Bools  # does not exist; all False of a log without response codes
    first: Floats  # seconds since the epoch, NaN if not known
    last: Floats


@dataclass(frozen=True)
class Log:
    """What the whole log says."""

    coded: bool  # whether it tells response codes
    grams: Background  # how common pieces of labels are in it


class Alarm(NamedTuple):
    """What speaks against a client's day, and by how much."""

    kind: str  # a field of Thresholds
    score: float  # compare with the threshold of that kind
    confidence: str  # "high" or "low"
    names: tuple[int, ...]  # indices into Day.labels, the strongest first
    points: tuple[float, ...]  # of those names; what they add to the score


@dataclass(frozen=True)
class Weights:
    """What one name adds to the running sum, in nats: clipped log-odds, and its answer."""

    shift: float  # added to the log-odds: how rare generated names are in traffic
    low: float  # at least; what one ordinary name can take back
    high: float  # at most; what one odd name can add
    dead: float  # added for a name that does not exist
    alive: float  # added for one that does


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
    """All that was chosen: by simulated days, for one false alarm in 1,000 clean client-days.

    docs/evaluation.md has the study. A log with response codes is judged by the first of each
    pair, one without by the second.
    """

    coded: Thresholds = Thresholds(6.9, 1.0, 15.0, 32.0, 16.0)
    uncoded: Thresholds = Thresholds(7.1, 8.0, 66.0, _NEVER, _NEVER)
    coded_weights: Weights = Weights(shift=-1.0, low=-1.0, high=4.0, dead=1.0, alive=0.0)
    uncoded_weights: Weights = Weights(shift=-1.0, low=-0.25, high=4.0, dead=0.0, alive=0.0)
    long: int = 11  # characters from which on a dead name counts for long_dead
    piece: float = 2.0  # nats that a piece must say before it counts for same_pieces
    plain: float = -5.0  # log-odds up to which a dead name counts nothing for many_dead
    doubtful: float = -1.0  # log-odds from which on it counts 1
    end: int = 14  # characters of a beginning or an end that names share
    sure: float = 1.5  # times the threshold: confidence is high from here on
    odd: float = 3.0  # log-odds from which on a label that clients share is odd
    sharers: int = 2  # clients that make a label shared
    share: float = 0.5  # of the clients; what more of them ask for is part of the network
    shared: int = 3  # odd labels that clients share, for an alarm

    def thresholds(self, coded: bool) -> Thresholds:
        """Those for a log with or without response codes."""
        return self.coded if coded else self.uncoded

    def weights(self, coded: bool) -> Weights:
        """Those for a log with or without response codes."""
        return self.coded_weights if coded else self.uncoded_weights


def in_order(day: Day) -> Ints:
    """Indices of the labels by first sight, ties by label; times that are not known come last."""
    first = day.first
    if len(first) < 2 or bool(np.all(first[:-1] < first[1:])):
        return np.arange(len(first))
    order: Ints = np.lexsort((np.array(day.labels), first))  # NaN sorts last
    return order
