"""DNS logs as events: Parquet, CSV and JSON lines by their columns; Zeek's, Route 53's, OCSF, ECS.

Spark reads Parquet, JSON and the lines of CSV. Cells are split by the rules of scan's own reader,
line by line: Spark's accepts a row with a quote too many, and doubles a NUL that begins a cell.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import partial, reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F  # noqa: N812
from pyspark.sql import types as T  # noqa: N812

from ..names.errors import MaliciousDomainsError
from ..scan import completeness
from ..scan.reading import column_names, event_formats, sql
from ..scan.reading.layout import Layout
from ..scan.reading.tables import DelimitedLines, JsonLines, ParquetTable
from .data_files import InputFiles, display_path
from .event_columns import quote_name, rcode_column, select_events, to_seconds, type_column

FORMATS = ("parquet", "csv", "json")
_OWN = (
    event_formats.ZEEK,
    event_formats.ROUTE53,
    event_formats.GOOGLE,
    event_formats.OCSF,
    event_formats.ECS,
)
_BROKEN = "broken line"  # a column: whether a line is no row


def read_events(files: InputFiles, mapping: Mapping[str, str]) -> DataFrame:
    """Return the events of files, a row a line; raises MaliciousDomainsError for other files."""
    column_names.check_mapping(mapping)
    if files.kind == "parquet":
        return _read_parquet(files, mapping)
    if files.kind == "csv":
        return _read_csv(files, mapping)
    if files.kind == "json":
        return _read_json(files, mapping)
    raise MaliciousDomainsError(
        f"{display_path(files.names[0])}: no {', '.join(FORMATS)}, and Spark reads no other "
        "logs here; scan it without --engine spark, or name the format, --input-format"
    )


def _read_parquet(files: InputFiles, mapping: Mapping[str, str]) -> DataFrame:
    table = files.read_parquet()
    names = {x: path for path in _list_fields(table.schema) for x in (".".join(path),)}
    if own := next((x for x in _OWN if not mapping and x.matches(names)), None):
        some = {
            x: [_path_column(names[y]) for y in alternatives.split("|") if y in names]
            for x, alternatives in own.columns.items()
        }
        layout = own.describe(ParquetTable(()), files.head, {})
        return _select_layout(table, some, layout)
    # A field within one is not among the columns.
    inner = {what: column for what, column in mapping.items() if column not in table.columns}
    outer = {what: column for what, column in mapping.items() if what not in inner}
    known = [*table.columns, *inner.values()]
    return select_events(
        table,
        column_names.choose_columns(known, outer | inner, files.head.file.path, "parquet", True),
    )


def _read_csv(files: InputFiles, mapping: Mapping[str, str]) -> DataFrame:
    layout = _find_layout(files, mapping)
    if not layout or not isinstance(layout.table, DelimitedLines):
        raise MaliciousDomainsError(f"{files.head.file.path}: no CSV of clients and names")
    lines = files.read_below_header() if layout.table.header else files.lines.where("value <> ''")
    there = {column for column, some in layout.table.columns if some}
    columns = {what: x for what, x in column_names.COLUMNS.items() if x in there}
    return select_events(_split_cells(lines, layout.table), columns, F.col(_BROKEN))


def describe_source(files: InputFiles, mapping: Mapping[str, str]) -> dict[str, str]:
    """Return the format and the columns taken, by the first file; {} for Parquet."""
    layout = None if files.kind == "parquet" else _find_layout(files, mapping)
    if not layout:
        return {}
    source = completeness.describe_source(layout.form, dict(layout.sources))
    return {display_path(files.names[0]): source}


def _find_layout(files: InputFiles, mapping: Mapping[str, str]) -> Layout | None:
    """Find declared formats of JSON by their own keys, others by the mapping or usual names."""
    own = () if mapping or files.kind != "json" else _OWN
    openers = (*own, partial(column_names.open_named, files.kind))
    tried = (opener(files.head, mapping, claimed=True) for opener in openers)
    return next(filter(None, tried), None)


def _read_json(files: InputFiles, mapping: Mapping[str, str]) -> DataFrame:
    layout = _find_layout(files, mapping)
    if not layout or not isinstance(layout.table, JsonLines):
        raise MaliciousDomainsError(f"{files.head.file.path}: no JSON objects, one a line")
    paths = dict(layout.table.columns)
    listed = [*dict.fromkeys(y for some in paths.values() for y in some)]
    rows = files.reader.schema(_text_schema(listed)).json([*files.paths])
    columns = {x: [*map(_path_column, some)] for x, some in paths.items()}
    return _select_layout(rows, columns, layout)


def _select_layout(
    rows: DataFrame, columns: Mapping[str, Sequence[Column]], layout: Layout
) -> DataFrame:
    """Do what Layout.select does, in Spark; an answer on a line of its own counts as a query."""
    null = F.lit(None).cast("string")
    taken = rows.select(
        *(
            F.coalesce(*(x.cast("string") for x in some), null).alias(name)
            for name, some in columns.items()
        )
    )
    nothing = " AND ".join(f"{key} IS NULL" for key in columns)
    time = to_seconds(F.col("ts"), T.StringType()) if "ts" in columns else F.lit(None)
    why = f"CASE WHEN {nothing} THEN 'broken' {layout.why.removeprefix('CASE ')}"
    return taken.select(
        F.expr(sql.drop_zone(layout.client)).alias("client"),
        F.expr(layout.query).alias("query"),
        time.cast("double").alias("time"),
        rcode_column(layout.rcode if "code" in columns else None).alias("rcode"),
        F.expr(f"nullif({why}, 'answer')").alias("why"),
        type_column(layout.qtype).alias("type_bit"),
    )


def _split_cells(lines: DataFrame, layout: DelimitedLines) -> DataFrame:
    """Return the cells that a layout uses, as columns by its short names, and _BROKEN.

    lines has one column. A header that stands among the lines has no query: it is another event.
    """
    line = F.col(lines.columns[0])
    rows = (
        _match_quoted(lines, line, layout) if layout.quoted else _split_plain(lines, line, layout)
    )
    if not layout.header:
        return rows
    cells = dict(layout.columns)
    same = (F.col(x) == layout.header[cells[x][0]] for x in ("client", "query"))
    is_header = F.coalesce(reduce(Column.__and__, same), F.lit(False))
    return rows.withColumn("query", F.when(~is_header, F.col("query")))


def _split_plain(lines: DataFrame, line: Column, layout: DelimitedLines) -> DataFrame:
    parts = F.split(line, re.escape(layout.delimiter), -1)

    def cell(at: int) -> Column:
        return F.trim(F.get(parts, F.lit(at)))

    short = cell(layout.indices[-1]).isNull() & cell(layout.width - 1).isNull()
    broken = short | cell(layout.width).isNotNull()
    cells = (cell(some[0]).alias(name) for name, some in layout.columns if some)
    return lines.select(*cells, broken.alias(_BROKEN))


def _match_quoted(lines: DataFrame, line: Column, layout: DelimitedLines) -> DataFrame:
    # Java matches a repeated group by recursion, unless it is possessive.
    pattern = layout.pattern.replace(')*"', ')*+"')
    groups = enumerate(layout.indices, 1)
    fields = lines.select(*(F.regexp_extract(line, pattern, i).alias(str(at)) for i, at in groups))
    cells = (_unquote(F.col(str(some[0]))).alias(x) for x, some in layout.columns if some)
    broken = F.concat(*fields.columns) == ""
    return fields.select(*cells, broken.alias(_BROKEN))


def _unquote(cell: Column) -> Column:
    cell = F.trim(cell)
    inner = F.substring(cell, F.lit(2), F.length(cell) - 2)
    quoted = F.trim(F.replace(inner, F.lit('""'), F.lit('"')))
    return F.when(cell.startswith('"'), quoted).otherwise(cell)


def _path_column(path: tuple[str, ...]) -> Column:
    return F.col(".".join(map(quote_name, path)))


def _list_fields(kind: T.DataType, before: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Yield the paths of the fields that are no structs."""
    if not isinstance(kind, T.StructType):
        yield before
        return
    for field in kind.fields:
        yield from _list_fields(field.dataType, (*before, field.name))


def _text_schema(paths: Sequence[tuple[str, ...]]) -> T.StructType:
    """Return a type with a text at each path of keys."""
    inner: dict[str, list[tuple[str, ...]]] = {}
    for first, *rest in paths:
        inner.setdefault(first, []).append(tuple(rest))
    fields = [
        T.StructField(key, _text_schema(below) if all(below) else T.StringType())
        for key, below in inner.items()
    ]
    return T.StructType(fields)
