"""What runs in Python beside the data: the functions of scan and of the verdict, batch by batch."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import DataFrame
from pyspark.sql import functions as F  # noqa: N812
from pyspark.sql import types as T  # noqa: N812
from pyspark.sql.pandas.types import from_arrow_schema

from ..clients.client_day import AlarmThresholds, LogContext
from ..clients.fourgrams import Background
from ..clients.suspicious_labels import mask_shared_labels
from ..scan.alarm_formats import client_object
from ..scan.client_identity import Names
from ..scan.scored_hosts import Job, parsed, scorer_of
from ..scan.verdicts import AT_ONCE, MOST, judge_days
from .alarms import JUDGED, row_of
from .arrow_columns import texts_of

_HOSTS = "query string, label string, suffix string, why string, popular boolean"
_CLIENTS = "address string, client string, left_out boolean"
_GRAMS = "gram int, labels int"

Batches = Iterable[pa.RecordBatch]
Made = Iterator[pa.RecordBatch]


def clients(asked: DataFrame, names: Names) -> DataFrame:
    """Of each address the client's name, and whether it is none: see asked.add_clients."""

    def named(batches: Batches) -> Made:
        for batch in batches:
            addresses = [str(x) for x in texts_of(batch["address"])]
            found = [names.client(x) for x in addresses]
            left = [x in names.left_out for x in found]
            columns = [batch["address"], pa.array(found, pa.string()), pa.array(left, pa.bool_())]
            yield pa.RecordBatch.from_arrays(columns, ["address", "client", "left_out"])

    different = asked.where("address IS NOT NULL").select("address").distinct()
    return different.mapInArrow(named, _CLIENTS)


def hosts(asked: DataFrame, job: Job) -> DataFrame:
    """Of each different name the label to judge, or why there is none: see hosts.parsed."""

    def judged(batches: Batches) -> Made:
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


def scored(labels: DataFrame, job: Job, cut: AlarmThresholds, clients: int) -> DataFrame:
    """Labels, each once, with their log-odds, and whether they are odd and shared."""

    def scored(batches: Batches) -> Made:
        for batch in batches:
            z = scorer_of(job).log_odds(batch["label"].to_pylist())
            sharers = batch["clients"].to_numpy(zero_copy_only=False)
            popular = batch["popular"].to_numpy(zero_copy_only=False)
            odd = mask_shared_labels(z, sharers, popular, clients, cut)
            columns = [*batch.columns, pa.array(z), pa.array(odd)]
            yield pa.RecordBatch.from_arrays(columns, [*batch.schema.names, "z", "odd"])

    schema = T.StructType(list(labels.schema))
    return labels.mapInArrow(scored, schema.add("z", "double").add("odd", "boolean"))


def background(hosts: DataFrame) -> Background:
    """How common each piece is among the log's labels: counted where they are, added by Spark."""
    labels = hosts.where("why IS NULL").select("label").distinct()

    def counted(batches: Batches) -> Made:
        for batch in batches:
            counts = Background.count(batch["label"].to_pylist()).counts
            gram = np.flatnonzero(counts).astype(np.int32)
            columns = [pa.array(gram), pa.array(counts[gram])]
            yield pa.RecordBatch.from_arrays(columns, ["gram", "labels"])

    found = labels.mapInArrow(counted, _GRAMS).groupBy("gram").agg(F.sum("labels").alias("labels"))
    table = found.toArrow()
    counts = Background.count([]).counts
    counts[table["gram"].to_numpy()] = table["labels"].to_numpy()
    return Background(counts, labels.count())


def judged(
    unfamiliar: DataFrame, days: DataFrame, log: LogContext, cut: AlarmThresholds, every: bool
) -> DataFrame:
    """A row a client's day that has an unfamiliar label, with its alarms, if any.

    every: with what is to be said of a day without an alarm, too.
    """
    columns = ("lines", F.col("labels").alias("different"))
    some = days.where(F.col("unfamiliar") <= MOST).select("client", "day", *columns)
    rows = unfamiliar.join(some, ["client", "day"]).repartition("client", "day")
    first = F.col("first").asc_nulls_last()

    def judge(batches: Batches) -> Made:
        for table in whole_days(batches):
            rows = _judged(table, log, cut, every)
            yield from pa.Table.from_pylist(rows, schema=JUDGED).to_batches()

    in_turn = rows.sortWithinPartitions("client", "day", first, "label")
    return in_turn.mapInArrow(judge, from_arrow_schema(JUDGED))


def whole_days(batches: Batches, at_once: int = AT_ONCE) -> Iterator[pa.Table]:
    """Rows in turn by client and day, some at a time, so that no day is in two tables."""
    kept: list[pa.RecordBatch] = []
    for batch in batches:
        kept.append(batch)
        if sum(x.num_rows for x in kept) < at_once:
            continue
        table = pa.Table.from_batches(kept)
        last = (pc.equal(table[x], table[x][-1]) for x in ("client", "day"))
        if start := pc.index(pc.and_(*last), True).as_py():
            yield table.slice(0, start)
            kept = table.slice(start).to_batches()
    if kept:
        yield pa.Table.from_batches(kept)


def _judged(
    table: pa.Table, log: LogContext, cut: AlarmThresholds, every: bool
) -> list[dict[str, Any]]:
    columns = {name: table[name].to_numpy(zero_copy_only=False) for name in table.schema.names}
    keys = ("client", "day", "lines", "different")
    rows = zip(*(columns[x].tolist() for x in keys), strict=True)
    whole = {(client, day): (lines, different) for client, day, lines, different in rows}
    found = []
    for day in judge_days(columns, log, cut):
        told = day.told(*whole[day.client, day.number], 0, 0) if day.alarms or every else None
        found.append(row_of(client_object(told) if told else {}, day))
    return found
