"""A DNS log of any size scanned on Spark: the tables of scan, its verdict, its accounting.

Spark groups, counts and joins; the functions of scan and of the verdict run beside the data. What
is held in one place is bounded: how common each piece of four letters is (8 MB), the names of
one client's day (5,000), a hundred shared names, and counts.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
from pyspark import StorageLevel
from pyspark.sql import Column, DataFrame, SparkSession, Window
from pyspark.sql import functions as F  # noqa: N812
from pyspark.sql import types as T  # noqa: N812
from pyspark.sql.pandas.types import from_arrow_schema

from lambda_app.chalicelib.traffic.day import Cut, Log
from lambda_app.chalicelib.traffic.familiar import few
from lambda_app.chalicelib.traffic.pieces import Background
from lambda_app.chalicelib.traffic.shared import odd_and_shared

from ..scan import grouping
from ..scan.clients import Names
from ..scan.findings import Accounting, Findings, Shared, SharedName
from ..scan.formats import client_object, shared_object
from ..scan.hosts import Job, parsed, scorer_of
from ..scan.judged import MOST, judge_days
from ..scan.sharing import SHOWN
from .alarms import ALARM, JUDGED, table_of
from .texts import texts_of

_HOSTS = "query string, label string, suffix string, why string, popular boolean"
_CLIENTS = "address string, client string, left_out boolean"
_KNOWN = "label string, day int"
_GRAMS = "gram int, labels int"
_AT_ONCE = 1 << 15  # names

Batches = Iterator[pa.RecordBatch]


@dataclass(frozen=True, kw_only=True)
class Request:
    """How to scan."""

    job: Job = field(default_factory=Job)
    names: Names = field(default_factory=Names)
    cut: Cut = field(default_factory=Cut)
    most: int | None = None  # alarms a day; None: those over the cut


@dataclass(frozen=True)
class Scan:
    """What a scan has made, of DataFrames that Spark keeps until close().

    alarms has the columns ALARM, the surest first, and at last what clients share. findings has
    the rest; of its scores only the 99.9% quantile.
    """

    alarms: DataFrame
    findings: Findings
    _kept: list[DataFrame]

    def close(self) -> None:
        """Give back what is kept."""
        for table in self._kept:
            table.unpersist()


def scan(spark: SparkSession, events: DataFrame, request: Request) -> Scan:
    """Judge each client's day of events (client, query, time, rcode, why)."""
    kept: list[DataFrame] = []

    def keep(table: DataFrame) -> DataFrame:
        kept.append(table.persist(StorageLevel.MEMORY_AND_DISK))
        return table

    asked = keep(spark.sql(grouping.ASKED, events=events))
    clients = keep(_clients(asked, request.names))
    hosts = keep(_hosts(asked, request.job))
    told = keep(spark.sql(grouping.TOLD, asked=asked, hosts=hosts, clients=clients))
    lines, coded = _lines(told)
    number = clients.where("NOT left_out").select("client").distinct().count()
    pairs = keep(spark.sql(grouping.PAIRS, told=told))
    labels = keep(_scored(spark.sql(grouping.LABELS, pairs=pairs), request, number))
    known = spark.createDataFrame([], _KNOWN)
    unfamiliar = spark.sql(
        grouping.UNFAMILIAR, pairs=pairs, labels=labels, known=known, few=few(number, coded)
    )
    counts = keep(spark.sql(grouping.COUNTS, unfamiliar=unfamiliar))
    days = keep(spark.sql(grouping.DAYS, pairs=pairs))
    log = Log(coded=coded, grams=_background(hosts))
    every = request.most is not None
    judged = keep(_judged(unfamiliar, counts, days, log, request.cut, every))
    together = _shared(labels, pairs, number, request.cut)
    alarms = judged.where("score IS NOT NULL")
    if every:
        place = F.row_number().over(Window.partitionBy("number").orderBy(*_order()))
        alarms = alarms.withColumn("place", place).where(F.col("place") <= request.most)
    alarms = alarms.orderBy(*_order()).select(*ALARM.names)
    if together:
        row = table_of(shared_object(together, number))
        alarms = alarms.unionAll(spark.createDataFrame(row, from_arrow_schema(ALARM)))
    busy = counts.where(F.col("unfamiliar") > MOST).groupBy("client").agg(F.max("unfamiliar"))
    count, last = days.agg(F.count("*"), F.max("day")).first() or (0, None)
    findings = Findings(
        alarmed=[],
        shared=together,
        accounting=lines,
        clients=number,
        days=count,
        coded=coded,
        dated=last is not None and last != grouping.NO_DAY,
        cut=request.cut.thresholds(coded).random_looking,
        too_busy=dict(sorted((client, labels) for client, labels in busy.collect())),
        scores=_quantile(judged, count),
    )
    return Scan(alarms, findings, kept)


def _quantile(judged: DataFrame, days: int) -> list[float]:
    """The 99.9% quantile of the days' sums, as Findings has it; a day that was not judged has 0."""
    above = days - 1 - int(0.999 * (days - 1) + 0.5)  # days that are higher
    found = judged.select("total").orderBy(F.col("total").desc()).limit(above + 1).collect()
    if not days:
        return []
    return [found[above]["total"] if len(found) > above else 0.0]


def _order() -> list[Column]:
    """The surest first, ties by client and day."""
    return [
        F.col("low"),
        *(F.col(x).desc() for x in ("rank", "total")),
        F.col("client"),
        F.col("number"),
    ]


