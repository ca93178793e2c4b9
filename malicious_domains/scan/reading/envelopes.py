"""Envelopes around the lines of logs: what containers, journals, clouds and syslog wrap them in.

A line is peeled by itself, so that wrapped and plain lines may be mixed. Docker's json-file driver,
Kubernetes (fluent-bit), journald's JSON, CloudWatch Logs (export, subscription, insights), Splunk's
exports, shippers' {"message": ...}, lists of events in one object, RFC 5424 and RFC 3164.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from . import sql
from .column_names import USUAL_NAMES
from .layout import Head
from .prepare_input import LogFile, describe, name_copy

# A quick look at a line: RFC 5424 or 3164, JSON with one of these keys or with a text around it.
_KEYS = (
    "log|result|_raw|MESSAGE|message|@message|line|textPayload|logEvents|events|Records|records|"
    "data|_source|response|queries"
)
_ENVELOPE = (
    r"^(?:<\d|1 \d{4}-|[,\x1e ]*\{.*\},\s*$|[,\x1e]|\{.*\"(?:" + _KEYS + r")\"|"
    r"[^{]*\s\{\s*\")"
)
_ENVELOPE_REGEX = re.compile(_ENVELOPE)
_SPLUNK = {"preview", "offset", "lastrow", "result"}
_TEXTS = ("log", "_raw", "MESSAGE", "message", "@message", "line", "textPayload")
_LISTS = ("logEvents", "events", "Records", "records", "data", "hits", "entries", "queries")
_NESTED = ("hits", "response")  # objects around such lists
_PROGRAMS = ("SYSLOG_IDENTIFIER", "program", "ident", "appname", "syslogtag")
_TIMES = ("time", "timestamp", "@timestamp", "_time", "__REALTIME_TIMESTAMP", "date")
_SYSLOG_5424 = re.compile(
    r"(?:<\d{1,3}>)?1 (\d{4}-\d\d-\d\dT\S+|-) (\S+) (\S+) (\S+) \S+ "
    r'(?:-|(?:\[(?:[^]"\\]|\\.|"(?:[^"\\]|\\.)*")*\])+) ?\ufeff?(.*)'
)
_PRIORITY = re.compile(r"<\d{1,3}>(?=\S)")
_TIME = r"(?:\d{4}-\d\d-\d\d[T ]\d\d:\d\d|[A-Z][a-z]{2} +\d+ \d\d:\d\d:\d\d|\[?\d{10})"
_BEFORE_JSON = re.compile(rf"{_TIME}[^{{]{{0,200}}?\s(?=\{{\s*\")")
_DATED = re.compile(r"\d{4}[-/.]\d\d[-/.]\d\d|\d\d[-/.]\d\d[-/.]\d{4}|\b\d{10}\b|-\d{4} |\t")
_QUERY_KEYS = {*USUAL_NAMES["query"], "dns"} - {"name", "record"}
# What lines of name servers' logs have in them.
_LOG_LINE = re.compile(
    r"\bdnsmasq|\bquery\[|\bnamed\b|#\d+.*: (?:query|answer|response): |\bunbound\b|"
    r":\d+ - \d+ \"[A-Z]|\bPACKET\b|question for '|\bCEF:\d|\bqname=|\bmessage:\S+\ttype:"
)
_Options = tuple[frozenset[str], bool]  # of peel_line
_MAX_DEPTH = 4  # envelopes around each other


def peel_file(file: LogFile, folder: Path, mapped: Collection[str] = ()) -> LogFile:
    """Return a log file without envelopes: a copy in folder, or the file itself if it has none."""
    if not file.may_wrap or not _find_envelopes(file.readable):
        return file
    copy = name_copy(folder)
    wraps_text = any(map(_wraps_text, Head(file).lines))
    with file.readable.open("rb") as source, copy.open("wb") as target:
        for line in source:
            target.writelines(_peel_bytes(line, mapped, wraps_text))
    peeled, _ = describe(replace(file, readable=copy))
    return peeled if peeled.lines == file.lines else replace(peeled, lines=0)


def _wraps_text(line: str) -> bool:
    """Return whether a line is an object with a line of a name server's log."""
    if not line.startswith("{") or not _LOG_LINE.search(line.replace('\\"', '"')):
        return False
    return not any(x.startswith("{") for x in peel_line(line))


def _find_envelopes(path: Path) -> bool:
    """Return whether a line may have an envelope."""
    lines = f"SELECT 1 FROM {sql.read_lines([path])} WHERE "
    with duckdb.connect() as connection:
        rows = connection.execute(
            f"{lines} regexp_matches(line, {sql.quote_text(_ENVELOPE)}) LIMIT 1"
        )
        return rows.fetchone() is not None


def _peel_bytes(line: bytes, mapped: Collection[str], wraps_text: bool) -> Iterator[bytes]:
    text = line.decode("utf-8", "replace").rstrip("\r\n")
    if not has_envelope(text):
        yield line
        return
    yield from (f"{x}\n".encode("utf-8", "replace") for x in peel_line(text, mapped, wraps_text))


def has_envelope(line: str) -> bool:
    """Return whether a line may have an envelope: a quick look."""
    return bool(_ENVELOPE_REGEX.match(line))


