"""Rows of names, and the generators that make each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ..inputs.rows import Row
from ..model.score import Invalid
from ..names.dga_index import DgaIndex, DgaMatch
from ..names.parse import InvalidDomain, Skipped, parse

COLUMNS = ("domain", *DgaMatch._fields)


def matches(
    known: DgaIndex, rows: Iterable[Row]
) -> Iterator[tuple[str, tuple[DgaMatch, ...] | None]]:
    """Each row's text and who makes it, () if nobody does; None for a row that is no name."""
    texts, hosts, good = [], [], []
    for row in rows:
        text = row.domain if isinstance(row, Invalid) else row
        host, is_name = _host(text) if isinstance(row, str) else ("", row.status == "skipped")
        texts.append(text)
        hosts.append(host)
        good.append(is_name)
    found = known.match(hosts)
    for i, text in enumerate(texts):
        yield text, found.get(i, () if good[i] else None)


def cells(text: str, known: DgaMatch) -> list[str]:
    """A row of COLUMNS."""
    values = ["" if x is None else int(x) if isinstance(x, bool) else x for x in known]
    return [text, *map(str, values)]


def _host(text: str) -> tuple[str, bool]:
    """The host in a text, and whether it is a name at all.

    Generators do not mind what may be registered: abcd.ck is a public suffix, and asked for.
    """
    try:
        return parse(text).host, True
    except InvalidDomain as error:
        return text.strip().lower().rstrip("."), isinstance(error, Skipped)
