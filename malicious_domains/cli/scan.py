"""The command scan.

>>> import contextlib, tempfile
>>> from click.testing import CliRunner
>>> from malicious_domains.cli.dga import dga
>>> runner, index = CliRunner(), ["index", "--family", "zloader", "--from", "2026-11-24"]
>>> with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
...     _ = runner.invoke(dga, [*index, "--jobs", "1", "--out", "known.npz"])
...     _ = Path("leases").write_text("1795478400 00:1b:2c:3d:4e:5f 10.20.0.17 reception *\\n")
...     more = ["--known", "known.npz", "--hosts", "leases", "--out", "report"]
...     answer = runner.invoke(scan, ["--demo", *more])
>>> print(answer.stdout)  # doctest: +ELLIPSIS
client      day          score  conf.  false  why
10.20.0.17  2026-11-24 ...  high ...
"""

from __future__ import annotations

import gc
import sys
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..inputs.console import allow_any_text, print_status
from ..inputs.signals import restore_exit
from ..scan import LOG_FORMATS
from .command import DONE, NOTHING_READ, PROGRAM, argument_field, command, option_field, parse_date
from .options import FOLDER, SPARK, ScorerOptions, name_option_in_errors

if TYPE_CHECKING:
    from ..clients.site import Site
    from ..scan.client_names import ClientNames
    from ..scan.findings import Findings

LAST = "last"  # of --since
ALARMS = 1  # the exit status where there are any, as grep's where it finds none


def _parse_mapping(text: str) -> dict[str, str]:
    """Return client=src_ip,query=qname as a dict; raise click.BadParameter."""
    pairs = [part.partition("=") for part in text.split(",")]
    if not all(name and column for name, _, column in pairs):
        raise click.BadParameter(f"{text!r}: expected client=COLUMN,query=COLUMN")
    return {name: column for name, _, column in pairs}


@dataclass(frozen=True, kw_only=True)
class LogOptions(ScorerOptions):
    """The options that `scan` and `calibrate` share: the logs, and their clients."""

    logs: tuple[str, ...] = argument_field("LOG...", required=True)
    log_form: str | None = option_field(
        "--input-format NAME", f"Format of the logs (default: detected): {', '.join(LOG_FORMATS)}."
    )
    mapping: dict[str, str] | None = option_field(
        "--map COLUMNS",
        "Columns of CSV, JSON or Parquet: client=src,query=name,time=ts,rcode=rc (time and rcode "
        "are optional). Numbers for a CSV without a header; a value in double quotes holds for all "
        "lines.",
        type=_parse_mapping,
    )
    zone: str | None = option_field(
        "--timezone ZONE",
        "Zone of days and of times without one, such as Europe/Berlin (default: this machine's for "
        "text logs, else UTC).",
    )
    not_clients: Path | None = option_field(
        "--not-clients FILE",
        "List of resolvers, gateways and mail servers to leave out, one a line: addresses, "
        "networks (192.0.2.0/24), MAC addresses or names.",
    )
    hosts: tuple[Path, ...] = option_field(
        "--hosts FILE",
        "DHCP leases, for host names and MAC addresses: Zeek's dhcp.log, the log of dnsmasq or ISC "
        "dhcpd, or dnsmasq.leases; may be repeated.",
    )
    same_client: Path | None = option_field(
        "--same-client FILE",
        "List of hosts with several addresses: an address and the client's name on each line.",
    )
    memory: str = option_field(
        "--memory SIZE", "Memory for grouping; what does not fit goes to disk.", default="700MB"
    )

    def load_names(self) -> ClientNames:
        """Return the clients' names, read from the files that were named."""
        from ..scan.client_names import ClientNames

        return ClientNames.load(self.same_client, self.not_clients, self.hosts)


