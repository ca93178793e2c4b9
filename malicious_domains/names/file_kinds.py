"""Kinds of files by their first bytes: what is unpacked, and what cannot be read as text."""

from __future__ import annotations

import io
from importlib import import_module
from typing import BinaryIO, cast

HEAD = 512  # bytes by which a kind is recognized
ZIP = b"PK\x03\x04"
PARQUET = b"PAR1"
CAPTURES = tuple(map(bytes.fromhex, ("d4c3b2a1", "a1b2c3d4", "4d3cb2a1", "a1b23c4d", "0a0d0d0a")))
_UNREADABLE = (
    (PARQUET, "Parquet, which is read from a plain file: score --input FILE --column NAME"),
    (b"SQLite format 3\0", "an SQLite database: export its table as CSV"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive: unpack it"),
    (b"Rar!\x1a\x07", "a RAR archive: unpack it"),
    (b"PK\x05\x06", "an empty ZIP archive"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Excel or Word file: save it as CSV or text"),
    (b"%PDF-", "a PDF: copy its text to a file"),
    (b"Obj\x01", "Avro: convert it to JSON lines"),
    (b"ORC", "ORC: convert it to Parquet or CSV"),
    (b"ARROW1\0", "an Arrow file: convert it to Parquet or CSV"),
    *((x, "a capture of packets: make a log of it, `zeek -r FILE`") for x in CAPTURES),
    (b"\x89PNG", "a picture"),
    (b"\x7fELF", "a program"),
    (b"MZ\x90\0", "a program"),
)
# By the first bytes: the module that opens such a file, imported for the first one.
_COMPRESSED = {b"\x1f\x8b": "gzip", b"BZh": "bz2", b"\xfd7zXZ\0": "lzma"}
_TAR = slice(257, 262)  # where a tar archive says ustar


def check_text(head: bytes) -> None:
    """Raise ValueError, which names the kind, for the first bytes of what is no text.

    >>> check_text(b"google.com")
    >>> check_text(b"%PDF-1.7")
    Traceback (most recent call last):
        ...
    ValueError: this is a PDF: copy its text to a file
    """
    for mark, kind in _UNREADABLE:
        if head.startswith(mark) and not (mark == b"ORC" and head[3:].isascii()):
            raise ValueError(f"this is {kind}")
    if head[_TAR] == b"ustar":
        raise ValueError("this is a tar archive: unpack it")


def decompress(source: io.BufferedReader) -> BinaryIO:
    """Return what unpack() does; raises ValueError for what is no text inside, too."""
    plain = unpack(source)
    check_text(cast(io.BufferedReader, plain).peek(HEAD)[:HEAD])
    return plain


def unpack(source: io.BufferedReader) -> BinaryIO:
    """Return a stream of the bytes inside gzip, bzip2, xz or a ZIP of one file, or the source.

    Raises ValueError for a ZIP of several files or none.
    """
    head = source.peek(6)[:6]
    if head.startswith(ZIP):
        return unpack(_open_zip(source))
    for mark, module in _COMPRESSED.items():
        if head.startswith(mark):
            return cast(BinaryIO, import_module(module).open(source))
    return cast(BinaryIO, source)


class _Member(io.BufferedReader):
    """A file in a ZIP, which is closed with it."""

    def __init__(self, raw: io.RawIOBase, archive: BinaryIO) -> None:
        super().__init__(raw, 1 << 16)
        self._archive = archive

    def close(self) -> None:
        super().close()
        self._archive.close()


def _open_zip(source: io.BufferedReader) -> io.BufferedReader:
    """Open the one file in a ZIP, which is copied first where it comes through a pipe."""
    import shutil
    import tempfile
    import zipfile

    file: BinaryIO = source
    if not source.seekable():
        file = cast(BinaryIO, tempfile.SpooledTemporaryFile(max_size=1 << 24))  # noqa: SIM115
        shutil.copyfileobj(source, file)
    try:
        archive = zipfile.ZipFile(file)
        member = archive.open(_find_member(archive.namelist()))
        opened = _Member(cast(io.RawIOBase, member), file)
        if opened.peek(4).startswith(ZIP):
            raise ValueError("a ZIP in a ZIP: unpack it")
        return opened
    except (zipfile.BadZipFile, RuntimeError, ValueError) as error:
        file.close()
        problem = "" if isinstance(error, ValueError) else "a ZIP that cannot be read: "
        raise ValueError(f"{problem}{error}") from error


def _find_member(names: list[str]) -> str:
    """Return the one file in a ZIP; raise ValueError if there are several or none."""
    files = [x for x in names if not x.endswith("/") and not x.startswith("__MACOSX/")]
    if "[Content_Types].xml" in files:
        raise ValueError("this is an Excel or Word file: save it as CSV or text")
    if len(files) != 1:
        shown = ", ".join(files[:3]) + ", ..." * (len(files) > 3)
        raise ValueError(f"a ZIP of {len(files)} files ({shown}): unpack it, and give one")
    return files[0]
