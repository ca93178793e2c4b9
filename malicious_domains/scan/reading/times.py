"""SQL expressions that turn the times of logs into seconds since the epoch, UTC."""

from __future__ import annotations

import os
import re
import time
import zoneinfo
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC as UTC_ZONE
from datetime import datetime
from pathlib import Path

from .prepare_input import ReadingError
from .sql import quote_text

UTC = "UTC"
_UTC_NAMES = ("UTC", "UCT", "GMT", "Zulu", "Universal", "Greenwich")
_OFFSET = r"[:.]\d+ ?[+-]\d\d:?\d*$"
_HALF = r"\d ?[AaPp]\.?[Mm]\.?$"
# Abbreviations that DuckDB does not know, or takes for others.
_ABBREVIATIONS = {
    "CEST": "+02:00", "MEZ": "+01:00", "MESZ": "+02:00", "EEST": "+03:00", "WEST": "+01:00",
    "BST": "+01:00", "MSK": "+03:00", "EDT": "-04:00", "CDT": "-05:00", "MDT": "-06:00",
    "PDT": "-07:00", "AEDT": "+11:00", "AEST": "+10:00", "NZDT": "+13:00", "NZST": "+12:00",
    "SGT": "+08:00", "HKT": "+08:00", "KST": "+09:00",
}  # fmt: skip
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
# Dates of exports, with a time of day or without, and where year, month, day and time stand.
_YEAR_LAST = r"^(\d{1,2})[./-](\d{1,2})[./-](\d{4}|\d{2})(?:,? *(\d.*))?$"
_EXPORTS = (
    (r"^(\d{4})[./-](\d{1,2})[./-](\d{1,2})(?:[, Tt-]+(.*))?$", r"\1-\2-\3 \4"),
    (r"^(\d{4})(\d\d)(\d\d)T?(\d\d)(\d\d)(\d\d.*)$", r"\1-\2-\3 \4:\5:\6"),
    (r"^(\d{4})(\d\d)(\d\d)[ T](\d.*)$", r"\1-\2-\3 \4"),
    (r"^(\d{1,2})[- /]([A-Z][a-z]{2})[a-z]*[- /,]+(\d{4}|\d{2})(?:[:, ]+(\d.*))?$", r"\3-\2-\1 \4"),
    (r"^([A-Z][a-z]{2})[a-z]* +(\d{1,2}),? +(\d{4})(?:,? *(?:@|at)? *(\d.*))?$", r"\3-\1-\2 \4"),
    (
        r"^([A-Z][a-z]{2}) +(\d{1,2}) (\d\d:\d\d:\d\d(?:\.\d+)?(?: [A-Z]{1,5})?) (\d{4})$",
        r"\4-\1-\2 \3",
    ),
)
_DIGITS = r"^20\d{12}$"  # a date and a time of day, no number of milliseconds
# What names a zone beside an offset: GMT+0100 (CET), +0000 UTC, +01:00[Europe/Berlin].
_SECOND_ZONE = r"(?: GMT)?([+-]\d\d:?\d\d)(?: UTC| ?\(.*\)|\[[\w/]+)$"
_WEEKDAY = r"^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,? +"
_DATE = re.compile(
    r"(?<![\d.:/-])(\d{1,4})([./-])(\d{1,2})\2(\d{1,4})(?=$|[\"\t;]|[, ]+\d{1,2}:\d\d)"
)


def check_zone(zone: str) -> str:
    """Return the name of a time zone; raises ReadingError for an unknown one.

    >>> check_zone("Europe/Berlin")
    'Europe/Berlin'
    """
    if zone.removeprefix("Etc/") in _UTC_NAMES:
        return UTC
    if _is_zone(zone):
        return zone
    raise ReadingError(
        f"--timezone {zone}: there is no such time zone; write it as Europe/Berlin or UTC"
    )


def _is_zone(zone: str) -> bool:
    try:
        return bool(zoneinfo.ZoneInfo(zone))
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        return False


def find_local_zone() -> str:
    """Return the name of this machine's time zone; UTC if it is unknown."""
    linked = os.path.realpath("/etc/localtime").partition("zoneinfo/")[2]
    zones = [os.environ.get("TZ", "").removeprefix(":"), linked]
    with suppress(OSError):
        zones.append(Path("/etc/timezone").read_text().strip())
    return check_zone(next((x for x in zones if x and _is_zone(x)), UTC))


def find_midnight(day: float, zone: str) -> float:
    """Return when a day begins in a zone; day: its midnight in UTC, in seconds since the epoch.

    >>> find_midnight(0, "Europe/Berlin")
    -3600.0
    """
    date = datetime.fromtimestamp(day, UTC_ZONE).replace(tzinfo=zoneinfo.ZoneInfo(zone))
    return date.timestamp()


# --- expressions ---


def in_zone(moment: str, zone: str) -> str:
    """Return the seconds of a timestamp without a zone, which is taken to be in this one."""
    return f"epoch({moment})" if zone == UTC else f"epoch(timezone({quote_text(zone)}, {moment}))"


