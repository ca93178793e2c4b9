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
from itertools import chain
from pathlib import Path
from zipfile import BadZipFile

import duckdb

from ...inputs.signals import hold_signals
from ...inputs.streams import InputError, detect_encoding, unpack
from ...names.errors import MaliciousDomainsError
from ...names.file_kinds import HEAD, ZIP, check_text
from . import sql

STANDARD_INPUT = Path("-")
HEAD_BYTES = 1 << 18  # of a file, by which its format is recognized
_CHUNK = 1 << 20
Advance = Callable[[int], object]  # is called with the number of bytes that were looked at
BINARY = (b"SQLite format 3\0", b"PAR1")
_COMPRESSED = (b"\x1f\x8b", b"BZh", b"\xfd7zXZ\0", b"\x28\xb5\x2f\xfd", ZIP)
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


class NoDnsLogError(ReadingError):
    """Logs that hold nothing to read: of another format than was named, or without DNS events."""


@dataclass(frozen=True)
class LogFile:
    """A log file that DuckDB can read.

    path is the file that the user named, readable that one or a copy of it. head: its first
    bytes. size: its bytes on the disk. latest: when it was last written, in seconds since the
    epoch. utf8: whether all of it is UTF-8. damage: what is wrong with it as a whole. has_quotes:
    whether it has a double quote. lines: their number, 0 if it has none or is binary.
    """

    path: Path
    readable: Path
    head: bytes
    size: int
    latest: float
    utf8: bool = True
    damage: str = ""
    has_quotes: bool = False
    lines: int = 0


def prepare_file(path: Path, folder: Path, advance: Advance = lambda _: None) -> LogFile:
    """Return a file ready to be read, or a copy of it in folder. Raises ReadingError."""
    file = _prepare_lines(path, folder, advance)
    return _split_json(file, folder) if _MULTILINE_JSON.match(file.head) else file


def _refuse_kind(path: Path, head: bytes) -> None:
    """Raise ReadingError for what is no log by its first bytes, and say how to make one of it."""
    if head.startswith(_CAPTURES):
        raise ReadingError(
            f"{path}: a packet capture, no log. Make one by Zeek, and scan dns.log: zeek -C -r "
            f"{path}; or by tshark, and scan dns.tsv: tshark -r {path} -Y 'dns.flags.response == 1"
            " && udp.srcport == 53' -T fields -E header=y -E occurrence=f -e frame.time_epoch -e "
            "ip.dst -e dns.qry.name -e dns.qry.type -e dns.flags.rcode > dns.tsv"
        )
    try:
        if not head.startswith(BINARY):
            check_text(head)
    except ValueError as error:
        raise ReadingError(f"{path}: {error}") from error


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
    return replace(file, readable=copy, head=read_head(copy), lines=0)


def name_copy(folder: Path) -> Path:
    """Return the path of a new copy in a folder."""
    return folder / f"{len(os.listdir(folder)):06d}.log"  # noqa: PTH208


def _prepare_lines(path: Path, folder: Path, advance: Advance) -> LogFile:
    try:
        with _open(path) as source:
            stat = os.fstat(source.fileno())
            regular = path != STANDARD_INPUT and path.is_file()
            head = source.peek(HEAD)[:HEAD] if regular else b""
            latest = stat.st_mtime if regular else time.time()
            file = LogFile(path, path, b"", stat.st_size, latest)
            _refuse_kind(path, head)
            if head.startswith(BINARY):
                return replace(file, head=head[:16])
            if _MULTILINE_JSON.match(head):
                return replace(file, head=read_head(path))
            is_plain = regular and not head.startswith(_COMPRESSED)
            is_plain = is_plain and detect_encoding(source) == "utf-8"
        if is_plain:
            content = _look_through(path, advance)
            if not content.has_long_line:
                return repair(replace(file, head=read_head(path)), folder, content)
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


@dataclass
class Content:
    """Properties of a whole file; has_lone_cr: a CR, at which DuckDB would split a line."""

    is_utf8: bool = True
    has_quotes: bool = False
    has_lone_cr: bool = False
    has_long_line: bool = False
    lines: int = 0


