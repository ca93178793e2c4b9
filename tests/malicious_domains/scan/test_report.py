"""The report: whole or not at all, bounded, and not broken by what attackers call things."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from malicious_domains.clients.client_day import Alarm, Evidence, QueriedName
from malicious_domains.scan import alarm_formats, scan_report, siem_formats, terminal
from malicious_domains.scan.findings import (
    BaselineSummary,
    Files,
    Finding,
    Findings,
    LineCounts,
)
from tests.helpers.commands import run_here as command
from tests.malicious_domains.scan.test_scan import BOT, BOTS, clean, infected, zeek

HOSTILE = "<script>alert(1)</script>\x1b[2J=1+1\u202e\n"
NOON = 1_764_072_000.0


def day(client: str, names: int = 3) -> Finding:
    asked = tuple(
        QueriedName(f"x{i}.com", 5.0, 4.0, True, NOON + i, NOON + i) for i in range(names)
    )
    indices = tuple(range(names))
    alarm = Alarm("random-looking", 12.0, "high", indices, (4.0,) * names)
    return Finding(
        client=client,
        day=20417,
        lines=names,
        labels=names,
        nxdomain_lines=names,
        rcode_lines=names,
        rare_names=asked,
        alarms=(alarm,),
    )


def findings(*days: Finding) -> Findings:
    name = QueriedName("odd.com", 4.0, 1.0, False, NOON, NOON, 2, (HOSTILE, "b"))
    alarm = Alarm("shared-oddity", 1.0, "low", (0,), (1.0,))
    evidence = {"shared-oddity": Evidence(alarm, (name,))}
    shared = Finding(client="", day=None, alarms=(alarm,), evidence=evidence)
    return Findings(
        alarmed=list(days),
        line_counts=LineCounts(10, {"type": 2}, 1, 1),
        clients=5,
        days=5,
        has_rcodes=True,
        threshold=6.9,
        shared=shared,
        busy_clients={HOSTILE: 6000},
        rcode_counts=(3, 10),
        baseline=BaselineSummary(2, 20410, 20416),
        scores=[0.0, 12.0],
        broken_lines=[(HOSTILE, 7, HOSTILE)],
        files=Files({HOSTILE: "zeek"}, {HOSTILE: HOSTILE}, {HOSTILE: HOSTILE}),
    )


class Tags(HTMLParser):
    """The tags of a page, and that each that is opened is closed."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: set[str] = set()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        if tag not in ("meta", "br", "hr", "img", "input", "path"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in self.open:
            while self.open.pop() != tag:
                pass


def test_names_chosen_by_an_attacker_do_not_break_the_page() -> None:
    page = scan_report.render_page(findings(day(HOSTILE)), ["malicious-domains", "scan", HOSTILE])
    tags = Tags()
    tags.feed(page)
    assert not tags.open
    assert not {"script", "img", "link", "iframe"} & tags.seen
    assert "\x1b" not in page and "\u202e" not in page
    assert re.findall(r'(?:src|href)="([^#][^"]*)"', page) == []


def test_a_clause_for_each_alarm_and_its_kind_as_a_tag() -> None:
    """When is said once; of a name without NXDOMAIN nothing is claimed."""
    x = day("10.0.0.1", 30)
    alive = tuple(y._replace(nxdomain=i % 2 == 0) for i, y in enumerate(x.rare_names))
    dead = tuple(range(0, 30, 2))
    alarms = (*x.alarms, Alarm("many-dead", 5.0, "low", dead, (1.0,) * 15))
    x = replace(x, rare_names=alive, alarms=alarms)
    assert terminal.explain_finding(x) == (
        "30 of 30 rare names look random, 15 of these are NXDOMAIN · "
        "burst: 30 in 29 s from 12:00 UTC · 15 names are NXDOMAIN"
    )
    assert terminal.explain_alarm(x, x.alarms[1]).endswith("burst: 15 in 28 s from 12:00 UTC")
    page = scan_report.render_page(findings(x), ["malicious-domains"])
    for kind in ("random-looking", "many-dead"):
        assert f'<span class="tag">{kind}</span>' in page
    assert "20 of 30 names, all in alarms.jsonl" in page
    assert "exist" not in page.partition("<main>")[2].replace("does not exist: a search", "")
    about = page[: page.index("<nav>")]
    assert "(DGA)" in about and "phishing" in about
    assert page.count("<li>") >= 3 and "What to do next" in page and "@media print" in page


def test_a_screen_and_a_spreadsheet_are_not_run_by_names() -> None:
    found = findings(day(HOSTILE), day("=1+1"))
    text = "".join(terminal.format_table(found)) + "".join(terminal.summarize(found))
    assert not set("\x1b\u202e") & set(text)
    rows = list(csv.reader(io.StringIO("".join(alarm_formats.format_csv(found)))))
    assert [row[0] for row in rows[1:]] == [terminal.visible(HOSTILE), "'=1+1", ""]


