"""The executors of Spark on this machine, of which a test kills one."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from pyspark.sql import SparkSession

from tests.helpers.commands import alive, children


def executors() -> Iterator[int]:
    """The processes of the executors that this test's driver has started."""
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
    """One is killed within the block, as soon as it is the time and some stage is running."""
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
