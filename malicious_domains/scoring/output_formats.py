"""Score rows and format them: a row out for each row in, in order."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple, TextIO

from ..inputs.rows import KeptRow, Row
from ..model.score import Score, group_terms
from ..model.scorer import Scorer
from ..names.errors import Invalid, quote_text
from ..names.parse import Name

if TYPE_CHECKING:
    from ..families.likely_families import LikelyFamilies
    from ..names.dga_index import DgaMatch

CSV_COLUMNS = ("domain", "name", "label", "probability", "status", "reason", "reason_code")
KNOWN = "known"  # one more column, where there is an index of generated names
HINT = "family_hint"  # one more column, where it is asked for
TERMS = "contribution_groups"  # one more key of JSON lines: the terms of each group
KEPT_OBJECT = "input"  # one more column, for the objects of JSON lines
HEADERS = {"table": f"{'verdict':<13} {'probability':>11}  domain: why\n", "jsonl": ""}
_JSON_KEYS = (*Score._fields, "reason", TERMS, HINT)
# What a spreadsheet would run as a formula (OWASP, "CSV injection").
_SPECIAL = re.compile(r'[",\r\n]')  # what a cell of CSV is quoted for
_FORMULA = ("=", "+", "-", "@", "\t", "\r")

Counts = Counter[str]  # judged, flagged, allowed, invalid; and skipped, by "skipped REASON"


class Output(NamedTuple):
    """The output for a chunk of rows, and how many there are of each kind."""

    text: str
    counts: Counts


def write_results(
    results: Iterable[Output],
    stream: TextIO,
    form: str,
    columns: Callable[[], Sequence[str]] = lambda: CSV_COLUMNS,
) -> Counts:
    """Write the results of all chunks in a form of format_chunk; return the counts of all rows.

    columns: returns those of CSV, see list_columns, when the first chunk was read.
    """
    counts: Counts = Counter()
    results = iter(results)
    first = next(results, Output("", Counter()))  # before the header: it may raise an error
    stream.write(format_csv_line(True, *columns()) if form == "csv" else HEADERS[form])
    for output in chain([first], results):
        stream.write(output.text)
        stream.flush()  # somebody may be waiting
        counts.update(output.counts)
    return counts


def list_columns(known: bool, hint: bool, kept: Sequence[str] = ()) -> tuple[str, ...]:
    """Return the columns of CSV, with those of generators, of families, and kept of the input.

    >>> list_columns(known=True, hint=False, kept=["client", "name"])[-5:]
    ('reason', 'known', 'reason_code', 'client', 'input_name')
    """
    *own, code = CSV_COLUMNS
    own += [*[KNOWN] * known, *[HINT] * hint, code]
    return *own, *(_rename(x, own) for x in kept)


def _rename(name: str, own: Iterable[str]) -> str:
    """Return the name of a kept column, which must not be one of our own."""
    return f"input_{name}" if name in own else name


def summarize_counts(counts: Counts) -> str:
    """Return the numbers of rows of each kind as one line.

    >>> summarize_counts(Counter({"judged": 3, "flagged": 1, "skipped reverse": 2, "invalid": 1}))
    '3 judged (1 flagged), 2 skipped (2 reverse), 1 invalid'
    """
    judged = f"{counts['judged']:,} judged ({counts['flagged']:,} flagged"
    judged += f", {counts['allowed']:,} allowed)" if counts["allowed"] else ")"
    skipped = {k.removeprefix("skipped "): n for k, n in counts.items() if k.startswith("skipped ")}
    reasons = ", ".join(f"{n:,} {reason}" for reason, n in sorted(skipped.items()))
    parts = [judged, f"{sum(skipped.values()):,} skipped" + (f" ({reasons})" if reasons else "")]
    return ", ".join([*parts, f"{counts['invalid']:,} invalid"])


# --- verdicts ---


class Verdict(NamedTuple):
    """The verdict on a name without an explanation, which would take most of the time."""

    name: Name
    label: int  # 1 malicious, 0 legitimate
    probability: float
    allowed: str | None  # the entry of the allow list
    known: tuple[DgaMatch, ...] | None  # the generators; None: there is no index


def compute_verdicts(scorer: Scorer, rows: Sequence[Row]) -> list[Verdict | Invalid]:
    """Score rows without an explanation, in order.

    >>> google, other, empty = compute_verdicts(Scorer.load(), ["google.com", "xmqjtoev.ru", ""])
    >>> google.label, other.label, empty.status
    (0, 1, 'invalid')
    """
    parsed = [scorer.try_parse(row) if isinstance(row, str) else row for row in rows]
    names = [x for x in parsed if not isinstance(x, Invalid)]
    probabilities = scorer.list_probabilities([x.label for x in names])
    allowed, known = map(scorer.allowed_by, names), scorer.match_dga(names)
    scored = zip(names, probabilities, allowed, known, strict=True)
    verdicts = (Verdict(x, scorer.decide(p, y, z), p, y, z) for x, p, y, z in scored)
    return [x if isinstance(x, Invalid) else next(verdicts) for x in parsed]


# --- formats ---


def format_chunk(
    form: str, scorer: Scorer, chunk: Sequence[Row | KeptRow], raw: bool = False, hint: bool = False
) -> Output:
    """Score rows and format them as "table", "csv" or "jsonl".

    Unless raw, CSV cells that a spreadsheet would run get an apostrophe. hint: add likely families.
    """
    kept = [x if isinstance(x, KeptRow) else None for x in chunk]
    rows = [x.row if isinstance(x, KeptRow) else x for x in chunk]
    if form == "csv":
        verdicts = compute_verdicts(scorer, rows)
        line = partial(_format_cells, scorer.dga_index is not None, raw, hint)
        lines = map(line, rows, verdicts, kept)
        return Output("".join(lines), _count(verdicts))
    texts = iter(scorer.score_many([x for x in rows if isinstance(x, str)]))
    scores = [next(texts) if isinstance(x, str) else x for x in rows]
    explained = partial(_format_json if form == "jsonl" else _format_sentence, hint)
    return Output("".join(map(explained, scores, kept)), _count(scores))


def _count(results: Sequence[Verdict | Score | Invalid]) -> Counts:
    judged = [x for x in results if not isinstance(x, Invalid)]
    others = (x for x in results if isinstance(x, Invalid))
    counts = Counter(f"skipped {x.reason}" if x.status == "skipped" else "invalid" for x in others)
    flagged, allowed = sum(x.label for x in judged), sum(bool(x.allowed) for x in judged)
    counts.update(judged=len(judged), flagged=flagged, allowed=allowed)
    return counts


def _format_cells(
    has_index: bool, raw: bool, hint: bool, row: Row, x: Verdict | Invalid, kept: KeptRow | None
) -> str:
    """Return a row of CSV."""
    if isinstance(x, Invalid):
        more = [""] * (has_index + hint)
        fields = (x.domain, "", "", "", x.status, explain_invalid(x))
        line = format_csv_line(raw, *fields, *more, x.reason)[:-1]
    else:
        name = x.name
        # What is its own host has no character that CSV would quote, and only - may be a formula.
        plain = name.host == row and (raw or row[0] != "-" != name.label[0])
        head = f"{row},{name.label}" if plain else format_csv_line(raw, str(row), name.label)[:-1]
        line = f"{head},{x.label},{x.probability},judged,{describe_exception(name, x.allowed)}"
        if has_index:
            line += f",{_quote_cell('; '.join(map(str, x.known or ())))}"
        if hint:
            line += f",{_classify(name.label) if x.label else ''}"
        line += ","
    return line + (_format_kept(kept, raw) if kept else "\n")


def _format_kept(kept: KeptRow, raw: bool) -> str:
    """Return the kept cells as the end of a row of CSV."""
    rest = kept.rest
    values = [json.dumps(rest) if rest else ""] if kept.is_object else [*rest.values()]
    line = format_csv_line(raw, *("" if x is None else str(x) for x in values))
    return f",{line}" if values else line


def _classify(label: str) -> LikelyFamilies:
    """Return the likely families of a label."""
    from ..families.likely_families import load_packaged  # seldom needed

    return load_packaged().classify(label)


def describe_exception(name: Name, entry: str | None) -> str:
    """Return why a name was not scored by its own label: an allow list's entry, or its zone."""
    if entry:
        return f"allowed: {entry}"
    return f"assigned: {name.provider_zone}" if name.provider_zone else ""


