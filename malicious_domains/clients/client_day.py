"""A client's day, the log around it, the alarms it raises, and their thresholds."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import log1p
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ..names.array_types import Bools, Floats, Ints
from .fourgrams import Background

if TYPE_CHECKING:
    from ..names.dga_index import DgaMatch
    from .generated_names import GeneratorNames

SHARED = "shared-oddity"  # the alarm of suspicious labels that several clients share
OUTBREAK = "outbreak"  # that of clients that share several of them


@dataclass(frozen=True)
class ClientDay:
    """The rare labels of one client's day, sorted by first sight, then by label."""

    labels: list[str]  # registrable labels, each once
    log_odds: Floats  # of being malicious; NaN if unknown
    suffix_counts: Ints  # how many suffixes each label was queried under
    nxdomain: Bools  # whether it does not exist; all False for a log without rcodes
    first_seen: Floats  # seconds since the epoch, NaN if unknown
    last_seen: Floats

    def select(self, at: Ints | slice) -> ClientDay:
        """Return the labels at these places, in this order."""
        some = self.labels
        labels = some[at] if isinstance(at, slice) else [some[i] for i in at.tolist()]
        odds, counts = self.log_odds[at], self.suffix_counts[at]
        seen = self.first_seen[at], self.last_seen[at]
        return ClientDay(labels, odds, counts, self.nxdomain[at], *seen)


@dataclass(frozen=True)
class LogContext:
    """The facts about the whole log that the verdict on a day needs."""

    has_rcodes: bool  # whether the log has response codes
    background: Background  # how common each four-gram is in it
    clients: int = 1000  # how many ask in it; few have nobody to compare with


class Alarm(NamedTuple):
    """Evidence against a client's day."""

    kind: str  # a field of KindThresholds, or of this module or generated_names.py
    score: float  # as a multiple of the threshold of its kind, which makes kinds comparable
    confidence: str  # "high" or "low"
    names: tuple[int, ...]  # indices into ClientDay.labels, the strongest first
    weights: tuple[float, ...]  # what each of those names adds, before the division
    expected: float | None = None  # such alarms in 1,000 clean client-days; None if not studied


class QueriedName(NamedTuple):
    """A label that a client asked for on a day, or that several clients share."""

    name: str  # the label and one of its suffixes
    log_odds: float  # of being malicious; NaN if it was not scored
    weight: float  # what it adds to the day's running sum
    nxdomain: bool
    first_seen: float  # seconds since the epoch, NaN if unknown
    last_seen: float
    client_count: int = 1
    clients: tuple[str, ...] = ()  # some that share it


class Evidence(NamedTuple):
    """An alarm of names that are not all rare, with what is known of them."""

    alarm: Alarm  # its names are indices into `names`
    names: tuple[QueriedName, ...]
    generators: tuple[GeneratorNames, ...] = ()  # known ones, the surest first
    matches: tuple[tuple[DgaMatch, ...], ...] = ()  # the generators of each name
    clients: tuple[str, ...] = ()  # all of an outbreak, or of a tunnel that is reported once
    parents: tuple[str, ...] = ()  # the registrable names of a tunnel, the strongest first
    why: str = ""  # what an alarm of a tunnel says


@dataclass(frozen=True)
class KindThresholds:
    """The scores from which each kind of alarm is raised; infinite for an impossible kind."""

    random_looking: float
    same_pieces: float
    same_end: float
    long_dead: float
    many_dead: float
    same_length: float

    def multiply(self, factor: float) -> KindThresholds:
        """Return these with the kinds of high confidence multiplied."""
        sure = ("random_looking", "same_pieces", "same_end", "same_length")
        return replace(self, **{x: getattr(self, x) * factor for x in sure})


@dataclass(frozen=True)
class NameWeights:
    """The weight of a name by its log-odds z: clip((z - zero) / scale, lowest, highest)."""

    zero: float
    scale: float
    lowest: float
    highest: float

    def weigh(self, log_odds: Floats) -> Floats:
        """Return the weight of each name (n,).

        >>> NameWeights(2.0, 1.0, -0.25, 1.25).weigh(np.array([-9.0, 2.5, 9.0])).tolist()
        [-0.25, 0.5, 1.25]
        """
        weights: Floats = np.clip((log_odds - self.zero) / self.scale, self.lowest, self.highest)
        return weights


@dataclass(frozen=True)
class RuleWeights:
    """The weights of names by their response."""

    resolving: NameWeights  # in a log with rcodes
    nxdomain: NameWeights
    unanswered: NameWeights  # in a log without rcodes


