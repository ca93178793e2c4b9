"""score and scan --engine spark as a user gives them, and what they go through on the way."""

from __future__ import annotations

import csv
import io
import json
import os
from contextlib import nullcontext
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyspark.sql import SparkSession

from malicious_domains.cli import main
from malicious_domains.dga.listing import first_names
from malicious_domains.scoring.model_options import ModelOptions, load_scorer
from malicious_domains.scoring.output_formats import CSV_COLUMNS
from malicious_domains.spark import data_files
from malicious_domains.spark.python_workers import Batches, Results
from malicious_domains.spark.scoring import score_rows
from tests.helpers import route53
from tests.helpers.data import without_nulls

OPEN_SESSION = "malicious_domains.cli.options.ScorerOptions.open_session"


@pytest.fixture(autouse=True)
def one_session(spark: SparkSession, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give the command the tests' own session: another takes a quarter of a minute."""
    monkeypatch.setattr(OPEN_SESSION, lambda *_: nullcontext(spark))


@pytest.fixture(scope="module")
def texts() -> list[str]:
    return [x["query_name"] for x in route53.day(8)]


def as_written(folder: Path) -> list[list[str]]:
    """Return the rows that score wrote to a folder, as in its CSV."""
    rows = pq.read_table(folder).sort_by([("file", "ascending"), ("place", "ascending")])
    found = rows.select(CSV_COLUMNS).to_pylist()
    return [["" if x is None else str(x) for x in row.values()] for row in found]


def test_the_command_writes_the_rows_of_one_machine(
    texts: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table, out = tmp_path / "names.csv", tmp_path / "scored"
    with table.open("w", newline="") as file:
        csv.writer(file).writerows([("id", "name"), *enumerate([*texts, "no name", "two\nlines"])])
    asked = ["score", "--input", str(table), "--column", "name", "--operating-point", "0.001"]
    assert main([*asked, "--format", "csv", "--raw", "--jobs", "1"]) == 1
    local = capsys.readouterr()
    assert main([*asked, "--engine", "spark", "--out", str(out)]) == 1
    on_spark = capsys.readouterr()
    assert as_written(out) == [*csv.reader(io.StringIO(local.out, newline=""))][1:]
    said = [local.err.splitlines()[-1], f"score: written {out}"]
    assert (on_spark.out, on_spark.err.splitlines()[-2:]) == ("", said)
    assert main([*asked, "--engine", "spark", "--out", str(out)]) == 2
    assert f"{out} is there already; remove it" in capsys.readouterr().err


def test_a_python_process_loads_the_model_once(
    spark: SparkSession, texts: list[str], tmp_path: Path
) -> None:
    """However many tasks it is given."""
    for i in range(6):
        (tmp_path / f"{i}.txt").write_text("".join(f"{x}\n" for x in texts[i::6]))
    model = ModelOptions("classic")

    def count_loads(batches: Batches) -> Results:
        before = load_scorer.cache_info().misses
        rows = sum(len(score_rows(load_scorer(model), x["value"].to_pylist())) for x in batches)
        loaded = load_scorer.cache_info().misses - before
        columns = [pa.array([x]) for x in (os.getpid(), rows, loaded)]
        yield pa.RecordBatch.from_arrays(columns, ["process", "rows", "loaded"])

    spark.conf.set("spark.sql.files.maxPartitionBytes", "1000")
    try:
        table = data_files.open_files(spark, [str(tmp_path)]).lines
        tasks = table.mapInArrow(count_loads, "process long, rows long, loaded long").collect()
    finally:
        spark.conf.unset("spark.sql.files.maxPartitionBytes")
    processes = {x["process"] for x in tasks}
    assert len(tasks) > 2 * len(processes)
    assert sum(x["loaded"] for x in tasks) == len(processes)
    assert sum(x["rows"] for x in tasks) == len(texts)


def outbreak() -> list[str]:
    """Return Zeek's JSON without response codes, of an outbreak; some ask for no rare label."""
    asked = [(600 * i, f"10.0.0.{i}", x) for i in range(20) for x in ("a.de", "bbc.com")]
    bots = [*first_names("ramnit", None, "2016-01-01", None, 12)]
    asked += [(60 * i, f"10.0.0.{c}", x) for c in (3, 4, 5) for i, x in enumerate(bots)]
    same = {"id.resp_p": 53, "qtype_name": "A"}
    return [
        json.dumps({"ts": route53.MIDNIGHT + at, "id.orig_h": client, "query": name} | same)
        for at, client, name in [*asked, (0, "10.0.0.3", "rare.org")]
    ]


def test_a_scan_ends_as_without_spark(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], spark: SparkSession
) -> None:
    """With its rows, its statuses and its last lines: alarms, too many broken lines, no log."""
    event = {"time": route53.MIDNIGHT, "client": "10.0.0.1", "query": "example.com"}
    logs = {
        "outbreak.json": ([*outbreak(), "cut off"], ["--alarms-per-day", "2"]),
        "broken.json": ([json.dumps(event), *["no JSON"] * 30], list[str]()),
    }
    statuses, kinds = list[int](), list[list[str]]()
    for name, (lines, options) in logs.items():
        path, out = tmp_path / name, tmp_path / f"{name}.alarms"
        path.write_text("\n".join(lines) + "\n")
        scan = ["scan", str(path), *options]
        local = main([*scan, "--format", "jsonl", "--jobs", "1"])
        alone = capsys.readouterr()
        statuses.append(main([*scan, "--engine", "spark", "--out", str(out)]))
        on_spark = capsys.readouterr().err.splitlines()
        assert statuses[-1] == local, on_spark
        on_spark.remove(f"scan: written {out}")
        said = [x for x in alone.err.splitlines() if ", line " not in x]
        assert on_spark == said
        rows = [without_nulls(json.loads(x)) for x in alone.out.splitlines()]
        assert without_nulls(pq.read_table(out).to_pylist()) == rows
        kinds.append([x["alarms"][0]["kind"] for x in rows])
    assert (statuses, kinds) == ([1, 3], [["outbreak"] * 2, []])
    (tmp_path / "dns.log").write_text("Nov 25 10:00:00 dnsmasq[1]: query[A] a.com from ::1\n")
    asked = ["scan", str(tmp_path / "dns.log"), "--engine", "spark", "--out", str(tmp_path / "o")]
    assert main(asked) == 3
    assert "Spark reads no other logs here" in capsys.readouterr().err
    names = tmp_path / "names.jsonl"
    names.write_text('{"other": 1}\n')
    asked = ["score", "--input", str(names), "--field", "query", "--engine", "spark"]
    assert main([*asked, "--out", str(tmp_path / "none")]) == 3
    assert "1 JSON objects have no 'query'" in capsys.readouterr().err
