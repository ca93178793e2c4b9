"""A DNS log of any size scanned on Spark: the tables of scan, its verdict, its accounting.

Spark groups, counts and joins; the functions of scan and of the verdict run beside the data. What
is held in one place is bounded: how common each piece of four letters is (8 MB), the names of
one client's day (5,000), a hundred shared names, and counts.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import pyarrow as pa
from pyspark.sql import Column, DataFrame, SparkSession, Window
from pyspark.sql import functions as F  # noqa: N812
from pyspark.sql.pandas.types import from_arrow_schema

from ..clients.client_day import AlarmThresholds, LogContext
from ..clients.common_labels import common_from
from ..scan import grouping
from ..scan.alarm_formats import shared_object
from ..scan.client_identity import Names
from ..scan.findings import Accounting, Findings
from ..scan.scored_hosts import Job
from ..scan.verdicts import MOST
from . import python_workers
from .alarms import ALARM
from .scan_tables import Tables
from .shared_labels import shared


@dataclass(frozen=True, kw_only=True)
class Request:
    """How to scan."""

    job: Job = field(default_factory=Job)
    names: Names = field(default_factory=Names)
    cut: AlarmThresholds = field(default_factory=AlarmThresholds)
    most: int | None = None  # alarms a day; None: those over the cut


@dataclass(frozen=True)
class Scan:
    """What a scan has made, of DataFrames that Spark keeps until close().

    alarms has the columns ALARM, the surest first, and at last what clients share. findings has
    the rest; of its scores only the 99.9% quantile.
    """

    alarms: DataFrame
    findings: Findings
    _tables: Tables

    def close(self) -> None:
        """Give back what is kept."""
        self._tables.close()


def scan(spark: SparkSession, events: DataFrame, request: Request) -> Scan:
    """Judge each client's day of events (client, query, time, rcode, why)."""
    tables = Tables(spark)
    try:
        tables.view("events", events)
        return _scanned(tables, request)
    except BaseException:
        tables.close()
        raise


def _scanned(tables: Tables, request: Request) -> Scan:
    job, cut, most = request.job, request.cut, request.most
    asked = tables.sql("asked", grouping.ASKED)
    clients = tables.keep("clients", python_workers.clients(asked, request.names))
    hosts = tables.keep("hosts", python_workers.hosts(asked, job))
    accounting, coded = _lines(tables.sql("told", grouping.TOLD))
    number = clients.where("NOT left_out").agg(F.count_distinct("client")).collect()[0][0]
    pairs = tables.sql("pairs", grouping.PAIRS)
    scored = python_workers.scored(tables.query(grouping.LABELS), job, cut, number)
    labels = tables.keep("labels", scored)
    unfamiliar = tables.sql("unfamiliar", grouping.UNFAMILIAR, few=common_from(number, coded))
    whole, counts = tables.query(grouping.DAYS), tables.query(grouping.COUNTS)
    days = tables.keep("days", whole.join(counts, ["client", "day"], "left"))
    log = LogContext(has_rcodes=coded, background=python_workers.background(hosts))
    judged = python_workers.judged(unfamiliar, days, log, cut, every=most is not None)
    tables.keep("judged", judged)
    together = shared(labels, pairs, number, cut)
    alarms = _alarms(judged, most)
    if together:
        row = pa.Table.from_pylist([shared_object(together, number)], schema=ALARM)
        more = judged.sparkSession.createDataFrame(row, from_arrow_schema(ALARM))
        alarms = alarms.unionAll(more)
    count, last, busiest = days.agg(F.count("*"), F.max("day"), F.max("unfamiliar")).collect()[0]
    findings = Findings(
        alarmed=[],
        shared=together,
        accounting=accounting,
        clients=number,
        days=count,
        coded=coded,
        dated=last is not None and last != grouping.NO_DAY,
        cut=cut.thresholds(coded).random_looking,
        too_busy=_too_busy(days) if (busiest or 0) > MOST else {},
        scores=_quantile(judged, count),
    )
    return Scan(alarms, findings, tables)


def _alarms(judged: DataFrame, most: int | None) -> DataFrame:
    """Days with alarms, or the highest of each day, the surest first; ties by client and day."""
    falling = (F.col(x).desc() for x in ("rank", "total"))
    order: list[Column] = [F.col("low"), *falling, F.col("client"), F.col("number")]
    found = judged.where("score IS NOT NULL")
    if most is not None:
        place = F.row_number().over(Window.partitionBy("number").orderBy(*order))
        found = found.withColumn("place", place).where(F.col("place") <= most)
    return found.orderBy(*order).select(*ALARM.names)


def _too_busy(days: DataFrame) -> dict[str, int]:
    busy = days.where(F.col("unfamiliar") > MOST).groupBy("client").agg(F.max("unfamiliar"))
    return dict(sorted((client, labels) for client, labels in busy.collect()))


def _quantile(judged: DataFrame, days: int) -> list[float]:
    """The 99.9% quantile of the days' sums, as Findings has it; a day that was not judged has 0."""
    above = days - 1 - int(0.999 * (days - 1) + 0.5)  # days that are higher
    found = judged.select("total").orderBy(F.col("total").desc()).limit(above + 1).collect()
    if not days:
        return []
    return [found[above]["total"] if len(found) > above else 0.0]


def _lines(told: DataFrame) -> tuple[Accounting, bool]:
    """What became of every line, and whether any answer's code is known."""
    rows = told.groupBy("what").agg(F.sum("lines"), F.sum("coded")).collect()
    counts = {what or "": lines for what, lines, _ in rows}
    coded = any(what is None and n for what, _, n in rows)
    judged, broken = counts.pop("", 0), counts.pop("broken", 0)
    other = counts.pop("other_event", 0)
    return Accounting(judged, other=other, broken=broken, skipped=counts), coded
