"""The command score. It must not wait for pandas and H2O."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..inputs.console import allow_any_text, print_status
from .command import DONE, SOME_REFUSED, Choice, command
from .engines import SPARK, check, session_of, spark_options

if TYPE_CHECKING:
    from ..inputs.chunks import Idle
    from ..inputs.rows import Column, Notes, Row
    from ..scoring.workers import Job


def _jobs(text: str) -> int:
    number = int(text)
    if not 1 <= number <= 256:
        raise click.BadParameter(f"{number} processes: from 1 to 256")
    return number


def _delimiter(text: str) -> str:
    named = {"tab": "\t", "\\t": "\t", "comma": ",", "semicolon": ";"}.get(text, text)
    if len(named) != 1:
        raise click.BadParameter(f"{text!r}: one character, or tab")
    return named


@command("score", "score --input dns.csv --column query --format csv")
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option(
    "--input",
    "file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Where the names stand, one a line; gzip, bzip2, xz and zstd are told by content "
    "(default: standard input).",
)
@click.option(
    "--column",
    metavar="NAME",
    help="The input is CSV or a Zeek log: the column of the names, by its header or by its number.",
)
@click.option(
    "--field",
    metavar="PATH",
    help="The input is JSON lines or an array: the key of the names, as dns.queries[].rrname.",
)
@click.option(
    "--delimiter", type=_delimiter, metavar="C", help="Of the CSV (default: found in it)."
)
@click.option(
    "--header/--no-header",
    default=None,
    help="Whether the CSV has a header (default: unless --column is a number).",
)
@click.option("--encoding", metavar="NAME", help="Of the input (default: found in it, or UTF-8).")
@click.option(
    "--format",
    "form",
    type=Choice(["table", "csv", "jsonl"]),
    help="How to write the results (default: table on a screen, else csv).",
)
@click.option(
    "--raw", is_flag=True, help="Leave CSV cells that a spreadsheet would run as they are."
)
@click.option(
    "--hint",
    is_flag=True,
    help="Say of flagged names whose generator's they look like: the three likeliest families.",
)
@click.option("--model", metavar="MODEL", help="A packaged model's name or an artifact's folder.")
@click.option(
    "--operating-point",
    default="max_f1",
    metavar="RATE",
    help="The threshold: of this false-positive rate (0.01, 0.001, 0.0001) or of maximal F1.",
)
@click.option(
    "--allow",
    multiple=True,
    metavar="FILE",
    help="Names that are legitimate whatever the model says: one a line, rank,name as Tranco's "
    "and Umbrella's, or made by `allow build`.",
)
@click.option(
    "--known",
    type=click.Path(path_type=Path),
    metavar="NPY",
    help="Names of known generators, which are malicious whatever the model says: what `dga "
    "index` made.",
)
@click.option("--chosen", multiple=True, metavar="ZONE", help="Judge the label before this zone.")
@click.option(
    "--assigned", multiple=True, metavar="ZONE", help="Judge the owner of this zone instead."
)
@click.option(
    "--jobs",
    type=_jobs,
    metavar="N",
    help="Processes for an input of more than some thousand rows (default: one a core, "
    "up to eight).",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="With --engine spark: where to write the results, as Parquet.",
)
@spark_options
def score(
    names: tuple[str, ...],
    file: Path | None,
    column: str | None,
    field: str | None,
    delimiter: str | None,
    header: bool | None,
    encoding: str | None,
    form: str | None,
    raw: bool,
    hint: bool,
    model: str | None,
    operating_point: str,
    allow: tuple[str, ...],
    known: Path | None,
    chosen: tuple[str, ...],
    assigned: tuple[str, ...],
    jobs: int | None,
    out: Path | None,
    engine: str,
    master: str | None,
    settings: tuple[tuple[str, str], ...],
) -> int:
    """Score names, hosts or URLs. One row out for each in, in order."""
    from ..inputs import chunks as feed
    from ..inputs import rows, streams
    from ..inputs.ordered_pool import default_jobs
    from ..model.artifact import ArtifactError
    from ..names.errors import AllowListError, DgaIndexError, UnknownOperatingPoint
    from ..scoring import output_formats, workers

    check(engine, _ON_SPARK, _NOT_ON_SPARK, own="out")
    if column is not None and field is not None:
        raise click.UsageError("--column and --field: choose one")
    if names and (file or column or field):
        raise streams.InputError("names on the command line and an input: choose one")
    if engine != SPARK and not names and file is None and (sys.stdin is None or sys.stdin.isatty()):
        raise streams.InputError("no names: give some, or --input FILE, or pipe them in")
    form = form or ("table" if sys.stdout.isatty() else "csv")
    job = workers.Job(
        model,
        operating_point,
        form,
        raw,
        allow,
        assigned,
        chosen,
        known=str(known) if known else None,
        hint=hint,
    )
    try:
        scorer = workers.load_scorer(job)
    except UnknownOperatingPoint as error:
        raise streams.InputError(f"--operating-point: {error}") from error
    except AllowListError as error:
        raise streams.InputError(f"--allow: {error}") from error
    except DgaIndexError as error:
        raise streams.InputError(f"--known: {error}") from error
    except ArtifactError:
        raise
    except ValueError as error:  # of a zone
        raise streams.InputError(f"--chosen, --assigned: {error}") from error
    if scorer.dga_index and (note := scorer.dga_index.out_of_date(datetime.now(UTC).date())):
        print_status(f"score: --known is {note}")
    if engine == SPARK:
        where = None if column is None else rows.Column(column, delimiter, header)
        return _on_spark(file, where, field, job, out, master, settings)
    if isinstance(sys.stdout, TextIOWrapper):
        allow_any_text(sys.stdout)
    notes = rows.Notes()
    source = _Input(
        file, None if column is None else rows.Column(column, delimiter, header), field, notes
    )
    live = not names and streams.is_live(file)
    chunks: Iterable[list[Row]]
    if names:
        chunks = feed.split_rows(names)
    elif live:
        chunks = feed.split_live_rows(lambda idle: source.rows(encoding, idle))
    else:
        chunks = feed.split_rows(source.rows(encoding))
    full = feed.CHUNK_ROWS if live else 0
    with closing(workers.score_chunks(job, chunks, jobs or default_jobs(), full)) as results:
        columns = output_formats.list_columns(bool(scorer.dga_index), hint)
        counts = output_formats.write_results(results, sys.stdout, form, live, columns)
    sys.stdout.flush()
    for line in notes.lines:
        print_status(f"score: {line}")
    if notes.without_field:
        print_status(f"score: {notes.without_field:,} JSON objects have no {field!r}: no rows")
    if operating_point != "max_f1":
        print_status(f"score: malicious from {scorer.threshold:.6f} on")
    if not names or counts["judged"] < counts.total() - counts["flagged"] - counts["allowed"]:
        print_status(f"score: {output_formats.summarize_counts(counts)}")
    return SOME_REFUSED if counts["invalid"] else DONE


_ON_SPARK = {
    "file", "column", "field", "delimiter", "header", "model", "operating_point", "allow", "known",
    "chosen", "assigned", "out", "engine", "master", "settings",
}  # fmt: skip
_NOT_ON_SPARK = {
    "names": "put them into a file, --input FILE",
    "encoding": "Spark reads UTF-8",
    "form": "results are written to --out DIR, as Parquet",
    "raw": "Parquet has texts as they are",
    "hint": "ask for the flagged names alone, without --engine",
    "jobs": "give it Spark's own way, --master local[4]",
}


def _on_spark(
    file: Path | None,
    column: Column | None,
    field: str | None,
    job: Job,
    out: Path | None,
    master: str | None,
    settings: tuple[tuple[str, str], ...],
) -> int:
    """The same by Spark, which writes a folder of Parquet."""
    if file is None or out is None:
        raise click.UsageError(
            "--engine spark: say what to read and where to write, --input, --out"
        )
    from ..scoring import output_formats

    with session_of(master, settings) as spark:
        from ..spark import data_files, name_files, scoring

        data_files.check_output(spark, str(out))
        found = data_files.open_files(spark, [str(file)])
        table, lacking = name_files.score_files(found, job, column, field)
        counts = scoring.count_rows(data_files.write_parquet(table, str(out)))
        without = lacking.get["without"] if lacking else 0
    if without:
        print_status(f"score: {without:,} JSON objects have no {field!r}: no rows")
    print_status(f"score: {output_formats.summarize_counts(counts)}")
    print_status(f"score: written {out}")
    return SOME_REFUSED if counts["invalid"] else DONE


class _Input:
    """A file or standard input, and where in it the names stand."""

    def __init__(
        self, file: Path | None, column: Column | None, field: str | None, notes: Notes
    ) -> None:
        self._file, self._column, self._field, self._notes = file, column, field, notes

    def rows(self, encoding: str | None, idle: Idle | None = None) -> Iterator[Row]:
        """Its rows, read as they are asked for; raises InputError."""
        from ..inputs import rows, streams

        with streams.open_lines(self._file, encoding, idle) as lines:
            if self._column is not None:
                yield from rows.read_csv_column(lines, self._column, self._notes)
            elif self._field is not None:
                yield from rows.read_json_field(lines, self._field, self._notes)
            else:
                yield from rows.read_lines(lines)
