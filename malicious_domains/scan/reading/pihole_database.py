"""Pi-hole's long-term database, pihole-FTL.db, read with Python's sqlite3 into a CSV."""

from __future__ import annotations

import csv
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path

from . import sql
from .delimited_logs import Csv
from .layout import Head, Layout
from .log_files import ReadingError

MAGIC = b"SQLite format 3\0"
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
_BUNCH = 10_000


def opened(head: Head, mapping: Mapping[str, str], claimed: bool) -> Layout | None:
    """How the copy that copied() makes is read."""
    if not head.text.head.startswith(MAGIC):
        return None
    query = sql.cleaned("query_")
    used = dict(zip(("client_", "query_", "time_", "type_", "rcode_"), range(5), strict=True))
    return Csv(
        "pihole-ftl",
        5,
        ",",
        True,
        tuple(used.items()),
        client=sql.cleaned("client_"),
        query=query,
        time=sql.epoch("time_"),
        rcode=sql.cleaned("rcode_"),
        why=sql.why(query, qtype="type_"),
    )


def copied(path: Path, database: Path, copy: Path) -> None:
    """Write the queries of a database as CSV. Raises ReadingError."""
    try:
        with closing(_connected(database)) as connection, copy.open("w", newline="") as file:
            csv.writer(file, lineterminator="\n", quoting=csv.QUOTE_ALL).writerows(
                _rows(path, connection)
            )
    except sqlite3.Error as error:
        raise ReadingError(
            f"{path}: a database that cannot be read ({error}); copy it while Pi-hole is stopped, "
            "or with sqlite3's .backup"
        ) from error


def _connected(path: Path) -> sqlite3.Connection:
    """The database, opened to be read; one whose folder may not be written, as it lies there."""
    place = path.resolve().as_uri()
    connection = sqlite3.connect(f"{place}?mode=ro", uri=True)
    try:
        connection.execute("SELECT count(*) FROM sqlite_master")
    except sqlite3.OperationalError:
        connection.close()
        connection = sqlite3.connect(f"{place}?immutable=1", uri=True)
    # Names are what clients asked for, which need not be text.
    connection.text_factory = lambda x: " ".join(x.decode("utf-8", "replace").splitlines())
    return connection


def _rows(path: Path, connection: sqlite3.Connection) -> Iterator[tuple[object, ...]]:
    there = {row[1] for row in connection.execute("PRAGMA table_info(queries)")}
    if not {"client", "domain", "timestamp"} <= there:
        raise ReadingError(
            f"{path}: an SQLite database without a table of queries, so not pihole-FTL.db; "
            "name the database of /etc/pihole"
        )
    columns = ", ".join(x if x in there else f"NULL AS {x}" for x in _COLUMNS)
    for client, domain, time, kind, status, reply in connection.execute(
        f"SELECT {columns} FROM queries"
    ):
        code = "BLOCKED" if status in _BLOCKED else _REPLIES.get(reply, "")
        yield client, domain, time, _type(kind), code


def _type(number: object) -> object:
    """A query type's name, or its number on the wire, by FTL's number."""
    if not isinstance(number, int):
        return ""
    return number - 100 if number >= 100 else _TYPES[number - 1] if 0 < number <= 16 else ""
