"""The command score, which does not wait for pandas and H2O.

>>> import contextlib, tempfile
>>> from click.testing import CliRunner
>>> with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
...     _ = Path("dns.csv").write_text("client,query\\n192.0.2.7,xmqjtoevkbhrw.ru\\n")
...     answer = CliRunner().invoke(score, ["-i", "dns.csv", "-c", "query", "--keep"])
>>> print(answer.stdout)  # doctest: +ELLIPSIS
domain,name,label,probability,status,reason,reason_code,client
xmqjtoevkbhrw.ru,xmqjtoevkbhrw,1,0.9998...,judged,,,192.0.2.7
<BLANKLINE>
"""

from __future__ import annotations

import sys
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..inputs.console import allow_any_text, print_status
from ..names.errors import UnknownOperatingPoint
from .command import DONE, NOTHING_READ, SOME_INVALID, argument_field, command, option_field
from .options import SPARK, ScorerOptions, log_age, name_option_in_errors, was_given

if TYPE_CHECKING:
    from ..inputs.csv_column import Column
    from ..inputs.rows import KeptRow, Notes, Row, Rows
    from ..scoring.model_options import ModelOptions
    from ..scoring.output_formats import Output


def _parse_delimiter(text: str) -> str:
    named = {"tab": "\t", "\\t": "\t", "comma": ",", "semicolon": ";"}.get(text, text)
    if len(named) != 1:
        raise click.BadParameter(f"{text!r}: one character, or tab")
    return named


MAX_PATH = 4096  # characters
USUAL_POINT = "0.001"  # the false-positive rate that a user of a log needs


@dataclass(frozen=True, kw_only=True)
class ScoreOptions(ScorerOptions):
    """The options of `score`."""

    names: tuple[str, ...] = argument_field("[NAME]...")
    file: Path | None = option_field(
        "-i --input FILE",
        "File of names, one a line, or Parquet; may be compressed by gzip, bzip2, xz or zstd, or "
        "alone in a ZIP (default, and -: standard input).",
    )
    column_name: str | None = option_field(
        "-c --column NAME",
        "Column of the names in a CSV, a Zeek log or Parquet, by its header or its number.",
    )
    field: str | None = option_field(
        "--field PATH",
        "Key of the names in JSON lines or a JSON array, such as dns.queries[].rrname.",
    )
    delimiter: str | None = option_field(
        "--delimiter C", "Delimiter of the CSV (default: detected).", type=_parse_delimiter
    )
    header: bool | None = option_field(
        "--header/--no-header",
        "Whether the CSV has a header (default: detected if --column is a number).",
        default=None,
    )
    encoding: str | None = option_field(
        "--encoding NAME", "Encoding of the input (default: detected, else UTF-8)."
    )
    form: str | None = option_field(
        "-f --format",
        "Output format (default: table on a terminal, else csv).",
        type=["table", "csv", "jsonl"],
    )
    keep: bool = option_field(
        "--keep", "Also write the other columns of the CSV, or keys of the JSON lines, at the end."
    )
    raw: bool = option_field("--raw", "Do not escape CSV cells that a spreadsheet would run.")
    hint: bool = option_field(
        "--hint", "Also show the three most likely malware families of each flagged name."
    )
    operating_point: str = option_field(
        "--operating-point RATE",
        "Threshold: a false-positive rate (0.01, 0.001, 0.0001), max_f1 (of maximal F1), or even "
        "(0.5). 0.001 is for names of a log, most of which are legitimate.",
        default=USUAL_POINT,
    )
    known: Path | None = option_field(
        "--known NPZ",
        "Index of generated names (from `dga index`); matches are malicious regardless of the "
        "model.",
    )
    out: Path | None = option_field("-o --out DIR", "Folder for Parquet, with --engine spark.")

    @property
    def column(self) -> Column | None:
        """The column of a CSV that has the names, if it was named."""
        from ..inputs.csv_column import Column

        if self.column_name is None:
            return None
        return Column(self.column_name, self.delimiter, self.header)

    def list_kept(self, notes: Notes) -> tuple[str, ...]:
        """Return the columns that --keep adds to a CSV: of JSON lines one, with the object."""
        if not self.keep:
            return ()
        from ..scoring.output_formats import KEPT_OBJECT

        return notes.kept if notes.kept or self.field is None else (KEPT_OBJECT,)

    @property
    def model_options(self) -> ModelOptions:
        """The model, its operating point, and the lists that go before it."""
        known = str(self.known) if self.known else None
        options = super().model_options
        return options._replace(operating_point=self.operating_point, dga_index=known)

    def read_rows(self, notes: Notes) -> Rows:
        """Yield the rows of the input, read as they are asked for; raise InputError."""
        from ..inputs import csv_column, parquet_column, rows, streams
        from ..inputs.streams import InputError

        if self.file and parquet_column.is_parquet(self.file):
            name = self.column_name or self.field
            yield from parquet_column.read_parquet_column(self.file, name, notes, self.keep)
            return
        with streams.open_lines(self.file, self.encoding) as lines:
            if self.column is not None:
                yield from csv_column.read_csv_column(lines, self.column, notes, self.keep)
            elif self.field is not None:
                yield from rows.read_json_field(lines, self.field, notes, self.keep)
            elif self.keep:
                raise InputError("--keep is for a CSV or JSON lines: name --column or --field")
            else:
                yield from rows.read_lines(lines)


