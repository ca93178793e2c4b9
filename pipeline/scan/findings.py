"""What a scan finds: clients' days with alarms, and what became of every line."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from lambda_app.chalicelib.traffic.day import Alarm


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


@dataclass(frozen=True)
class Asked:
    """A label that a client asked for on a day."""

    name: str  # label and one of the suffixes under which it was asked for
    suffixes: int
    z: float  # log-odds of being malicious
    dead: bool
    first: float  # seconds since the epoch, NaN if unknown
    last: float


@dataclass(frozen=True)
class ClientDay:
    """A client's day with what speaks against it."""

    client: str
    day: int | None  # days since the epoch, None of a log without times
    lines: int  # queries judged
    labels: int  # different labels asked for
    asked: tuple[Asked, ...]  # those that are unfamiliar, in the order of first sight
    alarms: tuple[Alarm, ...]  # the strongest first
    score: float  # of the strongest alarm, as a multiple of its cut

    @property
    def first(self) -> float:
        """When the first unfamiliar label was asked for."""
        return min((x.first for x in self.asked if x.first == x.first), default=float("nan"))

    @property
    def last(self) -> float:
        """When the last unfamiliar label was asked for."""
        return max((x.last for x in self.asked if x.last == x.last), default=float("nan"))

    @property
    def dead(self) -> int:
        """How many of the unfamiliar labels do not exist."""
        return sum(x.dead for x in self.asked)

    @property
    def confidence(self) -> str:
        """high if any alarm has it, else low."""
        return "high" if any(x.confidence == "high" for x in self.alarms) else "low"


@dataclass(frozen=True)
class Findings:
    """All that a scan has to say."""

    alarmed: list[ClientDay]  # by confidence and score
    too_busy: dict[str, int]  # clients with too many labels to judge: labels of a day at most
    accounting: Accounting
    clients: int
    days: int  # client-days judged
    coded: bool  # whether response codes are known
    scores: list[float] = field(default_factory=list)  # running sums of all client-days
    broken: list[tuple[str, int, str]] = field(default_factory=list)
    forms: dict[str, str] = field(default_factory=dict)  # format by file

    @property
    def quantile(self) -> float:
        """The 99.9 % quantile of the client-days' running sums; NaN of none."""
        ordered = sorted(self.scores)
        return ordered[int(0.999 * (len(ordered) - 1) + 0.5)] if ordered else float("nan")
