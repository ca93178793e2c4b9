"""A client's day: the rows that are kept of it, the verdict on them, and the finding as JSON."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from itertools import islice
from math import nan
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from malicious_domains.clients import client_day, finding_json, tunnels
from malicious_domains.clients.client_day import Alarm, AlarmThresholds, ClientDay, LogContext
from malicious_domains.clients.common_labels import FEW, find_nxdomain_pairs, find_rare_pairs
from malicious_domains.clients.fourgrams import Background
from malicious_domains.clients.verdict import judge_day, judge_sample, rank_alarms
from malicious_domains.names.array_types import Bools, Floats

from . import dynamodb, sub_domains
from .dynamodb import pack_state, unpack_state
from .label_votes import ALLOWED, count_clients, hash_client, is_common, parse_votes
from .records import NXDOMAIN, Row, Rows
from .samples import LEVELS, merge_rows, sample_rows

MAX_LABELS = 5000  # of a client's day; of a day with more a sample is kept
MAX_EVIDENCE = 100  # labels of its strongest alarm that are kept beside the sample
SAMPLE = 50_000  # labels of a day from which it is estimated how common a substring is
MUCH_WORSE = 4.0  # times the published score from which on an alarm is published again
SIGHT_DELAY = 900  # seconds by which the kept time of a label's last query may be behind
_DEFAULT = AlarmThresholds()
_ROW = 80  # bytes of a row as JSON, at most, without its texts


@dataclass(frozen=True)
class ClientState:
    """The state of a client's day between two objects.

    Of a day with too many labels, or bytes, a sample is kept: one label in 2 ** level, by a hash.
    It is the same in whatever order the rows come.

    >>> old = ClientState().merge({"rare": Row(NXDOMAIN, 5.0, 9.0, ("com",))}, votes={})
    >>> more = {x: Row(NXDOMAIN + 1, 9.0, 9.0, ("com",)) for x in ("common", "rare")}
    >>> new = old.merge(more, votes={"common": "*"})
    >>> [*new.rows], new.differs(old), ClientState.unpack(new.pack()) == new
    (['rare'], True, True)
    """

    rows: Rows = field(default_factory=dict)
    level: int = 0
    published: dict[str, Any] = field(default_factory=dict)  # score, confidence, at, sent; or {}
    peak: tuple[bool, float] = (False, 0.0)  # the rank of the strongest verdict so far
    evidence: tuple[str, ...] = ()  # its labels, which stay whatever else comes

    def merge(self, more: Mapping[str, Row], votes: Mapping[str, str]) -> ClientState:
        """Merge more rows, and drop those that can never count: common labels that resolve."""
        rows = {
            label: row
            for label, row in merge_rows(self.rows, more).items()
            if row.rcode == NXDOMAIN or not is_common(votes.get(label, ""))
        }
        level, rows = limit_rows(rows, self.level, self.evidence)
        return replace(self, rows=rows, level=level)

    def note_verdict(self, verdict: Verdict) -> ClientState:
        """Keep the labels of a verdict that is as strong as any before it."""
        if not verdict.alarms or verdict.rank < self.peak:
            return self
        labels = tuple(verdict.day.labels[i] for i in verdict.alarms[0].names[:MAX_EVIDENCE])
        return replace(self, peak=verdict.rank, evidence=labels)

    def differs(self, kept: ClientState) -> bool:
        """Return whether to write this over what is kept; a slightly later query is no reason."""
        rows = dict(self.rows)
        for label in rows.keys() & kept.rows.keys():
            if 0 < rows[label].last - kept.rows[label].last <= SIGHT_DELAY:
                rows[label] = rows[label]._replace(last=kept.rows[label].last)
        return replace(self, rows=rows) != kept

    def pack(self) -> bytes:
        """Pack the state as bytes for unpack()."""
        return pack_state([self.rows, self.level, self.published, self.peak, self.evidence])

    @classmethod
    def unpack(cls, state: bytes) -> ClientState:
        """Restore a state packed by pack(); an empty one from b""."""
        if not state:
            return cls()
        packed, level, published, *more = unpack_state(state)
        rows = {x: Row._make((*row[:3], tuple(row[3]))) for x, row in packed.items()}
        return cls(rows, int(level), published, *map(tuple, more))


def limit_rows(rows: Rows, level: int = 0, evidence: Collection[str] = ()) -> tuple[int, Rows]:
    """Return the lowest level, from `level` on, at which an item has room for rows, and those.

    evidence: labels that are kept beside the sample, if there is room for them.

    >>> rows = {f"n{i}": Row(NXDOMAIN, 9.0, 9.0, ("com",)) for i in range(MAX_LABELS + 1)}
    >>> limit_rows(rows)[0]
    1
    """
    evidence = frozenset(evidence)
    kept = sample_rows(rows, level, evidence)
    while len(kept) > MAX_LABELS + len(evidence) or not _fits(kept):
        level += 1
        kept = sample_rows(kept, level, evidence) if level <= LEVELS else {}
    return level, kept


def _fits(rows: Rows) -> bool:
    """Return whether an item has room for rows: below some zones clients choose long suffixes."""
    size = sum(len(label) + len("".join(row.suffixes)) + _ROW for label, row in rows.items())
    return size <= dynamodb.MAX_STATE or len(pack_state(rows)) <= dynamodb.MAX_STATE


class Verdict(NamedTuple):
    """The verdict on a client's day."""

    day: ClientDay  # its rare labels, in order of first sight
    names: list[str]  # a label with a suffix, for each of them
    alarms: list[Alarm]  # the strongest first
    score: float  # of that one, as a multiple of its threshold; 0 without alarms
    tunnels: Mapping[str, client_day.Evidence] = MappingProxyType({})  # by kind of alarm
    shared: bool = False  # whether a tunnel of the client is reported once for several

    @property
    def rank(self) -> tuple[bool, float]:
        """Return whether the confidence is high, and the score: of two verdicts, the stronger."""
        return self.confidence == "high", self.score

    @property
    def confidence(self) -> str:
        """Return "high" if any alarm has it, otherwise "low"."""
        return "high" if any(x.confidence == "high" for x in self.alarms) else "low"

    def is_news(self, published: Mapping[str, Any]) -> bool:
        """Return whether this is the first alarm, the first of high confidence, or much worse."""
        if not self.alarms or not published:
            return bool(self.alarms)
        is_surer = self.confidence == "high" and published["confidence"] != "high"
        return is_surer or self.score >= MUCH_WORSE * float(published["score"])


