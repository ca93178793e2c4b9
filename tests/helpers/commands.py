"""Run commands of `python -m pipeline`, look at the processes that they start, and kill some."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

ROOT = Path(__file__).parents[2]
PIPELINE = [sys.executable, "-m", "pipeline"]


def run(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*PIPELINE, *map(str, arguments)],
        cwd=ROOT,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def run_here(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run a command in this process, for tests of its output alone."""
    import click
    from click.testing import CliRunner

    from malicious_domains.cli.group import group

    words = [*map(str, arguments)]
    result = CliRunner().invoke(group, words, standalone_mode=False)
    status, stderr = result.return_value, result.stderr
    if isinstance(result.exception, click.ClickException):
        status, stderr = 2, stderr + result.exception.format_message()
    elif result.exception:
        raise result.exception
    return subprocess.CompletedProcess(words, status, result.stdout, stderr)


def children(pid: int) -> list[int]:
    """Return the processes that a process has started (Linux)."""
    pids = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            if int(stat.read_text().rpartition(")")[2].split()[1]) == pid:
                pids.append(int(stat.parent.name))
        except OSError:  # it has ended meanwhile
            continue
    return pids


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def executors() -> Iterator[int]:
    """Yield the processes of the executors that this test's driver has started."""
    waiting = children(os.getpid())
    for pid in waiting:
        waiting += children(pid)
        if (
            alive(pid)
            and b"CoarseGrainedExecutorBackend" in Path(f"/proc/{pid}/cmdline").read_bytes()
        ):
            yield pid


@contextmanager
def executor_killed(when: Callable[[], bool], spark: SparkSession) -> Iterator[None]:
    """Kill an executor within the block, as soon as when() is true and some stage is running."""
    killed: list[int] = []
    tracker = spark.sparkContext.statusTracker()

    def kill() -> None:
        while not (when() and tracker.getActiveStageIds()):
            time.sleep(0.05)
        killed.append(next(executors()))
        os.kill(killed[0], signal.SIGKILL)

    killer = threading.Thread(target=kill, daemon=True)
    killer.start()
    yield
    killer.join(60)
    assert killed, "the work was done before an executor could be killed"
    assert killed[0] not in set(executors())


def fake_java(home: Path, script: str) -> Path:
    """Make a program bin/java below a home, which runs a shell script, and return it."""
    program = home / "bin" / "java"
    program.parent.mkdir(parents=True)
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return program
