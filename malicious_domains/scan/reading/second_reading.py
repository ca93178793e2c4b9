"""A second reading of text logs: which lines are broken, and where the evidence stands."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Sequence
from contextlib import suppress
from ipaddress import ip_address
from itertools import islice
from typing import Any

import duckdb

from ..findings import Place
from . import sql
from .layout import Layout, split_cells
from .prepare_input import LogFile
from .tables import DelimitedLines, JsonLines

Files = Sequence[tuple[LogFile, Layout]]
Key = tuple[str, int, str]  # a client's address, a day, and a query in lower case
_ROWS = ("pihole-ftl", "parquet")  # formats without lines
# What the keys of answers begin with in Zeek, Suricata, Route 53, ECS, OCSF and others.
_ANSWER_KEYS = ("answer", "grouped", "rdata", "resolved_ip")


def find_broken_lines(files: Files, at_most: int = 10) -> list[tuple[str, int, str]]:
    """Return the first broken lines, file by file, in order: the file, the line, the problem."""
    broken: list[tuple[str, int, str]] = []
    select = f"SELECT row FROM lines WHERE why = 'broken' LIMIT {at_most}"
    for file, layout in files:
        rows = [row for (row,) in _select(file, layout, select)]
        lines = _read_lines(file, rows).values()
        broken += [(str(file.path), number, layout.describe_broken(x)) for number, x in lines]
        if len(broken) >= at_most:
            break
    return broken[:at_most]


def find_places(files: Files, queries: Collection[str], zone: str) -> dict[Key, Place]:
    """Return where some queries, in lower case, first stand for each client and day of a zone.

    Rows of a database or of Parquet have no lines, and are left out.
    """
    places: dict[Key, Place] = {}
    for file, layout in files:
        # An answer's line need not have the client.
        owner = "day, name" if layout.answers == "name" else "day, name, client"
        select = f"""
            SELECT *, min(answer) OVER (PARTITION BY {owner}) FROM (
                SELECT client, {sql.number_day(zone)} AS day, lower(query) AS name, min(row),
                    min(row) FILTER (WHERE rcode = 'NOERROR') AS answer
                FROM lines WHERE name IN (SELECT unnest(?)) AND coalesce(why, 'answer') = 'answer'
                GROUP BY ALL
            )"""
        rows = _select(file, layout, select, [*queries])
        lines = _read_lines(file, [x for row in rows for x in (row[3], row[5]) if x])
        for client, day, query, first, _, answered in rows:
            addresses = _find_addresses(layout, lines[answered][1]) if answered else ()
            number = lines[first][0] if file.lines else 0
            place = Place(str(file.path), number, addresses)
            before = places.setdefault((client, day, query), place)
            places[client, day, query] = (
                before if before.addresses else before._replace(addresses=addresses)
            )
    return places


def _select(
    file: LogFile, layout: Layout, select: str, texts: list[str] | None = None
) -> list[tuple[Any, ...]]:
    """Return the rows of a SELECT from `lines`, which are numbered by `row`, from 1 on."""
    if layout.form in _ROWS:
        return []
    events = layout.select([file.readable])
    with duckdb.connect() as connection:
        connection.execute("SET threads = 1; SET TimeZone = 'UTC'")  # one keeps the lines' order
        connection.execute(
            f"CREATE VIEW lines AS SELECT row_number() OVER () AS row, * FROM ({events})"
        )
        return connection.execute(select, None if texts is None else [texts]).fetchall()


def _read_lines(file: LogFile, rows: Collection[int]) -> dict[int, tuple[int, str]]:
    """Return the number and the text of some lines, which `rows` counts without the blank ones."""
    wanted, last = set(rows), max(rows, default=0)
    with file.readable.open("rb") as stream:
        lines = ((i, x) for i, x in enumerate(stream, 1) if x.strip(b" \t\r\n"))
        return {
            row: (number, line.decode("utf-8", "replace").rstrip("\r\n"))
            for row, (number, line) in enumerate(islice(lines, last), 1)
            if row in wanted
        }


def _find_addresses(layout: Layout, line: str) -> tuple[str, ...]:
    """Return the first IP addresses of the answer in a line, if its format tells them."""
    answers: list[object] = []

    def collect(record: dict[str, object]) -> dict[str, object]:
        answers.extend(x for key, x in record.items() if key.lower().startswith(_ANSWER_KEYS))
        return record

    table = layout.table
    if isinstance(table, JsonLines):
        with suppress(ValueError, RecursionError):  # of what DuckDB takes for JSON
            json.loads(line, object_hook=collect)
    elif isinstance(table, DelimitedLines):
        collect(dict(zip(table.header, split_cells(line, table.delimiter), strict=False)))
    elif layout.form == "dnsmasq":
        answers.append(line.partition(" is ")[2])
    addresses: dict[str, None] = {}
    for word in re.findall(r"[\w:.]+", str(answers)):
        with suppress(ValueError):
            addresses[str(ip_address(word))] = None
    return tuple(addresses)[:3]
