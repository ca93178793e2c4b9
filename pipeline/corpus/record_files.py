"""Read CSV, JSON and Parquet files, recognised by content, as columns and records of text."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Any

from malicious_domains.inputs.csv_records import (
    detect_delimiter,
    looks_like_header,
    normalize_name,
    read_preamble,
    read_records,
)
from malicious_domains.inputs.json_documents import BROKEN, compile_path, read_documents
from malicious_domains.inputs.streams import open_lines
from malicious_domains.inputs.zeek_header import ZEEK_START
from malicious_domains.names.errors import Invalid

from .mapping import ADVICE, count_usual
from .schema import CorpusError

Record = Sequence[str] | Invalid  # the text of each requested column, or why there is none

_SAMPLE = 1000  # JSON objects whose keys are the columns
_BATCH = 10_000  # rows of Parquet that are fetched together
_SHOWN = 80  # characters of a record that a message repeats
_HEADER_SHOWN = 300  # characters of a header that a message repeats
_JSON = re.compile(r"\s*(\{|\[\s*(\{|\]|$))")  # JSON begins so, and no header of a CSV
_ARCHIVE = b"PK\x03\x04"  # the start of a zip file, and of formats based on it


@dataclass(frozen=True)
class Table:
    """A file's columns, and a function that reads some of them from all records."""

    columns: list[str]
    records: Callable[[Sequence[str]], Iterator[Record]]
    has: Callable[[str], bool] = lambda _: False  # whether there is another column
    sure: bool = True  # whether the columns are surely names, not the first row of private data
    numbered: bool = False  # whether columns are numbers from 1 on, for want of a header

    def find(self, name: str) -> str:
        """Return the column of a name, or else of a number from 1 on.

        Raises CorpusError if there is none, or several with nearly that name.
        """
        near = [x for x in self.columns if normalize_name(x) == normalize_name(name)]
        if name in self.columns or self.has(name):
            return name
        if len(near) == 1:
            return near[0]
        if name.isascii() and name.isdigit() and 1 <= int(name) <= len(self.columns):
            return self.columns[int(name) - 1]
        raise CorpusError(f"there is no column {name!r}")

    @property
    def shown(self) -> str:
        """The columns, and how to map them, for a message."""
        last = len(self.columns)
        if self.numbered:
            return f"there are columns 1 to {last}: as all are given by number, there is no header"
        if self.sure or looks_like_header(self.columns):
            return f"found {', '.join(self.columns)[:_HEADER_SHOWN]}; say which is which: {ADVICE}"
        return (
            "the first row is no header that could be shown; if there is none, give numbers from "
            f"1 to {last}: --map host=1{',class=2' * (last > 1)}"
        )


@contextmanager
def open_table(path: Path, numbered: bool) -> Iterator[Table]:
    """Open a file as a table; numbered: the first row of a CSV is no header.

    Raises CorpusError if it has another format, and InputError if it cannot be read, perhaps only
    when records are read.
    """
    _check_file(path)
    with path.open("rb") as file:
        head = file.read(4)
    if head == _ARCHIVE:
        raise CorpusError("a zip archive: unpack it, and give the file that was in it")
    if head == b"PAR1":
        with _open_parquet(path) as table:
            yield table
        return
    with open_lines(path) as lines:
        first = next((line for line in lines if line.strip()), "")
        if not first:
            raise CorpusError("the file is empty")
        read = _read_json if _JSON.match(first) else _read_csv
        yield read(chain([first], lines), numbered)


def _check_file(path: Path) -> None:
    if path.is_dir():
        raise CorpusError("this is a directory; give a file")
    if not path.exists():
        raise CorpusError("no such file")
    if not path.is_file():
        raise CorpusError("not a regular file; write its content to one")


# --- CSV ---


