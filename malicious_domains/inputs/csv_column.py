"""A column of a CSV or a Zeek log, one cell a record, and what was strange about the others."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, islice, repeat

from ..names.errors import Invalid
from .csv_records import (
    DELIMITERS,
    MAX_SHOWN,
    NAME,
    NUMBER,
    Records,
    count_before_header,
    detect_delimiter,
    is_shifted,
    looks_like_header,
    normalize_name,
    read_records,
    split_line,
)
from .rows import LONG_ROW, KeptRow, Notes, Row, Rows
from .streams import TOO_LONG, InputError
from .zeek_header import ZEEK_START, read_zeek_records

Lines = Iterator[str]
Cells = Sequence[str]

_HEAD = 100  # lines in which a header is looked for
MAX_NUMBERS = 8192  # numbers at the beginning of a column after which it is refused
SHORT_HEADER = (
    "the header is one cell short: the first cell of each row is taken for the row's name"
)
# The usual headers of a column of names.
_HEADERS = ("domain", "fqdn", "host", "hostname", "name", "qname", "query", "rrname", "url")


@dataclass(frozen=True)
class Column:
    """Which column of a CSV has the names: by its header, or by number from 1 on.

    header: whether there is a first row of names; None: if the first row looks like one.
    """

    name: str
    delimiter: str | None = None  # None: detected in the first row
    header: bool | None = None

    @property
    def number(self) -> int | None:
        """The column's number from 1 on, None for a name."""
        return int(self.name) if self.name.isascii() and self.name.isdigit() else None

    def fit(self, cells: Cells) -> int:
        """Return how well cells of a line fit: 0 if the column is not among them."""
        if self.number:
            has_cell = len(cells) >= self.number and len(cells) > 1
            return has_cell and 1 + bool(NAME.fullmatch(cells[self.number - 1]))
        return normalize_name(self.name) in map(normalize_name, cells)

    def detect_delimiter(self, line: str) -> str:
        """Return the delimiter under which the column exists, else the most frequent one.

        Blanks separate cells where nothing else does, as in what R writes.
        """
        best = detect_delimiter([line], self.fit)
        is_found = self.fit(split_line(line.rstrip("\r\n"), best))
        return best if is_found or not self.fit(line.replace('"', "").split()) else " "

    def find_header(self, comment: str) -> str:
        """Return the header or the row that a line with # in front is; "" for a comment."""
        for text in (comment,) if self.number else (comment.lstrip("# "), comment):
            delimiters = self.delimiter or DELIMITERS
            fit = max(self.fit(split_line(text.rstrip("\r\n"), x)) for x in delimiters)
            if fit > bool(self.number):
                return text
        return ""

    def find(self, record: Cells, notes: Notes, second: Cells = ()) -> tuple[int, bool]:
        """Return the column's index in a first row, and whether that is a header.

        second: the row after it, by which a column given by number is seen to have a header. Raises
        InputError if there is no such column, or two.
        """
        exact = [i for i, name in enumerate(record) if name == self.name]
        wanted = normalize_name(self.name)
        matches = exact or [i for i, name in enumerate(record) if normalize_name(name) == wanted]
        if matches and self.header is not False:
            if len(matches) > 1:
                raise InputError(
                    f"{len(matches)} columns are called {self.name!r}: give its number"
                )
            if not exact:
                notes.lines.append(f"column {record[matches[0]]!r} is taken for {self.name!r}")
            return matches[0], True
        if self.number and 1 <= self.number <= len(record):
            return self.number - 1, self._is_header(record, self.number - 1, notes, second)
        shown = "; the first row is no header that could be shown"
        if looks_like_header(record):
            shown = f"; the header is {','.join(record)[:200]!r}"
        raise InputError(
            f"no column {self.name!r}{shown}; give a name of the header, or a number from 1 to "
            f"{len(record)} where there is none"
        )

    def _is_header(self, record: Cells, at: int, notes: Notes, second: Cells) -> bool:
        """Return whether a first row is a header, of a column that is given by its number."""
        if self.header is not None or not self.may_be_header(record):
            return bool(self.header)
        is_name = any(NAME.fullmatch(cell) for cell in second[at : at + 2])
        if not (normalize_name(record[at]) in _HEADERS or (is_name and "." not in record[at])):
            return False
        notes.lines.append(
            f"the first row is taken for a header, {record[at]!r}; --no-header scores it"
        )
        return True

    def may_be_header(self, record: Cells) -> bool:
        """Return whether a row may be a header: one that is given by its number needs a look."""
        if self.number is None or self.header is not None:
            return self.header is not False
        at = self.number - 1
        return looks_like_header(record) and at < len(record) and not any(map(str.isdigit, record))


