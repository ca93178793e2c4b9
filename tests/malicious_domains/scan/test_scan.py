"""From a log to alarmed clients, by the command and by the functions beneath it."""

from __future__ import annotations

import csv
import io
import json
import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import numpy as np
import pytest

from malicious_domains.clients.common_labels import find_nxdomain_pairs, find_rare_pairs
from malicious_domains.dga.listing import first_names
from malicious_domains.model import eligible
from malicious_domains.scan import scan, terminal
from malicious_domains.scan.client_names import ClientNames
from malicious_domains.scan.events_db import EventsDatabase
from malicious_domains.scan.scored_hosts import score_hosts
from malicious_domains.scoring.model_options import ModelOptions
from pipeline.evaluation.client_days.joiners import word_lists
from tests.helpers.commands import run
from tests.helpers.commands import run_here as command

HEAD = "#separator \\x09\n#fields\tts\tid.orig_h\tquery\trcode_name\n"
Rows = list[tuple[float, str, str, str]]
KNOWN = ["google.com", "example.org", "wikipedia.org", "github.com", "bbc.co.uk", "kernel.org"]
START = 1_764_115_200  # 2025-11-26
BOT = "10.0.0.23"
BOTS = list(first_names("ramnit", None, "2016-01-01", None, 20))


def zeek(rows: Rows) -> str:
    return HEAD + "".join(
        f"{time}\t{client}\t{name}\t{code}\n" for time, client, name, code in rows
    )


def clean(clients: int = 40, queries: int = 2000) -> Rows:
    draw = random.Random(1)
    return [
        (
            START + 10 * i,
            f"10.0.0.{draw.randrange(20, 20 + clients)}",
            draw.choice(KNOWN),
            "NOERROR",
        )
        for i in range(queries)
    ]


def infected(code: str = "NXDOMAIN") -> Rows:
    return [(START + 12_000 + 3 * i, BOT, name, code) for i, name in enumerate(BOTS)]


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("log") / "dns.log"
    path.write_text(zeek(clean() + infected()))
    return path


def test_a_bot_among_clean_clients_is_found_and_explained(log: Path) -> None:
    found = run("scan", log)
    assert found.returncode == 1, found.stderr
    head, line, worst = found.stdout.splitlines()
    assert head.split() == ["client", "day", "score", "conf.", "false", "why"]
    assert line.startswith(f"{BOT}  2025-11-26")
    assert "20 of 20 rare names are NXDOMAIN and look random" in line
    assert "20 in 57 s from 03:20 UTC" in line
    assert set(worst.split()) <= set(BOTS)
    assert "2,022 lines = 2,020 queries judged" in found.stderr


def test_a_clean_log_raises_no_alarm(tmp_path: Path) -> None:
    path = tmp_path / "dns.log"
    path.write_text(zeek(clean()))
    found = command("scan", path)
    assert (found.returncode, found.stdout) == (0, "")


@pytest.mark.slow
def test_formats_for_programs(log: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(command("scan", log, "--format", "csv").stdout)))
    assert {row["client"] for row in rows} == {BOT}
    assert (rows[0]["kind"], rows[0]["day"]) == ("random-looking", "2025-11-26")
    (found,) = map(json.loads, command("scan", log, "--format", "jsonl").stdout.splitlines())
    assert found["client"] == BOT
    assert 0 < found["expected_false_alarms"] < 1
    assert found["alarms"][0]["expected_false_alarms"] == found["expected_false_alarms"]
    assert found["counts"]["dead"] == found["counts"]["new"] == 20
    assert {x["name"] for x in found["alarms"][0]["names"]} <= set(BOTS)
    assert found["first_seen"] == "2025-11-26T03:20:00Z"
    alert, *_ = map(json.loads, command("scan", log, "--format", "ecs").stdout.splitlines())
    assert alert["source"]["ip"] == BOT
    assert alert["threat"]["technique"]["subtechnique"]["id"] == ["T1568.002"]
    assert set(alert["related"]["hosts"]) <= set(BOTS)