@dataclass(frozen=True, kw_only=True)
class ScanOptions(LogOptions):
    """The options of `scan`."""

    logs: tuple[str, ...] = argument_field("[LOG]...")
    demo: bool = option_field("--demo", "Scan a made-up log of an office with one infected client.")
    form: str = option_field(
        "-f --format",
        "Output format of the alarms; ecs: alerts of the Elastic Common Schema; ocsf: Detection "
        "Findings of OCSF.",
        type=["table", "csv", "jsonl", "ecs", "ocsf"],
        default="table",
    )
    out: Path | None = option_field(
        "-o --out DIR", "Also write a report to this folder: index.html and alarms.jsonl."
    )
    state: Path | None = option_field(
        "--state DIR",
        "Folder that keeps names and alarms from scan to scan: only alarms that are new or became "
        "worse are shown and change the exit status.",
        type=FOLDER,
    )
    tells_all: bool = option_field("--all", "With --state: show the other alarms, too.")
    since: date | str | None = option_field(
        "--since DATE",
        "First day to read, as YYYY-MM-DD; last: the first day that no scan with --state has read "
        "as a whole.",
        type=lambda text: text if text == LAST else parse_date(text),
    )
    baseline: Path | None = option_field(
        "--baseline DIR",
        "As --state, but all alarms are shown and change the exit status.",
        type=FOLDER,
    )
    site_file: Path | None = option_field(
        "--site FILE", "Thresholds and allowed names of this network, from `calibrate`."
    )
    alarms_per_day: int | None = option_field(
        "--alarms-per-day N",
        "Show the N highest-scoring clients of each day, even below the alarm threshold.",
    )
    lenient: bool = option_field(
        "--lenient", "Exit with 0 even if more than 1% of the lines, and more than 10, are broken."
    )
    known: Path | None = option_field(
        "--known NPZ",
        "Index of generated names (from `dga index`); clients that ask for them get an alarm.",
    )

    def load_site(self) -> Site | None:
        """Return the network's own thresholds and names, and say so; None without --site."""
        from ..clients.site import Site

        if self.site_file is None:
            return None
        site = Site.load(self.site_file)
        print_status(f"scan: {self.site_file}: {site}")
        return site


@command("scan", "scan /var/log/zeek/dns.log", extra="scan", options=ScanOptions)
def scan(options: ScanOptions) -> int:
    """Find clients that ask for algorithmically generated names (DGA) in DNS logs.

    It shows who, why, and which names; not phishing, typosquats or hacked sites.

    LOG is a file, a folder, a pattern, or - for standard input. Exit status: 0 no alarm, 1
    alarms, 2 it could not run, 3 no alarm, but nothing or not all of the logs could be read.
    """
    options.check_engine(_LOCAL)
    _check_state(options)
    if options.demo:
        return _scan_demo(options)
    from ..scan.reading.prepare_input import NoDnsLogError

    try:
        with name_option_in_errors():
            return _scan_on_spark(options) if options.engine == SPARK else _scan_here(options)
    except NoDnsLogError as error:
        print_status(f"scan: {error}")
        return NOTHING_READ


def _scan_demo(options: ScanOptions) -> int:
    """Scan the made-up log, and say how to scan others."""
    from ..dga.demo_log import write_demo_log
    from ..inputs.signals import temporary_folder

    with temporary_folder("demo-") as folder:
        log = folder / "dns.log"
        log.write_text(write_demo_log())
        status = _scan_here(replace(options, logs=(str(log),)))
    print_status(f"scan: this log was made up; for your own: {PROGRAM} scan LOG --out report")
    return status


def _check_state(options: ScanOptions) -> None:
    """Raise UsageError for options that contradict each other."""
    if options.demo == bool(options.logs):
        raise click.UsageError("LOG is missing: name a log, or give --demo alone")
    if options.state and options.baseline:
        raise click.UsageError("--baseline: --state keeps the names, too; give that alone")
    if options.state and options.alarms_per_day:
        message = "--alarms-per-day: clients without an alarm have no state; scan without --state"
        raise click.UsageError(message)
    if options.since == LAST and not (options.state or options.baseline):
        raise click.UsageError("--since last: --state DIR knows what was read; give that, too")
    if options.tells_all and not options.state:
        raise click.UsageError("--all is for --state DIR; without it all alarms are shown")


