"""The command calibrate.

>>> import contextlib, tempfile
>>> from click.testing import CliRunner
>>> from malicious_domains.cli.scan import scan
>>> from malicious_domains.dga.demo_log import INFECTED, write_demo_log
>>> runner, clean = CliRunner(), ["dns.log", "--not-clients", "infected.txt"]
>>> with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
...     _ = Path("dns.log").write_text(write_demo_log()), Path("infected.txt").write_text(INFECTED)
...     fitted = runner.invoke(calibrate, [*clean, "--out", "site.json"])
...     for form in ("csv", "ecs", "ocsf"):
...         alarms = runner.invoke(scan, ["dns.log", "--site", "site.json", "--format", form])
>>> fitted.stdout.splitlines()[0], len(alarms.stdout.splitlines())
('24 client-days of 1 days, at most 24 clients a day, with response codes', 4)
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import click

from ..inputs.console import allow_any_text, print_status
from ..names.errors import AllowListError, MaliciousDomainsError
from .command import DONE, command, option_field
from .options import LOCAL, name_option_in_errors
from .scan import LogOptions


def _parse_rate(text: str) -> float:
    """Return 0.001 or 1/1000 as a share; raise click.BadParameter."""
    part, _, whole = text.partition("/")
    try:
        rate = float(part) / float(whole or 1)
    except (ValueError, ZeroDivisionError):
        rate = 0.0
    if not 0.0 < rate < 1.0:
        raise click.BadParameter(f"{text!r}: expected a share of client-days, as 1/1000 or 0.001")
    return rate


@dataclass(frozen=True, kw_only=True)
class CalibrateOptions(LogOptions):
    """The options of `calibrate`."""

    out: Path = option_field("-o --out FILE", "File to write, for `scan --site`.", required=True)
    rate: float | None = option_field(
        "--rate SHARE",
        "False alarms of high confidence in a client-day, as 1/1000 (default: that, or the "
        "smallest rate that the days can show; thresholds are not lowered).",
        type=_parse_rate,
    )
    further: int | None = option_field(
        "--next N", "Client-days to predict the alarms of (default: as many as the logs have)."
    )


@command(
    "calibrate", "calibrate /var/log/zeek --out site.json", extra="scan", options=CalibrateOptions
)
@name_option_in_errors()
def calibrate(options: CalibrateOptions) -> int:
    """Fit the thresholds of `scan` to a network, by days that are believed clean.

    LOG is as for `scan`. Names of --allow become part of the file.
    """
    if options.engine != LOCAL:
        raise click.UsageError("--engine: calibrate reads logs on one machine; scan has --site")
    from ..inputs.atomic import write_atomically
    from ..scan import scan_run
    from ..scan.calibrate import calibrate, format_calibration
    from ..scan.reading.read_logs import Source

    if not options.out.parent.is_dir():
        raise MaliciousDomainsError(f"--out {options.out}: there is no folder {options.out.parent}")
    names = _read_names(options.allow)
    request = scan_run.Request(
        source=Source.of(options.logs, options.log_form, options.mapping, options.zone),
        model=options.model_options._replace(allow=(), allowed_names=names),
        jobs=options.jobs,
        memory=options.memory,
        names=options.load_names(),
    )
    calibration = calibrate(request, options.rate, options.further)
    write_atomically(options.out, calibration.to_json().encode())
    allow_any_text(sys.stdout)
    for line in format_calibration(calibration):
        print(line)
    print_status(f"calibrate: written {options.out}; use it by scan --site {options.out}")
    return DONE


def _read_names(paths: tuple[str, ...]) -> tuple[str, ...]:
    """Return the entries of allow lists, each once; raise AllowListError."""
    from ..names.allow import read_entries

    names: dict[str, None] = {}
    for path in map(Path, paths):
        try:
            names |= dict.fromkeys(read_entries(path))
        except (OSError, EOFError, UnicodeDecodeError) as error:
            raise AllowListError(f"{path}: no list of names as text: {error}") from error
    return tuple(names)
