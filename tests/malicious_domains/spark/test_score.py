"""Names scored on Spark are the rows of a single machine; places tell their order."""

from __future__ import annotations

import csv
import gzip
import io
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from py4j.protocol import Py4JError
from pyspark.errors import AnalysisException, PySparkException
from pyspark.sql import SparkSession

from malicious_domains.inputs import chunks as feed
from malicious_domains.inputs import csv_column, rows, streams
from malicious_domains.model.scorer import Scorer
from malicious_domains.names.errors import MaliciousDomainsError
from malicious_domains.scoring import output_formats
from malicious_domains.scoring.model_options import ModelOptions
from malicious_domains.spark import data_files, score_udf, scoring, session
from tests.helpers.route53 import day

MODEL = ModelOptions()
PIECES = "spark.sql.files.maxPartitionBytes"
HOSTILE = [
    "a\0b.com", "x" * 100_000, "", "null", "=1+1.com", "bücher.example.com", "no name", "1.2.3.4",
    "http://user@xmqjtoevkbhrw.ru/x", "printer.local", "d111111abcdef8.cloudfront.net",
]  # fmt: skip


@pytest.fixture(scope="module")
def texts() -> list[str]:
    return [x["query_name"] for x in day(8)] + HOSTILE


def local(path: Path, column: str | None, field: str | None) -> tuple[list[list[str]], str]:
    """Return the rows of one machine, and its summary."""
    with streams.open_lines(path) as lines:
        if column:
            found = csv_column.read_csv_column(lines, csv_column.Column(column), rows.Notes())
        else:
            found = rows.read_json_field(lines, field or "", rows.Notes())
        chunks = list(feed.split_rows(found if column or field else rows.read_lines(lines)))
    stream = io.StringIO()
    written = (output_formats.format_chunk("csv", Scorer.load(), x, raw=True) for x in chunks)
    counts = output_formats.write_results(written, stream, "csv")
    csv.field_size_limit(1 << 20)
    return list(csv.reader(io.StringIO(stream.getvalue())))[1:], output_formats.summarize_counts(
        counts
    )


def on_spark(
    spark: SparkSession,
    path: Path,
    folder: Path,
    column: str | None = None,
    field: str | None = None,
    pieces: str = "128m",
) -> tuple[list[list[str]], str]:
    """Return the same of Spark's; files are read in pieces of a size."""
    where = csv_column.Column(column) if column else None
    spark.conf.set(PIECES, pieces)
    try:
        files = data_files.open_files(spark, [str(path)])
        table, lacking = scoring.score_files(files, MODEL, where, field)
        written = data_files.write_parquet(table, str(folder))
    finally:
        spark.conf.unset(PIECES)
    found = [
        ["" if x is None else str(x) for x in (row[name] for name in output_formats.CSV_COLUMNS)]
        for row in written.orderBy("file", "place").collect()
    ]
    assert lacking.get == {"without": 2 if field else 0}
    return found, output_formats.summarize_counts(scoring.count_rows(written))


def test_rows_of_csv_and_json_are_those_of_one_machine(
    spark: SparkSession, texts: list[str], tmp_path: Path
) -> None:
    table, objects = tmp_path / "names.csv.gz", tmp_path / "names.jsonl"
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(
        [("id", "name"), *((i, x) for i, x in enumerate(texts) if "\0" not in x)]
    )
    quoted = '7,"c""d.com"\n8, b.com\n9,"f\ng.com"\n'
    table.write_bytes(gzip.compress(f"{text.getvalue()}{quoted}".encode()))
    assert on_spark(spark, table, tmp_path / "1", column="name") == local(table, "name", None)
    of_r = tmp_path / "r.csv"
    of_r.write_text('"client","name"\n"1","10.0.0.1","google.com"\n"2","::1","xmqjtoevkbhrw.ru"\n')
    assert on_spark(spark, of_r, tmp_path / "r", column="name") == local(of_r, "name", None)
    lines = [json.dumps({"dns": {"name": x}}) for x in texts]
    odd = ['{"other": 1}', "{}", "no JSON", '{"dns": {"name": 7}}', '{"dns": {"name": null}}']
    objects.write_bytes("\n".join([*lines, *odd]).encode() + b"\n\n")
    found = on_spark(spark, objects, tmp_path / "2", field="dns.name")
    assert found == local(objects, None, "dns.name")
    assert "skipped" in found[1]


def test_rows_of_many_files_stand_in_order_by_file_and_place(
    spark: SparkSession, tmp_path: Path
) -> None:
    """Spark reads b before c before a, and empty lines are as short as can be."""
    folder = tmp_path / "names"
    folder.mkdir()
    for name, rows_ in (("a", 2), ("b 1%", 50), ("c", 5)):
        (folder / f"{name}.txt").write_text("".join(f"{name[0]}{i}.com\n" for i in range(rows_)))
    (folder / "d.txt").write_text("\n" * 250 + "end.com")
    paths = sorted(folder.iterdir())
    found, _ = on_spark(spark, folder, tmp_path / "out", pieces="100")
    assert found == [row for path in paths for row in local(path, None, None)[0]]
    places = spark.read.parquet(str(tmp_path / "out")).select("file", "place").collect()
    assert len(set(places)) == len(found)
    assert {x["file"] for x in places} == set(map(str, paths))


