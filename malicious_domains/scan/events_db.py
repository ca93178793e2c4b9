"""The database of one scan in DuckDB, with the tables of selects.py."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..clients.client_day import QueriedName
from ..clients.tunnels import make_columns
from ..inputs.signals import temporary_folder
from ..names.errors import MaliciousDomainsError
from . import outbreaks, selects
from .client_names import ClientNames
from .findings import BaselineSummary, LineCounts
from .reading.sql import NO_DAY as NO_DAY
from .reading.sql import number_day
from .scored_hosts import Texts, number_texts

if TYPE_CHECKING:
    import duckdb

_ROWS_AT_ONCE = 10_000
Columns = Mapping[str, NDArray[np.generic]]


class ScanError(MaliciousDomainsError):
    """A scan that its database cannot make."""


class EventsDatabase:
    """The tables of one scan in DuckDB; see the table of selects.py."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Take a connection of the scan's own."""
        self.connection = connection
        self._texts: dict[str, Texts] = {}  # by column: the texts of its numbers
        self.unread_times = 0, ""  # queries whose time could not be read, and one such text
        self.unknown_rcodes: list[str] = []  # some texts that stand for no known response code

    @classmethod
    @contextmanager
    def open(cls, memory: str, threads: int | None = None) -> Iterator[EventsDatabase]:
        """Open a temporary database, which spills to the disk what memory does not hold."""
        import duckdb  # late: executors of Spark use the SELECTs alone

        with temporary_folder("scan-") as folder:
            settings = {"memory_limit": memory, "temp_directory": str(folder)}
            settings |= {"preserve_insertion_order": "false"}
            settings |= {"threads": str(threads)} if threads else {}
            try:
                with duckdb.connect(config=dict(settings)) as connection:
                    connection.execute("SET TimeZone = 'UTC'")
                    yield cls(connection)
            except duckdb.Error as error:
                raise ScanError(f"DuckDB: {error}") from error

    # --- from events to labels ---

    def count_queries(self, events: str, zone: str = "UTC") -> None:
        """Create query_counts of Reading.noted_events, in one pass over the logs.

        zone: that of the days.
        """
        values = {"number_day": number_day(zone), "notes": selects.NOTES, "types": selects.TYPES}
        self._create("query_counts", selects.QUERY_COUNTS, events=f"({events})", **values)
        if self._fetch("FROM query_counts WHERE reason IS NULL AND notes > 0 LIMIT 1"):
            ((count, example),) = self._fetch(selects.UNREAD_TIMES.format(events=events))
            codes = self._fetch(selects.UNKNOWN_RCODES.format(events=events))
            self.unread_times, self.unknown_rcodes = (count, example), [x for (x,) in codes]

    def add_clients(self, names: ClientNames) -> list[str]:
        """Create clients: each address by its client's name; return entries that match none."""
        (column,) = self._fetch_columns(
            "SELECT DISTINCT address FROM query_counts WHERE address IS NOT NULL"
        ).values()
        addresses = column.tolist()
        clients = [names.name_client(x) for x in addresses]
        left_out = np.array([bool(names.find_entries(x)) for x in addresses], dtype=np.bool_)
        self._texts["client"], (numbers,) = number_texts(clients)
        self._create_of("clients", {"address": column, "client": numbers, "left_out": left_out})
        return names.find_unmatched(column[left_out].tolist())

    def list_queries(self) -> Texts:
        """Return the different names that were queried, in lower case, in order."""
        (column,) = self._fetch_columns(
            "SELECT DISTINCT query FROM query_counts WHERE reason IS NULL ORDER BY query"
        ).values()
        return column

    def add_hosts(self, columns: Columns, texts: Texts) -> None:
        """Create hosts and texts of what score_hosts() returns; an empty why is NULL."""
        self._texts |= {"label": texts, "suffix": texts}
        self._create_of("hosts", columns, "SELECT * REPLACE (nullif(why, '') AS why) FROM columns")
        self._create_of("texts", {"number": np.arange(len(texts)), "text": texts})

    def add_generated(self, queries: Sequence[str], is_chance: Sequence[bool]) -> None:
        """Create generated: the log's names of known generators."""
        texts, chance = np.array(queries, dtype=object), np.array(is_chance, dtype=np.bool_)
        columns = {"query": texts, "is_chance": chance}
        select = "SELECT CAST(query AS VARCHAR) AS query, is_chance FROM columns"
        self._create_of("generated", columns, select)

    def join_labels(self) -> None:
        """Create line_counts, client_labels and labels."""
        self._create("line_counts", selects.LINE_COUNTS)
        self._create("client_labels", selects.CLIENT_LABELS)
        self._create("line_counts", selects.REASON_COUNTS)  # no more is needed, and takes memory
        labels = f"({selects.LABELS}) JOIN ({selects.LABEL_ODDS}) USING (label)"
        self._create("labels", f"SELECT * FROM {labels}")

    def add_baseline(
        self, seen: Sequence[tuple[str, int, int]] | None, alarmed: Sequence[str] = ()
    ) -> None:
        """Create seen, baseline and alarm_labels; without seen, no earlier day counts.

        seen: the log's labels that earlier scans had, with first and last day. alarmed: those of
        their alarms.
        """
        label, first, last = zip(*seen, strict=True) if seen else ((), (), ())
        columns = {"label": label, "first": first, "last": last}
        self._create_of(
            "seen",
            {name: np.array(column, dtype=object) for name, column in columns.items()},
            "SELECT number AS label, first::INTEGER AS first, last::INTEGER AS last "
            f"FROM {selects.NUMBERED}",
        )
        self._create("baseline", selects.NO_BASELINE if seen is None else selects.BASELINE)
        own = {"label": np.array([*alarmed], dtype=object)}
        self._create_of("alarm_labels", own, f"SELECT number AS label FROM {selects.NUMBERED}")

    def forget_labels(self, labels: Mapping[str, bool], common_from: int) -> bool:
        """Take labels of alarms out of the baseline, and let those of high confidence be rare.

        labels: whether the confidence is high. Return whether one was common on a later day, or
        by the number of its clients.
        """
        self._create_of(
            "forgotten",
            {"label": np.array([*labels], dtype=object), "sure": np.array([*labels.values()])},
            f"SELECT number AS label, sure::BOOLEAN AS sure FROM {selects.NUMBERED}",
        )
        ((later,),) = self._fetch(
            "SELECT count(*) FROM forgotten JOIN labels USING (label) "
            "LEFT JOIN baseline USING (label) WHERE baseline.day < labels.day "
            "OR (sure AND clients >= ? AND NOT nxdomain "
            "AND label NOT IN (SELECT label FROM alarm_labels))",
            [common_from],
        )
        self._execute("DELETE FROM baseline WHERE label IN (SELECT label FROM forgotten)")
        self._execute("INSERT INTO alarm_labels SELECT label FROM forgotten WHERE sure")
        return bool(later)

    def find_queries(self, names: Sequence[str]) -> list[tuple[Any, ...]]:
        """Return pairs of a registrable name or a whole host, and a query of it."""
        return self._fetch(
            "WITH wanted AS (SELECT DISTINCT unnest(?) AS name), "
            "labels AS (SELECT name, number, name[length(text) + 2:] AS suffix "
            "FROM wanted JOIN texts ON text = split_part(name, '.', 1)) "
            "SELECT name, query FROM labels JOIN hosts ON label = labels.number "
            "JOIN texts AS suffixes ON suffixes.number = hosts.suffix AND text = labels.suffix "
            "UNION SELECT name, query FROM wanted JOIN hosts ON name = query ORDER BY ALL",
            [names],
        )

    def list_labels(self) -> list[str]:
        """Return the different labels of the log."""
        return [label for (label,) in self._fetch_rows("SELECT label FROM labels")]

    def list_own_labels(self) -> Iterator[tuple[str, int, int]]:
        """Return the log's labels that are not NXDOMAIN, with first and last day."""
        return self._fetch_rows(selects.OWN_LABELS)

    def select_rare_labels(self, common_from: int) -> None:
        """Create rare_labels, their counts and client_days.

        common_from: the clients from which on a label that resolves is common.
        """
        self._create("rare_labels", selects.RARE_LABELS, common_from=common_from)
        self._create("rare_counts", selects.RARE_COUNTS)
        sampled = {"rare_labels": selects.RARE_TEXTS, "label_text": "text"}
        values = sampled if self.list_busy_clients() else {"label_text": "''"}
        self._create("ordered_labels", selects.ORDERED_LABELS, **values)
        self._create("client_days", selects.CLIENT_DAYS)

    # --- what a verdict reads ---

    def read_labels(self, at_once: int) -> Iterator[Columns]:
        """Yield the rare labels of whole days, in order, about at_once together."""
        bounds = [0]
        ends = [end for (end,) in self._fetch(selects.DAY_ENDS)]
        for before, end in pairwise([0, *ends]):
            if end - bounds[-1] > at_once and before > bounds[-1]:
                bounds.append(before)
        bounds.append(ends[-1] if ends else 0)
        rows = "SELECT * FROM ordered_labels WHERE rowid >= ? AND rowid < ? ORDER BY rowid"
        for start, stop in pairwise(bounds):
            yield self._fetch_columns(rows, [start, stop])

    def list_generated(self, common_from: int) -> Iterator[tuple[str, int, int, QueriedName]]:
        """Yield the queries for generated names by client and day, with the day's labels."""
        rows = self._fetch_rows(selects.GENERATED_QUERIES, {"common_from": common_from})
        for client, day, labels, name, log_odds, *seen in rows:
            yield client, day, labels, QueriedName(name, log_odds, 1.0, *seen)

    def read_sub_domains(self, at_once: int, threshold: float) -> Iterator[Columns]:
        """Yield the rows of SUB_DOMAINS of whole client-days, about at_once together.

        threshold: of the alarm, in characters.
        """
        values = {"threshold": threshold, "hosts": selects.SOME_HOSTS}
        self._create("parents", selects.PARENTS, **values)
        if not self._fetch("FROM parents LIMIT 1"):
            return
        select = selects.SUB_DOMAINS.format_map(_OwnNames())
        cursor = self._execute(f"{select} ORDER BY {', '.join(selects.SUB_DOMAIN_ORDER)}")
        kept: list[tuple[Any, ...]] = []
        names = [name for name, *_ in cursor.description or ()]
        while rows := cursor.fetchmany(_ROWS_AT_ONCE):
            if len(kept) >= at_once and kept[-1][:2] != rows[0][:2]:
                yield self._decode(make_columns(names, kept))
                kept = []
            kept += rows
        yield self._decode(make_columns(names, kept))

    def list_outbreaks(self, limits: Mapping[str, float]) -> Iterator[tuple[Any, ...]]:
        """Create outbreaks and return its rows."""
        self._create("outbreak_labels", selects.OUTBREAK_LABELS, **limits)
        ordered = (
            "SELECT client, day, place, number FROM outbreak_labels ORDER BY day, label, place"
        )
        rows = {x: np.asarray(y) for x, y in self._execute(ordered).fetchnumpy().items()}
        self._create_of("outbreak_pairs", outbreaks.pair_clients(rows, limits["min_names"]))
        self._create("outbreaks", selects.OUTBREAKS, **limits)
        self._execute("DROP TABLE outbreak_labels")
        return self._fetch_rows(f"FROM outbreaks {selects.OUTBREAK_ORDER}")

    def list_shared(
        self, limits: Mapping[str, float]
    ) -> tuple[list[outbreaks.SharedRow], list[tuple[str, str]]]:
        """Create shared_labels of no outbreak; return its rows and those of SHARERS."""
        self._create("shared_labels", selects.SHARED_LABELS, **limits)
        rows = self._fetch_rows("FROM shared_labels ORDER BY clients DESC, log_odds DESC, label")
        sharers = self._fetch_rows(selects.SHARERS.format_map(_OwnNames()))
        return [*map(outbreaks.SharedRow._make, rows)], [*sharers]

    # --- counts ---

    def count_rcodes(self) -> tuple[int, int]:
        """Return how many scored queries got NXDOMAIN, and how many got any response code."""
        ((nxdomain, rcodes),) = self._fetch(
            "SELECT coalesce(sum(nxdomain_lines), 0), coalesce(sum(rcode_lines), 0) "
            "FROM line_counts WHERE reason IS NULL"
        )
        return int(nxdomain), int(rcodes)

    def count_clients(self) -> int:
        """Return how many clients asked for anything."""
        ((clients,),) = self._fetch("SELECT count(DISTINCT client) FROM clients WHERE NOT left_out")
        return int(clients)

    def count_lines(self) -> LineCounts:
        """Return what became of every line."""
        rows = "SELECT coalesce(reason, ''), CAST(sum(lines) AS BIGINT) FROM line_counts GROUP BY 1"
        return LineCounts.of(dict(self._fetch(f"{rows} ORDER BY 1")))

    def count_days(self) -> tuple[int, bool]:
        """Return how many client-days there are, and whether one has a date."""
        ((days, last),) = self._fetch("SELECT count(*), max(day) FROM client_days")
        return int(days), last is not None and last != NO_DAY

    def list_days(self) -> list[int]:
        """Return the days of the log that have a date."""
        rows = self._fetch(
            "SELECT DISTINCT day FROM query_counts WHERE reason IS NULL ORDER BY day"
        )
        return [day for (day,) in rows if day != NO_DAY]

    def keep_day(self, day: int) -> None:
        """Leave the queries of one day alone in query_counts; all days can be kept in turn."""
        self._execute("CREATE TABLE IF NOT EXISTS all_counts AS FROM query_counts")
        self._execute(
            "CREATE OR REPLACE TABLE query_counts AS FROM all_counts WHERE day = ?", [day]
        )

    def list_busy_clients(self) -> dict[str, int]:
        """Return the clients of whose day a sample is judged, with the number of rare labels."""
        rows = (
            "SELECT client, max(rare_count) FROM rare_counts WHERE rare_count > ? GROUP BY client"
        )
        return dict(self._fetch_rows(f"{rows} ORDER BY client", [selects.MAX_RARE_LABELS]))

    def count_client_days(self, clients: Sequence[str]) -> dict[tuple[str, int], tuple[int, ...]]:
        """Return the counts of some clients' days: lines, labels, nxdomain_lines, rcode_lines."""
        numbers = np.searchsorted(self._texts["client"], np.array(clients, dtype=object))
        rows = self._fetch_rows(
            "SELECT client, day, lines, labels, nxdomain_lines, rcode_lines FROM client_days "
            "WHERE client IN (SELECT unnest(?))",
            [numbers.tolist()],
        )
        return {(client, day): tuple(counts) for client, day, *counts in rows}

    def summarize_baseline(self) -> BaselineSummary:
        """Return how many labels were queried before the last day, and from when to when."""
        (row,) = self._fetch(
            "SELECT count(*), min(baseline.day), max(least(baseline.last, labels.day - 1)) "
            "FROM baseline JOIN labels USING (label) WHERE baseline.day < labels.day"
        )
        return BaselineSummary(*row)

    # --- statements ---

    def _execute(self, statement: str, values: object = None) -> duckdb.DuckDBPyConnection:
        return self.connection.execute(statement, values)

    def _fetch(self, statement: str, values: object = None) -> list[tuple[Any, ...]]:
        return self._execute(statement, values).fetchall()

    def _fetch_columns(self, statement: str, values: object = None) -> dict[str, NDArray[Any]]:
        """Return the columns of rows without NULL, with texts instead of numbers."""
        columns = self._execute(statement, values).fetchnumpy()
        return self._decode({name: np.asarray(column) for name, column in columns.items()})

    def _fetch_rows(self, statement: str, values: object = None) -> Iterator[tuple[Any, ...]]:
        """Return the same row by row."""
        columns = self._fetch_columns(statement, values).values()
        return zip(*(column.tolist() for column in columns), strict=True)

    def _decode(self, columns: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        numbered = {name: self._texts[name] for name in columns.keys() & self._texts.keys()}
        texts = {name: text[columns[name].astype(np.int64)] for name, text in numbered.items()}
        return {**columns, **texts}

    def _create(self, table: str, select: str, **values: object) -> None:
        """Create a table of a SELECT, whose braces stand for this scan's tables."""
        self._execute(f"CREATE OR REPLACE TABLE {table} AS {select.format_map(_OwnNames(values))}")

    def _create_of(self, table: str, columns: Columns, select: str = "FROM columns") -> None:
        self.connection.register("columns", dict(columns))
        self._execute(f"CREATE OR REPLACE TABLE {table} AS {select}")
        self.connection.unregister("columns")


class _OwnNames(dict[str, object]):
    """Values of a SELECT's braces; a table has its own name."""

    def __missing__(self, name: str) -> str:
        return name