def test_a_host_that_is_not_a_client_is_counted_and_not_scored(log: Path, tmp_path: Path) -> None:
    (tmp_path / "resolvers").write_text(f"# ours\n{BOT}  # a resolver\n")
    found = command("scan", log, "--not-clients", tmp_path / "resolvers")
    assert (found.returncode, found.stdout) == (0, "")
    assert "not_a_client" in found.stderr


def test_allowed_names_are_no_evidence(log: Path, tmp_path: Path) -> None:
    (tmp_path / "popular.csv").write_text("".join(f"{i},{name}\n" for i, name in enumerate(BOTS)))
    assert command("scan", log, "--popular", tmp_path / "popular.csv").returncode == 0


def test_the_highest_of_a_day_instead_of_a_threshold(tmp_path: Path) -> None:
    path = tmp_path / "dns.log"
    path.write_text(zeek([*clean(), (START, "10.0.0.7", "some-new-site.com", "NOERROR")]))
    found = command("scan", path, "--alarms-per-day", "1")
    assert found.returncode == 0, "no row is an alarm"
    assert found.stdout.splitlines()[1].startswith("10.0.0.7 ")


def test_without_rcodes_suspicious_names_alone_are_enough(tmp_path: Path) -> None:
    path = tmp_path / "dns.log"
    path.write_text(zeek(clean() + infected()).replace("rcode_name", "other"))
    found = scan([path])
    assert (found.has_rcodes, [x.client for x in found.alarmed]) == (False, [BOT])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["absent.log"], "absent.log: there is no such file"),
        ([], "LOG"),
        (["/dev/null", "--map", "client"], "expected client=COLUMN"),
        (["/dev/null", "--popular", "absent.csv"], "absent.csv"),
        (["/dev/null", "--not-clients", "absent"], "absent"),
        (["/dev/null", "--memory", "much"], "Memory must have a number"),
    ],
)
def test_the_message_says_why_a_log_cannot_be_scanned(arguments: list[str], message: str) -> None:
    failed = command("scan", *arguments)
    assert (failed.returncode, failed.stdout) == (2, "")
    assert message in failed.stderr
    assert "Traceback" not in failed.stderr


def test_lines_add_up(tmp_path: Path) -> None:
    odd: Rows = [
        (START, "10.0.0.9", "1.0.0.10.in-addr.arpa", "NOERROR"),
        (START, "10.0.0.9", "printer.local", "NOERROR"),
        (START, "10.0.0.9", "wpad", "NXDOMAIN"),
        (START, "10.0.0.9", "a b", "NOERROR"),
    ]
    path = tmp_path / "dns.log"
    path.write_text(zeek([*clean(queries=100), *odd]) + "cut off\n")
    counts = scan([path]).line_counts
    assert counts.scored == 100
    assert counts.skipped == {"reverse": 1, "special_use": 1, eligible.BARE: 1, eligible.NO_NAME: 1}
    assert counts.broken == 1
    assert counts.lines == len(path.read_text().splitlines())


@pytest.mark.slow
@pytest.mark.parametrize("names", [5001, 20_000])
def test_a_flood_of_dead_generated_names_is_an_alarm(tmp_path: Path, names: int) -> None:
    path, draw = tmp_path / "dns.log", random.Random(names)
    bots = {"".join(draw.choices("bcdfghjklmnpqrstvwxz", k=12)) for _ in range(names)}
    crawl: Rows = [(START + i, BOT, f"{x}.com", "NXDOMAIN") for i, x in enumerate(sorted(bots))]
    path.write_text(zeek(clean() + crawl))
    found = scan([path])
    (alarmed,) = found.alarmed
    assert (alarmed.client, alarmed.confidence) == (BOT, "high")
    assert alarmed.alarms[0].kind == "random-looking" and alarmed.families
    assert found.busy_clients == {BOT: names}
    assert any("judged by a sample" in line for line in terminal.summarize(found))


