"""DNS logs as events: Parquet, CSV and JSON lines by their columns, Zeek's and Route 53's JSON."""

from __future__ import annotations

from collections.abc import Mapping

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F  # noqa: N812
from pyspark.sql import types as T  # noqa: N812

from ..scan.reading import json_logs, names, tables
from ..scan.reading.json_lines import Json
from ..scan.reading.source import FIELDS
from . import files
from .errors import SparkError
from .events import events, seconds
from .files import Files

FORMATS = ("parquet", "csv", "json", "zeek")


def events_of(found: Files, mapping: Mapping[str, str]) -> DataFrame:
    """The events of files, a row a line; raises PipelineError for what is no log."""
    if wrong := sorted(set(mapping) - set(FIELDS)):
        raise SparkError(f"there is no {wrong[0]!r} to map; known are {', '.join(FIELDS)}")
    if found.kind == "parquet":
        return _of_parquet(found, mapping)
    if found.kind == "csv":
        return _of_csv(found, mapping)
    if found.kind == "json":
        return _of_json(found, mapping)
    raise SparkError(f"{files.shown(found.names[0])}: Spark reads {', '.join(FORMATS)} here")


def _of_parquet(found: Files, mapping: Mapping[str, str]) -> DataFrame:
    table = files.parquet(found)
    # A field within one is not among the columns.
    inner = {what: column for what, column in mapping.items() if column not in table.columns}
    outer = {what: column for what, column in mapping.items() if what not in inner}
    known = [*table.columns, *inner.values()]
    return events(table, names.chosen(known, outer | inner, found.head.text.path, "parquet", True))


def _of_csv(found: Files, mapping: Mapping[str, str]) -> DataFrame:
    layout = tables.mapped(found.head, mapping, claimed=True)
    if layout is None or not isinstance(layout, tables.Csv):
        raise SparkError(f"{found.head.text.path}: no CSV")
    header = list(layout.header) or [f"c{i}" for i in range(layout.columns)]
    rows = files.csv(found, header, layout.delimiter, bool(layout.header))
    columns = {what.removesuffix("_"): header[at] for what, at in layout.used}
    judged = events(rows, columns)
    raise NotImplementedError


def _of_json(found: Files, mapping: Mapping[str, str]) -> DataFrame:
    head = found.head
    openers = (
        (json_logs.mapped,) if mapping else (json_logs.zeek, json_logs.route53, json_logs.mapped)
    )
    layout = next((x for x in (o(head, mapping, claimed=True) for o in openers) if x), None)
    if not isinstance(layout, Json):
        raise SparkError(f"{head.text.path}: no JSON objects, one a line")
    return _selected(found, layout)


def _selected(found: Files, layout: Json) -> DataFrame:
    """As Json.select, in Spark."""
    paths = {key: (layout.wrapper, *path) if layout.wrapper else path for key, path in layout.paths}
    reader = found.spark.read.option("recursiveFileLookup", True)
    rows = reader.schema(_schema(list(paths.values()))).json(list(found.paths))
    taken = rows.select(*(_at(path).alias(key) for key, path in paths.items()))
    nothing = " AND ".join(f"{key} IS NULL" for key in paths)
    stamp = next((x for x in ("ts", "time_") if x in paths), None)
    text = T.StringType()
    return taken.select(
        F.expr(layout.client).alias("client"),
        F.expr(layout.query).alias("query"),
        (seconds(F.col(stamp), text) if stamp else F.lit(None).cast("double")).alias("time"),
        F.expr(
            layout.rcode.replace("VARCHAR", "STRING").replace(
                "NULL::STRING", "CAST(NULL AS STRING)"
            )
        ).alias("rcode"),
        F.expr(f"CASE WHEN {nothing} THEN 'broken' {layout.why.removeprefix('CASE ')}").alias(
            "why"
        ),
    )


def _at(path: tuple[str, ...]) -> Column:
    return F.col(".".join(f"`{key.replace('`', '``')}`" for key in path))


def _schema(paths: list[tuple[str, ...]]) -> T.StructType:
    """A type with a text at each path of keys."""
    inner: dict[str, list[tuple[str, ...]]] = {}
    for first, *rest in paths:
        inner.setdefault(first, []).append(tuple(rest))
    fields = [
        T.StructField(key, _schema(below) if all(below) else T.StringType())
        for key, below in inner.items()
    ]
    return T.StructType(fields)
