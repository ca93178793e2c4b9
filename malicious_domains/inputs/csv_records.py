"""The records of a CSV as people have them, and what stands before its header."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator, Sequence
from itertools import chain, islice

from ..model.score import Invalid

DELIMITERS = ",;\t|"
MAX_QUOTED_LINES = 100  # that one quoted field may span, before its quote counts as unclosed
ZEEK_START = "#separator "  # how a Zeek log in TSV begins
MAX_SHOWN = 80  # characters of the input that a message shows
_MAX_FIELD = 2**31 - 1  # characters; csv's own limit would refuse the whole file


def read_preamble(
    lines: Iterator[str], delimiter: str | None, find: Callable[[str], str]
) -> tuple[int, Iterator[str], str]:
    """Read past lines that say something of the file: Excel's sep=;, PowerShell's #TYPE.

    Returns how many these were, the other lines, and the delimiter: the one given, that of
    sep=, or what find says of the first line. ZEEK stands for that of a Zeek log.
    """
    csv.field_size_limit(_MAX_FIELD)
    number = 0
    for line in lines:
        if number < 2 and (found := re.fullmatch(r'"?sep=(.)"?\s*', line)):
            delimiter = delimiter or found[1]
        elif number < 2 and line.startswith("#TYPE "):
            pass
        elif line.startswith(ZEEK_START):
            return number, chain([line], lines), ZEEK_START
        else:
            return number, chain([line], lines), delimiter or find(line)
        number += 1
    return number, iter(()), delimiter or ","


def detect_delimiter(line: str, fit: Callable[[Sequence[str]], int]) -> str:
    """The delimiter under which the cells of a line fit best, else the most frequent one."""

    def rank(delimiter: str) -> tuple[int, int]:
        cells = next(csv.reader([line], delimiter=delimiter), [])
        return fit(cells), len(cells)

    return max(DELIMITERS, key=rank)


def normalize_name(name: str) -> str:
    """A header without what people do not see: blanks around, case."""
    return name.strip().casefold()


def looks_like_header(record: Sequence[str]) -> bool:
    """Whether a first row may be shown: names of columns, not somebody's data."""
    return all(
        re.fullmatch(r"[\w #./()-]{1,40}", name.strip()) for name in record if name
    ) and not any(re.search(r"[0-9]{3}|@|\.[a-z]", name) for name in record)


def read_records(
    lines: Iterator[str], delimiter: str, number: int = 0
) -> Iterator[list[str] | Invalid]:
    """The records of a CSV; number is how many lines came before.

    A record whose quote is not closed within MAX_QUOTED_LINES lines, or at all, is an Invalid
    that names its line; those after it are read as if it were not there.
    """
    csv.field_size_limit(_MAX_FIELD)
    broken: list[Invalid] = []
    whole = _whole(lines, delimiter, number, broken)
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


def _whole(
    lines: Iterator[str], delimiter: str, number: int, broken: list[Invalid]
) -> Iterator[str]:
    """Lines joined to records: a quoted field may hold line breaks.

    A line whose quote is not closed goes to broken, and what follows it is read again.
    """
    waiting: list[str] = []
    while True:
        line = waiting.pop(0) if waiting else next(lines, None)
        if line is None:
            return
        number += 1
        line = line.replace("\0", "\ufffd")  # csv refuses the whole file; the name is refused alone
        if line.count('"') % 2 == 0 or not _is_open(line, delimiter):
            yield line
            continue
        more = list(islice(chain(waiting, lines), MAX_QUOTED_LINES))
        del waiting[: len(more)]
        for i in range(len(more)):
            joined = line + "".join(more[: i + 1])
            if more[i].count('"') % 2 and not _is_open(joined, delimiter):
                waiting = more[i + 1 :] + waiting
                number += i + 1
                yield joined
                break
        else:
            waiting = more + waiting
            broken.append(
                Invalid(
                    line.strip()[:MAX_SHOWN], f"line {number}: a quote is opened and never closed"
                )
            )


def _is_open(text: str, delimiter: str) -> bool:
    """Whether a record ends inside a quoted field."""
    try:
        next(csv.reader([text], delimiter=delimiter, skipinitialspace=True, strict=True), None)
    except csv.Error as error:
        return "unexpected end of data" in str(error)
    return False
