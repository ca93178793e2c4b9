"""Log files made ready for DuckDB: plain, and without a line that fills the memory.

Most files are read where they are. A copy in a temporary folder is made of a file that is
compressed, comes through a pipe, is not UTF-8 or has a line of more than a megabyte: a copy is
read on all cores, may be read twice, and keeps what comes before a damage.
"""

from __future__ import annotations

import codecs
import csv
import io
import os
import re
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path

import duckdb
import numpy as np

from ...inputs.csv_records import DELIMITERS, find_usual_width, read_records
from ...inputs.signals import hold_signals
from ...inputs.streams import InputError, detect_encoding, list_damages, unpack
from ...names.errors import MaliciousDomainsError
from ...names.file_kinds import CAPTURES, HEAD, ZIP, check_text
from . import sql

STANDARD_INPUT = Path("-")
HEAD_BYTES = 1 << 18  # of a file, by which its format is recognized
_BLOCK = 1 << 18  # bytes that are looked at together: they stay in a processor's cache
_CHUNK = 1 << 20
_CSV_LINES = 200  # by which a CSV is recognized whose cells have line breaks
BINARY = (b"SQLite format 3\0", b"PAR1")
_COMPRESSED = (b"\x1f\x8b", b"BZh", b"\xfd7zXZ\0", b"\x28\xb5\x2f\xfd", ZIP)
# Its beginning, and that of objects side by side in a line, or of a very long one.
_MULTILINE_JSON = re.compile(rb"\s*(?:\[\s*[{\]]|\{(?:\s*\n|[^\n]*\} ?\{\s*\"|[^\n]{200000}))")
_TOO_LONG = sql.TOO_LONG.encode()


class ReadingError(MaliciousDomainsError):
    """Logs that cannot be read, with the file, what is wrong and what to do."""


class NoDnsLogError(ReadingError):
    """Logs that hold nothing to read: of another format than was named, or without DNS events."""


@dataclass(frozen=True)
class LogFile:
    """A log file that DuckDB can read.

    path is the file that the user named, readable that one or a copy of it. head: its first
    bytes. size: its bytes on the disk. latest: when it was last written, in seconds since the
    epoch. damage: what is wrong with it as a whole. has_quotes: whether it has a double quote.
    may_wrap: whether lines may have envelopes, as it has a brace or a line that begins with <.
    lines: their number, 0 if it has none, is binary, or if those of a copy are other ones.
    """

    path: Path
    readable: Path
    head: bytes
    size: int
    latest: float
    damage: str = ""
    has_quotes: bool = False
    may_wrap: bool = False
    lines: int = 0


def prepare_file(path: Path, folder: Path) -> LogFile:
    """Return a file ready to be read, or a copy of it in folder. Raises ReadingError."""
    try:
        with _open(path) as source:
            stat = os.fstat(source.fileno())
            regular = path != STANDARD_INPUT and path.is_file()
            head = source.peek(HEAD)[:HEAD] if regular else b""
            _refuse_kind(path, head)
            is_plain = regular and not head.startswith(_COMPRESSED)
            is_plain = is_plain and (head.startswith(BINARY) or detect_encoding(source) == "utf-8")
        file = LogFile(path, path, head, stat.st_size, stat.st_mtime if regular else time.time())
        if is_plain:
            file, is_plain = describe(file)
        file = file if is_plain else _copy(file, folder)
    except OSError as error:
        raise ReadingError(f"{path}: {error.strerror or error}") from error
    if _MULTILINE_JSON.match(file.head):
        return _split_objects(file, folder)
    delimiter = _find_split_csv(file.head) if file.has_quotes else ""
    return _join_records(file, folder, delimiter) if delimiter else file


def _open(path: Path) -> io.BufferedReader:
    if path == STANDARD_INPUT:
        return open(os.dup(sys.stdin.fileno()), "rb")  # noqa: PTH123
    return path.open("rb")


def describe(file: LogFile) -> tuple[LogFile, bool]:
    """Return a file with its head and properties, and whether DuckDB reads it as it is.

    It does not where bytes are not UTF-8, a line is too long, or a CR stands within a line, at
    which it would split that. Raises ReadingError for what is no log by its first bytes.
    """
    with file.readable.open("rb") as source:
        file = replace(file, head=source.read(HEAD_BYTES))
    _refuse_kind(file.path, file.head)
    if file.head.startswith(BINARY):
        return replace(file, head=file.head[:16]), True
    if _MULTILINE_JSON.match(file.head):
        return file, True
    decoder = codecs.getincrementaldecoder("utf-8")()
    lines, run, is_plain, last = 0, 0, True, b""  # run: bytes of a line so far
    has_quotes, may_wrap = False, file.head.startswith((b"<", b"1 "))
    with file.readable.open("rb", buffering=0) as source:
        while chunk := source.read(_BLOCK):
            has_quotes |= b'"' in chunk
            # One character is looked for in a fraction of the time that two take.
            tag = b"<" in chunk and (b"\n<" in chunk or (not run and chunk.startswith(b"<")))
            may_wrap |= tag or b"{" in chunk
            if last or b"\r" in chunk:
                returns = last + chunk  # one at the end may belong to a line feed
                last = b"\r" if chunk.endswith(b"\r") else b""
                is_plain &= returns.count(b"\r") - len(last) == returns.count(b"\r\n")
            end = chunk.find(b"\n")
            is_plain = is_plain and run + (len(chunk) if end < 0 else end) <= sql.MAX_LINE
            is_plain = is_plain and _is_utf8(chunk, decoder)
            lines += int(np.count_nonzero(np.frombuffer(chunk, np.uint8) == ord("\n")))
            run = run + len(chunk) if end < 0 else len(chunk) - chunk.rfind(b"\n") - 1
    is_plain = is_plain and not last and not decoder.getstate()[0]
    lines += run > 0
    return replace(file, has_quotes=has_quotes, may_wrap=may_wrap, lines=lines), is_plain


