"""DNS logs of many formats read as one table of events."""

from __future__ import annotations

import atexit
import glob
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from ...inputs.signals import hold_signals
from ..hosts import Lease
from . import envelopes, event_formats, pihole_database, prepare_input, text_formats, times
from .column_names import check_mapping, open_named
from .layout import Head, Layout, Opener
from .prepare_input import STANDARD_INPUT, LogFile, NoDnsLogError, ReadingError

# In this order formats are tried: those that take anything come last.
FORMATS: dict[str, tuple[Opener, ...]] = {
    pihole_database.PIHOLE: (pihole_database.open_pihole,),
    "zeek": (event_formats.open_zeek,),
    **{x.form: (x,) for x in event_formats.EVENT_FORMATS},
    "adguard": (event_formats.ADGUARD, event_formats.ADGUARD_API),
    "sysmon": (text_formats.SYSMON_XML, event_formats.SYSMON),
    "parquet": (partial(open_named, "parquet"),),
    "dnsmasq": (text_formats.DNSMASQ,),
    "bind": (text_formats.BIND,),
    "unbound": (text_formats.UNBOUND,),
    "coredns": (text_formats.COREDNS,),
    "powerdns": (text_formats.POWERDNS_KEYS, text_formats.POWERDNS),
    "windows": (text_formats.WINDOWS,),
    "dnscrypt": (text_formats.DNSCRYPT_LTSV, text_formats.DNSCRYPT),
    "blocky": (text_formats.BLOCKY,),
    "fortinet": (text_formats.FORTINET,),
    "cef": (text_formats.CEF,),
    "umbrella": (event_formats.open_umbrella,),
    "json": (partial(open_named, "json"),),
    "csv": (partial(open_named, "csv"),),
}
_MAPPED = ("parquet", "json", "csv")


@dataclass(frozen=True)
class Source:
    """Logs to read.

    paths are files; Path("-") is standard input. form is a format's name, or None to detect it.
    mapping says where client, query, time, rcode and type are: names of columns, paths with dots
    in JSON, numbers of columns from 1 on, or a value in double quotes that holds for every line.
    since: seconds since the epoch, midnight of a day; earlier queries of Pi-hole's database are
    not read, those of other logs are "earlier". zone: the time zone of times without one, and of
    the days; None for this machine's in text logs, UTC in others.
    """

    paths: tuple[Path, ...]
    form: str | None = None
    mapping: dict[str, str] = field(default_factory=dict)
    since: float | None = None
    zone: str | None = None

    @classmethod
    def of(
        cls,
        names: Iterable[str | Path],
        form: str | None = None,
        mapping: dict[str, str] | None = None,
        zone: str | None = None,
    ) -> Source:
        """Find the files of names, folders (with all inside) and patterns; raises ReadingError."""
        check_mapping(mapping or {})
        zone = times.check_zone(zone) if zone else None
        paths = dict.fromkeys(path for x in names for path in _expand(str(x)))
        if not paths:
            raise ReadingError("no log files are named; name some, or - for standard input")
        return cls(tuple(paths), form, dict(mapping or {}), zone=zone)


def _expand(name: str) -> list[Path]:
    """Return the files that a name stands for, in order, without a folder's hidden ones."""
    path = Path(name)
    if path == STANDARD_INPUT or path.is_file():
        return [path]
    if path.is_dir():
        inside = (x for x in path.rglob("*") if x.is_file())
        files = [x for x in inside if not any(y[0] == "." for y in x.relative_to(path).parts)]
    elif path.exists():  # a pipe, such as <(...) of a shell
        return [path]
    else:
        files = [Path(x) for x in glob.glob(name, recursive=True) if Path(x).is_file()]  # noqa: PTH207
    if not files:
        raise ReadingError(f"{name}: there is no such file; check the path")
    return sorted(files)


