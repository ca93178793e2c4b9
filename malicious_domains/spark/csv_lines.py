"""Lines of a CSV as columns, by the rules of scan's own reader: line by line, quotes and all.

Spark's reader takes a quote that is never closed for the end of a cell, and a row with a cell
too few for broken though the cell is not asked for.
"""

from __future__ import annotations

import re
from functools import reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F  # noqa: N812

from ..scan.reading.delimited_logs import Csv

ODD = "odd line"


def cells(lines: DataFrame, layout: Csv) -> DataFrame:
    """The cells that a layout uses, as columns by its short names, and ODD: whether it is no row.

    lines has one column. A header that stands among the lines has no query: it is another event.
    """
    line = F.col(lines.columns[0])
    rows = _quoted(lines, line, layout) if layout.quoted else _plain(lines, line, layout)
    where = dict(layout.used)
    if not layout.header:
        return rows
    same = (F.col(x) == layout.header[where[x]] for x in ("client_", "query_"))
    is_header = F.coalesce(reduce(Column.__and__, same), F.lit(False))
    return rows.withColumn("query_", F.when(~is_header, F.col("query_")))


def _plain(lines: DataFrame, line: Column, layout: Csv) -> DataFrame:
    parts = F.split(line, re.escape(layout.delimiter), -1)

    def cell(at: int) -> Column:
        return F.nullif(F.get(parts, F.lit(at)), F.lit(""))

    last = max(at for _, at in layout.used)
    short = cell(last).isNull() & cell(layout.columns - 1).isNull()
    odd = short | cell(layout.columns).isNotNull()
    return lines.select(*(cell(at).alias(key) for key, at in layout.used), odd.alias(ODD))


def _quoted(lines: DataFrame, line: Column, layout: Csv) -> DataFrame:
    # Java tries a group that may repeat by calling itself, unless it need not go back.
    pattern = layout.pattern.replace(')*"', ')*+"')
    used = sorted(layout.used, key=lambda x: x[1])  # as the pattern's groups
    found = lines.select(
        *(F.regexp_extract(line, pattern, i).alias(key) for i, (key, _) in enumerate(used, 1))
    )
    odd = F.concat(*found.columns) == ""
    return found.select(*(_unquoted(F.col(x)).alias(x) for x in found.columns), odd.alias(ODD))


def _unquoted(cell: Column) -> Column:
    inner = F.substring(cell, F.lit(2), F.length(cell) - 2)
    return F.when(cell.startswith('"'), F.replace(inner, F.lit('""'), F.lit('"'))).otherwise(cell)
