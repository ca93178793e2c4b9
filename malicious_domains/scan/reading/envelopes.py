"""Envelopes around the lines of logs: what containers, journals, clouds and syslog wrap them in.

A line is peeled by itself, so that wrapped and plain lines may be mixed. The keys of an object do
not matter: what within it is a line of a name server's log, JSON of a DNS event, or such an object,
is the line, and in the file's other lines what stands under the same key. Around that, or within
it, may be RFC 5424, RFC 3164 and the cells of a CSV.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import lru_cache
from itertools import chain
from pathlib import Path
from types import MappingProxyType
from typing import Any

import duckdb

from ...inputs.csv_records import split_line
from . import sql
from .column_names import USUAL_NAMES, match_usual_names, simplify_name
from .event_formats import EVENT_FORMATS, ZEEK
from .prepare_input import LogFile, describe, name_copy

# What lines of name servers' logs have in them, also within JSON or quotes.
_LOG_LINE = (
    r"\bdnsmasq|\bquery\[|\bnamed\b|#\d+.*: (?:query|answer|response): |\bunbound\b|"
    r":\d+ - (?:\[.*\] )?\d+ [\\\"]+[A-Z]|\bPACKET\b|question for '|\bCEF:\d|\bqname=|"
    r"\bmessage:\S+(?:\t|\\t)type:|\bName=[\\'\"]+QueryName\b|"
    r"(?:^|\")\[?[\d: T-]+Z?\]?(?:\t|\\t)\S+(?:\t|\\t)[\w.-]+(?:\t|\\t)[A-Z0-9]+(?:\t|\\t|$)"
)
_LOG_LINE_REGEX = re.compile(_LOG_LINE)
_QUERY = r"(?i)quer|q_?name|rrname|question|\"QH"
# A quick look at a line: syslog, JSON with a text or one of these keys, CSV with a line in a cell.
_KEYS = (
    "log|result|_raw|MESSAGE|message|@message|logEvents|events?|Records|records|data|_source|"
    "fields|response|queries|detail|jsonPayload|payload|properties|content|attributes|body|value"
)
_ENVELOPE = (
    r"^(?:<\d|1 \d{4}-|\d+ <\d|[,\x1e ]*\{.*\},\s*$|[,\x1e]|[^{]*\s\{\s*\"|"
    rf"\{{.*(?:\\\"|\"(?:{_KEYS})\"|{_LOG_LINE})|(?:[^\"{{]*,)?\".*(?:\{{\"\"|{_LOG_LINE}))"
)
_PROGRAMS = ("SYSLOG_IDENTIFIER", "program", "ident", "appname", "syslogtag")
_TIMES = (
    "time", "timestamp", "@timestamp", "_time", "__REALTIME_TIMESTAMP", "date", "timeUnixNano",
    "Timestamp", "TimeGenerated", "ts", "ISODATE",
)  # fmt: skip
_SYSLOG_5424 = re.compile(
    r"(?:\d+ )?(?:<\d{1,3}>)?1 (\d{4}-\d\d-\d\dT\S+|-) (\S+) (\S+) (\S+) \S+ "
    r'(?:-|(?:\[(?:[^]"\\]|\\.|"(?:[^"\\]|\\.)*")*\])+) ?\ufeff?(.*)'
)
_SYSLOG_KEYS = ("time", "_HOSTNAME", "program", "_PID", "message")
_PRIORITY = re.compile(r"(?:\d+ )?<\d{1,3}>(?=\S)")
_TIME = re.compile(
    r"(?:\w{3} )?\d{4}-\d\d-\d\d[T ][\d:.]+(?:Z| ?[+-]\d\d:?\d\d)?|"
    r"[A-Z][a-z]{2} +\d+ [\d:]+|\[?\d{10}"
)
_BEFORE_JSON = re.compile(r"(?:[^{\t]*\t){0,2}[^{\t]{0,200}?(?<=\s)(?=\{\s*\")")
_CELLS = re.compile(r'(?:[^"{]*,)?"')
_DATED = re.compile(r"\d{4}[-/.]\d\d[-/.]\d\d|\d\d[-/.]\d\d[-/.]\d{4}|\b\d{10}\b|-\d{4} |\t")
_QUERY_KEYS = {*USUAL_NAMES["query"]} - {"record", "name", "domain"}
_MAX_DEPTH = 4  # envelopes around each other
_SAMPLE = 1000  # lines by which keys are learned
Values = Mapping[str, Any]
Inner = tuple[Values, str, Any]  # the values around a line, its key, and itself


def peel_file(file: LogFile, folder: Path, mapped: Collection[str] = ()) -> LogFile:
    """Return a log file without envelopes: a copy in folder, or the file itself if it has none.

    mapped: names with dots that a mapping has; an object that has one is an event, no envelope.
    """
    if not (file.may_wrap or file.has_quotes) or not _select(file.readable, _ENVELOPE, 1):
        return file
    peeler, copy = Peeler(frozenset(mapped)), name_copy(folder)
    for line in _select(file.readable, f"{_LOG_LINE}|{_QUERY}", _SAMPLE):
        with suppress(RecursionError):
            peeler.learn_keys(line)
    with file.readable.open("rb") as source, copy.open("wb") as target:
        target.writelines(chain.from_iterable(map(peeler.peel_bytes, source)))
    peeled, _ = describe(replace(file, readable=copy))
    return peeled if peeled.lines == file.lines else replace(peeled, lines=0)


def _select(path: Path, pattern: str, at_most: int) -> list[str]:
    """Return the first lines in which a regular expression matches."""
    matches = f"regexp_matches(line, {sql.quote_text(pattern)}) LIMIT {at_most}"
    lines = f"SELECT line FROM {sql.read_lines([path])} WHERE {matches}"
    try:
        with duckdb.connect() as connection:
            return [line for (line,) in connection.execute(lines).fetchall()]
    except duckdb.InvalidInputException:  # an object longer than it reads lines
        return ["{"]


@dataclass
class Peeler:
    r"""Takes the envelopes off the lines of one log.

    mapped: as in peel_file; keys: those under which the lines stand in objects.

    >>> line = '{"message": "dnsmasq[7]: query[A] x.ru from ::1", "time": "2025-11-25T12:00:00Z"}'
    >>> list(Peeler().peel(line))
    ['2025-11-25T12:00:00Z dnsmasq[7]: query[A] x.ru from ::1']
    >>> list(Peeler().peel("<30>1 2025-11-25T12:00:00Z gw dnsmasq 7 - - query[A] x.ru from ::1"))
    ['2025-11-25T12:00:00Z gw dnsmasq[7]: query[A] x.ru from ::1']
    """

    mapped: frozenset[str] = frozenset()
    keys: set[str] = field(default_factory=set)

    def learn_keys(self, line: str) -> None:
        """Add the key under which a line of the log stands in an object."""
        event = _parse_object(line)
        for _, key, x in self._search(event, {}) if event and not self._is_event(event) else ():
            self.keys.add(key)
            self.learn_keys(x if isinstance(x, str) else json.dumps(x))

    def peel_bytes(self, line: bytes) -> Iterator[bytes]:
        """Yield what is within a line of a file, each with its end."""
        text = line.decode("utf-8", "replace").rstrip("\r\n")
        try:
            peeled = [*self.peel(text)]
        except RecursionError:  # of objects within each other
            peeled = [text]
        for x in peeled:
            whole = f"{x}\n".encode("utf-8", "replace")
            yield whole if len(whole) <= sql.MAX_LINE else f"{sql.TOO_LONG}\n".encode()

    def peel(
        self, line: str, around: Values = MappingProxyType({}), depth: int = 0
    ) -> Iterator[str]:
        """Yield what is within a line's envelopes, mostly one line; itself if it has none.

        around: the values of envelopes around it. depth: their number.
        """
        text = line.lstrip(", \x1e")
        text = text.rstrip() if text.startswith("{") else line
        if depth == _MAX_DEPTH:
            yield text
        elif text.startswith("{"):
            yield from self._peel_object(text, around, depth)
        elif match := _SYSLOG_5424.fullmatch(text):
            syslog = dict(zip(_SYSLOG_KEYS, match.groups(), strict=True))
            yield from self._unwrap(syslog.pop("message"), {**around, **syslog}, depth)
        elif match := _PRIORITY.match(text) or self._match_before_json(text):
            at = _TIME.match(text)
            around = {**around, "time": at[0]} if at else around
            yield from self.peel(text[match.end() :], around, depth + 1)
        elif not self.mapped and _CELLS.match(text):
            cells = split_line(text, ",")
            inner = next(filter(self._is_line, cells), None)
            around = {**around, "time": next(filter(_TIME.match, cells), "")}
            yield from [text] if inner is None else self._unwrap(inner, around, depth)
        else:
            yield text

    def _match_before_json(self, text: str) -> re.Match[str] | None:
        match = _BEFORE_JSON.match(text) if text.endswith("}") else None
        is_prefix = match and (_TIME.match(text) or self._is_line(text[match.end() :]))
        return match if is_prefix else None

    def _peel_object(self, line: str, around: Values, depth: int) -> Iterator[str]:
        event = _parse_object(line)
        if event and event.get("messageType") == "CONTROL_MESSAGE":  # of CloudWatch
            return
        inner = self._search(event, around) if event and not self._is_event(event) else []
        for outer, _, x in inner:
            yield from self._unwrap(x, outer, depth)
        if not inner:
            lacks_time = depth and event and not _have_time(tuple(_list_names(event)))
            time = _find_time(around) if lacks_time else ""
            yield json.dumps({**(event or {}), "time": time}) if time else line.removesuffix(",")

    def _unwrap(self, x: str | dict[str, Any], around: Values, depth: int) -> Iterator[str]:
        text = x if isinstance(x, str) else json.dumps(x, ensure_ascii=False)
        if text.lstrip().startswith(("{", "<")):
            yield from self.peel(text.strip(), around, depth + 1)
        else:
            yield _add_origin(around, text)

    def _is_event(self, event: dict[str, Any]) -> bool:
        names = tuple(_list_names(event))
        return _are_of_event(names) or not self.mapped.isdisjoint(names)

    def _search(self, value: dict[str, Any], around: Values) -> list[Inner]:
        """Return the first lines or events within an object, and what stands beside them."""
        around = {**around, **value}
        for key, x in sorted(value.items(), key=lambda item: item[0] not in self.keys):
            items = x if isinstance(x, list) else [x]
            whole = key in self.keys or any(map(self._is_line, items))
            inner: list[Inner] = []
            for item in items:
                if whole and isinstance(item, str | dict):
                    inner.append((around, key, item))
                elif isinstance(item, dict):
                    inner += self._search(item, around)
                elif isinstance(item, list) and len(item) > 1:  # Loki's time and line
                    inner += self._search({key: item[1]}, {**around, "time": item[0]})
            if inner:
                return inner
        return []

    def _is_line(self, x: object) -> bool:
        """Return whether a value is an event, or a text that is one or a line of a log."""
        if not isinstance(x, str):
            return isinstance(x, dict) and self._is_event(x)
        event = _parse_object(x)
        if event is None:
            return bool(re.search(r"\s", x)) and bool(_LOG_LINE_REGEX.search(x))
        return self._is_event(event) or bool(self._search(event, {}))


def _parse_object(text: str) -> dict[str, Any] | None:
    try:
        event = json.loads(text.strip().rstrip(",")) if text.lstrip().startswith("{") else None
    except (ValueError, RecursionError):
        return None
    if isinstance(event, dict) and isinstance(event.get("MESSAGE"), list):  # bytes of journald
        some = bytes(x for x in event["MESSAGE"] if isinstance(x, int) and 0 <= x < 256)
        event["MESSAGE"] = some.decode("utf-8", "replace")
    return event if isinstance(event, dict) else None


@lru_cache(10_000)
def _are_of_event(names: tuple[str, ...]) -> bool:
    """Return whether names are those of a known format's event, or have a client and a query."""
    if any(x.matches(names, x is ZEEK) for x in (ZEEK, *EVENT_FORMATS)):
        return True
    usual = match_usual_names([x for x in names if "." not in x])
    query = simplify_name(usual.get("query", ""))
    return "client" in usual and (query in _QUERY_KEYS or (query == "domain" and "time" in usual))


