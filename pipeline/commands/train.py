"""The commands of training: data, corpus, train, demo, evaluate, families."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from malicious_domains.cli.command import DONE, FAILED, combine, command, group, option
from malicious_domains.inputs.paths import BUILD

Words = tuple[str, ...]
_MODELS = ["classic", "language"]
_h2o_url = option("--h2o-url URL", "URL of a running H2O cluster to use instead.")
_h2o_options = combine(
    option("--h2o-memory SIZE", "Maximum memory of the H2O that is started.", default="4g"),
    _h2o_url,
)
_data_options = combine(
    option(
        "--map OURS=THEIRS,...",
        "Columns of a file that are host, class, subclass, domain (the label) or group, by "
        "name; all by number if there is no header (default: by their usual names).",
        "mapping",
        multiple=True,
    ),
    option("--lenient", "Learn from the rest where over 1% of a file's rows cannot be used."),
)
_training_options = combine(
    option(
        "--features",
        "Features of the baseline model (classic) or of the full model (language).",
        type=_MODELS,
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
    option("--compare MODEL", "Fail unless the artifact is the same as this one, to 1e-6."),
)


@command("data", "data fetch", extra="train")
@click.argument("action", type=click.Choice(["list", "fetch"]), default="list")
def data(action: str) -> int:
    """List the data sources, or download what is missing."""
    from ..corpus import sources

    status = DONE
    for source in sources.SOURCES if action == "fetch" else ():
        try:
            sources.fetch_source(source)
        except sources.SourceError as error:
            print(f"data: {error}", file=sys.stderr)
            status = FAILED
    print(f"{'source':<12} {'state':<11} {'rows':>8}  licence")
    for source in sources.SOURCES:
        print(f"{source.name:<12} {source.state:<11} {source.rows:>8}  {source.licence}")
    return status


@command("corpus", "corpus --out mix.csv --source hsts generators mine.csv:dga", extra="train")
@option("--out CSV", "File to write.", "path", required=True)
@click.argument("more", metavar="[S]...", nargs=-1)
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
def corpus(source: Words, more: Words, mapping: Words, lenient: bool, **rest: Any) -> None:
    """Build a training corpus from several sources."""
    from ..corpus import mixture
    from ..corpus.columns import ReadOptions

    options = ReadOptions.parse(mapping, lenient)
    mix = mixture.assemble(sources=(*source, *more) or mixture.DEFAULT, options=options, **rest)
    print(f"{rest['path']}: {mix}", file=sys.stderr)


@command("train", "train --data mix.csv", extra="train")
@_training_options
def train(features: str, out: Path | None, **options: Any) -> None:
    """Train a model and export it."""
    from ..training.training_run import run_training

    run_training(features, out or BUILD / features, **options)


@command("demo", "demo --features classic", extra="all")
@_training_options
def demo(features: str, out: Path | None, **options: Any) -> None:
    """Train and export a model, then show answers of the HTTP app."""
    from ..training.training_run import run_training
    from .demo import show_model

    folder = out or BUILD / features
    show_model(folder, run_training(features, folder, **options))


@command("evaluate", "evaluate --out report", extra="train")
@option("--model", "Kind of model to evaluate.", type=_MODELS, default="language")
@option("--data FILE", "Data to evaluate on, as for `train --data`; needs a group column.")
@_data_options
@option("--out DIR", "Report folder.", default="report")
@option("--traffic", "Also simulate client-days: infected ones that are found, false alarms.")
@option(
    "--tail FILE",
    "With --traffic: names that few ask for, one a line, such as the end of a Tranco list; clean "
    "days are drawn from them beside the committed names.",
)
@_h2o_options
def evaluate(**options: Any) -> None:
    """Write a report of how well a model does on families it has not seen."""
    from ..evaluation.evaluate import run_evaluation

    run_evaluation(**options)


@command("train", "families train --compare", extra="train")
@option("--out DIR", "Artifact folder (default: build/hint).")
@_h2o_url
@option("--compare", "Fail unless the result is the packaged one, to 0.001.")
def train_families(out: Path | None, h2o_url: str | None, compare: bool) -> None:
    """Train the family classifier and export it."""
    from ..training.family_training import run_family_training

    run_family_training(out, h2o_url, compare)


@command("evaluate", "families evaluate --leave-out", extra="train")
@option("--artifact DIR", "Artifact to evaluate (default: the packaged one).")
@_h2o_url
@option("--leave-out", "Also train five times without a fifth of the families, evaluated on it.")
def evaluate_families(artifact: Path | None, h2o_url: str | None, leave_out: bool) -> None:
    """Print the family classifier's accuracy per family and its confusion matrix."""
    from ..evaluation.family_accuracy import evaluate_families as report

    for line in report(artifact, h2o_url, leave_out):
        print(line, flush=True)


families = group(
    *("families", "Train or evaluate the family classifier.", "families evaluate"),
    *(train_families, evaluate_families),
)
