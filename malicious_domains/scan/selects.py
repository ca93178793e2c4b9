"""All tables of a scan as SELECTs: the log grouped, step by step, to what a verdict needs.

The names of tables are in braces; an engine, DuckDB or Spark, makes a table of each, in this order.
In DuckDB clients, labels and suffixes are numbers, which sort as the texts do; in Spark they are
texts. The last part is for DuckDB alone, whose tables have these names.

| table | a row for each | columns |
|---|---|---|
| query_counts | client's address, day and name; reason for a line not to count | QUERY_COUNTS |
| texts | label or suffix | number, text |
| clients | address | address, client (its name), left_out (it is not a client) |
| hosts | different name | query, label, suffix, why (NULL: scored), log_odds, allowed, parent |
| line_counts | client, day, label and suffix; reason; later reason | LINE_COUNTS; REASON_COUNTS |
| client_labels | client, day and label | CLIENT_LABELS |
| labels | label | LABELS, log_odds |
| seen | label of the log that earlier scans had | label, first and last day |
| baseline | label that is common from its first day on | label, day (the first one), last |
| alarm_labels | label of an alarm, which never is common | label |
| rare_labels | client, day and label that is worth a look | RARE_LABELS |
| rare_counts, client_days | client and day | RARE_COUNTS, CLIENT_DAYS |
| outbreak_labels | client, day and suspicious shared label | OUTBREAK_LABELS |
| outbreaks | the same, of an outbreak | OUTBREAKS |
| shared_labels | suspicious shared label of no outbreak | SHARED_LABELS |
| generated | name of a known generator | query, is_chance (a legitimate name may be the same) |
| parents, sub_domains | registrable name; sub-domain below it | PARENTS, SUB_DOMAINS |
"""

from __future__ import annotations

from ..clients import tunnels
from ..model.eligible import AUTODISCOVERY, DISCOVERY_LABELS
from .reading.sql import list_texts

NO_CLIENT = "no_client"  # a query without a client
NOT_A_CLIENT = "not_a_client"  # a query of a resolver, a gateway or a mail server
MAX_RARE_LABELS = 5000  # of a day; of one with more, as a resolver has, a sample is judged

# One pass over the events. A code that a block list made up does not count.
QUERY_COUNTS = f"""
SELECT
    CASE WHEN reason IS NULL THEN client END AS address,
    CASE WHEN reason IS NULL THEN {{number_day}} END AS day,
    CASE WHEN reason IS NULL THEN lower(query) END AS query,
    reason,
    min(time) AS first_seen, max(time) AS last_seen, count(*) AS lines,
    count(CASE WHEN rcode = 'NXDOMAIN' THEN 1 END) AS nxdomain_lines,
    count(nullif(rcode, 'BLOCKED')) AS rcode_lines, {{types}} AS types
    {{notes}}
FROM (
    SELECT *, CASE WHEN why IS NOT NULL THEN why WHEN client IS NULL THEN '{NO_CLIENT}' END
        AS reason
    FROM {{events}}
)
GROUP BY ALL
"""

# The bits of all query types.
TYPES = "bit_or(type_bit)"
# Lines whose time or response code could not be read; few logs have any, so what these are is left
# to a second reading.
NOTES = ", count(coalesce(unread_time, unknown_rcode)) AS notes"
_UNREAD = "FROM ({events}) WHERE why IS NULL AND client IS NOT NULL AND"
UNREAD_TIMES = f"""
SELECT count(*), coalesce(min(unread_time), '') {_UNREAD} unread_time IS NOT NULL
"""
UNKNOWN_RCODES = f"""
SELECT DISTINCT unknown_rcode {_UNREAD} unknown_rcode IS NOT NULL ORDER BY 1 LIMIT 5
"""