def _scan_here(options: ScanOptions) -> int:
    from ..clients.site import adapt_thresholds
    from ..inputs.atomic import replace_folder
    from ..names.dga_index import DgaIndex
    from ..scan import REPORT_FILES, scan_run
    from ..scan.reading.read_logs import Source

    site = options.load_site()
    request = scan_run.Request(
        source=Source.of(options.logs, options.log_form, options.mapping, options.zone),
        model=options.model_options._replace(allowed_names=site.allow if site else ()),
        thresholds=adapt_thresholds(site),
        jobs=options.jobs,
        memory=options.memory,
        names=options.load_names(),
        state=options.state or options.baseline,
        tells_all=options.tells_all or options.state is None,
        since=options.since,
        alarms_per_day=options.alarms_per_day,
        index=DgaIndex.load(options.known) if options.known else None,
        finds_places=options.out is not None,
    )
    out = options.out
    report: AbstractContextManager[Path | None]
    report = replace_folder(out, REPORT_FILES) if out else nullcontext()
    gc.disable()  # there are millions of rows and no cycles; a collection would visit them all
    try:
        with restore_exit(), report as folder, scan_run.open_scan(request) as findings:
            _tell(findings, options.form, folder)
    except SystemExit:  # of a signal
        print_status("scan: stopped; nothing was judged and nothing was written")
        raise
    finally:
        gc.enable()
    if out:
        print_status(f"scan: written {out / 'index.html'}")
    return _find_status(findings, options)


def _find_status(findings: Findings, options: ScanOptions) -> int:
    """Return the exit status, and say what is missing of the logs: alarms come first."""
    from ..scan import completeness, terminal

    named = {str(Path(x)) for x in options.logs}
    if problems := completeness.explain_problems(findings, named, options.lenient):
        print_status(f"scan: {terminal.visible(problems)}")
    if any(x.alarms and (x.is_news or not options.state) for x in findings.raised):
        return ALARMS
    return NOTHING_READ if problems else DONE


def _tell(findings: Findings, form: str, folder: Path | None) -> None:
    """Write the report into a folder, if there is one, the alarms and the accounting."""
    from ..scan import alarm_formats, terminal

    if folder:
        from ..scan import scan_report

        scan_report.write_report(findings, folder, [PROGRAM, *sys.argv[1:]])
    allow_any_text(sys.stdout)
    for line in alarm_formats.FORMATTERS[form](findings):
        sys.stdout.write(line)
    sys.stdout.flush()
    for line in terminal.summarize(findings):
        print_status(f"scan: {line}")


_LOCAL = (
    "demo", "form", "baseline", "state", "zone", "tells_all", "since", "known", "memory", "jobs",
)  # fmt: skip


def _scan_on_spark(options: ScanOptions) -> int:
    """Scan by Spark, which writes a folder of Parquet."""
    if options.out is None:
        raise click.UsageError("--engine spark: say where to write the alarms, --out DIR")
    names, out = options.load_names(), str(options.out)
    with options.open_session() as spark:
        from ..clients.site import adapt_thresholds
        from ..scan import completeness, terminal
        from ..spark import data_files, scanning
        from ..spark.log_events import read_events

        data_files.check_output(spark, out)
        logs = data_files.open_files(spark, options.logs, options.log_form)
        site = options.load_site()
        request = scanning.ScanRequest(
            model=options.model_options._replace(allowed_names=site.allow if site else ()),
            thresholds=adapt_thresholds(site),
            names=names,
            alarms_per_day=options.alarms_per_day,
        )
        events, layout = read_events(logs, options.mapping or {})
        with scanning.scan_events(events, request) as (alarms, findings):
            is_alarm = "(client IS NOT NULL OR confidence = 'high') AND size(alarms) > 0"
            alarmed = data_files.write_parquet(alarms, out).where(is_alarm).count()
        source = completeness.describe_source(layout.form, dict(layout.sources))
        findings.files.sources[str(logs.head.file.path)] = source
    for line in terminal.summarize(findings):
        print_status(f"scan: {line}")
    print_status(f"scan: written {out}")
    status = _find_status(findings, options)
    return ALARMS if alarmed else status
