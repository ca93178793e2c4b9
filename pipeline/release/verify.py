"""Verify an artifact before it is published, installed or deployed.

Its files must have their hashes, its equation must be the MOJO's, and it must give the golden
answers, which H2O's Java scorer gave when the artifact was published.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from malicious_domains.features import registry
from malicious_domains.inputs.signals import temporary_folder
from malicious_domains.model import artifact
from malicious_domains.model.artifact import MOJO, Artifact
from malicious_domains.model.glm import BinnedAdditive
from malicious_domains.model.scorer import Scorer

from ..h2o_cluster.mojo import read_mojo, score_mojo
from ..training.binning import level_name
from ..training.export import TOLERANCE
from . import ReleaseError
from .manifest import GOLDEN_NAMES, Golden

_ROUNDING = 1e-9  # between sums of coefficients that are added in another order


def verify_artifact(folder: Path, golden: Golden | None = None) -> str:
    """Verify the artifact in a folder; return a line with the result.

    golden: its recorded answers; None: those of H2O's Java scorer. Raises ReleaseError if an
    answer, a coefficient or a threshold differs, ArtifactError or ClusterError for files that
    cannot be read, and ClusterError if there is no Java.
    """
    scorer = Scorer.load(folder)
    compare_equations(scorer.artifact, folder / MOJO)
    expected = score_golden(folder) if golden is None else golden
    largest = compare_answers(scorer, expected)
    source = "its MOJO's" if golden is None else "the recorded ones"
    return f"{len(expected)} answers are {source}, within {largest:.1e}; so is its equation"


def compare_equations(model: Artifact, mojo: Path) -> None:
    """Raise ReleaseError unless threshold, intercept and every coefficient are the MOJO's.

    The artifact moves the mean of each binned term into its intercept. Raises ClusterError if the
    file is not the MOJO of a GLM.
    """
    expected, moved = read_mojo(mojo), 0.0
    for term, own in model.metadata["coefficients"].items():
        if isinstance(own, list):
            levels = expected.coefficients.get(term, {})
            difference = np.array([levels.get(level_name(i), 0.0) for i in range(len(own))]) - own
            moved += float(difference[0])
            gap = float(np.ptp(difference))
        else:
            gap = abs(own - expected.coefficients.get(term, 0.0))
        if not gap <= TOLERANCE:
            raise ReleaseError(f"{mojo}: its coefficients of {term} are not the artifact's")
    if not abs(expected.intercept + moved - model.intercept) <= _ROUNDING:
        raise ReleaseError(f"{mojo}: its intercept is not the artifact's")
    if expected.threshold != model.thresholds[artifact.MAX_F1]:
        raise ReleaseError(f"{mojo}: its threshold is not the artifact's")


def score_golden(folder: Path) -> Golden:
    """Score GOLDEN_NAMES with H2O's Java scorer and the MOJO in a folder.

    Raises ArtifactError, or ClusterError, also if there is no Java.
    """
    scorer = Scorer.load(folder)
    labels = [scorer.score(name).name for name in GOLDEN_NAMES]
    with temporary_folder("mojo-") as scratch:
        source = scratch / "in.csv"
        _make_columns(scorer.artifact, labels).to_csv(source, index=False)
        probability, predicted = score_mojo(folder / MOJO, source)
    return [
        {"domain": name, "probability": p, "label": int(bad)}
        for name, p, bad in zip(GOLDEN_NAMES, probability.tolist(), predicted.tolist(), strict=True)
    ]


def compare_answers(scorer: Scorer, golden: Golden) -> float:
    """Return the largest difference between a probability and the golden answer.

    Raises ReleaseError if it is over TOLERANCE, or a label differs.
    """
    largest = 0.0
    for expected in golden:
        score = scorer.score(expected["domain"])
        difference = abs(score.probability - expected["probability"])
        if not difference <= TOLERANCE or score.label != expected["label"]:
            raise ReleaseError(
                f"{scorer.artifact.name}: {expected['domain']} gives {score.probability!r}, "
                f"label {score.label}; its MOJO {expected['probability']!r}, {expected['label']}"
            )
        largest = max(largest, difference)
    return largest


def _make_columns(model: Artifact, labels: list[str]) -> pd.DataFrame:
    """Make the MOJO's input: numbers, or the names of bins."""
    values = registry.compute_matrix(labels, model.features, model.tables)
    if not isinstance(model.predictor, BinnedAdditive):
        return pd.DataFrame(values, columns=list(model.features))
    bins = model.predictor.bins(list(values.T))
    names = model.predictor.terms
    return pd.DataFrame({n: [level_name(i) for i in x] for n, x in zip(names, bins, strict=True)})
