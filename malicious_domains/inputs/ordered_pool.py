"""Work done by several processes, its results in the order of the input.

>>> list(map_ordered(len, ["a", "bcd"], jobs=1))
[1, 3]
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from ..names.errors import MaliciousDomainsError
from .signals import POSIX, hold_signals

if TYPE_CHECKING:  # imported when a process is started, as that takes time and is seldom needed
    from concurrent.futures import Future, ProcessPoolExecutor
    from multiprocessing.process import BaseProcess

MAX_DEFAULT_JOBS = 8  # a single process reads and writes; more than these would wait for it
LOOK_AHEAD = 2  # items for each other process: one is being worked on, the next is there already
_ALONE = 0.3  # seconds of work before others are started, as a start takes about as long
_CHECK = 0.5  # seconds between two looks at whether a process has ended
_HELD_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_QUIET_TRACKER = "ignore::UserWarning:multiprocessing.resource_tracker"

Item = TypeVar("Item")
Result = TypeVar("Result")


class WorkerError(MaliciousDomainsError):
    """A worker process that ended before its time."""


def default_jobs() -> int:
    """Return the number of processes to work with by default: one a core, up to eight."""
    on_linux = hasattr(os, "sched_getaffinity")
    return min(len(os.sched_getaffinity(0)) if on_linux else os.cpu_count() or 1, MAX_DEFAULT_JOBS)


def map_ordered(
    work: Callable[[Item], Result],
    items: Iterable[Item],
    jobs: int,
    look_ahead: int = LOOK_AHEAD,
    is_urgent: Callable[[Item], bool] = lambda _: False,
) -> Generator[Result, None, None]:
    """Yield work(item) for each item, in order, by up to `jobs` other processes.

    work is a function of a module, or a partial of one, as it is sent to the others. They are
    started for work that goes on for a while, and have at most `look_ahead` items each, so that
    memory stays flat whatever the input's length. An urgent item is worked on here, and its result
    is given before another is asked for. Raises WorkerError if a process ends before its time.
    """
    waiting: deque[Future[Result]] = deque()  # in the order of the input
    workers, alone_until = _Workers(jobs), time.monotonic() + _ALONE
    try:
        for item in items:
            is_short = not workers.executor and time.monotonic() < alone_until
            alone = jobs == 1 or is_short or is_urgent(item)
            if not alone:
                waiting.append(workers.submit(work, item))
            limit = 0 if alone else look_ahead * jobs
            while waiting and (waiting[0].done() or len(waiting) > limit):
                yield workers.wait(waiting.popleft())
            if alone:
                yield work(item)
        while waiting:
            yield workers.wait(waiting.popleft())
    except Exception as error:
        if type(error).__name__ != "BrokenProcessPool":
            raise
        status = workers.find_status()
        raise WorkerError(f"a worker process ended with status {status}") from error
    finally:
        workers.end()


class _Workers:
    """Other processes, which are started when there is work for them."""

    def __init__(self, jobs: int) -> None:
        self._jobs = jobs
        self.executor: ProcessPoolExecutor | None = None
        self._processes: Mapping[int, BaseProcess] = {}

    def submit(self, work: Callable[[Item], Result], item: Item) -> Future[Result]:
        """Give an item to a process; the executor starts one with each of the first."""
        # Other threads of this process do not block signals, whose handlers run in this one.
        with hold_signals(), _prepare_start():
            if self.executor is None:
                from concurrent.futures import ProcessPoolExecutor
                from multiprocessing import get_context

                # Spawned: a fork would copy NumPy's locks, but not the threads that hold them.
                spawn = get_context("spawn")
                self.executor = ProcessPoolExecutor(self._jobs, spawn, _start_worker)
                self._processes = self.executor._processes
            return self.executor.submit(work, item)

    def wait(self, future: Future[Result]) -> Result:
        """Return a result when it is there."""
        while not future.done():
            from concurrent.futures import wait

            wait([future], _CHECK)
            self._end_together()
        return future.result()

    def find_status(self) -> int | None:
        """Return the exit status of the process that ended first, once all have ended."""
        assert self.executor
        self.executor.shutdown()
        ended = [process.exitcode for process in self._processes.values()]
        # The executor terminates the rest.
        return next((status for status in ended if status != -signal.SIGTERM), -signal.SIGTERM)

    def end(self) -> None:
        """End all processes."""
        if self.executor:
            self._end_together()
            self.executor.shutdown(cancel_futures=True)

    def _end_together(self) -> None:
        """End all processes once one has ended.

        If it was killed while it sent a result, the executor would wait for the rest for ever.
        """
        if self.executor and any(x.exitcode is not None for x in self._processes.values()):
            for process in self._processes.values():
                process.terminate()
            queue: Any = self.executor._result_queue  # None after shutdown
            if queue:
                queue._writer.close()  # so that its reader meets the end


@contextmanager
def _prepare_start() -> Iterator[None]:
    """Hold back signals while a process is started, which inherits that.

    Python's resource tracker, which is started first, frees semaphores without a warning after
    kill -9 of this process.
    """
    if not POSIX:
        yield
        return
    from multiprocessing import resource_tracker

    warnings = os.environ.setdefault("PYTHONWARNINGS", _QUIET_TRACKER)
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _HELD_SIGNALS)
    try:
        resource_tracker.ensure_running()
        # The tracker's start has unblocked them.
        signal.pthread_sigmask(signal.SIG_BLOCK, _HELD_SIGNALS)
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        if warnings == _QUIET_TRACKER:
            del os.environ["PYTHONWARNINGS"]


# --- in another process ---


def _start_worker() -> None:
    """Leave Ctrl-C to the first process, and end together with it."""
    if POSIX:
        signal.pthread_sigmask(signal.SIG_SETMASK, [signal.SIGINT])
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """End when the first process has ended, even by kill -9; there is nothing to lose here."""
    from multiprocessing import parent_process

    if parent := parent_process():
        parent.join()
    os._exit(0)
