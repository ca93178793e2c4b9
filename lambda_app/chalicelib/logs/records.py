"""Read objects of Route 53 Resolver's query log, or of OCSF: gzip of JSON lines, or Parquet.

The format: "Values that appear in Resolver query logs", Amazon Route 53 Developer Guide; OCSF's
DNS Activity, https://schema.ocsf.io/classes/dns_activity. As in `scan`, some lines do not count.
"""

from __future__ import annotations

import functools
import gzip
import importlib
import io
import json
import re
import shutil
import tempfile
import zlib
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from datetime import UTC, datetime
from typing import IO, Any, NamedTuple

from malicious_domains.clients.tunnels import ONCE, code_type, find_parent
from malicious_domains.model import eligible
from malicious_domains.model.eligible import IGNORED_TYPES, ROUTE53_KEYS, is_discovery, skip_reason
from malicious_domains.model.scorer import Scorer
from malicious_domains.names.errors import Invalid
from malicious_domains.names.parse import Name

from .dynamodb import DAY

MAX_LINE = 1 << 20  # bytes; a longer line is broken
MAX_OBJECT = 2_000_000_000  # bytes of an unpacked object
BATCH = 200_000  # lines whose rows are held at a time
_MAX_NAME = 1100  # characters; a name has up to 1,012, with every byte written as \\ddd
_MAX_TIME = 40  # characters
_MAX_SUFFIXES = 7  # of a label that are kept
_ADDRESS = re.compile(r"[0-9A-Fa-f.:]{2,45}")
# Days by which a query may differ from its object's; the state of two past days is kept.
_DAYS_BEFORE, _DAYS_AFTER = 2, 1
_SILENT = frozenset((*IGNORED_TYPES, *map(str, IGNORED_TYPES.values()), "*"))
_KEYS = ("client", "query", "ts", "code", "qtype", "act")
_CLIENT, _NAME, _TIME, _RCODE, _TYPE, _ACTION = (ROUTE53_KEYS[x] for x in _KEYS)
_OCSF_CLASS, _DNS_ACTIVITY = "class_uid", 4003
_PARQUET = b"PAR1"  # that such a file begins with
_PARQUET_ROWS, _BUFFER = 10_000, 1 << 20  # rows, and bytes of a column, that are read at a time
_COLUMNS = (  # of Parquet; query.hostname is a field of a struct
    *(*ROUTE53_KEYS.values(), _OCSF_CLASS, "activity_id", "action_id", "disposition_id", "time"),
    *("query.hostname", "query.type", "src_endpoint.ip", "rcode_id"),
)
_RCODES = ("NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED")
_NO_TEXT = frozenset((None, "", "-", "(empty)"))

# The rcode of a query; of several the highest counts.
UNKNOWN, NXDOMAIN, ANSWER = 0, 1, 2

_Name = tuple[str, str, bool]  # a label, its suffix, whether a list allows it


class LogError(ValueError):
    """An object is no log of this format; the message says why."""


class Row(NamedTuple):
    """A label that a client asked for on a day."""

    rcode: int  # UNKNOWN, NXDOMAIN or ANSWER
    first: float  # seconds since the epoch
    last: float
    suffixes: tuple[str, ...]  # under which the client asked for it: sorted, the first few

    def merge(self, other: Row) -> Row:
        """Merge with another row of the same client, day and label.

        >>> Row(0, 1.0, 2.0, ("com",)).merge(Row(2, 0.0, 1.0, ("net",)))
        Row(rcode=2, first=0.0, last=2.0, suffixes=('com', 'net'))
        """
        suffixes = self.suffixes
        if other.suffixes != suffixes:
            suffixes = tuple(sorted({*suffixes, *other.suffixes}))[:_MAX_SUFFIXES]
        first, last = min(self.first, other.first), max(self.last, other.last)
        return Row(max(self.rcode, other.rcode), first, last, suffixes)


class SubRow(NamedTuple):
    """A sub-domain that a client asked for on a day; times are 0 if it asked again later."""

    rcode: int  # as in Row
    types: int  # bits of tunnels.TYPES
    first: float
    last: float

    def merge(self, other: SubRow) -> SubRow:
        """Merge with another row of the same client, day and sub-domain.

        >>> SubRow(1, 1, 10.0, 10.0).merge(SubRow(2, 256, 30.0, 30.0))
        SubRow(rcode=2, types=257, first=10.0, last=30.0)
        """
        rcode, types = max(self.rcode, other.rcode), self.types | other.types
        first, last = min(self.first, other.first), max(self.last, other.last)
        is_once = first and last - first <= ONCE
        return SubRow(rcode, types, *((first, last) if is_once else (0.0, 0.0)))


