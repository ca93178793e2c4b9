"""The state that scans keep from night to night: labels and alarms, whole whatever happens."""

from __future__ import annotations

import csv
import io
import json
import os
import random
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from malicious_domains.dga.listing import first_names
from malicious_domains.scan import scan, scan_run
from malicious_domains.scan import state as state_module
from malicious_domains.scan.findings import BaselineSummary, Findings
from malicious_domains.scan.state import FILE, KeptAlarm, StateError, open_state
from tests.helpers.commands import PIPELINE
from tests.helpers.commands import run_here as command
from tests.malicious_domains.scan.test_scan import (
    BOT,
    BOTS,
    HEAD,
    START,
    Rows,
    clean,
    infected,
    zeek,
)

DAY = 86400
FIRST = START // DAY
OTHERS = list(first_names("ramnit", None, "2016-01-01", None, 200))[20:]


def on(days: int, rows: Rows) -> Rows:
    return [(time + days * DAY, client, name, code) for time, client, name, code in rows]


def bot(names: list[str], client: str = BOT, code: str = "NXDOMAIN") -> Rows:
    return [(START + 12_000 + 3 * i, client, name, code) for i, name in enumerate(names)]


def scanned(folder: Path, rows: Rows, *, all_alarms: bool = False) -> Findings:
    """Scan rows with the state of a folder."""
    log = folder / "dns.log"
    log.write_text(zeek(rows))
    kept = folder / "kept"
    return scan([log], state=None if all_alarms else kept, baseline=kept if all_alarms else None)


def alarmed(findings: Findings) -> list[tuple[str, int]]:
    return [(x.client, (x.day or 0) - FIRST) for x in findings.alarmed]


def listed(folder: Path) -> list[KeptAlarm]:
    with open_state(folder / "kept", create=False) as state:
        return state.list_alarms()


def states(folder: Path) -> list[tuple[str, int, int, str]]:
    return [(x.client, x.first - FIRST, x.last - FIRST, x.state) for x in listed(folder)]


# --- labels ---


@pytest.mark.slow
def test_labels_of_an_earlier_day_are_common(tmp_path: Path) -> None:
    odd = bot(BOTS, code="NOERROR")[:2]  # too few for an alarm
    assert alarmed(scanned(tmp_path, clean() + odd)) == []
    again = scanned(tmp_path, on(3, clean() + odd))
    assert again.baseline == BaselineSummary(8, FIRST, FIRST)
    assert scanned(tmp_path, clean() + odd).baseline == BaselineSummary(0, None, None)


@pytest.mark.slow
@pytest.mark.parametrize("code", ["NXDOMAIN", "NOERROR"])
def test_an_outbreak_stays_in_sight_on_each_day(tmp_path: Path, code: str) -> None:
    """The names of an alarm, and those that are NXDOMAIN, never become common."""
    hosts = [f"10.0.0.{30 + i}" for i in range(5)]
    for day in range(5):
        rows = clean() + [x for y in hosts[: day + 1] for x in bot(BOTS, y, code)]
        findings = scanned(tmp_path, on(day, rows), all_alarms=True)
        found = {x.client for x in findings.alarmed}
        assert found == {*hosts[: day + 1]}


@pytest.mark.slow
def test_names_of_an_acknowledged_alarm_and_of_no_client_become_common(tmp_path: Path) -> None:
    """Five clients ask for them on the next day, too few of them for an outbreak."""
    shared = clean() + [x for i in range(5) for x in bot(BOTS[:4], f"10.0.0.{30 + i}", "NOERROR")]
    for name in ("shared", "acknowledged"):
        (tmp_path / name).mkdir()
    assert alarmed(scanned(tmp_path / "shared", shared)) == []
    assert alarmed(scanned(tmp_path / "shared", on(1, shared))) == []
    scanned(tmp_path / "acknowledged", clean() + infected("NOERROR"))
    with open_state(tmp_path / "acknowledged" / "kept") as state:
        state.acknowledge(state.list_alarms()[0].id, FIRST + 99, "a service of ours")
    later = scanned(tmp_path / "acknowledged", on(1, shared), all_alarms=True)
    assert alarmed(later) == []


def test_days_of_one_log_are_as_if_they_were_scanned_one_by_one(tmp_path: Path) -> None:
    days = [x for i in range(4) for x in on(i, clean() + infected("NOERROR"))]
    found = scanned(tmp_path, days, all_alarms=True)
    assert sorted(alarmed(found)) == [(BOT, 0), (BOT, 1), (BOT, 2), (BOT, 3)]


# --- alarms ---


