"""Try each extra in an environment of its own (make test-install); needs a package index."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

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
        (0, ("dga", "goz", "--count", "3")),
        (0, ("dga", "feed", "--family", "goz", "--days", "1")),
        (0, (*INDEX, "--out", "known.npz")),
    ],
    "scan": [
        (1, (*SCAN, "--out", "report")),
        (1, (*SCAN, "--state", "state")),
        (0, ("alarms", "list", "--state", "state")),
        (0, (*INDEX, "--out", "known.npz")),
        (0, ("dga", "match", "xmqjtoevkbhrw.ru", "--index", "known.npz")),
    ],
    "aws": [(2, ("models", "list")), (2, ("models", "promote", "classic-1"))],
    "train": [
        (0, ("data", "list")),
        (0, ("train", "--features", "classic", "--data", "mine.csv", "--out", "model")),
    ],
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with what the commands read."""
    (tmp_path / "dns.json").write_text("".join(json.dumps(x) + "\n" for x in day(12)))
    (tmp_path / "list.csv").write_text("1,google.com\n")
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
    command = [str(UV), "pip", "install", "--quiet", "--python", python, *options]
    subprocess.run([*command, "--editable", wanted], check=True)
    return folder / "venv/bin"


def run_all(programs: Path, extra: str, folder: Path) -> None:
    for status, words in COMMANDS[extra]:
        command = [str(programs / "malicious-domains"), *map(str, words)]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        assert done.returncode == status, (words, done.stderr)
        assert "Traceback" not in done.stderr
        assert "pip install" not in done.stderr, (words, done.stderr)


@pytest.mark.parametrize("extra", COMMANDS)
def test_commands_run_in_the_extra_that_names_them(extra: str, folder: Path) -> None:
    run_all(install(folder, extra), extra, folder)


@pytest.mark.parametrize("extra", COMMANDS)
def test_the_oldest_dependencies_serve(extra: str, folder: Path) -> None:
    run_all(install(folder, extra, "--resolution", "lowest-direct"), extra, folder)