def peel_line(line: str, mapped: Collection[str] = (), wraps_text: bool = False) -> Iterator[str]:
    r"""Yield what is within a line's envelopes, mostly one line; the line itself if it has none.

    mapped: names with dots that a mapping has; an object that has one is an event, no envelope.
    wraps_text: whether any text is a line of the log, not those of name servers' logs alone.

    >>> list(peel_line('{"log": "a line\\n", "stream": "stdout", "time": "2025-11-25T12:00:00Z"}'))
    ['2025-11-25T12:00:00Z a line']
    >>> list(peel_line("<30>1 2025-11-25T12:00:00Z gw dnsmasq 7 - - query[A] x.example from ::1"))
    ['2025-11-25T12:00:00Z gw dnsmasq[7]: query[A] x.example from ::1']
    """
    yield from _peel(line, (frozenset(mapped), wraps_text), 0)


def _peel(line: str, mapped: _Options, depth: int) -> Iterator[str]:
    text = line.lstrip(", \x1e")
    text = text.rstrip() if text.startswith("{") else line
    if depth == _MAX_DEPTH:
        yield text
    elif text.startswith("{"):
        yield from _peel_object(text, mapped, depth)
    elif match := _SYSLOG_5424.fullmatch(text):
        time, host, program, process, message = match.groups()
        if message.lstrip().startswith("{"):
            yield from _peel(message.strip(), mapped, depth + 1)
        else:
            yield f"{_drop_nil(time)}{host} {_name_program(program, process)}{message}"
    elif match := _PRIORITY.match(text) or (
        _BEFORE_JSON.match(text) if text.endswith("}") else None
    ):
        yield from _peel(text[match.end() :], mapped, depth + 1)
    else:
        yield text


def _drop_nil(time: str) -> str:
    return "" if time == "-" else f"{time} "


def _name_program(program: str, process: str) -> str:
    return "" if program == "-" else f"{program}{'' if process == '-' else f'[{process}]'}: "


def _peel_object(line: str, mapped: _Options, depth: int) -> Iterator[str]:
    try:
        event = json.loads(line.removesuffix(","))
    except (ValueError, RecursionError):
        yield line
        return
    inner = None if _has_any(event, mapped[0]) else _find_inner(event, mapped[1])
    if inner is None:
        yield line.removesuffix(",")
    for x in inner or ():
        if isinstance(x, dict):
            yield from _peel(json.dumps(x, ensure_ascii=False), mapped, depth + 1)
        elif x.lstrip().startswith(("{", "<")):
            yield from _peel(x.strip(), mapped, depth + 1)
        else:
            yield _add_origin(event, x)


def _has_any(event: dict[str, Any], names: Collection[str]) -> bool:
    return any(_get(event, x) is not None for x in names)


def _get(event: object, name: str) -> object:
    for key in name.split("."):
        event = event.get(key) if isinstance(event, dict) else None
    return event


def _find_inner(event: dict[str, Any], wraps_text: bool) -> list[Any] | None:
    """Return the events within an object: texts or objects; None if it is an event itself."""
    result = event.get("result")
    if isinstance(result, dict) and event.keys() <= _SPLUNK:
        return [result["_raw"] if isinstance(result.get("_raw"), str) else result]
    if isinstance(event.get("_source"), dict) and "_index" in event:
        return [event["_source"]]
    event = next((event[x] for x in _NESTED if isinstance(event.get(x), dict)), event)
    for key in _LISTS:
        items = event.get(key)
        is_list = isinstance(items, list) and all(isinstance(x, dict) for x in items)
        if is_list and not _has_query({x: y for x, y in event.items() if x != key}):
            return [] if event.get("messageType") == "CONTROL_MESSAGE" else items
    if isinstance(event.get("@message"), dict):
        return [event["@message"]]
    text = next((event[x] for x in _TEXTS if isinstance(event.get(x), str | list)), None)
    if isinstance(text, list) and "MESSAGE" in event:  # journald's way to write other bytes
        text = bytes(x for x in text if isinstance(x, int) and 0 <= x < 256).decode(
            "utf-8", "replace"
        )
    if not isinstance(text, str):
        return None
    certain = "MESSAGE" in event or "@message" in event or {"log", "stream"} <= event.keys()
    is_line = wraps_text or text.lstrip().startswith("{") or _LOG_LINE.search(text)
    return [text] if certain or (is_line and not _has_query(event)) else None


def _has_query(event: dict[str, Any]) -> bool:
    """Return whether an object has a key of a DNS query's, at any depth."""
    return any(
        "".join(filter(str.isalnum, key.lower())) in _QUERY_KEYS
        or (isinstance(value, dict) and _has_query(value))
        for key, value in event.items()
    )


def _add_origin(event: dict[str, Any], text: str) -> str:
    """Return a text as one line, with the time and the program that its envelope names."""
    text = text.rstrip("\r\n").replace("\r", " ").replace("\n", " ")
    if program := next((event[x] for x in _PROGRAMS if x in event), None):
        process = str(event.get("SYSLOG_PID", event.get("_PID", "-")))
        host = event.get("_HOSTNAME", "-")
        text = f"{host} {_name_program(str(program), process)}{text}"
    if _DATED.search(text[:60]):
        return text
    time = next((event[x] for x in _TIMES if x in event), "")
    return f"{_write_time(time)}{text}"


def _write_time(time: object) -> str:
    """Return a time, or a number of seconds or parts of them, as ISO 8601 and a blank."""
    text = str(time)
    if not re.fullmatch(r"\d{9,19}(\.\d+)?", text):
        return f"{text} " if text and text.isprintable() else ""
    seconds = float(text)
    seconds /= 1 if seconds < 1e11 else 1e3 if seconds < 1e14 else 1e6 if seconds < 1e17 else 1e9
    return f"{datetime.fromtimestamp(seconds, UTC).isoformat().replace('+00:00', 'Z')} "