@pytest.mark.slow
def test_the_second_night_without_news_is_quiet(tmp_path: Path) -> None:
    log = tmp_path / "dns.log"
    log.write_text(zeek(clean() + infected()))
    options = ("--state", tmp_path / "kept")
    first = command("scan", log, *options)
    assert first.returncode == 1
    assert "(random-looking, new)" in first.stdout
    log.write_text(zeek(on(1, clean() + infected())))
    second = command("scan", log, *options)
    assert (second.returncode, second.stdout) == (0, "")
    assert "0 new, 0 worsened, 1 continuing" in second.stderr
    shown = command("scan", log, *options, "--all", "--format", "jsonl")
    (alarm,) = json.loads(shown.stdout)["alarms"]
    assert (shown.returncode, alarm["state"]) == (0, "continuing")
    assert alarm["id"] in first.stdout
    assert states(tmp_path) == [(BOT, 0, 1, "continuing")]


@pytest.mark.slow
def test_outputs_carry_the_id_and_the_state(tmp_path: Path) -> None:
    log = tmp_path / "dns.log"
    log.write_text(zeek(clean() + infected()))
    texts = {
        form: command("scan", log, "--state", tmp_path / form, "--format", form).stdout
        for form in ("csv", "jsonl", "ecs")
    }
    (alarm,) = json.loads(texts["jsonl"])["alarms"]
    assert alarm["state"] == "new"
    (row,) = csv.DictReader(io.StringIO(texts["csv"]))
    assert (row["id"], row["state"]) == (alarm["id"], "new")
    labels = json.loads(texts["ecs"])["labels"]
    assert (labels["alarm_id"], labels["alarm_state"]) == (alarm["id"], "new")


@pytest.mark.slow
def test_an_alarm_that_became_worse_is_news(tmp_path: Path) -> None:
    few = clean() + bot(BOTS[:6])
    assert alarmed(scanned(tmp_path, few)) == [(BOT, 0)]
    assert alarmed(scanned(tmp_path, on(1, few))) == []
    (worse,) = scanned(tmp_path, on(2, clean() + bot(BOTS[:6] + OTHERS[:100]))).alarmed
    assert worse.states["random-looking"].state == "worsened"
    assert alarmed(scanned(tmp_path, on(3, few))) == []
    assert {x.kind: x.state for x in listed(tmp_path)}["random-looking"] == "continuing"


def test_another_kind_is_news(tmp_path: Path) -> None:
    assert alarmed(scanned(tmp_path, clean() + infected())) == [(BOT, 0)]
    dead = [f"link-{i}-is-dead-{i * i}.com" for i in range(60)]
    (found,) = scanned(tmp_path, on(1, clean() + infected() + bot(dead))).alarmed
    assert found.states["random-looking"].state != "new"
    assert "new" in {x.state for x in found.states.values()}


@pytest.mark.slow
def test_an_alarm_ends_with_a_day_without_it_and_may_come_back(tmp_path: Path) -> None:
    for day, rows in enumerate([infected(), [], infected()]):
        scanned(tmp_path, on(day, clean() + rows))
    assert states(tmp_path) == [(BOT, 2, 2, "new"), (BOT, 0, 0, "ended")]


def test_a_log_of_several_days_tells_an_alarm_once(tmp_path: Path) -> None:
    rows = [x for i in range(4) for x in on(i, clean() + infected())]
    assert len(alarmed(scanned(tmp_path, rows))) == 1
    assert alarmed(scanned(tmp_path, rows)) == []
    assert states(tmp_path) == [(BOT, 0, 3, "continuing")]


@pytest.mark.slow
def test_an_incomplete_day_may_be_scanned_every_hour(tmp_path: Path) -> None:
    """One alarm, updated: the morning of today ends no alarm of yesterday."""
    midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0).timestamp()
    today = int(midnight) // DAY - FIRST
    scanned(tmp_path, on(today - 1, clean() + infected()))
    for names in ([], BOTS[:6], BOTS, BOTS):
        assert alarmed(scanned(tmp_path, on(today, clean(queries=200) + bot(names)))) == []
    assert states(tmp_path) == [(BOT, today - 1, today, "continuing")]


@pytest.mark.parametrize(("written", "state"), [(12, "new"), (23.5, "ended"), (40, "ended")])
def test_a_day_that_was_copied_too_early_ends_no_alarm(
    tmp_path: Path, written: float, state: str
) -> None:
    """written: the hour at which the log was written last."""
    scanned(tmp_path, clean() + infected())
    log = tmp_path / "dns.log"
    log.write_text(zeek(on(1, clean(queries=200))))
    last = (FIRST + 1) * DAY + 3600 * written
    os.utime(log, (last, last))
    scan([log], state=tmp_path / "kept")
    assert states(tmp_path) == [(BOT, 0, 0, state)]


