"""Log files made ready for DuckDB: plain, and without a line that fills the memory.

Most files are read where they are. A copy in a temporary folder is made of a file that is
compressed, comes through a pipe, is not UTF-8 or has a line of more than a megabyte: a copy is
read on all cores, may be read twice, and keeps what comes before a damage.
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
from ...names.errors import MaliciousDomainsError
from . import sql

STANDARD_INPUT = Path("-")
HEAD_BYTES = 1 << 18  # of a file, by which its format is recognized
_CHUNK = 1 << 20
_WINDOW = 1 << 14  # bytes in which most lines end
Advance = Callable[[int], object]  # is called with the number of bytes that were looked at
BINARY = (b"SQLite format 3\0", b"PAR1")
_COMPRESSED = (b"\x1f\x8b", b"BZh", b"\xfd7zXZ\0", b"\x28\xb5\x2f\xfd")
_MULTILINE_JSON = re.compile(rb"\s*(?:\[\s*[{\]]|\{\s*\n)")  # its beginning
_TOO_LONG = sql.TOO_LONG.encode()
# A text of JSON, which is kept, or a comment.
_COMMENT = re.compile(rb'("(?:[^"\\]|\\.)*")|//[^\n]*|/\*.*?\*/', re.DOTALL)
_MAX_COMMENTED = 1 << 26  # bytes of a file in which comments are looked for
_CAPTURES = (
    b"\xd4\xc3\xb2\xa1", b"\xa1\xb2\xc3\xd4", b"\x4d\x3c\xb2\xa1", b"\xa1\xb2\x3c\x4d",
    b"\x0a\x0d\x0d\x0a",
)  # fmt: skip


class ReadingError(MaliciousDomainsError):
    """Logs that cannot be read, with the file, what is wrong and what to do."""


@dataclass(frozen=True)
class LogFile:
    """A log file that DuckDB can read.

    path is the file that the user named, readable that one or a copy of it. head: its first
    bytes. size: its bytes on the disk. latest: when it was last written, in seconds since the
    epoch. utf8: whether all of it is UTF-8. damage: what is wrong with it as a whole. has_quotes:
    whether it has a double quote.
    """

    path: Path
    readable: Path
    head: bytes
    size: int
    latest: float
    utf8: bool = True
    damage: str = ""
    has_quotes: bool = False


def prepare_file(path: Path, folder: Path, advance: Advance = lambda _: None) -> LogFile:
    """Return a file ready to be read, or a copy of it in folder. Raises ReadingError."""
    file = _prepare_lines(path, folder, advance)
    return _split_json(file, folder) if _MULTILINE_JSON.match(file.head) else file


def _refuse_capture(path: Path, head: bytes) -> None:
    """Raise ReadingError for a packet capture, with the commands that make a log of it."""
    if head.startswith(_CAPTURES):
        raise ReadingError(
            f"{path}: a packet capture, no log. Make one by Zeek, and scan dns.log: zeek -C -r "
            f"{path}; or by tshark, and scan dns.tsv: tshark -r {path} -Y 'dns.flags.response == 1"
            " && udp.srcport == 53' -T fields -E header=y -E occurrence=f -e frame.time_epoch -e "
            "ip.dst -e dns.qry.name -e dns.qry.type -e dns.flags.rcode > dns.tsv"
        )


def _split_json(file: LogFile, folder: Path) -> LogFile:
    """Write a JSON array, or objects of several lines, as one object a line."""
    try:
        return _split_objects(file, folder)
    except ReadingError:
        content = file.readable.read_bytes() if file.size <= _MAX_COMMENTED else b""
        if not any(x in content for x in (b"//", b"/*")):
            raise
    plain = name_copy(folder)
    plain.write_bytes(_COMMENT.sub(lambda x: x[1] or b"", content))
    return _split_objects(replace(file, readable=plain), folder)


def _split_objects(file: LogFile, folder: Path) -> LogFile:
    copy = name_copy(folder)
    source, target = sql.list_files([file.readable]), sql.quote_text(str(copy))
    try:
        with duckdb.connect() as connection:
            connection.execute(
                f"COPY (SELECT json(json)::VARCHAR FROM read_json_objects({source}, "
                f"format='{'array' if file.head.lstrip()[:1] == b'[' else 'unstructured'}', "
                f"compression='none')) TO {target} "
                "(FORMAT csv, HEADER false, QUOTE '', ESCAPE '', DELIMITER '\x01')"
            )
    except duckdb.Error as error:
        raise ReadingError(
            f"{file.path}: JSON of several lines an object that is damaged or cut off; give it as "
            f"one object a line ({str(error).splitlines()[0]})"
        ) from error
    return replace(file, readable=copy, head=read_head(copy))


def name_copy(folder: Path) -> Path:
    """Return the path of a new copy in a folder."""
    return folder / f"{len(os.listdir(folder)):06d}.log"  # noqa: PTH208


def _prepare_lines(path: Path, folder: Path, advance: Advance) -> LogFile:
    try:
        with _open(path) as source:
            stat = os.fstat(source.fileno())
            regular = path != STANDARD_INPUT and path.is_file()
            head = source.peek(16)[:16] if regular else b""
            latest = stat.st_mtime if regular else time.time()
            file = LogFile(path, path, b"", stat.st_size, latest)
            _refuse_capture(path, head)
            if head.startswith(BINARY):
                return replace(file, head=head)
            if _MULTILINE_JSON.match(head):
                return replace(file, head=read_head(path))
            is_plain = regular and not head.startswith(_COMPRESSED)
            is_plain = is_plain and detect_encoding(source) == "utf-8"
        if is_plain and not _has_long_line(path):
            return repair(replace(file, head=read_head(path)), folder, advance)
        return _copy(file, folder, advance)
    except OSError as error:
        raise ReadingError(f"{path}: {error.strerror or error}") from error


def _open(path: Path) -> io.BufferedReader:
    if path == STANDARD_INPUT:
        return open(os.dup(sys.stdin.fileno()), "rb")  # noqa: PTH123
    return path.open("rb")


def read_head(path: Path) -> bytes:
    """Return the first bytes of a file."""
    with path.open("rb") as file:
        return file.read(HEAD_BYTES)


def _has_long_line(path: Path) -> bool:
    """Return whether a line is longer than MAX_LINE; reads little more than the lines' ends."""
    size = path.stat().st_size
    with path.open("rb", buffering=0) as file:
        at = 0
        while size - at > sql.MAX_LINE:
            end = _find_last_end(file, at)
            if end == at:
                return True
            at = end
    return False


