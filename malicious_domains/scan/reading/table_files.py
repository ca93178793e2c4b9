"""Files of tables with types: Parquet, and Pi-hole's database, pihole-FTL.db."""

from __future__ import annotations

import csv
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

import duckdb
from duckdb.sqltypes import DuckDBPyType

from ..hosts import Lease
from . import sql, times
from .column_names import choose_columns, list_constants, map_columns
from .delimited_logs import DelimitedLines
from .layout import Head, Layout
from .prepare_input import LogFile, ReadingError

# --- Parquet ---


@dataclass(frozen=True)
class ParquetTable:
    """A table of Parquet, of which some columns are read as text."""

    used: tuple[tuple[str, str], ...]  # a column's name and its SQL

    def select_from(self, paths: Sequence[Path]) -> str:
        """Return the SQL of a table of the columns."""
        columns = ", ".join(f"{value} AS {column}" for column, value in self.used)
        return f"(SELECT {columns} FROM read_parquet({sql.list_files(paths)}))"

    def find_broken(self, query: str, utf8: bool) -> str:
        """Return nothing: no row of Parquet is broken."""
        return ""

    def describe_broken(self, line: str) -> str:
        """Return nothing: no row of Parquet is broken."""
        return ""


def open_parquet(head: Head, mapping: Mapping[str, str], claimed: bool) -> Layout | None:
    """Recognize Parquet, and read it by the mapping or usual names. Raises ReadingError."""
    if not head.is_parquet:
        return None
    known = find_columns(head.file)
    known |= {x: value for x in mapping.values() if (value := _find_inner(x, known))}
    fields = choose_columns(known, mapping, head.file.path, "parquet", claimed=True)
    used = {f"{field}_": known[x] for field, x in fields.items() if x in known}
    table = ParquetTable(tuple(used.items()))
    return map_columns("parquet", table, fields, head, list_constants(mapping))


def find_columns(file: LogFile) -> dict[str, str]:
    """Return the SQL of each value in Parquet as text, by its name with dots.

    Raises ReadingError for a file that cannot be read.
    """
    try:
        with duckdb.connect() as connection:
            table = connection.sql(f"FROM read_parquet({sql.list_files([file.readable])})")
            columns = zip(table.columns, table.types, strict=True)
            return {k: v for x, y in columns for k, v in _list_values(x, sql.quote_name(x), y)}
    except duckdb.Error as error:
        raise ReadingError(f"{file.path}: a Parquet file that cannot be read: {error}") from error


def open_columns(known: Mapping[str, str], columns: Mapping[str, tuple[str, ...]]) -> ParquetTable:
    """Return a table in which each column is the first value that one of its names has."""
    used = {
        x: ", ".join([*(known[name] for name in names if name in known), "NULL::VARCHAR"])
        for x, names in columns.items()
    }
    return ParquetTable(tuple((x, f"coalesce({values})") for x, values in used.items()))


def _list_values(name: str, value: str, kind: DuckDBPyType) -> Iterator[tuple[str, str]]:
    """Yield the values in a column, those of structs and of a list's first item too."""
    inner: dict[str, DuckDBPyType] = {}
    if kind.id in ("struct", "list"):
        inner = {key: x for key, x in kind.children if isinstance(x, DuckDBPyType)}
    if kind.id == "struct":
        for key, x in inner.items():
            part = f"struct_extract({value}, {sql.quote_text(key)})"
            yield from _list_values(f"{name}.{key}", part, x)
    elif kind.id == "list" and inner["child"].id == "struct":
        yield from _list_values(f"{name}.0", f"list_extract({value}, 1)", inner["child"])
    elif kind.id == "date" or kind.id.startswith("timestamp"):
        yield name, f"epoch({value})::VARCHAR"
    else:
        yield name, value if kind.id == "varchar" else f"{value}::VARCHAR"


def _find_inner(name: str, known: Mapping[str, str]) -> str:
    """Return the SQL of a value within a column's text; "" if there is no such column."""
    keys = name.split(".")
    outer = next((i for i in range(len(keys) - 1, 0, -1) if ".".join(keys[:i]) in known), 0)
    if name in known or not outer:
        return known.get(name, "")
    return sql.extract_inner(known[".".join(keys[:outer])], keys[outer:])


# --- Pi-hole ---

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


def open_pihole(head: Head, mapping: Mapping[str, str], claimed: bool) -> Layout | None:
    """Recognize an SQLite database, and read the copy that copy_database() makes."""
    if not head.file.head.startswith(b"SQLite format 3\0"):
        return None
    query = sql.drop_blank("query_")
    used = (("client_", 0), ("query_", 1), ("time_", 2), ("type_", 3), ("rcode_", 4))
    return Layout(
        PIHOLE,
        DelimitedLines(len(used), ",", True, used),
        client=sql.drop_blank("client_"),
        query=query,
        time=times.parse_epoch("time_"),
        rcode=sql.drop_blank("rcode_"),
        why=sql.classify_line(query, qtype="type_"),
    )


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
