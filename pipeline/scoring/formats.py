"""Scoring files and logs: a row in, a row out, in order."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from io import StringIO
from itertools import chain, islice
from typing import NamedTuple, TextIO

from lambda_app.chalicelib.model.scorer import Invalid, Score, Scorer, try_parse

from ..errors import PipelineError

CHUNK = 8192  # rows scored and held together
CSV_COLUMNS = ("domain", "name", "label", "probability", "error")
VERDICTS = ("legitimate", "malicious")  # by label

Row = str | Invalid  # a name, or why there is none in a row of the input


class Written(NamedTuple):
    """The output for a chunk of rows."""

    text: str
    refused: int  # how many of them


class InputError(PipelineError):
    """An input that holds no names where they were said to be."""


def read_lines(stream: TextIO) -> Iterator[Row]:
    """One name a line."""
    for line in stream:
        yield line.rstrip("\r\n")


def read_column(stream: TextIO, column: str) -> Iterator[Row]:
    """A column of a CSV with a header; raises InputError if it is not there."""
    csv.field_size_limit(2**31 - 1)  # an unclosed quote is one long field, not an error
    rows = csv.reader(_without_nul(stream))
    header = next(rows, [])
    if column not in header:
        raise InputError(f"no column {column!r}; the header is {','.join(header)[:500]!r}")
    at = header.index(column)
    for row in rows:
        yield row[at] if at < len(row) else Invalid(",".join(row), f"no column {column!r}")


def read_field(stream: TextIO, field: str) -> Iterator[Row]:
    """A field of JSON objects, one a line; a line that has none becomes an Invalid."""
    for line in stream:
        try:
            value = json.loads(line)[field]
        except (ValueError, TypeError, KeyError, IndexError, RecursionError):
            value = None
        if isinstance(value, str):
            yield value
        else:
            yield Invalid(line.strip()[:200], f"no JSON object with a text {field!r}")


def _without_nul(stream: TextIO) -> Iterator[str]:
    for line in stream:  # csv refuses the whole file at a NUL; a name with one is refused alone
        yield line.replace("\0", "\ufffd")


def chunks(rows: Iterable[Row]) -> Iterator[list[Row]]:
    """Rows as they are scored and held together; memory stays flat whatever the length."""
    rows = iter(rows)
    while chunk := list(islice(rows, CHUNK)):
        yield chunk


def write(results: Iterable[Written], stream: TextIO, form: str) -> int:
    """Write the results of all chunks in a form of FORMS; returns how many rows were refused."""
    refused = 0
    results = iter(results)
    first = next(results, Written("", 0))  # before the header: the input may turn out to be none
    stream.write(HEADERS[form])
    for written in chain([first], results):
        stream.write(written.text)
        refused += written.refused
    return refused


def to_csv(scorer: Scorer, rows: Sequence[Row]) -> Written:
    """CSV without the explanation, which would take most of the time."""
    labels: list[str] = []
    heads: list[str] = []
    refused: list[tuple[int, Invalid]] = []
    for row in rows:
        name = try_parse(row) if isinstance(row, str) else row
        if isinstance(name, Invalid):
            refused.append((len(refused) + len(heads), name))
            continue
        labels.append(name.label)
        # What is its own host has no character that CSV would quote.
        heads.append(f"{row},{name.label}" if name.host == row else _line(row, name.label)[:-1])
    probability = scorer.probability(labels)
    label = (probability >= scorer.threshold).astype(int)
    verdicts = zip(heads, label.tolist(), probability.tolist(), strict=True)
    lines = [f"{head},{label},{p},\n" for head, label, p in verdicts]
    for at, invalid in refused:
        lines.insert(at, _line(invalid.domain, "", "", "", invalid.error))
    return Written("".join(lines), len(refused))


def _line(*fields: object) -> str:
    line = StringIO()
    csv.writer(line, lineterminator="\n").writerow(fields)
    return line.getvalue()


def to_jsonl(scorer: Scorer, rows: Sequence[Row]) -> Written:
    """JSON lines with every contribution and the reasons."""
    return _explained(scorer, rows, _object)


def _object(x: Score | Invalid) -> str:
    return json.dumps(x._asdict()) + "\n"


def to_table(scorer: Scorer, rows: Sequence[Row]) -> Written:
    """Lines for a person."""
    return _explained(scorer, rows, _sentence)


def _sentence(x: Score | Invalid) -> str:
    if isinstance(x, Invalid):
        return f"{'refused':<11} {'':>11}  {x.domain!r}: {x.error}\n"
    shown = x.domain if x.domain.isprintable() else repr(x.domain)
    reason = f", {x.segmentation}" if x.segmentation else ""
    return f"{VERDICTS[x.label]:<11} {x.probability:>11.6f}  {shown}{reason}\n"


def _explained(
    scorer: Scorer, rows: Sequence[Row], put: Callable[[Score | Invalid], str]
) -> Written:
    scores = iter(scorer.score_many([x for x in rows if isinstance(x, str)]))
    results = [next(scores) if isinstance(x, str) else x for x in rows]
    return Written("".join(map(put, results)), sum(isinstance(x, Invalid) for x in results))


FORMS = {"table": to_table, "csv": to_csv, "jsonl": to_jsonl}
HEADERS = {
    "table": f"{'verdict':<11} {'probability':>11}  domain, read as\n",
    "csv": _line(*CSV_COLUMNS),
    "jsonl": "",
}
