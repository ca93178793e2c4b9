"""Sub-domains below registrable names: what DuckDB and Spark select of a log for tunnels.

A first pass leaves out all that cannot raise an alarm whatever it reads like, so that few names are
split and scored.
"""

from __future__ import annotations

from ..clients import tunnels

_ONCE = f"coalesce(last_seen - first_seen, 0) <= {tunnels.ONCE}"
_BELOW = """
FROM {query_counts} AS query_counts JOIN {hosts} AS hosts USING (query)
    JOIN {clients} AS clients USING (address)
"""
_COUNTS = "reason IS NULL AND NOT left_out AND parent <> ''"
_LENGTH = "length(query) - length(parent) - 1"
# In DuckDB, instead of all hosts: a few ordinary names weigh no more than is free.
SOME_HOSTS = f"""(SELECT * FROM hosts WHERE parent IN (
    SELECT parent FROM hosts WHERE parent <> '' GROUP BY parent
    HAVING count(*) > {tunnels.FREE / tunnels.SHORTEST} OR max(sub_odds) > {tunnels.ZERO}
))"""
# The most that a client's sub-domains below a registrable name can weigh. Ordinary ones weigh
# nothing, unless they are as many as a flood.
_BOUNDS = f"""
SELECT client, day, parent,
    sum(CASE WHEN {_ONCE} THEN greatest(
        least((sub_odds - {tunnels.ZERO}) / {tunnels.WHOLE - tunnels.ZERO}, 1)
            * least(greatest({_LENGTH}, {tunnels.SHORTEST}), {tunnels.LONGEST})
            * CASE WHEN types BETWEEN 1 AND {tunnels.DATA_TYPES} THEN 2 ELSE 1 END,
        CASE WHEN types BETWEEN 1 AND {tunnels.COUNTER_TYPES} THEN {tunnels.SHORTEST} ELSE 0 END
    ) ELSE 0 END) - {tunnels.FREE} AS most,
    CASE WHEN count(*) > {tunnels.MAX_KEPT} THEN count(*) ELSE count(*) FILTER (WHERE {_ONCE}) END
        AS asked_once
{_BELOW} WHERE {_COUNTS} AND (
    sub_odds > {tunnels.ZERO} OR types BETWEEN 1 AND {tunnels.COUNTER_TYPES} OR parent IN (
        SELECT parent FROM {{hosts}} GROUP BY parent HAVING count(*) >= {tunnels.MANY}
    )
) GROUP BY client, day, parent
"""
# threshold: that of the alarm.
PARENTS = f"""
SELECT client, day, parent FROM (
    SELECT client, day, parent, most, asked_once,
        sum(CASE WHEN most > 0 THEN most END) OVER (PARTITION BY client, day) AS total
    FROM ({_BOUNDS}) AS bounds
)
WHERE most > 0 AND total >= {{threshold}} OR asked_once >= {tunnels.MANY}
"""
_SOME_HOSTS = "(SELECT * FROM {hosts} WHERE parent IN (SELECT parent FROM {parents}))"
# A point at the end of a query is the root's.
SUB_DOMAINS = f"""
SELECT client, day, parent, sub_domain, log_odds, types, nxdomain, first_seen, last_seen, number
FROM (
    SELECT *,
        row_number() OVER (PARTITION BY client, day, parent ORDER BY md5(sub_domain)) AS place,
        count(*) OVER (PARTITION BY client, day, parent) AS number
    FROM (
        SELECT client, day, parent,
            left(query, CAST(length(trim(TRAILING '.' FROM query)) - length(parent) - 1 AS INTEGER))
                AS sub_domain,
            any_value(sub_odds) AS log_odds, bit_or(types) AS types,
            sum(rcode_lines) > 0 AND sum(nxdomain_lines) = sum(rcode_lines) AS nxdomain,
            coalesce(min(first_seen), CAST('NaN' AS DOUBLE)) AS first_seen,
            coalesce(max(last_seen), CAST('NaN' AS DOUBLE)) AS last_seen
        {_BELOW.replace("{hosts}", _SOME_HOSTS)}
            JOIN {{parents}} AS parents USING (client, day, parent) WHERE {_COUNTS}
        GROUP BY 1, 2, 3, 4
    )
)
WHERE place <= {tunnels.MAX_KEPT}
"""
ORDER = ("client", "day", "parent", "sub_domain")
