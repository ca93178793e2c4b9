"""DNS logs, and tables of any DataFrame, as the events of a scan.

Formats, columns, line types and codes are those of scan's layouts, whose SQL is Spark's as well;
Spark reads values, cells and times. A line is a row, whatever its quotes are.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F  # noqa: N812
from pyspark.sql import types as T  # noqa: N812

from ..names.errors import MaliciousDomainsError
from ..scan.reading import column_names, sql, times
from ..scan.reading.event_formats import ECS, GOOGLE, OCSF, ROUTE53, ZEEK
from ..scan.reading.layout import FIRST, Head, Layout, NamedValues, Opener, drop_first
from ..scan.reading.prepare_input import NoDnsLogError
from ..scan.reading.tables import DelimitedLines, Inner, JsonLines, ParquetTable, Table
from .data_files import InputFiles, make_head, quote_name

_OWN = (ZEEK, ROUTE53, GOOGLE, OCSF, ECS)
_SCALAR = (
    T.StringType, T.NumericType, T.BooleanType, T.TimestampType, T.TimestampNTZType, T.DateType,
)  # fmt: skip
_NULL = "CAST(NULL AS STRING)"
_WHOLE = "whole_line"  # a column: a line that has more or fewer cells than there should be
_ZONE = r"(?:[zZ]|[:.]\d+ ?[+-]\d\d:?\d*)$"
_DATE = r"^\d{4}-\d\d-\d\d$"


def read_events(files: InputFiles, mapping: Mapping[str, str]) -> tuple[DataFrame, Layout]:
    """Return the events of files, a row a line, and the layout; raises MaliciousDomainsError."""
    column_names.check_mapping(mapping)
    if files.kind == "parquet":
        table = files.reader.parquet(*files.paths)
        head: Head = _TableHead(files.head.file, fields=_list_values(table.schema))
        layout = _find_layout(head, "parquet", mapping)
        return _select(_select_values(table, layout.table), layout), layout
    layout = _find_layout(files.head, files.kind, mapping)
    return _select(_read_columns(files, layout.table), layout), layout


def select_events(df: DataFrame, columns: Mapping[str, str]) -> DataFrame:
    """Return the events of a DataFrame, one for each of its rows.

    columns: the name of each of client, query, time, rcode and type (the last three optional), dots
    for fields within. Raises MaliciousDomainsError for one without texts, numbers or times.
    """
    values = _list_values(df.schema)
    for what, name in columns.items():
        if name not in values:
            there = ", ".join([*values][:30]) or "none"
            problem = "there is no such column of texts, numbers or times; there are"
            raise MaliciousDomainsError(f"{what}={name}: {problem} {there}")
    given = {name: values[name] for name in columns.values()}
    head = _TableHead(make_head("the table", "").file, fields=given)
    layout = _find_layout(head, "parquet", columns)
    return _select(_select_values(df, layout.table), layout)


def _find_layout(head: Head, kind: str, mapping: Mapping[str, str]) -> Layout:
    """Find declared formats by their own names, others by the mapping or usual names."""
    own = () if mapping or kind == "csv" else _OWN
    openers: tuple[Opener, ...] = (*own, partial(column_names.open_named, kind))
    tried = (opener(head, mapping, True) for opener in openers)
    if layout := next(filter(None, tried), None):
        return layout
    raise NoDnsLogError(
        f"{head.file.path}: no Parquet, CSV or JSON lines of a DNS log, and Spark reads no other "
        "logs here; scan it without --engine spark, or name what it is, --input-format"
    )


def _select(rows: DataFrame, layout: Layout) -> DataFrame:
    """Do what Layout.select does, in Spark; an answer on a line of its own counts as a query."""
    broken = layout.table.find_broken(layout.query)
    why = f"CASE {broken} {layout.why.removeprefix('CASE ')}"
    inner = {name: _extract_inner(name, path) for name, path in layout.table.inner}
    return rows.withColumns(inner).select(
        F.expr(sql.trim_address(layout.client)).alias("client"),
        F.expr(layout.query).alias("query"),
        _to_seconds(layout.time_text).alias("time"),
        F.expr(layout.rcode).alias("rcode"),
        F.expr(f"nullif({why}, 'answer')").alias("why"),
        F.expr(sql.code_type(layout.qtype) if layout.qtype else "0").alias("type_bit"),
    )


def _to_seconds(text: str) -> Column:
    """Return the seconds since the epoch of a number or ISO 8601; without a zone it is UTC."""
    iso = F.trim(F.replace(F.expr(text), F.lit(","), F.lit(".")))
    iso = F.when(iso.rlike(_DATE), F.concat(iso, F.lit("T00:00:00"))).otherwise(iso)
    iso = F.when(iso.rlike(_ZONE), iso).otherwise(F.concat(iso, F.lit("Z")))
    seconds = F.unix_micros(iso.try_cast("timestamp")) / F.lit(1e6)
    return F.coalesce(F.expr(times.parse_epoch(text)), seconds)


# --- Parquet, and any table ---


@dataclass(frozen=True)
class _TableHead(Head):
    """The values of a table, by their names with dots, in place of a file's first lines."""

    fields: Mapping[str, str] = field(default_factory=dict)  # the SQL of each as text

    @cached_property
    def named(self) -> dict[str, NamedValues]:
        return {"parquet": NamedValues("parquet", self.fields, self.fields, self._build)}

    def _build(self, columns: Mapping[str, Sequence[str]], inner: Inner) -> Table:
        values = {
            x: f"coalesce({', '.join([*map(self.fields.__getitem__, names), _NULL])})"
            for x, names in columns.items()
        }
        return ParquetTable(tuple(values.items()), inner)