# The reason is NULL for scored queries. A service that looks for itself and does not exist says
# nothing about the label after it.
LINE_COUNTS = f"""
SELECT
    reason,
    CASE WHEN reason IS NULL THEN client END AS client,
    CASE WHEN reason IS NULL THEN day END AS day,
    CASE WHEN reason IS NULL THEN label END AS label,
    CASE WHEN reason IS NULL THEN suffix END AS suffix,
    min(first_seen) AS first_seen, max(last_seen) AS last_seen,
    CAST(sum(lines) AS BIGINT) AS lines, CAST(sum(nxdomain_lines) AS BIGINT) AS nxdomain_lines,
    CAST(sum(rcode_lines) AS BIGINT) AS rcode_lines, bool_or(allowed) AS allowed
FROM (
    SELECT
        client, day, label, suffix, first_seen, last_seen, lines, nxdomain_lines, rcode_lines,
        allowed,
        coalesce(
            reason, CASE WHEN left_out THEN '{NOT_A_CLIENT}' END, why,
            CASE WHEN nxdomain_lines = rcode_lines AND contains(query, '.')
                AND split_part(query, '.', 1) IN {list_texts(DISCOVERY_LABELS)}
                THEN '{AUTODISCOVERY}' END
        ) AS reason
    FROM {{query_counts}} AS query_counts LEFT JOIN {{hosts}} AS hosts USING (query)
        LEFT JOIN {{clients}} AS clients USING (address)
)
GROUP BY ALL
"""

REASON_COUNTS = """
SELECT
    reason, CAST(sum(lines) AS BIGINT) AS lines, CAST(sum(nxdomain_lines) AS BIGINT)
        AS nxdomain_lines, CAST(sum(rcode_lines) AS BIGINT) AS rcode_lines
FROM {line_counts} AS line_counts GROUP BY reason
"""

# A label under five suffixes is one label.
CLIENT_LABELS = """
SELECT
    *, rcode_lines > 0 AS has_rcodes,
    rcode_lines > 0 AND nxdomain_lines = rcode_lines AS nxdomain_at_client
FROM (
    SELECT
        client, day, label, min(first_seen) AS first_seen, max(last_seen) AS last_seen,
        CAST(sum(lines) AS BIGINT) AS lines, CAST(sum(nxdomain_lines) AS BIGINT) AS nxdomain_lines,
        CAST(sum(rcode_lines) AS BIGINT) AS rcode_lines,
        count(*) AS suffixes, min(suffix) AS suffix, bool_or(allowed) AS allowed
    FROM {line_counts} AS line_counts WHERE reason IS NULL
    GROUP BY client, day, label
)
"""

# NXDOMAIN: for most of the clients that got any response code. The engine adds log_odds.
LABELS = """
SELECT
    label, count(DISTINCT client) AS clients, bool_or(allowed) AS allowed,
    min(suffix) AS suffix, min(first_seen) AS first_seen, max(last_seen) AS last_seen,
    max(day) AS day,
    coalesce(avg(CAST(nxdomain_at_client AS INTEGER)) FILTER (WHERE has_rcodes) > 0.5, false)
        AS nxdomain
FROM {client_labels} AS client_labels GROUP BY label
"""

# common_from: the clients from which on a label that resolves is common.
RARE_LABELS = """
SELECT
    client_labels.client, client_labels.day, label, client_labels.first_seen,
    client_labels.last_seen, client_labels.suffixes, client_labels.suffix, labels.log_odds,
    client_labels.nxdomain_at_client AND labels.nxdomain AS nxdomain
FROM {client_labels} AS client_labels JOIN {labels} AS labels USING (label)
    LEFT JOIN {baseline} AS baseline USING (label)
WHERE NOT labels.allowed
    AND (labels.clients < {common_from}
        OR (client_labels.nxdomain_at_client AND labels.nxdomain)
        OR label IN (SELECT label FROM {alarm_labels} AS alarm_labels))
    AND (baseline.day IS NULL OR baseline.day >= client_labels.day)
"""

RARE_COUNTS = """
SELECT client, day, count(*) AS rare_count FROM {rare_labels} AS rare_labels GROUP BY ALL
"""

# A day with too many labels is sampled: labels whose hash begins with enough zeros are kept.
JUDGED_LABELS = f"""
SELECT rare_labels.*, rare_count
FROM {{rare_labels}} AS rare_labels JOIN {{rare_counts}} AS rare_counts USING (client, day)
WHERE rare_count <= {MAX_RARE_LABELS} OR md5({{label_text}}) LIKE concat(
    repeat('0', CAST(ceil(ln(rare_count / {MAX_RARE_LABELS}.0) / ln(16.0)) AS INTEGER)), '%'
)
"""