@dataclass(frozen=True)
class Reading:
    """Logs that DuckDB can read.

    noted_events is a SELECT with a row for each line of the logs: client, query (as logged), time
    (seconds since the epoch, UTC) and rcode (in upper case; BLOCKED if a block list answered),
    all NULL if unknown; why, NULL for a query to score, else "multicast", "type", "earlier",
    "other_event" or "broken"; of the last two the other columns may hold anything; unread_time
    and unknown_rcode, texts that stand for no time or response code, else NULL; type_bit, the query
    type as a bit, from sql.code_type(). zone: that of the days, and of times without one.

    forms: each file's format, "empty" for one without lines. left_out: why files were left out.
    damaged: why a part of a file could not be read. leases: the hosts that Pi-hole's database
    knows, the last ones last. Copies that were made are kept until close(), or the process ends.
    """

    noted_events: str
    forms: dict[Path, str]
    left_out: dict[Path, str]
    damaged: dict[Path, str]
    leases: tuple[Lease, ...]
    zone: str
    files: tuple[tuple[LogFile, Layout], ...]
    _folder: Path

    @property
    def latest(self) -> float:
        """When the files were last written, in seconds since the epoch; 0 without any."""
        return max((file.latest for file, _ in self.files), default=0.0)

    @property
    def lines(self) -> int:
        """The number of lines of text, also blank ones; 0 if a file has rows instead."""
        counts = [file.lines for file, _ in self.files]
        return sum(counts) if all(counts) else 0

    @property
    def sources(self) -> dict[Path, dict[str, str]]:
        """Where each field of a file comes from, as the log names it."""
        return {file.path: dict(layout.sources) for file, layout in self.files}

    def close(self) -> None:
        """Remove the copies; the events cannot be read any more."""
        prepare_input.remove(self._folder)


def read_logs(source: Source) -> Reading:
    """Open logs and recognize their formats.

    A file that is not a log is left out if there are others. Raises ReadingError, which names the
    file, what is wrong and what to do.
    """
    with hold_signals():
        folder = Path(tempfile.mkdtemp(prefix="scan-"))
        atexit.register(prepare_input.remove, folder)
    try:
        return _read(source, folder)
    except BaseException:
        prepare_input.remove(folder)
        raise


def _read(source: Source, folder: Path) -> Reading:
    forms, left_out, damaged = dict[Path, str](), dict[Path, str](), dict[Path, str]()
    files, leases = [], list[Lease]()
    day, zone = source.since, source.zone or times.UTC
    first = None if day is None else times.find_midnight(day, zone)  # that a database is read from
    for path in source.paths:
        try:
            file = prepare_input.prepare_file(path, folder)
            file = envelopes.peel_file(file, folder, source.mapping.values())
            layout = _find_layout(file, source.form, source.mapping, source.zone or "")
            if layout and layout.form == pihole_database.PIHOLE:
                copy = folder / f"{path.name}.{len(list(folder.iterdir()))}.csv"
                pihole_database.copy_database(path, file.readable, copy, first)
                leases += pihole_database.read_leases(file.readable)
                file = replace(file, readable=copy, lines=0)
        except ReadingError as error:
            if len(source.paths) == 1:
                raise
            left_out[path] = str(error)
            continue
        forms[path] = layout.form if layout else "empty"
        if file.damage:
            damaged[path] = file.damage
        if layout:
            files.append((file, layout))
    if not forms:
        raise ReadingError("none of the files is a DNS log:\n" + "\n".join(left_out.values()))
    zone = source.zone or next((x.zone for _, x in files if x.zone), times.UTC)
    events = _select_events(files)
    if day is not None:
        since = times.find_midnight(day, zone)
        earlier = f"CASE WHEN why IS NULL AND time < {since} THEN 'earlier' ELSE why END"
        events = f"SELECT * REPLACE ({earlier} AS why) FROM ({events})"
    return Reading(events, forms, left_out, damaged, tuple(leases), zone, tuple(files), folder)


# --- formats ---


def _find_layout(
    file: LogFile, form: str | None, mapping: Mapping[str, str], zone: str = ""
) -> Layout | None:
    """Return how a file is read; None if it is empty.

    form is the format that the user names, or None; zone that of times without one, "" for the
    usual one. Raises ReadingError, which says what the file looks like, or which mapping is
    missing.
    """
    form = form.lower() if form else None  # as the log names ECS
    if form and form not in FORMATS:
        raise ReadingError(f"--input-format {form}: known are {', '.join(FORMATS)}")
    head = Head(file, zone)
    if not head.lines:
        return None
    try:
        return _open_claimed(head, form, mapping) if form else _detect_layout(head, mapping)
    except ReadingError:
        further = head.look_further()
        if further.keys == head.keys:
            raise
    return _open_claimed(further, form, mapping) if form else _detect_layout(further, mapping)


