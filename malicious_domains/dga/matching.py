"""Match rows of names with an index: which generators make each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ..inputs.rows import Row
from ..names.dga_index import DgaIndex, DgaMatch
from ..names.errors import Invalid
from ..names.parse import InvalidDomain, Skipped, parse

COLUMNS = ("domain", *DgaMatch._fields)


def match_rows(
    index: DgaIndex, rows: Iterable[Row]
) -> Iterator[tuple[str, tuple[DgaMatch, ...] | None]]:
    """Yield each row's text and its generators, () if it has none; None for an invalid row."""
    texts, hosts, valid = list[str](), list[str](), list[bool]()
    for row in rows:
        text = row.domain if isinstance(row, Invalid) else row
        host, is_name = _find_host(text) if isinstance(row, str) else ("", row.status == "skipped")
        texts.append(text)
        hosts.append(host)
        valid.append(is_name)
    matches = index.match(hosts)
    for i, text in enumerate(texts):
        yield text, matches.get(i, () if valid[i] else None)


def format_cells(text: str, generator: DgaMatch) -> list[str]:
    """Return the cells of a row of COLUMNS."""
    values = ["" if x is None else int(x) if isinstance(x, bool) else x for x in generator]
    return [text, *map(str, values)]


def _find_host(text: str) -> tuple[str, bool]:
    """Return the host in a text, and whether it is a name at all.

    Generators ignore what can be registered: abcd.ck is a public suffix, and is queried.
    """
    try:
        return parse(text).host, True
    except InvalidDomain as error:
        return text.strip().lower().rstrip("."), isinstance(error, Skipped)
