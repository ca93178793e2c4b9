"""Try each extra in an environment of its own (make test-install); needs a package index.

Prints the size of each environment, of which README has the column "size".
"""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import click
import pytest

from malicious_domains.cli.group import program
from tests.helpers.route53 import day

ROOT = Path(__file__).parents[1]
UV = Path(sys.executable).with_name("uv")
INDEX = ("dga", "index", "--family", "goz", "--from", "2026-11-01", "--to", "2026-11-01")
SCAN = ("scan", "dns.json", "--format", "jsonl")
# By extra: commands that it is for, with their exit statuses. --help imports no room.
COMMANDS: dict[str, list[tuple[int, tuple[str, ...]]]] = {
    "": [
        (0, ("score", "google.com")),
        (0, ("allow", "build", "list.csv", "--out", "allow.npy")),
        (0, ("allow", "build", "list.csv", "--out", "allow2.npy")),
    ],
    "scan": [
        (1, (*SCAN, "--out", "report")),
        (1, (*SCAN, "--state", "state")),
        (0, ("alarms", "list", "--state", "state")),
        (0, ("calibrate", "dns.json", "--out", "site.json")),
        (0, ("dga", "goz", "--count", "3")),
        (0, ("dga", "feed", "--family", "goz", "--days", "1")),
        (0, (*INDEX, "--out", "known.npz")),
        (0, ("dga", "match", "xmqjtoevkbhrw.ru", "--index", "known.npz")),
    ],
    "spark": [
        (0, ("score", "--engine", "spark", "--input", "names.txt", "--out", "scored")),
        (1, ("scan", "--engine", "spark", "dns.json", "--out", "alarms")),
    ],
    "aws": [
        (2, ("models", "list")),
        (2, ("models", "promote", "classic-1")),
        (0, ("aws", "package", "--out", "package")),
    ],
    "train": [
        (0, ("data", "list")),
        (0, ("corpus", "--out", "mix.csv", "--source", "mine.csv")),
        (0, ("train", "--features", "classic", "--data", "mine.csv", "--out", "model")),
        (2, ("evaluate", "--data", "absent.csv")),
        (2, ("families", "evaluate", "--model", "absent")),
    ],
    # Without a region nothing is deployed.
    "all": [(2, ("aws", "deploy", "--dry-run")), (2, ("aws", "protect", "--stage", "absent"))],
}
TABLE = (ROOT / "README.md").read_text(encoding="utf-8").partition("| command | extra | size |")[2]
SIZES = {
    extra.replace("none", ""): int(size)
    for extra, size in re.findall(r"\| `?\[?(\w+)\]?`? \| (\d+) MB \|", TABLE)
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with what the commands read."""
    (tmp_path / "dns.json").write_text("".join(json.dumps(x) + "\n" for x in day(12)))
    (tmp_path / "list.csv").write_text("1,google.com\n")
    (tmp_path / "names.txt").write_text("google.com\nxmqjtoevkbhrw.ru\n")
    rows = [
        f"{word}{i}.com,{kind}\n" for i in range(150) for word, kind in (("shop", 0), ("xq", 1))
    ]
    (tmp_path / "mine.csv").write_text("domain,label\n" + "".join(rows))
    return tmp_path


def install(folder: Path, extra: str, *options: str) -> Path:
    """Install a checkout with an extra; return the environment's folder of programs."""
    subprocess.run([UV, "venv", "--quiet", "--python", sys.executable, folder / "venv"], check=True)
    wanted = f"{ROOT}[{extra}]" if extra else str(ROOT)
    python = str(folder / "venv/bin/python")
    command = [str(UV), "pip", "install", "--quiet", "--compile-bytecode", "--python", python]
    subprocess.run([*command, *options, "--editable", wanted], check=True)
    return folder / "venv/bin"


def measure(folder: Path) -> int:
    """Return the megabytes of an environment and of the package, which it does not copy."""
    package = [*ROOT.glob("malicious_domains/**/*"), *ROOT.glob("data/legit-*")]
    files = (x for x in (*(folder / "venv").rglob("*"), *package) if not x.is_symlink())
    return round(sum(x.stat().st_size for x in files if x.is_file()) / 1e6)


def run_all(programs: Path, extra: str, folder: Path) -> None:
    for status, words in COMMANDS[extra]:
        command = [str(programs / "malicious-domains"), *map(str, words)]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        assert done.returncode == status, (words, done.stderr)
        assert "Traceback" not in done.stderr
        assert "pip install" not in done.stderr, (words, done.stderr)


def test_each_command_is_tried_in_the_extra_that_it_asks_for() -> None:
    """The table of the README names no command for another extra."""
    tried = {words[0] for own in COMMANDS.values() for _, words in own} | {"serve"}
    named = re.findall(r"`([a-z-]+)[` ]", TABLE.partition("\n\n")[0])
    assert {x for x in named if x in program.list_commands(click.Context(program))} <= tried


@pytest.mark.parametrize("extra", COMMANDS)
def test_commands_run_in_the_extra_that_names_them(extra: str, folder: Path) -> None:
    programs, size = install(folder, extra), measure(folder)
    print(f"[{extra}] {size} MB")  # of which the README has tens
    run_all(programs, extra, folder)
    assert SIZES.get(extra, size) == pytest.approx(size, rel=0.2)


def test_serve_runs_in_aws(folder: Path) -> None:
    programs = install(folder, "aws")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [str(programs / "malicious-domains"), "serve", "--port", str(port)]
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL) as running:
        try:
            for _ in range(100):
                try:
                    url = f"http://127.0.0.1:{port}/ready"
                    assert b"ready" in urllib.request.urlopen(url, timeout=10).read()
                    break
                except OSError:
                    time.sleep(0.2)
            running.send_signal(signal.SIGTERM)
            assert running.wait(30) == 0
        finally:
            running.kill()


@pytest.mark.parametrize("extra", COMMANDS)
def test_the_oldest_dependencies_serve(extra: str, folder: Path) -> None:
    run_all(install(folder, extra, "--resolution", "lowest-direct"), extra, folder)
