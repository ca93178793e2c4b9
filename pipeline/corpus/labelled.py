"""Labelled names in the original's schema: host, domain, class, subclass."""

from __future__ import annotations

import csv
import lzma
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lambda_app.chalicelib.domains.parse import MAX_LABEL

from ..dga import cryptolocker, goz, newgoz
from ..errors import PipelineError
from . import sources

COLUMNS = ("host", "domain", "class", "subclass")
GROUP = "group"  # a fifth column, of what a split must not part
CLASSES = ("legit", "dga")
_LABEL = rf"[a-z0-9\n-]{{1,{MAX_LABEL}}}"  # one record of the original's has a line feed


class CorpusError(PipelineError):
    """A file that is no corpus."""


@dataclass(frozen=True)
class Corpus:
    """Labelled rows and the CSV file that holds them."""

    name: str
    path: Path
    frame: pd.DataFrame  # COLUMNS, perhaps GROUP and others, all text

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

    def source(self) -> dict[str, str | int]:
        """Name, SHA-256 and rows, as an artifact records them."""
        digest = sources.sha256_of(self.path)
        return {"name": self.name, "sha256": digest, "rows": len(self.frame)}

    def describe(self) -> str:
        """Name and number of rows by subclass, for the screen."""
        counts = self.frame["subclass"].value_counts()
        parts = ", ".join(f"{n:,} {subclass}" for subclass, n in counts.items())
        return f"{self.name}: {len(self.frame):,} rows ({parts})"


def read(path: Path, name: str | None = None) -> Corpus:
    """Read a CSV of COLUMNS to learn from; raises CorpusError with the row that is wrong."""
    frame = read_rows(path)
    _check_rows(path, frame)
    return Corpus(name or path.name, path, frame)


def read_rows(path: Path) -> pd.DataFrame:
    """The rows of a CSV of COLUMNS, perhaps of one class, the labels as they stand.

    Raises CorpusError if a column is missing or a class is none of CLASSES.
    """
    try:
        frame = pd.read_csv(path, dtype=str, keep_default_na=False, compression=None)
    except (OSError, ValueError) as error:  # pandas' parser errors are ValueErrors
        raise CorpusError(f"{path}: cannot be read as CSV: {error}") from error
    if missing := [c for c in COLUMNS if c not in frame.columns]:
        raise CorpusError(
            f"{path}: no column {', '.join(missing)}; expected {','.join(COLUMNS)}, "
            f"found {','.join(map(str, frame.columns))}"
        )
    _check_classes(path, frame)
    return frame


def _check_classes(path: Path, frame: pd.DataFrame) -> None:
    wrong = np.flatnonzero(~frame["class"].isin(CLASSES))
    if wrong.size:
        row = wrong[0]
        raise CorpusError(
            f"{path}: record {row + 1} has class {frame['class'].iloc[row]!r}; "
            f"known are {' and '.join(CLASSES)}"
        )


def _check_rows(path: Path, frame: pd.DataFrame) -> None:
    if frame["class"].nunique() < len(CLASSES):
        raise CorpusError(f"{path}: {len(frame)} rows; rows of both classes are needed to learn")
    wrong = np.flatnonzero(~frame["domain"].str.fullmatch(_LABEL))
    if wrong.size:
        row = wrong[0]
        raise CorpusError(
            f"{path}: record {row + 1} has domain {frame['domain'].iloc[row][:80]!r}; expected the "
            f"registrable label alone: 1 to {MAX_LABEL} lower-case letters, digits and hyphens"
        )


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
