"""Who asked for what: a log of any length grouped, in DuckDB, to what a verdict needs."""

from __future__ import annotations

from collections.abc import Mapping

import duckdb
import numpy as np
from numpy.typing import NDArray

from lambda_app.chalicelib.model.logged import AUTODISCOVERY, DISCOVERED

from .clients import Names

NO_CLIENT = "no_client"  # a query that tells nobody who asked
NOT_A_CLIENT = "not_a_client"  # asked by a resolver, a gateway or a mail server
NO_DAY = -1  # of queries without a date
_EARLIEST = 365 * 86400  # seconds since the epoch; less is the time since a capture began

# One pass over the logs: a row a client, day and name, and one a reason for all other lines.
_ASKED = """
CREATE TABLE asked AS
SELECT
    CASE WHEN reason IS NULL THEN client END AS address,
    CASE WHEN reason IS NULL THEN
        CASE WHEN time >= $earliest THEN CAST(floor(time / 86400) AS INTEGER) ELSE $no_day END
    END AS day,
    CASE WHEN reason IS NULL THEN lower(query) END AS query,
    reason,
    min(time) AS first, max(time) AS last, count(*) AS lines,
    count(*) FILTER (rcode = 'NXDOMAIN') AS dead,
    count(*) FILTER (rcode <> 'BLOCKED') AS coded
FROM (
    SELECT *, CASE WHEN why IS NOT NULL THEN why WHEN client IS NULL THEN $no_client END AS reason
    FROM events
)
GROUP BY ALL
"""

# What became of each, as what (NULL: judged). A service that looks for itself and is not there
# says nothing of the label after it.
_TOLD = f"""
CREATE TABLE told AS
SELECT
    what,
    CASE WHEN what IS NULL THEN client END AS client,
    CASE WHEN what IS NULL THEN day END AS day,
    CASE WHEN what IS NULL THEN label END AS label,
    CASE WHEN what IS NULL THEN suffix END AS suffix,
    min(first) AS first, max(last) AS last, CAST(sum(lines) AS BIGINT) AS lines,
    CAST(sum(dead) AS BIGINT) AS dead, CAST(sum(coded) AS BIGINT) AS coded,
    any_value(z) AS z, bool_or(popular) AS popular
FROM (
    SELECT asked.*, client, label, suffix, z, popular, coalesce(
        reason, CASE WHEN left_out THEN '{NOT_A_CLIENT}' END, why,
        CASE WHEN dead = coded AND regexp_matches(
            query, '^({"|".join(DISCOVERED)})[.]'
        ) THEN '{AUTODISCOVERY}' END
    ) AS what
    FROM asked LEFT JOIN hosts USING (query) LEFT JOIN clients USING (address)
)
GROUP BY ALL
"""

# A label under five suffixes is one label. A code that a block list made up is none.
_PAIRS = """
CREATE TABLE pairs AS
SELECT
    client, day, label, min(first) AS first, max(last) AS last,
    CAST(sum(lines) AS BIGINT) AS lines,
    CAST(sum(dead) AS BIGINT) AS dead_lines, CAST(sum(coded) AS BIGINT) AS coded_lines,
    count(*) AS suffixes, min(suffix) AS suffix,
    any_value(z) AS z, bool_or(popular) AS popular,
    coded_lines > 0 AS coded, coded_lines > 0 AND dead_lines = coded_lines AS dead
FROM told WHERE what IS NULL
GROUP BY client, day, label
"""

# Dead: to this client, and to most of the clients that were told anything.
_LABELS = """
CREATE TABLE labels AS
SELECT
    label, count(DISTINCT client) AS clients, bool_or(popular) AS popular, any_value(z) AS z,
    min(suffix) AS suffix, min(first) AS first, max(last) AS last, max(day) AS day,
    coalesce(avg(CAST(dead AS INTEGER)) FILTER (coded) > 0.5, false) AS dead
FROM pairs GROUP BY label
"""

# Known: a label that was asked for on an earlier day, see baseline.
_UNFAMILIAR = """
CREATE TABLE unfamiliar AS
SELECT pairs.* REPLACE (pairs.dead AND labels.dead AS dead)
FROM pairs JOIN labels USING (label) LEFT JOIN known USING (label)
WHERE NOT labels.popular
    AND (labels.clients < $few OR (pairs.dead AND labels.dead))
    AND (known.day IS NULL OR known.day >= pairs.day)
"""


def group(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the table asked of the view events, see reading: one pass over the logs."""
    connection.execute(_ASKED, {"no_client": NO_CLIENT, "no_day": NO_DAY, "earliest": _EARLIEST})


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
    for statement in (_TOLD, _PAIRS, _LABELS):
        connection.execute(statement)


def choose(connection: duckdb.DuckDBPyConnection, few: int) -> None:
    """Make the table unfamiliar of pairs, labels and known (label, day).

    few: a label that resolves is familiar from so many clients on.
    """
    connection.execute(_UNFAMILIAR, {"few": few})


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
