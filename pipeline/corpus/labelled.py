"""A corpus: labelled names with the columns host, domain, class, subclass and group."""

from __future__ import annotations

import codecs
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from malicious_domains.names.array_types import Bools, Ints

from . import own_data, sources
from .mapping import ReadOptions
from .own_data import ReadReport
from .row_store import Column, RowStore
from .schema import COLUMNS, GROUP, CorpusError

_ALL = (*COLUMNS, GROUP)


@dataclass(frozen=True)
class Corpus:
    """Labelled rows, and the file that holds them."""

    name: str
    path: Path
    rows: RowStore  # of COLUMNS and GROUP; a row's group is its label unless the file has another
    grouped: bool = False  # whether the file has groups, which a split must not divide
    reading: ReadReport | None = None  # how a user's own file was read

    @classmethod
    def from_frame(cls, name: str, path: Path, frame: pd.DataFrame) -> Corpus:
        """Make a corpus of rows in memory: COLUMNS, perhaps GROUP, all text."""
        grouped = GROUP in frame.columns
        whole = frame if grouped else frame.assign(**{GROUP: ""})
        rows = whole[[*_ALL]].itertuples(index=False, name=None)
        return cls(name, path, RowStore(_ALL, map(_fill_group, rows)), grouped)

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.rows)

    @property
    def labels(self) -> Column:
        """The labels, one a row."""
        return self.rows.column("domain")

    @property
    def groups(self) -> Column:
        """The groups, which a split must not divide, one a row."""
        return self.rows.column(GROUP)

    @cached_property
    def malicious(self) -> Bools:
        """Whether each row is algorithmically generated, (rows,)."""
        return self.rows.values("SELECT class = 'dga' FROM rows ORDER BY number")

    @cached_property
    def edited(self) -> Bools:
        """Whether a row is an edited form of another, (rows,): its host lacks the label."""
        parts = "regexp_split_to_array(lower(host), '[^a-z0-9-]+')"
        wanted = f"class = 'dga' AND NOT list_contains({parts}, domain)"
        return self.rows.values(f"SELECT {wanted} FROM rows ORDER BY number")

    @cached_property
    def frame(self) -> pd.DataFrame:
        """All rows in memory: COLUMNS, and GROUP if the file has groups, all text."""
        return self.rows.frame()[[*(_ALL if self.grouped else COLUMNS)]]

    def select(self, chosen: Bools) -> Corpus:
        """Return a corpus of some rows, chosen by (rows,)."""
        return replace(self, rows=Corpus.from_frame("", self.path, self.frame[chosen]).rows)

    def first_rows(self, kind: str) -> Ints:
        """Return the first row of each distinct label of a class, ascending."""
        wanted = f"SELECT min(number) AS x FROM rows WHERE class = '{kind}'"
        return self.rows.values(f"{wanted} GROUP BY domain ORDER BY x")

    def family_sizes(self) -> Ints:
        """Return the number of rows that have each row's subclass, (rows,)."""
        counted = "SELECT subclass, count(*) AS size FROM rows GROUP BY ALL"
        joined = f"FROM rows JOIN ({counted}) USING (subclass)"
        return self.rows.values(f"SELECT size {joined} ORDER BY number")

    def number_groups(self) -> tuple[Ints, int]:
        """Return the place of each row's group among the sorted ones, (rows,), and their count."""
        return self.rows.number_texts(GROUP)

    @property
    def is_plain(self) -> bool:
        """Whether the file is an uncompressed CSV of COLUMNS, of which no row was left out."""
        if self.reading is None:
            return True
        with self.path.open("rb") as file:
            head = file.readline(4096).removeprefix(codecs.BOM_UTF8).decode("ascii", "replace")
        names = {name.strip('"') for name in head.rstrip("\r\n").split(",")}
        return names.issuperset(COLUMNS) and not self.reading.left_out

    def source(self) -> dict[str, Any]:
        """Return name, SHA-256 and rows, as an artifact records them, and how a file was read."""
        record = {"name": self.name, "sha256": sources.sha256_of(self.path), "rows": len(self)}
        return record | (self.reading.record() if self.reading else {})

    def describe(self) -> str:
        """Return name and number of rows by subclass, for the screen."""
        counted = "FROM rows GROUP BY subclass ORDER BY count(*) DESC, min(number)"
        columns = (self.rows.values(f"SELECT {x} {counted}") for x in ("count(*)", "subclass"))
        parts = ", ".join(f"{count:,} {name}" for count, name in zip(*columns, strict=True))
        return f"{self.name}: {len(self):,} rows ({parts})"


def read_corpus(path: Path, name: str | None = None, options: ReadOptions | None = None) -> Corpus:
    """Read a file to train on, as own_data.Reading does.

    name: that of a known corpus; without it the file is a user's own, and how it was read becomes
    part of its record. Raises CorpusError, also if a class is missing, or InputError.
    """
    reading = own_data.Reading(path, options)
    rows = RowStore(_ALL, map(_fill_group, reading))
    report = reading.report
    corpus = Corpus(
        name or path.name, path, rows, GROUP in report.columns, None if name else report
    )
    if not 0 < corpus.malicious.sum() < len(rows):
        raise CorpusError(f"{path}: {len(rows)} rows; rows of both classes are needed to learn")
    return corpus


def _fill_group(row: Sequence[str]) -> Sequence[str]:
    """Give a row without a group that of its label."""
    return row if row[-1] else (*row[:-1], row[1])


def assign_folds(texts: Sequence[str], count: int) -> NDArray[np.uint8]:
    """Return a fold of at most 256 for each text by its CRC-32: equal texts have the same fold.

    >>> assign_folds(["google", "apple", "google"], 5).tolist()
    [0, 3, 0]
    """
    return np.fromiter((zlib.crc32(x.encode()) % count for x in texts), np.uint8, len(texts))