@command("score", "score --input dns.csv --column query --format csv", options=ScoreOptions)
def score(options: ScoreOptions) -> int:
    """Score names, hosts or URLs: did an algorithm generate them?

    One row out for each in, in order. Names that a person chose are not generated, whatever they
    are used for.
    """
    from ..inputs.streams import InputError
    from ..scoring.model_options import load_scorer

    options.check_engine(_LOCAL, own="out")
    if options.column_name is not None and options.field is not None:
        raise click.UsageError("--column and --field: choose one")
    if options.file == Path("-"):
        options = replace(options, file=None)
    if options.names and (options.file or options.column_name or options.field):
        raise InputError("names on the command line and an input: choose one")
    if options.keep and options.form == "table":
        raise click.UsageError("--keep needs --format csv or jsonl")
    for name in options.names:
        if not name.isdigit() and len(name) < MAX_PATH and Path(name).is_file():
            print_status(f"score: {name} is a file here: to score the names in it, --input {name}")
    if options.engine != SPARK and not (options.names or options.file):
        check_standard_input()
    load_scorer.cache_clear()  # the files may have changed since an earlier call
    with name_option_in_errors():
        try:
            scorer = load_scorer(options.model_options)
        except UnknownOperatingPoint:
            if was_given("operating_point"):
                raise
            print_status(f"score: the model has no operating point {USUAL_POINT}; max_f1 is taken")
            options = replace(options, operating_point="max_f1")
            scorer = load_scorer(options.model_options)
    if scorer.dga_index:
        log_age(scorer.dga_index, "score: --known")
    return _score_on_spark(options) if options.engine == SPARK else _score_here(options)


def check_standard_input() -> None:
    """Raise InputError if nothing is piped in."""
    from ..inputs.streams import InputError

    if sys.stdin is None or sys.stdin.isatty():
        raise InputError("no names: give some, or --input FILE, or pipe them in")


def _score_here(options: ScoreOptions) -> int:
    from ..inputs import chunks as parts
    from ..inputs import rows, streams
    from ..inputs.ordered_pool import default_jobs, map_ordered
    from ..scoring import output_formats
    from ..scoring.model_options import load_scorer

    allow_any_text(sys.stdout)
    notes, scorer = rows.Notes(), load_scorer(options.model_options)
    form = options.form or ("table" if sys.stdout.isatty() and not options.keep else "csv")
    live = not options.names and streams.is_live(options.file)
    split = parts.split_live_rows if live else parts.split_rows
    chunks = split(options.names or options.read_rows(notes))
    results = map_ordered(
        partial(_score_chunk, options, form),
        chunks,
        options.jobs or default_jobs(),
        is_urgent=lambda chunk: live and len(chunk) < parts.CHUNK_ROWS,  # somebody is waiting
    )
    with closing(results):
        list_columns = output_formats.list_columns
        counts = output_formats.write_results(
            results,
            sys.stdout,
            form,
            lambda: list_columns(bool(scorer.dga_index), options.hint, options.list_kept(notes)),
        )
    sys.stdout.flush()
    for line in notes.lines:
        print_status(f"score: {line}")
    _log_missing(notes.without_field, options)
    if options.operating_point != USUAL_POINT:
        print_status(f"score: generated from {scorer.threshold:.6f} on")
    is_remarkable = counts["judged"] < counts.total() - counts["flagged"] - counts["allowed"]
    if not options.names or is_remarkable:
        print_status(f"score: {output_formats.summarize_counts(counts)}")
    if notes.is_empty or not (counts.total() or options.names or options.column):
        name = options.file or "standard input"
        reason = f"{name} is empty; see whether what writes it runs"
        if notes.without_field:
            reason = f"no object in {name} has the key {options.field!r}; name another by --field"
        print_status(f"score: nothing was scored: {reason}")
        return NOTHING_READ
    return SOME_INVALID if counts["invalid"] else DONE


def _score_chunk(options: ScoreOptions, form: str, chunk: list[Row | KeptRow]) -> Output:
    from ..scoring.model_options import load_scorer
    from ..scoring.output_formats import format_chunk

    scorer = load_scorer(options.model_options)
    return format_chunk(form, scorer, chunk, options.raw, options.hint)


def _log_missing(count: int, options: ScoreOptions) -> None:
    if count:
        print_status(f"score: {count:,} JSON objects have no {options.field!r}: no rows")


_LOCAL = ("names", "encoding", "form", "raw", "hint", "keep", "jobs")


def _score_on_spark(options: ScoreOptions) -> int:
    """Score by Spark, which writes a folder of Parquet."""
    if options.file is None or options.out is None:
        message = "--engine spark: say what to read and where to write, --input, --out"
        raise click.UsageError(message)
    from ..scoring import output_formats

    out = str(options.out)
    with options.open_session() as spark:
        from ..spark import data_files, scoring

        data_files.check_output(spark, out)
        files = data_files.open_files(spark, [str(options.file)])
        place = options.column, options.field
        table, lacking = scoring.score_files(files, options.model_options, *place)
        counts = scoring.count_rows(data_files.write_parquet(table, out))
        _log_missing(lacking.get["without"], options)
    print_status(f"score: {output_formats.summarize_counts(counts)}")
    print_status(f"score: written {out}")
    if not counts.total():
        print_status("score: nothing was scored: see what the files hold")
        return NOTHING_READ
    return SOME_INVALID if counts["invalid"] else DONE
