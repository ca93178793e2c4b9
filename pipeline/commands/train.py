"""The commands of training: data, corpus, train, demo, evaluate."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import click

from malicious_domains.cli.command import DONE, FAILED, Choice, Command, combine, command, option
from malicious_domains.inputs.console import print_status

_h2o_options = combine(
    option(
        "--h2o-nodes N",
        "Number of H2O nodes to start on this machine.",
        type=click.IntRange(min=1),
        default=1,
    ),
    option("--h2o-memory SIZE", "Maximum memory of each node.", default="4g"),
    option("--h2o-url URL", "URL of a running H2O cluster to use instead."),
    option(
        "--h2o-folder DIR",
        "Folder that all nodes of that cluster see by the same path, to read features from "
        "(default: features are sent).",
    ),
)
_data_options = combine(
    option(
        "--map OURS=THEIRS,...",
        "Columns of a file that are host, class, subclass, domain (the label) or group, by "
        "name or number (default: by their usual names).",
        "mapping",
        multiple=True,
    ),
    option(
        "--lenient", "Learn from the rest where over 1% of a file's rows cannot be learned from."
    ),
)
_training_options = combine(
    option(
        "--features",
        "Features of the baseline model (classic) or of the full model (language).",
        type=Choice(["classic", "language"]),
        default="language",
    ),
    option(
        "--data FILE",
        "Names and their classes: CSV, JSON lines or Parquet (default: the training corpus "
        "of `corpus`; for classic the data of the H2O demo).",
    ),
    _data_options,
    option("--lexicon TXT", "Word list of classic, one a line (default: web2)."),
    option("--out DIR", "Artifact folder (default: build/FEATURES)."),
    _h2o_options,
    option("--prove-all", "Compare every row with the MOJO, not 10,000."),
    option("--compare MODEL", "Fail unless the artifact is the same as this one, to 1e-6."),
)


@command("data", "data fetch", extra="train")
@click.argument("action", type=Choice(["list", "fetch"]), default="list")
@option("--tranco ID", "Fetch only this list of Tranco, by its permanent id, for `allow build`.")
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
        return super().parse_args(ctx, [*_repeat_option(args, "--source")])


def _repeat_option(words: Iterable[str], name: str) -> Iterator[str]:
    """Yield `--source a --source b` for `--source a b`."""
    taking, first = False, False
    for word in words:
        if word.startswith("-"):
            taking = first = word == name
        elif taking:
            if not first:
                yield name
            first = False
        yield word


@command(
    "corpus",
    "corpus --out mix.csv --source hsts generators mine.csv:dga",
    extra="train",
    cls=_Corpus,
)
@option("--out CSV", "File to write.", required=True)
@option(
    "--source S...",
    "original (the H2O demo), hsts, universities, generators, shapes (synthetic families) or "
    "a file of names; S:legit and S:dga take that class only, or give a file without classes "
    "one. The first source of a label counts (default: original:legit and the other four).",
    multiple=True,
)
@_data_options
@option("--names N", "Number of names of each generator.", type=int, default=5000)
@option("--seed N", "Seed of the random sampling.", type=int, default=1)
def corpus(
    out: Path,
    source: tuple[str, ...],
    mapping: tuple[str, ...],
    lenient: bool,
    names: int,
    seed: int,
) -> int:
    """Build a training corpus from several sources."""
    from ..corpus import mixture
    from ..corpus.mapping import ReadOptions

    options = ReadOptions.parse(mapping, lenient)
    summary = mixture.assemble(out, source or mixture.DEFAULT, names, seed, options)
    print(f"{out}: {summary}", file=sys.stderr)
    return DONE


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
    """Train and export a model, then show answers of the HTTP app."""
    from ..training.training_run import Request
    from . import demo as shown

    shown.demo(Request(**options))
    return DONE


@command("evaluate", "evaluate --out report", extra="train")
@option(
    "--model",
    "Kind of model to evaluate.",
    type=Choice(["language", "classic"]),
    default="language",
)
@option("--data FILE", "Data to evaluate on, as for `train --data`; needs a group column.")
@_data_options
@option("--out DIR", "Report folder.", default="report")
@option(
    "--traffic", "Also simulate client-days: how many infected ones are found, and false alarms."
)
@option(
    "--tail FILE",
    "With --traffic: names that few ask for, one a line, such as the end of a Tranco list; clean "
    "days are drawn from them beside the committed names.",
)
@_h2o_options
def evaluate(h2o_url: str | None, h2o_folder: Path | None, **options: Any) -> int:
    """Write a report of how well a model does on families it has not seen."""
    from ..evaluation.evaluate import run_evaluation
    from ..h2o_cluster.cluster import ClusterOptions

    nodes, memory = options.pop("h2o_nodes"), options.pop("h2o_memory")
    run_evaluation(h2o=ClusterOptions(h2o_url, h2o_folder, nodes, memory), **options)
    return DONE
