"""Chunks scored by several processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import count
from multiprocessing import resource_tracker
from pathlib import Path

import pytest

from malicious_domains.model.scorer import Scorer
from malicious_domains.scoring import workers
from malicious_domains.scoring.output_formats import to_csv
from tests.helpers.commands import alive, children

ROOT = Path(__file__).parents[3]
JOB = workers.Job("language", "max_f1", "csv")
Started = Callable[[], list[int]]
SCORE = [sys.executable, "-m", "pipeline", "score", "--jobs"]


@pytest.fixture
def started() -> Started:
    """The processes started since the test began."""
    resource_tracker.ensure_running()  # Python's own, and there until this process ends
    before = set(children(os.getpid()))
    return lambda: [pid for pid in children(os.getpid()) if pid not in before]


def endless() -> Iterator[list[str]]:
    for i in count():
        yield [f"name{i}.com"]


def works(pid: int) -> bool:
    """Whether it is a scoring process that has begun: it then has threads."""
    return len([*Path(f"/proc/{pid}/task").glob("*")]) > 1


def test_others_take_part_and_order_is_kept(
    classic: Scorer, language: Scorer, started: Started
) -> None:
    """Rows scored here are told by another model from those scored elsewhere."""
    forms = [to_csv(scorer, ["name0.com"]) for scorer in (classic, language)]
    assert forms[0] != forms[1]
    elsewhere, lines = 0, []
    results = workers.score(JOB, classic, ([f"name{i}.com"] * 2 for i in count()), 3)
    for i, written in enumerate(results):
        lines.append(written.text)
        elsewhere += written == to_csv(language, [f"name{i}.com"] * 2)
        if elsewhere == 20:
            break
    results.close()
    assert [x.partition(",")[0] for x in lines] == [f"name{i}.com" for i in range(len(lines))]
    assert started() == []


def test_an_input_of_one_chunk_starts_no_process(language: Scorer, started: Started) -> None:
    results = workers.score(JOB, language, [["a.com", "b.com"]], 8)
    for written in results:
        assert written.text.count("\n") == 2
        assert started() == []


def test_a_process_that_dies_is_told_in_one_line(language: Scorer, started: Started) -> None:
    with pytest.raises(workers.WorkerError, match="a scoring process ended with status -9"):
        for _ in workers.score(JOB, language, endless(), 2):
            for pid in started():
                with suppress(ProcessLookupError):  # the first that dies takes the others along
                    os.kill(pid, signal.SIGKILL)
    assert started() == []


def test_a_process_that_cannot_load_the_model_says_why(language: Scorer) -> None:
    job = JOB._replace(model="absent")
    with pytest.raises(workers.WorkerError, match=r"ArtifactError: absent.model\.json: cannot"):
        for _ in workers.score(job, language, endless(), 2):
            pass


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
    deadline = time.monotonic() + 10
    while any(map(alive, started)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(map(alive, started))
    assert process.returncode == (-9 if number == signal.SIGKILL else 128 + number)
    assert said == b""


def test_a_reader_that_stops_early_stops_all() -> None:
    command = f"yes google.com | {' '.join(SCORE)} 3 | head -100000 | tail -1"
    run = subprocess.run(command, shell=True, cwd=ROOT, capture_output=True, text=True, check=True)
    assert run.stdout.startswith("google.com,google,0,")
    assert run.stderr == ""
