"""A corpus: labelled names with the columns host, domain, class, subclass and group."""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from malicious_domains.names.array_types import Bools, Ints

from . import own_data, sources
from .columns import FIELDS, GROUP, CorpusError, ReadOptions
from .own_data import ReadReport

_BLOCK = 1 << 16  # rows that are Python's at a time


@dataclass(frozen=True)
class Corpus:
    """Labelled rows in memory, and the file that holds them."""

    name: str
    path: Path
    frame: pd.DataFrame  # (rows, FIELDS) of text; the last column is missing without groups
    reading: ReadReport | None = None  # how a user's own file was read

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.frame)

    @property
    def grouped(self) -> bool:
        """True if there is a column of groups; a split keeps the rows of a group together."""
        return GROUP in self.frame

    @cached_property
    def labels(self) -> list[str]:
        """The labels, one a row."""
        return list(self.frame["domain"])

    @property
    def groups(self) -> list[str]:
        """The groups, one a row; that of a row without one is its label."""
        if not self.grouped:
            return self.labels
        pairs = zip(self.frame[GROUP], self.labels, strict=True)
        return [group or label for group, label in pairs]

    @cached_property
    def malicious(self) -> Bools:
        """Whether each row is algorithmically generated, (rows,)."""
        return (self.frame["class"] == "dga").to_numpy(np.bool_)

    @cached_property
    def edited(self) -> Bools:
        """Mask of the edited names, (rows,): generated rows whose host lacks the label."""
        hosts = zip(self.frame["host"], self.labels, self.malicious.tolist(), strict=True)
        return np.array(
            [bad and x not in re.split("[^a-z0-9-]+", host.lower()) for host, x, bad in hosts]
        )

    def select(self, chosen: Bools) -> Corpus:
        """Return a corpus of some rows, chosen by (rows,)."""
        return replace(self, frame=self.frame[chosen].reset_index(drop=True))

    def first_rows(self, kind: str) -> Ints:
        """Return the first row of each distinct label of a class, ascending."""
        rows = np.flatnonzero(self.frame["class"] == kind)
        return rows[~self.frame["domain"].iloc[rows].duplicated()]

    def family_sizes(self) -> Ints:
        """Return the number of rows that have each row's subclass, (rows,)."""
        return self.frame.groupby("subclass")["subclass"].transform("size").to_numpy(np.int64)

    def number_groups(self) -> Ints:
        """Return the place of each row's group among the sorted different ones, (rows,)."""
        return pd.factorize(np.array(self.groups, object), sort=True)[0]

    def source(self) -> dict[str, Any]:
        """Return name, SHA-256 and rows, as an artifact records them, and how a file was read."""
        record = {"name": self.name, "sha256": sources.sha256_of(self.path), "rows": len(self)}
        return record | (self.reading.record() if self.reading else {})

    def describe(self) -> str:
        """Return name and number of rows by subclass, for the screen."""
        counts = self.frame["subclass"].value_counts()
        parts = ", ".join(f"{count:,} {name}" for name, count in counts.items())
        return f"{self.name}: {len(self):,} rows ({parts})"


def read_corpus(path: Path, name: str | None = None, options: ReadOptions | None = None) -> Corpus:
    """Read a file to train on, as own_data.Reading does.

    name: that of a known corpus; without it the file is a user's own unless it is the H2O demo's,
    and its record says how it was read. Raises CorpusError, also without a class, or InputError.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "own.csv")
    ...     _ = path.write_text("query,is_dga,family\\nw.org,0,\\nxmqj.ru,1,goz\\nqgkd.ru,1,goz\\n")
    ...     corpus = read_corpus(path)
    ...     columns = corpus.source()["columns"]
    >>> columns, corpus.select(corpus.malicious).describe()
    ({'host': 'query', 'class': 'is_dga', 'subclass': 'family'}, 'own.csv: 2 rows (2 goz)')
    >>> corpus.number_groups(), corpus.family_sizes(), corpus.first_rows("dga")
    (array([1, 2, 0]), array([1, 2, 2]), array([1, 2]))
    """
    reading = own_data.Reading(path, options)
    rows, blocks = iter(reading), [pd.DataFrame(columns=[*FIELDS], dtype=str)]
    while block := [*islice(rows, _BLOCK)]:
        blocks.append(pd.DataFrame(block, columns=[*FIELDS], dtype=str))
    frame = pd.concat(blocks, ignore_index=True)
    if not name and sources.sha256_of(path) == sources.ORIGINAL.sha256:
        name = sources.ORIGINAL.name
    if GROUP not in reading.report.columns:
        frame = frame.drop(columns=GROUP)
    corpus = Corpus(name or path.name, path, frame, None if name else reading.report)
    if not 0 < corpus.malicious.sum() < len(corpus):
        raise CorpusError(f"{path}: {len(corpus)} rows; rows of both classes are needed to learn")
    return corpus


def assign_folds(texts: Sequence[str], count: int) -> NDArray[np.uint8]:
    """Return a fold of at most 256 for each text by its CRC-32: equal texts have the same fold.

    >>> assign_folds(["google", "apple", "google"], 5).tolist()
    [0, 3, 0]
    """
    return np.fromiter((zlib.crc32(x.encode()) % count for x in texts), np.uint8, len(texts))
