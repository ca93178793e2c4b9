"""The processes of a scan: started when there is enough for them to do, and used to its end."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack

from ..scoring.workers import started


class Pool:
    """Up to so many processes, for a with block; with one, all is done in this process.

    The block raises WorkerError if one ends before its time.
    """

    def __init__(self, jobs: int) -> None:
        """Start none yet."""
        self.jobs = jobs
        self._executor: ProcessPoolExecutor | None = None
        self._ending = ExitStack()

    def __enter__(self) -> Pool:
        self._ending.__enter__()
        return self

    def __exit__(self, *raised: object) -> bool | None:
        return self._ending.__exit__(*raised)  # type: ignore[arg-type]

    def executor(self) -> ProcessPoolExecutor:
        """The processes, started when this is asked for first."""
        if self._executor is None:
            self._executor, _ = self._ending.enter_context(started(self.jobs, _ready))
        return self._executor


def _ready() -> None:
    """In another process, at its start: this module is loaded, and that is all."""