@lru_cache(10_000)
def _have_time(names: tuple[str, ...]) -> bool:
    usual = match_usual_names([x.rpartition(".")[2] for x in names])
    return "time" in usual or "T" in names or "dnstap" in names


def _list_names(value: Mapping[str, Any], before: str = "", depth: int = 8) -> list[str]:
    names = []
    for key, x in value.items():
        names.append(before + key)
        if isinstance(x, dict) and depth:
            names += _list_names(x, f"{before}{key}.", depth - 1)
    return names


def _find_time(around: Values) -> object:
    times = (x[0] if isinstance(x, list) and x else x for x in map(around.get, _TIMES))
    return next((x for x in times if isinstance(x, str | int | float) and x), "")


def _add_origin(around: Values, text: str) -> str:
    """Return a text as one line, with the time and the program that its envelope names."""
    text = text.rstrip("\r\n").replace("\r", " ").replace("\n", " ")
    if program := next((around[x] for x in _PROGRAMS if x in around), None):
        process = str(around.get("SYSLOG_PID", around.get("_PID", "-")))
        process = "" if process == "-" else f"[{process}]"
        named = "" if program == "-" else f"{program}{process}: "
        text = f"{around.get('_HOSTNAME', '-')} {named}{text}"
    return text if _DATED.search(text[:60]) else f"{_write_time(_find_time(around))}{text}"


def _write_time(time: object) -> str:
    """Return a time, or a number of seconds or parts of them, as ISO 8601 and a blank."""
    text = str(time)
    if not re.fullmatch(r"\d{9,19}(\.\d+)?", text):
        return f"{text} " if text not in ("", "-") and text.isprintable() else ""
    seconds = float(text)
    seconds /= 1 if seconds < 1e11 else 1e3 if seconds < 1e14 else 1e6 if seconds < 1e17 else 1e9
    return f"{datetime.fromtimestamp(seconds, UTC).isoformat().replace('+00:00', 'Z')} "
