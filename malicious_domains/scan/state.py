"""The memory of the scans of one network from night to night: labels, days and alarms.

One SQLite file in a folder. Its rollback journal keeps it whole when a scan is killed or the disk
is full; a scan writes in one transaction, for which others wait.

| table | a row for each | columns |
|---|---|---|
| labels | label that resolved and is of no alarm | label, first and last day |
| days | day that was judged | day, complete (the log was written to its end) |
| alarms | alarm | COLUMNS |
| alarm_names | label of an alarm | label, id, name |

Days are days since the epoch (UTC).
"""

from __future__ import annotations

import hashlib
import sqlite3
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple

from ..names.errors import MaliciousDomainsError

FILE = "state.sqlite"
NEW, WORSENED, CONTINUING = "new", "worsened", "continuing"
ACKNOWLEDGED, ENDED = "acknowledged", "ended"
NEWS = (NEW, WORSENED)
_VERSION = 1
_WAIT = 600.0  # seconds that a transaction waits for that of another process
_WORSE = 2.0  # times the score that was last reported
_SCHEMA = """
CREATE TABLE labels (label TEXT PRIMARY KEY, first INTEGER, last INTEGER) WITHOUT ROWID;
CREATE TABLE days (day INTEGER PRIMARY KEY, complete INTEGER);
CREATE TABLE alarms (
    id TEXT PRIMARY KEY, host TEXT, client TEXT, name TEXT, kind TEXT, first INTEGER, last INTEGER,
    confidence TEXT, score REAL, reported REAL, state TEXT, why TEXT, generator TEXT,
    until INTEGER, reason TEXT
);
CREATE INDEX alarms_of_host ON alarms (host, kind, first);
CREATE TABLE alarm_names (label TEXT, id TEXT, name TEXT, PRIMARY KEY (label, id)) WITHOUT ROWID;
CREATE INDEX names_of_alarm ON alarm_names (id);
"""
# A complete day without the alarm, after its last one and after its acknowledgement.
_QUIET = (
    "EXISTS (SELECT 1 FROM days WHERE complete AND day > max(last, coalesce(until, last)) "
    "AND day < ?)"
)
_ADD_ALARM = """
INSERT INTO alarms VALUES (
    :id, :host, :client, :name, :kind, :day, :day, :confidence, :score, :score, :state, :why,
    :generator, NULL, NULL
)
"""
_UPDATE_ALARM = """
UPDATE alarms SET
    client = :client, name = :name, last = max(last, :day), score = max(score, :score),
    confidence = CASE WHEN confidence = 'high' THEN confidence ELSE :confidence END,
    reported = CASE WHEN :is_news THEN max(coalesce(reported, 0), :score) ELSE reported END,
    state = :state, why = CASE WHEN :day >= last THEN :why ELSE why END,
    generator = coalesce(nullif(:generator, ''), generator),
    until = CASE WHEN until >= :day THEN until END
WHERE id = :id
"""
_NEVER = 1 << 40  # after every day
_NOW = f"CASE WHEN {_QUIET} THEN '{ENDED}' WHEN until >= last THEN '{ACKNOWLEDGED}' ELSE state END"


class StateError(MaliciousDomainsError):
    """A state that cannot be used, or an alarm that it does not have."""


class RaisedAlarm(NamedTuple):
    """An alarm of a client's day, as a scan finds it."""

    host: str  # what stays the same of the client: its MAC address if known, else its name
    client: str  # its address or name now
    name: str  # its host's name, "" if unknown
    kind: str
    day: int
    confidence: str
    score: float
    why: str
    generator: str  # known or likely generators of its names
    names: tuple[str, ...]


class AlarmState(NamedTuple):
    """Which alarm a client's day belongs to, and whether that is news."""

    id: str
    state: str

    @property
    def is_news(self) -> bool:
        """True for an alarm to report: a new one, or one that became worse."""
        return self.state in NEWS


class KeptAlarm(NamedTuple):
    """An alarm of the state; host and names as in RaisedAlarm."""

    id: str
    host: str
    client: str
    name: str
    kind: str
    first: int
    last: int
    confidence: str
    score: float  # the highest of its days
    state: str
    why: str  # of its last day
    generator: str
    until: int | None  # the last day for which it is acknowledged
    reason: str | None


