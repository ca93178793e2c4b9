"""A DNS log of any size scanned on Spark: the tables of scan, its verdict, its accounting.

Spark groups, counts and joins; the functions of scan and of the verdict run beside the data. What
one process holds is bounded: the counts of 4-grams (8 MB), the names of one client's day (5,000), a
hundred shared names, and totals.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field

import pyarrow as pa
from pyspark import StorageLevel
from pyspark.sql import Column, DataFrame, SparkSession, Window
from pyspark.sql import functions as F  # noqa: N812
from pyspark.sql.pandas.types import from_arrow_schema

from ..clients import tunnels
from ..clients.client_day import AlarmThresholds, LogContext
from ..clients.common_labels import common_from
from ..scan import events_db, outbreaks
from ..scan.alarm_formats import describe_finding
from ..scan.client_names import ClientNames
from ..scan.events_db import MAX_RARE_LABELS
from ..scan.findings import Evidence, Finding, Findings, LineCounts
from ..scan.reading.sql import number_day
from ..scan.sub_domains import PARENTS, SUB_DOMAINS, make_evidence
from ..scan.verdicts import add_shared
from ..scoring.model_options import ModelOptions
from . import python_workers
from .python_workers import ALARM

# Labels of earlier days, which only a scan on one machine has.
_NO_BASELINE = "(SELECT CAST(NULL AS STRING) AS label, CAST(NULL AS INT) AS day WHERE false)"
_NO_LABEL = "(SELECT CAST(NULL AS STRING) AS label WHERE false)"
_NONE_SEEN = "(SELECT CAST(NULL AS STRING) AS label, CAST(NULL AS INT) AS first WHERE false)"


class SparkTables:
    """Tables that Spark keeps, in memory and on disks, until close(); SQL knows them by names."""

    def __init__(self, spark: SparkSession) -> None:
        """Take the session that has the tables."""
        self._spark = spark
        self._prefix = f"malicious_domains_{secrets.token_hex(4)}"
        self._views = {
            "baseline": _NO_BASELINE,
            "seen": _NONE_SEEN,
            "alarm_labels": _NO_LABEL,
        }

    def query(self, text: str, **values: object) -> DataFrame:
        """Return what a text of events_db selects."""
        return self._spark.sql(text.format(**self._views, **values))

    def sql(self, name: str, text: str, **values: object) -> DataFrame:
        """Keep what a text of events_db selects under a name."""
        return self.keep(name, self.query(text, **values))

    def keep(self, name: str, table: DataFrame) -> DataFrame:
        """Keep a table under a name."""
        return self.view(name, table.persist(StorageLevel.MEMORY_AND_DISK))

    def view(self, name: str, table: DataFrame) -> DataFrame:
        """Let SQL know a table by a name."""
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


@dataclass(frozen=True)
class ScanResult:
    """The result of a scan, of DataFrames that Spark keeps until close().

    alarms has the columns ALARM, the surest first, and last the shared labels. findings has the
    rest; of its scores only the 99.9% quantile.
    """

    alarms: DataFrame
    findings: Findings
    _tables: SparkTables

    def close(self) -> None:
        """Let Spark drop the tables."""
        self._tables.close()


def scan_events(spark: SparkSession, events: DataFrame, request: ScanRequest) -> ScanResult:
    """Judge each client's day of events (client, query, time, rcode, why, type_bit)."""
    tables = SparkTables(spark)
    try:
        tables.view("events", events)
        return _scan_tables(tables, request)
    except BaseException:
        tables.close()
        raise


