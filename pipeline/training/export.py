"""Write the artifact of a trained model, and verify that it answers as its MOJO does."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from malicious_domains.features.language_tables import Tables
from malicious_domains.features.registry import compute_matrix
from malicious_domains.model import artifact
from malicious_domains.model.artifact import Artifact
from malicious_domains.model.glm import BinnedAdditive
from malicious_domains.model.scorer import Scorer

from ..corpus.labelled import Corpus
from ..corpus.sources import sha256_of
from ..h2o_cluster.mojo import MojoGlm, read_mojo, score_mojo
from . import TrainingError
from .binning import MAX_BINS, name_bins
from .design import BLOCK, DesignMatrix
from .glm import Trained
from .metrics import area_under_roc, confusion, threshold_at

TOLERANCE = 1e-12  # largest difference between two probabilities of a row


@dataclass(frozen=True)
class Verification:
    """How far the artifact's answers are from H2O's."""

    rows: int
    from_mojo: float  # largest difference of probabilities
    from_cluster: float  # the same
    other_labels: int  # verdicts of the MOJO and of the cluster that differ

    def __str__(self) -> str:
        return (
            f"{self.rows:,} rows: |p(NumPy) - p(MOJO)| <= {self.from_mojo:.1e}, "
            f"|p(NumPy) - p(H2O)| <= {self.from_cluster:.1e}, {self.other_labels} labels differ"
        )


def export_model(trained: Trained, corpus: Corpus, design: DesignMatrix, folder: Path) -> None:
    """Write the artifact to a folder that holds the MOJO."""
    content = _make_content(trained, corpus, design, read_mojo(folder / artifact.MOJO))
    write_artifact(folder, design.name, content, _list_arrays(design.tables))


def write_artifact(
    folder: Path, name: str, content: dict[str, Any], arrays: Mapping[str, NDArray[Any]]
) -> None:
    """Write arrays, and model.json with the hashes of these and of the MOJO, which is there."""
    for file, array in arrays.items():
        np.save(folder / file, array, allow_pickle=False)
    head = {"schema_version": artifact.SCHEMA_VERSION, "name": name}
    head["created"] = datetime.now(UTC).isoformat(timespec="seconds")
    files = {file: sha256_of(folder / file) for file in (*arrays, artifact.MOJO)}
    write_metadata(folder, head | content | {"files": files})


def write_metadata(folder: Path, metadata: dict[str, Any]) -> None:
    """Write model.json, and its hash into a file beside it."""
    data = f"{json.dumps(metadata, indent=1)}\n".encode()
    (folder / artifact.MODEL).write_bytes(data)
    (folder / artifact.CHECKSUM).write_bytes(artifact.format_checksum(data))


def _list_arrays(tables: Tables) -> dict[str, NDArray[Any]]:
    """Return the arrays of an artifact by the names of their files."""
    arrays: dict[str, NDArray[Any]] = {}
    if tables.lexicon:
        arrays[artifact.LEXICON] = tables.lexicon.arrays.cells
    if tables.characters:
        arrays[artifact.TRIGRAMS] = tables.characters.arrays.trigrams
        arrays[artifact.FOURGRAMS] = tables.characters.arrays.above
    if tables.words:
        words = tables.words
        arrays[artifact.WORDS] = words.arrays.cells
        arrays[artifact.WORD_COSTS] = np.concatenate([words.single, words.costs])
    return arrays


def _make_content(
    trained: Trained, corpus: Corpus, design: DesignMatrix, glm: MojoGlm
) -> dict[str, Any]:
    malicious, probability = corpus.malicious[trained.valid], trained.probability[trained.valid]
    counts = confusion(probability, malicious, glm.threshold)
    return {
        **design.equation(glm.coefficients, glm.intercept),
        "threshold": {"value": glm.threshold, "metric": "f1", "split": "validation"},
        "operating_points": [
            {
                "false_positive_rate": rate,
                "threshold": threshold_at(trained.out_of_fold, corpus.malicious, rate),
                "split": "out of fold",
            }
            for rate in design.config.false_positive_rates
            if rate * (~corpus.malicious).sum() >= 1
        ],
        "metrics": {
            "split": "validation",
            "training_rows": int((~trained.valid).sum()),
            "validation_rows": len(malicious),
            **counts._asdict(),
            "f1": counts.f1,
            "auc": area_under_roc(probability, malicious),
        },
        "training": {**trained.parameters, "data": [corpus.source(), design.words]},
    }


def _tabulate_columns(model: Artifact, labels: Sequence[str]) -> pd.DataFrame:
    """Return the columns of a model's MOJO for some labels: numbers, or the names of bins."""
    values = compute_matrix(labels, model.features, model.tables)
    if not isinstance(model.predictor, BinnedAdditive):
        return pd.DataFrame(values, columns=[*model.features])
    bins = np.array(model.predictor.bins(list(values.T)), np.uint8)
    return name_bins(dict.fromkeys(model.predictor.terms, MAX_BINS), bins)


def verify_export(trained: Trained, labels: Sequence[str], folder: Path) -> Verification:
    """Score all rows, (rows,), with the artifact in a folder; compare with cluster and MOJO.

    Raises TrainingError if a row differs, ClusterError if the MOJO cannot be scored.
    """
    scorer = Scorer.load(folder)
    parts = (labels[i : i + BLOCK] for i in range(0, len(labels), BLOCK))
    answers = np.concatenate([*map(scorer.list_probabilities, parts)])
    flagged, flagged_by_h2o = (x >= scorer.threshold for x in (answers, trained.deployed))
    columns = _tabulate_columns(scorer.artifact, labels)
    by_mojo, flagged_by_mojo = score_mojo(folder / artifact.MOJO, columns)
    verification = Verification(
        rows=len(labels),
        from_mojo=float(np.abs(answers - by_mojo).max()),
        from_cluster=float(np.abs(answers - trained.deployed).max()),
        other_labels=int((flagged != flagged_by_mojo).sum() + (flagged != flagged_by_h2o).sum()),
    )
    differs = not max(verification.from_mojo, verification.from_cluster) <= TOLERANCE
    if differs or verification.other_labels:
        raise TrainingError(f"nothing is written, the verification fails: {verification}")
    return verification
