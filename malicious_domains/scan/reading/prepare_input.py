"""Logs as DuckDB can read them: plain, without a line that fills the memory.

Most files are read where they lie. A copy in a temporary folder is made of what is compressed,
comes by a pipe, is not UTF-8 or has a line of more than a megabyte: it is read faster than DuckDB
decompresses, since on all cores, may be read twice, and keeps what stands before a damage.
"""

from __future__ import annotations

import codecs
import io
import lzma
import os
import re
import shutil
import sys
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

import duckdb

from ...inputs.signals import hold_signals
from ...inputs.streams import decompress, detect_encoding
from . import sql
from .log_files import STANDARD_INPUT, ReadingError

HEAD = 1 << 18  # bytes of a file by which its format is told
_CHUNK = 1 << 20
_WINDOW = 1 << 14  # in which most lines end
Advance = Callable[[int], object]
_BINARY = (b"SQLite format 3\0", b"PAR1")
_COMPRESSED = (b"\x1f\x8b", b"BZh", b"\xfd7zXZ\0", b"\x28\xb5\x2f\xfd")
_NOT_A_LINE = re.compile(rb"\s*(?:\[\s*[{\]]|\{\s*\n)")  # the beginning of JSON
_TOO_LONG = sql.TOO_LONG.encode()


@dataclass(frozen=True)
class Text:
    """A log that can be read.

    path is what the user named, text what is read; head its first bytes; utf8 whether all of it
    is UTF-8; damage what is wrong with the file as a whole; size its bytes on the disk; latest
    when it was last written, in seconds since the epoch.
    """

    path: Path
    text: Path
    head: bytes
    size: int
    latest: float
    utf8: bool = True
    damage: str = ""


def text_of(path: Path, folder: Path, advance: Advance = lambda _: None) -> Text:
    """A file, or a copy of it in folder, ready to be read. Raises ReadingError.

    advance is told of how many of the file's bytes more were looked at.
    """
    text = _plain(path, folder, advance)
    return _one_a_line(text, folder) if _NOT_A_LINE.match(text.head) else text


def _one_a_line(text: Text, folder: Path) -> Text:
    """A JSON array, or objects on several lines, as one object a line."""
    copy = _new(folder)
    source, target = sql.files([text.text]), sql.text(str(copy))
    try:
        with duckdb.connect() as connection:
            connection.execute(
                f"COPY (SELECT json(json)::VARCHAR FROM read_json_objects({source}, "
                f"format='{'array' if text.head.lstrip()[:1] == b'[' else 'unstructured'}', "
                f"compression='none')) TO {target} "
                "(FORMAT csv, HEADER false, QUOTE '', ESCAPE '', DELIMITER '\x01')"
            )
    except duckdb.Error as error:
        raise ReadingError(
            f"{text.path}: JSON of several lines an object that is damaged or cut off; give it as "
            f"one object a line ({str(error).splitlines()[0]})"
        ) from error
    return replace(text, text=copy, head=_head(copy))


def _new(folder: Path) -> Path:
    return folder / f"{len(os.listdir(folder)):06d}.log"  # noqa: PTH208


def _plain(path: Path, folder: Path, advance: Advance) -> Text:
    try:
        with _opened(path) as source:
            stat = os.fstat(source.fileno())
            regular = path != STANDARD_INPUT and path.is_file()
            head = source.peek(16)[:16] if regular else b""
            text = Text(path, path, b"", stat.st_size, stat.st_mtime if regular else time.time())
            if head.startswith(_BINARY):
                return replace(text, head=head)
            if _NOT_A_LINE.match(head):
                return replace(text, head=_head(path))
            as_it_is = regular and not head.startswith(_COMPRESSED) and _has_no_mark(source)
        if as_it_is and not _has_long_line(path):
            return _repaired(replace(text, head=_head(path)), folder, advance)
        return _copied(text, folder, advance)
    except OSError as error:
        raise ReadingError(f"{path}: {error.strerror or error}") from error


def _has_no_mark(source: BinaryIO) -> bool:
    return detect_encoding(source) == "utf-8"


def _opened(path: Path) -> io.BufferedReader:
    if path == STANDARD_INPUT:
        return open(os.dup(sys.stdin.fileno()), "rb")  # noqa: PTH123
    return path.open("rb")


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(HEAD)


def _has_long_line(path: Path) -> bool:
    """Whether a line is longer than what may be; reads little more than the lines' ends."""
    size = path.stat().st_size
    with path.open("rb", buffering=0) as file:
        at = 0
        while size - at > sql.LONGEST:
            end = _last_end(file, at)
            if end == at:
                return True
            at = end
    return False


