"""The view of events: lines of all files, answers' codes given to their queries."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from .layout import Layout
from .prepare_input import Text

EMPTY = (
    "SELECT NULL::VARCHAR AS client, NULL::VARCHAR AS query, NULL::DOUBLE AS time, "
    "NULL::VARCHAR AS rcode, NULL::VARCHAR AS why WHERE false"
)
# What is said of a name that is answered in several ways: that it exists comes first.
_BEST = (
    "CASE min(CASE rcode WHEN 'NOERROR' THEN 1 WHEN 'BLOCKED' THEN 2 WHEN 'NXDOMAIN' THEN 3 "
    "ELSE 4 END) WHEN 1 THEN 'NOERROR' WHEN 2 THEN 'BLOCKED' "
    "WHEN 3 THEN 'NXDOMAIN' ELSE max(rcode) END"
)


def events(pairs: Sequence[tuple[Text, Layout]]) -> str:
    """The SELECT of all lines: client, query, time, rcode, why."""
    together: dict[str, list[str]] = {}
    for layout, utf8, texts in _grouped(pairs):
        together.setdefault(layout.answers, []).append(layout.select([x.text for x in texts], utf8))
    parts = [_joined(_union(selects), shared) for shared, selects in together.items()]
    return _union(parts) if parts else EMPTY


def _grouped(
    pairs: Iterable[tuple[Text, Layout]],
) -> Iterable[tuple[Layout, bool, list[Text]]]:
    groups: dict[tuple[Layout, bool], list[Text]] = {}
    for text, layout in pairs:
        groups.setdefault((layout, text.utf8), []).append(text)
    return [(layout, utf8, texts) for (layout, utf8), texts in groups.items()]


def _union(selects: Sequence[str]) -> str:
    return " UNION ALL ".join(f"({x})" if len(selects) > 1 else x for x in selects)


def _joined(lines: str, shared: str) -> str:
    """Queries with the codes of their answers, which then are no queries.

    An answer to what nobody asked for in the log stands for the query, which was not logged.
    """
    if not shared:
        return lines
    keys = "client, lower(query) AS name" if shared == "client" else "lower(query) AS name"
    same = "p.name = lower(l.query)"
    if shared == "client":
        same += " AND p.client IS NOT DISTINCT FROM l.client"
    unasked = "NULL" if shared == "client" else "'other_event'"  # nor is the client known there
    return f"""
        WITH lines AS MATERIALIZED ({lines}),
        pairs AS MATERIALIZED (
            SELECT {keys}, bool_or(why IS NULL) AS asked,
                {_BEST.replace("rcode", "told")} AS code
            FROM (SELECT *, CASE WHEN why = 'answer' THEN rcode END AS told FROM lines)
            WHERE (why IS NULL OR why = 'answer') AND query IS NOT NULL GROUP BY ALL
        )
        SELECT l.client, l.query, l.time,
            CASE WHEN l.why IS NULL THEN coalesce(p.code, l.rcode) ELSE l.rcode END AS rcode,
            CASE WHEN l.why IS DISTINCT FROM 'answer' THEN l.why
                WHEN p.asked THEN 'other_event' ELSE {unasked} END AS why
        FROM lines l LEFT JOIN pairs p
        ON (l.why IS NULL OR l.why = 'answer') AND {same}"""