_NEVER = float("inf")


@dataclass(frozen=True)
class AlarmThresholds:
    """All numbers of the rule: one false alarm in 1,000 clean client-days of a simulation.

    docs/evaluation.md has the study. Alarms of high confidence share the 1 in 1,000.
    """

    with_rcodes: KindThresholds = KindThresholds(4.7, 2.5, 25.0, 6.5, 50.0, 28.0)
    without_rcodes: KindThresholds = KindThresholds(3.3, 10.0, 90.0, _NEVER, _NEVER, 32.0)
    near: RuleWeights = RuleWeights(  # of names that follow each other, whatever their lengths
        NameWeights(1.5, 1.0, -0.25, 1.25),
        NameWeights(-1.0, 2.0, -0.5, 2.5),
        NameWeights(1.0, 1.0, -0.08, 1.0),
    )
    alike: RuleWeights = RuleWeights(  # of names of like lengths, which may be hours apart
        NameWeights(2.0, 2.0, -0.006, 1.25),
        NameWeights(0.0, 2.0, -0.07, 2.5),
        NameWeights(2.0, 2.0, -0.006, 1.0),
    )
    two_lengths: float = 0.4  # taken from names of two neighbouring lengths
    long: int = 14  # characters from which lengths are alike; advertising rotates shorter names
    length_range: int = 7  # neighbouring lengths that are nearly one; a name of these weighs 1
    length_ratio: float = 0.75  # the same for long names, as a share of the shortest length
    of_two_lengths: float = 3.25  # weight of a name of one of two neighbouring lengths
    plain_words: float = -4.0  # log-odds below which such a name reads like plain words
    enough_of_length: float = 14.0  # their sum, half the threshold, below which it says nothing
    other_length: float = 6.0  # taken from the number of such names for each of another length
    dead_link: float = 0.04  # taken from the sum for each ordinary label that is NXDOMAIN
    labels_growth: float = 0.5  # times ln(1 + n / 100) + n / 2000: what n labels add by chance
    unlike: float = 1.1  # taken from names that resolve, times the standard deviation of lengths
    slow: float = 300.0  # seconds between such names; quicker ones are a burst, however unlike
    alone: int = 2  # clients up to which nobody is left to compare shared substrings with
    flood: float = 0.25  # mean weight of a sampled day from which it is a flood of generated names
    flood_missing: float = 0.5  # share of a sampled day's labels that are NXDOMAIN
    small_log: int = 30  # clients below which popular names are rare
    chance: float = 0.05  # substrings that a label shares with others by chance
    chance_small: float = 0.25  # the same in a small log without rcodes
    chance_few: float = 1.5  # added to it in a small log with rcodes, whatever the labels
    chance_growth: float = 3000.0  # labels in a day that make it 1 more, as there are more pairs
    suspicious_from: float = 3.0  # log-odds from which a shared label is suspicious
    min_clients: int = 2  # clients that make a label shared
    max_share: float = 0.5  # of the clients; labels of more belong to the network
    min_shared: int = 3  # suspicious shared labels that are reported
    outbreak_clients: int = 3  # that have suspicious labels in common
    outbreak_names: float = 5.0  # that each of them has in common with the others
    scale: float = 1.0  # of a network's own thresholds, as multiples of the packaged ones

    def thresholds(self, has_rcodes: bool) -> KindThresholds:
        """Return those for a log with or without response codes."""
        return self.with_rcodes if has_rcodes else self.without_rcodes

    def multiply(self, factor: float) -> AlarmThresholds:
        """Return these with the thresholds of high confidence multiplied.

        >>> AlarmThresholds().multiply(2.0).with_rcodes.random_looking
        9.4
        """
        return replace(
            self,
            with_rcodes=self.with_rcodes.multiply(factor),
            without_rcodes=self.without_rcodes.multiply(factor),
            outbreak_names=self.outbreak_names * factor,
            scale=self.scale * factor,
        )

    def summed_by_chance(self, labels: int) -> float:
        """Return what the highest sum of a day's labels is by chance, as there are more of them."""
        return self.labels_growth * (log1p(labels / 100) + labels / 2000)

    def shared_by_chance(self, labels: int, log: LogContext) -> float:
        """Return the sum of weights by shared substrings that a day's labels have by chance."""
        small = log.clients < self.small_log
        chance = self.chance_small if small and not log.has_rcodes else self.chance
        few = self.chance_few if small and log.has_rcodes else 0.0
        return few + labels * (chance + labels / self.chance_growth)
