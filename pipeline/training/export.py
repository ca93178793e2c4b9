"""From the MOJO to the artifact, and the check that both give the same answers."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from malicious_domains.features.array_types import Ints
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
from malicious_domains.names.errors import MaliciousDomainsError

from ..corpus.sources import sha256_of
from ..h2o_cluster.mojo import MojoGlm, read_mojo, score_mojo
from . import shards
from .design import DesignMatrix
from .glm import Trained
from .metrics import area_under_roc, confusion, threshold_at

TOLERANCE = 1e-12  # between two probabilities of one row
MOJO_ROWS = 10_000  # that H2O's Java scorer is asked for, if not all


class ExportError(MaliciousDomainsError):
    """An artifact that does not answer as its model does, or is not the one it should equal."""


@dataclass(frozen=True)
class Verification:
    """How far NumPy is from H2O, over all rows."""

    rows: int
    mojo_rows: int  # of them asked of the MOJO
    from_mojo: float  # largest difference of probabilities
    from_cluster: float
    other_labels: int  # answers of the MOJO and of the cluster whose label is another

    @property
    def holds(self) -> bool:
        """Whether all rows agree."""
        differences = (self.from_mojo, self.from_cluster)
        return all(d <= TOLERANCE for d in differences) and self.other_labels == 0

    def __str__(self) -> str:
        some = "" if self.mojo_rows == self.rows else f" ({self.mojo_rows:,} of them)"
        return (
            f"{self.rows:,} rows: |p(NumPy) - p(MOJO)| <= {self.from_mojo:.1e}{some}, "
            f"|p(NumPy) - p(H2O)| <= {self.from_cluster:.1e}, "
            f"{self.other_labels} labels differ"
        )


def export(trained: Trained, data: list[dict[str, Any]], folder: Path) -> None:
    """Write the artifact to a folder that holds the MOJO.

    data: name, sha256 and rows of everything that it was trained on, for model.json.
    Raises MojoError if the MOJO cannot be read.
    """
    names = _save(trained.design.tables, folder)
    metadata = _metadata(trained, read_mojo(folder / MOJO), data)
    metadata["files"] = {x: sha256_of(folder / x) for x in (*names, MOJO)}
    write_metadata(folder, metadata)


def verify_export(
    trained: Trained, labels: Sequence[str], folder: Path, whole: bool
) -> Verification:
    """Score all rows, (rows,), by the artifact in a folder; compare with the cluster and the MOJO.

    whole: the MOJO is asked for every row, not for MOJO_ROWS. Raises ExportError if a row
    differs, MojoError or JavaError if the MOJO cannot be asked.
    """
    found = _compare(trained, labels, folder, 1 if whole else max(len(labels) // MOJO_ROWS, 1))
    if not found.holds:
        raise ExportError(f"nothing is written, the proof fails: {found}")
    return found


def _save(tables: Tables, folder: Path) -> list[str]:
    arrays: dict[str, NDArray[Any]] = {}
    if tables.lexicon:
        arrays[LEXICON] = tables.lexicon.arrays.cells
    if tables.characters:
        arrays[TRIGRAMS] = tables.characters.arrays.trigrams
        arrays[FOURGRAMS] = tables.characters.arrays.above
    if tables.words:
        words = tables.words.arrays
        arrays[WORDS], arrays[WORD_COSTS] = words.cells, np.concatenate([words.single, words.costs])
    for name, array in arrays.items():
        np.save(folder / name, array, allow_pickle=False)
    return list(arrays)


def write_metadata(folder: Path, metadata: dict[str, Any]) -> None:
    """Write model.json, and its hash into a file beside it."""
    data = _json(metadata).encode()
    (folder / MODEL).write_bytes(data)
    (folder / CHECKSUM).write_bytes(format_checksum(data))


def _json(metadata: dict[str, Any]) -> str:
    """A line for every key, and one for each list of coefficients or edges."""
    text = json.dumps(metadata, indent=1)
    return re.sub(r"\[\s*((?:[^][{}\s]+,\s*)*[^][{}\s]+)\s*\]", _one_line, text) + "\n"


def _one_line(found: re.Match[str]) -> str:
    return "[" + " ".join(found[1].split()) + "]"


def _compare(trained: Trained, labels: Sequence[str], folder: Path, every: int) -> Verification:
    """All rows by NumPy and the cluster, every so many by the MOJO."""
    scorer = Scorer.load(folder)
    numpy = np.empty(len(labels))
    for start in range(0, len(labels), shards.TOGETHER):
        some = slice(start, start + shards.TOGETHER)
        numpy[some] = scorer.unchecked_probability(labels[some])
    flagged = numpy >= scorer.threshold
    with temporary_folder("mojo-") as scratch:
        source = scratch / "in.csv"
        shards.write_one(source, trained.design, _every(trained.design, len(labels), every))
        of_mojo, called = score_mojo(folder / MOJO, source)
    asked = len(numpy[::every])
    of_mojo, called = of_mojo[:asked], called[:asked]
    other = int((flagged[::every] != called).sum())
    other += int((flagged != (trained.deployed >= scorer.threshold)).sum())
    return Verification(
        rows=len(labels),
        mojo_rows=asked,
        from_mojo=float(np.abs(numpy[::every] - of_mojo).max()),
        from_cluster=float(np.abs(numpy - trained.deployed).max()),
        other_labels=other,
    )


def _every(design: DesignMatrix, count: int, every: int) -> Ints:
    """Each so-manieth of count rows, and those of padding."""
    return np.append(np.arange(0, count, every), count + np.arange(design.padding))


def _metadata(trained: Trained, found: MojoGlm, data: list[dict[str, Any]]) -> dict[str, Any]:
    probability, malicious = trained.probability[trained.valid], trained.malicious[trained.valid]
    counts = confusion(probability, malicious, found.threshold)
    return {
        "schema_version": SCHEMA_VERSION,
        "name": trained.design.name,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        **trained.design.equation(found.coefficients, found.intercept),
        "threshold": {"value": found.threshold, "metric": "f1", "split": "validation"},
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
