"""A log scanned on Spark gives the rows of a single machine."""

from __future__ import annotations

import base64
import json
import random
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession

from malicious_domains.names.errors import MaliciousDomainsError
from malicious_domains.scan import alarm_formats, scan_run, terminal
from malicious_domains.scan.reading.read_logs import Source
from malicious_domains.spark import data_files, python_workers, scan, scanning
from malicious_domains.spark.log_events import read_events
from tests.helpers import route53
from tests.helpers.data import without_nulls as plain


def single(path: Path) -> tuple[list[Any], list[str]]:
    """Return the alarms of one machine, and what it says of the lines."""
    found = scan_run.scan_logs(scan_run.Request(source=Source.of([path])))
    rows = [plain(json.loads(line)) for line in alarm_formats.format_jsonl(found)]
    said = [
        terminal.summarize_lines(found),
        terminal.summarize_days(found),
        *map(terminal.explain_busy, *columns(found.busy_clients)),
    ]
    return rows, said


def columns(busy: dict[str, int]) -> tuple[list[str], list[int]]:
    return list(busy), list(busy.values())


def on_spark(spark: SparkSession, path: Path, folder: Path) -> tuple[list[Any], list[str]]:
    """Return the same from Spark, out of the folder that it wrote."""
    events, _ = read_events(data_files.open_files(spark, [str(path)]), {})
    with scanning.scan_events(events, scanning.ScanRequest()) as (alarms, found):
        written = data_files.write_parquet(alarms, str(folder))
        rows = [plain(row.asDict(recursive=True)) for row in written.collect()]
    assert (folder / "_SUCCESS").exists()
    return rows, [
        terminal.summarize_lines(found),
        terminal.summarize_days(found),
        *map(terminal.explain_busy, *columns(found.busy_clients)),
    ]


def tunnels() -> list[route53.Record]:
    """Return invalid names, floods over the sample's size, and tunnels that clients share."""
    draw, rows = random.Random(1), list[route53.Record]()

    def ask(client: str, name: str, qtype: str = "A", rcode: str = "NOERROR") -> None:
        at = route53.MIDNIGHT + len(rows)
        rows.append(route53.record(client, name, at, rcode, query_type=qtype))

    for i in range(30):
        for name in ("www.google.com", "api.github.com", "mail.example.org"):
            ask(f"10.1.0.{i}", name)
    for i in range(12):
        parent = "shared.com" if i > 8 else f"evil{i}.co.uk"
        for k in range(10 * i):
            code = base64.b64encode(draw.randbytes(24)).decode()
            end = "+/" if i % 3 == 0 else ""
            ask(f"10.1.0.{i}", f"{code}{end}.{k}.{parent}", draw.choice(("TXT", "A", "SRV")))
    for k in range(5200):
        ask("10.1.0.20", f"{k * 7919:x}.shop.com", "A", "NXDOMAIN")
    return rows


def test_a_table_of_ones_own_has_the_alarms_of_its_log(
    spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A table with other column names has the same alarms, and no label is scored twice."""
    rows, log = route53.day(7) + tunnels(), tmp_path / "dns.jsonl"
    log.write_text("".join(json.dumps(x) + "\n" for x in rows))
    alone, _ = single(log)
    kinds = {y["kind"] for x in alone for y in x["alarms"]}
    assert kinds > {"tunnel", "many-below"}
    assert any(x.get("client") is None for x in alone)
    keys = ("srcaddr", "query_name", "query_timestamp", "rcode", "query_type")
    names = ("from", "the.name", "at", "code", "kind")
    schema = ", ".join(f"`{x}` string" for x in names)
    df = spark.createDataFrame([tuple(x[key] for key in keys) for x in rows], schema)
    seen: list[str] = []

    def noted(labels: DataFrame, *more: Any) -> DataFrame:
        seen.extend(x["label"] for x in labels.select("label").collect())
        return score_labels(labels, *more)

    score_labels = python_workers.score_labels
    monkeypatch.setattr(python_workers, "score_labels", noted)
    alarms = scan(df, client="from", query="the.name", time="at", rcode="code", qtype="kind")
    assert [plain(x.asDict(recursive=True)) for x in alarms.collect()] == alone
    assert len(seen) == len(set(seen)) > 300
    alarms.unpersist()
    with pytest.raises(MaliciousDomainsError, match=r"rcode=no: .* there are from"):
        scan(df, client="from", query="the.name", rcode="no")
