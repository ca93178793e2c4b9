"""Write a design's rows as one CSV for H2O to import, computed by several processes."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from malicious_domains.inputs.ordered_pool import default_jobs, map_ordered
from malicious_domains.names.array_types import Ints

from .design import DesignMatrix, LineWriter

BLOCK = 1 << 16  # rows whose labels or texts are in memory at a time
_WORTH = 1 << 17  # rows that are worth another process, which takes a second or two to start

Texts = NDArray[np.bytes_]  # a column of few characters beside a design's own, (rows,)


class _Block(NamedTuple):
    part: Any  # of a design
    beside: list[list[bytes]]  # by column


def write_csv(
    path: Path, design: DesignMatrix, rows: Ints, beside: Mapping[str, Texts], deployed: bool
) -> None:
    """Write some rows of a design, by their ascending numbers, and further columns.

    deployed: as in DesignMatrix.line_writer. Raises WorkerError if a process fails.
    """
    jobs = max(min(default_jobs(), len(rows) // _WORTH), 1)
    blocks = (slice(start, start + BLOCK) for start in range(0, len(rows), BLOCK))
    parts = (
        _Block(design.part(rows[x]), [column[x].tolist() for column in beside.values()])
        for x in blocks
    )
    load = partial(_set_writer, design.line_writer(deployed))
    with path.open("wb") as file:
        file.write(",".join([*design.columns, *beside]).encode() + b"\n")
        file.writelines(map_ordered(_format_block, parts, jobs, load))


_write_lines: LineWriter  # of each process


def _set_writer(writer: LineWriter) -> None:
    """Set what writes lines, once in each process: tables are large."""
    global _write_lines
    _write_lines = writer


def _format_block(block: _Block) -> bytes:
    lines = chain.from_iterable(_write_lines(block.part))
    return b"".join(b",".join(x) + b"\n" for x in zip(lines, *block.beside, strict=True))
