"""Write the artifact of a trained model, and verify that it answers as its MOJO does."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from malicious_domains.features.language_tables import Tables
from malicious_domains.model import artifact
from malicious_domains.model.scorer import Scorer
from malicious_domains.names.array_types import NDArray
from malicious_domains.names.errors import MaliciousDomainsError

from ..corpus.sources import sha256_of
from ..h2o_cluster.mojo import MojoGlm, read_mojo, score_mojo
from .design import BLOCK, DesignMatrix
from .glm import Trained
from .metrics import area_under_roc, confusion, threshold_at

TOLERANCE = 1e-12  # largest difference between two probabilities of a row


def export_model(trained: Trained, design: DesignMatrix, folder: Path) -> str:
    """Write the artifact to a folder that holds the MOJO; say how far its answers are from H2O's.

    Raises MaliciousDomainsError if a row differs from the cluster's answer or from the MOJO's.
    """
    content = _make_content(trained, design, read_mojo(folder / artifact.MOJO))
    write_artifact(folder, design.name, content, _list_arrays(design.tables))
    scorer, labels = Scorer.load(folder), design.corpus.labels
    parts = (labels[i : i + BLOCK] for i in range(0, len(labels), BLOCK))
    answers = np.concatenate([*map(scorer.list_probabilities, parts)])
    classes, by_mojo = score_mojo(folder / artifact.MOJO, design.deploy())
    flagged, by_h2o = (x >= scorer.threshold for x in (answers, trained.deployed))
    to_mojo, to_h2o = (float(np.abs(answers - p).max()) for p in (by_mojo[:, 1], trained.deployed))
    other_labels = sum(int((flagged != x).sum()) for x in (classes == "malicious", by_h2o))
    verification = (
        f"{len(labels):,} rows: |p(NumPy) - p(MOJO)| <= {to_mojo:.1e}, "
        f"|p(NumPy) - p(H2O)| <= {to_h2o:.1e}, {other_labels} labels differ"
    )
    if other_labels or not max(to_mojo, to_h2o) <= TOLERANCE:
        raise MaliciousDomainsError(f"nothing is written, the verification fails: {verification}")
    return verification


def write_artifact(
    folder: Path, name: str, content: dict[str, Any], arrays: Mapping[str, NDArray[Any]]
) -> None:
    """Write arrays, and model.json with the hashes of these and of the MOJO, which is there.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = Path(folder, artifact.MOJO).write_bytes(b"")
    ...     write_artifact(Path(folder), "classic", {"intercept": 0.5}, {"cells.npy": np.arange(9)})
    ...     sorted(json.loads(Path(folder, artifact.MODEL).read_text())["files"])
    ['cells.npy', 'mojo.zip']
    """
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
    if characters := tables.characters:
        arrays[artifact.TRIGRAMS] = characters.arrays.trigrams
        arrays[artifact.FOURGRAMS] = characters.arrays.above
    if words := tables.words:
        arrays[artifact.WORDS] = words.arrays.cells
        arrays[artifact.WORD_COSTS] = np.concatenate([words.single, words.costs])
    return arrays


def _make_content(trained: Trained, design: DesignMatrix, glm: MojoGlm) -> dict[str, Any]:
    malicious, probability = design.corpus.malicious, trained.probability[trained.valid]
    counts = confusion(probability, malicious[trained.valid], glm.threshold)
    return {
        **design.equation(glm.coefficients, glm.intercept),
        "threshold": {"value": glm.threshold, "metric": "f1", "split": "validation"},
        "operating_points": [
            {
                "false_positive_rate": rate,
                "threshold": threshold_at(trained.out_of_fold, malicious, rate),
                "split": "out of fold",
            }
            for rate in design.config.false_positive_rates
            if rate * (~malicious).sum() >= 1
        ],
        "metrics": {
            "split": "validation",
            "training_rows": int((~trained.valid).sum()),
            "validation_rows": len(probability),
            **counts._asdict(),
            "f1": counts.f1,
            "auc": area_under_roc(probability, malicious[trained.valid]),
        },
        "training": {**trained.parameters, "data": [design.corpus.source(), design.words]},
    }
