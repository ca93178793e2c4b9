"""Taking times and peaks, and writing them: every subject measures by these.

Figures are medians with the least and the most in brackets; the environment
variable BENCH_SHARE (0.01, say) shrinks everything, to try the benchmark itself.
"""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")
Row = tuple[str, str]  # what is measured, the figure

ROOT = Path(__file__).parent.parent
SHARE = float(os.environ.get("BENCH_SHARE", "1"))


class Ran(NamedTuple):
    """A command that ended."""

    seconds: float
    peak: float  # MB; of its largest process
    processor: float = 0.0  # seconds of all cores, its own processes' included


def sized(full: int, least: int = 1) -> int:
    """How many names, requests or rounds to take where the full benchmark takes so many."""
    return max(round(full * SHARE), least)


def times(run: Callable[[], object], rounds: int = 7) -> list[float]:
    """Seconds of each round."""
    took = []
    for _ in range(sized(rounds, 3)):
        start = time.perf_counter()
        run()
        took.append(time.perf_counter() - start)
    return took


def spread(values: Sequence[float], unit: str, digits: int = 0) -> str:
    """The median of values, and the least and the most; of one alone, it."""
    shown = f"{statistics.median(values):,.{digits}f} {unit}"
    if len(values) == 1:
        return shown
    return f"{shown} ({min(values):,.{digits}f}–{max(values):,.{digits}f})"


def rate(count: int, took: Sequence[float]) -> str:
    """Names a second, from the seconds that so many took."""
    return spread([count / seconds for seconds in took], "names/s")


def each(count: int, took: Sequence[float]) -> str:
    """Nanoseconds a name, from the seconds that so many took."""
    return spread([seconds / count * 1e9 for seconds in took], "ns")


def percentiles(took: Sequence[float]) -> tuple[float, float]:
    """The 50th and the 99th."""
    cuts = statistics.quantiles(took, n=100)
    return cuts[49], cuts[98]


def against(theirs: Sequence[float], ours: Sequence[float]) -> Row:
    """The row after another's: what the same work takes of our time, by medians of one run."""
    ratio = statistics.median(theirs) / statistics.median(ours)
    return "  its time against ours", f"{ratio:,.{0 if ratio >= 10 else 2}f} x"


def peak(pid: int | str = "self") -> float:
    """The most memory that a process ever held, in MB, as Linux counts it."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1000


@contextmanager
def one_core() -> Iterator[None]:
    """One core alone for the with block, for children too; on Linux."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def alone(run: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """What a function returns in a process of its own, which holds nothing of ours."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(run, *args, **kwargs).result()


def command(*arguments: str, rounds: int = 1, environment: dict[str, str] | None = None) -> Ran:
    """Median seconds and highest peak of a command, its output thrown away.

    Raises RuntimeError with what it says if it fails; 1 is no failure: that some
    names are refused.
    """
    runs = [alone(_command, arguments, os.environ | (environment or {})) for _ in range(rounds)]
    return Ran(
        statistics.median(x.seconds for x in runs),
        max(x.peak for x in runs),
        statistics.median(x.processor for x in runs),
    )


def pipeline(*arguments: str, rounds: int = 1) -> Ran:
    """The same of python -m pipeline."""
    return command(sys.executable, "-m", "pipeline", *arguments, rounds=rounds)


def _command(arguments: Sequence[str], environment: dict[str, str]) -> Ran:
    # Linux counts the memory of the process that starts a command as the
    # command's own, so that one must be small.
    start = time.perf_counter()
    run = subprocess.run(
        arguments,
        cwd=ROOT,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    took = time.perf_counter() - start
    if run.returncode not in (0, 1):
        raise RuntimeError(f"{' '.join(arguments)[:200]}: {run.stderr[-2000:]}")
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return Ran(took, used.ru_maxrss / 1000, used.ru_utime + used.ru_stime)