Rows = dict[str, Row]  # of one client and day, by label
# Of one client and day, by registrable name and sub-domain.
SubDomainRows = dict[str, dict[str, SubRow]]


class DayRows(NamedTuple):
    """The rows of one day."""

    clients: dict[str, Rows]  # by client
    allowed: set[str]  # labels on an allow list
    sub_domains: dict[str, SubDomainRows]  # by client


Days = dict[int, DayRows]  # by day since the epoch, in UTC


class Query(NamedTuple):
    """A line that may count."""

    client: str
    time: float  # seconds since the epoch
    name: str  # in lower case, without the root's dot
    rcode: int
    type_bit: int  # of tunnels.TYPES


def read_days(
    scorer: Scorer,
    stream: IO[bytes],
    object_day: int,
    counts: Counter[str],
    not_clients: Collection[str] = (),
    batch: int = BATCH,
) -> Iterator[Days]:
    """Read an object's rows by day, in parts of `batch` lines that count.

    object_day: on which the object was written. counts: gets the number of lines by what became of
    them. not_clients: addresses that are left out. Raises LogError.

    >>> line = {"srcaddr": "10.0.0.1", "query_name": "www.Example.com.", "rcode": "NXDOMAIN"}
    >>> line = json.dumps(line | {"query_timestamp": "2026-11-26T00:00:09Z"}).encode()
    >>> stream = io.BytesIO(gzip.compress(line))
    >>> [days] = read_days(Scorer.load(), stream, 20_783, Counter())
    >>> days[20_783].clients["10.0.0.1"]
    {'example': Row(rcode=1, first=1795651209.0, last=1795651209.0, suffixes=('com',))}
    """
    parse = functools.lru_cache(batch)(functools.partial(_parse_name, scorer))
    days: Days = {}
    lines = 0
    for row in _read_rows(stream):
        lines += 1
        query = _read_query(row, object_day, not_clients)
        reason = query if isinstance(query, str) else _add_query(query, days, parse)
        counts[reason] += 1
        if reason == "judged" and counts[reason] % batch == 0:
            yield days
            days = {}
    if lines and counts["broken"] == lines:
        raise LogError(f"none of its {lines:,} lines is a query of Route 53 Resolver, nor OCSF")
    yield days


