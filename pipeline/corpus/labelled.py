"""Labelled names in the original's schema: host, domain, class, subclass."""

from __future__ import annotations

import codecs
import csv
import lzma
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..dga import cryptolocker, goz, newgoz
from . import own_data, sources
from .mapping import ReadOptions
from .own_data import Taken
from .schema import COLUMNS, GROUP, CorpusError, LabelledName

__all__ = ["Corpus", "CorpusError", "read", "write_embedded"]


@dataclass(frozen=True)
class Corpus:
    """Labelled rows and the file that holds them."""

    name: str
    path: Path
    frame: pd.DataFrame  # COLUMNS, perhaps GROUP, all text
    taken: Taken | None = None  # how it was read, if it is somebody's own

    @property
    def labels(self) -> list[str]:
        """The registrable labels, one a row."""
        return list(self.frame["domain"])

    @property
    def grouped(self) -> bool:
        """Whether the file tells which rows a split must not part."""
        return GROUP in self.frame.columns

    @property
    def groups(self) -> list[str]:
        """What a split must not part, one a row; the label where the file tells no group."""
        labels = self.frame["domain"]
        if not self.grouped:
            return list(labels)
        return list(self.frame[GROUP].where(self.frame[GROUP] != "", labels))

    @property
    def malicious(self) -> NDArray[np.bool_]:
        """Which rows are algorithmically generated."""
        return (self.frame["class"] == "dga").to_numpy(dtype=np.bool_)

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
        known = {"name": self.name, "sha256": digest, "rows": len(self.frame)}
        return known | (self.taken.record() if self.taken else {})

    def describe(self) -> str:
        """Name and number of rows by subclass, for the screen."""
        counts = self.frame["subclass"].value_counts()
        parts = ", ".join(f"{n:,} {subclass}" for subclass, n in counts.items())
        return f"{self.name}: {len(self.frame):,} rows ({parts})"


def read(path: Path, name: str | None = None, options: ReadOptions | None = None) -> Corpus:
    """Read a file to learn from, as own_data.load does.

    name: that of a corpus of ours; without it the file is somebody's own, and how it was read
    becomes part of its record. Raises CorpusError, also where a class is missing, or InputError.
    """
    rows, taken = own_data.load(path, options)
    corpus = Corpus(name or path.name, path, _frame(rows, taken), None if name else taken)
    if not 0 < corpus.malicious.sum() < len(rows):
        raise CorpusError(f"{path}: {len(rows)} rows; rows of both classes are needed to learn")
    return corpus


def _frame(rows: Sequence[LabelledName], taken: Taken) -> pd.DataFrame:
    columns = [*COLUMNS, GROUP]
    frame = pd.DataFrame(rows, columns=columns, dtype=str)
    return frame if GROUP in taken.columns else frame[[*COLUMNS]]


def write_embedded(path: Path) -> None:
    """Write the corpus that needs no download: HSTS names and generated ones.

    A label stands once, and not at all where it is both legitimate and generated.
    """
    legit = {label: row for label, *row in _labelled(_hsts(), "legit")}
    generated = {label: row for label, *row in _labelled(_generated(), "dga")}
    both = legit.keys() & generated.keys()
    with path.open("w", newline="", encoding="ascii") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        for rows in (legit, generated):
            for label, (host, kind, family) in rows.items():
                if label not in both:
                    writer.writerow((host, label, kind, family))


def _labelled(hosts: Iterator[tuple[str, str]], kind: str) -> Iterator[tuple[str, str, str, str]]:
    for host, family in hosts:
        yield host.partition(".")[0], host, kind, family


def _hsts() -> Iterator[tuple[str, str]]:
    for host in lzma.decompress(sources.HSTS.path.read_bytes()).decode("ascii").split():
        yield host, "legit"


def _generated() -> Iterator[tuple[str, str]]:
    """The names from which the original's malicious rows were taken.

    All but one of its 52,665 are among these: cryptolocker and goz under .ru,
    newgoz of 29 August 2014.
    """
    for day in _days(date(2014, 5, 1), date(2014, 12, 31)):
        for index in range(cryptolocker.TLDS.index("ru"), cryptolocker.COUNT, 7):
            yield cryptolocker.domain(day, index), "cryptolocker"
    for month in range(4, 13):
        for day_of_month in (1, 7, 14, 21, 28):
            for index in range(0, goz.COUNT, 6):  # those under .ru
                yield goz.domain(date(2014, month, day_of_month), index), "goz"
    for salt, count in newgoz.SALTS.items():
        for index in range(count):
            yield newgoz.domain(date(2014, 8, 29), index, salt), "newgoz"


def _days(first: date, last: date) -> Iterator[date]:
    for number in range((last - first).days + 1):
        yield first + timedelta(days=number)
