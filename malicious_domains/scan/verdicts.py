"""The verdict on clients' days, from columns that any engine has grouped."""

from __future__ import annotations

import pickle
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ..clients.client_day import Alarm, AlarmThresholds, ClientDay, LogContext
from ..clients.generated_names import KIND
from ..clients.suspicious_labels import OUTBREAK
from ..clients.verdict import (
    LabelWeights,
    alarm_strength,
    rank_alarms,
    score_ordered_day,
    select_alarms,
    weigh_labels,
)
from ..families.likely_families import LikelyFamilies, load_packaged
from ..inputs.ordered_pool import OrderedPool
from ..inputs.signals import temporary_folder
from ..names.array_types import Floats
from .events_db import NO_DAY, Columns
from .findings import Finding, GeneratorEvidence, OutbreakEvidence, QueriedName

LABELS_AT_ONCE = 50_000  # judged together, which is faster than day by day
FAMILY_KINDS = ("random-looking", "same-pieces")  # alarms whose names show their generator
_FAMILY_NAMES = 20  # of a client, the strongest ones
# Evidence beside the rare labels, by client and day.
Evidence = Mapping[tuple[str, int], Sequence[GeneratorEvidence | OutbreakEvidence]]


@dataclass(frozen=True)
class ClientDayVerdict:
    """A client's day with its alarms, the surest first, and its running sum, alarm or not."""

    client: str
    number: int  # of the day, NO_DAY if unknown
    alarms: tuple[Alarm, ...]
    score: float  # of the surest alarm, as a multiple of its threshold
    total: float
    _day: ClientDay
    _weights: Floats
    _suffixes: list[str]
    _families: LikelyFamilies | None
    generated: GeneratorEvidence | None = None  # if it raises an alarm
    outbreak: OutbreakEvidence | None = None  # if it is part of one

    @classmethod
    def empty(cls, client: str, number: int) -> ClientDayVerdict:
        """Return the verdict on a day without a rare label."""
        none = np.empty(0)
        day = ClientDay([], none, none.astype(np.int64), none.astype(np.bool_), none, none)
        return cls(client, number, (), 0.0, 0.0, day, none, [], None)

    @property
    def confidence(self) -> str:
        """The confidence: high if that of any alarm is, else low."""
        return "high" if any(x.confidence == "high" for x in self.alarms) else "low"

    def list_alarm_labels(self) -> Iterator[str]:
        """Yield the labels of the alarms, but those of known generators."""
        yield from self.outbreak.labels if self.outbreak else ()
        for alarm in self.alarms:
            if alarm.kind not in (KIND, OUTBREAK):
                yield from (self._day.labels[i] for i in alarm.names)

    def to_finding(self, lines: int, labels: int, nxdomain_lines: int, rcode_lines: int) -> Finding:
        """Return the finding, with the counts of CLIENT_DAYS."""
        day = self._day
        columns = (day.log_odds, self._weights, day.nxdomain, day.first_seen, day.last_seen)
        names = (f"{x}.{suffix}" for x, suffix in zip(day.labels, self._suffixes, strict=True))
        families = self._families
        if self.generated:  # which says more about its names
            families = _suggest_families(day.labels, self.alarms, self.generated)
        return Finding(
            client=self.client,
            day=None if self.number == NO_DAY else self.number,
            lines=lines,
            labels=labels,
            nxdomain_lines=nxdomain_lines,
            rcode_lines=rcode_lines,
            rare_names=tuple(map(QueriedName, names, *(x.tolist() for x in columns))),
            alarms=self.alarms,
            score=self.score,
            generated=self.generated,
            families=families,
            outbreak=self.outbreak,
        )

    def add(
        self,
        evidence: GeneratorEvidence | OutbreakEvidence,
        log: LogContext,
        thresholds: AlarmThresholds,
    ) -> ClientDayVerdict:
        """Return the verdict with one more alarm."""
        alarms = rank_alarms([*self.alarms, evidence.alarm], log, thresholds)
        score = alarm_strength(alarms[0], log, thresholds)
        new = replace(self, alarms=tuple(alarms), score=score)
        if isinstance(evidence, GeneratorEvidence):
            return replace(new, generated=evidence)
        return replace(new, outbreak=evidence)