@pytest.mark.slow
def test_a_day_in_two_files_is_one_day(tmp_path: Path) -> None:
    scanned(tmp_path, clean() + infected())
    assert alarmed(scanned(tmp_path, on(1, clean(queries=200)))) == []
    assert alarmed(scanned(tmp_path, on(1, infected()))) == []
    assert states(tmp_path) == [(BOT, 0, 1, "continuing")]


@pytest.mark.slow
def test_a_log_without_dates_is_told_as_without_a_state(tmp_path: Path) -> None:
    rows = [(time - START, *rest) for time, *rest in clean() + infected()]
    for _ in range(2):
        findings = scanned(tmp_path, rows)  # type: ignore[arg-type]
        assert [x.client for x in findings.alarmed] == [BOT]
        assert findings.state is None


def test_names_that_clients_share_are_told_once(tmp_path: Path) -> None:
    names = [x for client in ("10.0.0.30", "10.0.0.31") for x in bot(BOTS[:8], client, "NOERROR")]
    log = tmp_path / "dns.log"
    log.write_text(zeek(clean() + names))
    told = [scan([log], state=tmp_path / "kept").shared is not None for _ in range(2)]
    assert told == [True, False]
    assert ("", 0, 0, "continuing") in states(tmp_path)


# --- whole, whatever happens ---


def test_a_scan_that_fails_keeps_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError

    with monkeypatch.context() as broken:
        broken.setattr(scan_run, "select_news", fail)  # the last step
        with pytest.raises(RuntimeError):
            scanned(tmp_path, clean() + infected())
    assert listed(tmp_path) == []
    assert alarmed(scanned(tmp_path, clean() + infected())) == [(BOT, 0)]


@pytest.mark.slow
def test_an_alarm_that_could_not_be_told_is_told_by_the_next_scan(tmp_path: Path) -> None:
    log = tmp_path / "dns.log"
    log.write_text(zeek(clean() + infected()))
    command_line = [*PIPELINE, "scan", str(log), "--state", str(tmp_path / "kept")]
    with Path("/dev/full").open("w") as full:
        failed = subprocess.run(command_line, stdout=full, stderr=subprocess.PIPE, check=False)
    assert failed.returncode == 2, failed.stderr
    assert command("scan", log, "--state", tmp_path / "kept").returncode == 1


@pytest.mark.slow
def test_several_scans_at_once_keep_one_alarm_and_all_labels(tmp_path: Path) -> None:
    running = []
    for i in range(3):
        log = tmp_path / f"{i}.log"
        log.write_text(zeek([*clean(), *infected(), (START, BOT, f"name{i}.com", "NOERROR")]))
        arguments = ["scan", str(log), "--state", str(tmp_path / "kept")]
        running.append(subprocess.Popen([*PIPELINE, *arguments]))
    assert sorted(x.wait() for x in running) == [0, 0, 1]  # one of them tells the alarm
    assert [x[0] for x in states(tmp_path)] == [BOT]
    with open_state(tmp_path / "kept") as state:
        assert len(state.find_labels([f"name{i}" for i in range(3)])[0]) == 3


KEEPER = """
import sys
from pathlib import Path
from malicious_domains.scan.state import RaisedAlarm, open_state
print("keeping", flush=True)
with open_state(Path(sys.argv[1])) as state:
    names = tuple(f"bot{sys.argv[2]}-{i}.com" for i in range(1000))
    state.raise_alarm(RaisedAlarm(sys.argv[2], "c", "kind", 20000, "high", 5.0, "", "", names))
    state.add_labels((f"{sys.argv[2]}-{i}", 20000, 20000) for i in range(100_000))
print("kept", flush=True)
"""


def content(folder: Path) -> tuple[int, int, int]:
    """Return the rows of the tables of a state that is whole."""
    with open_state(folder) as state:
        fetch = state._connection.execute
        assert fetch("PRAGMA integrity_check").fetchall() == [("ok",)]
        tables = ("alarms", "alarm_names", "labels")
        counts = [fetch(f"SELECT count(*) FROM {x}").fetchone()[0] for x in tables]
    return counts[0], counts[1], counts[2]


