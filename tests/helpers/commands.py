"""Run commands of `python -m pipeline`, look at the processes that they start, and kill some."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import chdir, contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING

from malicious_domains.cli.group import run_command

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


def run_here(*arguments: str | Path, stdin: bytes = b"") -> subprocess.CompletedProcess[str]:
    """Run a command in this process, where only its output is looked at."""
    out, error = (io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True) for _ in range(2))
    words = [*map(str, arguments)]
    with chdir(ROOT), redirect_stdout(out), redirect_stderr(error), _piped(stdin):
        status = run_command(words)
    texts = (x.buffer.getvalue().decode() for x in (out, error))
    return subprocess.CompletedProcess(words, status, *texts)


@contextmanager
def _piped(content: bytes) -> Iterator[None]:
    """Let standard input be a pipe that holds a few bytes."""
    before, (reading, writing) = sys.stdin, os.pipe()
    os.write(writing, content)
    os.close(writing)
    try:
        with open(reading) as sys.stdin:  # noqa: PTH123
            yield
    finally:
        sys.stdin = before


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
