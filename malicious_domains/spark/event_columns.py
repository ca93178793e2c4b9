"""Columns of any DataFrame as the events of a DNS log: client, query, time, rcode, why.

The SQL is that of scan's readers, but for times, of which engines have ideas of their own.
"""

from __future__ import annotations

from collections.abc import Mapping

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F  # noqa: N812
from pyspark.sql import types as T  # noqa: N812

from ..scan.reading import sql
from .errors import SparkError

COLUMNS = ("client", "query", "time", "rcode", "type")
_ZONE = r"(?:[zZ]|[:.]\d+ ?[+-]\d\d:?\d*)$"
_DATE = r"^\d{4}-\d\d-\d\d$"
_SCALAR = (T.StringType, T.NumericType, T.BooleanType)
_TIMES = (T.TimestampType, T.TimestampNTZType, T.DateType)


def events(df: DataFrame, columns: Mapping[str, str], broken: Column | None = None) -> DataFrame:
    """The events that a DataFrame holds: a row for each of its rows.

    columns: by COLUMNS the name of each, dots for fields within; time, rcode and type may be
    left out. broken: whether a row is none. Raises SparkError for a column that is not there, or
    holds no text, number or time.
    """
    taken = [(F.lit(False) if broken is None else broken).alias("odd")]
    for what, name in columns.items():
        kind, column = found(df, f"{what}={name}", name)
        if what == "time":
            column = seconds(column, kind)
        elif not isinstance(kind, _SCALAR):
            raise SparkError(f"{what}={name}: a column of {kind.simpleString()}, not of texts")
        taken.append(column.cast("double" if what == "time" else "string").alias(f"{what}_"))
    query, rows = sql.cleaned("query_"), df.select(*taken)
    why = sql.why(
        query, first="WHEN odd THEN 'broken'", qtype="upper(type_)" if "type" in columns else None
    )
    return rows.select(
        F.expr(sql.cleaned("client_")).alias("client"),
        F.expr(query).alias("query"),
        (F.col("time_") if "time" in columns else F.lit(None).cast("double")).alias("time"),
        code(sql.rcode("rcode_") if "rcode" in columns else None).alias("rcode"),
        F.expr(why).alias("why"),
    )


def code(text: str | None) -> Column:
    """A response code by SQL; None: there is none."""
    return F.expr(text) if text else F.lit(None).cast("string")


def quoted(name: str) -> str:
    """A column's name as Spark takes it, whatever characters it has."""
    return f"`{name.replace('`', '``')}`"


def found(df: DataFrame, asked: str, name: str) -> tuple[T.DataType, Column]:
    """A column's type and the column; raises SparkError, which lists those that are there.

    asked: how it was named, for the message. A name with dots that no column has is a path.
    """
    if name in df.columns:
        return df.schema[name].dataType, F.col(quoted(name))
    kind: T.DataType = df.schema
    for key in name.split("."):
        if not isinstance(kind, T.StructType) or key not in kind.names:
            there = ", ".join(df.columns[:30]) or "no columns"
            raise SparkError(f"{asked}: there is no such column; there are {there}")
        kind = kind[key].dataType
    return kind, F.col(".".join(map(quoted, name.split("."))))


def seconds(column: Column, kind: T.DataType) -> Column:
    """Seconds since the epoch, UTC; NULL for what is no time. Raises SparkError for a type."""
    if isinstance(kind, T.TimestampType):
        return F.unix_micros(column) / F.lit(1e6)
    if isinstance(kind, T.TimestampNTZType):  # which SQL writes without a zone: UTC
        start = F.expr("TIMESTAMP_NTZ'1970-01-01 00:00:00'")
        return F.timestamp_diff("MICROSECOND", start, column) / F.lit(1e6)
    if isinstance(kind, T.DateType):
        return F.unix_date(column) * F.lit(86400.0)
    if not isinstance(kind, _SCALAR):
        raise SparkError(f"time: a column of {kind.simpleString()}, not of times")
    text = column.cast("string")
    return F.coalesce(_epoch(text), _iso(text))


def _epoch(text: Column) -> Column:
    number = text.try_cast("double")
    return (
        F.when(number <= 0, None)
        .when(number < 1e11, number)
        .when(number < 1e14, number / 1e3)
        .when(number < 1e17, number / 1e6)
        .when(number < 1e20, number / 1e9)
    )


def _iso(text: Column) -> Column:
    """ISO 8601; without a zone it is UTC, whatever zone the session has."""
    text = F.trim(F.replace(text, F.lit(","), F.lit(".")))
    whole = F.when(text.rlike(_DATE), F.concat(text, F.lit("T00:00:00"))).otherwise(text)
    zoned = F.when(whole.rlike(_ZONE), whole).otherwise(F.concat(whole, F.lit("Z")))
    return F.unix_micros(zoned.try_cast("timestamp")) / F.lit(1e6)