def test_all_formats_name_the_same_clients_and_alarms() -> None:
    found = findings(day("10.0.0.1"), day("10.0.0.2", 40))
    (*objects, together) = map(json.loads, alarm_formats.format_jsonl(found))
    (*alerts, of_many) = map(json.loads, siem_formats.format_ecs(found))
    rows = list(csv.DictReader(io.StringIO("".join(alarm_formats.format_csv(found)))))
    clients = ["10.0.0.1", "10.0.0.2"]
    assert [x["client"] for x in objects] == [x["source"]["ip"] for x in alerts] == clients
    assert [x["client"] for x in rows] == [*clients, ""]
    assert (together["client"], together["alarms"][0]["kind"]) == (None, "shared-oddity")
    assert rows[2]["kind"] == of_many["rule"]["name"] == "shared-oddity"
    table = "".join(terminal.format_table(found))
    assert all(x in table for x in clients)
    for x, alert in zip(objects, alerts, strict=True):
        (alarm,) = x["alarms"]
        names = [y["name"] for y in alarm["names"]]
        assert alert["related"]["hosts"] == names
        assert alert["dns"]["question"]["name"] == names[0]
        assert (alarm["score"], alert["event"]["risk_score"]) == (12.0, 12.0)
        assert (alarm["score"], alarm["confidence"]) == (12.0, "high")
        assert (x["first_seen"], x["last_seen"]) == (alert["event"]["start"], alert["event"]["end"])


def test_the_page_is_bounded_however_many_alarms(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scan_report, "MAX_ROWS", 200)
    monkeypatch.setattr(scan_report, "MAX_TIMELINES", 20)
    many = [day(f"10.{i >> 8}.{i & 255}.1", 40) for i in range(scan_report.MAX_ROWS + 500)]
    page = scan_report.render_page(findings(*many), ["scan"])
    assert page.count('<svg class="timeline"') == scan_report.MAX_TIMELINES
    assert len(page) < 800_000
    assert "200 of 700, all in alarms.jsonl" in page


def test_a_report_is_written_beside_the_table(tmp_path: Path) -> None:
    log, out = tmp_path / "dns.log", tmp_path / "report"
    log.write_text(zeek(clean() + infected()))
    done = command("scan", log, "--out", out)
    assert done.returncode == 1, done.stderr
    assert sorted(x.name for x in out.iterdir()) == ["alarms.jsonl", "index.html"]
    page = (out / "index.html").read_text()
    assert all(x in page for x in (BOT, *BOTS, "dns.log", "2,022"))
    (alarmed,) = map(json.loads, (out / "alarms.jsonl").read_text().splitlines())
    assert alarmed["client"] == BOT
    failed = command("scan", tmp_path / "absent.log", "--out", out)
    assert (failed.returncode, (out / "index.html").read_text()) == (2, page)


def test_the_report_says_where_the_evidence_stands(tmp_path: Path) -> None:
    """The line of each name, and the address of one that resolved, however many did not."""
    rows = zeek(clean() + infected()).splitlines()
    rows[1] += "\tanswers"
    log, out = tmp_path / "dns.log", tmp_path / "report"
    rows[-1] = rows[-1].replace("NXDOMAIN", "NOERROR\t203.0.113.80")
    log.write_text("\n".join(x if x.startswith("#") or x == rows[-1] else f"{x}\t-" for x in rows))
    assert command("scan", log, "--out", out).returncode == 1
    page = (out / "index.html").read_text()
    assert f"<code>{log}</code>, line 2,003</td>" in page
    assert f"Answers gave: 203.0.113.80 for <code>{BOTS[-1]}</code>." in page


@pytest.mark.slow
def test_ctrl_c_leaves_the_older_report_and_says_one_line(tmp_path: Path) -> None:
    log, out = tmp_path / "dns.log", tmp_path / "report"
    out.mkdir()
    (out / "index.html").write_text("older")
    log.write_text(zeek(clean(queries=400_000)))
    arguments = [sys.executable, "-m", "pipeline", "scan", str(log), "--out", str(out)]
    with subprocess.Popen(
        arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, process_group=0
    ) as running:
        while not list(tmp_path.glob(".report.new-*")):
            assert running.poll() is None
            time.sleep(0.01)
        os.killpg(running.pid, signal.SIGINT)
        _, told = running.communicate(timeout=60)
    assert running.returncode == 130
    assert told == "scan: stopped; nothing was judged and nothing was written\n"
    assert [x.name for x in tmp_path.iterdir() if x.name != "dns.log"] == ["report"]
    assert (out / "index.html").read_text() == "older"
