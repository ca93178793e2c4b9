"""An object of Route 53 Resolver's query log, read and grouped: gz, a JSON object a line.

The format: "Values that appear in Resolver query logs", Amazon Route 53 Developer Guide. What
counts, and by which reasons lines are left out, is as in malicious_domains/scan (Route 53, with DuckDB).
"""

from __future__ import annotations

import gzip
import io
import json
import re
import zlib
from collections import Counter
from collections.abc import Collection, Iterator
from datetime import UTC, datetime
from typing import IO, NamedTuple

DAY = 86_400
LONGEST = 1 << 20  # bytes of a line; a longer one is broken
LARGEST = 2_000_000_000  # bytes of an unpacked object
AT_ONCE = 100_000  # different questions held at a time
_NAME = 1100  # characters of a name; none has more than 1,012, with every byte as \\ddd
_STAMP = 40  # characters of a time
_CLIENT = re.compile(r"[0-9A-Fa-f.:]{2,45}")  # an address
_BEHIND, _AHEAD = 2, 1  # days by which a query may differ from its object's; state.py keeps two

# What a client was told about a name; more is told by the higher.
NOTHING, NXDOMAIN, ANSWER = 0, 1, 2

# Asked about names that were asked for before, or about no name at all: as in malicious_domains/scan.
_SILENT = frozenset(
    (
        *("NB", "32", "OPT", "41", "DS", "43", "RRSIG", "46", "NSEC", "47", "DNSKEY", "48"),
        *("NSEC3", "50", "TKEY", "249", "TSIG", "250", "IXFR", "251", "AXFR", "252"),
        *("ANY", "255", "*"),
    )
)
_NO_TEXT = frozenset((None, "", "-", "(empty)"))


class LogError(ValueError):
    """An object that is no log of this format; the message says why."""


class Question(NamedTuple):
    """What a client asked for on a day, under one name."""

    client: str
    day: int  # since the epoch, in UTC
    name: str  # in lower case, without the root's dot


class Asked(NamedTuple):
    """What became of it: seconds since the epoch, and what was told."""

    first: float
    last: float
    told: int  # NOTHING, NXDOMAIN or ANSWER
    lines: int


Questions = dict[Question, Asked]


def batches(
    stream: IO[bytes],
    object_day: int,
    counts: Counter[str],
    left_out: Collection[str] = (),
    at_once: int = AT_ONCE,
) -> Iterator[Questions]:
    """The questions of an object, some at a time; lines that ask none are counted by reason.

    object_day: when the object was written. left_out: addresses that are no clients. Raises
    LogError for what is not gz, or cut off, or too large, or holds no line of this format.
    """
    found: Questions = {}
    times: dict[str, float] = {}
    read = 0
    for line in _lines(stream):
        read += 1
        reason = _take(line, found, times, object_day, left_out)
        if reason:
            counts[reason] += 1
        if len(found) >= at_once:
            yield found
            found = {}
            times.clear()
    if read and counts["broken"] == read:
        raise LogError(f"none of its {read:,} lines is a query of Route 53 Resolver")
    yield found


def _lines(stream: IO[bytes]) -> Iterator[bytes]:
    """Lines as they are, a too long one in pieces of which none is JSON."""
    size = 0
    try:
        with io.BufferedReader(gzip.GzipFile(fileobj=stream), 1 << 18) as file:
            while line := file.readline(LONGEST):
                size += len(line)
                if size > LARGEST:
                    raise LogError(f"it unpacks to more than {LARGEST:,} bytes")
                if not line.isspace():
                    yield line
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise LogError(f"it is not gz, or cut off: {error}") from error


def _take(
    line: bytes,
    found: Questions,
    times: dict[str, float],
    object_day: int,
    left_out: Collection[str],
) -> str:
    """Add a line's question; returns why there is none, or ""."""
    try:
        record = json.loads(str(line, "utf-8"))
        client, name = record.get("srcaddr"), record.get("query_name")
    except (ValueError, AttributeError, RecursionError):
        return "broken"
    if str(record.get("query_type", "")) in _SILENT:
        return "type"
    if not isinstance(name, str) or name in _NO_TEXT:
        return "broken" if client is None else "other_event"
    if not isinstance(client, str) or not _CLIENT.fullmatch(client):
        return "no_client"
    if client in left_out:
        return "not_a_client"
    time = _seconds(record.get("query_timestamp"), times)
    day = int(time // DAY)
    if not object_day - _BEHIND <= day <= object_day + _AHEAD:
        return "other_day" if time else "no_time"
    told = _told(record)
    # With the dot of the root a name is the same, and takes longer to parse.
    question = Question(client, day, name[:_NAME].lower().removesuffix("."))
    asked = found.get(question)
    if asked:
        first, last, before, lines = asked
        found[question] = Asked(min(first, time), max(last, time), max(before, told), lines + 1)
    else:
        found[question] = Asked(time, time, told, 1)
    return ""


def _told(record: dict[str, object]) -> int:
    """What DNS Firewall blocked tells nothing about the name."""
    code = record.get("rcode")
    if not isinstance(code, str) or code in _NO_TEXT:
        return NOTHING
    if record.get("firewall_rule_action") == "BLOCK":
        return NOTHING
    return NXDOMAIN if code.upper() == "NXDOMAIN" else ANSWER


def _seconds(text: object, known: dict[str, float]) -> float:
    """Seconds since the epoch of "2025-11-25T12:00:00Z"; 0 for what is none."""
    if not isinstance(text, str) or len(text) > _STAMP:
        return 0.0
    if text not in known:
        if len(known) >= AT_ONCE:
            known.clear()
        try:
            moment = datetime.fromisoformat(text)
            known[text] = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
        except (ValueError, OverflowError):
            known[text] = 0.0
    return known[text]
