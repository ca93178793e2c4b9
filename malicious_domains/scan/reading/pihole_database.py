"""Pi-hole's database, pihole-FTL.db."""

from __future__ import annotations

import csv
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, suppress
from pathlib import Path

from ..hosts import Lease
from .event_formats import EventFormat
from .layout import Head, Layout
from .prepare_input import ReadingError
from .tables import DelimitedLines

PIHOLE = "pihole-ftl"
# https://docs.pi-hole.net/database/query-database/
_BLOCKED = (1, 4, 5, 6, 7, 8, 9, 10, 11, 15, 16, 18)
_REPLIES = {
    1: "NOERROR", 2: "NXDOMAIN", 3: "NOERROR", 4: "NOERROR", 5: "NOERROR", 6: "NOERROR",
    7: "SERVFAIL", 8: "REFUSED", 9: "NOTIMP", 11: "NOERROR", 13: "NOERROR",
}  # fmt: skip
_TYPES = (
    "A", "AAAA", "ANY", "SRV", "SOA", "PTR", "TXT", "NAPTR", "MX", "DS", "RRSIG", "DNSKEY", "NS",
    "OTHER", "SVCB", "HTTPS",
)  # fmt: skip
_COLUMNS = ("client", "domain", "timestamp", "type", "status", "reply_type")
_COPY = EventFormat(PIHOLE, (), {x: x for x in ("client", "query", "ts", "qtype", "code")})


def open_pihole(head: Head, mapping: Mapping[str, str], claimed: bool) -> Layout | None:
    """Recognize an SQLite database, and read the copy that copy_database() makes."""
    if not head.file.head.startswith(b"SQLite format 3\0"):
        return None
    columns = tuple((x, (i,)) for i, x in enumerate(_COPY.columns))
    return _COPY.describe(DelimitedLines(len(columns), ",", True, columns), head, {})


def copy_database(path: Path, database: Path, copy: Path, since: float | None) -> None:
    """Write the queries of Pi-hole's database as CSV. Raises ReadingError, which names path.

    since: seconds since the epoch, from which on queries are read.
    """
    try:
        with closing(_connect(database)) as connection, copy.open("w", newline="") as file:
            csv.writer(file, lineterminator="\n", quoting=csv.QUOTE_ALL).writerows(
                _read_queries(path, connection, since)
            )
    except sqlite3.Error as error:
        raise ReadingError(
            f"{path}: a database that cannot be read ({error}); copy it while Pi-hole is stopped, "
            "or with sqlite3's .backup"
        ) from error


def read_leases(database: Path) -> list[Lease]:
    """Return the hosts of Pi-hole's tables network and network_addresses, the last ones last."""
    with closing(_connect(database)) as connection, suppress(sqlite3.Error):  # of other versions
        names = [
            f"nullif({table}.name, '')"
            for table in ("network_addresses", "network")
            if "name" in _list_columns(connection, table)
        ]
        rows = connection.execute(
            f"SELECT network_addresses.ip, hwaddr, coalesce({', '.join([*names, 'NULL', 'NULL'])}) "
            "FROM network_addresses JOIN network ON network.id = network_id "
            "ORDER BY network_addresses.lastSeen, network_addresses.ip"
        )
        return [x for x in (Lease.of(*row) for row in rows) if x.mac or x.name]
    return []


def _list_columns(connection: sqlite3.Connection, table: str) -> set[str]:
    return {row[1] for row in connection.execute(f"PRAGMA table_info({table})")}


def _connect(path: Path) -> sqlite3.Connection:
    """Open the database read-only; as an immutable file if its folder is read-only."""
    uri = path.resolve().as_uri()
    connection = sqlite3.connect(f"{uri}?mode=ro", uri=True)
    try:
        connection.execute("SELECT count(*) FROM sqlite_master")
    except sqlite3.OperationalError:
        connection.close()
        connection = sqlite3.connect(f"{uri}?immutable=1", uri=True)
    # Clients query for any bytes, which need not be text.
    connection.text_factory = lambda x: " ".join(x.decode("utf-8", "replace").splitlines())
    return connection


def _read_queries(
    path: Path, connection: sqlite3.Connection, since: float | None
) -> Iterator[tuple[object, ...]]:
    present = _list_columns(connection, "queries")
    if not {"client", "domain", "timestamp"} <= present:
        raise ReadingError(
            f"{path}: an SQLite database without a table of queries, so not pihole-FTL.db; "
            "name the database of /etc/pihole"
        )
    columns = ", ".join(x if x in present else f"NULL AS {x}" for x in _COLUMNS)
    where = "" if since is None else f" WHERE timestamp >= {since}"  # which has an index
    for client, domain, time, number, status, reply in connection.execute(
        f"SELECT {columns} FROM queries{where}"
    ):
        rcode = "BLOCKED" if status in _BLOCKED else _REPLIES.get(reply, "")
        yield client, domain, time, _name_type(number), rcode


def _name_type(number: object) -> object:
    """Return a query type's name, or its number on the wire, from FTL's number."""
    if not isinstance(number, int):
        return ""
    return number - 100 if number >= 100 else _TYPES[number - 1] if 0 < number <= 16 else ""
