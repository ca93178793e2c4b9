"""The commands that work on Windows, run by a Python without the parts that Windows lacks."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from malicious_domains.dga.demo_log import write_demo_log

WITHOUT = """
import os, signal, sys
for name in ("SIGHUP", "SIGALRM", "SIGKILL", "setitimer", "pthread_sigmask"):
    delattr(signal, name)
for name in ("fork", "readv", "sched_getaffinity", "getuid", "geteuid", "killpg", "getpgid"):
    delattr(os, name)
sys.modules.update(dict.fromkeys(("fcntl", "resource", "termios", "pwd", "grp")))
os.kill = None  # it would end the process that it asks for
from malicious_domains.cli import main
sys.exit(main())
"""


def run(folder: Path, *words: str, told: str | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", WITHOUT, *words]
    return subprocess.run(
        command, cwd=folder, input=told, capture_output=True, text=True, check=False
    )


@pytest.mark.slow
def test_names_and_logs_are_read_and_files_written(tmp_path: Path) -> None:
    scored = run(tmp_path, "score", "google.com", "xmqjtoevkbhrw.ru")
    assert scored.returncode == 0, scored.stderr
    piped = run(tmp_path, "score", "--jobs", "1", told="google.com\nxmqjtoevkbhrw.ru\n")
    assert piped.stdout == scored.stdout
    (tmp_path / "dns.log").write_text(write_demo_log())
    options = ("--jobs", "1", "--out", "report", "--state", "state", "--format", "jsonl")
    found = run(tmp_path, "scan", "dns.log", *options)
    assert (found.returncode, "Traceback" in found.stderr) == (1, False), found.stderr
    assert (tmp_path / "report/index.html").exists() and (tmp_path / "state").exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("train", "train runs on Linux and macOS; on Windows, use WSL or a container"),
        ("scan dns.log --engine spark --out x", "--engine spark runs on Linux and macOS; use WSL"),
    ],
)
def test_what_does_not_run_says_so(words: str, message: str, tmp_path: Path) -> None:
    done = run(tmp_path, *words.split())
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr
    shown = run(tmp_path, "--help").stdout
    assert "scan" in shown and "checkout" not in shown