class DayJudge:
    """Judge the clients of one day by what is known of its labels.

    >>> judge = DayJudge({}, (), lambda labels: np.full(len(labels), 9.0))  # their log-odds
    >>> rows = {f"xqzkw{i}vjtp": Row(NXDOMAIN, i, i, ("com",)) for i in range(9)}
    >>> judge.prepare(rows)
    >>> verdict = judge.judge("10.0.0.1", ClientState(rows))
    >>> verdict.alarms[0].kind, verdict.confidence, verdict.is_news({})
    ('random-looking', 'high', True)
    >>> ClientState(rows).note_verdict(verdict).evidence[:2]
    ('xqzkw0vjtp', 'xqzkw1vjtp')
    """

    def __init__(
        self,
        votes: Mapping[str, str],
        baseline: Collection[str],
        log_odds: Callable[[list[str]], Floats],
        thresholds: AlarmThresholds = _DEFAULT,
    ) -> None:
        """Take votes by label, and the labels that were common on the day before."""
        self.votes, self._baseline, self._log_odds = votes, baseline, log_odds
        self.thresholds = thresholds
        self._odds: dict[str, float] = {}
        self.tunnels: dict[str, list[client_day.Evidence]] = {}  # by client
        self.groups: dict[str, list[tunnels.SubDomainGroup]] = {}  # of the clients with a tunnel
        self._sample = set(islice(votes, SAMPLE))  # they are kept by hash, so this is random
        self._background = Background.count([*self._sample])
        self._log = LogContext(True, self._background, count_clients(votes.values()))

    def prepare(self, labels: Collection[str]) -> None:
        """Score many labels at once, which is faster than client by client."""
        self._score(labels)
        # How common a substring is comes from a client's neighbours: its own labels, if they
        # were missing in the background, would be subtracted twice.
        if missing := sorted(set(labels) - self._sample):
            self._log = replace(self._log, background=self._background.add(missing))

    def _score(self, labels: Collection[str]) -> Floats:
        """Return the log-odds of labels, NaN for ""; each is computed once."""
        if new := sorted({x for x in labels if x and x not in self._odds}):
            self._odds.update(zip(new, self._log_odds(new).tolist(), strict=True))
        return np.array([self._odds.get(x, nan) for x in labels], dtype=np.float64)

    def judge_tunnels(self, states: Mapping[str, sub_domains.State]) -> None:
        """Judge what clients asked for below registrable names, each for itself."""
        columns, scale = sub_domains.make_columns(states), self.thresholds.scale
        odds = self._score([tunnels.find_longest_label(x) for x in columns["sub_domain"]])
        days = tunnels.find_alarmed_days({**columns, "log_odds": odds}, scale)
        for (client, _), groups in days.items():
            self.groups[client] = groups
            self.tunnels[client] = tunnels.judge_client_day(groups, scale)

    def add_tunnels(self, client: str, verdict: Verdict) -> Verdict:
        """Return a client's verdict with the alarms of what it asked for below some names.

        >>> judge = DayJudge({}, (), lambda labels: np.full(len(labels), 9.0))
        >>> rows = {f"{i:02}" + "q" * 50: sub_domains.SubRow(2, 1, 9.0, 9.0) for i in range(60)}
        >>> judge.judge_tunnels({"10.0.0.1": {"evil.com": sub_domains.Sample(0, rows)}})
        >>> judge.add_tunnels("10.0.0.1", judge.judge("10.0.0.1", ClientState())).alarms[0].kind
        'tunnel'
        """
        own = {x.alarm.kind: x for x in self.tunnels.get(client, ())}
        alarms = rank_alarms([*verdict.alarms, *(x.alarm for x in own.values())])
        score, shared = alarms[0].score if alarms else 0.0, not own and client in self.groups
        return verdict._replace(alarms=alarms, score=score, tunnels=own, shared=shared)

    def judge(self, client: str, state: ClientState) -> Verdict:
        """Judge a client's day; an earlier alarm is not hidden by more traffic of its own."""
        verdict = self._judge_rows(client, state.rows, state.level)
        if not state.evidence or (verdict.alarms and verdict.rank[0] >= state.peak[0]):
            return verdict
        kept = {x: state.rows[x] for x in state.evidence if x in state.rows}
        return max(verdict, self._judge_rows(client, kept), key=lambda x: x.rank)

    def _judge_rows(self, client: str, rows: Mapping[str, Row], level: int = 0) -> Verdict:
        """Judge a client's rows, or a sample of them."""
        labels = sorted(rows, key=lambda x: (rows[x].first, x))
        nxdomain, rare = self._select(hash_client(client), labels, rows)
        kept = np.flatnonzero(rare).tolist()
        some = [labels[i] for i in kept]
        day = ClientDay(
            labels=some,
            log_odds=self._score(some),
            suffix_counts=np.array([len(rows[x].suffixes) for x in some], dtype=np.int64),
            nxdomain=nxdomain[kept],
            first_seen=np.array([rows[x].first for x in some], dtype=np.float64),
            last_seen=np.array([rows[x].last for x in some], dtype=np.float64),
        )
        judge = judge_sample if level else judge_day
        alarms = judge(day, self._log, self.thresholds)
        score = alarms[0].score if alarms else 0.0
        return Verdict(day, [f"{x}.{rows[x].suffixes[0]}" for x in some], alarms, score)

    def _select(self, own: str, labels: list[str], rows: Mapping[str, Row]) -> tuple[Bools, Bools]:
        """Return which labels are NXDOMAIN and which are rare, by all clients that are kept."""
        pairs, clients = list[tuple[int, int, bool]](), list[int]()
        for i, label in enumerate(labels):
            rcodes = parse_votes(self.votes.get(label, ""))
            rcodes[own] = max(rows[label].rcode, rcodes.get(own, 0))
            pairs += [(i, rcode, client == own) for client, rcode in rcodes.items()]
            clients.append(max(len(rcodes), FEW) if label in self._baseline else len(rcodes))
        label_of, rcode, is_own = np.array(pairs, dtype=np.int64).reshape(-1, 3).T
        nxdomain = find_nxdomain_pairs(rcode == NXDOMAIN, label_of, rcode >= NXDOMAIN)
        allowed = np.array([self.votes.get(x, "").startswith(ALLOWED) for x in labels], np.bool_)
        number = np.array(clients, dtype=np.int64)
        rare = find_rare_pairs(label_of, nxdomain, allowed, number, len(clients), True)
        at = np.flatnonzero(is_own)
        return nxdomain[at], rare[at]