def _is_utf8(chunk: bytes, decoder: codecs.IncrementalDecoder) -> bool:
    """Return whether a chunk goes on as UTF-8 after what the decoder has read."""
    if chunk.isascii() and not decoder.getstate()[0]:
        return True
    try:
        decoder.decode(chunk)
    except UnicodeDecodeError:
        return False
    return True


def _refuse_kind(path: Path, head: bytes) -> None:
    """Raise ReadingError for what is no log by its first bytes, and say how to make one of it."""
    if head.startswith(CAPTURES):
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


def name_copy(folder: Path) -> Path:
    """Return the path of a new copy in a folder."""
    return folder / f"{len(os.listdir(folder)):06d}.log"  # noqa: PTH208


def _split_objects(file: LogFile, folder: Path) -> LogFile:
    """Write a JSON array, or objects of several lines, as one object a line."""
    copy = name_copy(folder)
    source, target = sql.list_files([file.readable]), sql.quote_text(str(copy))
    try:
        with duckdb.connect() as connection:
            connection.execute(
                f"COPY (SELECT json(json)::VARCHAR FROM read_json_objects({source}, "
                f"format='{'array' if file.head.lstrip()[:1] == b'[' else 'unstructured'}', "
                f"maximum_object_size={min(max(file.size, 1 << 24), 1 << 28)}, "
                f"compression='none')) TO {target} "
                "(FORMAT csv, HEADER false, QUOTE '', ESCAPE '', DELIMITER '\x01')"
            )
    except duckdb.Error as error:
        raise ReadingError(
            f"{file.path}: JSON of several lines an object that is damaged or cut off; give it as "
            f"one object a line ({str(error).splitlines()[0]})"
        ) from error
    return replace(describe(replace(file, readable=copy))[0], lines=0, may_wrap=True)


# --- copies ---


def _find_split_csv(head: bytes) -> str:
    """Return the delimiter of a CSV in whose quoted cells lines break, "" for another text."""
    lines = head[: head.rfind(b"\n") + 1].decode("utf-8", "replace").splitlines(keepends=True)
    lines = lines[:_CSV_LINES]
    if sum(line.count('"') % 2 for line in lines) < 2:
        return ""
    for delimiter in DELIMITERS:
        records = [x for x in read_records(iter(lines), delimiter) if isinstance(x, list)]
        usual = find_usual_width(records)
        if usual > 1 and any("\n" in cell for x in records if len(x) == usual for cell in x):
            return delimiter
    return ""


def _join_records(file: LogFile, folder: Path, delimiter: str) -> LogFile:
    """Write a CSV as one record a line; a break within a cell becomes a blank."""
    copy = name_copy(folder)
    with (
        file.readable.open(encoding="utf-8", errors="replace", newline="") as source,
        copy.open("w", encoding="utf-8", newline="") as target,
    ):
        writer = csv.writer(target, delimiter=delimiter, lineterminator="\n")
        for record in read_records(source, delimiter):
            cells = record if isinstance(record, list) else [record.domain]
            writer.writerow(re.sub(r"[\r\n]+", " ", x) for x in cells)
    return replace(describe(replace(file, readable=copy))[0], lines=0)


def _copy(file: LogFile, folder: Path) -> LogFile:
    """Write a plain copy, up to where the file is damaged."""
    copy, damage = name_copy(folder), ""
    damages: tuple[type[Exception], ...] = (OSError, *list_damages())
    with _open(file.path) as source, copy.open("wb") as target:
        try:
            target.writelines(_repair(_decode(source)))
        except InputError as error:
            raise ReadingError(str(error)) from error
        except damages as error:
            if isinstance(error, OSError) and error.errno:  # a full disk, not damaged data
                raise ReadingError(
                    f"{file.path}: {error.strerror} while it is unpacked to {folder}; "
                    "set TMPDIR to a folder with more room"
                ) from error
            damage = (
                f"its compressed data are damaged or end too early ({error}); what comes "
                "before that was read"
            )
    return describe(replace(file, readable=copy, damage=damage))[0]


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


def _repair(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Yield the same bytes as DuckDB can read them; those of a binary file unchanged.

    Bytes that are not UTF-8 become REPLACED, lines that are too long TOO_LONG, a CR within a line
    a blank; one that ends each line, as on old Macs, a line feed.
    """
    first = next(chunks, b"")
    while 0 < len(first) < HEAD_BYTES and (more := next(chunks, b"")):
        first += more
    chunks = chain([first], chunks)
    if first.startswith(BINARY):
        yield from chunks
        return
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    other, rest = b" " if b"\n" in first else b"\n", b""
    for chunk in chunks if _MULTILINE_JSON.match(first) else _drop_long_lines(chunks):
        text = rest + decoder.decode(chunk).encode()
        rest = b"\r" if text.endswith(b"\r") else b""
        yield text.removesuffix(rest).replace(b"\r\n", b"\n").replace(b"\r", other)
    yield decoder.decode(b"", final=True).encode()


def _drop_long_lines(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Yield the same lines, with TOO_LONG instead of those that are too long."""
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
