"""A DNS log of any size scanned on Spark: the tables of scan, its verdict, its accounting.

Spark groups, counts and joins; the functions of scan and verdict run beside the data. A process has
at most the counts of 4-grams (8 MB), a client's day (5,000 names), 100 shared names, and totals.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from pyspark import StorageLevel
from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F  # noqa: N812

from ..clients import tunnels
from ..clients.client_day import AlarmThresholds, Evidence, LogContext
from ..clients.common_labels import common_from
from ..scan import outbreaks, selects
from ..scan.alarm_formats import describe_finding
from ..scan.client_names import ClientNames
from ..scan.findings import Finding, Findings, LineCounts
from ..scan.reading.sql import NO_DAY, number_day
from ..scan.verdicts import add_shared
from ..scoring.model_options import ModelOptions
from . import python_workers

# Labels of earlier days, which only a scan on one machine has.
_EMPTY_TABLES = {
    "baseline": "(SELECT '' AS label, 0 AS day WHERE false)",
    "seen": "(SELECT '' AS label, 0 AS first WHERE false)",
    "alarm_labels": "(SELECT '' AS label WHERE false)",
}
# What `scan --format jsonl` writes, as columns.
ALARM = """
client string, day string, score double, confidence string, expected_false_alarms double,
why string, first_seen string, last_seen string,
counts struct<queries: long, labels: long, new: long, dead: long, clients: long>,
alarms array<struct<
    kind: string, score: double, confidence: string, expected_false_alarms: double,
    clients: array<string>, below: array<string>, names: array<struct<
        name: string, points: double, log_odds: double, dead: boolean, first_seen: string,
        last_seen: string, clients: long, some_clients: array<string>
    >>
>>,
family_hint struct<
    answer: string, families: array<struct<family: string, probability: double>>, unknown: double
