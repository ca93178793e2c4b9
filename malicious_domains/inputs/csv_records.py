"""The records of a CSV as people have them."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator, Sequence
from itertools import chain, islice

from ..names.errors import Invalid

DELIMITERS = ",;\t|"
MAX_QUOTED_LINES = 100  # that a quoted field may span, before its quote counts as unclosed
MAX_SHOWN = 80  # characters of the input that a message shows
NUMBER = re.compile(r"\s*[-+]?[0-9]+(?:[.,][0-9]+)?(?:e[-+]?[0-9]+)?\s*", re.IGNORECASE)
NAME = re.compile(r"\s*[^\s/@]+\.[a-z][a-z0-9-]+\.?\s*|\s*\w+://.*", re.IGNORECASE)
_OPEN = "unexpected end of data"  # csv's error for a quote that is not closed
Records = Iterator[list[str] | Invalid]  # the cells of each, or why there are none
_MAX_FIELD = 2**31 - 1  # characters; csv's own limit would refuse the whole file


def split_line(line: str, delimiter: str) -> list[str]:
    """Split one line of a CSV into cells; at each delimiter where its quotes do not fit.

    >>> split_line('a,"b,c"', ",")
    ['a', 'b,c']
    """
    try:
        return next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:
        return line.split(delimiter)


def detect_delimiter(
    lines: Sequence[str], fit: Callable[[Sequence[str]], int] = lambda _: 0
) -> str:
    """Return the delimiter that splits most lines into the same number of cells, and into most.

    fit: how well the cells of the first line fit, which goes before all else.

    >>> detect_delimiter(["a;b,c;d", "e;f;g"])
    ';'
    """

    def rank(delimiter: str) -> tuple[int, int, int]:
        records = [split_line(line, delimiter) for line in lines]
        common = find_usual_width(records)
        number = sum(len(record) == common for record in records)
        return fit(records[0]), number * (common > 1), common

    return max(DELIMITERS, key=rank)


def find_usual_width(records: Sequence[Sequence[str]]) -> int:
    """Return how many cells most records have; 0 if there are none.

    >>> find_usual_width([["a report"], ["a", "b"], ["c", "d"]])
    2
    """
    widths = [len(record) for record in records]
    return max(set(widths), key=widths.count, default=0)


def count_before_header(rows: Sequence[Sequence[str]]) -> int:
    """Return how many rows of a report's text, with fewer or more cells, precede the header.

    >>> count_before_header([["a report"], ["client", "query"], ["10.0.0.1", "example.com"]])
    1
    """
    usual = find_usual_width(rows)
    first = next((i for i, x in enumerate(rows) if len(x) == usual), 0)
    return first if first and usual > 1 and looks_like_header(rows[first]) else 0


def normalize_name(name: str) -> str:
    """Return a column's name without what people do not see: blanks around it, and case."""
    return name.strip().casefold()


def looks_like_header(record: Sequence[str]) -> bool:
    """Return whether a first row may be shown: names of columns, not somebody's data.

    >>> looks_like_header(["ts", "client ip"]), looks_like_header(["10.0.0.1", "example.com"])
    (True, False)
    """
    return all(
        re.fullmatch(r"[\w #./()-]{1,40}", name.strip()) for name in record if name
    ) and not any(re.search(r"[0-9]{3}|@|\.[a-z]", name) for name in record)


def is_shifted(header: Sequence[str], record: Sequence[str], at: int | None = None) -> bool:
    """Return whether a row's name stands before a record's cells, and none in the header, as R has.

    at: the index of the column of names; None for any.

    >>> is_shifted(["client", "query"], ["1", "10.0.0.1", "example.com"])
    True
    """
    if len(record) != len(header) + 1 or not record[-1]:
        return False
    if at is None:
        return bool(NUMBER.fullmatch(record[0])) and looks_like_header(header)
    cell, next_cell = record[at : at + 2]
    if NAME.fullmatch(cell):
        return False
    return bool(NAME.fullmatch(next_cell) or NUMBER.fullmatch(record[0]))


def read_records(lines: Iterator[str], delimiter: str, number: int = 0) -> Records:
    """Yield the records of a CSV; number is how many lines came before.

    A record whose quote is not closed within MAX_QUOTED_LINES lines, or at all, is an Invalid
    that names its line; those after it are read as if it were not there.
    """
    csv.field_size_limit(_MAX_FIELD)
    broken: list[Invalid] = []
    whole = _join_quoted(lines, delimiter, number, broken)
    reader = csv.reader(whole, delimiter=delimiter, skipinitialspace=True)
    while True:
        try:
            record = next(reader, None)
        except csv.Error as error:
            yield Invalid("", f"no CSV record: {error}")
            continue
        while broken:  # they came before the record that has just been read
            yield broken.pop(0)
        if record is None:
            return
        yield record


def _join_quoted(
    lines: Iterator[str], delimiter: str, number: int, broken: list[Invalid]
) -> Iterator[str]:
    """Yield records as texts, since a quoted field may hold line breaks.

    A line whose quote is not closed goes to broken, and what follows it is read again.
    """
    waiting: list[str] = []
    while True:
        line = waiting.pop(0) if waiting else next(lines, None)
        if line is None:
            return
        number += 1
        line = line.replace("\0", "\ufffd")  # csv refuses the whole file; the name is refused alone
        raw, line = line, _replace_escapes(line, delimiter)
        if line.count('"') % 2 == 0 or not _is_open(line, delimiter):
            yield line
            continue
        more = list(islice(chain(waiting, lines), MAX_QUOTED_LINES))
        del waiting[: len(more)]
        for i in range(len(more)):
            if more[i].count('"') % 2 == 0 and '\\"' not in more[i]:
                continue
            joined = _replace_escapes(raw + "".join(more[: i + 1]), delimiter)
            if not _is_open(joined, delimiter):
                waiting = more[i + 1 :] + waiting
                number += i + 1
                yield joined
                break
        else:
            waiting = more + waiting
            reason = f"line {number}: a quote is opened and never closed"
            broken.append(Invalid(line.strip()[:MAX_SHOWN], reason))


def _replace_escapes(line: str, delimiter: str) -> str:
    r"""Return a line in which MySQL's \" became "", if its quotes fit so alone."""
    if '\\"' not in line:
        return line
    escaped = re.sub(r'\\(["\\])', lambda x: '""' if x[1] == '"' else "\\", line)
    is_standard = not _find_error(line, delimiter)
    return line if is_standard or _find_error(escaped, delimiter) not in ("", _OPEN) else escaped


def _is_open(text: str, delimiter: str) -> bool:
    """Return whether a record ends inside a quoted field."""
    return _find_error(text, delimiter) == _OPEN


def _find_error(text: str, delimiter: str) -> str:
    """Return what csv finds wrong with a record's quotes, "" if they fit."""
    try:
        next(csv.reader([text], delimiter=delimiter, skipinitialspace=True, strict=True), None)
    except csv.Error as error:
        return str(error)
    return ""
