"""Scoring files and logs: a row in, a row out, in order."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import chain, islice
from typing import Any, NamedTuple, TextIO

from lambda_app.chalicelib.names import Name
from lambda_app.chalicelib.scorer import Invalid, Score, Scorer, try_parse

from .errors import PipelineError

CHUNK = 10_000  # rows scored and held together
CSV_COLUMNS = ("domain", "name", "label", "probability", "error")
WORDS = ("legitimate", "malicious")  # by label


class Verdict(NamedTuple):
    """A Score without its explanation, which would take most of the time."""

    domain: str
    name: str
    label: int
    probability: float


Result = Score | Verdict | Invalid


class InputError(PipelineError):
    """An input that holds no names where they were said to be."""


def read_lines(stream: TextIO) -> Iterator[str | Invalid]:
    """One name a line."""
    for line in stream:
        yield line.rstrip("\r\n")


def read_column(stream: TextIO, column: str) -> Iterator[str | Invalid]:
    """A column of a CSV with a header; raises InputError if it is not there."""
    csv.field_size_limit(2**31 - 1)  # an unclosed quote is one long field, not an error
    rows = csv.reader(_without_nul(stream))
    header = next(rows, [])
    if column not in header:
        raise InputError(f"no column {column!r}; the header is {','.join(header)[:500]!r}")
    at = header.index(column)
    for row in rows:
        yield row[at] if at < len(row) else Invalid(",".join(row), f"no column {column!r}")


def read_field(stream: TextIO, field: str) -> Iterator[str | Invalid]:
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


def score_rows(
    scorer: Scorer, rows: Iterable[str | Invalid], form: str
) -> Iterator[Sequence[Result]]:
    """Score for a form of FORMS chunk by chunk; memory stays flat whatever the length."""
    rows = iter(rows)
    judge = partial(verdicts, scorer) if form == "csv" else scorer.score_many
    while chunk := list(islice(rows, CHUNK)):
        results = iter(judge([x for x in chunk if isinstance(x, str)]))
        yield [next(results) if isinstance(x, str) else x for x in chunk]


def verdicts(scorer: Scorer, texts: Sequence[str]) -> list[Verdict | Invalid]:
    """Judge many, in order, without explaining."""
    parsed = [try_parse(text) for text in texts]
    probability = scorer.probability([x.label for x in parsed if isinstance(x, Name)])
    label = (probability >= scorer.threshold).astype(int)
    verdict = zip(label.tolist(), probability.tolist(), strict=True)
    return [
        Verdict(text, x.label, *next(verdict)) if isinstance(x, Name) else x
        for text, x in zip(texts, parsed, strict=True)
    ]


def write(results: Iterable[Sequence[Result]], stream: TextIO, form: str) -> int:
    """Write all results in a form of FORMS; returns how many rows were refused."""
    refused = 0
    results = iter(results)
    first = next(results, [])  # before the header: the input may turn out to be none
    put = FORMS[form](stream)
    for chunk in chain([first], results):
        put(chunk)
        refused += sum(isinstance(x, Invalid) for x in chunk)
    return refused


def _csv(stream: TextIO) -> Callable[[Sequence[Result]], None]:
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(CSV_COLUMNS)

    def put(chunk: Sequence[Result]) -> None:
        writer.writerows(
            (x.domain, "", "", "", x.error)
            if isinstance(x, Invalid)
            else (x.domain, x.name, x.label, x.probability, "")
            for x in chunk
        )

    return put


def _jsonl(stream: TextIO) -> Callable[[Sequence[Result]], None]:
    def put(chunk: Sequence[Result]) -> None:
        stream.writelines(json.dumps(_object(x)) + "\n" for x in chunk)

    return put


def _object(x: Result) -> dict[str, Any]:
    names = x._fields if isinstance(x, Verdict) else x.__slots__
    return {name: getattr(x, name) for name in names}


def _table(stream: TextIO) -> Callable[[Sequence[Result]], None]:
    stream.write(f"{'verdict':<11} {'probability':>11}  domain, read as\n")

    def put(chunk: Sequence[Result]) -> None:
        for x in chunk:
            if isinstance(x, Invalid):
                stream.write(f"{'refused':<11} {'':>11}  {x.domain!r}: {x.error}\n")
            else:
                shown = x.domain if x.domain.isprintable() else repr(x.domain)
                reason = f", {x.segmentation}" if isinstance(x, Score) and x.segmentation else ""
                stream.write(f"{WORDS[x.label]:<11} {x.probability:>11.6f}  {shown}{reason}\n")

    return put


FORMS = {"table": _table, "csv": _csv, "jsonl": _jsonl}
