"""SQL expressions that the log formats share: literals, response codes, line types."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from ...clients.tunnels import OTHER_TYPE, TYPE_NUMBERS, TYPE_PREFIXES, TYPES
from ...model.eligible import IGNORED_TYPES

MULTICAST = ("5353", "5355", "137")  # mDNS, LLMNR, NetBIOS
IGNORED_NAMES = (*IGNORED_TYPES, "*")  # fewer take less time
TYPES_BY_NAME_OR_NUMBER = (*IGNORED_TYPES, *IGNORED_TYPES.values(), "*")
RCODES = (
    "NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED",
    "YXDOMAIN", "YXRRSET", "NXRRSET", "NOTAUTH", "NOTZONE", "DSOTYPENI",
)  # fmt: skip
# https://www.iana.org/assignments/dns-parameters; Windows' by winerror.h
_LATER = {
    16: "BADVERS", 17: "BADKEY", 18: "BADTIME", 19: "BADMODE", 20: "BADNAME", 21: "BADALG",
    22: "BADTRUNC", 23: "BADCOOKIE",
}  # fmt: skip
_OTHER_NAMES = {
    "SUCCESS": "NOERROR", "NODATA": "NODATA", "BADSIG": "BADVERS",
    "NON-EXISTENTDOMAIN": "NXDOMAIN", "NAMEERROR": "NXDOMAIN", "SERVERFAILURE": "SERVFAIL",
    "FORMATERROR": "FORMERR", "NOTIMPL": "NOTIMP", "NOTIMPLEMENTED": "NOTIMP",
    "9501": "NODATA", "DNS_INFO_NO_RECORDS": "NODATA", "BLOCKED": "BLOCKED",
    "DNS_ERROR_RCODE_FORMAT_ERROR": "FORMERR", "DNS_ERROR_RCODE_SERVER_FAILURE": "SERVFAIL",
    "DNS_ERROR_RCODE_NAME_ERROR": "NXDOMAIN", "DNS_ERROR_RCODE_REFUSED": "REFUSED",
}  # fmt: skip
_BLANKS = " _-"  # what programs write within a code's name, or leave out
_RCODE_NAMES = {
    **{str(i): x for i, x in (*enumerate(RCODES), *_LATER.items())},
    **{str(9000 + i): x for i, x in enumerate(RCODES[:11]) if i},
    **{x: x for x in (*RCODES, *_LATER.values())},
    **_OTHER_NAMES,
}
# What most lines have, by itself: looking closely at all others takes most of the time.
_FREQUENT_RCODES = (
    "NOERROR", "0", "NXDOMAIN", "3", "-", "SERVFAIL", "2", "REFUSED", "5", "NOTIMP", "", "(empty)",
)  # fmt: skip
_FREQUENT_TYPES = (
    "A", "AAAA", "1", "28", "HTTPS", "PTR", "65", "12", "NBSTAT", "NS", "2", "SVCB", "*",
)  # fmt: skip
MAX_LINE = 1 << 20  # bytes; a longer line is broken
REPLACED = "\ufffd"  # replaces bytes that are not UTF-8 in a repaired copy
TOO_LONG = "\x02a line too long to be read\x02"  # replaces such a line in a repaired copy


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


def coalesce(values: Iterable[str]) -> str:
    """Return the first of several texts that is not NULL.

    >>> coalesce(["a", "b"]), coalesce([])
    ('coalesce(a, b)', 'NULL::VARCHAR')
    """
    some = list(values) or ["NULL::VARCHAR"]
    return some[0] if len(some) == 1 else f"coalesce({', '.join(some)})"


def drop_blank(value: str) -> str:
    """Return NULL for the ways in which logs write an empty value."""
    return f"CASE WHEN {value} NOT IN ('', '-', '(empty)') THEN {value} END"


def trim_address(client: str) -> str:
    """Return a client without the zone or the port of an address, and brackets around it.

    fe80::1%eth0 is fe80::1, 192.0.2.1:53 is 192.0.2.1. Valid in DuckDB and in Spark.
    """
    address = f"split_part(replace({client}, ']', '%'), '%', 1)"
    plain = f"translate({address}, '0123456789abcdefABCDEF:.[', '') = ''"
    marks = " OR ".join(f"contains({client}, '{x}')" for x in "%[]")  # fewer steps for most
    return (
        f"CASE WHEN {marks} THEN CASE WHEN {plain} THEN replace({address}, '[', '') "
        f"ELSE {client} END WHEN contains({client}, ':') AND {client} LIKE '%.%:%' AND "
        f"translate({client}, '0123456789.:', '') = '' THEN split_part({client}, ':', 1) "
        f"ELSE {client} END"
    )


def point_to(path: Sequence[str]) -> str:
    """Return the JSON pointer of a path of keys.

    >>> point_to(("id.orig_h", "a/b"))
    '/id.orig_h/a~1b'
    """
    return "".join(f"/{x.replace('~', '~0').replace('/', '~1')}" for x in path)


def extract_inner(value: str, path: Sequence[str]) -> str:
    """Return what JSON within a text has at a path of keys, or key=value pairs by its name.

    path: empty for the text itself.
    """
    if not path:
        return value
    pointer, key = quote_text(point_to(path)), re.escape(".".join(path))
    pair = quote_text(rf"(?:^|[;,| ]){key}=\"?([^;|\"]*)")
    return (
        f"CASE WHEN json_valid({value}) THEN json_extract_string({value}, {pointer}) "
        f"ELSE nullif(regexp_extract({value}, {pair}, 1), '') END"
    )


NO_DAY = -1  # of queries without a date


def number_day(zone: str) -> str:
    """Return the days since the epoch of the column time in a zone; NO_DAY where it has no date."""
    local = f"epoch(timezone({quote_text(zone)}, to_timestamp(time)))"
    days = f"CAST(floor({'time' if zone == 'UTC' else local} / 86400) AS INTEGER)"
    return f"CASE WHEN time >= {365 * 86400} THEN {days} ELSE {NO_DAY} END"  # less: of a capture


# --- response codes and line types ---


def name_rcode(value: str) -> str:
    """Return a response code's name in upper case, from its name or number; NULL if unknown.

    Numbers from 9000 on are those of Windows' DNS errors. Valid in DuckDB and in Spark.
    """
    upper = f"translate(upper(trim({value})), '{_BLANKS}', '')"
    upper = f"regexp_replace({upper}, '[.]0$', '')"  # pandas' 3.0
    plain = {x.translate(dict.fromkeys(map(ord, _BLANKS))): y for x, y in _RCODE_NAMES.items()}
    names = _list_cases({x: f"'{code}'" for x, code in plain.items()})
    frequent = {x: f"'{plain[x]}'" if x in plain else "NULL" for x in _FREQUENT_RCODES}
    return f"CASE {value} {_list_cases(frequent)} ELSE CASE {upper} {names} END END"


def _list_cases(values: Mapping[str, object]) -> str:
    return " ".join(f"WHEN '{x}' THEN {y}" for x, y in values.items())


def find_unknown_rcode(value: str) -> str:
    """Return a text that stands for a response code which name_rcode() does not know, else NULL."""
    known = _list_cases(dict.fromkeys(_FREQUENT_RCODES, "NULL"))
    unknown = f"CASE WHEN {name_rcode(value)} IS NULL THEN nullif(trim({value}), '') END"
    return f"CASE {value} {known} ELSE {unknown} END"


def mark_undecoded(value: str) -> str:
    """Return a WHEN for a text that a repaired copy has instead of bytes that are not UTF-8."""
    return f" WHEN contains({value}, {quote_text(REPLACED)}) THEN 'broken'"


def code_type(value: str) -> str:
    """Return a query type as a bit of tunnels.TYPES, or as OTHER_TYPE; 0 if it is unknown.

    Valid in DuckDB and in Spark.
    """
    plain = f"upper(split_part(trim({value}), ' ', 1))"
    for before in TYPE_PREFIXES:
        plain = f"replace({plain}, '{before}', '')"
    bits = {x: bit for name, bit in TYPES.items() for x in (name, TYPE_NUMBERS[name])}
    frequent, cases = dict.fromkeys(_FREQUENT_TYPES, OTHER_TYPE), _list_cases(bits)
    return (
        f"CASE {value} {_list_cases(frequent)} {cases} ELSE CASE WHEN {drop_blank(value)} IS NULL "
        f"THEN 0 ELSE CASE {plain} {cases} ELSE {OTHER_TYPE} END END END"
    )


# --- reading functions ---

# Compression is detected by content, not by the ending of a file's name.
PLAIN = (
    "quote='', escape='', header=false, auto_detect=false, strict_mode=false, compression='none'"
)


def read_lines(paths: Sequence[Path]) -> str:
    """Return a table of one column, line: the lines of text logs that are not blank."""
    return (
        f"(SELECT line FROM read_csv({list_files(paths)}, columns={{'line': 'VARCHAR'}}, "
        f"delim='\n', {PLAIN}) WHERE trim(line, ' \t\r') <> '')"
    )


def read_columns(paths: Sequence[Path], columns: int, delimiter: str) -> str:
    """Return a table of the columns c0, c1 and so on, with one more than there should be.

    A column that a line does not have is NULL, an empty one is ''. Blank lines are left out.
    """
    types = ", ".join(f"c{i}: 'VARCHAR'" for i in range(columns + 1))
    return (
        f"(SELECT * FROM read_csv({list_files(paths)}, columns={{{types}}}, "
        f"delim={quote_text(delimiter)}, {PLAIN}, null_padding=true, nullstr='\x01') "
        "WHERE c1 IS NOT NULL OR trim(c0, ' \t\r') <> '')"
    )