def read_csv_column(lines: Lines, column: Column, notes: Notes, keep: bool = False) -> Rows:
    r"""Yield a column of a CSV or a Zeek log, one cell a record; a KeptRow each if `keep`.

    A record whose quote is not closed is an Invalid that names its line. Raises InputError if
    there is no such column, or two, or if it holds numbers alone.

    >>> lines = iter(["client;query\n", "10.0.0.1;example.com\n"])
    >>> [*read_csv_column(lines, Column("query"), Notes())]
    ['example.com']
    """
    number, lines, delimiter = _read_preamble(lines, column)
    if delimiter == ZEEK_START:
        zeek = read_zeek_records(lines)
        cells = _read_cells(zeek, replace(column, header=True), "\t", notes, keep)
    else:
        skipped, lines, delimiter = _skip_text(lines, column, delimiter)
        notes.lines += [f"lines of text above the header, left out: {skipped}"] * bool(skipped)
        records = read_records(lines, delimiter, number + skipped)
        cells = _read_cells(records, column, delimiter, notes, keep)
    return refuse_numbers(cells, column.name, has_header=column.number is not None)


def _read_preamble(lines: Lines, column: Column) -> tuple[int, Lines, str]:
    """Read past lines about the file itself: Excel's sep=;, PowerShell's #TYPE, and comments.

    Returns the number of lines read, the other lines, and the delimiter: the one given, that of
    sep=, or what is detected in the first other line. ZEEK_START stands for a Zeek log's.
    """
    delimiter, header = column.delimiter, ""
    for number, line in enumerate(lines):
        if number < 2 and (separator := re.fullmatch(r'"?sep=(.)"?\s*', line)):
            delimiter = delimiter or separator[1]
        elif number < 2 and line.startswith("#TYPE "):
            continue
        elif line.startswith(f"{ZEEK_START} "):
            return number, chain([line], lines), ZEEK_START
        elif line.startswith("#") and column.find_header(line) != line:
            header = column.find_header(line) or header
        else:
            first = [header, line] if header and not column.find_header(line) else [line]
            delimiter = delimiter or column.detect_delimiter(first[0])
            return number - len(first) + 1, chain(first, lines), delimiter
    return 0, iter([header] if header else ()), delimiter or column.detect_delimiter(header)


def _skip_text(lines: Lines, column: Column, delimiter: str) -> tuple[int, Lines, str]:
    """Read past a report's text above the header, where the first line lacks the column's name.

    Returns the number of lines read, the other lines, and the delimiter.
    """
    head = [*islice(lines, 1)]
    count = 0
    if head and not (column.number or column.fit(split_line(head[0], delimiter))):
        head += islice(lines, _HEAD - 1)
        below = column.delimiter or detect_delimiter(head)
        count = count_before_header([split_line(x, below) for x in head])
        delimiter = below if count else delimiter
    return count, chain(head[count:], lines), delimiter


