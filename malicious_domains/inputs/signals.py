"""End a program on Ctrl-C, `kill` or a closed terminal so that it tidies up behind itself."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

POSIX = hasattr(signal, "pthread_sigmask")  # False on Windows
ENDING = (signal.SIGINT, signal.SIGTERM, *([signal.SIGHUP] if POSIX else []))
_RETRY = 0.01  # seconds

_holds = 0  # blocks of hold_signals that are being run
_held: int | None = None  # the exit status of a signal that came meanwhile
_raised: int | None = None  # that of the last signal by which the program exits


@contextmanager
def exit_on_signals() -> Iterator[None]:
    """Exit with 128 plus the signal's number, by SystemExit, within the block of a program.

    Not KeyboardInterrupt, as H2O's client takes that for itself. Where Python drops exceptions,
    as in finalizers and around a fork, the exit is tried again a moment later. Handlers and hook
    are restored at the end; in another thread than the main one, which has no signals, none is set.
    """
    global _raised
    _raised = None
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    hook = sys.unraisablehook
    handlers = [signal.signal(x, lambda number, _: _exit(128 + number)) for x in ENDING]
    sys.unraisablehook = _retry_exit
    try:
        yield
    finally:
        for number, handler in zip(ENDING, handlers, strict=True):
            signal.signal(number, handler)
        sys.unraisablehook = hook


@contextmanager
def restore_exit() -> Iterator[None]:
    """Raise the SystemExit of a signal again where the block has made another error of it.

    DuckDB raises RuntimeError in its place, "Query interrupted".
    """
    try:
        yield
    except Exception as error:
        if _raised is None:
            raise
        raise SystemExit(_raised) from error


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
def temporary_folder(prefix: str = "malicious-domains-") -> Iterator[Path]:
    """Make a folder for the with block, of which no signal leaves a part behind; raises OSError."""
    import tempfile  # it is slow to import, and seldom needed

    folder = None
    try:
        with hold_signals():
            folder = tempfile.TemporaryDirectory(prefix=prefix)
        yield Path(folder.name)
    finally:
        if folder:
            with hold_signals():
                folder.cleanup()


def _exit(status: int) -> None:
    global _held, _raised
    _held = status if _holds else None
    if not _holds:
        _raised = status
        sys.exit(status)


def _retry_exit(dropped: sys.UnraisableHookArgs) -> None:
    if not isinstance(dropped.exc_value, SystemExit) or not POSIX:
        sys.__unraisablehook__(dropped)
        return
    status = int(dropped.exc_value.code or 0)
    signal.signal(signal.SIGALRM, lambda *_: _exit(status))
    signal.setitimer(signal.ITIMER_REAL, _RETRY)
