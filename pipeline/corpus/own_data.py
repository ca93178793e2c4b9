"""Read labelled names as people have them: other columns, other class words, hosts alone.

DuckDB reads the file. Rows that cannot be learned from are counted by reason, with examples.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from sys import intern
from typing import Any, NamedTuple

import duckdb

from malicious_domains.inputs.csv_records import detect_delimiter, split_line
from malicious_domains.inputs.parquet_column import is_parquet
from malicious_domains.inputs.signals import temporary_folder
from malicious_domains.inputs.streams import InputError, open_lines
from malicious_domains.names.errors import Invalid, quote_text
from malicious_domains.names.parse import InvalidDomain, parse

from .columns import FIELDS, LABEL, CorpusError, LabelledName, ReadOptions, map_columns, parse_class

MOST_LEFT_OUT = 0.01  # share of the rows that may be left out of a file unless read leniently
_TOO_MANY = f"that is over {MOST_LEFT_OUT:.0%}: fix them, or learn from the rest with --lenient"
_EXAMPLES = 3  # rows that are shown for each reason
_SAMPLE = 1000  # JSON objects whose keys are the columns
_BATCH = 10_000  # rows that are fetched together
_JSON = re.compile(r"\s*(\{|\[\s*(\{|\]|$))")  # JSON begins so, and no header of a CSV
_REJECTED = """SELECT DISTINCT ON (line) line, csv_line, error_message, error_type
    FROM reject_errors ORDER BY line"""


@dataclass
class ReadReport:
    """How a file was read, for the artifact's record and the screen."""

    columns: dict[str, str]  # the file's column for each field
    kind: str = ""  # the class of all rows, if the file has no column for it
    classes: dict[str, str] = field(default_factory=dict)  # the class of each word in the file
    read: int = 0  # rows, with those that were left out
    left_out: Counter[str] = field(default_factory=Counter)  # rows not learned from, by reason
    examples: dict[str, list[str]] = field(default_factory=dict)  # some of them, by reason

    def leave_out(self, place: str, row: Invalid) -> None:
        """Count a row by its reason, the first ones as examples."""
        self.left_out[row.reason] += 1
        shown = self.examples.setdefault(row.reason, [])
        if len(shown) < _EXAMPLES:
            shown.append(f"{place} {quote_text(row.domain)}" + f": {row.error}" * (not shown))

    def record(self) -> dict[str, Any]:
        """Return columns, words for the classes, and the rows left out by reason."""
        return {x: dict(getattr(self, x)) for x in ("columns", "classes", "left_out")}

    def describe_left_out(self) -> str:
        """Return the numbers of rows that were left out, with examples; "" if there are none."""
        rows = self.left_out.most_common()
        lines = [f"\n  {n:,} {reason}: {'; '.join(self.examples[reason])}" for reason, n in rows]
        head = f"{self.left_out.total():,} of {self.read:,} rows left out"
        return f"{head}{''.join(lines)}" if lines else ""

    def __str__(self) -> str:
        parts = [f"{name} from {column!r}" for name, column in self.columns.items()]
        parts += [f"{word!r} is {kind}" for word, kind in self.classes.items() if word != kind]
        parts += ["the label from the host"] * ("domain" not in self.columns)
        parts += [f"every row is {self.kind}"] * ("class" not in self.columns)
        return ", ".join(parts)


class Reading:
    """The rows of a CSV, of JSON or of Parquet, one after the other.

    A row's label is that of the file, or taken from the host.
    """

    report: ReadReport  # once rows are read

    def __init__(self, path: Path, options: ReadOptions | None = None, kind: str = "") -> None:
        """Read a file; kind: the only class to keep, and that of all rows without a class."""
        self._path, self._options, self._kind = path, options or ReadOptions(), kind

    def __iter__(self) -> Iterator[LabelledName]:
        """Yield the rows that can be learned from.

        Raises InputError for an unreadable file; CorpusError for unknown or ambiguous columns, an
        unknown class, or, at the end, more than MOST_LEFT_OUT rows left out unless lenient.
        """
        path, options = self._path, self._options
        with _name_errors(path), duckdb.connect() as connection, temporary_folder() as folder:
            table = _open(connection, path, folder / "rows", options.numbered)
            columns = map_columns([*table.cells], options.columns, self._kind)
            report = self.report = ReadReport(columns, "" if "class" in columns else self._kind)
            for number, cells in enumerate(_read_cells(connection, table, columns), 1):
                row = self._make_row(number, *cells)
                report.read += row is not None
                if isinstance(row, Invalid):
                    report.leave_out(f"record {number}", row)
                elif row:
                    yield row
            rejected = connection.execute(_REJECTED).fetchall() if table.first_line else ()
            for line, text, why, kind in rejected:
                report.read += 1
                row = Invalid(text, why.splitlines()[0], reason=kind.lower().replace(" ", "_"))
                report.leave_out(f"line {line + table.first_line - 1}", row)
        if report.left_out.total() > MOST_LEFT_OUT * report.read and not options.lenient:
            raise CorpusError(f"{path}: {report.describe_left_out()}\n{_TOO_MANY}")

    def _make_row(
        self, number: int, host: str, label: str, word: str, subclass: str, group: str
    ) -> LabelledName | Invalid | None:
        """Return a row, why there is none, or None for one of the other class."""
        report = self.report
        kind = report.kind or report.classes.get(word) or self._learn_class(number, word)
        if not kind:
            return Invalid(host or label, "no class", reason="no_class")
        if self._kind and kind != self._kind:
            return None
        if not LABEL.fullmatch(label):
            try:
                host, label, *_ = parse(host or label)
            except InvalidDomain as error:
                return Invalid(host or label, str(error), error.status, error.reason)
        return LabelledName(host or label, label, kind, intern(subclass or kind), group)

    def _learn_class(self, number: int, word: str) -> str:
        """Return the class of a word that occurs for the first time; empty for an empty one."""
        column = self.report.columns["class"]
        if not word.strip():
            return ""
        try:
            self.report.classes[word] = parse_class(word)
        except CorpusError as error:
            if word == column:  # the header once more, where files were put together
                return ""
            raise CorpusError(f"column {column!r}, record {number} has {error}") from error
        return self.report.classes[word]


