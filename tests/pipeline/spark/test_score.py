"""Names scored on a cluster of Spark are the rows of a single machine, in order."""

from __future__ import annotations

import csv
import gzip
import io
import json
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from lambda_app.chalicelib.model.score import Score
from lambda_app.chalicelib.model.scorer import Scorer
from pipeline.errors import PipelineError
from pipeline.scoring import feed, formats, rows, streams
from pipeline.scoring.workers import Job
from pipeline.spark import files, names, output, score_udf, scoring
from tests.helpers.route53 import day

JOB = Job(None, "max_f1", "csv", raw=True)
HOSTILE = [
    "a\0b.com", "x" * 100_000, "", "null", "=1+1.com", "bücher.example.com", "no name", "1.2.3.4",
    "http://user@xmqjtoevkbhrw.ru/x", "printer.local", "d111111abcdef8.cloudfront.net",
]  # fmt: skip


@pytest.fixture(scope="module")
def texts() -> list[str]:
    return [x["query_name"] for x in day(20)] + HOSTILE


def local(path: Path, column: str | None, field: str | None) -> tuple[list[list[str]], str]:
    """The rows of one machine, and its summary."""
    with streams.opened(path) as lines:
        if column:
            found = rows.from_csv(lines, rows.Column(column), rows.Notes())
        else:
            found = rows.from_json(lines, field or "", rows.Notes())
        chunks = list(feed.chunks(found if column or field else rows.from_lines(lines)))
    stream = io.StringIO()
    counts = formats.write((JOB.write(JOB.scorer(), x) for x in chunks), stream, "csv")
    csv.field_size_limit(1 << 20)
    return list(csv.reader(io.StringIO(stream.getvalue())))[1:], formats.summary(counts)


def on_spark(
    spark: SparkSession,
    path: Path,
    folder: Path,
    column: str | None = None,
    field: str | None = None,
) -> tuple[list[list[str]], str]:
    """The same of Spark's."""
    where = rows.Column(column) if column else None
    table, lacking = names.scored(files.opened(spark, [str(path)]), JOB, where, field)
    written = output.write(table, str(folder))
    found = [
        ["" if x is None else str(x) for x in (row[name] for name in formats.CSV_COLUMNS)]
        for row in written.collect()
    ]
    assert not lacking or lacking.get == {"without": 2}
    return found, formats.summary(scoring.counted(written))


def test_rows_of_csv_and_json_are_those_of_one_machine(
    spark: SparkSession, texts: list[str], tmp_path: Path
) -> None:
    table, objects = tmp_path / "names.csv.gz", tmp_path / "names.jsonl"
    text = io.StringIO()
    csv.writer(text).writerows(
        [("id", "name"), *((i, x) for i, x in enumerate(texts) if "\0" not in x)]
    )
    table.write_bytes(gzip.compress(f"{text.getvalue()}cut off\n".encode()))
    assert on_spark(spark, table, tmp_path / "1", column="name") == local(table, "name", None)
    lines = [json.dumps({"dns": {"name": x}}) for x in texts]
    odd = ['{"other": 1}', "{}", "no JSON", '{"dns": {"name": 7}}', '{"dns": {"name": null}}']
    objects.write_bytes("\n".join([*lines, *odd]).encode() + b"\n\n")
    found = on_spark(spark, objects, tmp_path / "2", field="dns.name")
    assert found == local(objects, None, "dns.name")
    assert "skipped" in found[1]


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


def test_a_function_for_sql_and_dataframes(
    spark: SparkSession, texts: list[str], language: Scorer
) -> None:
    score = score_udf(spark, operating_point="0.001")
    df = spark.createDataFrame([(x,) for x in [*texts[:200], *HOSTILE]] + [(None,)], "name string")
    found = [row["s"] for row in df.select(score("name").alias("s")).collect()]
    expected = language.at(0.001).score_many([*texts[:200], *HOSTILE])
    assert (found[-1]["status"], found[-1]["reason"]) == ("skipped", "placeholder")
    for row, x in zip(found, expected, strict=False):
        if isinstance(x, Score):
            verdict = ("judged", x.name, x.label, x.probability)
        else:
            verdict = (x.status, None, None, None)  # type: ignore[assignment]
        assert tuple(row)[:4] == verdict
    df.createOrReplaceTempView("asked")
    sql = (
        "SELECT malicious_domain(name).label AS label FROM asked WHERE name LIKE '%xmqjtoevkbhrw%'"
    )
    assert spark.sql(sql).collect()[0]["label"] == 1
    spark.catalog.dropTempView("asked")
    with pytest.raises(ValueError, match=r"no operating point '7'"):
        score_udf(spark, operating_point="7")


def test_what_cannot_be_scored_is_said(spark: SparkSession, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for path in (tmp_path / "empty", tmp_path / "absent"):
        with pytest.raises(PipelineError, match=rf"{path.name}: there (are no files|is no such)"):
            files.opened(spark, [str(path)])
    table = tmp_path / "table.parquet"
    spark.range(3).selectExpr("id", "CAST(id AS STRING) AS `the.name`").write.parquet(str(table))
    found = files.opened(spark, [str(table)])
    with pytest.raises(PipelineError, match="--column name: there is no such column; there are id"):
        names.scored(found, JOB, rows.Column("name"), None)
    with pytest.raises(PipelineError, match="--column id: it is of bigint, not of texts"):
        names.scored(found, JOB, rows.Column("id"), None)
    with pytest.raises(PipelineError, match=r"name one of id, the\.name, --column NAME"):
        names.scored(found, JOB, None, None)
    judged, _ = names.scored(found, JOB, rows.Column("the.name"), None)
    assert judged.count() == 3
    with pytest.raises(PipelineError, match=r"table\.parquet is there already; remove it"):
        output.check(spark, str(table))
    (table / "_SUCCESS").unlink()
    with pytest.raises(PipelineError, match="without _SUCCESS"):
        output.check(spark, str(table))
