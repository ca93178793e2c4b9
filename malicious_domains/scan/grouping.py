"""What is grouped to what on the way from a log to a verdict, in SQL that DuckDB and Spark take.

Tables stand in braces. Each text is a SELECT; the engine makes tables of them, in this order.
"""

from __future__ import annotations

from ..model.eligible import AUTODISCOVERY, DISCOVERY_LABELS

NO_CLIENT = "no_client"  # a query that tells nobody who asked
NOT_A_CLIENT = "not_a_client"  # asked by a resolver, a gateway or a mail server
NO_DAY = -1  # of queries without a date
_EARLIEST = 365 * 86400  # seconds since the epoch; less is the time since a capture began

# One pass over the events: a row a client, day and name, and one a reason for all other lines.
ASKED = f"""
SELECT
    CASE WHEN reason IS NULL THEN client END AS address,
    CASE WHEN reason IS NULL THEN
        CASE WHEN time >= {_EARLIEST} THEN CAST(floor(time / 86400) AS INTEGER) ELSE {NO_DAY} END
    END AS day,
    CASE WHEN reason IS NULL THEN lower(query) END AS query,
    reason,
    min(time) AS first, max(time) AS last, count(*) AS lines,
    count(*) FILTER (WHERE rcode = 'NXDOMAIN') AS dead,
    count(*) FILTER (WHERE rcode <> 'BLOCKED') AS coded
FROM (
    SELECT *, CASE WHEN why IS NOT NULL THEN why WHEN client IS NULL THEN '{NO_CLIENT}' END
        AS reason
    FROM {{events}}
)
GROUP BY ALL
"""

# What became of each, as what (NULL: judged), by hosts (query, label, suffix, why, popular) and
# clients (address, client, left_out). A service that looks for itself and is not there says
# nothing of the label after it.
TOLD = f"""
SELECT
    what,
    CASE WHEN what IS NULL THEN client END AS client,
    CASE WHEN what IS NULL THEN day END AS day,
    CASE WHEN what IS NULL THEN label END AS label,
    CASE WHEN what IS NULL THEN suffix END AS suffix,
    min(first) AS first, max(last) AS last, CAST(sum(lines) AS BIGINT) AS lines,
    CAST(sum(dead) AS BIGINT) AS dead, CAST(sum(coded) AS BIGINT) AS coded,
    bool_or(popular) AS popular
FROM (
    SELECT asked.*, client, label, suffix, popular, coalesce(
        reason, CASE WHEN left_out THEN '{NOT_A_CLIENT}' END, why,
        CASE WHEN dead = coded AND contains(query, '.') AND split_part(query, '.', 1)
            IN ({", ".join(f"'{x}'" for x in DISCOVERY_LABELS)}) THEN '{AUTODISCOVERY}' END
    ) AS what
    FROM {{asked}} AS asked LEFT JOIN {{hosts}} AS hosts USING (query)
        LEFT JOIN {{clients}} AS clients USING (address)
)
GROUP BY ALL
"""

# A label under five suffixes is one label. A code that a block list made up is none.
PAIRS = """
SELECT *, coded_lines > 0 AS coded, coded_lines > 0 AND dead_lines = coded_lines AS dead
FROM (
    SELECT
        client, day, label, min(first) AS first, max(last) AS last,
        CAST(sum(lines) AS BIGINT) AS lines,
        CAST(sum(dead) AS BIGINT) AS dead_lines, CAST(sum(coded) AS BIGINT) AS coded_lines,
        count(*) AS suffixes, min(suffix) AS suffix, bool_or(popular) AS popular
    FROM {told} AS told WHERE what IS NULL
    GROUP BY client, day, label
)
"""

# Dead: to this client, and to most of the clients that were told anything. The engine adds z,
# the log-odds of each label.
LABELS = """
SELECT
    label, count(DISTINCT client) AS clients, bool_or(popular) AS popular,
    min(suffix) AS suffix, min(first) AS first, max(last) AS last, max(day) AS day,
    coalesce(avg(CAST(dead AS INTEGER)) FILTER (WHERE coded) > 0.5, false) AS dead
FROM {pairs} AS pairs GROUP BY label
"""

# few: a label that resolves is familiar from so many clients on. Known (label, day): a label that
# was asked for on an earlier day, see baseline.
UNFAMILIAR = """
SELECT
    pairs.client, pairs.day, label, pairs.first, pairs.last, pairs.suffixes, pairs.suffix,
    labels.z, pairs.dead AND labels.dead AS dead
FROM {pairs} AS pairs JOIN {labels} AS labels USING (label) LEFT JOIN {known} AS known USING (label)
WHERE NOT labels.popular
    AND (labels.clients < {few} OR (pairs.dead AND labels.dead))
    AND (known.day IS NULL OR known.day >= pairs.day)
"""

COUNTS = "SELECT client, day, count(*) AS unfamiliar FROM {unfamiliar} AS unfamiliar GROUP BY ALL"

DAYS = """
SELECT
    client, day, CAST(sum(lines) AS BIGINT) AS lines, count(*) AS labels,
    CAST(sum(dead_lines) AS BIGINT) AS dead, CAST(sum(coded_lines) AS BIGINT) AS coded
FROM {pairs} AS pairs GROUP BY ALL
"""