def make_finding(client: str, day: int, verdict: Verdict, sampled: bool) -> dict[str, Any]:
    """Make the JSON object about a client's day, most of it by the keys of scan's JSON Lines.

    client: or EVERYBODY. stands: whether there still is an alarm. shared: whether a tunnel of the
    client is reported for EVERYBODY. too_busy: whether a sample of the labels is kept.

    >>> verdict = DayJudge({}, (), np.zeros).judge("10.0.0.1", ClientState())
    >>> finding = make_finding("10.0.0.1", 20_783, verdict, sampled=False)
    >>> finding["day"], finding["stands"]
    ('2026-11-26', False)
    """
    seen = verdict.day
    names = [y for x in verdict.tunnels.values() for y in x.names]
    first = min([*seen.first_seen.tolist(), *(x.first_seen for x in names)], default=nan)
    last = max([*seen.last_seen.tolist(), *(x.last_seen for x in names)], default=nan)
    return {
        "client": client if client != sub_domains.EVERYBODY else None,
        "day": finding_json.format_date(day),
        "stands": bool(verdict.alarms),
        "shared": verdict.shared,
        "too_busy": sampled,
        "score": round(verdict.score, 4),
        "confidence": verdict.confidence,
        "first_seen": finding_json.format_time(first),
        "last_seen": finding_json.format_time(last),
        "counts": {"new": len(seen.labels), "dead": int(seen.nxdomain.sum())},
        "alarms": [_make_alarm(verdict, alarm) for alarm in verdict.alarms],
    }


def _make_alarm(verdict: Verdict, alarm: Alarm) -> dict[str, Any]:
    day, more = verdict.day, {}
    if own := verdict.tunnels.get(alarm.kind):
        more = {"clients": [*own.clients], "below": [*own.parents], "why": own.why}
        rows = [(x.name, x.weight, x.log_odds, x.nxdomain, x.first_seen) for x in own.names]
    else:
        columns = (day.log_odds, day.nxdomain, day.first_seen)
        pairs = zip(alarm.names, alarm.weights, strict=True)
        rows = [(verdict.names[i], weight, *(x[i] for x in columns)) for i, weight in pairs]
    names = [finding_json.describe_name(*x) for x in rows]
    return {**finding_json.describe_alarm(alarm), **more, "names": names}
