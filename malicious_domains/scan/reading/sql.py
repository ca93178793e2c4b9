"""Pieces of SQL that the formats share: texts, times, codes, and why a line is no query."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from pathlib import Path

MULTICAST = ("5353", "5355", "137")  # mDNS, LLMNR, NetBIOS
# Asked by resolvers and tools about names that were asked for before, or about no name at all.
SILENT = {
    "NB": 32, "OPT": 41, "DS": 43, "RRSIG": 46, "NSEC": 47, "DNSKEY": 48, "NSEC3": 50,
    "TKEY": 249, "TSIG": 250, "IXFR": 251, "AXFR": 252, "ANY": 255,
}  # fmt: skip
NAMED = (*SILENT, "*")
RCODES = (
    "NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED",
    "YXDOMAIN", "YXRRSET", "NXRRSET", "NOTAUTH", "NOTZONE",
)  # fmt: skip
LONGEST = 1 << 20  # bytes of a line; a longer one is broken
REPLACED = "\ufffd"  # stands for bytes that are not UTF-8 in such a copy
TOO_LONG = "\x02a line too long to be read\x02"  # stands for such a line in the copy that is read
_ZONE = r"[:.]\d+ ?[+-]\d\d:?\d*$"
# Oddities of exports, tried last.
_STYLES = (
    "%d-%b-%Y %H:%M:%S.%g",
    "%d-%b-%Y %H:%M:%S",
    "%b %d, %Y %H:%M:%S",
    "%b %d %Y %H:%M:%S",
    "%m/%d/%Y %H:%M:%S",
    "%m/%d/%Y %I:%M:%S %p",
    "%d.%m.%Y %H:%M:%S",
)


def text(value: str) -> str:
    """A string as an SQL literal."""
    return "'" + value.replace("'", "''") + "'"


def name(value: str) -> str:
    """A column's name, quoted."""
    return '"' + value.replace('"', '""') + '"'


def texts(values: Iterable[object]) -> str:
    """Several literals, in parentheses."""
    return "(" + ", ".join(text(str(x)) for x in values) + ")"


def files(paths: Sequence[Path]) -> str:
    """The list of files that a reading function takes; what would be a pattern is none."""
    return "[" + ", ".join(text(_plain(str(path))) for path in paths) + "]"


def _plain(path: str) -> str:
    return "".join(f"[{x}]" if x in "*?[" else x for x in path)


def cleaned(value: str) -> str:
    """NULL for the ways in which logs write nothing."""
    return f"CASE WHEN {value} NOT IN ('', '-', '(empty)') THEN {value} END"


# --- time ---


def iso(value: str) -> str:
    """Seconds since the epoch of an ISO 8601 text; without a zone it is UTC."""
    return (
        f"CASE WHEN regexp_matches({value}, {text(_ZONE)}) "
        f"THEN epoch(TRY_CAST({value} AS TIMESTAMPTZ)) "
        f"ELSE epoch(TRY_CAST(replace({value}, ',', '.') AS TIMESTAMP)) END"
    )


def epoch(value: str) -> str:
    """Seconds of a number of seconds, milli-, micro- or nanoseconds, told by its size."""
    number = f"TRY_CAST({value} AS DOUBLE)"
    return (
        f"CASE WHEN {number} <= 0 THEN NULL WHEN {number} < 1e11 THEN {number} "
        f"WHEN {number} < 1e14 THEN {number} / 1e3 WHEN {number} < 1e17 THEN {number} / 1e6 "
        f"WHEN {number} < 1e20 THEN {number} / 1e9 END"
    )


def seconds(value: str, latest: float | None = None) -> str:
    """Seconds since the epoch of a number or ISO 8601; NULL for zero, masks and nonsense.

    With latest, when the log was last written, other ways to write a time are tried too.
    """
    if latest is None:
        return f"coalesce({epoch(value)}, {iso(value)})"
    styles = "[" + ", ".join(map(text, _STYLES)) + "]"
    # By itself, as one style with a zone makes the connection's zone matter for all.
    zoned = f"epoch(try_strptime({value}, '%d/%b/%Y:%H:%M:%S %z'))"
    other = f"epoch(try_strptime({value}, {styles})), {zoned}"
    return f"coalesce({epoch(value)}, {iso(value)}, {other}, {syslog(value, latest)})"


def syslog(value: str, latest: float) -> str:
    """Seconds of 'Nov 25 10:00:00', in the last year in which that is not after latest + 1 day."""
    year = time.gmtime(latest + 86400).tm_year
    tries = [
        f"epoch(try_strptime('{y} ' || {value}, '%Y %b %d %H:%M:%S'))" for y in (year, year - 1)
    ]
    return f"coalesce(CASE WHEN {tries[0]} <= {latest + 86400:.0f} THEN {tries[0]} END, {tries[1]})"


# --- codes ---


def rcode(value: str) -> str:
    """A response code's name in upper case, of its name or number; NULL where there is none."""
    upper = f"replace(upper({value}), ' ', '')"
    numbers = " ".join(f"WHEN '{i}' THEN '{x}'" for i, x in enumerate(RCODES))
    return (
        f"CASE {upper} {numbers} WHEN '' THEN NULL WHEN '-' THEN NULL "
        f"WHEN 'NON-EXISTENTDOMAIN' THEN 'NXDOMAIN' WHEN 'NAMEERROR' THEN 'NXDOMAIN' "
        f"WHEN 'SERVERFAILURE' THEN 'SERVFAIL' ELSE {upper} END"
    )


def why(
    query: str,
    *,
    first: str = "",
    port: str | None = None,
    qtype: str | None = None,
    types: Sequence[object] = (*SILENT, *SILENT.values(), "*"),
    last: str = "",
) -> str:
    """Why a line is no query to be judged; first and last are WHENs of the format's own.

    types: those that say nothing, as the format writes them; fewer take less time.
    """
    cases = [first]
    if port:
        cases.append(f"WHEN {port} IN {texts(MULTICAST)} THEN 'multicast'")
    if qtype:
        cases.append(f"WHEN {qtype} IN {texts(types)} THEN 'type'")
    cases.append(f"WHEN {query} IS NULL THEN 'other_event'")
    return "CASE " + " ".join(filter(None, [*cases, last])) + " END"


# --- reading functions ---


def read_lines(paths: Sequence[Path]) -> str:
    """A table of one column, line: what a text log's lines are."""
    return (
        f"(SELECT line FROM read_csv({files(paths)}, columns={{'line': 'VARCHAR'}}, "
        f"delim='\\n', {PLAIN}) WHERE line IS NOT NULL)"
    )


# What a name's ending says of compression is not asked: the content was.
PLAIN = (
    "quote='', escape='', header=false, auto_detect=false, strict_mode=false, compression='none'"
)


def undecoded(value: str, utf8: bool) -> str:
    """A WHEN for a text with bytes that are not UTF-8, in whose place a copy has a mark."""
    return "" if utf8 else f" WHEN contains({value}, {text(REPLACED)}) THEN 'broken'"
