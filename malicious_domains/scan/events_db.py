"""Who asked for what: a log of any length grouped, in DuckDB, to what a verdict needs."""

from __future__ import annotations

from collections.abc import Mapping

import duckdb
import numpy as np
from numpy.typing import NDArray

from . import grouping
from .client_identity import Names

# Names are scored once each, and labels have one z under all suffixes.
_ODDS = "SELECT label, any_value(z) AS z FROM hosts WHERE label <> '' GROUP BY label"


def group(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the table asked of the view events, see reading: one pass over the logs."""
    connection.execute(f"CREATE TABLE asked AS {grouping.ASKED.format(events='events')}")


def add_clients(connection: duckdb.DuckDBPyConnection, names: Names) -> None:
    """Make the table clients: address, client (its name), left_out (it is none)."""
    found = connection.execute(
        "SELECT DISTINCT address FROM asked WHERE address IS NOT NULL"
    ).fetchnumpy()
    addresses = np.asarray(found["address"], dtype=object)
    named = [names.client(x) for x in addresses.tolist()]
    _register(
        connection,
        "clients",
        {
            "address": addresses,
            "client": np.array(named, dtype=object),
            "left_out": np.array([x in names.left_out for x in named], dtype=np.bool_),
        },
    )


def queries(connection: duckdb.DuckDBPyConnection) -> NDArray[np.object_]:
    """The different names that were asked for, in lower case, in order."""
    found = connection.execute(
        "SELECT DISTINCT query FROM asked WHERE reason IS NULL ORDER BY query"
    ).fetchnumpy()
    return np.asarray(found["query"], dtype=object)


def add_hosts(
    connection: duckdb.DuckDBPyConnection, columns: Mapping[str, NDArray[np.generic]]
) -> None:
    """Make the table hosts: query, label, suffix, why (NULL: judged), z, popular."""
    _register(connection, "hosts", columns)


def add_made(connection: duckdb.DuckDBPyConnection, queries: list[str], chance: list[bool]) -> None:
    """Make the table made: query, chance (it may be no generator's)."""
    texts, marks = np.array(queries, dtype=object), np.array(chance, dtype=np.bool_)
    connection.execute("CREATE TABLE made (query VARCHAR, chance BOOLEAN)")
    if queries:
        connection.register("columns", {"query": texts, "chance": marks})
        connection.execute("INSERT INTO made SELECT query, chance FROM columns")
        connection.unregister("columns")


def _register(
    connection: duckdb.DuckDBPyConnection, table: str, columns: Mapping[str, NDArray[np.generic]]
) -> None:
    """Make a table of columns; an empty why is none."""
    connection.register("columns", dict(columns))
    changed = "REPLACE (nullif(why, '') AS why)" if "why" in columns else ""
    connection.execute(f"CREATE TABLE {table} AS SELECT * {changed} FROM columns")
    connection.unregister("columns")


def pair(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the tables told (lines by what became of them), pairs (client, day, label), labels."""
    told = grouping.TOLD.format(asked="asked", hosts="hosts", clients="clients")
    pairs, labels = grouping.PAIRS.format(told="told"), grouping.LABELS.format(pairs="pairs")
    scored = f"SELECT * FROM ({labels}) JOIN ({_ODDS}) USING (label)"
    for table, statement in (("told", told), ("pairs", pairs), ("labels", scored)):
        connection.execute(f"CREATE TABLE {table} AS {statement}")


def choose(connection: duckdb.DuckDBPyConnection, few: int) -> None:
    """Make the table unfamiliar of pairs, labels and known (label, day).

    few: a label that resolves is familiar from so many clients on.
    """
    tables = {x: x for x in ("pairs", "labels", "known")}
    connection.execute(
        f"CREATE TABLE unfamiliar AS {grouping.UNFAMILIAR.format(few=few, **tables)}"
    )


def clients(connection: duckdb.DuckDBPyConnection) -> int:
    """How many clients asked for anything."""
    return _one(connection, "SELECT count(DISTINCT client) FROM clients WHERE NOT left_out")


def coded(connection: duckdb.DuckDBPyConnection) -> bool:
    """Whether any answer's code is known."""
    return _one(connection, "SELECT coalesce(sum(coded), 0) FROM told WHERE what IS NULL") > 0


def _one(connection: duckdb.DuckDBPyConnection, statement: str) -> int:
    row = connection.execute(statement).fetchone()
    assert row
    return int(row[0])


def lines(connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """Lines by what became of them: "" for those judged, else the reason; their sum is all."""
    found = connection.execute(
        "SELECT coalesce(what, ''), CAST(sum(lines) AS BIGINT) FROM told GROUP BY 1 ORDER BY 1"
    ).fetchall()
    return dict(found)


def codes(connection: duckdb.DuckDBPyConnection) -> tuple[int, int]:
    """Judged queries that were told that there is no such name, and those told anything."""
    row = connection.execute(
        "SELECT coalesce(sum(dead), 0), coalesce(sum(coded), 0) FROM told WHERE what IS NULL"
    ).fetchone()
    return (int(row[0]), int(row[1])) if row else (0, 0)
