"""Who asked for what: a log of any length grouped, in DuckDB, to what a verdict needs."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import duckdb
import numpy as np
from numpy.typing import NDArray

NO_CLIENT = "no_client"  # a query that tells nobody who asked
NOT_A_CLIENT = "not_a_client"  # asked by a resolver, a gateway or a mail server

# One pass over the logs: a row a client, day and name, and one a reason for all other lines.
_ASKED = """
CREATE TABLE asked AS
SELECT
    CASE WHEN reason IS NULL THEN client END AS client,
    CASE WHEN reason IS NULL THEN coalesce(CAST(floor(time / 86400) AS INTEGER), -1) END AS day,
    CASE WHEN reason IS NULL THEN lower(query) END AS query,
    reason,
    min(time) AS first, max(time) AS last, count(*) AS lines,
    count(*) FILTER (rcode = 'NXDOMAIN') AS dead,
    count(*) FILTER (rcode <> 'BLOCKED') AS coded
FROM (
    SELECT *, CASE
        WHEN why IS NOT NULL THEN why
        WHEN client IS NULL THEN $no_client
        WHEN client IN (SELECT unnest($left_out)) THEN $not_a_client
    END AS reason
    FROM events
)
GROUP BY ALL
"""

# A label under five suffixes is one label. A code that a block list made up is none.
_PAIRS = """
CREATE TABLE pairs AS
SELECT
    client, day, label, min(first) AS first, max(last) AS last,
    CAST(sum(lines) AS BIGINT) AS lines,
    count(DISTINCT suffix) AS suffixes, min(suffix) AS suffix,
    any_value(z) AS z, bool_or(popular) AS popular,
    sum(coded) > 0 AS coded, sum(coded) > 0 AND sum(dead) = sum(coded) AS dead
FROM asked JOIN hosts USING (query)
WHERE hosts.why IS NULL
GROUP BY ALL
"""

# Dead: to this client, and to most of the clients that were told anything.
_LABELS = """
CREATE TABLE labels AS
SELECT
    label, count(DISTINCT client) AS clients, bool_or(popular) AS popular, any_value(z) AS z,
    coalesce(avg(CAST(dead AS INTEGER)) FILTER (coded) > 0.5, false) AS dead
FROM pairs GROUP BY label
"""

_UNFAMILIAR = """
CREATE TABLE unfamiliar AS
SELECT pairs.* REPLACE (pairs.dead AND labels.dead AS dead)
FROM pairs JOIN labels USING (label)
WHERE NOT labels.popular
    AND (labels.clients < $few OR (pairs.dead AND labels.dead))
"""


def group(connection: duckdb.DuckDBPyConnection, left_out: Collection[str] = ()) -> None:
    """Make the table asked of the view events, see reading: one pass over the logs.

    left_out: addresses that are no clients, whose queries are counted and not judged.
    """
    values = {"no_client": NO_CLIENT, "not_a_client": NOT_A_CLIENT, "left_out": sorted(left_out)}
    connection.execute(_ASKED, values)


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
    connection.register("found", dict(columns))
    connection.execute("CREATE TABLE hosts AS SELECT * REPLACE (nullif(why, '') AS why) FROM found")
    connection.unregister("found")


def pair(connection: duckdb.DuckDBPyConnection, few: int) -> None:
    """Make the tables pairs (client, day, label), labels, and unfamiliar, of asked and hosts.

    few: a label that resolves is familiar from so many clients on.
    """
    for statement in (_PAIRS, _LABELS):
        connection.execute(statement)
    connection.execute(_UNFAMILIAR, {"few": few})


def clients(connection: duckdb.DuckDBPyConnection) -> int:
    """How many clients asked for anything."""
    return int(_one(connection, "SELECT count(DISTINCT client) FROM asked"))


def coded(connection: duckdb.DuckDBPyConnection) -> bool:
    """Whether any answer's code is known."""
    return bool(_one(connection, "SELECT coalesce(sum(coded), 0) > 0 FROM asked"))


def _one(connection: duckdb.DuckDBPyConnection, statement: str) -> int:
    row = connection.execute(statement).fetchone()
    assert row
    return int(row[0])


def lines(connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """Lines by what became of them: "" for those judged, else the reason; their sum is all."""
    found = connection.execute(
        """
        SELECT coalesce(asked.reason, hosts.why, '') AS reason, CAST(sum(lines) AS BIGINT)
        FROM asked LEFT JOIN hosts USING (query) GROUP BY ALL ORDER BY reason
        """
    ).fetchall()
    return dict(found)
