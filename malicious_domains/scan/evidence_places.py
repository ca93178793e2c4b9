"""Where the evidence of alarms stands in the logs, and the addresses that answers gave."""

from __future__ import annotations

from dataclasses import replace

from .client_names import ClientNames
from .events_db import EventsDatabase
from .findings import Finding, Findings
from .reading.read_logs import Reading
from .reading.second_reading import find_places
from .verdicts import key_of

MAX_CLIENTS = 200  # whose evidence is shown
MAX_NAMES = 20  # of an alarm


def add_places(
    findings: Findings, database: EventsDatabase, reading: Reading, clients: ClientNames
) -> Findings:
    """Return findings with the places of each alarm's first names, and of the first that resolve.

    Reads the logs once more.
    """
    first, rest = findings.alarmed[:MAX_CLIENTS], findings.alarmed[MAX_CLIENTS:]
    queries = database.find_queries([y for x in first for y in _list_shown(x)])
    found = find_places(reading.files, {query for _, query in queries}, reading.zone)
    places = {(clients.name_client(x), *key): place for (x, *key), place in found.items() if x}

    def locate(x: Finding) -> Finding:
        key = key_of(x)
        own = ((name, places.get((*key, query))) for name, query in reversed(queries))
        return replace(x, places={name: place for name, place in own if place})

    return replace(findings, alarmed=[*map(locate, first), *rest])


def _list_shown(x: Finding) -> list[str]:
    return [
        y.name
        for names in map(x.list_names, x.alarms)
        for y in [*names[:MAX_NAMES], *[y for y in names if not y.nxdomain][:MAX_NAMES]]
    ]