>
"""


class _SparkTables:
    """Tables that Spark keeps, in memory and on disks, until close(); SQL knows them by names."""

    def __init__(self, events: DataFrame) -> None:
        """Take the events, which are read once."""
        self._spark = events.sparkSession
        self._prefix = f"malicious_domains_{secrets.token_hex(4)}"
        self._views = dict(_EMPTY_TABLES)
        self._view("events", events)

    def query(self, text: str, **values: object) -> DataFrame:
        """Return what a text of selects.py selects."""
        return self._spark.sql(text.format(**self._views, **values))

    def sql(self, name: str, text: str, **values: object) -> DataFrame:
        """Keep what a text of selects.py selects under a name."""
        return self.keep(name, self.query(text, **values))

    def keep(self, name: str, table: DataFrame) -> DataFrame:
        """Keep a table under a name.

        As an RDD it is a leaf of what is made of it. Spark repeats the plan of a cached table each
        time that a plan reads it, and with tables of tables that takes longer than all else.
        """
        rows = table._jdf.queryExecution().toRdd()
        session = self._spark._jsparkSession
        leaf = session.internalCreateDataFrame(rows, table._jdf.schema(), False)
        kept = DataFrame(leaf, self._spark)
        return self._view(name, kept.persist(StorageLevel.MEMORY_AND_DISK))

    def _view(self, name: str, table: DataFrame) -> DataFrame:
        self._views[name] = f"{self._prefix}_{name}"
        table.createOrReplaceTempView(self._views[name])
        return table

    def close(self) -> None:
        """Drop all tables."""
        for name in self._views.values():
            if name.startswith(self._prefix):
                self._spark.catalog.dropTempView(name)


@dataclass(frozen=True, kw_only=True)
class ScanRequest:
    """How to scan."""

    model: ModelOptions = field(default_factory=ModelOptions)
    names: ClientNames = field(default_factory=ClientNames)
    thresholds: AlarmThresholds = field(default_factory=AlarmThresholds)
    alarms_per_day: int | None = None  # None: those over the thresholds


@contextmanager
def scan_events(events: DataFrame, request: ScanRequest) -> Iterator[tuple[DataFrame, Findings]]:
    """Judge each client's day of events (client, query, time, rcode, why, type_bit).

    Yields the alarms, the columns ALARM, the surest first and last the shared labels, and the rest
    of the findings; of the scores only the 99.9% quantile. Tables are kept within the with block.
    """
    tables = _SparkTables(events)
    try:
        yield _scan_tables(tables, request)
    finally:
        tables.close()


def _scan_tables(tables: _SparkTables, request: ScanRequest) -> tuple[DataFrame, Findings]:
    job, thresholds, most = request.model, request.thresholds, request.alarms_per_day
    values = {"number_day": number_day("UTC"), "notes": "", "types": selects.TYPES}
    queries = tables.sql("query_counts", selects.QUERY_COUNTS, **values)
    clients = tables.keep("clients", python_workers.name_clients(queries, request.names))
    hosts = tables.keep("hosts", python_workers.parse_hosts(queries, job))
    lines = tables.sql("line_counts", selects.LINE_COUNTS).groupBy("reason")
    by_reason = lines.agg(F.sum("lines"), F.sum("rcode_lines")).collect()
    has_rcodes = any(what is None and rcodes for what, _, rcodes in by_reason)
    number = clients.where("NOT left_out").agg(F.count_distinct("client")).collect()[0][0]
    tables.sql("client_labels", selects.CLIENT_LABELS)
    tables.keep("labels", python_workers.score_labels(tables.query(selects.LABELS), job))
    tables.sql("rare_labels", selects.RARE_LABELS, common_from=common_from(number, has_rcodes))
    whole = tables.query(selects.CLIENT_DAYS)
    counts = tables.sql("rare_counts", selects.RARE_COUNTS)
    days = tables.keep("client_days", whole.join(counts, ["client", "day"], "left"))
    log = LogContext(has_rcodes, python_workers.count_background(hosts), number)
    evidence = _find_outbreaks(tables, thresholds, log)
    tables.sql("parents", selects.PARENTS, threshold=thresholds.scale * tunnels.THRESHOLD)
    alarmed = python_workers.find_tunnel_days(tables.query(selects.SUB_DOMAINS), thresholds.scale)
    below = tunnels.judge_tunnels(alarmed, number, thresholds.scale)
    for key, own in below.days.items():
        evidence[key] = [*evidence.get(key, ()), *own]
    rare = tables.query(selects.JUDGED_LABELS, label_text="label")
    every = most is not None
    verdicts = python_workers.find_verdicts(rare, days, log, thresholds, evidence, every)
    tables.keep("judged", verdicts)
    shared = add_shared(_find_shared(tables, thresholds, log), below.shared, number)
    count, last = days.agg(F.count("*"), F.max("day")).collect()[0]
    busy = counts.where(F.col("rare_count") > selects.MAX_RARE_LABELS).groupBy("client")
    left_out = clients.where("left_out" if request.names.not_clients else "false").select("address")
    findings = Findings(
        alarmed=[],
        shared=shared,
        line_counts=LineCounts.of({what or "": count for what, count, _ in by_reason}),
        clients=number,
        days=count,
        has_rcodes=has_rcodes,
        has_dates=last is not None and last != NO_DAY,
        threshold=thresholds.thresholds(has_rcodes).random_looking,
        busy_clients=dict(sorted(map(tuple, busy.agg(F.max("rare_count")).collect()))),
        scores=_find_quantile(verdicts, count),
        unmatched=request.names.find_unmatched(x for (x,) in left_out.collect()),
    )
    return _order_alarms(verdicts, most, shared), findings


def _find_outbreaks(
    tables: _SparkTables, thresholds: AlarmThresholds, log: LogContext
) -> dict[tuple[str, int], list[Evidence]]:
    """Return the evidence of outbreaks by client and day; their rows alone leave the executors."""
    limits = outbreaks.list_limits(thresholds, log)
    tables.sql("outbreak_labels", selects.OUTBREAK_LABELS, **limits)
    tables.sql("outbreak_pairs", selects.OUTBREAK_PAIRS, **limits)
    tables.sql("outbreaks", selects.OUTBREAKS, **limits)
    rows = tables.query(f"FROM {{outbreaks}} SELECT * {selects.OUTBREAK_ORDER}").collect()
    evidence = outbreaks.find_outbreaks(rows, thresholds)
    return {key: [x] for key, x in evidence.items()}


def _order_alarms(verdicts: DataFrame, most: int | None, shared: Finding | None) -> DataFrame:
    """Return the columns ALARM of reported days, or of the highest of each day, and of `shared`.

    Ties are ordered by client and day.
    """
    falling = (F.col(x).desc() for x in ("rank", "total"))
    order: list[Column] = [F.col("low"), *falling, F.col("client"), F.col("number")]
    days = verdicts.where("alarm IS NOT NULL")
    if most is not None:
        place = F.row_number().over(Window.partitionBy("number").orderBy(*order))
        days = days.withColumn("place", place).where(F.col("place") <= most)
    alarms = days.orderBy(*order).select("alarm")
    if shared:
        row = [(json.dumps(describe_finding(shared)),)]
        alarms = alarms.unionAll(alarms.sparkSession.createDataFrame(row, "alarm string"))
    return alarms.select(F.from_json("alarm", ALARM).alias("x")).select("x.*")


def _find_quantile(verdicts: DataFrame, days: int) -> list[float]:
    """Return the 99.9% quantile of the days' sums, none without days; a day without a row has 0."""
    above = days - 1 - int(0.999 * (days - 1) + 0.5)  # days that are higher
    totals = verdicts.select("total").orderBy(F.col("total").desc()).limit(above + 1).collect()
    if not days:
        return []
    return [totals[above]["total"] if len(totals) > above else 0.0]


def _find_shared(
    tables: _SparkTables, thresholds: AlarmThresholds, log: LogContext
) -> Finding | None:
    """Return the finding of suspicious labels that several clients share, with those clients."""
    limits = outbreaks.list_limits(thresholds, log)
    rows = tables.sql("shared_labels", selects.SHARED_LABELS, **limits).collect()
    shared = map(outbreaks.SharedRow._make, rows)
    sharers = ((x["label"], x["client"]) for x in tables.query(selects.SHARERS).collect())
    return outbreaks.make_shared(shared, sharers, log.clients, thresholds)
