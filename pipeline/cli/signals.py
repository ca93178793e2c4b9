"""Ctrl-C, a terminal that closes and `kill` end a command by SystemExit, so that it tidies up."""

from __future__ import annotations

import signal
import sys
from types import FrameType
from typing import NoReturn

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_AGAIN = 0.05  # seconds


def exit_on_signals() -> None:
    """Exit with 128 and the signal's number, from wherever the program is.

    SystemExit, not KeyboardInterrupt: H2O's client takes the latter for itself.
    """
    for number in ENDING:
        signal.signal(number, _exit)
    sys.unraisablehook = _raise_again


def _exit(number: int, _: FrameType | None) -> NoReturn:
    sys.exit(128 + number)


def _raise_again(lost: sys.UnraisableHookArgs) -> None:
    """Where Python drops exceptions, as in finalizers and around a fork, SystemExit comes again."""
    if not isinstance(lost.exc_value, SystemExit):
        sys.__unraisablehook__(lost)
        return
    code = lost.exc_value.code
    signal.signal(signal.SIGALRM, lambda *_: sys.exit(code))
    signal.setitimer(signal.ITIMER_REAL, _AGAIN)