def _last_end(file: BinaryIO, at: int) -> int:
    """Where the last line that begins within so many bytes from at on ends; at if none does."""
    for window in (_WINDOW, sql.LONGEST + 1):
        file.seek(at + sql.LONGEST + 1 - window)
        if end := file.read(window).rfind(b"\n") + 1:
            return at + sql.LONGEST + 1 - window + end
    return at


def _repaired(text: Text, folder: Path, advance: Advance = lambda _: None) -> Text:
    """A text, or a copy of it with marks in the place of bytes that are not UTF-8.

    JSON is left as it is: its reader tells such lines as broken.
    """
    if text.head.lstrip().startswith(b"{") or _is_utf8(text.text, advance):
        return text
    copy = _new(folder)
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    with text.text.open("rb", buffering=0) as file, copy.open("wb") as marked:
        while chunk := file.read(_CHUNK):
            marked.write(decoder.decode(chunk).encode())
        marked.write(decoder.decode(b"", final=True).encode())
    return replace(text, text=copy, utf8=False)


def _is_utf8(path: Path, advance: Advance) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    with path.open("rb", buffering=0) as file:
        while chunk := file.read(_CHUNK):
            advance(len(chunk))
            if not chunk.isascii() or decoder.getstate()[0]:
                try:
                    decoder.decode(chunk)
                except UnicodeDecodeError:
                    return False
    return not decoder.getstate()[0]


# --- copies ---


def _copied(text: Text, folder: Path, advance: Advance) -> Text:
    """A plain copy, up to where the file is damaged."""
    handle = _new(folder)
    damage = ""
    with _opened(text.path) as source, handle.open("wb") as copy:
        try:
            for chunk in _shortened(_noted(_decoded(source), source, advance)):
                copy.write(chunk)
        except (EOFError, zlib.error, lzma.LZMAError, OSError) as error:
            if isinstance(error, OSError) and error.errno:  # a full disk, not damaged data
                raise ReadingError(
                    f"{text.path}: {error.strerror} while it is unpacked to {folder}; "
                    "choose a folder with room by TMPDIR"
                ) from error
            damage = (
                f"its compressed data are damaged or end too early ({error}); what stands "
                "before that was read"
            )
    with handle.open("rb") as file:
        head = file.read(HEAD)
    copied = replace(text, text=handle, head=head, damage=damage)
    if head.startswith(_BINARY):
        return replace(copied, head=head[:16])
    return _repaired(copied, folder)


def _noted(chunks: Iterator[bytes], source: io.BufferedReader, advance: Advance) -> Iterator[bytes]:
    """The same chunks, advance being told of what the source has given for each."""
    before = 0
    for chunk in chunks:
        if source.seekable():
            advance(source.tell() - before)
            before = source.tell()
        else:
            advance(len(chunk))
        yield chunk


def _decoded(source: io.BufferedReader) -> Iterator[bytes]:
    """The bytes of a source without compression, UTF-16 and byte order marks."""
    plain = decompress(source)
    if not hasattr(plain, "peek"):
        plain = io.BufferedReader(plain)  # type: ignore[type-var]
    # A stream that is damaged at once has no head to tell by.
    encoding = detect_encoding(plain)
    if encoding == "utf-8":
        while chunk := plain.read1(_CHUNK):  # type: ignore[attr-defined]
            yield chunk
        return
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    while chunk := plain.read1(_CHUNK):  # type: ignore[attr-defined]
        yield decoder.decode(chunk).encode()
    yield decoder.decode(b"", final=True).encode()


def _shortened(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """The same lines, with a mark in the place of what is too long."""
    run, cut = b"", False  # the beginning of a line; or within one that was given up
    as_it_is: bool | None = None
    for chunk in chunks:
        if as_it_is is None:
            as_it_is = chunk.startswith(_BINARY) or _NOT_A_LINE.match(chunk) is not None
        if as_it_is:
            yield chunk
            continue
        at = chunk.rfind(b"\n") + 1
        if cut and at:
            chunk, cut = _TOO_LONG + chunk[chunk.find(b"\n") :], False
            at = chunk.rfind(b"\n") + 1
        if not cut:
            whole, run = (run + chunk[:at], chunk[at:]) if at else (b"", run + chunk)
            yield whole if len(whole) <= sql.LONGEST else b"".join(map(_short, _lines(whole)))
            if len(run) > sql.LONGEST:
                run, cut = b"", True
    yield _TOO_LONG if cut else run


def _lines(whole: bytes) -> list[bytes]:
    return whole.splitlines(keepends=True)


def _short(line: bytes) -> bytes:
    return line if len(line) <= sql.LONGEST else _TOO_LONG + b"\n"


def remove(folder: Path) -> None:
    """Remove the copies."""
    with hold_signals(), suppress(OSError):
        shutil.rmtree(folder)
