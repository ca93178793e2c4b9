"""Run the functions of scan and of the verdict in Python beside the data, batch by batch."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
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
from ..clients.tunnels import Days
from ..scan import scored_hosts, sub_domains
from ..scan.alarm_formats import describe_finding
from ..scan.client_names import ClientNames
from ..scan.events_db import NO_DAY
from ..scan.findings import Finding
from ..scan.verdicts import LABELS_AT_ONCE, EvidenceByDay, add_evidence, judge_days, key_of
from ..scoring.model_options import ModelOptions, load_scorer
from .row_places import to_texts

_HOSTS = (
    "query string, label string, suffix string, why string, allowed boolean, parent string, "
    "sub_odds double"
)
_CLIENTS = "address string, client string, left_out boolean"
_GRAMS = "gram int, labels int"

Batches = Iterable[pa.RecordBatch]
Results = Iterator[pa.RecordBatch]

# The rows that a scan on Spark returns: what `scan --format jsonl` writes, as columns.
_TEXT, _NUMBER, _COUNT = pa.string(), pa.float64(), pa.int64()
_NAME = pa.struct(
    {
        "name": _TEXT,
        "points": _NUMBER,
        "log_odds": _NUMBER,
        "dead": pa.bool_(),
        "first_seen": _TEXT,
        "last_seen": _TEXT,
        "clients": _COUNT,  # of names that clients share
        "some_clients": pa.list_(_TEXT),
    }
)
_ALARM = pa.struct(
    {
        "kind": _TEXT,
        "score": _NUMBER,
        "confidence": _TEXT,
        "expected_false_alarms": _NUMBER,
        "clients": pa.list_(_TEXT),  # of an outbreak, or of a tunnel of several clients
        "below": pa.list_(_TEXT),  # the registrable names of a tunnel
        "names": pa.list_(_NAME),
    }
)
_COUNTS = pa.struct(dict.fromkeys(("queries", "labels", "new", "dead", "clients"), _COUNT))
_LIKELY = pa.struct({"family": _TEXT, "probability": _NUMBER})
_HINT = pa.struct({"answer": _TEXT, "families": pa.list_(_LIKELY), "unknown": _NUMBER})
ALARM = pa.schema(
    {
        "client": _TEXT,  # null: of what clients share
        "day": _TEXT,
        "score": _NUMBER,
        "confidence": _TEXT,
        "expected_false_alarms": _NUMBER,
        "why": _TEXT,
        "first_seen": _TEXT,
        "last_seen": _TEXT,
        "counts": _COUNTS,
        "alarms": pa.list_(_ALARM),
        "family_hint": _HINT,
    }
)
# With what alarms are ordered by, as on a single machine.
_ORDER = {"low": pa.bool_(), "rank": _NUMBER, "total": _NUMBER, "number": pa.int32()}
VERDICT = pa.schema([*ALARM, *(pa.field(name, kind) for name, kind in _ORDER.items())])


def name_clients(queries: DataFrame, names: ClientNames) -> DataFrame:
    """Return the client's name of each address, and whether it is left out."""

    def find_names(batches: Batches) -> Results:
        for batch in batches:
            addresses = [str(x) for x in to_texts(batch["address"])]
            clients = [names.name_client(x) for x in addresses]
            left = [bool(names.find_entries(x)) for x in addresses]
            columns = [batch["address"], pa.array(clients, _TEXT), pa.array(left, pa.bool_())]
            yield pa.RecordBatch.from_arrays(columns, ["address", "client", "left_out"])

    different = queries.where("address IS NOT NULL").select("address").distinct()
    return different.mapInArrow(find_names, _CLIENTS)


def parse_hosts(queries: DataFrame, job: ModelOptions) -> DataFrame:
    """Return the label to score of each different name, or why there is none."""

    def parse(batches: Batches) -> Results:
        for batch in batches:
            scorer = load_scorer(job)
            hosts = scored_hosts.parse_hosts(scorer, [str(x) for x in to_texts(batch["query"])])
            why = [x or None for x in hosts["why"]]
            texts = [pa.array(x, _TEXT) for x in (hosts["label"], hosts["suffix"], why)]
            odds = scored_hosts.score_once(scorer, hosts["longest"])
            below = pa.array(hosts["parent"], _TEXT), pa.array(odds)
            columns = [batch["query"], *texts, pa.array(hosts["allowed"], pa.bool_()), *below]
            names = ["query", "label", "suffix", "why", "allowed", "parent", "sub_odds"]
            yield pa.RecordBatch.from_arrays(columns, names)

    different = queries.where("reason IS NULL").select("query").distinct()
    return different.mapInArrow(parse, _HOSTS)


