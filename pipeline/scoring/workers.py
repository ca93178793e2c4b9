"""Chunks of rows scored by several processes, in order.

Each other process has a pipe from and to this one, ends when that closes, and has one chunk at
a time: what is held does not grow with the input. What goes through the pipes is pickled.
"""

from __future__ import annotations

import os
import pickle
import select
import subprocess
import sys
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import chain, islice
from pathlib import Path
from typing import IO, NamedTuple

from lambda_app.chalicelib.model.scorer import Scorer

from ..errors import PipelineError
from .formats import FORMS, Row, Written

ROOT = Path(__file__).parents[2]
MOST = 8  # processes by default: a single one reads and writes, and more would wait for it


class WorkerError(PipelineError):
    """A scoring process that failed."""


class Job(NamedTuple):
    """What is done to each chunk: with which model, and what comes of it."""

    model: str | None  # as Scorer.load takes it
    operating_point: str | float
    form: str  # of batch.FORMS

    def scorer(self) -> Scorer:
        """The model, loaded; raises ArtifactError or UnknownOperatingPoint."""
        return Scorer.load(self.model, self.operating_point)


class _Worker:
    def __init__(self, job: Job) -> None:
        code = "import sys; sys.path.insert(0, sys.argv[1]); from pipeline.scoring import workers; "
        self.process = subprocess.Popen(
            [sys.executable, "-c", code + "workers.work()", str(ROOT)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            process_group=0,  # an interrupt at the keyboard is for this process alone
        )
        assert self.process.stdin
        assert self.process.stdout
        self.there, self.back = self.process.stdin, self.process.stdout
        self._loaded = False
        self.send(job)

    def is_ready(self) -> bool:
        """Whether it has loaded the model; asked between chunks."""
        if not self._loaded and select.select([self.back], [], [], 0)[0]:
            self.result()
            self._loaded = True
        return self._loaded

    def send(self, what: Job | Sequence[Row]) -> None:
        try:
            _send(what, self.there)
        except OSError as error:
            raise self._gone() from error

    def result(self) -> Written:
        try:
            received: Written | WorkerError = pickle.load(self.back)
        except (EOFError, pickle.UnpicklingError) as error:
            raise self._gone() from error
        if isinstance(received, WorkerError):
            raise received
        return received

    def stop(self) -> None:
        self.process.kill()  # it has nothing to lose
        with suppress(BrokenPipeError), self.process:
            pass  # waits, and closes the pipes

    def _gone(self) -> WorkerError:
        return WorkerError(f"a scoring process ended with status {self.process.wait(10)}")


def cores() -> int:
    """How many processes to score with by default."""
    known = hasattr(os, "sched_getaffinity")  # on Linux
    return min(len(os.sched_getaffinity(0)) if known else os.cpu_count() or 1, MOST)


def score(
    job: Job, scorer: Scorer, chunks: Iterable[Sequence[Row]], jobs: int
) -> Generator[Written, None, None]:
    """The output for each chunk, in order, by this process and up to jobs - 1 others.

    The others are started after the first chunk and take part once they are ready. Raises
    WorkerError.
    """
    chunks = iter(chunks)
    yield from _rounds(job, scorer, islice(chunks, 1), [])
    for second in chunks:
        with _workers(job, jobs - 1) as workers:
            yield from _rounds(job, scorer, chain([second], chunks), workers)


def _rounds(
    job: Job, scorer: Scorer, chunks: Iterator[Sequence[Row]], workers: Sequence[_Worker]
) -> Iterator[Written]:
    """In each round one chunk is scored here, and one by every other process that is ready."""
    ready: list[_Worker] = []
    while group := list(islice(chunks, 1 + len(ready))):
        shared = [*zip(ready, group[1:], strict=False)]
        for worker, chunk in shared:
            worker.send(chunk)
        yield FORMS[job.form](scorer, group[0])
        for worker, _ in shared:
            yield worker.result()
        ready = [worker for worker in workers if worker.is_ready()]


@contextmanager
def _workers(job: Job, number: int) -> Iterator[list[_Worker]]:
    workers: list[_Worker] = []
    try:
        for _ in range(number):
            workers.append(_Worker(job))
        yield workers
    finally:
        for worker in workers:
            worker.stop()


def work() -> None:
    """What another process does: load the model, then score chunks until there are no more."""
    source, target = sys.stdin.buffer, sys.stdout.buffer
    try:
        job: Job = pickle.load(source)
        scorer = job.scorer()
        _send(Written("", 0), target)  # loaded
        while True:
            _send(FORMS[job.form](scorer, pickle.load(source)), target)
    except (EOFError, pickle.UnpicklingError, BrokenPipeError):
        os._exit(0)  # the process that asked is gone
    except Exception as error:
        _send(WorkerError(f"a scoring process failed: {type(error).__name__}: {error}"), target)


def _send(what: object, target: IO[bytes]) -> None:
    pickle.dump(what, target, pickle.HIGHEST_PROTOCOL)
    target.flush()
