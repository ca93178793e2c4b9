"""The commands of `alarms`, and `scan --since`."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from malicious_domains.scan import scan
from tests.helpers.commands import run_here as command
from tests.malicious_domains.scan.test_scan import BOT, BOTS, START, Rows, clean, infected, zeek
from tests.malicious_domains.scan.test_state import DAY, alarmed, bot, on, scanned

OTHER = "10.0.0.31"


def alarms(folder: Path, *words: str) -> str:
    """Run a command of `alarms` that ends well."""
    name, *rest = words
    done = command("alarms", name, *rest, "--state", folder / "kept")
    assert done.returncode == 0, done.stderr
    return done.stdout


def ids(folder: Path, *options: str) -> list[str]:
    lines = alarms(folder, "list", *options, "--format", "jsonl").splitlines()
    return [json.loads(x)["id"] for x in lines]


def states(folder: Path) -> list[str]:
    lines = alarms(folder, "list", "--format", "jsonl").splitlines()
    return [json.loads(x)["state"] for x in lines]


def day(number: int) -> str:
    return str(datetime.fromtimestamp(START + number * DAY, UTC).date())


def test_alarms_are_listed_by_client_label_and_generator(tmp_path: Path) -> None:
    dead = [f"link-{i}-is-dead-{i * i}.com" for i in range(60)]
    scanned(tmp_path, clean() + infected() + bot(dead, OTHER))
    mine = ids(tmp_path, "--client", BOT)
    assert len(mine) == 1
    assert set(ids(tmp_path)) > {*mine}
    name = BOTS[0]
    assert ids(tmp_path, "--label", name) == mine
    assert ids(tmp_path, "--label", name.partition(".")[0].upper()) == mine
    assert ids(tmp_path, "--generator", "Ramnit") == mine
    assert ids(tmp_path, "--client", OTHER, "--label", name) == []
    head, *rows = alarms(tmp_path, "list").splitlines()
    assert head.split()[:3] == ["id", "state", "client"]
    assert [x.split()[0] for x in rows] == ids(tmp_path)
    shown = alarms(tmp_path, "show", *mine)
    assert all(x in shown for x in (*mine, BOT, "random-looking", "names:", f"  {name}"))


@pytest.mark.slow
def test_an_acknowledged_alarm_is_quiet_until_its_day(tmp_path: Path) -> None:
    assert len(alarmed(scanned(tmp_path, clean() + infected()))) == 1
    (id,) = ids(tmp_path)
    alarms(tmp_path, "acknowledge", id, "--until", day(3), "--reason", "a printer")
    assert states(tmp_path) == ["acknowledged"]
    assert "a printer" in alarms(tmp_path, "show", id)
    assert alarmed(scanned(tmp_path, on(1, clean() + infected()))) == []
    scanned(tmp_path, on(2, clean()))  # a day without it is not its end
    assert alarmed(scanned(tmp_path, on(3, clean() + infected()))) == []
    assert (ids(tmp_path), states(tmp_path)) == ([id], ["acknowledged"])
    assert alarmed(scanned(tmp_path, on(4, clean() + infected()))) == [(BOT, 4)]
    assert alarmed(scanned(tmp_path, on(5, clean() + infected()))) == []
    assert (ids(tmp_path), states(tmp_path)) == ([id], ["continuing"])


@pytest.mark.slow
def test_an_acknowledged_alarm_that_becomes_worse_is_shown(tmp_path: Path) -> None:
    scanned(tmp_path, clean() + bot(BOTS[:6]))
    alarms(tmp_path, "acknowledge", *ids(tmp_path), "--until", day(9), "--reason", "a printer")
    assert alarmed(scanned(tmp_path, on(1, clean() + infected()))) == [(BOT, 1)]
    assert alarmed(scanned(tmp_path, on(2, clean() + infected()))) == []
    assert states(tmp_path) == ["acknowledged"]


@pytest.mark.slow
def test_a_reopened_alarm_is_news_again(tmp_path: Path) -> None:
    scanned(tmp_path, clean() + infected())
    (id,) = ids(tmp_path)
    alarms(tmp_path, "acknowledge", id, "--until", day(9), "--reason", "a printer")
    alarms(tmp_path, "reopen", id)
    assert alarmed(scanned(tmp_path, on(1, clean() + infected()))) == [(BOT, 1)]
    assert alarmed(scanned(tmp_path, on(2, clean() + infected()))) == []


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("show", "nothing"), "no alarm has the id 'nothing'; see `alarms list`"),
        (("reopen", "nothing"), "no alarm has the id 'nothing'"),
        (("acknowledge", "x", "--until", "soon", "--reason", "y"), "'soon': give it as YYYY-MM-DD"),
        (("acknowledge", "x", "--until", "2026-01-01"), "Missing option '--reason'"),
    ],
)
def test_what_cannot_be_done_is_said(tmp_path: Path, words: tuple[str, ...], message: str) -> None:
    scanned(tmp_path, clean() + infected())
    failed = command("alarms", *words, "--state", tmp_path / "kept")
    assert (failed.returncode, failed.stdout) == (2, "")
    assert message in failed.stderr


def test_a_folder_without_a_state_is_left_as_it_is(tmp_path: Path) -> None:
    failed = command("alarms", "list", "--state", tmp_path / "absent")
    assert (failed.returncode, "no scan has kept anything there" in failed.stderr) == (2, True)
    assert not (tmp_path / "absent").exists()


# --- --since ---


def pihole(path: Path, rows: Rows) -> Path:
    """Write rows as Pi-hole's database."""
    codes = {"NOERROR": 4, "NXDOMAIN": 2}
    with closing(sqlite3.connect(path)) as database, database:
        database.execute(
            "CREATE TABLE IF NOT EXISTS queries (id INTEGER PRIMARY KEY, timestamp INTEGER, "
            "type INTEGER, status INTEGER, domain TEXT, client TEXT, forward TEXT, "
            "reply_type INTEGER)"
        )
        database.executemany(
            "INSERT INTO queries VALUES (NULL, ?, 1, 2, ?, ?, NULL, ?)",
            [(time, name, client, codes[code]) for time, client, name, code in rows],
        )
    return path


