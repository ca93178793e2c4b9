"""Write a design's rows as CSV files, by several processes, for H2O to import.

A shard ends where H2O would cut a single file, so that the shards give the same chunks, and the
sums of a GLM the same bits, however many processes write and nodes read.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from malicious_domains.inputs.ordered_pool import default_jobs, map_ordered
from malicious_domains.names.array_types import Ints

from .design import DesignMatrix, LineWriter, Widths

_SIZE = 1 << 22  # approximate bytes of a shard: the chunks into which H2O cuts a file sent to it
_WORTH = 1 << 23  # bytes that are worth another process, which takes a second or two to start
BLOCK = 1 << 16  # rows whose labels or texts are in memory at a time


Texts = NDArray[np.bytes_]  # a column of few characters beside a design's own, (rows + padding,)


class _Shard(NamedTuple):
    path: Path
    header: bytes
    part: Any  # of a design
    beside: list[list[bytes]]  # by column


def write_shards(
    folder: Path, design: DesignMatrix, beside: Mapping[str, Texts], deployed: bool
) -> list[Path]:
    """Write all rows of a design, and further columns; return the shards in order.

    Every shard has the header. deployed: as in DesignMatrix.line_writer. Raises WorkerError if a
    process fails.
    """
    header = _format_header(design, beside)
    widths = design.widths().astype(np.uint16)
    for column in beside.values():
        widths += np.char.str_len(column).astype(np.uint16) + 1
    bounds = [0, *find_cuts(widths, len(header)), len(widths)]
    jobs = max(min(default_jobs(), int(widths.sum()) // _WORTH), 1)
    shards = (
        _Shard(
            path=folder / f"{i:06d}.csv",
            header=header,
            part=design.part(rows),
            beside=[column[rows].tolist() for column in beside.values()],
        )
        for i, rows in enumerate(np.arange(*ends) for ends in pairwise(bounds))
    )
    load = partial(_set_writer, design.line_writer(deployed))
    return list(map_ordered(_write_shard, shards, jobs, load))


def write_rows(path: Path, design: DesignMatrix, rows: Ints) -> None:
    """Write some rows of a design to one file, as the deployed tables give them."""
    with path.open("wb") as file:
        file.write(_format_header(design, {}))
        write_lines = design.line_writer(deployed=True)
        for start in range(0, len(rows), BLOCK):
            for lines in write_lines(design.part(rows[start : start + BLOCK])):
                file.writelines(line[:-1] + b"\n" for line in lines)


def find_cuts(widths: Widths, header: int) -> list[int]:
    """Return the rows at which a further shard begins, given the bytes of rows and header.

    H2O gives a chunk those lines whose predecessor's line feed lies in it.
    """
    cuts, end, last = list[int](), header, 0
    for start in range(0, len(widths), BLOCK):
        ends = end + np.cumsum(widths[start : start + BLOCK], dtype=np.int64)
        chunk = (ends - 1) // _SIZE  # of the row after each
        cuts += (np.flatnonzero(np.diff(chunk, prepend=last)) + start + 1).tolist()
        end, last = ends[-1], chunk[-1]
    return [row for row in cuts if row < len(widths)]


def _format_header(design: DesignMatrix, beside: Mapping[str, Texts]) -> bytes:
    return ",".join([*design.columns, *beside]).encode() + b"\n"


_write_lines: LineWriter  # of each process


def _set_writer(writer: LineWriter) -> None:
    """Set what writes lines, once in each process: tables are large."""
    global _write_lines
    _write_lines = writer


def _write_shard(shard: _Shard) -> Path:
    ends = map(b",".join, zip(*shard.beside, strict=True))
    with shard.path.open("wb") as file:
        file.write(shard.header)
        for lines in _write_lines(shard.part):
            file.writelines(line + next(ends) + b"\n" for line in lines)
    return shard.path