def _clients(asked: DataFrame, names: Names) -> DataFrame:
    def named(batches: Batches) -> Batches:
        for batch in batches:
            addresses = [str(x) for x in texts_of(batch["address"])]
            found = [names.client(x) for x in addresses]
            left = [x in names.left_out for x in found]
            columns = [batch["address"], pa.array(found, pa.string()), pa.array(left, pa.bool_())]
            yield pa.RecordBatch.from_arrays(columns, ["address", "client", "left_out"])

    different = asked.where("address IS NOT NULL").select("address").distinct()
    return different.mapInArrow(named, _CLIENTS)


def _hosts(asked: DataFrame, job: Job) -> DataFrame:
    def judged(batches: Batches) -> Batches:
        for batch in batches:
            found = parsed(scorer_of(job), [str(x) for x in texts_of(batch["query"])])
            why = [x or None for x in found.why]
            texts = [pa.array(x, pa.string()) for x in (found.label, found.suffix, why)]
            columns = [batch["query"], *texts, pa.array(found.popular)]
            yield pa.RecordBatch.from_arrays(
                columns, ["query", "label", "suffix", "why", "popular"]
            )

    different = asked.where("reason IS NULL").select("query").distinct()
    return different.mapInArrow(judged, _HOSTS)


def _scored(labels: DataFrame, request: Request, clients: int) -> DataFrame:
    """Labels, each once, with their log-odds, and whether they are odd and shared."""
    job, cut = request.job, request.cut

    def scored(batches: Batches) -> Batches:
        for batch in batches:
            z = scorer_of(job).log_odds(batch["label"].to_pylist())
            sharers = batch["clients"].to_numpy(zero_copy_only=False)
            popular = batch["popular"].to_numpy(zero_copy_only=False)
            odd = odd_and_shared(z, sharers, popular, clients, cut)
            columns = [*batch.columns, pa.array(z), pa.array(odd)]
            yield pa.RecordBatch.from_arrays(columns, [*batch.schema.names, "z", "odd"])

    schema = T.StructType(list(labels.schema))
    return labels.mapInArrow(scored, schema.add("z", "double").add("odd", "boolean"))


def _lines(told: DataFrame) -> tuple[Accounting, bool]:
    """What became of every line, and whether any answer's code is known."""
    rows = told.groupBy("what").agg(F.sum("lines"), F.sum("coded")).collect()
    counts = {what or "": lines for what, lines, _ in rows}
    coded = any(what is None and n for what, _, n in rows)
    judged, broken = counts.pop("", 0), counts.pop("broken", 0)
    other = counts.pop("other_event", 0)
    return Accounting(judged, other=other, broken=broken, skipped=counts), coded


def _background(hosts: DataFrame) -> Background:
    """How common each piece is among the log's labels: counted where they are, added by Spark."""
    labels = hosts.where("why IS NULL").select("label").distinct()

    def counted(batches: Batches) -> Batches:
        for batch in batches:
            counts = Background.of(batch["label"].to_pylist()).counts
            gram = np.flatnonzero(counts).astype(np.int32)
            columns = [pa.array(gram), pa.array(counts[gram])]
            yield pa.RecordBatch.from_arrays(columns, ["gram", "labels"])

    found = labels.mapInArrow(counted, _GRAMS).groupBy("gram").agg(F.sum("labels").alias("labels"))
    table = found.toArrow()
    counts = Background.of([]).counts
    counts[table["gram"].to_numpy()] = table["labels"].to_numpy()
    return Background(counts, labels.count())


def _judged(
    unfamiliar: DataFrame, counts: DataFrame, days: DataFrame, log: Log, cut: Cut, every: bool
) -> DataFrame:
    """A row a client's day that has an unfamiliar label, with its alarms, if any."""
    rows = unfamiliar.join(counts, ["client", "day"]).where(F.col("unfamiliar") <= MOST)
    whole = days.select("client", "day", F.col("lines"), F.col("labels").alias("different"))

    def judge(table: pa.Table) -> pa.Table:
        table = table.sort_by([("first", "ascending"), ("label", "ascending")])
        columns = {name: table[name].to_numpy(zero_copy_only=False) for name in table.schema.names}
        (found,) = judge_days(columns, log, cut)
        lines, different = int(columns["lines"][0]), int(columns["different"][0])
        told = client_object(found.told(lines, different, 0, 0)) if found.alarms or every else {}
        return table_of(told, found)

    days_of = rows.join(whole, ["client", "day"]).groupBy("client", "day")
    return days_of.applyInArrow(judge, from_arrow_schema(JUDGED))


def _shared(labels: DataFrame, pairs: DataFrame, clients: int, cut: Cut) -> Shared | None:
    odd = labels.where("odd")
    count = odd.count()
    if count < cut.shared:
        return None
    top = odd.orderBy(F.col("clients").desc(), F.col("z").desc(), "label").limit(SHOWN).collect()
    sharers = _sharers(pairs, [x["label"] for x in top])
    names = [
        SharedName(
            f"{x['label']}.{x['suffix']}",
            x["z"],
            x["clients"],
            sharers[x["label"]],
            *(np.nan if x[y] is None else x[y] for y in ("first", "last")),
        )
        for x in top
    ]
    return Shared(count, count / cut.shared, "low", names)


def _sharers(pairs: DataFrame, labels: list[str]) -> dict[str, list[str]]:
    """Of each label the first hundred clients that asked for it."""
    asked = pairs.where(F.col("label").isin(labels)).select("label", "client").distinct()
    place = F.row_number().over(Window.partitionBy("label").orderBy("client"))
    found: dict[str, list[str]] = {}
    for row in asked.withColumn("place", place).where(F.col("place") <= SHOWN).collect():
        found.setdefault(row["label"], []).append(row["client"])
    return {label: sorted(of) for label, of in found.items()}