def _add_query(query: Query, days: Days, parse: Callable[[str], tuple[str, str | _Name]]) -> str:
    """Add a query to the rows, or return the reason for which it is left out."""
    parent, name = parse(query.name)
    day = days.setdefault(int(query.time // DAY), DayRows({}, set(), {}))
    if parent:
        below = day.sub_domains.setdefault(query.client, {}).setdefault(parent, {})
        sub_domain = query.name[: -len(parent) - 1]
        sub = SubRow(query.rcode, query.type_bit, query.time, query.time)
        below[sub_domain] = below[sub_domain].merge(sub) if sub_domain in below else sub
    if query.rcode <= NXDOMAIN and is_discovery(query.name):
        return eligible.AUTODISCOVERY
    if isinstance(name, str):
        return name
    label, suffix, is_allowed = name
    if is_allowed:
        day.allowed.add(label)
    rows = day.clients.setdefault(query.client, {})
    row = Row(query.rcode, query.time, query.time, (suffix,))
    rows[label] = rows[label].merge(row) if label in rows else row
    return "judged"


def _parse_name(scorer: Scorer, text: str) -> tuple[str, str | _Name]:
    """Return below which registrable name a name counts, or "", and what is scored of it.

    That is its label, suffix and whether it is allowed, or why it is left out.
    """
    name = scorer.try_parse(text)
    reason = skip_reason(name)
    if reason or isinstance(name, Invalid):
        parent = find_parent(text, None, scorer.zones)
        allowed = parent and scorer.allowed_by(Name(parent, parent, ""))
        return "" if allowed else parent, reason
    is_allowed = bool(scorer.allowed_by(name))
    parent = "" if is_allowed else find_parent(text, name, scorer.zones)
    return parent, (name.label, name.suffix, is_allowed)


def _read_rows(stream: IO[bytes]) -> Iterator[Any]:
    """Yield the lines, or the rows of Parquet as JSON has them."""
    with tempfile.TemporaryFile() as file:
        shutil.copyfileobj(stream, file)
        file.seek(0)
        read = _read_parquet if file.read(len(_PARQUET)) == _PARQUET else _read_lines
        file.seek(0)
        yield from read(file)


def _read_lines(stream: IO[bytes]) -> Iterator[bytes]:
    """Yield the lines; one that is too long comes in pieces, none of which is JSON."""
    size = 0
    try:
        with io.BufferedReader(gzip.GzipFile(fileobj=stream), 1 << 18) as file:
            while line := file.readline(MAX_LINE):
                size += len(line)
                if size > MAX_OBJECT:
                    raise LogError(f"it unpacks to more than {MAX_OBJECT:,} bytes")
                if not line.isspace():
                    yield line
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise LogError(f"it is no gzip, or cut off: {error}") from error


def _read_parquet(file: IO[bytes]) -> Iterator[Any]:
    """Yield rows as JSON has them, nested, by pyarrow, which a layer of the function has."""
    try:
        parquet = importlib.import_module("pyarrow.parquet")
    except ImportError as error:
        layer = "give the function a layer with pyarrow: ParquetLayer in docs/operations.md"
        raise LogError(f"it is Parquet; {layer} ({error})") from error
    try:
        reader = parquet.ParquetFile(file, buffer_size=_BUFFER, coerce_int96_timestamp_unit="us")
        groups = range(reader.num_row_groups)
        if sum(reader.metadata.row_group(i).total_byte_size for i in groups) > MAX_OBJECT:
            raise LogError(f"it unpacks to more than {MAX_OBJECT:,} bytes")
        for batch in reader.iter_batches(_PARQUET_ROWS, columns=_COLUMNS):
            yield from batch.to_pylist()
    except (ValueError, OSError) as error:  # what pyarrow raises for damaged files, too
        raise LogError(f"it cannot be read as Parquet: {error}") from error


def _read_query(row: Any, object_day: int, not_clients: Collection[str]) -> Query | str:
    """Read the query of a line or row, or return the reason for which it is left out."""
    try:
        record = json.loads(str(row, "utf-8")) if isinstance(row, bytes) else row
        if _OCSF_CLASS in record:
            if record[_OCSF_CLASS] != _DNS_ACTIVITY:
                return "other_event"
            record = _read_ocsf(record)
        client, name = record.get(_CLIENT), record.get(_NAME)
    except (ValueError, AttributeError, TypeError, OverflowError, OSError, RecursionError):
        return "broken"
    qtype = str(record.get(_TYPE) or "")
    if qtype in _SILENT:
        return "type"
    if not isinstance(name, str) or name in _NO_TEXT:
        return "broken" if client is None else "other_event"
    client = client.partition("%")[0] if isinstance(client, str) else ""
    if not _ADDRESS.fullmatch(client):
        return "no_client"
    if client in not_clients:
        return "not_a_client"
    stamp = record.get(_TIME)
    text = stamp.isoformat() if isinstance(stamp, datetime) else stamp
    time = _parse_time(text) if isinstance(text, str) and len(text) <= _MAX_TIME else 0.0
    if not object_day - _DAYS_BEFORE <= time // DAY <= object_day + _DAYS_AFTER:
        return "other_day" if time else "no_time"
    # The root's dot changes nothing, and a name with it takes longer to parse.
    host = name[:_MAX_NAME].lower().removesuffix(".")
    return Query(client, time, host, _read_rcode(record), code_type(qtype))


def _read_ocsf(event: dict[str, Any]) -> dict[str, object]:
    """Return OCSF's DNS Activity under Route 53's keys; a query alone has no rcode yet."""
    query, time = event.get("query") or {}, event.get("time")
    if isinstance(time, int | float):  # milliseconds; some products write seconds
        time = datetime.fromtimestamp(time / (1000 if time > 1e11 else 1), UTC).isoformat()
    number, code = event.get("rcode_id"), event.get("rcode")
    if isinstance(number, int) and 0 <= number < len(_RCODES):
        code = _RCODES[number]
    is_blocked = event.get("disposition_id") == 2 or event.get("action_id") == 2
    return {
        _CLIENT: (event.get("src_endpoint") or {}).get("ip"),
        _NAME: query.get("hostname"),
        _TIME: time,
        _RCODE: None if event.get("activity_id") == 1 else code,
        _TYPE: query.get("type", ""),
        _ACTION: "BLOCK" if is_blocked else "",
    }


def _read_rcode(record: dict[str, object]) -> int:
    """Return the rcode of a record; it is unknown where DNS Firewall blocked the query."""
    code = record.get(_RCODE)
    if not isinstance(code, str) or code in _NO_TEXT or record.get(_ACTION) == "BLOCK":
        return UNKNOWN
    return NXDOMAIN if code.upper() == "NXDOMAIN" else ANSWER


@functools.lru_cache(1 << 16)
def _parse_time(text: str) -> float:
    """Parse a time such as 2025-11-25T12:00:00Z to seconds since the epoch; return 0 for none."""
    try:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return 0.0
