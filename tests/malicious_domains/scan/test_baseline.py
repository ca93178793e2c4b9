"""The labels of earlier days, kept from scan to scan, and hosts of several addresses."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import pytest

from malicious_domains.names.errors import MaliciousDomainsError
from malicious_domains.scan import scan, scan_run
from malicious_domains.scan.client_names import ClientNames
from malicious_domains.scan.events_db import EventsDatabase, ScanError
from malicious_domains.scan.findings import BaselineSummary, Findings
from tests.helpers.commands import run_here as command
from tests.malicious_domains.scan.test_scan import BOT, BOTS, START, Rows, clean, infected, zeek

DAY = 86400


def on(days: int, rows: Rows) -> Rows:
    return [(time + days * DAY, client, name, code) for time, client, name, code in rows]


def scanned(folder: Path, rows: Rows, kept: Path | None) -> Findings:
    log = folder / "dns.log"
    log.write_text(zeek(rows))
    return scan([log], baseline=kept)


def alarmed(found: Findings) -> list[str]:
    return [x.client for x in found.alarmed]


def test_what_was_there_on_an_earlier_day_does_not_count(tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    rows = clean() + infected()
    assert alarmed(scanned(tmp_path, rows, kept)) == [BOT]
    assert alarmed(scanned(tmp_path, rows, kept)) == [BOT]  # the same day again
    again = scanned(tmp_path, on(3, rows), kept)
    assert (alarmed(again), again.baseline) == ([], BaselineSummary(26, START // DAY, START // DAY))
    assert alarmed(scanned(tmp_path, rows, kept)) == [BOT]  # and the first day once more
    with duckdb.connect(kept / "labels.duckdb", read_only=True) as connection:
        seen = connection.execute("SELECT DISTINCT first, last FROM seen").fetchall()
    assert seen == [(START // DAY, START // DAY + 3)]


def test_days_of_one_log_are_as_if_they_were_scanned_one_by_one(tmp_path: Path) -> None:
    found = scanned(tmp_path, clean() + infected() + on(1, infected()), tmp_path / "kept")
    assert [(x.client, x.day) for x in found.alarmed] == [(BOT, START // DAY)]


def test_a_scan_that_fails_adds_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError

    with monkeypatch.context() as broken:
        broken.setattr(scan_run, "_judge", fail)
        with pytest.raises(RuntimeError):
            scanned(tmp_path, clean() + infected(), tmp_path / "kept")
    assert alarmed(scanned(tmp_path, on(1, clean() + infected()), tmp_path / "kept")) == [BOT]


@pytest.mark.slow
def test_two_scans_at_once_both_add(tmp_path: Path) -> None:
    running = []
    for number in range(2):
        log = tmp_path / f"{number}.log"
        log.write_text(zeek([(START, "10.0.0.1", f"name{number}.com", "NOERROR")]))
        arguments = ["scan", str(log), "--baseline", str(tmp_path / "kept")]
        running.append(subprocess.Popen([sys.executable, "-m", "pipeline", *arguments]))
    assert [x.wait() for x in running] == [0, 0]
    with duckdb.connect(tmp_path / "kept" / "labels.duckdb", read_only=True) as connection:
        seen = connection.execute("SELECT label FROM seen ORDER BY label").fetchall()
    assert seen == [("name0",), ("name1",)]


KEEPER = """
import sys
from pathlib import Path
import duckdb
from malicious_domains.scan.events_db import EventsDatabase
with duckdb.connect() as connection:
    connection.execute(
        "CREATE TABLE client_labels AS "
        "SELECT $1 || '-' || range AS label, 20000 AS day FROM range(30000)",
        [sys.argv[2]],
    )
    print("keeping", flush=True)
    EventsDatabase(connection).save_baseline(Path(sys.argv[1]))
    print("kept", flush=True)
"""


@pytest.mark.slow
def test_a_scan_that_is_killed_while_it_adds_has_added_all_or_nothing(tmp_path: Path) -> None:
    before, took, draw, halfway = 0, 0.5, random.Random(1), 0
    for i in range(5):
        with subprocess.Popen(
            [sys.executable, "-c", KEEPER, tmp_path, str(i)], stdout=subprocess.PIPE
        ) as process:
            assert process.stdout
            assert process.stdout.readline() == b"keeping\n"
            start = time.monotonic()
            if i:  # the first one tells how long it takes
                time.sleep(draw.uniform(0, took))
                process.kill()
            done = process.stdout.readline() == b"kept\n"
            took = took if i else time.monotonic() - start
        with duckdb.connect() as connection:
            connection.execute("CREATE TABLE client_labels (label VARCHAR, day INTEGER)")
            EventsDatabase(connection).read_baseline(tmp_path)
        with duckdb.connect(tmp_path / "labels.duckdb", read_only=True) as connection:
            row = connection.execute("SELECT count(*) FROM seen").fetchone()
        assert row
        assert row[0] == before + 30_000 or (not done and row[0] == before)
        halfway += not done
        before = row[0]
    assert halfway >= 2


def test_a_damaged_baseline_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "labels.duckdb").write_text("nothing of DuckDB's" * 1000)
    with pytest.raises(ScanError, match=r"labels\.duckdb cannot be opened"):
        scanned(tmp_path, clean(), tmp_path)


# --- clients ---


def test_a_host_of_two_addresses_is_one_client(tmp_path: Path) -> None:
    addresses = ("192.0.2.1", "2001:DB8:0::1", "::ffff:192.0.2.1")
    rows: Rows = [(START + i, addresses[i % 3], name, "NXDOMAIN") for i, name in enumerate(BOTS)]
    (tmp_path / "dns.log").write_text(zeek(clean() + rows))
    (tmp_path / "same").write_text("# ours\n192.0.2.1 laptop\n2001:db8::1,laptop\n")
    done = command("scan", tmp_path / "dns.log", "--same-client", tmp_path / "same")
    assert "20 of 20 new names do not exist" in done.stdout
    assert [x.split()[0] for x in done.stdout.splitlines()[1::2]] == ["laptop"]
    left = command(
        *("scan", tmp_path / "dns.log", "--same-client", tmp_path / "same"),
        *("--not-clients", tmp_path / "same"),
    )
    assert (left.returncode, "20 not_a_client" in left.stderr) == (0, True)


def test_addresses_have_one_spelling() -> None:
    names = ClientNames()
    spellings = {names.name_client(x) for x in ("2001:DB8:0:0::1", "2001:db8::1")}
    assert spellings == {"2001:db8::1"}
    assert names.name_client("::ffff:192.0.2.1") == "192.0.2.1"
    assert names.name_client("laptop.lan") == "laptop.lan"


@pytest.mark.parametrize("text", ["192.0.2.1\n", "192.0.2.1,\n", b"\xff\xfe"])
def test_a_damaged_list_of_clients_is_an_error(tmp_path: Path, text: str | bytes) -> None:
    path = tmp_path / "same"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(MaliciousDomainsError, match="same"):
        ClientNames.load(path)