@pytest.mark.slow
def test_a_year_of_pihole_is_read_once(tmp_path: Path) -> None:
    days = [x for i in range(0, 360, 30) for x in on(i, clean(queries=200) + infected())]
    log = pihole(tmp_path / "pihole-FTL.db", days)
    options = ("scan", log, "--state", tmp_path / "kept", "--since", "last")
    first = command(*options)
    assert (first.returncode, "2,640 queries judged" in first.stderr) == (1, True)
    again = command(*options)
    assert (again.returncode, again.stdout) == (0, "")
    assert "0 lines = 0 queries judged" in again.stderr
    assert f"since {day(331)}: earlier days were not judged" in again.stderr
    pihole(log, on(331, clean(queries=200) + bot(BOTS, OTHER)))
    news = command(*options)
    assert (news.returncode, "220 queries judged" in news.stderr) == (1, True)
    assert OTHER in news.stdout
    assert BOT not in news.stdout


@pytest.mark.slow
def test_today_is_read_until_it_is_over(tmp_path: Path) -> None:
    midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0).timestamp()
    today = int(midnight - START) // DAY
    log = pihole(tmp_path / "pihole-FTL.db", on(today - 1, clean(queries=100)))
    found = []
    for rows in (clean(queries=100), bot(BOTS[:10]), bot(BOTS[10:])):
        pihole(log, on(today, rows))
        findings = scan([log], state=tmp_path / "kept", since="last")
        found.append((findings.line_counts.scored, len(findings.alarmed)))
    assert found == [(200, 0), (110, 1), (120, 0)]
    assert len(ids(tmp_path)) == 1


@pytest.mark.slow
def test_earlier_lines_of_other_logs_are_counted(tmp_path: Path) -> None:
    log = tmp_path / "dns.log"
    log.write_text(zeek(clean() + infected() + on(2, clean(queries=100))))
    done = command("scan", log, "--since", day(2))
    assert (done.returncode, done.stdout) == (0, "")
    assert "100 queries judged + 2,020 skipped (2,020 earlier)" in done.stderr
    assert alarmed(scan([log], since=date.fromisoformat(day(0)))) == [(BOT, 0)]
    later = date.fromisoformat(day(3))
    assert scan([log], since=str(later + timedelta(days=1))).line_counts.scored == 0


def test_last_needs_a_state_and_a_date_is_a_date(tmp_path: Path) -> None:
    failed = command("scan", "/dev/null", "--since", "last")
    assert (failed.returncode, "--since last: --state DIR knows" in failed.stderr) == (2, True)
    failed = command("scan", "/dev/null", "--since", "yesterday")
    assert (failed.returncode, "give it as YYYY-MM-DD" in failed.stderr) == (2, True)
