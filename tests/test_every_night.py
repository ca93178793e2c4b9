"""docs/every-night.md: its files are written below a folder, and its commands run there."""

from __future__ import annotations

import configparser
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
import yaml

from tests.helpers.commands import ROOT
from tests.malicious_domains.cli.test_alarms import pihole
from tests.malicious_domains.scan.test_scan import BOT, clean, infected, zeek
from tests.malicious_domains.scan.test_state import on

TEXT = (ROOT / "docs/every-night.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```", TEXT, re.DOTALL | re.MULTILINE)
NAMED = re.compile(r"^# (/\S+)$", re.MULTILINE)
FILES = {found[1]: block for _, block in BLOCKS if (found := NAMED.search(block))}
COMMANDS = [block for form, block in BLOCKS if form == "sh" and not NAMED.search(block)]
ID = "39368f5792"  # of the bot's first day
STATE = "/var/lib/malicious-domains"


class Machine:
    """A folder as the root of a machine, on which Pi-hole and other programs are."""

    def __init__(self, root: Path) -> None:
        self.root, self.bin = root, root / "usr/local/bin"
        for name in ("etc/pihole", "var/log/zeek/current"):
            (root / name).mkdir(parents=True)
        for name, text in FILES.items():
            (root / name[1:]).parent.mkdir(parents=True, exist_ok=True)
            (root / name[1:]).write_text(self.localize(text))
        for path in self.bin.iterdir():
            path.chmod(0o755)
        self.add("malicious-domains", f'exec {sys.executable} -m malicious_domains "$@"')
        for name in ("systemctl", "mail"):  # they say what they were asked to do
            self.add(name, f'{{ echo {name} "$@"; [ {name} = mail ] && cat; }} >>{root}/said; true')
        self.database = root / "etc/pihole/pihole-FTL.db"

    def add(self, name: str, script: str) -> None:
        (self.bin / name).write_text(f"#!/bin/sh\n{script}\n")
        (self.bin / name).chmod(0o755)

    def localize(self, text: str) -> str:
        return re.sub(r"(?<![\w.:/])/(?=(?:var|etc|usr/local)/)", f"{self.root}/", text)

    def run(self, script: str, **environment: str) -> subprocess.CompletedProcess[str]:
        own = {"PATH": f"{self.bin}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT)}
        state = self.root / STATE[1:]
        return subprocess.run(
            ["sh", "-c", self.localize(script)],
            cwd=state if state.exists() else self.root,
            env=os.environ | own | environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def read(self, name: str) -> str:
        return (self.root / STATE[1:] / name).read_text()


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    made = Machine(tmp_path)
    (tmp_path / STATE[1:]).mkdir(parents=True)
    pihole(made.database, clean(queries=200) + infected())
    return made


@pytest.fixture
def posted() -> Iterator[list[tuple[str, str, str]]]:
    """Yield the path, authorization and body of each POST; the first item is the port."""
    requests: list[tuple[str, str, str]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            requests.append((self.path, self.headers.get("Authorization", ""), body))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Keep quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        requests.append(("", "", f"http://127.0.0.1:{server.server_port}"))
        Thread(target=server.serve_forever, daemon=True).start()
        yield requests
        server.shutdown()


@pytest.mark.slow
def test_the_commands_from_top_to_bottom(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    pihole(machine.database, clean(queries=200) + infected())
    log = tmp_path / "var/log/zeek"
    yesterday = machine.run("date -u -d yesterday +%F").stdout.strip()
    (log / yesterday).mkdir()
    (log / yesterday / "dns.log").write_text(zeek(clean(queries=200)))
    (log / "current/dhcp.log").write_text(
        f"#fields\tmac\tassigned_addr\n00:1b:2c:3d:4e:5f\t{BOT}\n"
    )
    install, zeek_scan, timer, ecs, look, act = (
        next(x for x in COMMANDS if word in x)
        for word in ("mkdir", "/var/log/zeek", "systemctl", "--format ecs", "show", "acknowledge")
    )
    (copy,) = set(COMMANDS) - {install, zeek_scan, timer, ecs, look, act}
    first = machine.run(install)
    assert (first.returncode, BOT in first.stdout) == (1, True), first.stderr
    assert "220 queries judged" in machine.read("scan.log")
    assert (tmp_path / STATE[1:] / "report/index.html").exists()
    second = machine.run("scan-dns")
    assert (second.returncode, second.stdout, second.stderr) == (0, "", "")
    assert machine.run(zeek_scan).returncode == 0
    machine.run(timer)
    assert "systemctl enable --now scan-dns.timer\n" in (tmp_path / "said").read_text()
    shown = machine.run(look)
    assert (shown.returncode, shown.stderr) == (0, "")
    assert shown.stdout.count(ID) == 2
    done = machine.run(act)
    assert (done.returncode, done.stderr.count(ID)) == (0, 2)
    assert machine.run(copy).returncode == 0
    assert (tmp_path / STATE[1:] / "state.backup").stat().st_size > 10_000
    assert machine.run(ecs).returncode == 1
    labels = json.loads(machine.read("alarms.ecs.jsonl"))["labels"]
    assert (labels["alarm_id"], labels["alarm_state"]) == (ID, "new")


@pytest.mark.slow
def test_slack_gets_the_news_once(machine: Machine, posted: list[tuple[str, str, str]]) -> None:
    url = posted[0][2]
    for _ in range(2):
        told = machine.run("scan-dns-slack", SLACK_WEBHOOK_URL=f"{url}/hook")
        assert (told.returncode, told.stderr) == (0, "")
    (_, (path, _, body)) = posted
    text = json.loads(body)["text"]
    assert (path, text.startswith("scan-dns, status 1: client")) == ("/hook", True)
    assert BOT in text


@pytest.mark.slow
def test_splunk_gets_an_event_for_each_alert(
    machine: Machine, posted: list[tuple[str, str, str]]
) -> None:
    two = [(time, "10.0.0.31", *rest) for time, _, *rest in on(1, infected())]
    pihole(machine.database, [*on(1, clean(queries=200)), *two])  # type: ignore[list-item]
    url = posted[0][2]
    told = machine.run("scan-dns-splunk", SPLUNK_URL=url, SPLUNK_HEC_TOKEN="secret")
    assert (told.returncode, told.stderr) == (0, "")
    (_, (path, token, body)) = posted
    assert (path, token) == ("/services/collector/event", "Splunk secret")
    events = [json.loads(x) for x in body.splitlines()]
    clients = {x["event"]["source"]["ip"] for x in events if "source" in x["event"]}
    assert clients == {BOT, "10.0.0.31"}


@pytest.mark.slow
def test_mail_gets_news_and_failures(machine: Machine) -> None:
    machine.run("scan-dns-mail")
    said = machine.root / "said"
    assert said.read_text().startswith("mail -s DNS alarms you@example.com\nstatus 1\nclient")
    said.write_text("")
    assert machine.run("scan-dns-mail").returncode == 0
    assert said.read_text() == ""
    machine.database.unlink()
    machine.database.mkdir()
    machine.run("scan-dns-mail")
    assert "status 2" in said.read_text()


def test_units_and_configurations_name_what_there_is(machine: Machine) -> None:
    units = [machine.root / x[1:] for x in FILES if "/systemd/" in x]
    assert len(units) == 2
    if shutil.which("systemd-analyze"):
        done = subprocess.run(
            ["systemd-analyze", "verify", *units], capture_output=True, text=True, check=False
        )
        assert (done.returncode, done.stderr) == (0, "")
    service = configparser.ConfigParser()
    service.read_string(FILES["/etc/systemd/system/scan-dns.service"])
    assert service["Service"]["ExecStart"] in FILES
    assert f"/var/lib/{service['Service']['StateDirectory']}" == STATE
    beat = yaml.safe_load(FILES["/etc/filebeat/filebeat.yml"])
    (path,) = beat["filebeat.inputs"][0]["paths"]
    assert any(path in x for x in COMMANDS)
    assert path in FILES["/etc/logrotate.d/scan-dns"]
    *_, line = FILES["/etc/cron.d/scan-dns"].splitlines()
    assert re.fullmatch(r"15 \* \* \* \* root scan-dns", line)
