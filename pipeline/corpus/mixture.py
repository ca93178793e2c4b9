"""Mix a training corpus from several sources: each label once, and in one class only."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from malicious_domains.inputs.atomic import replace_file
from malicious_domains.names.parse import MAX_LABEL

from .columns import CLASSES, COLUMNS, GROUP, CorpusError, LabelledName, ReadOptions
from .edits import edit_rows
from .readers import EDITS, KNOWN, RowReader

DEFAULT = ("original:legit", "hsts", "universities", "generators", "shapes", EDITS)
NAMES = 5000  # of each family of generators
SEED = 1  # of the random sampling
LEAST = 3  # names of a family; with fewer, a synthetic one would have none
_LABEL = re.compile(rf"[a-z0-9-]{{1,{MAX_LABEL}}}")


class Mix:
    """Rows by label, of which the first counts, and the numbers of those that are left out."""

    def __init__(self) -> None:
        """Begin without rows."""
        self._first: dict[str, LabelledName] = {}
        self.both: set[str] = set()  # labels that are legitimate in one row, generated in another
        self.refused = 0  # rows whose name has no label that can be scored
        self.repeated = 0  # rows whose label occurs before, in the same class

    def add(self, rows: Iterable[LabelledName]) -> None:
        """Add rows."""
        for row in rows:
            if not _LABEL.fullmatch(row.domain):
                self.refused += 1
            elif (first := self._first.setdefault(row.domain, row)) is row:
                continue
            elif first.kind != row.kind:
                self.both.add(row.domain)
            else:
                self.repeated += 1

    def kept(self) -> list[LabelledName]:
        """Return the rows of the corpus, in their order."""
        return [row for label, row in self._first.items() if label not in self.both]

    def __str__(self) -> str:
        kept = self.kept()
        lines = [f"{len(kept):,} rows"]
        for kind in CLASSES:
            if counts := Counter(row.subclass for row in kept if row.kind == kind):
                parts = ", ".join(f"{n:,} {subclass}" for subclass, n in counts.items())
                lines.append(f"{kind}: {counts.total():,} ({parts})")
        lines.append(
            f"left out: {len(self.both):,} labels in both classes, {self.refused:,} invalid "
            f"names, {self.repeated:,} rows that repeat a label"
        )
        return "\n  ".join(lines)


def assemble(
    path: Path,
    sources: Sequence[str] = DEFAULT,
    names: int = NAMES,
    seed: int = SEED,
    options: ReadOptions | None = None,
) -> Mix:
    """Mix sources, as RowReader.parse reads them, into a CSV of COLUMNS and GROUP.

    The first source that has a label gives its row; a label in both classes is dropped. `names` is
    the number for each family of generators, `seed` that of the random sampling, options apply to
    sources that are files. The file takes its place completely or not at all. Raises CorpusError,
    InputError for a file that cannot be read, or OSError.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     mix = assemble(Path(folder, "mix.csv"), ["universities", "shapes", "edits"], names=6)
    >>> Counter(row.kind for row in mix.kept())
    Counter({'legit': 19858, 'dga': 41})
    """
    if names < LEAST:
        raise CorpusError(f"{names} names a family: give {LEAST} or more")
    readers, options = [*map(RowReader.parse, sources)], options or ReadOptions()
    if options.columns and all(reader.name in KNOWN for reader in readers):
        raise CorpusError("--map applies to files: give one as --source")
    if path.exists() and not path.is_file():
        raise CorpusError(f"{path} is not a regular file; choose another with --out")
    path.parent.mkdir(parents=True, exist_ok=True)
    mix = Mix()
    with replace_file(path) as new, new.open("w", newline="", encoding="utf-8") as file:
        for reader in readers:
            edits = reader.name == EDITS
            mix.add(edit_rows(mix.kept(), seed) if edits else reader.rows(names, seed, options))
        if not (kept := mix.kept()):
            raise CorpusError(f"{path}: no row to write; the sources were {', '.join(sources)}")
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow((*COLUMNS, GROUP))
        writer.writerows(kept)
    return mix
