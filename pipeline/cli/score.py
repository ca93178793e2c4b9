"""The command score. It must not wait for pandas and H2O."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import click

from .command import DONE, SOME_REFUSED, Choice, command

if TYPE_CHECKING:
    from ..scoring.formats import Row


def _jobs(text: str) -> int:
    number = int(text)
    if not 1 <= number <= 256:
        raise click.BadParameter(f"{number} processes: from 1 to 256")
    return number


def _operating_point(text: str) -> str | float:
    try:
        return float(text)
    except ValueError:
        return text


@command("score", "score --input dns.csv --column query --format csv")
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option(
    "--input",
    "file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Where the names stand, one a line (default: standard input).",
)
@click.option("--column", metavar="NAME", help="The input is CSV with a header, names stand here.")
@click.option("--field", metavar="NAME", help="The input is JSON lines, names stand here.")
@click.option(
    "--format",
    "form",
    type=Choice(["table", "csv", "jsonl"]),
    help="How to write the results (default: table on a screen, else csv).",
)
@click.option("--model", metavar="MODEL", help="A packaged model's name or an artifact's folder.")
@click.option(
    "--operating-point",
    type=_operating_point,
    default="max_f1",
    metavar="RATE",
    help="The threshold: of this false-positive rate (0.01, 0.001, 0.0001) or of maximal F1.",
)
@click.option(
    "--jobs",
    type=_jobs,
    metavar="N",
    help="Processes for an input of more than some thousand rows (default: one a core, "
    "up to eight).",
)
def score(
    names: tuple[str, ...],
    file: Path | None,
    column: str | None,
    field: str | None,
    form: str | None,
    model: str | None,
    operating_point: str | float,
    jobs: int | None,
) -> int:
    """Score names, hosts or URLs. One row out for each in, in order."""
    from lambda_app.chalicelib.model.scorer import UnknownOperatingPoint

    from ..scoring import formats, workers

    if column is not None and field is not None:
        raise click.UsageError("--column and --field: choose one")
    if names and (file or column or field):
        raise formats.InputError("names on the command line and an input: choose one")
    form = form or ("table" if sys.stdout.isatty() else "csv")
    job = workers.Job(model, operating_point, form)
    try:
        scorer = job.scorer()
    except UnknownOperatingPoint as error:
        raise formats.InputError(f"--operating-point: {error}") from error
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")
    with _rows(names, file, column, field) as rows:
        chunks = formats.chunks(rows)
        with closing(workers.score(job, scorer, chunks, jobs or workers.cores())) as results:
            refused = formats.write(results, sys.stdout, form)
    sys.stdout.flush()
    if operating_point != "max_f1":
        print(f"score: malicious from {scorer.threshold:.6f} on", file=sys.stderr)
    if refused:
        print(f"score: {refused:,} rows were refused", file=sys.stderr)
    return SOME_REFUSED if refused else DONE


@contextmanager
def _rows(
    names: tuple[str, ...], file: Path | None, column: str | None, field: str | None
) -> Iterator[Iterable[Row]]:
    """What to score: of the command line, or read from a file as it goes."""
    from ..scoring import formats

    if names:
        yield names
        return
    with _opened(file) as stream:
        if column is not None:
            yield formats.read_column(stream, column)
        elif field is not None:
            yield formats.read_field(stream, field)
        else:
            yield formats.read_lines(stream)


def _opened(file: Path | None) -> TextIO:
    """A file, or standard input; raises InputError.

    Bytes that are not UTF-8 become surrogates: refused as a name, not lost.
    """
    from ..scoring.formats import InputError

    if file is None and (sys.stdin is None or sys.stdin.isatty()):
        raise InputError("no names: give some, or --input FILE, or pipe them in")
    try:
        return open(  # noqa: PTH123 - standard input has a number, no path
            file or sys.stdin.fileno(), encoding="utf-8-sig", errors="surrogateescape", newline=""
        )
    except OSError as error:
        raise InputError(f"{file}: {error.strerror}") from error