def _scan_tables(tables: SparkTables, request: ScanRequest) -> ScanResult:
    job, thresholds, most = request.model, request.thresholds, request.alarms_per_day
    values = {"number_day": number_day("UTC"), "notes": "", "types": events_db.TYPES}
    queries = tables.sql("query_counts", events_db.QUERY_COUNTS, **values)
    clients = tables.keep("clients", python_workers.name_clients(queries, request.names))
    hosts = tables.keep("hosts", python_workers.parse_hosts(queries, job))
    accounting, has_rcodes = _count_lines(tables.sql("line_counts", events_db.LINE_COUNTS))
    number = clients.where("NOT left_out").agg(F.count_distinct("client")).collect()[0][0]
    tables.sql("client_labels", events_db.CLIENT_LABELS)
    tables.keep("labels", python_workers.score_labels(tables.query(events_db.LABELS), job))
    tables.sql("rare_labels", events_db.RARE_LABELS, common_from=common_from(number, has_rcodes))
    whole = tables.query(events_db.CLIENT_DAYS)
    counts = tables.sql("rare_counts", events_db.RARE_COUNTS)
    days = tables.keep("client_days", whole.join(counts, ["client", "day"], "left"))
    log = LogContext(has_rcodes, python_workers.count_background(hosts), number)
    evidence = _find_outbreaks(tables, thresholds, log)
    tables.sql("parents", PARENTS, threshold=thresholds.scale * tunnels.THRESHOLD)
    alarmed = python_workers.find_tunnel_days(tables.query(SUB_DOMAINS), thresholds.scale)
    below = tunnels.judge_tunnels(alarmed, number, thresholds.scale)
    for key, own in below.days.items():
        evidence[key] = [*evidence.get(key, ()), *map(make_evidence, own)]
    verdicts = python_workers.find_verdicts(
        tables.query(events_db.JUDGED_LABELS, label_text="label"),
        days,
        log,
        thresholds,
        evidence,
        every=most is not None,
    )
    tables.keep("judged", verdicts)
    shared = add_shared(_find_shared(tables, thresholds, log), below.shared, number)
    alarms = _order_alarms(verdicts, most)
    if shared:
        row = pa.Table.from_pylist([describe_finding(shared)], schema=ALARM)
        more = verdicts.sparkSession.createDataFrame(row, from_arrow_schema(ALARM))
        alarms = alarms.unionAll(more)
    count, last, busiest = days.agg(F.count("*"), F.max("day"), F.max("rare_count")).collect()[0]
    findings = Findings(
        alarmed=[],
        shared=shared,
        line_counts=accounting,
        clients=number,
        days=count,
        has_rcodes=has_rcodes,
        has_dates=last is not None and last != events_db.NO_DAY,
        threshold=thresholds.thresholds(has_rcodes).random_looking,
        busy_clients=_find_busy(days) if (busiest or 0) > MAX_RARE_LABELS else {},
        scores=_find_quantile(verdicts, count),
        unmatched=_find_unmatched(clients, request.names),
    )
    return ScanResult(alarms, findings, tables)


def _find_unmatched(clients: DataFrame, names: ClientNames) -> list[str]:
    """Return the entries of not_clients that no client matches."""
    if not names.not_clients:
        return []
    rows = clients.where("left_out").select("address").collect()
    return names.find_unmatched(str(x["address"]) for x in rows)


def _find_outbreaks(
    tables: SparkTables, thresholds: AlarmThresholds, log: LogContext
) -> dict[tuple[str, int], list[Evidence]]:
    """Return the evidence of outbreaks by client and day; their rows alone leave the executors."""
    limits = outbreaks.list_limits(thresholds, log)
    tables.sql("outbreak_labels", outbreaks.OUTBREAK_LABELS, **limits)
    tables.sql("outbreak_pairs", outbreaks.OUTBREAK_PAIRS, **limits)
    rows = tables.sql("outbreaks", outbreaks.OUTBREAKS, **limits).collect()
    evidence = outbreaks.find_outbreaks(map(outbreaks.OutbreakRow._make, rows), thresholds)
    return {key: [x] for key, x in evidence.items()}


def _order_alarms(verdicts: DataFrame, most: int | None) -> DataFrame:
    """Return days with alarms, or the highest of each day; ties are ordered by client and day."""
    falling = (F.col(x).desc() for x in ("rank", "total"))
    order: list[Column] = [F.col("low"), *falling, F.col("client"), F.col("number")]
    days = verdicts.where("score IS NOT NULL")
    if most is not None:
        place = F.row_number().over(Window.partitionBy("number").orderBy(*order))
        days = days.withColumn("place", place).where(F.col("place") <= most)
    return days.orderBy(*order).select(*ALARM.names)


def _find_busy(days: DataFrame) -> dict[str, int]:
    busy = (
        days.where(F.col("rare_count") > MAX_RARE_LABELS).groupBy("client").agg(F.max("rare_count"))
    )
    return dict(sorted((client, labels) for client, labels in busy.collect()))


def _find_quantile(verdicts: DataFrame, days: int) -> list[float]:
    """Return the 99.9% quantile of the days' sums, none without days; a day without a row has 0."""
    above = days - 1 - int(0.999 * (days - 1) + 0.5)  # days that are higher
    totals = verdicts.select("total").orderBy(F.col("total").desc()).limit(above + 1).collect()
    if not days:
        return []
    return [totals[above]["total"] if len(totals) > above else 0.0]


def _count_lines(table: DataFrame) -> tuple[LineCounts, bool]:
    """Count the lines by what became of them; return also whether any has a response code."""
    rows = table.groupBy("reason").agg(F.sum("lines"), F.sum("rcode_lines")).collect()
    counts = {what or "": lines for what, lines, _ in rows}
    has_rcodes = any(what is None and n for what, _, n in rows)
    return LineCounts.of(counts), has_rcodes


def _find_shared(
    tables: SparkTables, thresholds: AlarmThresholds, log: LogContext
) -> Finding | None:
    """Return the finding of suspicious labels that several clients share, with those clients."""
    limits = outbreaks.list_limits(thresholds, log)
    rows = tables.sql("shared_labels", outbreaks.SHARED_LABELS, **limits).collect()
    shared = map(outbreaks.SharedRow._make, rows)
    sharers = ((x["label"], x["client"]) for x in tables.query(outbreaks.SHARERS).collect())
    return outbreaks.make_shared(shared, sharers, log.clients, thresholds)
