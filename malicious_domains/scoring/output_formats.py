"""Rows scored and written: a row out for each row in, in order."""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from io import StringIO
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple, TextIO

from ..inputs.rows import Row
from ..model.score import Invalid, Score
from ..model.scorer import Scorer
from ..names.errors import quote_text
from ..names.parse import Name

if TYPE_CHECKING:
    from ..families.likely_families import LikelyFamilies
    from ..names.dga_index import DgaMatch

CSV_COLUMNS = ("domain", "name", "label", "probability", "status", "reason")
KNOWN = "known"  # a column more, where there is an index of known names
HINT = "family_hint"  # a column more, where it is asked for
CLASSES = ("legitimate", "malicious")  # by label
# What a spreadsheet would run as a formula (OWASP, "CSV injection").
_FORMULA = ("=", "+", "-", "@", "\t", "\r")

_TAIL = "judged,\n"  # of a row of CSV of which nothing more is to be said

Counts = Counter[str]  # judged, flagged, allowed, invalid; and skipped, by "skipped REASON"


class Output(NamedTuple):
    """The output for a chunk of rows, and how many there are of each kind."""

    text: str
    counts: Counts


def write_results(
    results: Iterable[Output],
    stream: TextIO,
    form: str,
    live: bool = False,
    columns: Sequence[str] = CSV_COLUMNS,
) -> Counts:
    """Write the results of all chunks in a form of FORMS; returns the counts of all rows.

    live: the reader is waiting, so nothing stays in a buffer. columns: CSV's, see columns().
    """
    counts: Counts = Counter()
    results = iter(results)
    # Before the header: the input may turn out to be none.
    first = next(results, Output("", Counter()))
    stream.write(",".join(columns) + "\n" if form == "csv" else HEADERS[form])
    for written in chain([first], results):
        stream.write(written.text)
        if live:
            stream.flush()
        counts.update(written.counts)
    return counts


def list_columns(known: bool, hint: bool) -> tuple[str, ...]:
    """CSV's: two more where there is an index of known names, and where a hint is asked for."""
    return *CSV_COLUMNS, *[KNOWN] * known, *[HINT] * hint


def summarize_counts(counts: Counts) -> str:
    """What was judged, flagged, skipped by reason and invalid, in a line."""
    judged = f"{counts['judged']:,} judged ({counts['flagged']:,} flagged"
    judged += f", {counts['allowed']:,} allowed)" if counts["allowed"] else ")"
    skipped = {k.removeprefix("skipped "): n for k, n in counts.items() if k.startswith("skipped ")}
    reasons = ", ".join(f"{n:,} {reason}" for reason, n in sorted(skipped.items()))
    parts = [judged, f"{sum(skipped.values()):,} skipped" + (f" ({reasons})" if reasons else "")]
    return ", ".join([*parts, f"{counts['invalid']:,} invalid"])


# --- CSV ---


def format_csv(
    scorer: Scorer, rows: Sequence[Row], raw: bool = False, hint: bool = False
) -> Output:
    """CSV without the explanation, which would take most of the time.

    Unless raw, a cell that a spreadsheet would run gets an apostrophe in front. hint: flagged
    names have what family they look like in a column more.
    """
    found = compute_verdicts(scorer, rows)
    judged = zip(found.verdict, found.probability, found.allowed, found.known, strict=True)
    index = bool(scorer.dga_index)
    lines = []
    for row, name in zip(rows, found.rows, strict=True):
        if isinstance(name, Invalid):
            fields = (name.domain, "", "", "", name.status, explain_invalid(name))
            lines.append(format_csv_line(raw, *fields, *[""] * (index + hint)))
            continue
        label, probability, entry, known = next(judged)
        # What is its own host has no character that CSV would quote, and only - may be a formula.
        plain = name.host == row and (raw or row[0] != "-" != name.label[0])
        head = f"{row},{name.label}" if plain else format_csv_line(raw, str(row), name.label)[:-1]
        tail = (
            f"judged,{describe_exception(name, entry)}\n" if entry or name.provider_zone else _TAIL
        )
        if index:
            tail = f"{tail[:-1]},{_told(known)}\n"
        if hint:
            tail = f"{tail[:-1]},{_hint(name.label) if label else ''}\n"
        lines.append(f"{head},{label},{probability},{tail}")
    counts = Counter(_kind(x) for x in found.rows if isinstance(x, Invalid))
    counts += Counter(
        judged=len(found.verdict),
        flagged=sum(found.verdict),
        allowed=sum(entry is not None for entry in found.allowed),
    )
    return Output("".join(lines), counts)


def _hint(label: str) -> LikelyFamilies:
    """What family a name looks like."""
    from ..families.likely_families import load_packaged  # for those alone who ask

    return load_packaged().classify(label)


class Verdicts(NamedTuple):
    """What a scorer says of rows; all but rows have an item for each Name among them."""

    rows: list[Name | Invalid]
    probability: list[float]
    verdict: list[int]  # 1 malicious, 0 legitimate
    allowed: list[str | None]  # the entry of the allow list
    known: list[tuple[DgaMatch, ...] | None]  # the generators; None: there is no index


