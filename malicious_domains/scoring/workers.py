"""Chunks of rows scored by several processes, in order."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from functools import cache, partial
from multiprocessing import active_children, get_context
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import NamedTuple, TypeVar

from ..inputs.ordered_pool import (
    WorkerError,
    first_status,
    map_ordered,
    signals_held,
    start_worker,
)
from ..inputs.rows import Row
from ..model.scorer import Scorer
from ..names.public_suffix import add_zones
from .output_formats import FORMATTERS, Output

Loaded = TypeVar("Loaded")


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

        Raises DgaIndexError for such an index, ValueError for a zone that is none.
        """
        return Scorer.load(
            self.model,
            allow=[*map(Path, self.allow)] or None,
            dga_index=self.known,
            operating_point=self.operating_point,
            zones=add_zones(self.assigned, self.chosen),
        )

    def write(self, scorer: Scorer, chunk: Sequence[Row]) -> Output:
        """The output for a chunk."""
        return FORMATTERS[self.form](scorer, chunk, self.raw, self.hint)


@cache
def load_scorer(job: Job) -> Scorer:
    """Return the model of a job, loaded once in each process; raises as Job.scorer does."""
    return job.scorer()


def score_chunks(
    job: Job, chunks: Iterable[Sequence[Row]], jobs: int, full: int = 0
) -> Generator[Output, None, None]:
    """Yield the output for each chunk, in order, by up to `jobs` processes.

    A chunk of fewer than `full` rows is somebody's who waits: it is scored here, and what came
    before it is given, before another is asked for. Raises WorkerError if one of the other
    processes cannot load the model, or ends before its time.
    """
    return map_ordered(
        partial(_score, job),
        chunks,
        jobs,
        initialize=partial(load_scorer, job),
        is_urgent=lambda chunk: len(chunk) < full,
    )


def _score(job: Job, chunk: Sequence[Row]) -> Output:
    return job.write(load_scorer(job), chunk)


# --- to be replaced by OrderedPool in scan and training ---


@contextmanager
def started(
    number: int, load: Callable[[], Loaded]
) -> Iterator[tuple[ProcessPoolExecutor, Sequence[Future[Loaded]]]]:
    """Processes for the with block, and of each what load gives, once it is done.

    They are spawned: a fork would copy NumPy's locks, but not the threads that hold them. Raises
    WorkerError if one ends before its time.
    """
    executor = ProcessPoolExecutor(number, get_context("spawn"), start_worker, (None,))
    processes: list[BaseProcess] = []
    try:
        with signals_held():
            loading = [executor.submit(load) for _ in range(number)]  # each starts one
        processes = active_children()
        yield executor, loading
    except BrokenProcessPool as error:
        executor.shutdown()  # until all have ended
        raise WorkerError(
            f"a worker process ended with status {first_status(processes)}"
        ) from error
    finally:
        executor.shutdown(cancel_futures=True)
