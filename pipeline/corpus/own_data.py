"""Labelled names as people have them: other columns, other words for the classes, hosts alone.

CSV, JSON lines or Parquet become rows of COLUMNS. What cannot be learned from is left out,
counted by reason and shown by example.
"""

from __future__ import annotations

import csv
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from lambda_app.chalicelib.domains.parse import InvalidDomain, parse

from ..scoring.rows import DELIMITERS
from ..scoring.streams import opened
from .labelled import COLUMNS, GROUP, LABEL, CorpusError

MOST_LEFT_OUT = 0.01  # share of the rows that may be left out without --lenient
_EXAMPLES = 3  # rows that are shown for each reason
# What columns are called elsewhere, the likeliest first; "label" is a class or a domain.
HEADERS = {
    "class": ("class", "isdga", "is_dga", "label", "type", "category", "verdict", "target", "y"),
    "host": ("host", "fqdn", "hostname", "host_name", "domain_name", "query", "name"),
    "domain": ("domain", "sld", "registered_domain"),
    "subclass": ("subclass", "family", "malware", "malware_family", "source"),
    "group": (GROUP,),
}
CLASSES = {
    "legit": {"legit", "legitimate", "benign", "clean", "normal", "good", "white", "alexa"}
    | {"0", "0.0", "false", "no", "n", "non-dga", "nondga", "not_dga"},
    "dga": {"dga", "malicious", "malware", "bad", "black", "generated", "agd", "botnet"}
    | {"1", "1.0", "true", "yes", "y"},
}
_CLASS_OF = {word: kind for kind, words in CLASSES.items() for word in words}


@dataclass
class LeftOut:
    """Rows that nothing is learned from, by reason, with some of them for a person to look at."""

    total: int = 0  # rows that were read
    reasons: Counter[str] = field(default_factory=Counter)
    examples: dict[str, list[str]] = field(default_factory=dict)

    def add(self, reason: str, record: int, text: str) -> None:
        """Count a row; records are numbered from 1 on."""
        self.reasons[reason] += 1
        shown = self.examples.setdefault(reason, [])
        if len(shown) < _EXAMPLES:
            shown.append(f"record {record}: {text[:80]!r}")

    @property
    def rows(self) -> int:
        """How many rows are left out."""
        return self.reasons.total()

    def __str__(self) -> str:
        lines = [f"{self.rows:,} of {self.total:,} rows are left out"]
        for reason, count in self.reasons.most_common():
            lines.append(f"  {count:,} {reason} ({'; '.join(self.examples[reason])})")
        return "\n".join(lines)


def parse_mapping(text: str) -> dict[str, str]:
    """Read --map host=…,class=…,subclass=…; raises CorpusError for another form or key."""
    found: dict[str, str] = {}
    for part in filter(None, text.split(",")):
        key, equals, column = part.partition("=")
        if key.strip() not in HEADERS or not equals or not column.strip():
            known = ", ".join(f"{name}=…" for name in HEADERS)
            raise CorpusError(f"--map {part!r}: expected some of {known}, separated by commas")
        found[key.strip()] = column.strip()
    return found


def read(
    path: Path, mapping: Mapping[str, str] | None = None, lenient: bool = False
) -> tuple[pd.DataFrame, LeftOut]:
    """The rows of a file as COLUMNS (and GROUP, where it has one), and what was left out.

    mapping: our column to theirs; what it does not name is found by its usual names. The label is
    taken from the host where there is no column of labels. Raises CorpusError if there is no
    class or no name, a class is called by an unknown word, or more than MOST_LEFT_OUT of the rows
    cannot be learned from and lenient is not set.
    """
    columns, records = _table(path)
    at = _columns(path, columns, mapping or {})
    left_out, rows, unknown = LeftOut(), [], Counter[str]()
    for record in records:
        left_out.total += 1
        row = _row(record, at, left_out, unknown)
        if row:
            rows.append(row)
    if unknown:
        words = ", ".join(f"{word!r} ({count:,})" for word, count in unknown.most_common(5))
        raise CorpusError(
            f"{path}: classes {words} are not known; known are "
            + "; ".join(f"{kind}: {', '.join(sorted(words))}" for kind, words in CLASSES.items())
        )
    if not lenient and left_out.rows > MOST_LEFT_OUT * left_out.total:
        raise CorpusError(f"{path}: {left_out}\nwith --lenient the rest is learned from")
    names = [*COLUMNS, GROUP] if GROUP in at else [*COLUMNS]
    return pd.DataFrame(rows, columns=names, dtype=str), left_out


