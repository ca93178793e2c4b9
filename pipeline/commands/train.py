"""The commands of training: data, corpus, train, demo, evaluate."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import click

from malicious_domains.cli.command import DONE, FAILED, Choice, Command, Handler, command
from malicious_domains.inputs.console import print_status

_FILE = click.Path(path_type=Path)


def _h2o_options(handler: Handler) -> Handler:
    options = (
        click.option(
            "--h2o-nodes",
            type=click.IntRange(min=1),
            default=1,
            metavar="N",
            help="H2O's nodes to start on this machine.",
        ),
        click.option(
            "--h2o-memory", default="4g", metavar="SIZE", help="The most that each of them takes."
        ),
        click.option("--h2o-url", metavar="URL", help="A cluster that runs elsewhere, instead."),
        click.option(
            "--h2o-folder",
            type=_FILE,
            metavar="DIR",
            help="A folder that all nodes of that cluster see by the same path, and read features "
            "from (default: they are sent).",
        ),
    )
    for option in reversed(options):
        handler = option(handler)
    return handler


_mapping = click.option(
    "--map",
    "mapping",
    multiple=True,
    metavar="OURS=THEIRS,...",
    help="Which column of a file is host, class, subclass, domain (the label) or group, by its "
    "name or number (default: by its usual names).",
)
_lenient = click.option(
    "--lenient",
    is_flag=True,
    help="Learn from the rest where over 1% of the rows of a file cannot be learned from.",
)


@command("data", "data fetch", extra="train")
@click.argument("action", type=Choice(["list", "fetch"]), default="list")
@click.option(
    "--tranco",
    metavar="ID",
    help="With fetch: this list of Tranco's alone, by its permanent id, for `allow build`.",
)
def data(action: str, tranco: str | None) -> int:
    """List the data sources, or download what is missing."""
    from ..corpus import sources

    chosen = [sources.tranco_list(tranco)] if tranco else sources.SOURCES
    status = DONE
    for source in chosen if action == "fetch" else ():
        try:
            sources.fetch_source(source)
        except sources.SourceError as error:
            print(f"data: {error}", file=sys.stderr)
            status = FAILED
    print(f"{'source':<12} {'state':<11} {'rows':>8}  licence")
    for source in chosen:
        print(f"{source.name:<12} {source.state:<11} {source.rows:>8}  {source.licence}")
    if not tranco:
        print_status("tranco is fetched by its list's id alone: data fetch --tranco ID")
    elif chosen[0].ready:
        print(chosen[0].path)
    return status


class _Corpus(Command):
    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Let --source take several words, which Click's options do not."""
        return super().parse_args(ctx, [*_one_each(args, "--source")])


def _one_each(words: Iterable[str], option: str) -> Iterator[str]:
    """`--source a b` becomes `--source a --source b`."""
    taking, first = False, False
    for word in words:
        if word.startswith("-"):
            taking = first = word == option
        elif taking:
            if not first:
                yield option
            first = False
        yield word


@command(
    "corpus",
    "corpus --out mix.csv --source hsts generators mine.csv:dga",
    extra="train",
    cls=_Corpus,
)
@click.option("--out", type=_FILE, required=True, metavar="CSV", help="The file to write.")
@click.option(
    "--source",
    multiple=True,
    metavar="S...",
    help="original, hsts, universities, generators, shapes or a file of names; S:legit and S:dga "
    "take that class only, or give a file without classes one. Of a label that comes again "
    "the first counts (default: original:legit and the other four).",
)
@_mapping
@_lenient
@click.option("--names", type=int, default=5000, metavar="N", help="Of each family of generators.")
@click.option("--seed", type=int, default=1, metavar="N", help="Of the draws.")
def corpus(
    out: Path,
    source: tuple[str, ...],
    mapping: tuple[str, ...],
    lenient: bool,
    names: int,
    seed: int,
) -> int:
    """Mix a corpus to train on from several sources."""
    from ..corpus import mixture
    from ..corpus.mapping import ReadOptions

    options = ReadOptions.parse(mapping, lenient)
    summary = mixture.assemble(out, source or mixture.DEFAULT, names, seed, options)
    print(f"{out}: {summary}", file=sys.stderr)
    return DONE


def _training_options(handler: Handler) -> Handler:
    options = (
        click.option(
            "--features",
            type=Choice(["classic", "language"]),
            default="language",
            help="The original's features, or the deployed model's.",
        ),
        click.option(
            "--data",
            type=_FILE,
            metavar="FILE",
            help="Names and their classes: CSV, JSON lines or Parquet (default: the mix of "
            "`corpus`; of classic the original).",
        ),
        _mapping,
        _lenient,
        click.option(
            "--lexicon",
            type=_FILE,
            metavar="TXT",
            help="Words of classic, one a line (default: web2).",
        ),
        click.option(
            "--out",
            type=_FILE,
            metavar="DIR",
            help="The artifact's folder (default: build/FEATURES).",
        ),
        _h2o_options,
        click.option(
            "--prove-all", is_flag=True, help="Ask the MOJO for every row, not for 10,000."
        ),
        click.option(
            "--compare",
            metavar="MODEL",
            help="Fail unless the artifact comes out as this one, to 1e-6.",
        ),
    )
    for option in reversed(options):
        handler = option(handler)
    return handler


@command("train", "train --data mix.csv", extra="train")
@_training_options
def train(**options: Any) -> int:
    """Train a model and export it."""
    from ..training.training_run import Request, run_training

    run_training(Request(**options))
    return DONE


@command("demo", "demo --features classic", extra="all")
@_training_options
def demo(**options: Any) -> int:
    """Train, export, and show the result through the HTTP app."""
    from ..training.training_run import Request
    from . import demo as shown

    shown.demo(Request(**options))
    return DONE


@command("evaluate", "evaluate --out report", extra="train")
@click.option(
    "--model",
    type=Choice(["language", "classic"]),
    default="language",
    help="The kind of model to evaluate.",
)
@click.option(
    "--data",
    type=_FILE,
    metavar="FILE",
    help="As for train, with groups (default: likewise).",
)
@_mapping
@_lenient
@click.option("--out", type=_FILE, default="report", metavar="DIR", help="The report's folder.")
@click.option(
    "--traffic",
    is_flag=True,
    help="Simulate clients' days, too: how many infected ones are found, and false alarms.",
)
@_h2o_options
def evaluate(
    model: str,
    data: Path | None,
    mapping: tuple[str, ...],
    lenient: bool,
    out: Path,
    traffic: bool,
    h2o_nodes: int,
    h2o_memory: str,
    h2o_url: str | None,
    h2o_folder: Path | None,
) -> int:
    """Write a report of what a model is worth."""
    from ..corpus.mapping import ReadOptions
    from ..evaluation.evaluate import run_evaluation
    from ..h2o_cluster.cluster import ClusterOptions

    options = ReadOptions.parse(mapping, lenient)
    which = ClusterOptions(h2o_url, h2o_folder, h2o_nodes, h2o_memory)
    run_evaluation(model, data, out, which, options=options, traffic=traffic)
    return DONE
