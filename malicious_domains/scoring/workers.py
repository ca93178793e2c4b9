"""Chunks of rows scored by several processes, in order.

This process reads, scores and writes; the others have a few chunks ahead of them each, so that
what is held does not grow with the input.
"""

from __future__ import annotations

import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from functools import cache, partial
from itertools import chain, islice
from multiprocessing import active_children, get_context, parent_process
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import NamedTuple, TypeVar

from ..inputs.rows import Row
from ..model.scorer import Scorer
from ..names.allow import AllowList
from ..names.errors import MaliciousDomainsError
from ..names.public_suffix import with_zones
from .output_formats import FORMS, Written

MOST = 8  # processes by default: a single one reads and writes, and more would wait for it
AHEAD = 2  # chunks that another process has: one is being scored, the next is there already
Loaded = TypeVar("Loaded")
_QUIET_TRACKER = "ignore::UserWarning:multiprocessing.resource_tracker"


class WorkerError(MaliciousDomainsError):
    """A scoring process that failed."""


class Job(NamedTuple):
    """What is done to each chunk: with which model, and what comes of it."""

    model: str | None  # as Scorer.load takes it
    operating_point: str | float
    form: str  # of formats.FORMS
    raw: bool = False  # whether cells of CSV stay as they are, formulas included
    allow: tuple[str, ...] = ()  # paths of allow lists
    assigned: tuple[str, ...] = ()  # zones beside the packaged ones
    chosen: tuple[str, ...] = ()
    known: str | None = None  # the path of an index of known names
    hint: bool = False  # whether flagged names have a family with them

    def scorer(self) -> Scorer:
        """The model, loaded; raises ArtifactError, AllowListError or UnknownOperatingPoint.

        Raises KnownNamesError for such an index, ValueError for a zone that is none.
        """
        allow = AllowList.load_all(map(Path, self.allow))
        zones = with_zones(self.assigned, self.chosen) if self.assigned or self.chosen else None
        known = None
        if self.known:
            from ..names.dga_index import KnownNames  # for those who have one

            known = KnownNames.load(Path(self.known))
        return Scorer.load(self.model, self.operating_point, allow, zones, known)

    def write(self, scorer: Scorer, chunk: Sequence[Row]) -> Written:
        """The output for a chunk."""
        return FORMS[self.form](scorer, chunk, self.raw, self.hint)


def cores() -> int:
    """How many processes to score with by default."""
    known = hasattr(os, "sched_getaffinity")  # on Linux
    return min(len(os.sched_getaffinity(0)) if known else os.cpu_count() or 1, MOST)


def score(
    job: Job, scorer: Scorer, chunks: Iterable[Sequence[Row]], jobs: int, full: int = 0
) -> Generator[Written, None, None]:
    """The output for each chunk, in order, by this process and up to jobs - 1 others.

    The others are started after the first chunk and take part once they have loaded the
    model. A chunk of fewer than `full` rows is somebody's who waits: it is scored here, and
    what came before it is given, before another is asked for. Raises WorkerError if one of
    the others cannot load it, or ends before its time.
    """
    here = partial(job.write, scorer)
    chunks = iter(chunks)
    yield from map(here, islice(chunks, 1 if jobs > 1 else None))
    for second in chunks:
        if len(second) < full:
            yield here(second)
            continue
        with started(jobs - 1, partial(_load, job)) as (executor, loading):
            yield from _shared(executor, loading, job, here, chain([second], chunks), full)


def _shared(
    executor: ProcessPoolExecutor,
    loading: Sequence[Future[None]],
    job: Job,
    here: Callable[[Sequence[Row]], Written],
    chunks: Iterable[Sequence[Row]],
    full: int,
) -> Iterator[Written]:
    """Score here what the others, once they have loaded the model, have no room for."""
    waiting: deque[Future[Written]] = deque()  # in the order of the input
    for chunk in chunks:
        busy = sum(not future.done() for future in waiting)
        has_room = len(chunk) >= full and busy < AHEAD * _loaded(loading)
        waiting.append(executor.submit(_score, job, chunk) if has_room else _done(here(chunk)))
        most = AHEAD * len(loading) if len(chunk) >= full else 0
        while waiting and (waiting[0].done() or len(waiting) > most):
            yield waiting.popleft().result()
    for future in waiting:
        yield future.result()


def _loaded(loading: Iterable[Future[None]]) -> int:
    """How many processes have loaded the model; raises WorkerError if one could not."""
    done = [future for future in loading if future.done()]
    for future in done:
        future.result()
    return len(done)


def _done(written: Written) -> Future[Written]:
    future: Future[Written] = Future()
    future.set_result(written)
    return future


@contextmanager
def started(
    number: int, load: Callable[[], Loaded]
) -> Iterator[tuple[ProcessPoolExecutor, Sequence[Future[Loaded]]]]:
    """Processes for the with block, and of each what load gives, once it is done.

    They are spawned: a fork would copy NumPy's locks, but not the threads that hold them. Raises
    WorkerError if one ends before its time.
    """
    # After kill -9 of this process, Python's resource tracker frees the semaphores of the
    # executor, and would warn of them.
    os.environ.setdefault("PYTHONWARNINGS", _QUIET_TRACKER)
    executor = ProcessPoolExecutor(number, get_context("spawn"), prepare)
    processes: list[BaseProcess] = []
    try:
        with signals_held():
            loading = [executor.submit(load) for _ in range(number)]  # each starts one
        processes = active_children()
        yield executor, loading
    except BrokenProcessPool as error:
        executor.shutdown()  # until all have ended
        raise WorkerError(f"a scoring process ended with status {_status(processes)}") from error
    finally:
        executor.shutdown(cancel_futures=True)


@contextmanager
def signals_held() -> Iterator[None]:
    """No signal stops this process half way through a start; what it starts inherits that."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT, signal.SIGTERM])
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _status(processes: Iterable[BaseProcess]) -> int | None:
    """The exit status of the one that ended first; the executor then terminates the rest."""
    ended = [process.exitcode for process in processes]
    return next((status for status in ended if status != -signal.SIGTERM), -signal.SIGTERM)


def prepare() -> None:
    """In another process, at its start: Ctrl-C stays the first one's, who also stops this one."""
    signal.pthread_sigmask(signal.SIG_SETMASK, [signal.SIGINT])
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """Not even kill -9 of the first process leaves another behind."""
    if parent := parent_process():
        parent.join()
    os._exit(0)  # it has nothing to lose


@cache
def scorer_of(job: Job) -> Scorer:
    """In another process: the model, loaded once."""
    return job.scorer()


def _load(job: Job) -> None:
    """In another process: load the model; raises WorkerError, which can be pickled."""
    try:
        scorer_of(job)
    except Exception as error:
        name = type(error).__name__
        raise WorkerError(f"a scoring process failed: {name}: {error}") from error


def _score(job: Job, chunk: Sequence[Row]) -> Written:
    """In another process: the output for a chunk."""
    return job.write(scorer_of(job), chunk)