def judge_days(
    columns: Columns, log: LogContext, thresholds: AlarmThresholds
) -> Iterator[ClientDayVerdict]:
    """Yield the verdict on each day of RARE_LABELS' rows.

    The rows are ordered by client and day, and in each by first sight, ties by label; an unknown
    time is NaN.
    """
    client, number = columns["client"], columns["day"]
    suffix = columns["suffix"].tolist()
    days = ClientDay(
        labels=columns["label"].tolist(),
        log_odds=columns["log_odds"].astype(np.float64),
        suffix_counts=columns["suffixes"].astype(np.int64),
        nxdomain=columns["nxdomain"].astype(np.bool_),
        first_seen=columns["first_seen"].astype(np.float64),
        last_seen=columns["last_seen"].astype(np.float64),
    )
    changes = (client[1:] != client[:-1]) | (number[1:] != number[:-1])
    weights = weigh_labels(days, log, np.append(0, np.cumsum(changes))[: len(client)], thresholds)
    starts = [0, *(np.flatnonzero(changes) + 1).tolist(), len(client)]
    for start, stop in pairwise(starts):
        if start == stop:  # there are no rows
            continue
        day = days.slice(start, stop)
        own = LabelWeights(*(x[start:stop] for x in weights))
        scores = score_ordered_day(day, own, log, thresholds)
        alarms = select_alarms(scores, log, thresholds)
        yield ClientDayVerdict(
            client=str(client[start]),
            number=int(number[start]),
            alarms=tuple(alarms),
            score=alarm_strength(alarms[0], log, thresholds) if alarms else 0.0,
            total=next(x.score for x in scores if x.kind == "random-looking"),
            _day=day,
            _weights=own.suspicious,
            _suffixes=suffix[start:stop],
            _families=_suggest_families(day.labels, alarms),
        )


def _suggest_families(
    labels: Sequence[str], alarms: Sequence[Alarm], generated: GeneratorEvidence | None = None
) -> LikelyFamilies | None:
    """Return the likely families of the alarms' names that no known generator makes."""
    made = {x.name.partition(".")[0] for x in generated.certain_names} if generated else set()
    indices = dict.fromkeys(i for x in alarms if x.kind in FAMILY_KINDS for i in x.names)
    strongest = [labels[i] for i in indices if labels[i] not in made][:_FAMILY_NAMES]
    return load_packaged().classify_client(strongest) if strongest else None


def add_evidence(
    batches: Iterable[Batch], evidence: Evidence, log: LogContext, thresholds: AlarmThresholds
) -> Iterator[Batch]:
    """Yield the same days with the alarms of the evidence too; at last, days without a verdict."""
    left = dict(evidence)

    def add(day: ClientDayVerdict) -> ClientDayVerdict:
        for more in left.pop((day.client, day.number), ()):
            day = day.add(more, log, thresholds)
        return day

    for batch in batches:
        yield batch._replace(days=[*map(add, batch.days)])
    yield Batch([], [add(ClientDayVerdict.empty(*key)) for key in [*left]])


# --- batches of days, by several processes ---


class Batch(NamedTuple):
    """Days that were judged together."""

    totals: list[float]  # the running sum of each day
    days: list[ClientDayVerdict]  # those with an alarm, or all


def judge_batches(
    batches: Iterable[Columns],
    log: LogContext,
    thresholds: AlarmThresholds,
    pool: OrderedPool,
    keep_all: bool = False,
    wanted: Collection[tuple[str, int]] = (),
) -> Iterator[Batch]:
    """Yield the verdicts on batches of whole days, in order.

    keep_all: keep the days without an alarm too. wanted: keep these clients' days.
    """
    with temporary_folder("scan-") as folder:
        path = folder / "log"  # each process reads it once
        path.write_bytes(pickle.dumps(log))
        work = partial(_judge_batch, path, thresholds, keep_all, wanted)
        yield from pool.map(work, batches)


def _judge_batch(
    log: Path,
    thresholds: AlarmThresholds,
    keep_all: bool,
    wanted: Collection[tuple[str, int]],
    columns: Columns,
) -> Batch:
    batch = Batch([], [])
    for day in judge_days(columns, _load_log(log), thresholds):
        batch.totals.append(day.total)
        if day.alarms or keep_all or (day.client, day.number) in wanted:
            batch.days.append(day)
    return batch


@lru_cache(1)
def _load_log(path: Path) -> LogContext:
    log: LogContext = pickle.loads(path.read_bytes())
    return log