def _read_cells(records: Records, column: Column, delimiter: str, notes: Notes, keep: bool) -> Rows:
    """Yield the column's cells, and note what is strange about the records."""
    first, second, records = _look_ahead(records, column)
    if first is None:
        notes.is_empty = True
        return
    at, is_header = column.find(first, notes, second)
    shifted = is_header and is_shifted(first, second, at)
    notes.lines += [SHORT_HEADER] * shifted
    names = _name_columns(first, is_header, shifted)
    notes.kept = (*names[: at + shifted], *names[at + shifted + 1 :])
    odd, first_odd = 0, ""
    for number, record in enumerate(records, 1):
        if number == 1 and is_header:
            continue
        cells = [] if isinstance(record, Invalid) else record
        if len(cells) == len(names) + 1 and not cells[-1]:
            del cells[-1]
        is_whole = len(cells) == len(names)
        if cells and not is_whole:
            first_odd = first_odd or f"row {number} has {len(cells)}"
            odd += 1
        here = at + (shifted and is_whole)
        row: Row = record if isinstance(record, Invalid) else _pick_cell(cells, here, column)
        yield _keep_others(row, cells, names, at + shifted, delimiter) if keep else row
    if odd:
        expected = f"the {len(first)} of the first"
        notes.lines.append(f"rows with more or fewer cells than {expected}: {odd:,} ({first_odd})")


def _name_columns(first: list[str], is_header: bool, shifted: bool) -> list[str]:
    """Return different names of all columns; shifted: of rows' names in front, too."""
    names = ["row_name"] * shifted
    names += first if is_header else [f"column_{i + 1}" for i in range(len(first))]
    return [f"{x}_{i + 1}" if x in names[:i] else x for i, x in enumerate(names)]


def _keep_others(row: Row, cells: list[str], names: list[str], at: int, delimiter: str) -> KeptRow:
    last = len(names) - 1
    cells = [*cells[:last], delimiter.join(cells[last:])]  # a surplus stands in the last
    padded = dict(zip(names, chain(cells, repeat("")), strict=False))
    del padded[names[at]]
    return KeptRow(row, padded)


def _look_ahead(records: Records, column: Column) -> tuple[list[str] | None, list[str], Records]:
    """Return the first record, the second if the column needs it, and all records."""
    seen: list[list[str] | Invalid] = []
    whole: list[list[str]] = []
    for record in records:
        seen.append(record)
        if not isinstance(record, Invalid) and record:
            whole.append(record)
        if len(whole) == 2 or (whole and not column.may_be_header(whole[0])):
            break
    first, second = [*whole, None, None][:2]
    # What cannot be read stands after the header, wherever it was.
    seen.sort(key=lambda record: record is not first)
    return first, second or [], chain(seen, records)


def _pick_cell(record: Cells, at: int, column: Column) -> Row:
    """Return the column's cell of a record, or an Invalid where the record is too short."""
    if record == [TOO_LONG]:
        return LONG_ROW
    if at < len(record):
        return record[at]
    return Invalid(",".join(record)[:MAX_SHOWN], f"no column {column.name!r} in this row")


def refuse_numbers(rows: Rows, name: str, has_header: bool = False) -> Rows:
    """Yield the rows of a column; raise InputError for several rows of numbers below any header.

    >>> [*refuse_numbers(iter(["163"]), "query")]
    ['163']
    """
    held, numbers = [], [""]
    for item in rows:
        held.append(item)
        row = item.row if isinstance(item, KeptRow) else item
        if isinstance(row, Invalid) or not row.strip():
            continue
        if not NUMBER.fullmatch(row):
            if has_header and len(held) == 1 and "." not in row:
                continue
            break
        numbers.append(row)
        if len(numbers) > MAX_NUMBERS:
            raise _numbers_alone(name, row)
    else:
        if len(numbers) > 2:
            raise _numbers_alone(name, numbers[1])
    yield from chain(held, rows)


def _numbers_alone(name: str, number: str) -> InputError:
    text = f"column {name!r} holds numbers alone, such as {number!r}"
    return InputError(f"{text}: choose the column of the names")
