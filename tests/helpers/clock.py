"""A measure of how slow the machine is just now, by which limits in seconds are stretched."""

import statistics
import time

QUIET = 0.0065  # seconds that `_work` takes on the quiet machine that the limits were set on


def slowness() -> float:
    """Return how many times as long as on that quiet machine a piece of Python takes; at least 1.

    By the clock on the wall, so that what other programs take counts as well.
    """
    return max(1.0, statistics.mean(_work() for _ in range(30)) / QUIET)


def _work() -> float:
    start = time.perf_counter()
    sum(len(str(i).split("5")) for i in range(50_000))
    return time.perf_counter() - start