def explain_invalid(invalid: Invalid) -> str:
    """Return a code that can be counted for what is skipped, a sentence for what is invalid.

    >>> explain_invalid(Invalid("1.0.0.127.in-addr.arpa", "an address", "skipped", "reverse"))
    'reverse'
    """
    return invalid.reason if invalid.status == "skipped" else invalid.error


def format_csv_line(raw: bool, *fields: str) -> str:
    r"""Return a row of CSV; unless raw, with an apostrophe before what a spreadsheet would run.

    >>> format_csv_line(False, "=1+1", "a,b")
    '\'=1+1,"a,b"\n'
    """
    cells = fields if raw else [f"'{x}" if x.startswith(_FORMULA) else x for x in fields]
    return ",".join(map(_quote_cell, cells)) + "\n"


def _quote_cell(cell: str) -> str:
    """Return a cell in quotes if it needs them; Python's csv forgot the lone CR for long."""
    return '"' + cell.replace('"', '""') + '"' if _SPECIAL.search(cell) else cell


def _format_json(hint: bool, x: Score | Invalid, kept: KeptRow | None) -> str:
    """Return an object with every contribution and the reasons, and what is kept of the input."""
    rest = {_rename(key, _JSON_KEYS): value for key, value in kept.rest.items()} if kept else {}
    return json.dumps(_list_fields(x, hint) | rest, default=str) + "\n"


def _list_fields(x: Score | Invalid, hint: bool) -> dict[str, Any]:
    if isinstance(x, Invalid):
        return x._asdict()
    known = None if x.known is None else [y._asdict() for y in x.known]
    more = {HINT: _classify(x.name).as_json() if x.label else None} if hint else {}
    fields = {k: v for k, v in x._asdict().items() if k not in ("error", "reason_code")}
    named = {"groups": x.groups._asdict(), TERMS: group_terms(tuple(x.contributions))}
    return fields | {"known": known} | named | more


def _format_sentence(hint: bool, x: Score | Invalid, _kept: KeptRow | None) -> str:
    """Return a line for a person."""
    if isinstance(x, Invalid):
        return f"{x.status:<13} {'':>11}  {quote_text(x.domain)}: {x.error}\n"
    shown = x.domain if x.domain.isprintable() else repr(x.domain)
    more = f" Likely families: {_classify(x.name)}." if hint and x.label else ""
    return f"{x.verdict:<13} {x.probability:>11.6f}  {shown}: {x.reason}{more}\n"
