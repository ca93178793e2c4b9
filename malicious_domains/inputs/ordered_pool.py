"""Work done by several processes, its results in the order of the input.

>>> list(map_ordered(len, ["a", "bcd"], jobs=1))
[1, 3]
"""

from __future__ import annotations

import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import active_children, get_context, parent_process
from multiprocessing.process import BaseProcess
from typing import Any, TypeVar

from ..names.errors import MaliciousDomainsError
from .signals import POSIX

MAX_DEFAULT_JOBS = 8  # a single process reads and writes; more than these would wait for it
LOOK_AHEAD = 2  # items for each other process: one is being worked on, the next is there already
_CHECK = 0.5  # seconds between two looks at whether a process has ended
_QUIET_TRACKER = "ignore::UserWarning:multiprocessing.resource_tracker"

Item = TypeVar("Item")
Result = TypeVar("Result")
Initializer = Callable[[], object]


class WorkerError(MaliciousDomainsError):
    """A worker process that could not start, or ended before its time."""


def default_jobs() -> int:
    """Return the number of processes to work with by default: one a core, up to eight."""
    on_linux = hasattr(os, "sched_getaffinity")
    return min(len(os.sched_getaffinity(0)) if on_linux else os.cpu_count() or 1, MAX_DEFAULT_JOBS)


class OrderedPool:
    """Up to `jobs` processes, this one included, for a with block.

    The others are started when there is a second item, and used until the block ends.
    `initialize` is called once in each process before its first item, here too. It and the
    work are functions of a module, or partials of these, as they are sent to the others.
    """

    def __init__(self, jobs: int, initialize: Initializer | None = None) -> None:
        """Start no process yet."""
        self.jobs = jobs
        self._initialize = initialize
        self._initialized = initialize is None
        self._executor: ProcessPoolExecutor | None = None
        self._starts: list[Future[None]] = []  # each is done when a process is ready
        self._processes: list[BaseProcess] = []

    def __enter__(self) -> OrderedPool:
        return self

    def __exit__(self, *_: object) -> None:
        if self._executor:
            self._end_together()
            self._executor.shutdown(cancel_futures=True)

    def map(
        self,
        work: Callable[[Item], Result],
        items: Iterable[Item],
        look_ahead: int = LOOK_AHEAD,
        is_urgent: Callable[[Item], bool] = lambda _: False,
    ) -> Generator[Result, None, None]:
        """Yield work(item) for each item, in order.

        This process works on what the others, once they are ready, have no room for. They have
        at most `look_ahead` items each, so that memory stays flat whatever the input's length.
        An urgent item is worked on here, and its result is given before another is asked for.
        Raises WorkerError if a process cannot be initialized, or ends before its time.
        """
        if self._initialize and not self._initialized:
            self._initialize()
            self._initialized = True
        waiting: deque[Future[Result]] = deque()  # in the order of the input
        try:
            for number, item in enumerate(items):
                urgent = is_urgent(item)
                others = self.jobs > 1 and (number > 0 or self._executor) and not urgent
                busy = sum(not future.done() for future in waiting)
                has_room = bool(others) and busy < look_ahead * self._count_ready()
                waiting.append(self._submit(work, item) if has_room else _done(work(item)))
                limit = 0 if urgent else look_ahead * (self.jobs - 1)
                while waiting and (waiting[0].done() or len(waiting) > limit):
                    yield self._wait(waiting.popleft())
            while waiting:
                yield self._wait(waiting.popleft())
        except BrokenProcessPool as error:
            assert self._executor
            self._executor.shutdown()  # until all have ended
            status = _first_status(self._processes)
            raise WorkerError(f"a worker process ended with status {status}") from error
        finally:
            for future in waiting:
                future.cancel()

    def _wait(self, future: Future[Result]) -> Result:
        while not future.done():
            wait([future], _CHECK)
            self._end_together()
        return future.result()

    def _end_together(self) -> None:
        """End all other processes once one has ended.

        If it was killed while it sent a result, the executor would wait for the rest for ever.
        """
        if self._executor and any(x.exitcode is not None for x in self._processes):
            for process in self._processes:
                process.terminate()
            queue: Any = self._executor._result_queue  # None after shutdown
            if queue:
                queue._writer.close()  # so that its reader meets the end

    def _count_ready(self) -> int:
        """Return how many other processes are ready, starting them first if need be."""
        if self._executor is None:
            others = self.jobs - 1
            start, before = (self._initialize,), active_children()
            with _quiet_tracker():
                # Spawned: a fork would copy NumPy's locks, but not the threads that hold them.
                spawn = get_context("spawn")
                self._executor = ProcessPoolExecutor(others, spawn, _start_worker, start)
                self._starts = [self._submit(_check_start, None) for _ in range(others)]
            self._processes = [x for x in active_children() if x not in before]
        ready = [future for future in self._starts if future.done()]
        for future in ready:
            future.result()
        return len(ready)

    def _submit(self, work: Callable[[Item], Result], item: Item) -> Future[Result]:
        assert self._executor
        with _hold_signals():
            return self._executor.submit(_work, work, item)


def map_ordered(
    work: Callable[[Item], Result],
    items: Iterable[Item],
    jobs: int,
    initialize: Initializer | None = None,
    look_ahead: int = LOOK_AHEAD,
    is_urgent: Callable[[Item], bool] = lambda _: False,
) -> Generator[Result, None, None]:
    """Yield work(item) for each item, in order, by `jobs` processes, as OrderedPool does."""
    with OrderedPool(jobs, initialize) as pool:
        yield from pool.map(work, items, look_ahead, is_urgent)


@contextmanager
def _quiet_tracker() -> Iterator[None]:
    """Start Python's resource tracker so that it frees semaphores without a warning.

    It does so after kill -9 of this process.
    """
    before = os.environ.setdefault("PYTHONWARNINGS", _QUIET_TRACKER)
    try:
        yield
    finally:
        if before == _QUIET_TRACKER:
            del os.environ["PYTHONWARNINGS"]


@contextmanager
def _hold_signals() -> Iterator[None]:
    """Hold back signals while a process is started; what is started inherits that."""
    if not POSIX:
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT, signal.SIGTERM])
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _done(result: Result) -> Future[Result]:
    future: Future[Result] = Future()
    future.set_result(result)
    return future


def _first_status(processes: Iterable[BaseProcess]) -> int | None:
    """Return the exit status of the one that ended first; the executor terminates the rest."""
    ended = [process.exitcode for process in processes]
    return next((status for status in ended if status != -signal.SIGTERM), -signal.SIGTERM)


# --- in another process ---

_failure: WorkerError | None = None


def _start_worker(initialize: Initializer | None) -> None:
    """Leave Ctrl-C to the first process, end together with it, and initialize this one."""
    global _failure
    if POSIX:
        signal.pthread_sigmask(signal.SIG_SETMASK, [signal.SIGINT])
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        if initialize:
            initialize()
    except Exception as error:  # the first process raises it: not every error can be pickled
        name = type(error).__name__
        _failure = WorkerError(f"a worker process could not start: {name}: {error}")


def _end_with_parent() -> None:
    """End when the first process has ended, even by kill -9; there is nothing to lose here."""
    if parent := parent_process():
        parent.join()
    os._exit(0)


def _check_start(_: None) -> None:
    """Do nothing but what _work does: raise the error of the start, if there was one."""


def _work(work: Callable[[Item], Result], item: Item) -> Result:
    if _failure:
        raise _failure
    return work(item)