def _columns(path: Path, columns: Sequence[str], mapping: Mapping[str, str]) -> dict[str, int]:
    """Where each of our columns stands among theirs."""
    by_name = {name.strip().casefold(): i for i, name in reversed([*enumerate(columns)])}
    at: dict[str, int] = {}
    for ours, theirs in mapping.items():
        if theirs.casefold() not in by_name:
            raise CorpusError(f"{path}: no column {theirs!r}; found {', '.join(columns)[:300]}")
        at[ours] = by_name[theirs.casefold()]
    for ours, usual in HEADERS.items():
        free = (by_name[x] for x in usual if x in by_name and by_name[x] not in at.values())
        if ours not in at and (place := next(free, None)) is not None:
            at[ours] = place
    if "class" not in at or not at.keys() & {"host", "domain"}:
        raise CorpusError(
            f"{path}: no column {'host' if 'class' in at else 'class'}; expected "
            f"{','.join(COLUMNS)}, found {', '.join(columns)[:300]}; say which is which with "
            "--map host=…,class=…,subclass=…"
        )
    return at


def _row(
    record: Sequence[str], at: Mapping[str, int], left_out: LeftOut, unknown: Counter[str]
) -> tuple[str, ...] | None:
    """A row of COLUMNS, None for one that is left out."""

    def cell(name: str) -> str:
        place = at.get(name, -1)
        return record[place] if 0 <= place < len(record) else ""

    host, domain = cell("host") or cell("domain"), cell("domain")
    if (kind := _CLASS_OF.get(cell("class").strip().casefold())) is None:
        unknown[cell("class")[:40]] += 1
        return None
    if not re.fullmatch(LABEL, domain):
        try:
            domain = parse(host).label
        except InvalidDomain as error:
            left_out.add(f"{error.status}: {error.reason}", left_out.total, host)
            return None
    group = (cell(GROUP),) if GROUP in at else ()
    return (host, domain, kind, cell("subclass") or kind, *group)


# --- the three kinds of file ---


def _table(path: Path) -> tuple[list[str], Iterable[list[str]]]:
    """Columns and records of a file, all text."""
    if not path.is_file():
        raise CorpusError(f"{path}: no such file")
    with path.open("rb") as file:
        if file.read(4) == b"PAR1":
            return _parquet(path)
    with opened(path) as lines:
        first = next((line for line in lines if line.strip()), "")
    return _json(path) if first.lstrip().startswith("{") else _csv(path, first)


def _csv(path: Path, first: str) -> tuple[list[str], Iterable[list[str]]]:
    delimiter = max(DELIMITERS, key=first.count)

    def records() -> Iterator[list[str]]:
        with opened(path) as lines:
            try:
                yield from csv.reader(lines, delimiter=delimiter, strict=True)
            except csv.Error as error:
                raise CorpusError(f"{path}: cannot be read as CSV: {error}") from error

    rows = records()
    return next(rows, []), (row for row in rows if row)


def _json(path: Path) -> tuple[list[str], Iterable[list[str]]]:
    objects: list[dict[str, Any]] = []
    with opened(path) as lines:
        for number, line in enumerate(lines, 1):
            try:
                if line.strip():
                    objects.append(dict(json.loads(line)))
            except (ValueError, TypeError, RecursionError) as error:
                raise CorpusError(f"{path}: line {number} is no JSON object: {error}") from error
    columns = list(dict.fromkeys(name for x in objects for name in x))
    return columns, ([_shown(x.get(name)) for name in columns] for x in objects)


def _parquet(path: Path) -> tuple[list[str], Iterable[list[str]]]:
    import duckdb

    try:
        found: Any = duckdb.connect().read_parquet(str(path))
    except duckdb.Error as error:
        raise CorpusError(f"{path}: cannot be read as Parquet: {error}") from error
    return found.columns, ([_shown(x) for x in row] for row in iter(found.fetchone, None))


def _shown(value: object) -> str:
    return "" if value is None else str(value)