def test_a_scan_that_is_killed_has_kept_all_or_nothing(tmp_path: Path) -> None:
    draw, took, kept, halfway = random.Random(1), 0.0, 0, 0
    for i in range(7):
        command_line = [sys.executable, "-c", KEEPER, str(tmp_path), str(i)]
        with subprocess.Popen(command_line, stdout=subprocess.PIPE) as process:
            assert process.stdout
            assert process.stdout.readline() == b"keeping\n"
            start = time.monotonic()
            if i:  # the first one tells how long it takes
                time.sleep(draw.uniform(0, took))
                process.kill()
            done = process.stdout.readline() == b"kept\n"
            took = took / 2 if done and i else took or time.monotonic() - start
        alarms = content(tmp_path)[0]
        assert alarms - kept in ((1,) if done else (0, 1))
        kept, halfway = alarms, halfway + (not done)
        assert content(tmp_path) == (kept, 1000 * kept, 100_000 * kept)
    assert halfway >= 2


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Yield a file system of 200 kB."""
    folder = tmp_path / "small"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=200k", "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("needs root, to mount a small disk")
    yield folder
    subprocess.run(["umount", folder], check=True)


@pytest.mark.slow
def test_a_full_disk_leaves_the_state_as_it_was(small_disk: Path, tmp_path: Path) -> None:
    log, options = tmp_path / "dns.log", ("--state", small_disk)
    log.write_text(zeek(clean() + infected()))
    assert command("scan", log, *options).returncode == 1
    before = content(small_disk)
    many = [(START + i, f"10.0.0.{i % 50}", f"name{i}.com", "NOERROR") for i in range(8000)]
    log.write_text(zeek(on(1, [*infected(), *many])))
    failed = command("scan", log, *options)
    assert (failed.returncode, failed.stderr.count("Traceback")) == (2, 0)
    assert "database or disk is full" in failed.stderr
    assert content(small_disk) == before
    log.write_text(zeek(on(1, clean() + infected())))
    assert command("scan", log, *options).returncode == 0


def test_a_file_that_cannot_grow_stays_as_it_was(tmp_path: Path) -> None:
    with open_state(tmp_path) as state:
        state.add_labels((f"a{i}", 1, 1) for i in range(1000))
    before, (soft, hard) = content(tmp_path), resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, ((tmp_path / FILE).stat().st_size, hard))
    try:
        with pytest.raises(StateError, match="disk has room"), open_state(tmp_path) as state:
            state.add_labels((f"b{i}", 1, 1) for i in range(10_000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert content(tmp_path) == before


def test_a_state_in_use_is_waited_for_and_then_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(state_module, "_WAIT", 0.1)
    with open_state(tmp_path):
        failed = command("alarms", "list", "--state", tmp_path)
    assert (failed.returncode, "wait for the scan that uses it" in failed.stderr) == (2, True)
    assert command("alarms", "list", "--state", tmp_path).returncode == 0


@pytest.mark.slow
def test_the_report_names_alarms_and_hosts(tmp_path: Path) -> None:
    log, leases, out = tmp_path / "dns.log", tmp_path / "leases", tmp_path / "report"
    log.write_text(zeek(clean() + infected()))
    leases.write_text(f"1764115200 00:1b:2c:3d:4e:5f {BOT} laptop *\n")
    options = ("--state", tmp_path / "kept", "--hosts", leases, "--out", out)
    assert command("scan", log, *options).returncode == 1
    page = (out / "index.html").read_text()
    assert all(x in page for x in (listed(tmp_path)[0].id, "laptop, 00:1b:2c:3d:4e:5f", "1 new"))
    assert command("scan", log, *options).returncode == 0
    assert "No client's day raised an alarm that is news" in (out / "index.html").read_text()


def test_what_is_no_state_is_an_error(tmp_path: Path) -> None:
    log = tmp_path / "dns.log"
    log.write_text(HEAD)
    (tmp_path / FILE).write_text("nothing of SQLite's" * 1000)
    failed = command("scan", log, "--state", tmp_path)
    assert (failed.returncode, f"{FILE}: file is not a database" in failed.stderr) == (2, True)
    failed = command("scan", log, "--state", log / "below")
    assert (failed.returncode, "choose another folder" in failed.stderr) == (2, True)
    with open_state(tmp_path / "later") as state:
        state._connection.execute("PRAGMA user_version = 99")
    failed = command("scan", log, "--state", tmp_path / "later")
    assert (failed.returncode, "is of a later version" in failed.stderr) == (2, True)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--state", "s", "--baseline", "s"), "--baseline: --state keeps"),
        (("--state", "s", "--alarms-per-day", "3"), "--alarms-per-day: clients without"),
        (("--all",), "--all is for --state"),
    ],
)
def test_options_that_contradict_each_other(options: tuple[str, ...], message: str) -> None:
    failed = command("scan", "/dev/null", *options)
    assert (failed.returncode, message in failed.stderr) == (2, True)
