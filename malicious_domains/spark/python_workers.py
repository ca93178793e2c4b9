"""Run the functions of scan and of the verdict in Python beside the data, batch by batch."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
from pyspark.sql import DataFrame, GroupedData
from pyspark.sql import functions as F  # noqa: N812
from pyspark.sql import types as T  # noqa: N812
from pyspark.sql.pandas.types import from_arrow_schema, to_arrow_schema

from ..clients.client_day import AlarmThresholds, LogContext
from ..clients.fourgrams import Background
from ..clients.tunnels import Days, find_alarmed_days
from ..scan import scored_hosts, selects
from ..scan.alarm_formats import describe_finding
from ..scan.client_names import ClientNames
from ..scan.events_db import NO_DAY
from ..scan.findings import Finding
from ..scan.verdicts import EvidenceByDay, add_evidence, judge_days, key_of
from ..scoring.model_options import ModelOptions, load_scorer

_HOSTS = "label string, suffix string, why string, allowed boolean, parent string, sub_odds double"
_GRAMS = "gram int, labels int"
_GROUPS = 4096  # of client-days that are judged together, which is faster than day by day
# A day's verdict: what alarms are ordered by, as on a single machine, and the object of
# `scan --format jsonl`, null for a day that is not reported.
VERDICT = pa.schema(
    {
        "client": pa.string(),
        "number": pa.int32(),  # the day
        "low": pa.bool_(),
        "rank": pa.float64(),
        "total": pa.float64(),
        "alarm": pa.string(),
    }
)

Batches = Iterable[pa.RecordBatch]
Results = Iterator[pa.RecordBatch]


def to_texts(column: pa.Array | pa.ChunkedArray) -> list[str | None]:
    """Return a column of text; bytes that are not UTF-8 become surrogates, as in a text file.

    >>> to_texts(pa.array(["xmqj.ru", None]))
    ['xmqj.ru', None]
    """
    try:
        texts: list[str | None] = column.to_pylist()
    except UnicodeDecodeError:
        raw = column.cast(pa.binary()).to_pylist()
        texts = [None if x is None else x.decode("utf-8", "surrogateescape") for x in raw]
    return texts


def _add_columns(
    table: DataFrame, work: Callable[[list[str]], Iterable[Any]], schema: str
) -> DataFrame:
    """Return a table with more columns, which `work` makes of the texts in its first one."""
    added = T.StructType.fromDDL(schema)
    assert isinstance(added, T.StructType)
    fields, kinds = T.StructType([*table.schema, *added]), to_arrow_schema(added).types

    def add(batches: Batches) -> Results:
        for batch in batches:
            texts = [str(x) for x in to_texts(batch[0])]
            more = map(pa.array, work(texts), kinds)
            yield pa.RecordBatch.from_arrays([*batch.columns, *more], fields.names)

    return table.mapInArrow(add, fields)


def name_clients(queries: DataFrame, names: ClientNames) -> DataFrame:
    """Return the client's name of each address, and whether it is left out."""

    def find_names(addresses: list[str]) -> Iterator[list[Any]]:
        yield [names.name_client(x) for x in addresses]
        yield [bool(names.find_entries(x)) for x in addresses]

    different = queries.where("address IS NOT NULL").select("address").distinct()
    return _add_columns(different, find_names, "client string, left_out boolean")


def parse_hosts(queries: DataFrame, job: ModelOptions) -> DataFrame:
    """Return the label to score of each different name, or why there is none."""

    def parse(names: list[str]) -> Iterable[Any]:
        scorer = load_scorer(job)
        hosts = scored_hosts.parse_hosts(scorer, names)
        yield from (hosts["label"], hosts["suffix"], [x or None for x in hosts["why"]])
        yield from (hosts["allowed"], hosts["parent"])
        yield scored_hosts.score_once(scorer, hosts["longest"])

    different = queries.where("reason IS NULL").select("query").distinct()
    return _add_columns(different, parse, _HOSTS)


def score_labels(labels: DataFrame, job: ModelOptions) -> DataFrame:
    """Return labels, each once, with their log-odds."""
    return _add_columns(labels, lambda x: [load_scorer(job).log_odds(x)], "log_odds double")


