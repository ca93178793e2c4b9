"""Columns of any DataFrame as the events of a DNS log: client, query, time, rcode, why.

The SQL is that of scan's readers, except for times, which each engine parses in its own way.
"""

from __future__ import annotations

from collections.abc import Mapping

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F  # noqa: N812
from pyspark.sql import types as T  # noqa: N812

from ..names.errors import MaliciousDomainsError
from ..scan.reading import sql

_ZONE = r"(?:[zZ]|[:.]\d+ ?[+-]\d\d:?\d*)$"
_DATE = r"^\d{4}-\d\d-\d\d$"
_SCALAR = (T.StringType, T.NumericType, T.BooleanType)
_TIMES = (T.TimestampType, T.TimestampNTZType, T.DateType)


def select_events(
    df: DataFrame, columns: Mapping[str, str], broken: Column | None = None
) -> DataFrame:
    """Return the events of a DataFrame, one for each of its rows, with the bits of their types.

    columns: the name of each of client, query, time, rcode and type, dots for fields within; the
    last three may be left out. broken: whether a row is invalid. Raises MaliciousDomainsError for a
    column that is missing, or holds no text, number or time.
    """
    taken = [(F.lit(False) if broken is None else broken).alias("odd")]
    for what, name in columns.items():
        kind, column = find_column(df, f"{what}={name}", name)
        if what == "time":
            column = to_seconds(column, kind)
        elif not isinstance(kind, _SCALAR):
            raise MaliciousDomainsError(
                f"{what}={name}: a column of {kind.simpleString()}, not of texts"
            )
        taken.append(column.cast("double" if what == "time" else "string").alias(f"{what}_"))
    query, rows = sql.drop_blank("query_"), df.select(*taken)
    why = sql.classify_line(
        query, first="WHEN odd THEN 'broken'", qtype="upper(type_)" if "type" in columns else ""
    )
    return rows.select(
        F.expr(sql.drop_zone(sql.drop_blank("client_"))).alias("client"),
        F.expr(query).alias("query"),
        (F.col("time_") if "time" in columns else F.lit(None).cast("double")).alias("time"),
        rcode_column(sql.name_rcode("rcode_") if "rcode" in columns else None).alias("rcode"),
        F.expr(why).alias("why"),
        type_column("type_" if "type" in columns else "").alias("type_bit"),
    )


def rcode_column(text: str | None) -> Column:
    """Return the response code that SQL gives; NULL for None."""
    return F.expr(text) if text else F.lit(None).cast("string")


def type_column(text: str) -> Column:
    """Return the query type as sql.code_type() has it; 0 for ""."""
    return F.expr(sql.code_type(text)) if text else F.lit(0)


def quote_name(name: str) -> str:
    """Return a column's name in backticks, whatever characters it has.

    >>> quote_name("the.name")
    '`the.name`'
    """
    return f"`{name.replace('`', '``')}`"


def find_column(df: DataFrame, option: str, name: str) -> tuple[T.DataType, Column]:
    """Return a column's type and the column; raises MaliciousDomainsError, which lists those there.

    option: how it was given, for the message. A name with dots that no column has is a path.
    """
    if name in df.columns:
        return df.schema[name].dataType, F.col(quote_name(name))
    kind: T.DataType = df.schema
    for key in name.split("."):
        if not isinstance(kind, T.StructType) or key not in kind.names:
            there = ", ".join(df.columns[:30]) or "no columns"
            raise MaliciousDomainsError(f"{option}: there is no such column; there are {there}")
        kind = kind[key].dataType
    return kind, F.col(".".join(map(quote_name, name.split("."))))


def to_seconds(column: Column, kind: T.DataType) -> Column:
    """Return seconds since the epoch, UTC; NULL for an invalid time.

    Raises MaliciousDomainsError for a column of another type.
    """
    if isinstance(kind, T.TimestampType):
        return F.unix_micros(column) / F.lit(1e6)
    if isinstance(kind, T.TimestampNTZType):  # which SQL writes without a zone: UTC
        start = F.expr("TIMESTAMP_NTZ'1970-01-01 00:00:00'")
        return F.timestamp_diff("MICROSECOND", start, column) / F.lit(1e6)
    if isinstance(kind, T.DateType):
        return F.unix_date(column) * F.lit(86400.0)
    if not isinstance(kind, _SCALAR):
        raise MaliciousDomainsError(f"time: a column of {kind.simpleString()}, not of times")
    text = column.cast("string")
    return F.coalesce(_parse_epoch(text), _parse_iso(text))


def _parse_epoch(text: Column) -> Column:
    number = text.try_cast("double")
    return (
        F.when(number <= 0, None)
        .when(number < 1e11, number)
        .when(number < 1e14, number / 1e3)
        .when(number < 1e17, number / 1e6)
        .when(number < 1e20, number / 1e9)
    )


def _parse_iso(text: Column) -> Column:
    """Parse ISO 8601; without a zone it is UTC, whatever zone the session has."""
    text = F.trim(F.replace(text, F.lit(","), F.lit(".")))
    whole = F.when(text.rlike(_DATE), F.concat(text, F.lit("T00:00:00"))).otherwise(text)
    zoned = F.when(whole.rlike(_ZONE), whole).otherwise(F.concat(whole, F.lit("Z")))
    return F.unix_micros(zoned.try_cast("timestamp")) / F.lit(1e6)