CLIENT_DAYS = """
SELECT
    client, day, CAST(sum(lines) AS BIGINT) AS lines, count(*) AS labels,
    CAST(sum(nxdomain_lines) AS BIGINT) AS nxdomain_lines,
    CAST(sum(rcode_lines) AS BIGINT) AS rcode_lines
FROM {client_labels} AS client_labels GROUP BY ALL
"""

# --- suspicious labels that clients share ---

# A label is compared at its WITNESSES first clients, so that the work grows with the rows and not
# with their square.
WITNESSES = 50
MAX_SHARED = 100  # shared names, and clients of each, in a finding

OUTBREAK_LABELS = """
SELECT
    client_labels.client, client_labels.day, label, client_labels.suffix, labels.log_odds,
    coalesce(client_labels.first_seen, CAST('NaN' AS DOUBLE)) AS first_seen,
    coalesce(client_labels.last_seen, CAST('NaN' AS DOUBLE)) AS last_seen,
    row_number() OVER (PARTITION BY client_labels.day, label ORDER BY client_labels.client)
        AS place,
    count(*) OVER (PARTITION BY client_labels.client, client_labels.day) AS number
FROM {client_labels} AS client_labels JOIN {labels} AS labels USING (label)
    LEFT JOIN {seen} AS seen USING (label)
WHERE NOT labels.allowed AND NOT labels.nxdomain AND labels.log_odds >= {suspicious_from}
    AND labels.clients >= {min_clients} AND labels.clients <= {max_clients}
    AND (seen.first IS NULL OR seen.first >= client_labels.day)
"""
# Pairs of clients with enough of these labels in common, and half of those of each.
OUTBREAK_PAIRS = f"""
SELECT one.client, one.day, other.client AS other
FROM {{outbreak_labels}} AS one JOIN {{outbreak_labels}} AS other
        ON one.day = other.day AND one.label = other.label AND one.client <> other.client
WHERE other.place <= {WITNESSES}
GROUP BY one.client, one.day, other.client
HAVING count(*) >= {{min_names}} AND 2 * count(*) >= greatest(max(one.number), max(other.number))
"""
# The labels that clients share with enough others of their pairs, at whoever asked for them on any
# day of the log.
OUTBREAKS = """
SELECT client, day, label, suffix, log_odds, first_seen, last_seen
FROM {outbreak_labels} AS outbreak_labels WHERE label IN (
    SELECT label FROM (
        SELECT own.client, own.day, own.label
        FROM {outbreak_labels} AS own
            JOIN {outbreak_pairs} AS pairs ON pairs.client = own.client AND pairs.day = own.day
            JOIN {outbreak_labels} AS others
                ON others.client = pairs.other AND others.day = own.day
                AND others.label = own.label
        GROUP BY own.client, own.day, own.label
        HAVING count(DISTINCT pairs.other) >= {min_clients} - 1
    )
)
"""
OUTBREAK_ORDER = "ORDER BY client, day, log_odds DESC, label"

# Those of no outbreak, of most clients first. A label of an earlier scan's day is not of today.
SHARED_LABELS = f"""
SELECT
    label, suffix, log_odds, clients, coalesce(first_seen, CAST('NaN' AS DOUBLE)) AS first_seen,
    coalesce(last_seen, CAST('NaN' AS DOUBLE)) AS last_seen, count(*) OVER () AS number
FROM {{labels}} AS labels LEFT JOIN {{seen}} AS seen USING (label)
WHERE NOT allowed AND log_odds >= {{suspicious_from}}
    AND clients >= {{min_sharers}} AND clients <= {{max_sharers}}
    AND (seen.first IS NULL OR seen.first >= labels.day)
    AND label NOT IN (SELECT label FROM {{outbreaks}} AS outbreaks)
ORDER BY clients DESC, log_odds DESC, label LIMIT {MAX_SHARED}
"""
SHARERS = f"""
SELECT label, client FROM (
    SELECT label, client, row_number() OVER (PARTITION BY label ORDER BY client) AS place
    FROM (
        SELECT DISTINCT label, client FROM {{client_labels}} AS client_labels
        WHERE label IN (SELECT label FROM {{shared_labels}} AS shared_labels)
    )
) WHERE place <= {MAX_SHARED} ORDER BY label, client
"""

