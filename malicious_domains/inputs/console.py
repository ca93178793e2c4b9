"""The terminal of a command: its log goes to stderr, its results to stdout."""

from __future__ import annotations

import codecs
import sys
from io import TextIOWrapper
from typing import TextIO


def print_status(text: str) -> None:
    """Print a line of the log."""
    print(text, file=sys.stderr, flush=True)


def allow_any_text(stream: TextIO) -> None:
    """Let a stream take text that UTF-8 cannot hold; bytes that were not UTF-8 become \\xNN."""
    codecs.register_error("bytes", _show_bytes)
    if isinstance(stream, TextIOWrapper):
        stream.reconfigure(encoding="utf-8", errors="bytes")


def _show_bytes(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lost = map(ord, error.object[error.start : error.end])
    # surrogateescape keeps the byte NN as U+DCNN (PEP 383)
    shown = (f"\\x{x - 0xDC00:02x}" if 0xDC80 <= x <= 0xDCFF else f"\\u{x:04x}" for x in lost)
    return "".join(shown), error.end
