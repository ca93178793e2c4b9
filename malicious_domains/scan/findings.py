"""What a scan finds: clients' days with alarms, and what became of every line."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from ..clients.client_day import Alarm
from ..clients.generated_names import KIND, GeneratorNames
from ..families.likely_families import LikelyFamilies
from ..names.dga_index import DgaMatch as Maker


class Accounting(NamedTuple):
    """What became of the lines that were read; they add up."""

    judged: int  # queries for a name with a label
    skipped: dict[str, int]  # queries for others, by reason
    other: int  # lines that are no queries
    broken: int  # lines that cannot be read

    @property
    def lines(self) -> int:
        """All of them."""
        return self.judged + sum(self.skipped.values()) + self.other + self.broken


class QueriedName(NamedTuple):
    """A label that a client asked for on a day."""

    name: str  # label and one of the suffixes under which it was asked for
    z: float  # log-odds of being malicious
    points: float  # what it adds to the day's running sum
    dead: bool
    first: float  # seconds since the epoch, NaN if unknown
    last: float


class GeneratorEvidence(NamedTuple):
    """Names of known generators that speak against a client's day."""

    alarm: Alarm  # its names are indices into these:
    generators: tuple[GeneratorNames, ...]  # the surest first
    asked: tuple[QueriedName, ...]
    makers: tuple[tuple[Maker, ...], ...]  # of each

    @property
    def sure(self) -> Iterator[QueriedName]:
        """Those that some generator makes, not by chance."""
        numbers = {i for x in self.generators if x.confidence == "high" for i in x.names}
        return (self.asked[i] for i in sorted(numbers))


@dataclass(frozen=True)
class Finding:
    """A client's day with what speaks against it."""

    client: str
    day: int | None  # days since the epoch, None of a log without times
    lines: int  # queries judged
    labels: int  # different labels asked for
    dead_answers: int  # queries told that there is no such name
    answers: int  # queries told anything
    asked: tuple[QueriedName, ...]  # those that are unfamiliar, in the order of first sight
    alarms: tuple[Alarm, ...]  # the surest first
    score: float  # of the surest alarm, as a multiple of its cut
    known: GeneratorEvidence | None = None  # names of known generators, if they raise an alarm
    family_hint: LikelyFamilies | None = None  # what names look like that no generator makes

    def named(self, alarm: Alarm) -> list[QueriedName]:
        """The names of an alarm, the strongest first."""
        asked = self.known.asked if self.known and alarm.kind == KIND else self.asked
        return [asked[i] for i in alarm.names]

    @property
    def first(self) -> float:
        """When the first unfamiliar label, or a generator's name, was asked for."""
        return min((x.first for x in self._all if x.first == x.first), default=float("nan"))

    @property
    def last(self) -> float:
        """When the last of them was asked for."""
        return max((x.last for x in self._all if x.last == x.last), default=float("nan"))

    @property
    def _all(self) -> tuple[QueriedName, ...]:
        return self.asked + (self.known.asked if self.known else ())

    @property
    def dead(self) -> int:
        """How many of the unfamiliar labels do not exist."""
        return sum(x.dead for x in self.asked)

    @property
    def confidence(self) -> str:
        """high if any alarm has it, else low."""
        return "high" if any(x.confidence == "high" for x in self.alarms) else "low"


class SharedName(NamedTuple):
    """An odd label that several clients asked for."""

    name: str
    z: float
    sharers: int  # how many clients
    clients: list[str]  # the first hundred of them
    first: float  # seconds since the epoch, NaN if unknown
    last: float


class Shared(NamedTuple):
    """What odd labels that clients share say: the alarm shared-oddity."""

    labels: int  # how many
    score: float  # as a multiple of its cut
    confidence: str
    names: list[SharedName]  # those of most clients first; a hundred at most


class Known(NamedTuple):
    """What a baseline knew of the log's labels."""

    labels: int  # asked for on an earlier day, which therefore do not count
    first: int | None  # the earliest day of them, since the epoch
    last: int | None  # the latest


class Indexed(NamedTuple):
    """What an index of known names had to say of the log."""

    names: int  # in it
    first: date  # the days that it was made for
    last: date
    matched: int  # different names of the log that are in it
    days: int  # days of the log
    outside: list[date]  # those that it was not made for, in order


@dataclass(frozen=True)
class Files:
    """What was read."""

    forms: dict[str, str] = field(default_factory=dict)  # format by file
    left_out: dict[str, str] = field(default_factory=dict)  # no logs: why, by file
    damaged: dict[str, str] = field(default_factory=dict)  # read in part: why, by file


@dataclass(frozen=True, kw_only=True)
class Findings:
    """All that a scan has to say."""

    alarmed: list[Finding]  # by confidence and score
    accounting: Accounting
    clients: int
    days: int  # client-days judged
    coded: bool  # whether response codes are known
    dated: bool = True  # whether any query's date is
    cut: float  # of the running sum
    shared: Shared | None = None
    too_busy: dict[str, int] = field(default_factory=dict)  # clients: labels of a day at most
    answers: tuple[int, int] = (0, 0)  # queries told that there is no such name, told anything
    known: Known | None = None  # with a baseline
    index: Indexed | None = None  # with an index of known names
    scores: list[float] = field(default_factory=list)  # running sums of all client-days
    broken: list[tuple[str, int, str]] = field(default_factory=list)  # the first lines
    files: Files = field(default_factory=Files)

    @property
    def quantile(self) -> float:
        """The 99.9% quantile of the client-days' running sums; NaN of none."""
        ordered = sorted(self.scores)
        return ordered[int(0.999 * (len(ordered) - 1) + 0.5)] if ordered else float("nan")