def test_places_in_parquet_grow_along_the_file(spark: SparkSession, tmp_path: Path) -> None:
    for name, size in (("a", 3), ("b", 9)):
        table = pa.table({"name": [f"{name}{i}.com" for i in range(size)]})
        pq.write_table(table, tmp_path / f"{name}.parquet", row_group_size=2)
    found = data_files.open_files(spark, [str(tmp_path)])
    table, _ = scoring.score_files(found, MODEL, csv_column.Column("name"), None)
    domains = [x["domain"] for x in table.orderBy("file", "place").collect()]
    assert domains == [f"{name}{i}.com" for name, size in (("a", 3), ("b", 9)) for i in range(size)]


def test_csv_of_other_forms(spark: SparkSession, tmp_path: Path) -> None:
    """MySQL's quotes; a column by its number; rows that docs/scale.md lists."""
    path = tmp_path / "names.csv"
    path.write_text(r"""1;"a \"b\" c";a.com
2;"x";xmqjtoevkbhrw.ru
""")
    found = on_spark(spark, path, tmp_path / "mysql", column="3")
    assert found == local(path, "3", None)
    assert found[1].startswith("2 judged (1 flagged)")
    path.write_text('id,name\n1,a.com\n\n2\n3,"b.com\n4,c.com\n')
    rows, _ = on_spark(spark, path, tmp_path / "others", column="name")
    assert [(x[0], x[4]) for x in rows] == [
        ("a.com", "judged"), ("", "invalid"), ("b.com\n4,c.com\n", "invalid"),
    ]  # fmt: skip


def test_tables_of_different_headers_are_refused(spark: SparkSession, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("name,id\na.com,1\n")
    (tmp_path / "b.csv").write_text("id,name\n1,a.com\n")
    files = data_files.open_files(spark, [str(tmp_path)])
    with pytest.raises((PySparkException, Py4JError)) as raised:
        scoring.score_files(files, MODEL, csv_column.Column("name"), None)
    told = session.summarize_error(raised.value)
    assert told == "the files have different headers; give those of one header at a time"


def test_lines_that_are_no_text_are_told_and_none_is_lost(
    spark: SparkSession, tmp_path: Path
) -> None:
    path = tmp_path / "names.txt"
    path.write_bytes(b"google.com\nb\xff.com\n\nxmqjtoevkbhrw.ru\n")
    found, said = on_spark(spark, path, tmp_path / "out")
    assert [(x[0], x[4]) for x in found] == [
        ("google.com", "judged"), ("b\\xff.com", "invalid"), ("", "skipped"),
        ("xmqjtoevkbhrw.ru", "judged"),
    ]  # fmt: skip
    assert (
        said
        == local(path, None, None)[1]
        == "2 judged (1 flagged), 1 skipped (1 comment), 1 invalid"
    )


@pytest.fixture(scope="module")
def registered(spark: SparkSession) -> SparkSession:
    score_udf(spark)
    return spark


def test_a_column_of_nulls_has_no_names(registered: SparkSession) -> None:
    """Its type makes no difference, and nothing is lost."""
    columns = ("CAST(NULL AS DATE)", "NULL", "IF(id = 0, NULL, 'a.com')")
    found = registered.range(2).selectExpr(*(f"malicious_domain({x}).reason" for x in columns))
    assert tuple(found.collect()[0]) == ("placeholder",) * 3


@pytest.mark.parametrize(
    "expression",
    ["IF(id = 0, NULL, id)", "DATE'2025-11-26'", "CAST('a.com' AS BINARY)", "STRUCT('a.com')"],
)
def test_a_column_that_is_not_of_texts_is_refused(
    registered: SparkSession, expression: str
) -> None:
    found = registered.range(2).selectExpr(f"malicious_domain({expression}).reason")
    with pytest.raises(PySparkException) as raised:
        found.collect()
    told = "malicious_domain: a column that is not of texts; give it the column that has the"
    assert session.summarize_error(raised.value).startswith(told)


def test_what_cannot_be_scored_is_said(spark: SparkSession, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(MaliciousDomainsError, match=r"empty: there are no files in it"):
        data_files.open_files(spark, [str(tmp_path / "empty")])
    with pytest.raises(AnalysisException, match=r"Path does not exist: .*absent"):
        data_files.open_files(spark, [str(tmp_path / "absent")])
    table = tmp_path / "table.parquet"
    spark.range(3).selectExpr("id", "CAST(id AS STRING) AS `the.name`").write.parquet(str(table))
    found = data_files.open_files(spark, [str(table)])
    with pytest.raises(AnalysisException, match=r"`name` cannot be resolved.*`the\.name`"):
        scoring.score_files(found, MODEL, csv_column.Column("name"), None)
    with pytest.raises(MaliciousDomainsError, match="--column id: of bigint, not of texts"):
        scoring.score_files(found, MODEL, csv_column.Column("id"), None)
    with pytest.raises(MaliciousDomainsError, match=r"name one of id, the\.name, --column NAME"):
        scoring.score_files(found, MODEL, None, None)
    judged, _ = scoring.score_files(found, MODEL, csv_column.Column("the.name"), None)
    assert judged.count() == 3
    with pytest.raises(MaliciousDomainsError, match=r"table\.parquet is there already; remove it"):
        data_files.check_output(spark, str(table))
    data_files.check_output(spark, str(tmp_path / "new"))
