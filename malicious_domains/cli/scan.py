"""The command scan."""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..inputs.console import allow_any_text, print_status
from ..names.errors import MaliciousDomainsError
from .command import DONE, PROGRAM, Choice, command
from .engines import SPARK, check, session_of, spark_options

if TYPE_CHECKING:
    from ..names.dga_index import DgaIndex
    from ..scan.client_names import ClientNames
    from ..scan.scored_hosts import ModelOptions

ALARMS = 1  # the exit status where there are any, as grep's where it finds none


def _mapping(text: str) -> dict[str, str]:
    """client=src_ip,query=qname as a dict; raises click.BadParameter."""
    pairs = [part.partition("=") for part in text.split(",")]
    if not all(name and column for name, _, column in pairs):
        raise click.BadParameter(f"{text!r}: expected client=COLUMN,query=COLUMN")
    return {name: column for name, _, column in pairs}


@command("scan", "scan /var/log/zeek/dns.log", extra="scan")
@click.argument("logs", nargs=-1, required=True, metavar="LOG...")
@click.option(
    "--input-format", "log_form", metavar="NAME", help="Of the logs (default: found in them)."
)
@click.option(
    "--map",
    "mapping",
    type=_mapping,
    default=None,
    metavar="COLUMNS",
    help="Of CSV, JSON or Parquet: client=src,query=name,time=ts,rcode=rc (time and rcode may be "
    "left out).",
)
@click.option(
    "--format",
    "form",
    type=Choice(["table", "csv", "jsonl", "ecs"]),
    default="table",
    help="How to write the alarms; ecs: JSON lines by the Elastic Common Schema.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Write a report there, too: index.html and alarms.jsonl.",
)
@click.option(
    "--popular",
    multiple=True,
    metavar="FILE",
    help="Names that are known to be harmless: a list as `score --allow` takes it.",
)
@click.option(
    "--known",
    type=click.Path(path_type=Path),
    metavar="NPY",
    help="Names of known generators, which raise an alarm of their own: what `dga index` made.",
)
@click.option(
    "--not-clients",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Resolvers, gateways and mail servers, one a line: they are not judged.",
)
@click.option(
    "--same-client",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Hosts of several addresses: an address and the client's name on each line.",
)
@click.option(
    "--baseline",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Where to keep the names of each day; those of earlier days are not new.",
)
@click.option(
    "--alarms-per-day",
    "most",
    type=click.IntRange(min=1),
    metavar="N",
    help="So many clients a day, the highest, whether or not they are over the cut.",
)
@click.option("--model", metavar="MODEL", help="A packaged model's name or an artifact's folder.")
@click.option("--chosen", multiple=True, metavar="ZONE", help="Judge the label before this zone.")
@click.option(
    "--assigned", multiple=True, metavar="ZONE", help="Judge the owner of this zone instead."
)
@click.option(
    "--memory",
    default="700MB",
    metavar="SIZE",
    help="For grouping; what does not fit goes to the disk.",
)
@click.option(
    "--jobs",
    type=click.IntRange(1, 256),
    metavar="N",
    help="Processes that score (default: one a core, up to eight).",
)
@spark_options
def scan(
    logs: tuple[str, ...],
    log_form: str | None,
    mapping: dict[str, str] | None,
    form: str,
    out: Path | None,
    popular: tuple[str, ...],
    known: Path | None,
    not_clients: Path | None,
    same_client: Path | None,
    baseline: Path | None,
    most: int | None,
    model: str | None,
    chosen: tuple[str, ...],
    assigned: tuple[str, ...],
    memory: str,
    jobs: int | None,
    engine: str,
    master: str | None,
    settings: tuple[tuple[str, str], ...],
) -> int:
    """Find infected clients in DNS logs: who, why, and which names.

    LOG is a file, a folder, a pattern, or - for standard input. Exit status: 0 no alarm, 1
    alarms, 2 it could not run.
    """
    from ..names.allow import AllowListError

    check(engine, _ON_SPARK, _NOT_ON_SPARK)
    from ..scan.client_names import ClientNames
    from ..scan.scored_hosts import ModelOptions

    options = ModelOptions(model, popular, assigned, chosen)
    names = ClientNames.load(same_client, not_clients)
    if engine == SPARK:
        return _on_spark(logs, log_form, mapping or {}, out, options, names, most, master, settings)
    from ..inputs.ordered_pool import default_jobs
    from ..scan import alarm_formats, scan_run, terminal
    from ..scan.reading.read_logs import Source

    request = scan_run.Request(
        source=Source.of(logs, log_form, mapping),
        model=options,
        jobs=jobs or default_jobs(),
        memory=memory,
        names=names,
        baseline=baseline,
        alarms_per_day=most,
        index=_loaded(known) if known else None,
    )
    try:
        with _replacing(out) as folder:
            findings = scan_run.scan_logs(request)
            if folder:
                from ..scan import scan_report

                scan_report.write_report(findings, folder, [PROGRAM, *sys.argv[1:]])
    except AllowListError as error:
        raise MaliciousDomainsError(f"--popular: {error}") from error
    except SystemExit:  # of a signal
        print_status("scan: stopped; nothing was judged and nothing was written")
        raise
    allow_any_text(sys.stdout)
    for line in alarm_formats.FORMATTERS[form](findings):
        sys.stdout.write(line)
    sys.stdout.flush()
    for line in terminal.summarize(findings):
        print_status(f"scan: {line}")
    if out:
        print_status(f"scan: written {out / 'index.html'}")
    return ALARMS if findings.alarmed else DONE