# --- sub-domains below registrable names, for tunnels ---

# A first pass leaves out all that cannot raise an alarm whatever it reads like, so that few names
# are split and scored.
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
SUB_DOMAIN_ORDER = ("client", "day", "parent", "sub_domain")

# --- in DuckDB alone ---

# A label has the same log-odds under all suffixes.
LABEL_ODDS = """
SELECT label, any_value(log_odds) AS log_odds FROM hosts WHERE why IS NULL GROUP BY label
"""
# Days that are sampled need their labels as texts.
RARE_TEXTS = "(SELECT rare_labels.*, text FROM rare_labels JOIN texts ON number = label)"
NUMBERED = "columns JOIN texts ON text = label::VARCHAR"
# In the order that a verdict needs: by first sight, ties by label, unknown times last.
ORDERED_LABELS = f"""
SELECT
    client, day, label, suffix, suffixes, log_odds, nxdomain, rare_count,
    coalesce(first_seen, 'NaN'::DOUBLE) AS first_seen,
    coalesce(last_seen, 'NaN'::DOUBLE) AS last_seen
FROM ({JUDGED_LABELS}) AS judged
ORDER BY client, day, judged.first_seen NULLS LAST, label
"""
DAY_ENDS = """
SELECT CAST(sum(count(*)) OVER (ORDER BY client, day) AS BIGINT)
FROM ordered_labels GROUP BY client, day ORDER BY client, day
"""
# Allowed names do not count; nor does a name that may be generated by chance, if it resolves and
# is common. A baseline does not matter: bots ask for the same names every day.
GENERATED_QUERIES = """
SELECT
    clients.client, query_counts.day, coalesce(any_value(client_days.labels), 0) AS label_count,
    query_counts.query, coalesce(any_value(hosts.log_odds), 'NaN'::DOUBLE) AS log_odds,
    sum(query_counts.rcode_lines) > 0
        AND sum(query_counts.nxdomain_lines) = sum(query_counts.rcode_lines) AS is_nxdomain,
    coalesce(min(query_counts.first_seen), 'NaN'::DOUBLE) AS first,
    coalesce(max(query_counts.last_seen), 'NaN'::DOUBLE) AS last
FROM query_counts
    JOIN generated USING (query)
    JOIN hosts USING (query)
    JOIN clients USING (address)
    LEFT JOIN labels ON labels.label = hosts.label
    LEFT JOIN client_days
        ON client_days.client = clients.client AND client_days.day = query_counts.day
WHERE query_counts.reason IS NULL AND NOT clients.left_out AND NOT hosts.allowed
GROUP BY clients.client, query_counts.day, query_counts.query
HAVING NOT any_value(generated.is_chance) OR is_nxdomain
    OR coalesce(any_value(labels.clients), 0) < $common_from
ORDER BY clients.client, query_counts.day, first, query_counts.query
"""
# --- labels of earlier days ---

# Those of the log that may become common: not NXDOMAIN.
OWN_LABELS = """
SELECT label, min(client_labels.day) AS first, max(client_labels.day) AS last
FROM client_labels JOIN labels USING (label)
WHERE client_labels.day >= 0 AND NOT labels.nxdomain GROUP BY label
"""
# The log's own earlier days count, too.
BASELINE = f"""
SELECT label, min(first) AS day, max(last) AS last FROM (
    SELECT label, first, last FROM seen
    UNION ALL
    SELECT label, first, CASE WHEN first < last THEN first END FROM ({OWN_LABELS})
) GROUP BY label
"""
NO_BASELINE = "SELECT NULL::INTEGER AS label, NULL::INTEGER AS day, NULL::INTEGER AS last LIMIT 0"