def _make_id(host: str, kind: str, first: int) -> str:
    """Return the id of an alarm, from its client, kind and first day.

    >>> _make_id("10.0.0.23", "random-looking", 20418)
    '39368f5792'
    """
    return hashlib.sha256(f"{host}\0{kind}\0{first}".encode(errors="replace")).hexdigest()[:10]


@contextmanager
def open_state(folder: Path, *, create: bool = True) -> Iterator[State]:
    """Open the state of a folder in one transaction, which ends well or leaves no trace.

    Raises StateError, for a folder without a state too unless create is set.
    """
    path = folder / FILE
    if not create and not path.is_file():
        raise StateError(f"--state {folder}: no scan has kept anything there; name its folder")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StateError(f"--state {folder}: {error.strerror}; choose another folder") from error
    try:
        with closing(sqlite3.connect(path, timeout=1, isolation_level=None)) as connection:
            _begin(connection)
            try:
                _prepare(connection, folder)
                yield State(connection)
                connection.execute("COMMIT")
            finally:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
    except sqlite3.Error as error:
        advice = (
            "wait for the scan that uses it"
            if _is_busy(error)
            else "see that it may be written, that the disk has room, and that the file is whole"
        )
        raise StateError(f"--state {folder}: {FILE}: {error}; {advice}") from error


def _begin(connection: sqlite3.Connection) -> None:
    """Begin a transaction that writes; Ctrl-C ends the waiting for that of another process."""
    deadline = time.monotonic() + _WAIT
    while not connection.in_transaction:
        try:
            connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            if not _is_busy(error) or time.monotonic() > deadline:
                raise
    connection.execute("PRAGMA busy_timeout = 60000")  # to commit: readers are quick


def _is_busy(error: sqlite3.Error) -> bool:
    return getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY


def _prepare(connection: sqlite3.Connection, folder: Path) -> None:
    ((version,),) = connection.execute("PRAGMA user_version")
    if version > _VERSION:
        raise StateError(f"--state {folder}: {FILE} is of a later version; update this program")
    if version == _VERSION:
        return
    for statement in filter(str.strip, _SCHEMA.split(";")):
        connection.execute(statement)
    connection.execute(f"PRAGMA user_version = {_VERSION}")