def _list_values(kind: T.DataType, path: Sequence[str] = ()) -> dict[str, str]:
    """Return the SQL of each value as text, by its name with dots; times are seconds, in UTC."""
    if isinstance(kind, T.StructType):
        inner = (_list_values(x.dataType, [*path, x.name]) for x in kind.fields)
        return {name: value for some in inner for name, value in some.items()}
    value = ".".join(map(quote_name, path))
    return {".".join(path): _to_text(value, kind)} if isinstance(kind, _SCALAR) else {}


def _to_text(value: str, kind: T.DataType) -> str:
    if isinstance(kind, T.TimestampType):
        value = f"unix_micros({value}) / 1e6"
    elif isinstance(kind, T.TimestampNTZType):
        start = "TIMESTAMP_NTZ'1970-01-01 00:00:00'"
        value = f"timestampdiff(MICROSECOND, {start}, {value}) / 1e6"
    elif isinstance(kind, T.DateType):
        value = f"unix_date({value}) * 86400"
    return f"CAST({value} AS STRING)"


def _select_values(df: DataFrame, table: Table) -> DataFrame:
    assert isinstance(table, ParquetTable)
    return df.selectExpr(*(f"{value} AS {name}" for name, value in table.columns))


def _extract_inner(value: str, path: Sequence[str]) -> Column:
    """Do what sql.extract_inner does."""
    inner = F.get_json_object(value, "$" + "".join(f"['{x}']" for x in path))
    pair = rf'(?:^|[;,| ]){re.escape(".".join(path))}="?([^;|"]*)'
    return F.coalesce(inner, F.nullif(F.regexp_extract(value, pair, 1), F.lit("")))


# --- JSON and CSV ---


def _read_columns(files: InputFiles, table: Table) -> DataFrame:
    assert isinstance(table, JsonLines | DelimitedLines)
    if isinstance(table, JsonLines):
        paths = dict.fromkeys(drop_first(x) for _, some in table.columns for x in some)
        rows = files.reader.schema(_text_schema([*paths])).json([*files.paths])
        columns = ((name, map(_path_column, some)) for name, some in table.columns)
        return rows.select(*(F.coalesce(*x, F.expr(_NULL)).alias(name) for name, x in columns))
    return _split_cells(files.below_header if table.header else files.lines, table)


def _path_column(path: tuple[str, ...]) -> Column:
    column = F.col(".".join(map(quote_name, drop_first(path))))
    return F.get_json_object(column, "$[0]") if path[-1] == FIRST else column


def _text_schema(paths: Sequence[tuple[str, ...]]) -> T.StructType:
    """Return a type with a text at each path of keys."""
    inner: dict[str, list[tuple[str, ...]]] = {}
    for first, *rest in paths:
        inner.setdefault(first, []).append(tuple(rest))
    kinds = {key: _text_schema(x) if all(x) else T.StringType() for key, x in inner.items()}
    fields = [T.StructField(key, kind) for key, kind in kinds.items()]
    return T.StructType(fields)


def _split_cells(lines: DataFrame, table: DelimitedLines) -> DataFrame:
    """Return the columns of a layout, and broken_why, of the column value."""
    line = F.make_valid_utf8("value")
    schema = ", ".join([*(f"c{i} string" for i in range(table.width)), f"{_WHOLE} string"])
    blanks = {f"ignore{x}WhiteSpace": "true" for x in ("Leading", "Trailing")}
    options = {"sep": table.delimiter, "columnNameOfCorruptRecord": _WHOLE} | blanks
    usual, mysql = (F.from_csv(line, schema, options | {"escape": x}) for x in ('"', "\\"))
    parsed = F.when(line.contains('\\"'), mysql).otherwise(usual)
    cells = lines.where("value rlike '[^ \t\r]'").select(parsed.alias("cells")).select("cells.*")
    is_short = F.col(_WHOLE).isNotNull() & F.col(f"c{table.indices[-1]}").isNull()
    delimiter = re.escape(table.delimiter)
    has_more = F.size(F.split(_WHOLE, delimiter)) > table.width
    is_short &= ~(has_more & F.col(_WHOLE).rlike(rf"{delimiter}\s*$"))  # one that is empty
    note = F.when(F.col(_WHOLE).rlike('^(#|"?sep=)'), "other_event").otherwise("broken")
    columns = ((F.col(f"c{x[0]}") if x else F.expr(_NULL)).alias(name) for name, x in table.columns)
    return cells.select(*columns, F.when(is_short, note).alias("broken_why"))
