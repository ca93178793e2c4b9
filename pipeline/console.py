"""What a command says: talk goes to stderr, results to stdout."""

from __future__ import annotations

import sys


def say(text: str) -> None:
    """A line of talk."""
    print(text, file=sys.stderr, flush=True)