class State:
    """A state within a transaction; see the module's table."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        """Take a connection of open_state()."""
        self._connection = connection
        self._raised: dict[str, str] = {}  # the state of each alarm raised in this transaction

    # --- labels and days ---

    def find_labels(self, labels: Iterable[str]) -> tuple[list[tuple[str, int, int]], list[str]]:
        """Return those of the labels that earlier scans had, with first and last day.

        Return also those of alarms of high confidence of clients, unless they are acknowledged.
        """
        execute = self._connection.execute
        execute("CREATE TEMP TABLE wanted (label TEXT PRIMARY KEY) WITHOUT ROWID")
        self._connection.executemany("INSERT INTO wanted VALUES (?)", ((x,) for x in labels))
        seen = execute("SELECT label, first, last FROM wanted JOIN labels USING (label)").fetchall()
        alarmed = execute(
            "SELECT DISTINCT label FROM wanted JOIN alarm_names USING (label) "
            "JOIN alarms USING (id) WHERE confidence = 'high' AND until IS NULL"
        ).fetchall()
        execute("DROP TABLE wanted")
        return seen, [label for (label,) in alarmed]

    def add_labels(self, rows: Iterable[tuple[str, int, int]]) -> None:
        """Add labels with their first and last day; those of an alarm are left out."""
        self._connection.executemany(
            "INSERT INTO labels SELECT ?1, ?2, ?3 "
            "WHERE NOT EXISTS (SELECT 1 FROM alarm_names WHERE label = ?1) "
            "ON CONFLICT DO UPDATE SET first = min(first, ?2), last = max(last, ?3)",
            rows,
        )

    def next_day(self) -> int | None:
        """Return the day after the last one that was judged when it was complete."""
        ((day,),) = self._connection.execute("SELECT max(day) + 1 FROM days WHERE complete")
        return None if day is None else int(day)

    def add_days(self, days: Mapping[int, bool]) -> None:
        """Note that days were judged, and whether each was complete."""
        self._connection.executemany(
            "INSERT INTO days VALUES (?, ?) "
            "ON CONFLICT DO UPDATE SET complete = max(complete, excluded.complete)",
            days.items(),
        )

    # --- alarms ---

    def raise_alarm(self, x: RaisedAlarm) -> AlarmState:
        """Add an alarm, or a day to one that has not ended; the days come in order."""
        row = self._connection.execute(
            f"SELECT id, confidence, reported, until, {_QUIET} FROM alarms "
            "WHERE host = ? AND kind = ? AND first <= ? ORDER BY first DESC LIMIT 1",
            [x.day, x.host, x.kind, x.day],
        ).fetchone()
        if row is None or row[-1]:
            id, state = _make_id(x.host, x.kind, x.day), NEW
            self._connection.execute(_ADD_ALARM, x._asdict() | {"id": id, "state": NEW})
        else:
            id, state = row[0], _compare(x, *row[1:4])
            if self._raised.get(row[0]) in NEWS:  # on an earlier day of the same log
                state = self._raised[row[0]]
            values = {"id": id, "state": state, "is_news": state in NEWS}
            self._connection.execute(_UPDATE_ALARM, x._asdict() | values)
        self._raised[id] = state
        labels = [(name.partition(".")[0], id, name) for name in x.names]
        self._connection.executemany("INSERT OR IGNORE INTO alarm_names VALUES (?, ?, ?)", labels)
        self._connection.executemany(
            "DELETE FROM labels WHERE label = ?", [(label,) for label, _, _ in labels]
        )
        return AlarmState(id, state)

    def count_ended(self) -> int:
        """Return how many alarms have ended: a complete day without them followed."""
        rows = self._connection.execute(f"SELECT count(*) FROM alarms WHERE {_QUIET}", [_NEVER])
        return int(rows.fetchone()[0])

    def list_alarms(
        self, client: str = "", label: str = "", generator: str = ""
    ) -> list[KeptAlarm]:
        """Return the alarms, the last ones first: those of a client, a label or a generator."""
        filters = {
            "? IN (client, host, name)": client,
            "id IN (SELECT id FROM alarm_names WHERE ? IN (label, name))": label.lower(),
            "instr(lower(generator), ?)": generator.lower(),
        }
        used = {where: value for where, value in filters.items() if value}
        return self._select(" AND ".join(["true", *used]), [*used.values()])

    def find_alarm(self, id: str) -> KeptAlarm:
        """Return an alarm; raises StateError."""
        for alarm in self._select("id = ?", [id]):
            return alarm
        raise StateError(f"no alarm has the id {id!r}; see `alarms list`")

    def _select(self, where: str, values: Sequence[object]) -> list[KeptAlarm]:
        rows = self._connection.execute(
            "SELECT id, host, client, name, kind, first, last, confidence, score, "
            f"{_NOW}, why, generator, until, reason FROM alarms WHERE {where} "
            "ORDER BY last DESC, confidence, client, kind, id",
            [_NEVER, *values],
        )
        return [*map(KeptAlarm._make, rows)]

    def list_names(self, id: str) -> list[str]:
        """Return the names of an alarm, in order."""
        rows = self._connection.execute(
            "SELECT name FROM alarm_names WHERE id = ? ORDER BY name", [id]
        )
        return [name for (name,) in rows]

    def acknowledge(self, id: str, until: int, reason: str) -> None:
        """Keep an alarm quiet up to a day and with it; raises StateError."""
        self.find_alarm(id)
        self._connection.execute(
            "UPDATE alarms SET until = ?, reason = ? WHERE id = ?", [until, reason, id]
        )

    def reopen(self, id: str) -> None:
        """End an acknowledgement; the alarm is news when it is raised again. Raises StateError."""
        self.find_alarm(id)
        self._connection.execute(
            "UPDATE alarms SET until = NULL, reason = NULL, reported = NULL WHERE id = ?", [id]
        )


def _compare(x: RaisedAlarm, confidence: str, reported: float | None, until: int | None) -> str:
    """Return the state of an alarm that is raised again: before, its confidence and so on."""
    if reported is None or (until is not None and x.day > until):
        return NEW
    if x.score >= _WORSE * reported or (x.confidence, confidence) == ("high", "low"):
        return WORSENED
    return CONTINUING if until is None else ACKNOWLEDGED