@pytest.mark.slow
@pytest.mark.parametrize("has_rcodes", [True, False])
def test_a_resolver_of_very_many_names_is_no_alarm_but_is_named(
    tmp_path: Path, has_rcodes: bool
) -> None:
    """Two in a hundred do not exist, and one in two hundred looks generated."""
    path, draw = tmp_path / "dns.csv", random.Random(1)
    words = word_lists(1)[0][:3000]
    names = {draw.choice(words) + draw.choice(words) for _ in range(20_000)}
    names |= {"".join(draw.choices("bcdfghjklmnpqrstvwxz", k=12)) for _ in range(100)}
    codes = ["NXDOMAIN" if i % 50 == 0 else "NOERROR" for i in range(len(names))]
    rows = [
        f"{START + i},192.0.2.53,{x}.com" + f",{code}" * has_rcodes
        for i, (x, code) in enumerate(zip(sorted(names), codes, strict=True))
    ]
    path.write_text("\n".join(["time,client,query" + ",rcode" * has_rcodes, *rows]))
    found = scan([path])
    assert found.alarmed == []
    assert list(found.busy_clients) == ["192.0.2.53"]


@contextmanager
def grouped(rows: Rows) -> Iterator[duckdb.DuckDBPyConnection]:
    """Make the tables of a scan of rows."""
    with duckdb.connect() as connection:
        database = EventsDatabase(connection)
        connection.execute(
            "CREATE TABLE events (time DOUBLE, client VARCHAR, query VARCHAR, rcode VARCHAR, "
            "why VARCHAR, unread_time VARCHAR, unknown_rcode VARCHAR, type_bit INTEGER)"
        )
        connection.executemany("INSERT INTO events VALUES (?, ?, ?, ?, NULL, NULL, NULL, 0)", rows)
        database.count_queries("FROM events")
        queries = database.list_queries()
        database.add_hosts(*score_hosts(ModelOptions(), queries))
        database.add_clients(ClientNames())
        database.join_labels()
        database.add_baseline(None)
        database.select_rare_labels(3)
        yield connection


def test_grouping_in_the_database_is_what_the_functions_say() -> None:
    """The Lambda uses the functions; DuckDB's tables must be the same."""
    draw = random.Random(2)
    rows = [
        (START + i, f"c{draw.randrange(6)}", f"n{draw.randrange(30)}.com", code)
        for i in range(300)
        for code in [draw.choice(["NOERROR", "NXDOMAIN", "NXDOMAIN", "BLOCKED", None])]
    ]
    with grouped(rows) as connection:  # type: ignore[arg-type]
        pairs = connection.execute(
            "SELECT client, label, has_rcodes, nxdomain_at_client FROM client_labels "
            "ORDER BY label, client"
        ).fetchall()
        found = set(
            connection.execute("SELECT client, label, nxdomain FROM rare_labels").fetchall()
        )
        named = connection.execute("SELECT max(text) FROM labels JOIN texts ON number = label")
        assert named.fetchall() == [("n9",)]
    labels = sorted({label for _, label, _, _ in pairs})
    label = np.array([labels.index(x[1]) for x in pairs])
    coded, all_nx = (np.array([x[i] for x in pairs]) for i in (2, 3))
    dead = find_nxdomain_pairs(all_nx, label, coded)
    clients = np.bincount(label)
    popular = np.zeros(len(labels), np.bool_)
    kept = find_rare_pairs(label, dead, popular, clients, 6, True)
    expected = {(x[0], x[1], bool(d)) for x, d, k in zip(pairs, dead, kept, strict=True) if k}
    assert found == expected


def test_a_label_under_several_suffixes_is_one_and_case_does_not_matter() -> None:
    rows: Rows = [
        (START, "c", f"XmqjtoevKbhrw.{end}", "NXDOMAIN") for end in ("ru", "com", "co.uk")
    ]
    with grouped(rows) as connection:
        found = connection.execute(
            "SELECT text, suffixes, nxdomain FROM rare_labels JOIN texts ON number = label"
        ).fetchall()
    assert found == [("xmqjtoevkbhrw", 3, True)]


@pytest.mark.parametrize("time", ["nan", "inf", "1e300", "-1e300"])
def test_an_impossible_time_does_not_stop_a_scan(time: str, tmp_path: Path) -> None:
    path = tmp_path / "dns.log"
    path.write_text(zeek(clean(queries=100)) + f"{time}\t10.0.0.9\tkernel.org\tNOERROR\n")
    assert scan([path]).line_counts.scored == 101