def score_labels(labels: DataFrame, job: ModelOptions) -> DataFrame:
    """Return labels, each once, with their log-odds."""

    def score(batches: Batches) -> Results:
        for batch in batches:
            z = load_scorer(job).log_odds(batch["label"].to_pylist())
            columns = [*batch.columns, pa.array(z)]
            yield pa.RecordBatch.from_arrays(columns, [*batch.schema.names, "log_odds"])

    schema = T.StructType(list(labels.schema))
    return labels.mapInArrow(score, schema.add("log_odds", "double"))


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


def find_tunnel_days(rows: DataFrame, scale: float) -> Days:
    """Return the days with an alarm among SUB_DOMAINS' rows; these alone leave the executors.

    scale: that of a network's own thresholds.
    """
    schema = rows.schema

    def select(batches: Batches) -> Results:
        for table in split_days(batches):
            alarmed = sub_domains.find_alarmed_days(_to_columns(table), scale)
            keys = zip(table["client"].to_pylist(), table["day"].to_pylist(), strict=True)
            yield from table.filter(pa.array([key in alarmed for key in keys])).to_batches()

    ordered = rows.repartition("client", "day").sortWithinPartitions(*sub_domains.ORDER)
    kept = ordered.mapInArrow(select, schema).orderBy(*sub_domains.ORDER).toArrow()
    return sub_domains.find_alarmed_days(_to_columns(kept), scale)


def _to_columns(table: pa.Table) -> dict[str, Any]:
    return {x: table[x].to_numpy(zero_copy_only=False) for x in table.schema.names}


def find_verdicts(
    rare: DataFrame,
    days: DataFrame,
    log: LogContext,
    thresholds: AlarmThresholds,
    evidence: EvidenceByDay,
    every: bool,
) -> DataFrame:
    """Return a row of VERDICT for each client's day with a rare label, or with evidence beside.

    rare: the rows of JUDGED_LABELS.

    every: whether a day without an alarm has its description as well.
    """
    columns = ("lines", F.col("labels").alias("different"))
    counts = days.select("client", "day", *columns)
    rows = rare.join(counts, ["client", "day"]).repartition("client", "day")
    first = F.col("first_seen").asc_nulls_last()

    def judge(batches: Batches) -> Results:
        for table in split_days(batches):
            rows = _find_verdicts(table, log, thresholds, evidence, every)
            yield from pa.Table.from_pylist(rows, schema=VERDICT).to_batches()

    ordered = rows.sortWithinPartitions("client", "day", first, "label")
    verdicts = ordered.mapInArrow(judge, from_arrow_schema(VERDICT))
    if not evidence:
        return verdicts
    return verdicts.unionAll(_judge_common_days(days, log, thresholds, evidence))


def _judge_common_days(
    days: DataFrame, log: LogContext, thresholds: AlarmThresholds, evidence: EvidenceByDay
) -> DataFrame:
    """Return the verdicts on days with evidence and no rare label that is judged."""
    some = days.where(F.col("client").isin(sorted({client for client, _ in evidence})))
    counts = some.select("client", "day", "lines", "labels", "rare_count").collect()
    known = {(client, day): (lines, labels, rare) for client, day, lines, labels, rare in counts}
    rows = []
    for key, own in evidence.items():
        lines, labels, rare = known.get(key, (0, 0, None))
        if not rare:
            day = Finding(client=key[0], day=None if key[1] == NO_DAY else key[1])
            rows.append(_make_row(add_evidence(day, own), lines, labels))
    table = pa.Table.from_pylist(rows, schema=VERDICT)
    return days.sparkSession.createDataFrame(table, from_arrow_schema(VERDICT))


def _make_row(x: Finding, lines: int, labels: int) -> dict[str, Any]:
    """Return a row of VERDICT with the description of the day."""
    return describe_finding(replace(x, lines=lines, labels=labels)) | _order(x)


def _order(x: Finding) -> dict[str, Any]:
    low = x.confidence == "low"
    return {"rank": x.score, "total": x.total, "number": key_of(x)[1], "low": low}


def split_days(batches: Batches, at_once: int = LABELS_AT_ONCE) -> Iterator[pa.Table]:
    """Split rows in order of client and day into tables, so that no day is in two of them."""
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


def _find_verdicts(
    table: pa.Table,
    log: LogContext,
    thresholds: AlarmThresholds,
    evidence: EvidenceByDay,
    every: bool,
) -> list[dict[str, Any]]:
    columns = _to_columns(table)
    keys = ("client", "day", "lines", "different")
    rows = zip(*(columns[x].tolist() for x in keys), strict=True)
    whole = {(client, day): (lines, different) for client, day, lines, different in rows}
    verdicts = []
    for rare in judge_days(columns, log, thresholds):
        x = add_evidence(rare, evidence.get(key_of(rare), ()))
        if x.alarms or every:
            verdicts.append(_make_row(x, *whole[key_of(x)]))
        else:
            verdicts.append({"client": x.client, **_order(x)})
    return verdicts
