"""The command line: what `python -m pipeline` understands."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path

from lambda_app.chalicelib.model.artifact import ArtifactError

from ..errors import PipelineError
from . import commands, release_commands
from .commands import DONE, FAILED

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
    known = top.add_subparsers(dest="command", metavar="COMMAND", required=True)

    def add(name: str, summary: str, example: str, run: Run) -> argparse.ArgumentParser:
        command = known.add_parser(
            name,
            help=summary,
            description=summary,
            epilog=f"example: python -m pipeline {example}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        command.set_defaults(run=run)
        return command

    data = add(
        "data", "List the data sources, or download what is missing.", "data fetch", commands.data
    )
    data.add_argument("action", nargs="?", choices=("list", "fetch"), default="list")
    _corpus_options(
        add(
            "corpus",
            "Mix a corpus to train on from several sources.",
            "corpus --out mix.csv --source hsts generators mine.csv:dga",
            commands.corpus,
        )
    )
    _training_options(
        add("train", "Train a model and export it.", "train --data mix.csv", commands.train)
    )
    _training_options(
        add("run", "Train, export, and show the result through the HTTP app.", "run", commands.run)
    )
    evaluate = add(
        "evaluate",
        "Write a report of what a model is worth.",
        "evaluate --out report",
        commands.evaluate,
    )
    evaluate.add_argument("--model", choices=("language", "classic"), default="language")
    evaluate.add_argument(
        "--data", type=Path, metavar="CSV", help="of the corpus command (default: its default)"
    )
    evaluate.add_argument("--out", type=Path, default=Path("report"), metavar="DIR")
    evaluate.add_argument("--h2o-url", metavar="URL", help="a cluster that runs elsewhere")
    _score_options(
        add(
            "score",
            "Score names.",
            "score --input dns.csv --column query --format csv",
            commands.score,
        )
    )
    serve = add("serve", "Serve the app on 127.0.0.1.", "serve --port 8000", commands.serve)
    serve.add_argument("--port", type=int, default=8000)
    package = add(
        "package", "Make the deployment zip.", "package --out build/package", commands.package
    )
    package.add_argument("--out", type=Path, default=Path("build/package"), help="a folder")
    package.add_argument(
        "--architecture",
        choices=("x86_64", "arm64"),
        default="x86_64",
        help="of the Lambda (default: %(default)s)",
    )
    _dga_options(
        add(
            "dga",
            "Print the names a malware family makes.",
            "dga goz --date 2014-08-29",
            commands.dga,
        )
    )
    release_commands.add_commands(add)
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
    command.add_argument(
        "--jobs",
        type=_jobs,
        metavar="N",
        help="processes for an input of more than some thousand rows (default: one a core, "
        "up to eight)",
    )


def _jobs(text: str) -> int:
    number = int(text)
    if not 1 <= number <= 256:
        raise argparse.ArgumentTypeError(f"{number} processes: from 1 to 256")
    return number


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
