"""Take times and memory peaks, and format them.

A figure is a median with the least and the most in brackets. The environment variable BENCH_SHARE
(0.01, for example) shrinks every benchmark, to try it out.
"""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import time
import timeit
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")
Row = tuple[str, str]  # what is measured, the figure

ROOT = Path(__file__).parent.parent
SHARE = float(os.environ.get("BENCH_SHARE", "1"))


class CommandRun(NamedTuple):
    """Times and memory of a command that ended."""

    seconds: float
    peak: float  # MB of its largest process
    processor: float  # seconds on all cores, of its child processes too


def sized(full: int, least: int = 1) -> int:
    """Return BENCH_SHARE of a full number of names, requests or rounds, but at least `least`."""
    return max(round(full * SHARE), least)


def time_rounds(run: Callable[[], object], rounds: int = 7) -> list[float]:
    """Call a function in rounds and return the seconds of each."""
    return timeit.repeat(run, number=1, repeat=sized(rounds, 3))


def format_spread(values: Sequence[float], unit: str, digits: int = 0) -> str:
    """Format the median of values with the least and the most; a single value alone.

    >>> format_spread([2, 1, 4], "ms")
    '2 ms (1–4)'
    """
    shown = f"{statistics.median(values):,.{digits}f} {unit}"
    if len(values) == 1:
        return shown
    return f"{shown} ({min(values):,.{digits}f}–{max(values):,.{digits}f})"


def read_peak(pid: int | str = "self") -> float:
    """Return the most memory that a process ever held, in MB, as Linux counts it."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1000


def run_alone(run: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Call a function in a new process, which holds nothing of this one, and return its value."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(run, *args, **kwargs).result()


def run_python(*arguments: str, rounds: int = 1) -> CommandRun:
    """Run this Python and return its median times and highest peak; discard its output.

    Raise RuntimeError with its message if it fails. Exit status 1 is no failure: some names are
    invalid.
    """
    runs = [run_alone(_run_once, [sys.executable, *arguments]) for _ in range(rounds)]
    seconds, peaks, processor = zip(*runs, strict=True)
    return CommandRun(statistics.median(seconds), max(peaks), statistics.median(processor))


def _run_once(arguments: Sequence[str]) -> CommandRun:
    # Linux counts the memory of the process that starts a command as the command's own, so this
    # function runs in a small process.
    out, err, start = subprocess.DEVNULL, subprocess.PIPE, time.perf_counter()
    run = subprocess.run(arguments, cwd=ROOT, stdout=out, stderr=err, text=True, check=False)
    took = time.perf_counter() - start
    if run.returncode not in (0, 1):
        raise RuntimeError(f"{' '.join(arguments)[:200]}: {run.stderr[-2000:]}")
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return CommandRun(took, used.ru_maxrss / 1000, used.ru_utime + used.ru_stime)
