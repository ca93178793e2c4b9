"""Ctrl-C, a terminal that closes and `kill` end a command by SystemExit, so that it tidies up."""

from __future__ import annotations

import signal
import sys
from types import FrameType

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_AGAIN = 0.01  # seconds
# Modules that make and remove temporary folders: left half way, one would stay for good.
_WHOLE = {"tempfile", "shutil"}


def exit_on_signals() -> None:
    """Exit with 128 and the signal's number, from wherever the program is.

    SystemExit, not KeyboardInterrupt: H2O's client takes the latter for itself. A temporary
    folder that is being made or removed is so to its end before.
    """
    for number in ENDING:
        signal.signal(number, lambda number, frame: _exit(128 + number, frame))
    sys.unraisablehook = _raise_again


def _exit(code: str | int | None, frame: FrameType | None) -> None:
    """Exit, or soon if one of _WHOLE is at work."""
    while frame:
        if frame.f_globals.get("__name__") in _WHOLE:
            _exit_later(code)
            return
        frame = frame.f_back
    sys.exit(code)


def _raise_again(lost: sys.UnraisableHookArgs) -> None:
    """Where Python drops exceptions, as in finalizers and around a fork, SystemExit comes again."""
    if isinstance(lost.exc_value, SystemExit):
        _exit_later(lost.exc_value.code)
    else:
        sys.__unraisablehook__(lost)


def _exit_later(code: str | int | None) -> None:
    signal.signal(signal.SIGALRM, lambda _, frame: _exit(code, frame))
    signal.setitimer(signal.ITIMER_REAL, _AGAIN)
