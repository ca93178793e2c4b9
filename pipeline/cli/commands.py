"""What each command of the command line does; each imports what it needs.

`score` must not wait for pandas and H2O.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from io import TextIOWrapper
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from ..training.run import Request

DONE, SOME_REFUSED, FAILED = 0, 1, 2


def data(options: argparse.Namespace) -> int:
    """List the sources, or download what is missing."""
    from ..corpus import sources

    status = DONE
    for source in sources.SOURCES if options.action == "fetch" else ():
        try:
            sources.fetch(source)
        except sources.SourceError as error:
            print(f"data: {error}", file=sys.stderr)
            status = FAILED
    print(f"{'source':<12} {'state':<11} {'rows':>8}  licence")
    for source in sources.SOURCES:
        print(f"{source.name:<12} {source.state:<11} {source.rows:>8}  {source.licence}")
    return status


def corpus(options: argparse.Namespace) -> int:
    """Mix sources into a CSV."""
    from ..corpus import mixture

    chosen = options.source or mixture.DEFAULT
    summary = mixture.assemble(options.out, chosen, options.names, options.seed)
    print(f"{options.out}: {summary}", file=sys.stderr)
    return DONE


def train(options: argparse.Namespace) -> int:
    """Train and export."""
    from ..training.run import run_training

    run_training(_request(options))
    return DONE


def run(options: argparse.Namespace) -> int:
    """Train, export, show."""
    from .demo import demo

    demo(_request(options))
    return DONE


def evaluate(options: argparse.Namespace) -> int:
    """Write a report."""
    from ..evaluation.run import run_evaluation

    run_evaluation(options.model, options.data, options.out, options.h2o_url)
    return DONE


def _request(options: argparse.Namespace) -> Request:
    from ..training.run import Request

    return Request(
        options.features,
        options.data,
        options.lexicon,
        options.out,
        options.h2o_url,
        options.prove_all,
        options.compare,
    )


def score(options: argparse.Namespace) -> int:
    """Score names."""
    from lambda_app.chalicelib.model.scorer import UnknownOperatingPoint

    from ..scoring import formats, workers

    if options.names and (options.input or options.column or options.field):
        raise formats.InputError("names on the command line and an input: choose one")
    form = options.format or ("table" if sys.stdout.isatty() else "csv")
    job = workers.Job(options.model, options.operating_point, form)
    try:
        scorer = job.scorer()
    except UnknownOperatingPoint as error:
        raise formats.InputError(f"--operating-point: {error}") from error
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")
    jobs = options.jobs or workers.cores()
    with _input(options) as stream:
        rows: Iterable[formats.Row]
        if stream is None:
            rows = options.names
        elif options.column is not None:
            rows = formats.read_column(stream, options.column)
        elif options.field is not None:
            rows = formats.read_field(stream, options.field)
        else:
            rows = formats.read_lines(stream)
        with closing(workers.score(job, scorer, formats.chunks(rows), jobs)) as results:
            refused = formats.write(results, sys.stdout, form)
    sys.stdout.flush()
    if options.operating_point != "max_f1":
        print(f"score: malicious from {scorer.threshold:.6f} on", file=sys.stderr)
    if refused:
        print(f"score: {refused:,} rows were refused", file=sys.stderr)
    return SOME_REFUSED if refused else DONE


@contextmanager
def _input(options: argparse.Namespace) -> Iterator[TextIO | None]:
    """The stream to read names from; None where they stand on the command line.

    Bytes that are not UTF-8 become surrogates: refused as a name, not lost.
    """
    from ..scoring.formats import InputError

    if options.names:
        yield None
        return
    if options.input is None and (sys.stdin is None or sys.stdin.isatty()):
        raise InputError("no names: give some, or --input FILE, or pipe them in")
    file = options.input or sys.stdin.fileno()
    try:
        stream = open(file, encoding="utf-8-sig", errors="surrogateescape", newline="")  # noqa: SIM115, PTH123
    except OSError as error:
        raise InputError(f"{options.input}: {error.strerror}") from error
    with stream:
        yield stream


def serve(options: argparse.Namespace) -> int:
    """Serve the app until it is stopped."""
    from ..deploy.local_server import serve

    serve(options.port)


def package(options: argparse.Namespace) -> int:
    """Make the deployment zip."""
    from ..deploy.package import describe, package

    zipped = package(options.out, options.architecture)
    print(f"{zipped}: {options.architecture}, {describe(zipped)}")
    return DONE


def dga(options: argparse.Namespace) -> int:
    """Print the names of a generator, or the generators."""
    from ..dga import listing

    if options.list:
        lines = listing.table()
    elif options.family is None:
        raise listing.UnknownError("no family: give one, or --list to see them")
    else:
        lines = listing.names(
            options.family, options.variant, options.date, options.seed, options.count
        )
    for line in lines:
        print(line)
    return DONE
