"""What is to be read: files, folders, patterns, standard input."""

from __future__ import annotations

import glob
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from ...names.errors import MaliciousDomainsError

STANDARD_INPUT = Path("-")
FIELDS = ("client", "query", "time", "rcode", "type")  # what a mapping may name


class ReadingError(MaliciousDomainsError):
    """Logs that cannot be read, with the file, what is wrong and what to do."""


@dataclass(frozen=True)
class Source:
    """Logs to read.

    paths are files; Path("-") is standard input. form is a format's name, or None: told by
    content. mapping says where client, query, time, rcode and type stand: names of columns, paths
    with dots in JSON, or numbers of columns from one.
    """

    paths: tuple[Path, ...]
    form: str | None = None
    mapping: dict[str, str] = field(default_factory=dict)

    @property
    def size(self) -> int | None:
        """Bytes of all files, None if one of them is no file."""
        if not all(x != STANDARD_INPUT and x.is_file() for x in self.paths):
            return None
        return sum(x.stat().st_size for x in self.paths)

    @classmethod
    def of(
        cls,
        names: Iterable[str | Path],
        form: str | None = None,
        mapping: dict[str, str] | None = None,
    ) -> Source:
        """A source of files, folders (all that is in them) and patterns; raises ReadingError."""
        wrong = sorted(set(mapping or ()) - set(FIELDS))
        if wrong:
            raise ReadingError(f"there is no {wrong[0]!r} to map; known are {', '.join(FIELDS)}")
        found = dict.fromkeys(path for x in names for path in _expanded(str(x)))
        if not found:
            raise ReadingError("no log files are named; name some, or - for standard input")
        return cls(tuple(found), form, dict(mapping or {}))


def _expanded(name: str) -> list[Path]:
    """The files that a name stands for, in order; hidden ones of a folder are left out."""
    path = Path(name)
    if path == STANDARD_INPUT or path.is_file():
        return [path]
    if path.is_dir():
        inside = path.rglob("*")
        found = [x for x in inside if x.is_file() and not _hidden(x.relative_to(path))]
    elif path.exists():  # a pipe, as <(…) of a shell makes it
        return [path]
    else:
        found = [Path(x) for x in glob.glob(name, recursive=True) if Path(x).is_file()]  # noqa: PTH207
    if not found:
        raise ReadingError(f"{name}: there is no such file; check the path")
    return sorted(found)


def _hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)