def _read_csv(lines: Iterator[str], numbered: bool) -> Table:
    number, lines, delimiter = read_preamble(
        lines, None, lambda line: detect_delimiter([line], count_usual)
    )
    if delimiter == ZEEK_START:
        raise CorpusError("a Zeek log has no classes: write the names to a CSV")
    found = read_records(lines, delimiter, number)
    first = next((x for x in found if x), [])
    if isinstance(first, Invalid):
        raise CorpusError(f"cannot be read as CSV: {first.error}")
    columns = [str(i + 1) for i in range(len(first))] if numbered else _distinguish(first)
    rest = chain([first], found) if numbered else found

    def rows(names: Sequence[str]) -> Iterator[Record]:
        return _pick_cells(rest, [columns.index(name) for name in names], len(columns))

    return Table(columns, rows, sure=False, numbered=numbered)


def _distinguish(header: Sequence[str]) -> list[str]:
    """Add its number to each column whose name occurs several times."""
    often = Counter(header)
    return [x if often[x] < 2 else f"{x} (column {i + 1})" for i, x in enumerate(header)]


def _pick_cells(
    found: Iterable[list[str] | Invalid], at: Sequence[int], width: int
) -> Iterator[Record]:
    """Yield some cells of each record; missing ones are empty, empty lines are skipped."""
    for record in found:
        if isinstance(record, Invalid):
            yield record._replace(reason_code="csv")
        elif len(record) == width:
            yield [record[i] for i in at]
        elif any(record[width:]):
            error = f"{len(record)} fields where the header has {width}"
            yield Invalid(",".join(record)[:_SHOWN], error, reason="fields")
        elif record:
            yield [record[i] if i < len(record) else "" for i in at]


# --- JSON ---


def _read_json(lines: Iterator[str], _: bool) -> Table:
    found = read_documents(lines)
    sample = [*islice(found, _SAMPLE)]
    objects = [x for x, _ in sample if isinstance(x, dict)]
    if not objects:
        raise CorpusError("no JSON object on a line of its own; `jq -c .` writes them so")
    columns = list(dict.fromkeys(str(key) for x in objects for key in x))

    def has(path: str) -> bool:
        return any(True for x in objects for _ in compile_path(path)(x))

    def rows(names: Sequence[str]) -> Iterator[Record]:
        finders = [_compile_finder(name) for name in names]
        for document, text in chain(sample, found):
            if document is BROKEN or not isinstance(document, dict):
                yield Invalid(text[:_SHOWN], "not a JSON object on one line", reason="json")
            else:
                yield [_to_text(find(document)) for find in finders]

    return Table(columns, rows, has)


def _compile_finder(path: str) -> Callable[[dict[str, Any]], Any]:
    """Return a function that finds the first value of a path in an object, else None."""
    if "." not in path and "[" not in path:
        return lambda document: document.get(path)  # in a third of the time
    values = compile_path(path)
    return lambda document: next(values(document), None)


def _to_text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if value is None or value != value:  # null, NaN
        return ""
    return json.dumps(value)


# --- Parquet ---


@contextmanager
def _open_parquet(path: Path) -> Iterator[Table]:
    import duckdb  # seldom needed

    # A name with * in it is one file, and folders called class=dga are no columns.
    source = [re.sub(r"([*?\[])", r"[\1]", str(path))]
    table = "FROM read_parquet($1, hive_partitioning = false)"

    def rows(names: Sequence[str]) -> Iterator[Record]:
        quoted = ('"' + name.replace('"', '""') + '"' for name in names)
        cells = ", ".join(f"coalesce(CAST({name} AS VARCHAR), '')" for name in quoted)
        connection.execute(f"SELECT {cells} {table}", source)
        while batch := connection.fetchmany(_BATCH):
            yield from batch

    try:
        with duckdb.connect(config={"autoinstall_known_extensions": "false"}) as connection:
            found = connection.execute(f"SELECT * {table} LIMIT 0", source).description
            yield Table([column[0] for column in found or ()], rows)
    except duckdb.Error as error:
        reason = str(error).partition("\n")[0]
        raise CorpusError(f"cannot be read as Parquet: {reason}") from error
