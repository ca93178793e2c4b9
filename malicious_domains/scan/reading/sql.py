"""SQL expressions that the log formats share: literals, times, response codes, line types."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from pathlib import Path

from ...model.eligible import IGNORED_TYPES

MULTICAST = ("5353", "5355", "137")  # mDNS, LLMNR, NetBIOS
IGNORED_NAMES = (*IGNORED_TYPES, "*")
RCODES = (
    "NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED",
    "YXDOMAIN", "YXRRSET", "NXRRSET", "NOTAUTH", "NOTZONE",
)  # fmt: skip
MAX_LINE = 1 << 20  # bytes; a longer line is broken
REPLACED = "\ufffd"  # replaces bytes that are not UTF-8 in a repaired copy
TOO_LONG = "\x02a line too long to be read\x02"  # replaces such a line in a repaired copy
_ZONE = r"[:.]\d+ ?[+-]\d\d:?\d*$"
# Styles of exports, tried last.
_STYLES = (
    "%d-%b-%Y %H:%M:%S.%g",
    "%d-%b-%Y %H:%M:%S",
    "%b %d, %Y %H:%M:%S",
    "%b %d %Y %H:%M:%S",
    "%m/%d/%Y %H:%M:%S",
    "%m/%d/%Y %I:%M:%S %p",
    "%d.%m.%Y %H:%M:%S",
)


def quote_text(value: str) -> str:
    """Return a string as an SQL literal.

    >>> quote_text("it's")
    "'it''s'"
    """
    return "'" + value.replace("'", "''") + "'"


def quote_name(value: str) -> str:
    """Return a column's name as a quoted SQL identifier."""
    return '"' + value.replace('"', '""') + '"'


def list_texts(values: Iterable[object]) -> str:
    """Return several literals in parentheses.

    >>> list_texts(["A", 28])
    "('A', '28')"
    """
    return "(" + ", ".join(quote_text(str(x)) for x in values) + ")"


def list_files(paths: Sequence[Path]) -> str:
    """Return the list of files that a reading function takes, without wildcards.

    >>> list_files([Path("a[1].log")])
    "['a[[]1].log']"
    """
    escaped = ("".join(f"[{x}]" if x in "*?[" else x for x in str(path)) for path in paths)
    return "[" + ", ".join(map(quote_text, escaped)) + "]"


def drop_blank(value: str) -> str:
    """Return NULL for the ways in which logs write an empty value."""
    return f"CASE WHEN {value} NOT IN ('', '-', '(empty)') THEN {value} END"


# --- times ---


def parse_iso(value: str) -> str:
    """Return the seconds since the epoch of an ISO 8601 text; without a zone it is UTC."""
    return (
        f"CASE WHEN regexp_matches({value}, {quote_text(_ZONE)}) "
        f"THEN epoch(TRY_CAST({value} AS TIMESTAMPTZ)) "
        f"ELSE epoch(TRY_CAST(replace({value}, ',', '.') AS TIMESTAMP)) END"
    )


def parse_epoch(value: str) -> str:
    """Return the seconds of a number of seconds, milli-, micro- or nanoseconds, by its size."""
    number = f"TRY_CAST({value} AS DOUBLE)"
    return (
        f"CASE WHEN {number} <= 0 THEN NULL WHEN {number} < 1e11 THEN {number} "
        f"WHEN {number} < 1e14 THEN {number} / 1e3 WHEN {number} < 1e17 THEN {number} / 1e6 "
        f"WHEN {number} < 1e20 THEN {number} / 1e9 END"
    )


def parse_time(value: str, latest: float | None = None) -> str:
    """Return the seconds since the epoch of a number or an ISO 8601 text; NULL for other texts.

    With `latest`, the time when the log was last written, more styles are tried.
    """
    if latest is None:
        return f"coalesce({parse_epoch(value)}, {parse_iso(value)})"
    styles = "[" + ", ".join(map(quote_text, _STYLES)) + "]"
    # In a call of its own: one style with a zone makes the connection's zone matter for all.
    zoned = f"epoch(try_strptime({value}, '%d/%b/%Y:%H:%M:%S %z'))"
    other = f"epoch(try_strptime({value}, {styles})), {zoned}"
    syslog = parse_syslog(value, latest)
    return f"coalesce({parse_epoch(value)}, {parse_iso(value)}, {other}, {syslog})"


def parse_syslog(value: str, latest: float) -> str:
    """Return the seconds of 'Nov 25 10:00:00', in the last year in which it is not after latest.

    A day more is allowed, for clocks and zones.
    """
    limit = latest + 86400
    year = time.gmtime(limit).tm_year
    this, last = (
        f"epoch(try_strptime('{y} ' || {value}, '%Y %b %d %H:%M:%S'))" for y in (year, year - 1)
    )
    return f"coalesce(CASE WHEN {this} <= {limit:.0f} THEN {this} END, {last})"


# --- response codes and line types ---


def name_rcode(value: str) -> str:
    """Return a response code's name in upper case, from its name or number; NULL if blank."""
    upper = f"replace(upper({value}), ' ', '')"
    numbers = " ".join(f"WHEN '{i}' THEN '{x}'" for i, x in enumerate(RCODES))
    return (
        f"CASE {upper} {numbers} WHEN '' THEN NULL WHEN '-' THEN NULL "
        f"WHEN 'NON-EXISTENTDOMAIN' THEN 'NXDOMAIN' WHEN 'NAMEERROR' THEN 'NXDOMAIN' "
        f"WHEN 'SERVERFAILURE' THEN 'SERVFAIL' ELSE {upper} END"
    )


def classify_line(
    query: str,
    *,
    first: str = "",
    port: str | None = None,
    qtype: str | None = None,
    types: Sequence[object] = (*IGNORED_TYPES, *IGNORED_TYPES.values(), "*"),
    last: str = "",
) -> str:
    """Return why a line is not a query to score; first and last are the format's own WHENs.

    types: query types to leave out, as the format writes them; fewer take less time.
    """
    cases = [first]
    if port:
        cases.append(f"WHEN {port} IN {list_texts(MULTICAST)} THEN 'multicast'")
    if qtype:
        cases.append(f"WHEN {qtype} IN {list_texts(types)} THEN 'type'")
    cases.append(f"WHEN {query} IS NULL THEN 'other_event'")
    return "CASE " + " ".join(filter(None, [*cases, last])) + " END"


def mark_undecoded(value: str, utf8: bool) -> str:
    """Return a WHEN for a text that a repaired copy has instead of bytes that are not UTF-8."""
    return "" if utf8 else f" WHEN contains({value}, {quote_text(REPLACED)}) THEN 'broken'"


# --- reading functions ---

# Compression is told by content, not by a name's ending.
PLAIN = (
    "quote='', escape='', header=false, auto_detect=false, strict_mode=false, compression='none'"
)


def read_lines(paths: Sequence[Path]) -> str:
    """Return a table of one column, line: the lines of text logs."""
    return (
        f"(SELECT line FROM read_csv({list_files(paths)}, columns={{'line': 'VARCHAR'}}, "
        f"delim='\\n', {PLAIN}) WHERE line IS NOT NULL)"
    )


def read_columns(paths: Sequence[Path], columns: int, delimiter: str) -> str:
    """Return a table of the columns c0, c1 and so on, with one more than there should be."""
    types = ", ".join(f"c{i}: 'VARCHAR'" for i in range(columns + 1))
    return (
        f"read_csv({list_files(paths)}, columns={{{types}}}, delim={quote_text(delimiter)}, "
        f"{PLAIN}, null_padding=true)"
    )
