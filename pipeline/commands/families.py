"""The commands train-hint and evaluate-hint."""

from __future__ import annotations

from pathlib import Path

import click

from malicious_domains.cli.command import DONE, command

_FOLDER = click.Path(path_type=Path)
_h2o_url = click.option("--h2o-url", metavar="URL", help="A cluster that runs elsewhere.")


@command("train-hint", "train-hint --compare", extra="train")
@click.option(
    "--out", type=_FOLDER, metavar="DIR", help="The artifact's folder (default: build/hint)."
)
@_h2o_url
@click.option(
    "--compare", is_flag=True, help="Fail unless it comes out as the packaged one, to 0.001."
)
def train_hint(out: Path | None, h2o_url: str | None, compare: bool) -> int:
    """Train the model that names families, and export it."""
    from ..training.family_training import run_family_training

    run_family_training(out, h2o_url, compare)
    return DONE


@command("evaluate-hint", "evaluate-hint --leave-out", extra="train")
@click.option(
    "--artifact", type=_FOLDER, metavar="DIR", help="What to judge (default: the packaged one)."
)
@_h2o_url
@click.option(
    "--leave-out",
    is_flag=True,
    help="Train five times without a fifth of the families, too, and ask for those.",
)
def evaluate_hint(artifact: Path | None, h2o_url: str | None, leave_out: bool) -> int:
    """Print how often a hint is right, by family, and what it takes for what."""
    from ..evaluation.family_accuracy import evaluate_families

    for line in evaluate_families(artifact, h2o_url, leave_out):
        print(line, flush=True)
    return DONE