def _find_last_end(file: BinaryIO, at: int) -> int:
    """Return where the last line within MAX_LINE bytes from `at` ends; `at` if none does."""
    for window in (_WINDOW, sql.MAX_LINE + 1):
        file.seek(at + sql.MAX_LINE + 1 - window)
        if end := file.read(window).rfind(b"\n") + 1:
            return at + sql.MAX_LINE + 1 - window + end
    return at


def repair(file: LogFile, folder: Path, advance: Advance = lambda _: None) -> LogFile:
    """Return a file, or a copy of it with REPLACED instead of bytes that are not UTF-8."""
    is_utf8, has_quotes = _look_through(file.readable, advance)
    file = replace(file, has_quotes=has_quotes)
    if is_utf8:
        return file
    copy = name_copy(folder)
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    with file.readable.open("rb", buffering=0) as source, copy.open("wb") as repaired:
        while chunk := source.read(_CHUNK):
            repaired.write(decoder.decode(chunk).encode())
        repaired.write(decoder.decode(b"", final=True).encode())
    return replace(file, readable=copy, utf8=False)


def _look_through(path: Path, advance: Advance) -> tuple[bool, bool]:
    """Return whether a file is UTF-8, and whether it has a quote."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    is_utf8, has_quotes = True, False
    with path.open("rb", buffering=0) as file:
        while chunk := file.read(_CHUNK):
            advance(len(chunk))
            has_quotes = has_quotes or b'"' in chunk
            if is_utf8 and (not chunk.isascii() or decoder.getstate()[0]):
                try:
                    decoder.decode(chunk)
                except UnicodeDecodeError:
                    is_utf8 = False
    return is_utf8 and not decoder.getstate()[0], has_quotes


# --- copies ---


def _copy(file: LogFile, folder: Path, advance: Advance) -> LogFile:
    """Write a plain copy, up to where the file is damaged."""
    copy = name_copy(folder)
    damage = ""
    with _open(file.path) as source, copy.open("wb") as target:
        try:
            for chunk in _drop_long_lines(_count_bytes(_decode(source), source, advance)):
                target.write(chunk)
        except (EOFError, zlib.error, lzma.LZMAError, OSError) as error:
            if isinstance(error, OSError) and error.errno:  # a full disk, not damaged data
                raise ReadingError(
                    f"{file.path}: {error.strerror} while it is unpacked to {folder}; "
                    "set TMPDIR to a folder with more room"
                ) from error
            damage = (
                f"its compressed data are damaged or end too early ({error}); what comes "
                "before that was read"
            )
    file = replace(file, readable=copy, head=read_head(copy), damage=damage)
    _refuse_capture(file.path, file.head)
    if file.head.startswith(BINARY):
        return replace(file, head=file.head[:16])
    return repair(file, folder)


def _count_bytes(
    chunks: Iterator[bytes], source: io.BufferedReader, advance: Advance
) -> Iterator[bytes]:
    """Yield the same chunks, and call advance with the bytes that the source gave for each."""
    before = 0
    for chunk in chunks:
        if source.seekable():
            advance(source.tell() - before)
            before = source.tell()
        else:
            advance(len(chunk))
        yield chunk


def _decode(source: io.BufferedReader) -> Iterator[bytes]:
    """Yield the bytes of a source without compression, UTF-16 and byte order marks."""
    plain = decompress(source)
    if not hasattr(plain, "peek"):
        plain = io.BufferedReader(plain)  # type: ignore[type-var]
    encoding = detect_encoding(plain)
    if encoding == "utf-8":
        while chunk := plain.read1(_CHUNK):  # type: ignore[attr-defined]
            yield chunk
        return
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    while chunk := plain.read1(_CHUNK):  # type: ignore[attr-defined]
        yield decoder.decode(chunk).encode()
    yield decoder.decode(b"", final=True).encode()


def _drop_long_lines(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Yield the same lines, with TOO_LONG instead of those that are too long."""
    run, cut = b"", False  # the beginning of a line; whether it is within one that is too long
    has_lines: bool | None = None
    for chunk in chunks:
        if has_lines is None:
            has_lines = not (chunk.startswith(BINARY) or _MULTILINE_JSON.match(chunk))
        if not has_lines:
            yield chunk
            continue
        at = chunk.rfind(b"\n") + 1
        if cut and at:
            chunk, cut = _TOO_LONG + chunk[chunk.find(b"\n") :], False
            at = chunk.rfind(b"\n") + 1
        if not cut:
            whole, run = (run + chunk[:at], chunk[at:]) if at else (b"", run + chunk)
            yield whole if len(whole) <= sql.MAX_LINE else _shorten(whole)
            if len(run) > sql.MAX_LINE:
                run, cut = b"", True
    yield _TOO_LONG if cut else run


def _shorten(lines: bytes) -> bytes:
    whole = lines.splitlines(keepends=True)
    return b"".join(x if len(x) <= sql.MAX_LINE else _TOO_LONG + b"\n" for x in whole)


def remove(folder: Path) -> None:
    """Remove the copies."""
    with hold_signals(), suppress(OSError):
        shutil.rmtree(folder)