def _open_claimed(head: Head, form: str, mapping: Mapping[str, str]) -> Layout:
    for opener in FORMATS[form]:
        if layout := opener(head, mapping, True):
            return layout
    try:
        detected = _detect_layout(head, {}).form
        advice = f"it looks like {detected}; leave out --input-format or name that"
    except ReadingError:
        advice = "nor does it look like another; see what it holds"
    raise NoDnsLogError(
        f"{head.file.path}: none of its first lines are of the format {form}: {advice}"
    )


def _detect_layout(head: Head, mapping: Mapping[str, str]) -> Layout:
    # A mapping is for tables without a format of their own.
    has_fields = any(x.startswith("#fields") for x in head.lines[:50])
    forms = dict.fromkeys((*_MAPPED, *FORMATS)) if mapping and not has_fields else FORMATS
    for form in forms:
        for opener in FORMATS[form]:
            if layout := opener(head, mapping, False):
                return layout
    line = head.lines[0]
    raise ReadingError(
        f"{head.file.path}: no DNS log that is known here: it begins with {line[:60]!r}"
        f"{'…' if len(line) > 60 else ''}. Name its format by --input-format, or its columns by "
        "--map client=…,query=…,time=…,rcode=…"
    )


# --- the events of all files ---

_NO_EVENTS = (
    "SELECT NULL::VARCHAR AS client, NULL::VARCHAR AS query, NULL::DOUBLE AS time, "
    "NULL::VARCHAR AS rcode, NULL::VARCHAR AS why, NULL::VARCHAR AS unread_time, "
    "NULL::VARCHAR AS unknown_rcode, 0 AS type_bit WHERE false"
)
# The code of a name with different answers: that it exists comes first.
_BEST_RCODE = (
    "CASE min(CASE answer WHEN 'NOERROR' THEN 1 WHEN 'BLOCKED' THEN 2 WHEN 'NXDOMAIN' THEN 4 "
    "WHEN 'NODATA' THEN 3 ELSE 5 END) WHEN 1 THEN 'NOERROR' WHEN 2 THEN 'BLOCKED' "
    "WHEN 3 THEN 'NODATA' WHEN 4 THEN 'NXDOMAIN' ELSE max(answer) END"
)


def _select_events(files: Iterable[tuple[LogFile, Layout]]) -> str:
    """Return the SELECT of all lines; files of equal layouts are read together."""
    groups: dict[Layout, list[Path]] = {}
    for file, layout in files:
        groups.setdefault(layout, []).append(file.readable)
    selects: dict[str, list[str]] = {}  # by what answers share with their queries
    for layout, paths in groups.items():
        selects.setdefault(layout.answers, []).append(layout.select(paths))
    parts = [_join_answers(_union(some), shared) for shared, some in selects.items()]
    return _union(parts) if parts else _NO_EVENTS


def _union(selects: Sequence[str]) -> str:
    return " UNION ALL ".join(f"({x})" if len(selects) > 1 else x for x in selects)


def _join_answers(lines: str, shared: str) -> str:
    """Return a SELECT that gives queries the codes of their answers; these are other events.

    An answer without a query in the log stands for the query, if it has the client.
    """
    if not shared:
        return lines
    keys, same = "lower(query) AS name", "p.name = lower(l.query)"
    if shared == "client":
        keys, same = f"client, {keys}", f"{same} AND p.client IS NOT DISTINCT FROM l.client"
    without_query = "NULL" if shared == "client" else "'other_event'"
    return f"""
        WITH lines AS MATERIALIZED ({lines}),
        pairs AS MATERIALIZED (
            SELECT {keys}, bool_or(why IS NULL) AS has_query, {_BEST_RCODE} AS code
            FROM (SELECT *, CASE WHEN why = 'answer' THEN rcode END AS answer FROM lines)
            WHERE (why IS NULL OR why = 'answer') AND query IS NOT NULL GROUP BY ALL
        )
        SELECT l.client, l.query, l.time,
            CASE WHEN l.why IS NULL THEN coalesce(p.code, l.rcode) ELSE l.rcode END AS rcode,
            CASE WHEN l.why IS DISTINCT FROM 'answer' THEN l.why
                WHEN p.has_query THEN 'other_event' ELSE {without_query} END AS why,
            l.unread_time, l.unknown_rcode, l.type_bit
        FROM lines l LEFT JOIN pairs p
        ON (l.why IS NULL OR l.why = 'answer') AND {same}"""
