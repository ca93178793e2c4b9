"""The functions that run beside the data, without Spark."""

from __future__ import annotations

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from malicious_domains.spark.python_workers import split_days

DAYS = st.lists(st.tuples(st.sampled_from("abc"), st.integers(-1, 2)), max_size=30).map(sorted)


@given(DAYS, st.integers(1, 7), st.integers(1, 9))
def test_no_day_is_in_two_tables_and_no_row_is_lost(
    days: list[tuple[str, int]], size: int, at_once: int
) -> None:
    rows = [{"client": client, "day": day, "i": i} for i, (client, day) in enumerate(days)]
    schema = pa.schema({"client": pa.string(), "day": pa.int32(), "i": pa.int64()})
    batches = pa.Table.from_pylist(rows, schema=schema).to_batches(max_chunksize=size)
    tables = [table.to_pylist() for table in split_days(batches, at_once)]
    assert [x for table in tables for x in table] == rows
    seen = [{(x["client"], x["day"]) for x in table} for table in tables]
    assert sum(map(len, seen)) == len(set(days))