def count_background(hosts: DataFrame) -> Background:
    """Count how common each 4-gram is among the log's labels; Spark adds the batches' counts."""
    labels = hosts.where("why IS NULL").select("label").distinct()

    def count(batches: Batches) -> Results:
        for batch in batches:
            counts = Background.count(batch["label"].to_pylist()).counts
            gram = np.flatnonzero(counts).astype(np.int32)
            columns = [pa.array(gram), pa.array(counts[gram])]
            yield pa.RecordBatch.from_arrays(columns, ["gram", "labels"])

    grams = labels.mapInArrow(count, _GRAMS).groupBy("gram")
    table = grams.agg(F.sum("labels").alias("labels")).toArrow()
    counts = Background.count([]).counts
    counts[table["gram"].to_numpy()] = table["labels"].to_numpy()
    return Background(counts, labels.count())


def _group_days(rows: DataFrame) -> GroupedData:
    """Return rows in groups of whole client-days."""
    return rows.groupBy(F.pmod(F.hash("client", "day"), F.lit(_GROUPS)))


def _to_columns(table: pa.Table, order: Iterable[str]) -> dict[str, Any]:
    table = table.sort_by([(x, "ascending") for x in order])
    return {x: table[x].to_numpy(zero_copy_only=False) for x in table.schema.names}


def find_tunnel_days(rows: DataFrame, scale: float) -> Days:
    """Return the days with an alarm among SUB_DOMAINS' rows; these alone leave the executors.

    scale: that of a network's own thresholds.
    """

    def select(table: pa.Table) -> pa.Table:
        alarmed = find_alarmed_days(_to_columns(table, selects.SUB_DOMAIN_ORDER), scale)
        keys = zip(table["client"].to_pylist(), table["day"].to_pylist(), strict=True)
        return table.filter(pa.array([key in alarmed for key in keys], pa.bool_()))

    kept = _group_days(rows).applyInArrow(select, rows.schema).toArrow()
    return find_alarmed_days(_to_columns(kept, selects.SUB_DOMAIN_ORDER), scale)


def find_verdicts(
    rare: DataFrame,
    days: DataFrame,
    log: LogContext,
    thresholds: AlarmThresholds,
    evidence: EvidenceByDay,
    every: bool,
) -> DataFrame:
    """Return a row of VERDICT for each client's day with a rare label, or with evidence beside.

    rare: the rows of JUDGED_LABELS. every: whether a day without an alarm is reported as well.
    """
    counts = days.select("client", "day", "lines", F.col("labels").alias("different"))

    def judge(table: pa.Table) -> pa.Table:
        columns = _to_columns(table, ("client", "day", "first_seen", "label"))
        keys = ("client", "day", "lines", "different")
        whole = {x[:2]: x[2:] for x in zip(*(columns[y].tolist() for y in keys), strict=True)}
        verdicts = []
        for rare in judge_days(columns, log, thresholds):
            x = add_evidence(rare, evidence.get(key_of(rare), ()))
            lines, labels = whole[key_of(x)]
            verdicts.append(_make_row(x, lines, labels, every or bool(x.alarms)))
        return pa.Table.from_pylist(verdicts, schema=VERDICT)

    grouped = _group_days(rare.join(counts, ["client", "day"]))
    verdicts = grouped.applyInArrow(judge, from_arrow_schema(VERDICT))
    rows = _judge_common_days(days, evidence) if evidence else []
    more = days.sparkSession.createDataFrame(rows, from_arrow_schema(VERDICT))
    return verdicts.unionAll(more) if rows else verdicts


def _judge_common_days(days: DataFrame, evidence: EvidenceByDay) -> list[dict[str, Any]]:
    """Return the verdicts on days with evidence and no rare label that is judged."""
    some = days.where(F.col("client").isin(sorted({client for client, _ in evidence})))
    counts = some.select("client", "day", "lines", "labels", "rare_count").collect()
    known = {x[:2]: x[2:] for x in counts}
    rows = []
    for key, own in evidence.items():
        lines, labels, rare = known.get(key, (0, 0, None))
        if not rare:
            day = Finding(client=key[0], day=None if key[1] == NO_DAY else key[1])
            rows.append(_make_row(add_evidence(day, own), lines, labels, True))
    return rows


def _make_row(x: Finding, lines: int, labels: int, is_reported: bool) -> dict[str, Any]:
    alarm = describe_finding(replace(x, lines=lines, labels=labels)) if is_reported else None
    return {
        "client": x.client,
        "number": key_of(x)[1],
        "low": x.confidence == "low",
        "rank": x.score,
        "total": x.total,
        "alarm": alarm and json.dumps(alarm),
    }
