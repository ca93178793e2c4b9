"""A design's rows as CSV in shards, written by several processes for H2O to import.

A shard ends where H2O would cut a single file, so that a file in shards gives the same chunks,
and a GLM's sums the same bits, however many processes write and nodes read.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from malicious_domains.features.array_types import Ints
from malicious_domains.inputs.ordered_pool import default_jobs, map_ordered

Part = Any  # some rows of a design, small enough to go to another process
Widths = NDArray[np.uint8] | NDArray[np.uint16]  # bytes of each row

_SIZE = 1 << 22  # bytes of a shard, about: of the chunks that H2O cuts a file sent to it into
_WORTH = 1 << 23  # bytes for each process: it takes a second or two to start
TOGETHER = 1 << 16  # rows whose labels or texts are in memory at a time


class Lines(Protocol):
    """What turns parts of a design into text, in whichever process."""

    def __call__(self, part: Part, /) -> Iterator[Sequence[bytes]]:
        """The lines of a part, some at a time: cells, each followed by a comma."""


class Rows(Protocol):
    """What a design tells of its rows, those of padding being the last."""

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns."""

    def widths(self) -> Widths:
        """Bytes of each row as text, with a comma after each cell, (rows + padding,)."""

    def part(self, rows: Ints) -> Part:
        """Some rows by their numbers, ascending."""

    def lines(self, deployed: bool) -> Lines:
        """What makes their text; deployed: by the tables that are deployed."""


class Codes(NamedTuple):
    """A column with few values beside a design's own."""

    words: Sequence[bytes]  # the text of each code
    codes: NDArray[np.uint8]  # (rows + padding,)

    @classmethod
    def of(cls, numbers: NDArray[np.uint8], padding: Sequence[int] = ()) -> Codes:
        """Of numbers, (rows,), and those of padding."""
        codes = np.append(numbers, np.array(padding, np.uint8))
        return cls([b"%d" % x for x in range(256)], codes)

    def some(self, rows: Ints) -> Codes:
        """Of these rows only."""
        return Codes(self.words, self.codes[rows])

    def text(self) -> list[bytes]:
        """The words of all rows."""
        return [self.words[code] for code in self.codes.tolist()]

    def widths(self) -> Widths:
        """Bytes of each row's word, (rows + padding,)."""
        return np.array([len(word) for word in self.words], np.uint8)[self.codes]


class _Shard(NamedTuple):
    path: Path
    header: bytes
    part: Part
    beside: list[Codes]


def write(folder: Path, design: Rows, beside: Mapping[str, Codes], deployed: bool) -> list[Path]:
    """Write all rows of a design and columns beside it; returns the shards in order.

    Every shard has the header. deployed: as Rows.lines has it. Raises WorkerError if one of the
    processes ends before its time.
    """
    header = _header(design, beside)
    widths = design.widths().astype(np.uint16)
    for codes in beside.values():
        widths += codes.widths() + 1
    bounds = [0, *cuts(widths, len(header)), len(widths)]
    jobs = max(min(default_jobs(), int(widths.sum()) // _WORTH), 1)
    shards = (
        _Shard(folder / f"{i:06d}.csv", header, design.part(rows), _some(beside, rows))
        for i, rows in enumerate(np.arange(*ends) for ends in pairwise(bounds))
    )
    return _all(design.lines(deployed), shards, jobs)


def write_one(path: Path, design: Rows, rows: Ints) -> None:
    """Write some rows to one file, by the tables that are deployed."""
    with path.open("wb") as file:
        file.write(_header(design, {}))
        lines = design.lines(deployed=True)
        for start in range(0, len(rows), TOGETHER):
            for some in lines(design.part(rows[start : start + TOGETHER])):
                file.writelines(x[:-1] + b"\n" for x in some)


def cuts(widths: Widths, header: int) -> list[int]:
    """The rows at which shards begin, but the first, given the bytes of each row and the header.

    H2O gives a chunk the lines whose predecessor's line feed stands in it.
    """
    found, end, last = list[int](), header, 0
    for start in range(0, len(widths), TOGETHER):
        ends = end + np.cumsum(widths[start : start + TOGETHER], dtype=np.int64)
        chunk = (ends - 1) // _SIZE  # of the row after each
        found += (np.flatnonzero(np.diff(chunk, prepend=last)) + start + 1).tolist()
        end, last = ends[-1], chunk[-1]
    return [row for row in found if row < len(widths)]


def _header(design: Rows, beside: Mapping[str, Codes]) -> bytes:
    return ",".join([*design.columns, *beside]).encode() + b"\n"


def _some(beside: Mapping[str, Codes], rows: Ints) -> list[Codes]:
    return [codes.some(rows) for codes in beside.values()]


def _all(lines: Lines, shards: Iterable[_Shard], jobs: int) -> list[Path]:
    """By so many processes, of which each has the tables of lines; by this one if that is all.

    Few of the shards are in memory at a time.
    """
    return list(map_ordered(_write_there, shards, jobs, partial(_set_lines, lines)))


def _write(lines: Lines, shard: _Shard) -> Path:
    ends = map(b",".join, zip(*(codes.text() for codes in shard.beside), strict=True))
    with shard.path.open("wb") as file:
        file.write(shard.header)
        for some in lines(shard.part):
            file.writelines(x + next(ends) + b"\n" for x in some)
    return shard.path


_lines: Lines  # in each process


def _set_lines(lines: Lines) -> None:
    """In each process, at its start."""
    global _lines
    _lines = lines


def _write_there(shard: _Shard) -> Path:
    """In another process: write a shard."""
    return _write(_lines, shard)
