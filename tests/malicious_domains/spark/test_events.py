"""Any table is read by Spark as DuckDB reads it, whatever stands in it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from py4j.protocol import Py4JError
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

from malicious_domains.names.errors import MaliciousDomainsError
from malicious_domains.scan.reading.read_logs import Source, read_logs
from malicious_domains.spark import data_files, session
from malicious_domains.spark.log_events import read_events, select_events
from tests.malicious_domains.scan.reading.test_event_formats import OCSF, OCSF_ROWS, ecs
from tests.malicious_domains.scan.reading.test_formats import NOON as FORMATS_NOON
from tests.malicious_domains.scan.reading.test_formats import lines

NOON = datetime(2025, 11, 26, 12, 0, 0, 250_000)
TEXTS = [
    "2025-11-26T12:00:00.25Z", "2025-11-26 12:00:00,25", "2025-11-26T12:00:00.123456+0100",
    "2025-11-26", "2025-11-26T12:00:00-05:30", "1764158400.25", "1764158400250", "0", "-1",
    "1764158400250000", "1764158400250000000", "nan", "inf", "1e300", "-", "", "yesterday",
    "2025-13-45T99:00:00Z", None,
]  # fmt: skip
CODES = ["3", "nxdomain", "NoError", "0", "Non-Existent Domain", "-", "", "BLOCKED", "99", None]
CLIENTS = ["10.0.0.1", "::ffff:10.0.0.2", "-", "", "(empty)", None]
QUERIES = ["a.com", "A\0B.com", "x" * 10_000, "", "-", "ünï.de", "'; DROP TABLE x; --", None]
TYPES = ["A", "any", "255", "DNSKEY", None]


def grown(values: list[Any], rows: int) -> list[Any]:
    return [values[i % len(values)] for i in range(rows)]


Rows = list[tuple[Any, ...]]


def by_duckdb(path: Path, mapping: dict[str, str]) -> Rows:
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        reading = read_logs(Source((path,), None, mapping))
        columns = "client, query, time, rcode, why, type_bit"
        rows = connection.execute(f"SELECT {columns} FROM ({reading.noted_events})").fetchall()
        reading.close()
    return compared(rows)


def by_spark(spark: SparkSession, path: Path, mapping: dict[str, str]) -> Rows:
    events, _ = read_events(data_files.open_files(spark, [str(path)]), mapping)
    return compared([*events.collect()])


def compared(rows: Rows) -> Rows:
    """In one order; of what is no query only why."""
    return sorted((tuple(x) if x[4] is None else (None,) * 4 + (x[4], 0) for x in rows), key=repr)


def test_texts_of_all_kinds_are_read_as_by_duckdb(spark: SparkSession, tmp_path: Path) -> None:
    size = 2 * len(TEXTS)
    columns = {
        "the.client": grown(CLIENTS, size), "qname": grown(QUERIES, size), "at": grown(TEXTS, size),
        "rc": grown(CODES, size), "qtype": grown(TYPES, size),
    }  # fmt: skip
    path = tmp_path / "dns.parquet"
    pq.write_table(pa.table(columns), path)
    mapping = {"client": "the.client", "time": "at", "rcode": "rc"}
    assert by_spark(spark, path, mapping) == by_duckdb(path, mapping)


def test_times_of_all_types_are_in_utc_whatever_the_sessions_zone(
    spark: SparkSession, tmp_path: Path
) -> None:
    naive = [NOON + timedelta(hours=i) for i in range(3)]
    columns: dict[str, Any] = {
        "zoned": [x.replace(tzinfo=UTC) for x in naive],
        "naive": pa.array(naive, pa.timestamp("us")),
        "day": [date(2025, 11, 26)] * 3,
        "number": [1_764_158_400_250 + i for i in range(3)],
        "text": [x.isoformat() for x in naive],
    }
    path = tmp_path / "dns.parquet"
    pq.write_table(pa.table({"client": ["a"] * 3, "query": ["b.com"] * 3} | columns), path)
    before = spark.conf.get("spark.sql.session.timeZone")
    assert before
    spark.conf.set("spark.sql.session.timeZone", "America/New_York")
    try:
        for name in columns:
            assert by_spark(spark, path, {"time": name}) == by_duckdb(path, {"time": name}), name
    finally:
        spark.conf.set("spark.sql.session.timeZone", before)


def test_csv_and_json_are_read_as_by_duckdb(spark: SparkSession, tmp_path: Path) -> None:
    table, objects = tmp_path / "dns.csv", tmp_path / "dns.json"
    table.write_text(
        'src;name;ts;"rcode"\n10.0.0.1;a.com;1764158400;0\n"10.0.0.2";"b;c.com";;3\n;d.com;0;3\n'
        "10.0.0.3;cut off\n"
    )
    header = (None, None, None, None, "other_event", 0)  # which Spark does not count
    assert sorted([*by_spark(spark, table, {}), header], key=repr) == by_duckdb(table, {})
    objects.write_text(
        '{"src": {"ip": "10.0.0.1"}, "qname": "a.com", "ts": 1764158400.25, "rcode": "NXDOMAIN"}\n'
        '{"src": {"ip": "10.0.0.1"}, "qname": 7, "ts": null, "more": [1, {"x": 2}]}\n'
        "{}\nno JSON\n\n"
    )
    mapping = {"client": "src.ip"}
    assert by_spark(spark, objects, mapping) == by_duckdb(objects, mapping)


def test_row_names_of_r_are_no_column(spark: SparkSession, tmp_path: Path) -> None:
    path = tmp_path / "dns.csv"
    path.write_text('"time","src","qname"\n"1",1764158400,"10.0.0.1","a.com"\n"2",0,"b","c.com"\n')
    header = (None, None, None, None, "other_event", 0)  # which Spark does not count
    assert sorted([*by_spark(spark, path, {}), header], key=repr) == by_duckdb(path, {})
    assert [x[:2] for x in by_spark(spark, path, {})] == [("10.0.0.1", "a.com"), ("b", "c.com")]


@pytest.mark.parametrize("quote", ['"', ""])
def test_lines_of_csv_are_read_as_by_duckdb(
    spark: SparkSession, tmp_path: Path, quote: str
) -> None:
    """With quotes in the first lines they are told from what is in cells, without they are not."""
    header = "src|name|ts|rcode|note"
    lines = [
        header, f"10.0.0.1|a.com|1764158400|0|{quote}n{quote}", "10.0.0.2|b.com||3",
        "10.0.0.3|c.com", "10.0.0.4|d.com||||", "|e.com|0|3|", "10.0.0.5||||",
        "one", "", header, " 10.0.0.6 | f.com |1|2|3 ", "# a note",
        '10.0.0.1|g.com|1764158400|0|a"b',
    ]  # fmt: skip
    if quote:
        long = '"' + 'ab""' * 300 + '"'
        lines += [
            f'10.0.0.7|"i""|.com"|||{long}', '"10.0.0.7"|"k.com"|"1764158402"|"3"|"" ',
            '10.0.0.8|"|||"', r'10.0.0.9|"m.com"|1764158402|3|"a \"b\" c"',
        ]  # fmt: skip
    path = tmp_path / "dns.csv"
    path.write_text("\n".join(lines) + "\n")
    first = (None, None, None, None, "other_event", 0)  # the header, which Spark does not count
    assert sorted([*by_spark(spark, path, {}), first], key=repr) == by_duckdb(path, {})
    path.write_text("\n".join(lines[1:3]) + "\n\n")
    numbers = {"client": "1", "query": "2", "rcode": "4"}
    assert by_spark(spark, path, numbers) == by_duckdb(path, numbers)


@pytest.mark.parametrize("kind", ["parquet", "json", "csv"])
def test_columns_are_taken_and_named_as_by_duckdb(
    spark: SparkSession, tmp_path: Path, kind: str
) -> None:
    """Columns come from usual names, from a constant, and from JSON within a cell."""
    extra = ['{"dns": {"name": "x.example"}}', "a=b;dns.name=y.example;c=d", "none"]
    clients = ["192.0.2.1:40000", "fe80::1%eth0", "[2001:db8::1]:53"]
    rows = [
        {"Client (IP)": x, "query": "z.example", "Extra": y, "Response_Code": "Name_Error"}
        for x, y in zip(clients, extra, strict=True)
    ]
    path = tmp_path / f"dns.{kind}"
    if kind == "parquet":
        pq.write_table(pa.Table.from_pylist(rows), path)
    elif kind == "json":
        path.write_text(lines(*rows, {**rows[0], "query": ["w.example"]}))
    else:
        cells = [
            [*rows[0]],
            *([f'"{y.replace(chr(34), chr(34) * 2)}"' for y in x.values()] for x in rows),
        ]
        path.write_text("".join(";".join(x) + "\n" for x in cells))
    files = data_files.open_files(spark, [str(path)])
    for mapping in ({}, {"query": "Extra.dns.name"}, {"client": '"laptop"', "query": "query"}):
        events, layout = read_events(files, mapping)
        header = [(None, None, None, None, "other_event", 0)] * (kind == "csv")
        assert compared([*events.collect(), *header]) == by_duckdb(path, mapping)
        assert dict(layout.sources) == read_logs(Source((path,), None, mapping)).sources[path]


def test_rows_that_spark_splits_in_its_own_way(spark: SparkSession, tmp_path: Path) -> None:
    """docs/scale.md lists them."""
    path = tmp_path / "dns.csv"
    path.write_text(
        'src|name|rcode\n10.0.0.1|"a.com"x|0\n10.0.0.2|b.com|0|more\n10.0.0.3|"c.com"|\n'
        "10.0.0.4|d.com\n||\n"
    )
    rows = [(x[0], x[1], x[4]) for x in by_spark(spark, path, {})]
    assert rows == [
        ("10.0.0.1", '"a.com"x', None), ("10.0.0.2", "b.com", None), ("10.0.0.3", "c.com", None),
        (None, None, "broken"), (None, None, "other_event"),
    ]  # fmt: skip
    assert [x[4] for x in by_duckdb(path, {})].count("broken") == 4


def test_bytes_that_are_no_text_are_broken_lines(spark: SparkSession, tmp_path: Path) -> None:
    path = tmp_path / "dns.csv"
    path.write_bytes(b"client,query\n10.0.0.1,a.com\n\xff,b.com\n10.0.0.2,c\xff.com\n")
    assert [x[:2] for x in by_spark(spark, path, {})] == [
        ("10.0.0.1", "a.com"), (None, None), (None, None),
    ]  # fmt: skip


def test_a_csv_of_another_header_is_refused(spark: SparkSession, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("src,name\n10.0.0.1,a.com\n")
    (tmp_path / "b.csv").write_text("name,src\na.com,10.0.0.1\n")
    with pytest.raises((PySparkException, Py4JError)) as raised:
        read_events(data_files.open_files(spark, [str(tmp_path)]), {})[0].collect()
    told = session.summarize_error(raised.value)
    assert told == "the files have different headers; give those of one header at a time"


def test_columns_that_will_not_do_are_named(spark: SparkSession, tmp_path: Path) -> None:
    df = spark.createDataFrame([("a", ["b.com"])], "client string, query array<string>")
    with pytest.raises(MaliciousDomainsError, match=r"query=query: .* there are client"):
        select_events(df, {"client": "client", "query": "query"})
    with pytest.raises(MaliciousDomainsError, match=r"client=who: .* there are client"):
        select_events(df, {"client": "who", "query": "client"})
    pq.write_table(pa.table({"client": ["a"], "query": ["b.com"]}), tmp_path / "dns.parquet")
    found = data_files.open_files(spark, [str(tmp_path / "dns.parquet")])
    with pytest.raises(MaliciousDomainsError, match=r"time=at: there is no 'at'; there are client"):
        read_events(found, {"time": "at"})
    with pytest.raises(MaliciousDomainsError, match=r"there is no 'who' to map; known are client"):
        read_events(found, {"who": "client"})
    events, layout = read_events(found, {"client": '"laptop"'})
    assert events.collect()[0][:2] == ("laptop", "b.com")
    assert dict(layout.sources) == {"client": '"laptop"', "query": "query"}


def test_ocsf_and_ecs_in_json_and_parquet(spark: SparkSession, tmp_path: Path) -> None:
    """As Security Lake and Packetbeat write them: nested, and with client and host as objects."""
    text, table = tmp_path / "ocsf.json", tmp_path / "ocsf.parquet"
    text.write_text(lines(*OCSF))
    with duckdb.connect() as connection:
        connection.execute(f"COPY (FROM read_json('{text}')) TO '{table}' (FORMAT parquet)")
    # An answer on a line of its own counts as a query.
    expected = sorted((*x[:2], *x[3:]) for x in OCSF_ROWS if not x[1].startswith("asked"))
    for path in (text, table):
        found = read_events(data_files.open_files(spark, [str(path)]), {})[0].collect()
        rows = [(x.client, x.query, x.rcode, x.why) for x in found]
        assert sorted(x for x in rows if not x[1].startswith("asked")) == expected
        assert {x.time for x in found} == {FORMATS_NOON}
        assert [x[2:] for x in rows if x[1].startswith("asked")] in (
            [(None, None), ("NXDOMAIN", None)],
            [("NXDOMAIN", None), (None, None)],
        )
    (tmp_path / "ecs.json").write_text(lines(ecs("x.example", "NXDOMAIN")))
    found = read_events(data_files.open_files(spark, [str(tmp_path / "ecs.json")]), {})[0].collect()
    assert [x[:2] for x in found] == [("192.0.2.1", "x.example")]