def parse_iso(value: str, zone: str = UTC) -> str:
    """Return the seconds of an ISO 8601 text, or a like one with a named zone or AM and PM."""
    zoned = " ".join(
        f"WHEN ends_with({value}, '{x}') THEN "
        f"epoch(TRY_CAST(regexp_replace({value}, ' ?{x}$', '{offset}') AS TIMESTAMPTZ))"
        for x, offset in _ABBREVIATIONS.items()
    )
    halves = ", ".join(f"'%Y-%m-%d %I:%M{x}%p'" for x in (":%S.%g ", ":%S ", " ", ":%S", ""))
    half = f"try_strptime(replace({value}, '.m.', 'm'), [{halves}])"
    plain = f"TRY_CAST(replace({value}, ',', '.') AS TIMESTAMP)"
    return (
        f"CASE WHEN substr({value}, 3, 1) IN ('-', '/', '.') THEN NULL "  # no year is in front
        f"WHEN regexp_matches({value}, {quote_text(_OFFSET)}) "
        f"THEN epoch(TRY_CAST(replace(replace({value}, ' +', '+'), ' -', '-') AS TIMESTAMPTZ)) "
        f"WHEN right({value}, 1) IN ('Z', 'z') AND substr({value}, length({value}) - 1, 1) < 'A' "
        f"THEN epoch(TRY_CAST({value} AS TIMESTAMP)) "
        f"WHEN right({value}, 1) < 'A' AND right({value}, 1) <> '.' THEN "
        f"{in_zone(plain, zone)} "
        f"WHEN regexp_matches({value}, {quote_text(_HALF)}) THEN {in_zone(half, zone)} "
        f"{zoned} ELSE epoch(TRY_CAST({value} AS TIMESTAMPTZ)) END"
    )


def parse_epoch(value: str) -> str:
    """Return the seconds of a number of seconds, milli-, micro- or nanoseconds, by its size."""
    number = f"TRY_CAST({value} AS DOUBLE)"
    return (
        f"CASE WHEN {number} <= 0 THEN NULL WHEN {number} < 1e11 THEN {number} "
        f"WHEN {number} < 1e14 THEN {number} / 1e3 WHEN {number} < 1e17 THEN {number} / 1e6 "
        f"WHEN {number} < 1e18 THEN {number} / 1e7 - 11644473600 "  # Windows' FILETIME
        f"WHEN {number} < 1e20 THEN {number} / 1e9 END"
    )


def parse_any(value: str, zone: str, latest: float, day_first: bool) -> str:
    """Return the seconds of a time in any style of exports; NULL for other texts.

    latest: when the log was last written. day_first: whether 04/11/2025 is in November.
    """
    others = (parse_export(value, zone, day_first), parse_syslog(value, latest, zone))
    iso = parse_iso(value, zone)
    # By CASE, as DuckDB computes what the parts of a coalesce have in common for each row. Most
    # times are seconds.
    number = f"TRY_CAST({value} AS DOUBLE)"
    return (
        f"CASE WHEN {number} BETWEEN 1 AND 99999999999 THEN {number} "
        f"WHEN {number} IS NOT NULL AND NOT regexp_matches({value}, '{_DIGITS}') "
        f"THEN {parse_epoch(value)} "
        f"WHEN {iso} IS NOT NULL THEN {iso} ELSE coalesce({', '.join(others)}) END"
    )


def parse_export(value: str, zone: str, day_first: bool) -> str:
    """Return the seconds of a date in numbers or with a month's name, and a time of day.

    The parts are put together as ISO 8601: 11/24/26, 8:00:06.000 AM, or RFC 2822's forms.
    """
    last = (_YEAR_LAST, r"\3-\2-\1 \4" if day_first else r"\3-\1-\2 \4")
    text = f"regexp_replace(trim(replace({value}, '\u202f', ' '), ' []'), '{_WEEKDAY}', '')"
    second = (_SECOND_ZONE, r"\1")
    for pattern, iso in (second, *_EXPORTS, last, (r"^(\d\d-\w+-\d\d? )", r"20\1")):
        text = f"regexp_replace({text}, {quote_text(pattern)}, {quote_text(iso)})"
    for i, month in enumerate(_MONTHS, 1):
        text = f"replace({text}, '-{month}-', '-{i:02d}-')"
    return f"list_transform([trim({text})], lambda x: {parse_iso('x', zone)})[1]"


def parse_syslog(value: str, latest: float, zone: str = UTC) -> str:
    """Return the seconds of 'Nov 25 10:00:00', whole ones, in the last year not after latest.

    A day more is allowed, for clocks and zones.
    """
    limit = latest + 86400
    year = time.gmtime(limit).tm_year
    this, last = (
        in_zone(f"try_strptime('{y} ' || split_part({value}, '.', 1), '%Y %b %d %H:%M:%S')", zone)
        for y in (year, year - 1)
    )
    return f"coalesce(CASE WHEN {this} <= {limit:.0f} THEN {this} END, {last})"


# --- the order of day and month ---


def is_day_first(lines: Iterable[str], latest: float) -> bool:
    """Return whether the day stands before the month: a number over twelve is the day.

    If there is none, the order in which the last date is nearest to when the file was written.
    """
    dates = [x for line in lines for x in _DATE.findall(line) if len(x[0]) <= 2]
    if any(int(x[0]) > 12 for x in dates):
        return True
    if not dates or any(int(x[2]) > 12 for x in dates):
        return False
    first, _, second, year = dates[-1]
    return abs(_find_noon(year, second, first) - latest) < abs(
        _find_noon(year, first, second) - latest
    )


def _find_noon(year: str, month: str, day: str) -> float:
    full = int(year) + 2000 * (len(year) == 2)
    return time.mktime((full, int(month), int(day), 12, 0, 0, 0, 0, -1))
