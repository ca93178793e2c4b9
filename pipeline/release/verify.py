"""What an artifact must pass before it is published, installed or deployed.

Its files have their hashes; its equation is the MOJO's; and it gives the golden
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
from malicious_domains.names.errors import MaliciousDomainsError

from ..h2o_cluster.mojo import read_mojo, score_mojo
from ..training.binning import level_name
from ..training.export import TOLERANCE
from .golden import NAMES, Golden

_MOVED = 1e-9  # between sums of coefficients, added up in another order


class VerificationError(MaliciousDomainsError):
    """An artifact whose answers are not those that its MOJO gives."""


def verify(folder: Path, golden: Golden | None = None) -> str:
    """Verify the artifact in a folder; returns a line that says what was found.

    golden: the answers recorded of it; None asks H2O's Java scorer for them. Raises
    VerificationError if an answer, a coefficient or a threshold is another, ArtifactError or
    ClusterError for files that cannot be read, or without a Java.
    """
    scorer = Scorer.load(folder)
    same_as_mojo(scorer.artifact, folder / MOJO)
    expected = ask_mojo(folder) if golden is None else golden
    apart = check_golden(scorer, expected)
    source = "of its MOJO" if golden is None else "recorded"
    return f"{len(expected)} answers as {source}, within {apart:.1e}; its equation is the MOJO's"


def same_as_mojo(model: Artifact, mojo: Path) -> None:
    """Raise VerificationError unless threshold, intercept and every coefficient are the MOJO's.

    What a binned term gives on average stands in the artifact's intercept. Raises ClusterError
    too, if the file is no GLM's MOJO.
    """
    theirs, moved = read_mojo(mojo), 0.0
    for term, ours in model.metadata["coefficients"].items():
        if isinstance(ours, list):
            levels = theirs.coefficients.get(term, {})
            difference = np.array([levels.get(level_name(i), 0.0) for i in range(len(ours))]) - ours
            moved += float(difference[0])
            apart = float(np.ptp(difference))
        else:
            apart = abs(ours - theirs.coefficients.get(term, 0.0))
        if not apart <= TOLERANCE:
            raise VerificationError(f"{mojo}: its coefficients of {term} are not the artifact's")
    if not abs(theirs.intercept + moved - model.intercept) <= _MOVED:
        raise VerificationError(f"{mojo}: its intercept is not the artifact's")
    if theirs.threshold != model.thresholds[artifact.MAX_F1]:
        raise VerificationError(f"{mojo}: its threshold is not the artifact's")


def ask_mojo(folder: Path) -> Golden:
    """Golden answers: what H2O's Java scorer says of NAMES, by the MOJO in the folder.

    Raises ArtifactError or ClusterError.
    """
    scorer = Scorer.load(folder)
    labels = [scorer.score(name).name for name in NAMES]
    with temporary_folder("mojo-") as scratch:
        source = scratch / "in.csv"
        _columns(scorer.artifact, labels).to_csv(source, index=False)
        probability, called = score_mojo(folder / MOJO, source)
    return [
        {"domain": name, "probability": p, "label": int(bad)}
        for name, p, bad in zip(NAMES, probability.tolist(), called.tolist(), strict=True)
    ]


def check_golden(scorer: Scorer, golden: Golden) -> float:
    """The largest difference of a probability from golden answers.

    Raises VerificationError if it is over TOLERANCE, or a label is another.
    """
    largest = 0.0
    for expected in golden:
        found = scorer.score(expected["domain"])
        difference = abs(found.probability - expected["probability"])
        if not difference <= TOLERANCE or found.label != expected["label"]:
            raise VerificationError(
                f"{scorer.artifact.name}: {expected['domain']} gives {found.probability!r}, "
                f"label {found.label}; its MOJO {expected['probability']!r}, {expected['label']}"
            )
        largest = max(largest, difference)
    return largest


def _columns(model: Artifact, labels: list[str]) -> pd.DataFrame:
    """What the MOJO takes: numbers, or the names of bins."""
    values = registry.compute_matrix(labels, model.features, model.tables)
    if not isinstance(model.predictor, BinnedAdditive):
        return pd.DataFrame(values, columns=list(model.features))
    bins = model.predictor.bins(list(values.T))
    names = model.predictor.terms
    return pd.DataFrame({n: [level_name(i) for i in x] for n, x in zip(names, bins, strict=True)})
