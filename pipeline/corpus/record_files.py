"""Read CSV, JSON and Parquet files, recognised by content, as columns and records."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, islice, repeat, starmap
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

Record = dict[str, Any] | Invalid  # cells by column, or why there are none

_SAMPLE = 1000  # JSON objects whose keys are the columns
_BATCH = 10_000  # rows of Parquet that are fetched together
_SHOWN = 80  # characters of a record that a message repeats
_HEADER_SHOWN = 300  # characters of a header that a message repeats
_JSON = re.compile(r"\s*(\{|\[\s*(\{|\]|$))")  # JSON begins so, and no header of a CSV
_ARCHIVE = b"PK\x03\x04"  # the start of a zip file, and of formats based on it


@dataclass(frozen=True)
class Table:
    """A file's columns and records; of a CSV the columns may be somebody's first row of data."""

    columns: list[str]
    read: Callable[[Sequence[str]], Iterator[Record]]  # all records, with at least these columns
    sample: Sequence[dict[str, Any]] = ()  # objects of JSON, in which a column may be a path
    is_csv: bool = False

    def find(self, name: str) -> str:
        """Return the column of a name, or else of a number from 1 on.

        Raises CorpusError if there is none, or several with nearly that name.
        """
        if name in self.columns or any(True for x in self.sample for _ in compile_path(name)(x)):
            return name
        near = [x for x in self.columns if normalize_name(x) == normalize_name(name)]
        if len(near) == 1:
            return near[0]
        if name.isascii() and name.isdigit() and 1 <= int(name) <= len(self.columns):
            return self.columns[int(name) - 1]
        raise CorpusError(f"there is no column {name!r}")

    @property
    def shown(self) -> str:
        """The columns, and how to map them, for a message."""
        last = len(self.columns)
        if self.columns == _number_columns(last):
            return f"there are columns 1 to {last}: as all are given by number, there is no header"
        if not self.is_csv or looks_like_header(self.columns):
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
    if not path.is_file():
        exists = "not a regular file; write its content to one" if path.exists() else "no such file"
        raise CorpusError("this is a directory; give a file" if path.is_dir() else exists)
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
        lines = chain([first], lines)
        yield _read_json(lines) if _JSON.match(first) else _read_csv(lines, numbered)


def _read_csv(lines: Iterator[str], numbered: bool) -> Table:
    number, lines, delimiter = read_preamble(
        lines, None, lambda line: detect_delimiter([line], count_usual)
    )
    if delimiter == ZEEK_START:
        raise CorpusError("a Zeek log has no classes: write the names to a CSV")
    records = read_records(lines, delimiter, number)
    first = next((x for x in records if x), [])
    if isinstance(first, Invalid):
        raise CorpusError(f"cannot be read as CSV: {first.error}")
    columns = _number_columns(len(first)) if numbered else _distinguish(first)
    rest = chain([first], records) if numbered else records
    return Table(columns, lambda _: (_name_cells(columns, x) for x in rest if x), is_csv=True)


def _number_columns(count: int) -> list[str]:
    return [str(i + 1) for i in range(count)]


def _distinguish(header: Sequence[str]) -> list[str]:
    """Add its number to each column whose name occurs several times."""
    often = Counter(header)
    return [x if often[x] < 2 else f"{x} (column {i + 1})" for i, x in enumerate(header)]


def _name_cells(columns: Sequence[str], record: list[str] | Invalid) -> Record:
    """Return cells by column; missing ones are empty."""
    if isinstance(record, Invalid):
        return record._replace(reason_code="csv")
    if any(record[len(columns) :]):
        error = f"{len(record)} fields where the header has {len(columns)}"
        return Invalid(",".join(record)[:_SHOWN], error, reason="fields")
    return dict(zip(columns, chain(record, repeat("")), strict=False))


def _read_json(lines: Iterator[str]) -> Table:
    documents = read_documents(lines)
    first = [*islice(documents, _SAMPLE)]
    objects = [x for x, _ in first if isinstance(x, dict)]
    if not objects:
        raise CorpusError("no JSON object on a line of its own; `jq -c .` writes them so")
    columns = list(dict.fromkeys(str(key) for x in objects for key in x))
    return Table(columns, lambda _: starmap(_check_object, chain(first, documents)), objects)


def _check_object(document: Any, text: str) -> Record:
    if document is BROKEN or not isinstance(document, dict):
        return Invalid(text[:_SHOWN], "not a JSON object on one line", reason="json")
    return document


@contextmanager
def _open_parquet(path: Path) -> Iterator[Table]:
    import duckdb  # seldom needed

    # A name with * in it is one file, and folders called class=dga are no columns.
    source = [re.sub(r"([*?\[])", r"[\1]", str(path))]
    table = "FROM read_parquet($1, hive_partitioning = false)"

    def read(columns: Sequence[str]) -> Iterator[Record]:
        quoted = ('"' + name.replace('"', '""') + '"' for name in columns)
        cells = ", ".join(f"CAST({name} AS VARCHAR)" for name in quoted)
        rows = connection.execute(f"SELECT {cells} {table}", source)
        while batch := rows.fetchmany(_BATCH):
            yield from (dict(zip(columns, row, strict=True)) for row in batch)

    try:
        with duckdb.connect(config={"autoinstall_known_extensions": "false"}) as connection:
            found = connection.execute(f"SELECT * {table} LIMIT 0", source).description
            yield Table([column for column, *_ in found or ()], read)
    except duckdb.Error as error:
        reason = str(error).partition("\n")[0]
        raise CorpusError(f"cannot be read as Parquet: {reason}") from error


def read_cells(table: Table, columns: Sequence[str]) -> Iterator[list[str] | Invalid]:
    """Yield the texts of some columns of all records: "" for null, JSON for other values."""
    paths = {name: compile_path(name) for name in columns if table.sample}
    for record in table.read(columns):
        if isinstance(record, Invalid):
            yield record
        elif not paths:
            yield [record[name] or "" for name in columns]
        else:
            yield [_to_text(next(find(record), None)) for find in paths.values()]


def _to_text(value: Any) -> str:
    if isinstance(value, str):
        return value
    return "" if value is None or value != value else json.dumps(value)  # null, NaN
