"""Open files and pipes of any of four compressions and of any Unicode encoding."""

from __future__ import annotations

import codecs
import io
import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, TextIO, cast

from ..names import file_kinds
from ..names.errors import MaliciousDomainsError

MAX_LINE = 1 << 20  # characters
TOO_LONG = "\x02long\x02"  # replaces a longer line
_HEAD = 4096  # bytes by which an encoding is detected
# In this order: UTF-32's mark begins as UTF-16's does.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


class InputError(MaliciousDomainsError):
    """An input that cannot be read, or has no names where they should be."""


def is_live(path: Path | None) -> bool:
    """Return whether an input may pause: a pipe, a socket or a terminal, not a file."""
    if path and not path.exists():
        return False  # opening it raises the error
    mode = (path.stat() if path else os.fstat(sys.stdin.fileno())).st_mode
    return not stat.S_ISREG(mode)


@contextmanager
def open_lines(path: Path | None, encoding: str | None = None) -> Iterator[Iterator[str]]:
    """Open the lines of a file, or of standard input if path is None, decompressed and decoded.

    Compression (gzip, bzip2, xz, zstd, a ZIP of one file) is detected by the first bytes, the
    encoding by detect_encoding. Bytes that are not UTF-8 become surrogates: invalid as a name, but
    not lost. A line over MAX_LINE characters becomes TOO_LONG. Raises InputError, also while lines
    are taken.
    """
    name = str(path or "standard input")
    with _as_input_error(name):
        raw = io.FileIO(path or os.dup(sys.stdin.fileno()))
        source: io.BufferedReader = io.BufferedReader(raw, 1 << 16)
    with source:
        with _as_input_error(name):
            plain = unpack(source, name)
            file_kinds.check_text(cast(io.BufferedReader, plain).peek(file_kinds.HEAD))
            chosen = _known(encoding) if encoding else detect_encoding(plain)
        # Bytes that are not of the encoding are kept; only UTF-8 has surrogates for them.
        errors = "surrogateescape" if chosen.startswith("utf-8") else "replace"
        with io.TextIOWrapper(plain, chosen, errors, newline="") as text:
            yield _lines(text, name)


def _lines(text: TextIO, name: str) -> Iterator[str]:
    """Yield lines, TOO_LONG for those over MAX_LINE; the parts of these where an array begins."""
    with _as_input_error(name):
        is_array = None
        while line := text.readline(MAX_LINE):
            if is_array is None and not line.isspace():
                is_array = line.lstrip()[:1] == "["
            if len(line) < MAX_LINE or line[-1] in "\r\n" or is_array:
                yield line
                continue
            while line and line[-1] not in "\r\n":
                line = text.readline(MAX_LINE)
            yield f"{TOO_LONG}\n"


def list_damages() -> tuple[type[Exception], ...]:
    """Return the exceptions that compressed data raise which are damaged or end too early."""
    from gzip import BadGzipFile  # they are slow to import, and seldom needed
    from lzma import LZMAError
    from zipfile import BadZipFile
    from zlib import error

    return EOFError, error, LZMAError, BadGzipFile, BadZipFile


@contextmanager
def _as_input_error(name: str) -> Iterator[None]:
    """Raise InputError for what the standard library raises."""
    try:
        yield
    except list_damages() as error:
        raise InputError(
            f"{name}: its compressed data are damaged or end too early ({error}); what stands "
            "before that was read"
        ) from error
    except (OSError, ValueError) as error:  # the latter for what is no text
        raise InputError(f"{name}: {getattr(error, 'strerror', '') or error}") from error


def unpack(source: io.BufferedReader, name: str = "", layers: int = 2) -> BinaryIO:
    """Return a stream of what is inside a compressed source; raises InputError, with its name.

    layers: compressions, one in the other. Amazon's Firehose compresses CloudWatch's gzip again.
    """
    try:
        is_zstd = source.peek(4)[:4] == b"\x28\xb5\x2f\xfd"
        plain = io.BufferedReader(_Zstd(source)) if is_zstd else file_kinds.unpack(source)
    except ValueError as error:
        raise InputError(f"{name or getattr(source, 'name', 'the input')}: {error}") from error
    if plain is source or layers == 1:
        return plain
    return unpack(cast(io.BufferedReader, plain), name, layers - 1)


class _Zstd(io.RawIOBase):
    """A stream of the bytes inside zstd's frames; raises EOFError if the last one is not whole."""

    def __init__(self, source: io.BufferedReader) -> None:
        super().__init__()
        self._source, self._ready = source, b""
        self._frame: Any = None

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._ready:
            data = self._source.read1(1 << 16)
            if not data:
                if self._frame and not self._frame.eof:
                    raise EOFError("the last zstd frame is not whole")
                return 0
            self._feed(data)
        size = min(len(buffer), len(self._ready))
        buffer[:size], self._ready = self._ready[:size], self._ready[size:]
        return size

    def _feed(self, data: bytes) -> None:
        import zstandard  # seldom needed

        parts = []
        try:
            while data:
                if self._frame is None or self._frame.eof:
                    self._frame = zstandard.ZstdDecompressor().decompressobj()
                parts.append(self._frame.decompress(data))
                data = self._frame.unused_data if self._frame.eof else b""
        except zstandard.ZstdError as error:
            raise EOFError(str(error)) from error
        self._ready = b"".join(parts)


def _known(encoding: str) -> str:
    try:
        return codecs.lookup(encoding).name
    except LookupError as error:
        raise InputError(f"--encoding {encoding}: there is no such encoding") from error


def detect_encoding(plain: BinaryIO) -> str:
    """Return a stream's encoding: by a byte order mark, by UTF-16's zeros, or else UTF-8."""
    head = cast(io.BufferedReader, plain).peek(_HEAD)[:_HEAD]
    for mark, name in _MARKS:
        if head.startswith(mark):
            return name
    # Names and what stands around them are ASCII, of which UTF-16 makes every other byte zero.
    even, odd = head[0::2], head[1::2]
    for first, second, name in ((even, odd, "utf-16-le"), (odd, even, "utf-16-be")):
        if second and second.count(0) > 0.4 * len(second) and first.count(0) < 0.1 * len(first):
            return name
    return "utf-8"