def _loaded(path: Path) -> DgaIndex:
    from ..names.dga_index import DgaIndex, DgaIndexError

    try:
        return DgaIndex.load(path)
    except DgaIndexError as error:
        raise MaliciousDomainsError(f"--known: {error}") from error


_ON_SPARK = {
    "logs", "log_form", "mapping", "out", "popular", "not_clients", "same_client", "most", "model",
    "chosen", "assigned", "engine", "master", "settings",
}  # fmt: skip
_NOT_ON_SPARK = {
    "form": "alarms are written to --out DIR, as Parquet",
    "baseline": "it is a DuckDB table; give one log of several days, or scan without --engine",
    "known": "match the names that clients asked for by score --known, or scan without --engine",
    "memory": "give it Spark's own way, --conf spark.executor.memory=4g",
    "jobs": "give it Spark's own way, --master local[4]",
}


def _on_spark(
    logs: tuple[str, ...],
    log_form: str | None,
    mapping: dict[str, str],
    out: Path | None,
    options: ModelOptions,
    names: ClientNames,
    most: int | None,
    master: str | None,
    settings: tuple[tuple[str, str], ...],
) -> int:
    """The same by Spark, which writes a folder of Parquet."""
    if out is None:
        raise click.UsageError("--engine spark: say where to write the alarms, --out DIR")
    with session_of(master, settings) as spark:
        from ..scan import terminal
        from ..spark import data_files, scanning
        from ..spark.log_events import read_events

        data_files.check_output(spark, str(out))
        events = read_events(data_files.open_files(spark, logs, log_form), mapping)
        made = scanning.scan_events(
            spark, events, scanning.ScanRequest(model=options, names=names, alarms_per_day=most)
        )
        alarmed = (
            data_files.write_parquet(made.alarms, str(out)).where("client IS NOT NULL").count()
        )
        for line in terminal.summarize(made.findings):
            print_status(f"scan: {line}")
    print_status(f"scan: written {out}")
    return ALARMS if alarmed else DONE


def _replacing(out: Path | None) -> AbstractContextManager[Path | None]:
    """A new folder for the report, if one is wanted."""
    from ..inputs.atomic import replace_folder
    from ..scan import REPORT_FILES

    return replace_folder(out, REPORT_FILES) if out else nullcontext()
