"""Labelled names in the original's schema: host, domain, class, subclass."""

from __future__ import annotations

import codecs
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from malicious_domains.features.array_types import Bools, Ints

from . import own_data, sources
from .mapping import ReadOptions
from .own_data import Taken
from .schema import COLUMNS, GROUP, CorpusError
from .store import Column, Store

__all__ = ["Corpus", "CorpusError", "read"]

_ALL = (*COLUMNS, GROUP)


@dataclass(frozen=True)
class Corpus:
    """Labelled rows and the file that holds them."""

    name: str
    path: Path
    rows: Store  # of COLUMNS and GROUP; a group that is not told is the label
    grouped: bool = False  # whether the file tells which rows a split must not part
    taken: Taken | None = None  # how it was read, if it is somebody's own

    @classmethod
    def of(cls, name: str, path: Path, frame: pd.DataFrame) -> Corpus:
        """Of rows in memory: COLUMNS, perhaps GROUP, all text."""
        grouped = GROUP in frame.columns
        told = frame if grouped else frame.assign(**{GROUP: ""})
        rows = told[[*_ALL]].itertuples(index=False, name=None)
        return cls(name, path, Store(_ALL, map(_with_group, rows)), grouped)

    def __len__(self) -> int:
        """The number of rows."""
        return len(self.rows)

    @property
    def labels(self) -> Column:
        """The registrable labels, one a row."""
        return self.rows.column("domain")

    @property
    def groups(self) -> Column:
        """What a split must not part, one a row; the label where the file tells no group."""
        return self.rows.column(GROUP)

    @cached_property
    def malicious(self) -> Bools:
        """Which rows are algorithmically generated, (rows,)."""
        return self.rows.each("class = 'dga'")

    @cached_property
    def frame(self) -> pd.DataFrame:
        """All rows in memory: COLUMNS, perhaps GROUP, all text."""
        return self.rows.frame()[[*(_ALL if self.grouped else COLUMNS)]]

    def kept(self, chosen: Bools) -> Corpus:
        """Some of the rows, bool (rows,)."""
        some = Corpus.of(self.name, self.path, self.frame[chosen])
        return replace(self, rows=some.rows)

    def different(self, kind: str) -> Ints:
        """The first row of each different label of a class, ascending."""
        return self.rows.first("domain", f"class = '{kind}'")

    def sizes(self) -> Ints:
        """How many rows are of each row's subclass, (rows,)."""
        counted = "SELECT subclass, count(*) AS size FROM rows GROUP BY ALL"
        return self.rows.each("size", f"JOIN ({counted}) USING (subclass)")

    def numbered_groups(self) -> tuple[Ints, int]:
        """The place of each row's group among the different ones, sorted, (rows,); how many."""
        return self.rows.places(GROUP)

    @property
    def plain(self) -> bool:
        """Whether the file is an uncompressed CSV of COLUMNS, of which no row was left out."""
        if self.taken is None:
            return True
        with self.path.open("rb") as file:
            head = file.readline(4096).removeprefix(codecs.BOM_UTF8).decode("ascii", "replace")
        names = {name.strip('"') for name in head.rstrip("\r\n").split(",")}
        return names.issuperset(COLUMNS) and not self.taken.left_out.rows

    def source(self) -> dict[str, Any]:
        """Name, SHA-256 and rows, as an artifact records them; of one's own how it was read."""
        digest = sources.sha256_of(self.path)
        known = {"name": self.name, "sha256": digest, "rows": len(self)}
        return known | (self.taken.record() if self.taken else {})

    def describe(self) -> str:
        """Name and number of rows by subclass, for the screen."""
        counted = "FROM rows GROUP BY subclass ORDER BY count(*) DESC, min(number)"
        of_each = (self.rows.values(f"SELECT {x} {counted}") for x in ("count(*)", "subclass"))
        parts = ", ".join(f"{count:,} {name}" for count, name in zip(*of_each, strict=True))
        return f"{self.name}: {len(self):,} rows ({parts})"


def read(path: Path, name: str | None = None, options: ReadOptions | None = None) -> Corpus:
    """Read a file to learn from, as own_data.Reading does.

    name: that of a corpus of ours; without it the file is somebody's own, and how it was read
    becomes part of its record. Raises CorpusError, also where a class is missing, InputError, or
    StoreError.
    """
    reading = own_data.Reading(path, options)
    rows = Store(_ALL, map(_with_group, reading))
    taken = reading.taken
    corpus = Corpus(name or path.name, path, rows, GROUP in taken.columns, None if name else taken)
    if not 0 < corpus.malicious.sum() < len(rows):
        raise CorpusError(f"{path}: {len(rows)} rows; rows of both classes are needed to learn")
    return corpus


def _with_group(row: Sequence[str]) -> Sequence[str]:
    """A row of _ALL, by its label if by nothing else."""
    return row if row[-1] else (*row[:-1], row[1])