def compute_verdicts(scorer: Scorer, rows: Sequence[Row]) -> Verdicts:
    """Judge rows without an explanation, in order."""
    try_parse = scorer.try_parse
    found = [try_parse(row) if isinstance(row, str) else row for row in rows]
    names = [x for x in found if not isinstance(x, Invalid)]
    none: list[str | None] = [None] * len(names)
    allowed = none if scorer.allow is None else [scorer.allowed_by(x) for x in names]
    probability, threshold = _probability(scorer, [x.label for x in names]), scorer.threshold
    verdict = [int(p >= threshold) for p in probability]
    known = scorer.match_dga(names)
    for at, (entry, makers) in enumerate(zip(allowed, known, strict=True)):
        if entry:
            verdict[at] = 0
        elif makers and scorer.dga_index and scorer.dga_index.is_certain(makers):
            verdict[at] = 1
    return Verdicts(found, probability, verdict, allowed, known)


def _probability(scorer: Scorer, labels: list[str]) -> list[float]:
    """Of each label; of many that are the same once."""
    different = dict.fromkeys(labels)
    if 2 * len(different) > len(labels):
        return scorer.list_probabilities(labels)
    found = dict(zip(different, scorer.list_probabilities([*different]), strict=True))
    return [found[label] for label in labels]


def describe_exception(name: Name, entry: str | None) -> str:
    """What is to be said of a judged name, if anything; entry: that of an allow list."""
    if entry:
        return f"allowed: {entry}"
    return f"assigned: {name.provider_zone}" if name.provider_zone else ""


def join_generators(known: tuple[DgaMatch, ...] | None) -> str:
    """The generators of a name, as one text."""
    return "; ".join(map(str, known or ()))


def _told(known: tuple[DgaMatch, ...] | None) -> str:
    """The same as a cell of CSV."""
    text = join_generators(known)
    return f'"{text}"' if "," in text else text


def explain_invalid(invalid: Invalid) -> str:
    """A code that can be counted for what is skipped, a sentence for what is invalid."""
    return invalid.reason if invalid.status == "skipped" else invalid.error


def format_csv_line(raw: bool, *fields: str) -> str:
    """A row of CSV; unless raw, with an apostrophe before what a spreadsheet would run."""
    line = StringIO()
    cells = fields if raw else [f"'{x}" if x.startswith(_FORMULA) else x for x in fields]
    csv.writer(line, lineterminator="\n").writerow(cells)
    return line.getvalue()


# --- with the explanation ---


def format_jsonl(
    scorer: Scorer, rows: Sequence[Row], raw: bool = False, hint: bool = False
) -> Output:
    """JSON lines with every contribution and the reasons; hint: and with a family."""
    return _explained(scorer, rows, partial(_object, hint))


def _object(hint: bool, x: Score | Invalid) -> str:
    if isinstance(x, Invalid):
        return json.dumps(x._asdict()) + "\n"
    known = None if x.known is None else [y._asdict() for y in x.known]
    more = {HINT: _hint(x.name).as_json() if x.label else None} if hint else {}
    return json.dumps(x._asdict() | {"known": known, "status": "judged"} | more) + "\n"


def format_table(
    scorer: Scorer, rows: Sequence[Row], raw: bool = False, hint: bool = False
) -> Output:
    """Lines for a person."""
    return _explained(scorer, rows, partial(_sentence, hint))


def _sentence(hint: bool, x: Score | Invalid) -> str:
    if isinstance(x, Invalid):
        verdict = "skipped" if x.status == "skipped" else "refused"
        return f"{verdict:<11} {'':>11}  {quote_text(x.domain)}: {x.error}\n"
    shown = x.domain if x.domain.isprintable() else repr(x.domain)
    more = f" Family, a hint: {_hint(x.name)}." if hint and x.label else ""
    return f"{CLASSES[x.label]:<11} {x.probability:>11.6f}  {shown}: {x.reason}{more}\n"


def _explained(
    scorer: Scorer, rows: Sequence[Row], put: Callable[[Score | Invalid], str]
) -> Output:
    scores = iter(scorer.score_many([x for x in rows if isinstance(x, str)]))
    results = [next(scores) if isinstance(x, str) else x for x in rows]
    counts: Counts = Counter()
    for x in results:
        counts[_kind(x)] += 1
        if isinstance(x, Score):
            counts["flagged"] += x.label
            counts["allowed"] += bool(x.allowed)
    return Output("".join(map(put, results)), counts)


def _kind(x: Score | Invalid) -> str:
    if isinstance(x, Score):
        return "judged"
    return f"skipped {x.reason}" if x.status == "skipped" else "invalid"


Formatter = Callable[[Scorer, Sequence[Row], bool, bool], Output]
FORMATTERS: dict[str, Formatter] = {"table": format_table, "csv": format_csv, "jsonl": format_jsonl}
HEADERS = {
    "table": f"{'verdict':<11} {'probability':>11}  domain: why\n",
    "jsonl": "",
}
