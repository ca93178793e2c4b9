"""Write the artifact of a trained model, and verify that it answers as its MOJO does."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from malicious_domains.features.language_tables import Tables
from malicious_domains.inputs.signals import temporary_folder
from malicious_domains.model.artifact import (
    CHECKSUM,
    FOURGRAMS,
    LEXICON,
    MODEL,
    MOJO,
    SCHEMA_VERSION,
    TRIGRAMS,
    WORD_COSTS,
    WORDS,
    format_checksum,
)
from malicious_domains.model.scorer import Scorer

from ..corpus.sources import sha256_of
from ..h2o_cluster.mojo import score_mojo
from . import TrainingError
from .design_csv import BLOCK, write_csv
from .glm import Trained
from .metrics import area_under_roc, confusion, threshold_at

TOLERANCE = 1e-12  # largest difference between two probabilities of a row
MOJO_ROWS = 10_000  # rows that H2O's Java scorer scores, if not all


@dataclass(frozen=True)
class Verification:
    """How far the artifact's answers are from H2O's."""

    rows: int
    mojo_rows: int  # of these, scored by the MOJO too
    from_mojo: float  # largest difference of probabilities
    from_cluster: float | None = None  # the same; None if the cluster was not asked
    other_labels: int = 0  # verdicts of the MOJO and of the cluster that differ

    @property
    def holds(self) -> bool:
        """Whether all rows agree."""
        differences = (self.from_mojo, self.from_cluster or 0.0)
        return all(d <= TOLERANCE for d in differences) and self.other_labels == 0

    def check(self) -> None:
        """Raise TrainingError unless all rows agree."""
        if not self.holds:
            raise TrainingError(f"nothing is written, the verification fails: {self}")

    def __str__(self) -> str:
        sample = "" if self.mojo_rows == self.rows else f" ({self.mojo_rows:,} of them)"
        mojo = f"{self.rows:,} rows: |p(NumPy) - p(MOJO)| <= {self.from_mojo:.1e}{sample}"
        if self.from_cluster is None:
            return mojo
        cluster = f"|p(NumPy) - p(H2O)| <= {self.from_cluster:.1e}"
        return f"{mojo}, {cluster}, {self.other_labels} labels differ"


def export_model(trained: Trained, data: list[dict[str, Any]], folder: Path) -> None:
    """Write the artifact to a folder that holds the MOJO.

    data: name, sha256 and rows of all training data, for model.json.
    """
    write_artifact(folder, _make_metadata(trained, data), _list_arrays(trained.design.tables))


def write_artifact(
    folder: Path, metadata: dict[str, Any], arrays: Mapping[str, NDArray[Any]]
) -> None:
    """Write arrays, and model.json with the hashes of these and of the MOJO, which is there."""
    for name, array in arrays.items():
        np.save(folder / name, array, allow_pickle=False)
    files = {name: sha256_of(folder / name) for name in (*arrays, MOJO)}
    write_metadata(folder, metadata | {"files": files})


def write_metadata(folder: Path, metadata: dict[str, Any]) -> None:
    """Write model.json, and its hash into a file beside it."""
    data = _format_json(metadata).encode()
    (folder / MODEL).write_bytes(data)
    (folder / CHECKSUM).write_bytes(format_checksum(data))


def _format_json(metadata: dict[str, Any]) -> str:
    """Write a line for every key, and one for each list of coefficients or edges."""
    text = json.dumps(metadata, indent=1)
    lists = r"\[\s*((?:[^][{}\s]+,\s*)*[^][{}\s]+)\s*\]"
    return re.sub(lists, lambda match: f"[{' '.join(match[1].split())}]", text) + "\n"


def _list_arrays(tables: Tables) -> dict[str, NDArray[Any]]:
    """Return the arrays of an artifact by the names of their files."""
    arrays: dict[str, NDArray[Any]] = {}
    if tables.lexicon:
        arrays[LEXICON] = tables.lexicon.arrays.cells
    if tables.characters:
        arrays[TRIGRAMS] = tables.characters.arrays.trigrams
        arrays[FOURGRAMS] = tables.characters.arrays.above
    if tables.words:
        words = tables.words
        arrays[WORDS] = words.arrays.cells
        arrays[WORD_COSTS] = np.concatenate([words.single, words.costs])
    return arrays


def _make_metadata(trained: Trained, data: list[dict[str, Any]]) -> dict[str, Any]:
    glm, malicious = trained.glm, trained.malicious[trained.valid]
    probability = trained.probability[trained.valid]
    counts = confusion(probability, malicious, glm.threshold)
    return {
        "schema_version": SCHEMA_VERSION,
        "name": trained.design.name,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        **trained.design.equation(glm.coefficients, glm.intercept),
        "threshold": {"value": glm.threshold, "metric": "f1", "split": "validation"},
        "operating_points": [
            {
                "false_positive_rate": rate,
                "threshold": threshold_at(trained.out_of_fold, trained.malicious, rate),
                "split": "out of fold",
            }
            for rate in trained.design.config.false_positive_rates
            if rate * (~trained.malicious).sum() >= 1
        ],
        "metrics": {
            "split": "validation",
            "training_rows": int((~trained.valid).sum()),
            "validation_rows": len(malicious),
            **counts._asdict(),
            "f1": counts.f1,
            "auc": area_under_roc(probability, malicious),
        },
        "training": {**trained.parameters, "data": data},
    }


def verify_export(
    trained: Trained, labels: Sequence[str], folder: Path, whole: bool
) -> Verification:
    """Score all rows, (rows,), with the artifact in a folder; compare with cluster and MOJO.

    whole: the MOJO scores every row, not MOJO_ROWS. Raises TrainingError if a row differs,
    ClusterError if the MOJO cannot be scored.
    """
    scorer, design = Scorer.load(folder), trained.design
    answers = np.empty(len(labels))
    for start in range(0, len(labels), BLOCK):
        rows = slice(start, start + BLOCK)
        answers[rows] = scorer.list_probabilities(labels[rows])
    flagged = answers >= scorer.threshold
    every = 1 if whole else max(len(labels) // MOJO_ROWS, 1)
    sample = np.arange(0, len(labels), every)
    with temporary_folder("mojo-") as scratch:
        source = scratch / "in.csv"
        padding = len(labels) + np.arange(design.padding)
        write_csv(source, design, np.append(sample, padding), {}, deployed=True)
        by_mojo, flagged_by_mojo = score_mojo(folder / MOJO, source)
    verification = Verification(
        rows=len(labels),
        mojo_rows=len(sample),
        from_mojo=float(np.abs(answers[sample] - by_mojo[: len(sample)]).max()),
        from_cluster=float(np.abs(answers - trained.deployed).max()),
        other_labels=int((flagged[sample] != flagged_by_mojo[: len(sample)]).sum())
        + int((flagged != (trained.deployed >= scorer.threshold)).sum()),
    )
    verification.check()
    return verification
