"""The commands of `families`: the classifier of malware families."""

from __future__ import annotations

from pathlib import Path

from malicious_domains.cli.command import DONE, command, group, option

_h2o_url = option("--h2o-url URL", "URL of a running H2O cluster to use instead.")


@group("families", "Train or evaluate the classifier of malware families.", "families evaluate")
def families() -> None:
    """Group the commands for families."""


@command("train", "families train --compare", extra="train")
@option("--out DIR", "Artifact folder (default: build/hint).")
@_h2o_url
@option("--compare", "Fail unless the result is the packaged one, to 0.001.")
def train(out: Path | None, h2o_url: str | None, compare: bool) -> int:
    """Train the family classifier and export it."""
    from ..training.family_training import run_family_training

    run_family_training(out, h2o_url, compare)
    return DONE


@command("evaluate", "families evaluate --leave-out", extra="train")
@option("--artifact DIR", "Artifact to evaluate (default: the packaged one).")
@_h2o_url
@option(
    "--leave-out", "Also train five times without a fifth of the families, and evaluate on those."
)
def evaluate(artifact: Path | None, h2o_url: str | None, leave_out: bool) -> int:
    """Print the family classifier's accuracy per family and its confusion matrix."""
    from ..evaluation.family_accuracy import evaluate_families

    for line in evaluate_families(artifact, h2o_url, leave_out):
        print(line, flush=True)
    return DONE


for part in (train, evaluate):
    families.add_command(part)
