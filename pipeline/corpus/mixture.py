"""Mix a training corpus from several sources: each label once, and in one class only."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from malicious_domains.inputs.atomic import replace_file
from malicious_domains.names.parse import MAX_LABEL

from .edits import edit_rows
from .mapping import ReadOptions
from .readers import EDITS, KNOWN, RowReader
from .schema import CLASSES, COLUMNS, GROUP, CorpusError, LabelledName

DEFAULT = ("original:legit", "hsts", "universities", "generators", "shapes", EDITS)
NAMES = 5000  # of each family of generators
SEED = 1  # of the random sampling
LEAST = 3  # names of a family; with fewer, a synthetic one would have none
_LABEL = re.compile(rf"[a-z0-9-]{{1,{MAX_LABEL}}}")


@dataclass(frozen=True)
class Summary:
    """The rows of a mixed corpus, and what was left out."""

    rows: dict[str, dict[str, int]]  # by class and subclass, in the order of the file
    both: int  # labels that are legitimate in one row and generated in another
    refused: int  # rows whose name has no label that can be scored
    repeated: int  # rows whose label occurs before, in the same class

    def __str__(self) -> str:
        total = sum(sum(counts.values()) for counts in self.rows.values())
        lines = [f"{total:,} rows"]
        for kind, counts in self.rows.items():
            if not counts:
                continue
            parts = ", ".join(f"{n:,} {subclass}" for subclass, n in counts.items())
            lines.append(f"{kind}: {sum(counts.values()):,} ({parts})")
        lines.append(
            f"left out: {self.both:,} labels in both classes, {self.refused:,} invalid names, "
            f"{self.repeated:,} rows that repeat a label"
        )
        return "\n  ".join(lines)


class _Mix:
    """Rows by label, of which the first counts."""

    def __init__(self) -> None:
        self.first: dict[str, LabelledName] = {}
        self.both: set[str] = set()
        self.refused = self.repeated = 0

    def add(self, rows: Iterable[LabelledName]) -> None:
        """Add rows."""
        for row in rows:
            if not _LABEL.fullmatch(row.domain):
                self.refused += 1
            elif (first := self.first.setdefault(row.domain, row)) is row:
                continue
            elif first.kind != row.kind:
                self.both.add(row.domain)
            else:
                self.repeated += 1

    def kept(self) -> list[LabelledName]:
        """Return the rows of the corpus, in their order."""
        return [row for label, row in self.first.items() if label not in self.both]

    def summary(self) -> Summary:
        """Count the rows by class and subclass, and those left out."""
        counts = Counter((row.kind, row.subclass) for row in self.kept())
        rows = {c: {s: n for (kind, s), n in counts.items() if kind == c} for c in CLASSES}
        return Summary(rows=rows, both=len(self.both), refused=self.refused, repeated=self.repeated)


def assemble(
    path: Path,
    sources: Sequence[str] = DEFAULT,
    names: int = NAMES,
    seed: int = SEED,
    options: ReadOptions | None = None,
) -> Summary:
    """Mix sources, as RowReader.parse reads them, into a CSV of COLUMNS and GROUP.

    The first source that has a label gives its row; a label in both classes is dropped. `names` is
    the number for each family of generators, `seed` that of the random sampling, options apply to
    sources that are files. The file takes its place completely or not at all. Raises CorpusError,
    or InputError for a file that cannot be read.
    """
    if names < LEAST:
        raise CorpusError(f"{names} names a family: give {LEAST} or more")
    readers = [RowReader.parse(text, options) for text in sources]
    if options and options.columns and all(reader.name in KNOWN for reader in readers):
        raise CorpusError("--map applies to files: give one as --source")
    mix = _Mix()
    with _open_new(path) as file:
        for reader in readers:
            edits = reader.name == EDITS
            mix.add(edit_rows(mix.kept(), seed) if edits else reader.rows(names, seed))
        if not (kept := mix.kept()):
            raise CorpusError(f"{path}: no row to write; the sources were {', '.join(sources)}")
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow((*COLUMNS, GROUP))
        writer.writerows(kept)
    return mix.summary()


@contextmanager
def _open_new(path: Path) -> Iterator[TextIO]:
    """Open a new file that replaces `path` at the end of the with block; raises CorpusError."""
    if path.exists() and not path.is_file():
        raise CorpusError(f"{path} is not a regular file; choose another with --out")
    with replace_file(path) as new:
        try:
            new.parent.mkdir(parents=True, exist_ok=True)
            file = new.open("w", newline="", encoding="utf-8")
        except OSError as error:
            raise CorpusError(f"{path} cannot be written: {error.strerror}") from error
        with file:
            yield file