def _look_through(path: Path, advance: Advance = lambda _: None) -> Content:
    decoder = codecs.getincrementaldecoder("utf-8")()
    content, run, last = Content(), 0, b""  # run: the bytes of a line so far
    with path.open("rb", buffering=0) as file:
        while chunk := file.read(_CHUNK):
            advance(len(chunk))
            content.has_quotes |= b'"' in chunk
            returns = last + chunk  # one at the end may belong to a line feed
            last = b"\r" if chunk.endswith(b"\r") else b""
            content.has_lone_cr |= returns.count(b"\r") - len(last) != returns.count(b"\r\n")
            content.lines += chunk.count(b"\n")
            end = chunk.find(b"\n")
            content.has_long_line |= run + (len(chunk) if end < 0 else end) > sql.MAX_LINE
            run = run + len(chunk) if end < 0 else len(chunk) - chunk.rfind(b"\n") - 1
            if content.is_utf8 and (not chunk.isascii() or decoder.getstate()[0]):
                try:
                    decoder.decode(chunk)
                except UnicodeDecodeError:
                    content.is_utf8 = False
    content.has_lone_cr |= bool(last)
    content.lines += run > 0
    content.is_utf8 &= not decoder.getstate()[0]
    return content


def repair(file: LogFile, folder: Path, content: Content | None = None) -> LogFile:
    """Return a file, or a copy of it with REPLACED for bytes that are not UTF-8.

    A CR within a line becomes a blank; one that ends each line, as on old Macs, a line feed.
    """
    content = content or _look_through(file.readable)
    file = replace(file, has_quotes=content.has_quotes, lines=content.lines)
    if content.is_utf8 and not content.has_lone_cr:
        return file
    copy = name_copy(folder)
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    other, rest = b" " if b"\n" in file.head else b"\n", b""
    with file.readable.open("rb", buffering=0) as source, copy.open("wb") as repaired:
        while chunk := source.read(_CHUNK):
            chunk = rest + decoder.decode(chunk).encode()
            rest = b"\r" if chunk.endswith(b"\r") else b""
            lines = chunk.removesuffix(rest).replace(b"\r\n", b"\n")
            repaired.write(lines.replace(b"\r", other))
        repaired.write(decoder.decode(b"", final=True).encode())
    return replace(file, readable=copy, head=read_head(copy), utf8=content.is_utf8)


# --- copies ---


def _copy(file: LogFile, folder: Path, advance: Advance) -> LogFile:
    """Write a plain copy, up to where the file is damaged."""
    copy = name_copy(folder)
    damage = ""
    with _open(file.path) as source, copy.open("wb") as target:
        try:
            for chunk in _drop_long_lines(_count_bytes(_decode(source), source, advance)):
                target.write(chunk)
        except InputError as error:
            raise ReadingError(str(error)) from error
        except (EOFError, zlib.error, lzma.LZMAError, OSError, BadZipFile) as error:
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
    _refuse_kind(file.path, file.head)
    if file.head.startswith(BINARY):
        return replace(file, head=file.head[:16])
    return repair(file, folder)


def _count_bytes(
    chunks: Iterator[bytes], source: io.BufferedReader, advance: Advance
) -> Iterator[bytes]:
    """Yield the same chunks, and call advance with the bytes that the source gave for each."""
    before = 0
    for chunk in chunks:
        now = source.tell() if source.seekable() else before + len(chunk)
        advance(now - before)
        before = now
        yield chunk


def _decode(source: io.BufferedReader) -> Iterator[bytes]:
    """Yield the bytes of a source without compression, UTF-16 and byte order marks."""
    plain = unpack(source)
    if not hasattr(plain, "peek"):
        plain = io.BufferedReader(plain)  # type: ignore[type-var]
    encoding = detect_encoding(plain)
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    while chunk := plain.read1(_CHUNK):  # type: ignore[attr-defined]
        yield chunk if encoding == "utf-8" else decoder.decode(chunk).encode()
    yield decoder.decode(b"", final=True).encode()


def _drop_long_lines(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Yield the same lines, with TOO_LONG instead of those that are too long."""
    first = next(chunks, b"")
    chunks = chain([first], chunks)
    if first.startswith(BINARY) or _MULTILINE_JSON.match(first):
        yield from chunks
        return
    run, cut = b"", False  # the beginning of a line; whether it is within one that is too long
    for chunk in chunks:  # of which none is longer than a line may be
        line, newline, others = chunk.partition(b"\n")
        run, cut = run + line, cut or len(run) + len(line) > sql.MAX_LINE
        if newline:
            at = others.rfind(b"\n") + 1
            yield (_TOO_LONG if cut else run) + newline + others[:at]
            run, cut = others[at:], False
        elif cut:
            run = b""
    yield _TOO_LONG if cut else run


def remove(folder: Path) -> None:
    """Remove the copies."""
    with hold_signals(), suppress(OSError):
        shutil.rmtree(folder)