class _Table(NamedTuple):
    """A file that DuckDB reads."""

    source: str  # what follows FROM
    cells: dict[str, str]  # SQL of the text in each column, by the column's name
    first_line: int = 0  # the number of the line of a CSV's first row


@contextmanager
def _name_errors(path: Path) -> Iterator[None]:
    """Begin the errors of the block with the file's name."""
    try:
        yield
    except duckdb.Error as error:
        reason = re.sub(""" in file ["'][^"']*["']""", "", str(error).splitlines()[0])
        raise CorpusError(f"{path}: cannot be read: {reason}") from error
    except (CorpusError, InputError) as error:
        raise CorpusError(f"{path}: {str(error).removeprefix(f'{path}: ')}") from error


def _open(connection: duckdb.DuckDBPyConnection, path: Path, copy: Path, numbered: bool) -> _Table:
    """Find out what a file is; numbered: the first row of a CSV is no header.

    A CSV or JSON is copied first: uncompressed, in UTF-8, without a header. Raises CorpusError if
    it is something else, and InputError if it cannot be read.
    """
    if not path.is_file():
        raise CorpusError("not a regular file: give one" if path.exists() else "no such file")
    if is_parquet(path):  # folders called class=dga are no columns of it
        source = f"read_parquet({_quote(path)}, hive_partitioning = false)"
        header = connection.execute(f"SELECT * FROM {source} LIMIT 0").description
        quoted = {x: x.replace('"', '""') for x, *_ in header}
        return _Table(source, {x: f'CAST("{y}" AS VARCHAR)' for x, y in quoted.items()})
    with (
        open_lines(path) as lines,
        copy.open("w", encoding="utf-8", errors="surrogateescape", newline="\n") as file,
    ):
        first = next((line for line in lines if line.strip()), "")
        if not first:
            raise CorpusError("the file is empty")
        is_json = _JSON.match(first)
        rows = chain([first] if is_json or numbered else (), lines)
        # Of a JSON array a line may come in parts.
        file.writelines(rows if is_json else (line.rstrip("\r\n") + "\n" for line in rows))
    if is_json:
        return _open_json(connection, copy, is_array=first.lstrip()[0] == "[")
    return _open_csv(copy, first.rstrip("\r\n"), numbered)


def _open_csv(path: Path, first: str, numbered: bool) -> _Table:
    delimiter = detect_delimiter([first])
    header = split_line(first, delimiter)
    names = [str(i + 1) for i in range(len(header))]
    source = (
        f"read_csv({_quote(path)}, delim = '{delimiter}', header = false, auto_detect = false, "
        f"quote = '\"', escape = '\"', columns = {dict.fromkeys(names, 'VARCHAR')}, "
        "ignore_errors = true, store_rejects = true)"
    )
    by_name = not numbered and len({*header}) == len(names)
    cells = {x: f'"{i}"' for x, i in zip(header if by_name else names, names, strict=True)}
    return _Table(source, cells, first_line=1 + (not numbered))


def _open_json(connection: duckdb.DuckDBPyConnection, path: Path, is_array: bool) -> _Table:
    kind = "'array'" if is_array else "'newline_delimited', ignore_errors = true"
    source = f"read_json_objects({_quote(path)}, format = {kind})"
    objects = connection.execute(f"SELECT json_keys(json) FROM {source} LIMIT {_SAMPLE}").fetchall()
    keys = dict.fromkeys(key for (some,) in objects for key in some or ())
    if not keys:
        raise CorpusError("no JSON object on a line of its own; `jq -c .` writes them so")
    quoted = {key: key.replace("'", "''") for key in keys}
    return _Table(source, {x: f"(json ->> '$.\"{y}\"')" for x, y in quoted.items()})


def _quote(path: Path) -> str:
    """Return a path in SQL; one with * in it is one file."""
    name = re.sub(r"([*?\[])", r"[\1]", str(path)).replace("'", "''")
    return f"'{name}'"


def _read_cells(
    connection: duckdb.DuckDBPyConnection, table: _Table, columns: dict[str, str]
) -> Iterator[tuple[str, ...]]:
    """Yield the text of each of FIELDS in every row: "" for null, and where there is no column."""
    texts = (f"coalesce({table.cells.get(columns.get(x, ''), 'NULL')}, '')" for x in FIELDS)
    rows = connection.execute(f"SELECT {', '.join(texts)} FROM {table.source}")
    while block := rows.fetchmany(_BATCH):
        yield from block
