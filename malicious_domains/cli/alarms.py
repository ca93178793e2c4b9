"""The commands of `alarms`: what scans with --state have found, and what to do about it.

>>> import contextlib, tempfile
>>> from click.testing import CliRunner
>>> from malicious_domains.cli.scan import scan
>>> runner, state = CliRunner(), ["--state", "state"]
>>> with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
...     _ = runner.invoke(scan, ["--demo", "--since", "last", *state])
...     id = runner.invoke(alarms, ["list", *state]).stdout.splitlines()[1].split()[0]
...     because = ["--until", "2026-12-31", "--reason", "printer"]
...     _ = runner.invoke(alarms, ["acknowledge", id, *state, *because])
...     shown = runner.invoke(alarms, ["show", id, *state]).stdout.splitlines()
...     reopened = runner.invoke(alarms, ["reopen", id, *state])
>>> shown[1], reopened.exit_code
('state:              acknowledged', 0)
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..inputs.console import allow_any_text, print_status
from .command import DONE, command, group, option
from .options import FOLDER

if TYPE_CHECKING:
    from ..scan.state import KeptAlarm

_state = option("--state DIR", "Folder of `scan --state`.", "folder", type=FOLDER, required=True)
_ids = click.argument("ids", nargs=-1, required=True, metavar="ID...")
_COLUMNS = ("id", "state", "client", "host", "kind", "confidence", "score", "first_day", "last_day")


alarms = group(
    "alarms",
    "List, show, acknowledge or reopen the alarms that `scan --state` keeps.",
    "alarms list --state dns-state",
)


@command("list", "alarms list --state dns-state --generator conficker")
@_state
@option("--client NAME", "Only alarms of this client: name, address or MAC address.", default="")
@option("--label NAME", "Only alarms with this name, or this label of a name.", default="")
@option("--generator TEXT", "Only alarms of a known or likely generator such as this.", default="")
@option("-f --format", "Output format.", "form", type=["table", "jsonl"], default="table")
def list_alarms(folder: Path, client: str, label: str, generator: str, form: str) -> int:
    """List alarms with their ids and states, the last ones first."""
    from ..scan.state import open_state

    with open_state(folder, create=False) as state:
        rows = [*map(_describe, state.list_alarms(client, label, generator))]
    allow_any_text(sys.stdout)
    for line in map(json.dumps, rows) if form == "jsonl" else _format_table(rows):
        print(line)
    return DONE


def _describe(alarm: KeptAlarm) -> dict[str, object]:
    """Return an alarm as its JSON object."""
    from ..clients.finding_json import format_date

    return {
        "id": alarm.id,
        "state": alarm.state,
        "client": alarm.client or None,
        "host": alarm.name or None,
        "mac": alarm.host if alarm.host != alarm.client else None,
        "kind": alarm.kind,
        "confidence": alarm.confidence,
        "score": round(alarm.score, 4),
        "first_day": format_date(alarm.first),
        "last_day": format_date(alarm.last),
        "why": alarm.why,
        "generator": alarm.generator or None,
        "acknowledged_until": format_date(alarm.until),
        "reason": alarm.reason,
    }


def _format_table(rows: list[dict[str, object]]) -> Iterator[str]:
    from ..scan.terminal import visible

    cells = [_COLUMNS, *([visible(str(row[x] or "-")) for x in _COLUMNS] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for row in cells if rows else []:
        yield "  ".join(f"{x:<{width}}" for x, width in zip(row, widths, strict=True)).rstrip()


@command("show", "alarms show 39368f5792 --state dns-state")
@_ids
@_state
def show(ids: tuple[str, ...], folder: Path) -> int:
    """Show alarms in full, with their names."""
    from ..scan.state import open_state
    from ..scan.terminal import visible

    allow_any_text(sys.stdout)
    with open_state(folder, create=False) as state:
        for id in ids:
            for key, value in _describe(state.find_alarm(id)).items():
                print(f"{key + ':':<20}{visible(str(value or '-'))}")
            names = state.list_names(id)
            print(f"{'names:':<20}{len(names):,}")
            for name in names:
                print(f"  {visible(name)}")
    return DONE


@command(
    "acknowledge",
    "alarms acknowledge 39368f5792 --state dns-state --until 2026-12-31 --reason printer",
)
@_ids
@_state
@option("--until YYYY-MM-DD", "Last day of the log for which the alarm is quiet.", required=True)
@option("--reason TEXT", "Why, for whoever looks next.", required=True)
def acknowledge(ids: tuple[str, ...], folder: Path, until: date, reason: str) -> int:
    """Keep alarms quiet until a day, unless they become worse."""
    from ..scan.state import open_state

    with open_state(folder, create=False) as state:
        for id in ids:
            state.acknowledge(id, (until - date(1970, 1, 1)).days, reason)
    for id in ids:
        print_status(f"{id}: acknowledged until {until}")
    return DONE


@command("reopen", "alarms reopen 39368f5792 --state dns-state")
@_ids
@_state
def reopen(ids: tuple[str, ...], folder: Path) -> int:
    """End acknowledgements: the alarms are news when a scan raises them again."""
    from ..scan.state import open_state

    with open_state(folder, create=False) as state:
        for id in ids:
            state.reopen(id)
    for id in ids:
        print_status(f"{id}: reopened")
    return DONE


for _command in (list_alarms, show, acknowledge, reopen):
    alarms.add_command(_command)
