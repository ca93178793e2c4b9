"""End a program on Ctrl-C, `kill` or a closed terminal so that it tidies up behind itself."""

from __future__ import annotations

import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_RETRY = 0.01  # seconds

_holds = 0  # blocks of hold_signals that are being run
_held: int | None = None  # the exit status of a signal that came meanwhile


def exit_on_signals() -> None:
    """Exit with 128 plus the signal's number, by SystemExit; for programs, not for libraries.

    Not KeyboardInterrupt, as H2O's client takes that for itself. Where Python drops exceptions,
    as in finalizers and around a fork, the exit is tried again a moment later.
    """
    for number in ENDING:
        signal.signal(number, lambda number, _: _exit(128 + number))
    sys.unraisablehook = _retry_exit


@contextmanager
def hold_signals() -> Iterator[None]:
    """Put off an exit by exit_on_signals until the end of the with block."""
    global _holds
    _holds += 1
    try:
        yield
    finally:
        _holds -= 1
        if _held is not None:
            _exit(_held)


@contextmanager
def temporary_folder(
    prefix: str = "malicious-domains-", parent: Path | None = None
) -> Iterator[Path]:
    """Make a folder for the with block, of which no signal leaves a part behind; raises OSError."""
    folder = None
    try:
        with hold_signals():
            folder = tempfile.TemporaryDirectory(prefix=prefix, dir=parent)
        yield Path(folder.name)
    finally:
        if folder:
            with hold_signals():
                folder.cleanup()


def _exit(status: int) -> None:
    global _held
    _held = status if _holds else None
    if not _holds:
        sys.exit(status)


def _retry_exit(dropped: sys.UnraisableHookArgs) -> None:
    if not isinstance(dropped.exc_value, SystemExit):
        sys.__unraisablehook__(dropped)
        return
    status = int(dropped.exc_value.code or 0)
    signal.signal(signal.SIGALRM, lambda *_: _exit(status))
    signal.setitimer(signal.ITIMER_REAL, _RETRY)
