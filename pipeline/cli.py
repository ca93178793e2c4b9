"""The command line: what `python -m pipeline` understands."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from lambda_app.chalicelib.artifact import ArtifactError

from .errors import PipelineError

if TYPE_CHECKING:
    from lambda_app.chalicelib.scorer import Invalid

    from .workflow import Request

DONE, SOME_REFUSED, FAILED = 0, 1, 2

Run = Callable[[argparse.Namespace], int]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; 0 done, 1 some rows were refused, 2 it could not run."""
    # SystemExit, not KeyboardInterrupt: H2O's client takes the latter for itself.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda received, _: sys.exit(128 + received))
    options = parser().parse_args(arguments)
    run: Run = options.run
    try:
        return run(options)
    except (PipelineError, ArtifactError) as error:
        print(f"{options.command}: {error}", file=sys.stderr)
        return FAILED
    except BrokenPipeError:  # the reader has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    except OSError as error:  # of files, and most of what H2O's client raises
        print(f"{options.command}: {error}", file=sys.stderr)
        return FAILED
    except Exception:  # ours to mend; not Python's own exit status, which means DONE with refusals
        traceback.print_exc()
        return FAILED


def parser() -> argparse.ArgumentParser:
    """All commands with their options."""
    top = argparse.ArgumentParser(
        prog="python -m pipeline", description="Tells legitimate from generated domain names."
    )
    commands = top.add_subparsers(dest="command", metavar="COMMAND", required=True)

    def add(name: str, summary: str, example: str, run: Run) -> argparse.ArgumentParser:
        command = commands.add_parser(
            name,
            help=summary,
            description=summary,
            epilog=f"example: python -m pipeline {example}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        command.set_defaults(run=run)
        return command

    data = add("data", "List the data sources, or download what is missing.", "data fetch", _data)
    data.add_argument("action", nargs="?", choices=("list", "fetch"), default="list")
    _corpus_options(
        add(
            "corpus",
            "Mix a corpus to train on from several sources.",
            "corpus --out mix.csv --source hsts generators mine.csv:dga",
            _corpus,
        )
    )
    _training_options(add("train", "Train a model and export it.", "train --data mix.csv", _train))
    _training_options(
        add("run", "Train, export, and show the result through the HTTP app.", "run", _run)
    )
    evaluate = add(
        "evaluate", "Write a report of what a model is worth.", "evaluate --out report", _evaluate
    )
    evaluate.add_argument("--model", choices=("language", "classic"), default="language")
    evaluate.add_argument(
        "--data", type=Path, metavar="CSV", help="of the corpus command (default: its default)"
    )
    evaluate.add_argument("--out", type=Path, default=Path("report"), metavar="DIR")
    evaluate.add_argument("--h2o-url", metavar="URL", help="a cluster that runs elsewhere")
    _score_options(
        add("score", "Score names.", "score --input dns.csv --column query --format csv", _score)
    )
    serve = add("serve", "Serve the app on 127.0.0.1.", "serve --port 8000", _serve)
    serve.add_argument("--port", type=int, default=8000)
    package = add("package", "Make the deployment zip.", "package --out build/package", _package)
    package.add_argument("--out", type=Path, default=Path("build/package"), help="a folder")
    _dga_options(
        add("dga", "Print the names a malware family makes.", "dga goz --date 2014-08-29", _dga)
    )
    return top


def _corpus_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("--out", type=Path, required=True, metavar="CSV", help="the file to write")
    command.add_argument(
        "--source",
        nargs="+",
        action="extend",
        metavar="S",
        help="original, hsts, universities, generators, shapes or a CSV of "
        "host,domain,class,subclass; S:legit and S:dga take that class only, and of a label that "
        "comes again the first counts (default: original:legit and the other four)",
    )
    command.add_argument(
        "--names",
        type=int,
        default=5000,
        metavar="N",
        help="of each family of generators (default: %(default)s)",
    )
    command.add_argument(
        "--seed", type=int, default=1, metavar="N", help="of the draws (default: %(default)s)"
    )


def _training_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("--features", choices=("classic", "language"), default="language")
    command.add_argument(
        "--data",
        type=Path,
        metavar="CSV",
        help="host,domain,class,subclass (default: the mix of `corpus`; of classic the original)",
    )
    command.add_argument(
        "--lexicon", type=Path, metavar="TXT", help="one word a line (default: web2)"
    )
    command.add_argument(
        "--out", type=Path, metavar="DIR", help="the artifact's folder (default: build/FEATURES)"
    )
    command.add_argument("--h2o-url", metavar="URL", help="a cluster that runs elsewhere")
    command.add_argument(
        "--prove-all", action="store_true", help="ask the MOJO for every row, not for 10,000"
    )
    command.add_argument(
        "--compare",
        metavar="MODEL",
        help="fail unless the artifact comes out as this one, to 1e-6",
    )


def _score_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("names", nargs="*", metavar="NAME", help="labels, hosts or URLs")
    command.add_argument("--input", type=Path, metavar="FILE", help="default: standard input")
    kind = command.add_mutually_exclusive_group()
    kind.add_argument("--column", help="the input is CSV with a header, names stand here")
    kind.add_argument("--field", help="the input is JSON lines, names stand here")
    command.add_argument(
        "--format",
        choices=("table", "csv", "jsonl"),
        help="default: table on a screen, else csv",
    )
    command.add_argument("--model", help="a packaged model's name or an artifact's folder")
    command.add_argument(
        "--operating-point",
        type=_operating_point,
        default="max_f1",
        metavar="RATE",
        help="the threshold: of this false-positive rate (0.01, 0.001, 0.0001) or, by default, "
        "of maximal F1",
    )


def _operating_point(text: str) -> str | float:
    try:
        return float(text)
    except ValueError:
        return text


def _dga_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("family", nargs="?", metavar="FAMILY", help="one of --list")
    command.add_argument("--list", action="store_true", help="list the families instead")
    command.add_argument("--variant", metavar="V", help="default: the family's first")
    command.add_argument(
        "--date",
        default="2016-01-01",
        metavar="YYYY-MM-DD",
        help="of the names, if they change (default: %(default)s)",
    )
    command.add_argument("--seed", help="as in the family's source (default: the first known)")
    command.add_argument(
        "--count", type=int, default=25, metavar="N", help="at most (default: %(default)s)"
    )


# Each command imports what it needs: `score` must not wait for pandas and H2O.


def _data(options: argparse.Namespace) -> int:
    from . import sources

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


def _corpus(options: argparse.Namespace) -> int:
    from . import mixing

    chosen = options.source or mixing.DEFAULT
    summary = mixing.assemble(options.out, chosen, options.names, options.seed)
    print(f"{options.out}: {summary}", file=sys.stderr)
    return DONE


def _train(options: argparse.Namespace) -> int:
    from .workflow import run_training

    run_training(_request(options))
    return DONE


def _run(options: argparse.Namespace) -> int:
    from .workflow import run_all

    run_all(_request(options))
    return DONE


def _evaluate(options: argparse.Namespace) -> int:
    from .workflow import run_evaluation

    run_evaluation(options.model, options.data, options.out, options.h2o_url)
    return DONE


def _request(options: argparse.Namespace) -> Request:
    from .workflow import Request

    return Request(
        options.features,
        options.data,
        options.lexicon,
        options.out,
        options.h2o_url,
        options.prove_all,
        options.compare,
    )


def _score(options: argparse.Namespace) -> int:
    from lambda_app.chalicelib.scorer import Scorer, UnknownOperatingPoint

    from . import batch

    if options.names and (options.input or options.column or options.field):
        raise batch.InputError("names on the command line and an input: choose one")
    try:
        scorer = Scorer.load(options.model, options.operating_point)
    except UnknownOperatingPoint as error:
        raise batch.InputError(f"--operating-point: {error}") from error
    form = options.format or ("table" if sys.stdout.isatty() else "csv")
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")
    with _input(options) as stream:
        rows: Iterable[str | Invalid]
        if stream is None:
            rows = options.names
        elif options.column is not None:
            rows = batch.read_column(stream, options.column)
        elif options.field is not None:
            rows = batch.read_field(stream, options.field)
        else:
            rows = batch.read_lines(stream)
        refused = batch.write(batch.score_rows(scorer, rows, form), sys.stdout, form)
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
    from .batch import InputError

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


def _serve(options: argparse.Namespace) -> int:
    from .serving import serve

    serve(options.port)


def _package(options: argparse.Namespace) -> int:
    from .serving import package

    zipped = package(options.out)
    print(f"{zipped}: {zipped.stat().st_size / 1e6:.1f} MB")
    return DONE


def _dga(options: argparse.Namespace) -> int:
    from .dga import listing

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
