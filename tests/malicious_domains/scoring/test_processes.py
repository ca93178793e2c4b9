"""Chunks scored by several processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.helpers.commands import alive, children

ROOT = Path(__file__).parents[3]
SCORE = [sys.executable, "-m", "pipeline", "score", "--jobs"]


def works(pid: int) -> bool:
    """Whether it is a scoring process that has begun: it then has threads."""
    return len([*Path(f"/proc/{pid}/task").glob("*")]) > 1


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_an_interrupted_score_leaves_no_process_behind(number: signal.Signals) -> None:
    reading, writing = os.pipe()
    with subprocess.Popen(
        [*SCORE, "3"], cwd=ROOT, stdin=reading, stdout=-3, stderr=-1, start_new_session=True
    ) as process:
        os.close(reading)
        with open(writing, "wb") as names:  # noqa: PTH123
            while sum(map(works, started := children(process.pid))) < 2:
                names.write(b"google.com\n" * 1000)
        if number == signal.SIGINT:
            os.killpg(process.pid, number)  # as a terminal does
        else:
            process.send_signal(number)
        _, said = process.communicate(timeout=60)
    deadline = time.monotonic() + 60  # a busy machine takes its time
    while any(map(alive, started)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(map(alive, started))
    assert process.returncode == (-9 if number == signal.SIGKILL else 128 + number)
    assert said == b""


@pytest.mark.slow
def test_a_reader_that_stops_early_stops_all() -> None:
    command = f"yes google.com | {' '.join(SCORE)} 3 | head -100000 | tail -1"
    run = subprocess.run(command, shell=True, cwd=ROOT, capture_output=True, text=True, check=True)
    assert run.stdout.startswith("google.com,google,0,")
    assert run.stderr == ""
