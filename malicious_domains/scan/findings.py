"""The findings of a scan: clients' days with alarms, and what became of every line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from math import nan
from typing import NamedTuple

from ..clients.client_day import Alarm, Evidence, QueriedName
from ..clients.generated_names import KIND, GeneratorNames
from ..families.likely_families import LikelyFamilies
from .hosts import Host
from .state import AlarmState


class LineCounts(NamedTuple):
    """The lines that were read, counted by what became of them; the counts add up."""

    scored: int  # queries for a name with a label
    skipped: dict[str, int]  # queries for other names, by reason
    other: int  # lines that are not queries
    broken: int  # lines that cannot be read
    blank: int = 0  # empty lines

    @property
    def lines(self) -> int:
        """The number of all lines."""
        return self.scored + sum(self.skipped.values()) + self.other + self.broken + self.blank

    @classmethod
    def of(cls, by_reason: dict[str, int]) -> LineCounts:
        """Sort the counts by reason, "" for scored queries.

        >>> LineCounts.of({"": 7, "reverse": 2, "broken": 1})
        LineCounts(scored=7, skipped={'reverse': 2}, other=0, broken=1, blank=0)
        """
        skipped = dict(by_reason)
        scored, broken = skipped.pop("", 0), skipped.pop("broken", 0)
        return cls(scored, other=skipped.pop("other_event", 0), broken=broken, skipped=skipped)


class Place(NamedTuple):
    """File and line of a client's first query for a name on a day, and the answered addresses."""

    file: str
    line: int  # from 1 on; 0 if lines hold several events, or an event several lines
    addresses: tuple[str, ...]  # the first ones


@dataclass(frozen=True, kw_only=True)
class Finding:
    """A client's day with its alarms; suspicious labels that clients share have no client."""

    client: str  # "" for what clients share
    day: int | None  # days since the epoch, None for a log without times
    lines: int = 0  # scored queries
    labels: int = 0  # different labels
    nxdomain_lines: int = 0  # queries that got NXDOMAIN
    rcode_lines: int = 0  # queries that got any response code
    rare_names: tuple[QueriedName, ...] = ()  # in the order of first sight
    alarms: tuple[Alarm, ...] = ()  # the surest first
    total: float = 0.0  # the running sum, alarm or not
    evidence: Mapping[str, Evidence] = field(default_factory=dict)  # by kind of alarm
    families: LikelyFamilies | None = None  # unless a known generator makes the names
    host: Host | None = None  # what is known of the client
    states: Mapping[str, AlarmState] = field(default_factory=dict)  # by kind, if a state has them
    clients: int = 0  # of the log, for what clients share
    places: Mapping[str, Place] = field(default_factory=dict)  # by name, for a report

    @property
    def score(self) -> float:
        """The score of the surest alarm, as a multiple of its threshold; 0 without alarms."""
        return self.alarms[0].score if self.alarms else 0.0

    @property
    def is_news(self) -> bool:
        """Whether an alarm is new or worse; without a state each finding is news."""
        return not self.states or any(x.is_news for x in self.states.values())

    @property
    def generators(self) -> tuple[GeneratorNames, ...]:
        """The known generators of the client's names, the surest first."""
        return self.evidence[KIND].generators if KIND in self.evidence else ()

    def list_names(self, alarm: Alarm) -> list[QueriedName]:
        """Return the names of an alarm, the strongest first."""
        own = self.evidence.get(alarm.kind)
        names = own.names if own else self.rare_names
        return [names[i] for i in alarm.names]

    @property
    def first_seen(self) -> float:
        """When the first of its names was queried; NaN if unknown."""
        times = (x.first_seen for x in self._names)
        return min((x for x in times if x == x), default=nan)

    @property
    def last_seen(self) -> float:
        """When the last of them was queried; NaN if unknown."""
        times = (x.last_seen for x in self._names)
        return max((x for x in times if x == x), default=nan)

    @property
    def _names(self) -> tuple[QueriedName, ...]:
        return sum((x.names for x in self.evidence.values()), start=self.rare_names)

    @property
    def nxdomain_names(self) -> int:
        """How many of the rare names are NXDOMAIN."""
        return sum(x.nxdomain for x in self.rare_names)

    @property
    def confidence(self) -> str:
        """The confidence: high if that of any alarm is, else low."""
        return "high" if any(x.confidence == "high" for x in self.alarms) else "low"


class BaselineSummary(NamedTuple):
    """The log's labels that a baseline has."""

    labels: int  # asked for on an earlier day; they do not count
    first: int | None  # the earliest such day, since the epoch
    last: int | None  # the latest


class StateSummary(NamedTuple):
    """How many of a scan's alarms are in each state; ended: that the scan's days ended."""

    new: int = 0
    worsened: int = 0
    continuing: int = 0
    acknowledged: int = 0
    ended: int = 0


class IndexSummary(NamedTuple):
    """The names of a log that an index of generated names has."""

    names: int  # in the index
    first: date  # the days that it was made for
    last: date
    matched: int  # different names of the log that are in it
    days: int  # of the log
    outside: list[date]  # days of the log that it was not made for, in order


@dataclass(frozen=True)
class Files:
    """The files that were read."""

    forms: dict[str, str] = field(default_factory=dict)  # the format by file
    left_out: dict[str, str] = field(default_factory=dict)  # why a file is not a log
    damaged: dict[str, str] = field(default_factory=dict)  # why it was read in part
    sources: dict[str, str] = field(default_factory=dict)  # its format and columns, in words


@dataclass(frozen=True, kw_only=True)
class Findings:
    """The result of a scan."""

    alarmed: list[Finding]  # clients' days, by confidence and score
    line_counts: LineCounts
    clients: int
    days: int  # client-days
    has_rcodes: bool
    has_dates: bool = True
    threshold: float  # of the running sum
    shared: Finding | None = None  # suspicious labels that clients share
    busy_clients: dict[str, int] = field(default_factory=dict)  # rare labels of a sampled day
    unmatched: list[str] = field(default_factory=list)  # entries of --not-clients without a client
    rcode_counts: tuple[int, int] = (0, 0)  # queries that got NXDOMAIN, and any response code
    baseline: BaselineSummary | None = None
    state: StateSummary | None = None
    since: int | None = None  # the first day that was read, None for all
    index: IndexSummary | None = None
    scores: list[float] = field(default_factory=list)  # the running sum of each client-day
    broken_lines: list[tuple[str, int, str]] = field(default_factory=list)  # the first ones
    files: Files = field(default_factory=Files)
    zone: str = "UTC"  # of the days, and of times without a zone
    unread_times: tuple[int, str] = (0, "")  # queries whose time could not be read; one of these
    unknown_rcodes: list[str] = field(default_factory=list)  # some that are no response codes

    @property
    def all(self) -> list[Finding]:
        """The alarmed clients' days, and last what clients share."""
        return [*self.alarmed, *([self.shared] if self.shared else [])]

    @property
    def raised(self) -> list[Finding]:
        """The findings that change the exit status: shared names do by high confidence alone."""
        return [x for x in self.all if x.client or x.confidence == "high"]

    @property
    def quantile(self) -> float:
        """The 99.9% quantile of the client-days' running sums; NaN if there are none."""
        ordered = sorted(self.scores)
        return ordered[int(0.999 * (len(ordered) - 1) + 0.5)] if ordered else nan
