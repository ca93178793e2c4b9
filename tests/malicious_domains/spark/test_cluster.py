"""Scoring and scanning on a cluster whose executor is a process of its own, which may be killed."""

from __future__ import annotations

import gzip
import json
import random
from contextlib import nullcontext
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from malicious_domains.cli import main
from malicious_domains.model.score import Score
from malicious_domains.model.scorer import Scorer
from malicious_domains.spark import score_udf
from tests.helpers import route53
from tests.helpers.commands import executor_killed
from tests.malicious_domains.spark.test_commands import OPEN_SESSION, as_written
from tests.malicious_domains.spark.test_scan import on_spark, single
from tests.malicious_domains.spark.test_score import HOSTILE

CLIENTS = 12
CRAWLER, FLOOD = "10.9.9.9", "10.9.9.8"


@pytest.fixture(scope="module")
def texts() -> list[str]:
    return [x["query_name"] for x in route53.day(8)]


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a simulated day of Route 53, as a folder of two files, with lines that are none."""
    folder = tmp_path_factory.mktemp("day")
    records = route53.day(CLIENTS)
    noon = route53.MIDNIGHT + 12 * 3600
    for client in ("10.0.0.40", "10.0.0.41"):  # who share odd names
        records += [
            route53.record(client, f"{name}.ru", noon)
            for name in ("xq7zkvw0pqj", "vqkxjzw81hq", "zzxqvkj3wpq")
        ]
    records += [
        route53.record(CRAWLER, f"site{i}.example{i}.net", noon + i / 100) for i in range(5001)
    ]
    draw = random.Random(5)
    for i in range(5100):
        name = "".join(draw.choices("bcdfghjklmnpqrstvwxz", k=12))
        records.append(route53.record(FLOOD, f"{name}.com", noon + i / 100, "NXDOMAIN"))
    lines = [json.dumps(x).encode() for x in records]
    lines += [b"no JSON", b"{}", json.dumps(route53.record("10.0.0.9", "a b\0", noon)).encode()]
    (folder / "one.json.gz").write_bytes(gzip.compress(b"\n".join(lines[::2]), 1))
    (folder / "two.jsonl").write_bytes(b"\n".join(lines[1::2]))
    return folder


def test_a_function_for_sql_and_dataframes(
    spark_cluster: SparkSession, texts: list[str], language: Scorer
) -> None:
    score = score_udf(spark_cluster, operating_point="0.001")
    df = spark_cluster.createDataFrame(
        [(x,) for x in [*texts[:200], *HOSTILE]] + [(None,)], "name string"
    )
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
    assert spark_cluster.sql(sql).collect()[0]["label"] == 1
    spark_cluster.catalog.dropTempView("asked")
    with pytest.raises(ValueError, match=r"no operating point '7'"):
        score_udf(spark_cluster, operating_point="7")


def test_an_executor_that_is_killed_loses_no_row(
    spark_cluster: SparkSession, texts: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(OPEN_SESSION, lambda *_: nullcontext(spark_cluster))
    path, out = tmp_path / "names.txt", tmp_path / "scored"
    path.write_text("".join(f"{x}\n" for x in texts))
    spark_cluster.conf.set("spark.sql.files.maxPartitionBytes", str(path.stat().st_size // 12))
    try:
        with executor_killed(lambda: any(out.rglob("part-*")), spark_cluster):
            assert main(["score", "--input", str(path), "--engine", "spark", "--out", str(out)]) < 2
    finally:
        spark_cluster.conf.unset("spark.sql.files.maxPartitionBytes")
    assert [row[0] for row in as_written(out)] == texts


def test_a_simulated_day_has_the_same_alarms_row_for_row(
    spark_cluster: SparkSession, day: Path, tmp_path: Path
) -> None:
    """Though an executor is killed."""
    rows, said = single(day)
    tracker = spark_cluster.sparkContext.statusTracker()
    first = len(tracker.getJobIdsForGroup())
    with executor_killed(lambda: len(tracker.getJobIdsForGroup()) >= first + 8, spark_cluster):
        found = on_spark(spark_cluster, day, tmp_path / "alarms")
    assert found == (rows, said)
    assert len(rows) > 4
    assert rows[-1]["alarms"][0]["kind"] == "shared-oddity"
    assert len(said) == 4  # the crawler and the flood are reported separately
    assert {CRAWLER, FLOOD} & {x["client"] for x in rows if x.get("client")} == {FLOOD}
    assert "2 broken" in said[0]
    assert not spark_cluster.catalog.listTables()
