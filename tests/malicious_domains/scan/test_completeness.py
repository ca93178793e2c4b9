"""A scan that read nothing, or too little, does not look like one of a clean network."""

from __future__ import annotations

import gzip
import json
import sqlite3
from pathlib import Path

import pytest
import zstandard

from tests.helpers.commands import run_here as command
from tests.malicious_domains.scan.test_scan import HEAD, START, clean, infected, zeek

ECS = {
    "@timestamp": "2025-11-25T12:00:00Z", "source": {"ip": "192.0.2.1"}, "event": {"kind": "event"},
    "dns": {"question": {"name": "www.example.com"}, "response_code": "NOERROR"},
}  # fmt: skip
GOOD = zeek(clean(queries=500))
NOTHING = {
    "empty": ("", "the log is empty; see whether"),
    "blank": ("\n \n\n", "the log is empty"),
    "header": (HEAD, "2 of 2 lines are other events; name a log of DNS queries"),
    "broken": (HEAD + "cut\n" * 100, "100 of 102 lines are broken; name their format"),
    "no names": (HEAD + f"{START}\t10.0.0.1\ta b\tNOERROR\n" * 9, "9 of them no_name"),
    "no clients": (HEAD + f"{START}\t-\tgoogle.com\tNOERROR\n" * 9, "9 of them no_client"),
    "no DNS": (
        json.dumps({"timestamp": "2025-11-25T12:00:00Z", "event_type": "flow", "src_ip": "::1"}),
        "1 of 1 lines are other events",
    ),
}


@pytest.mark.parametrize("kind", [*NOTHING])
@pytest.mark.parametrize("lenient", [False, True])
def test_nothing_was_scored(tmp_path: Path, kind: str, lenient: bool) -> None:
    content, message = NOTHING[kind]
    (tmp_path / "dns.log").write_text(content)
    done = command("scan", tmp_path / "dns.log", *["--lenient"] * lenient)
    assert (done.returncode, done.stdout) == (3, "")
    assert message in done.stderr.splitlines()[-1]
    assert "nothing was scored" in done.stderr.splitlines()[-1]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("broken", "good", "status"), [(10, 100, 0), (11, 1200, 0), (11, 1000, 3), (900, 9, 3)]
)
def test_many_broken_lines(tmp_path: Path, broken: int, good: int, status: int) -> None:
    (tmp_path / "dns.log").write_text(zeek(clean(queries=good)) + "cut\n" * broken)
    done = command("scan", tmp_path / "dns.log")
    assert done.returncode == status, done.stderr
    assert (f"{broken} of {broken + good + 2:,} lines are broken: " in done.stderr) == (status == 3)
    assert command("scan", tmp_path / "dns.log", "--lenient").returncode == 0


@pytest.mark.slow
def test_files_that_are_left_out_or_cut(tmp_path: Path) -> None:
    for name, content in (("dns.log", GOOD), ("diary.txt", "dear diary\n")):
        (tmp_path / name).write_text(content)
    done = command("scan", tmp_path / "dns.log", tmp_path / "diary.txt")
    assert done.returncode == 3
    assert "diary.txt: no DNS log" in done.stderr.splitlines()[-1]
    assert command("scan", tmp_path).returncode == 0, "nobody named it"
    for compress in (gzip.compress, zstandard.compress):
        lines = GOOD + "".join(
            f"{START + i * i % 9973}\t10.0.0.1\tgoogle.com\tNOERROR\n" for i in range(9000)
        )
        whole = compress(lines.encode())
        (tmp_path / "dns.log").write_bytes(whole[: len(whole) // 2])
        done = command("scan", tmp_path / "dns.log", "--lenient")
        assert done.returncode == 3
        assert "damaged or end too early" in done.stderr.splitlines()[-1]


@pytest.mark.slow
def test_alarms_come_first(tmp_path: Path) -> None:
    (tmp_path / "dns.log").write_text(zeek(clean() + infected()) + "cut\n" * 100)
    done = command("scan", tmp_path / "dns.log")
    assert done.returncode == 1
    assert "100 of 2,122 lines are broken" in done.stderr.splitlines()[-1]
    rare = (START, "10.0.0.7", "some-new-site.com", "NOERROR")
    (tmp_path / "dns.log").write_text(zeek([*clean(), rare]) + "cut\n" * 100)
    report = tmp_path / "report"
    done = command("scan", tmp_path / "dns.log", "--alarms-per-day", "1", "--out", report)
    assert (done.returncode, len(done.stdout.splitlines())) == (3, 3)
    assert "lines are broken" in done.stderr.splitlines()[-1]
    assert (report / "index.html").exists()


@pytest.mark.slow
def test_no_new_day_is_no_problem(tmp_path: Path) -> None:
    log, database = tmp_path / "dns.log", tmp_path / "pihole-FTL.db"
    log.write_text(GOOD)
    with sqlite3.connect(database) as connection:
        connection.executescript(
            "CREATE TABLE queries (timestamp REAL, domain TEXT, client TEXT, type INTEGER);"
            "INSERT INTO queries VALUES (1764072000, 'google.com', '192.0.2.1', 1);"
        )
    connection.close()
    for path in (log, database):
        assert command("scan", path, "--since", "2030-01-01").returncode == 0
        state = ("--state", tmp_path / f"state-{path.name}", "--since", "last")
        assert [command("scan", path, *state).returncode for _ in range(2)] == [0, 0]
    log.write_text("")
    assert command("scan", log, "--since", "2030-01-01").returncode == 3


@pytest.mark.slow
def test_formats_and_columns_are_named(tmp_path: Path) -> None:
    log = tmp_path / "dns.json"
    log.write_text(json.dumps(ECS) + "\n")
    assert (
        f"{log}: ECS, client from source.ip, query from dns.question.name, time from @timestamp, "
        "rcode from dns.response_code\n"
    ) in command("scan", log).stderr
    log.write_text(GOOD)
    assert (
        f"{log}: zeek, client from id.orig_h, query from query, time from ts, rcode from rcode_name"
    ) in command("scan", log).stderr
    log.write_text("when;who;name\n1764072000;192.0.2.1;google.com\n")
    mapping = 'client="laptop",query=name,time=when'
    assert (f'{log}: CSV, client from "laptop", query from name, time from when\n') in command(
        "scan", log, "--map", mapping
    ).stderr
    log.write_text("Nov 25 12:00:00 dnsmasq[1]: query[A] google.com from 192.0.2.1\n")
    assert f"{log}: dnsmasq\n" in command("scan", log).stderr
    for i in range(4):
        (tmp_path / f"{i}.log").write_text(GOOD)
    log.unlink()
    assert f"{tmp_path}/0.log, {tmp_path}/1.log and 2 more: zeek, client" in (
        command("scan", tmp_path).stderr
    )


def test_blank_lines_are_counted(tmp_path: Path) -> None:
    (tmp_path / "dns.log").write_text(zeek(clean(queries=10)).replace("\n", "\n\n", 5) + " \n")
    done = command("scan", tmp_path / "dns.log")
    assert "18 lines = 10 queries judged + 0 skipped + 2 other events + 0 broken + 6 blank" in (
        done.stderr
    )
