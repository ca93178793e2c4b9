"""Work done by several processes, in order."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from itertools import count
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection

import pytest

from malicious_domains.inputs.ordered_pool import WorkerError, map_ordered
from tests.helpers.commands import children

Started = Callable[[], list[int]]


@pytest.fixture
def started() -> Started:
    """Return the processes started since the test began."""
    resource_tracker.ensure_running()  # Python's own, and there until this process ends
    before = set(children(os.getpid()))
    return lambda: [pid for pid in children(os.getpid()) if pid not in before]


def name_process(item: int) -> tuple[int, int]:
    return item, os.getpid()


def exit_elsewhere(first: int, _: int) -> None:
    if os.getpid() != first:
        os._exit(3)


@pytest.mark.slow
def test_others_take_part_and_the_order_is_kept(started: Started) -> None:
    items, pids = [], set[int]()
    results = map_ordered(name_process, count(), 3)
    for item, pid in results:
        items.append(item)
        pids.add(pid)
        if len(pids) == 3:
            break
    results.close()
    assert items == [*range(len(items))]
    assert os.getpid() in pids
    assert started() == []


def test_short_work_starts_no_process(started: Started) -> None:
    for _ in map_ordered(name_process, range(3), 8):
        assert started() == []


def test_an_urgent_item_is_worked_on_here_and_given_at_once() -> None:
    asked: list[int] = []

    def items() -> Iterator[int]:
        for i in range(6):
            asked.append(i)
            yield i

    results = map_ordered(name_process, items(), 2, is_urgent=lambda item: item == 3)
    for item, pid in results:
        if item == 3:
            assert asked[-1] == 3
            assert pid == os.getpid()


def test_a_killed_process_ends_in_one_line(started: Started) -> None:
    with pytest.raises(WorkerError, match=r"^a worker process ended with status -9$"):
        for _ in map_ordered(name_process, count(), 2):
            for pid in started():
                with suppress(ProcessLookupError):  # the first that dies takes the others along
                    os.kill(pid, signal.SIGKILL)
    assert started() == []


def cut_off(here: int, _: int) -> bytes:
    """Return much; another process is killed when half of it is sent."""
    if os.getpid() != here:

        def send(self: Connection, data: bytes) -> None:
            os.write(self.fileno(), bytes(data)[: len(data) // 2])
            os.kill(os.getpid(), signal.SIGKILL)

        Connection._send = send  # type: ignore[attr-defined]
    return bytes(100_000)


@pytest.mark.slow
@pytest.mark.parametrize("jobs", [2, 3])
def test_a_process_that_is_killed_while_it_sends_ends_in_one_line(
    jobs: int, started: Started
) -> None:
    with pytest.raises(WorkerError, match=r"^a worker process ended with status -9$"):
        for _ in map_ordered(partial(cut_off, os.getpid()), count(), jobs):
            pass
    assert started() == []


def test_a_process_that_exits_ends_in_one_line() -> None:
    with pytest.raises(WorkerError, match=r"^a worker process ended with status 3$"):
        for _ in map_ordered(partial(exit_elsewhere, os.getpid()), count(), 2):
            pass


def test_an_error_of_the_work_is_raised_here() -> None:
    with pytest.raises(TypeError):
        [*map_ordered(len, [1], 1)]  # type: ignore[arg-type]
