"""DNS logs as events: Parquet, CSV and JSON lines by their columns, Zeek's and Route 53's JSON."""

from __future__ import annotations

from collections.abc import Mapping

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F  # noqa: N812
from pyspark.sql import types as T  # noqa: N812

from ..scan.reading import column_names, delimited_logs, json_logs
from ..scan.reading.json_lines import Json
from ..scan.reading.log_files import FIELDS
from . import input_files
from .csv_lines import ODD, cells
from .errors import SparkError
from .event_columns import code, events, quoted, seconds
from .input_files import Files

FORMATS = ("parquet", "csv", "json")


def events_of(found: Files, mapping: Mapping[str, str]) -> DataFrame:
    """The events of files, a row a line; raises MaliciousDomainsError for what is no log."""
    if wrong := sorted(set(mapping) - set(FIELDS)):
        raise SparkError(f"there is no {wrong[0]!r} to map; known are {', '.join(FIELDS)}")
    if found.kind == "parquet":
        return _of_parquet(found, mapping)
    if found.kind == "csv":
        return _of_csv(found, mapping)
    if found.kind == "json":
        return _of_json(found, mapping)
    raise SparkError(
        f"{input_files.shown(found.names[0])}: no {', '.join(FORMATS)}, and Spark reads no other logs "
        "here; scan it without --engine spark, or name the format, --input-format"
    )


def _of_parquet(found: Files, mapping: Mapping[str, str]) -> DataFrame:
    table = input_files.parquet(found)
    # A field within one is not among the columns.
    inner = {what: column for what, column in mapping.items() if column not in table.columns}
    outer = {what: column for what, column in mapping.items() if what not in inner}
    known = [*table.columns, *inner.values()]
    return events(
        table, column_names.chosen(known, outer | inner, found.head.text.path, "parquet", True)
    )


def _of_csv(found: Files, mapping: Mapping[str, str]) -> DataFrame:
    layout = delimited_logs.mapped(found.head, mapping, claimed=True)
    if not isinstance(layout, delimited_logs.Csv):
        raise SparkError(f"{found.head.text.path}: no CSV of clients and names")
    lines = input_files.below_header(found) if layout.header else found.lines.where("value <> ''")
    columns = {what.removesuffix("_"): what for what, _ in layout.used}
    return events(cells(lines, layout), columns, F.col(quoted(ODD)))


def _of_json(found: Files, mapping: Mapping[str, str]) -> DataFrame:
    """Zeek's and Route 53's by their own keys, any other by the mapping or usual names."""
    own = () if mapping else (json_logs.zeek, json_logs.route53)
    tried = (opener(found.head, mapping, claimed=True) for opener in (*own, json_logs.mapped))
    layout = next(filter(None, tried), None)
    if not isinstance(layout, Json):
        raise SparkError(f"{found.head.text.path}: no JSON objects, one a line")
    return _selected(found, layout)


def _selected(found: Files, layout: Json) -> DataFrame:
    """As Json.select, in Spark."""
    paths = {key: (layout.wrapper, *path) if layout.wrapper else path for key, path in layout.paths}
    rows = input_files.reader(found.spark).schema(_schema([*paths.values()])).json([*found.paths])
    taken = rows.select(*(_at(path).alias(key) for key, path in paths.items()))
    nothing = " AND ".join(f"{key} IS NULL" for key in paths)
    stamp = next((x for x in ("ts", "time_") if x in paths), None)
    time = seconds(F.col(stamp), T.StringType()) if stamp else F.lit(None).cast("double")
    why = f"CASE WHEN {nothing} THEN 'broken' {layout.why.removeprefix('CASE ')}"
    return taken.select(
        F.expr(layout.client).alias("client"),
        F.expr(layout.query).alias("query"),
        time.alias("time"),
        code(layout.rcode if layout.coded else None).alias("rcode"),
        F.expr(why).alias("why"),
    )


def _at(path: tuple[str, ...]) -> Column:
    return F.col(".".join(map(quoted, path)))


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
