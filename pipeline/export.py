"""From the MOJO to the artifact, and the proof that both give the same answers."""

from __future__ import annotations

import configparser
import json
import subprocess
import tempfile
import zipfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lambda_app.chalicelib.artifact import LEXICON, MANIFEST, SCHEMA_VERSION
from lambda_app.chalicelib.lexicon import Lexicon
from lambda_app.chalicelib.scorer import Scorer

from .cluster import jar
from .errors import PipelineError
from .java import find_java
from .metrics import area_under_roc, best_f1, confusion, threshold_at
from .sources import sha256_of
from .training import MOJO, Trained

TOLERANCE = 1e-12  # between two probabilities of one row
FILES = (MANIFEST, LEXICON, MOJO)  # all that an artifact's folder holds
FALSE_POSITIVE_RATES = (0.01, 0.001)  # of operating points that a validation split can tell

Floats = NDArray[np.float64]


class ExportError(PipelineError):
    """A model that cannot be exported, or whose proof failed."""


class Equation(NamedTuple):
    """What a GLM's MOJO says."""

    coefficients: dict[str, float]  # unstandardised, log-odds a unit
    intercept: float
    threshold: float


@dataclass(frozen=True)
class Proof:
    """How far NumPy is from H2O, over all rows."""

    rows: int
    from_mojo: float  # largest difference of probabilities
    from_cluster: float
    other_labels: int  # rows that one of both labels otherwise

    @property
    def holds(self) -> bool:
        """Whether all rows agree."""
        differences = (self.from_mojo, self.from_cluster)
        return all(d <= TOLERANCE for d in differences) and self.other_labels == 0

    def __str__(self) -> str:
        return (
            f"{self.rows:,} rows: |p(NumPy) - p(MOJO)| <= {self.from_mojo:.1e}, "
            f"|p(NumPy) - p(H2O)| <= {self.from_cluster:.1e}, "
            f"{self.other_labels} labels differ"
        )


def read_mojo(mojo: Path) -> Equation:
    """Coefficients, intercept and threshold from the MOJO's model.ini.

    Raises ExportError for anything but a binomial GLM of numbers.
    """
    parser = configparser.ConfigParser(allow_no_value=True, delimiters=("=",))
    parser.optionxform = str  # type: ignore[assignment, method-assign]
    try:
        with zipfile.ZipFile(mojo) as archive:
            parser.read_string(archive.read("model.ini").decode("utf-8"))
        info, columns = parser["info"], list(parser["columns"])
        if (info["algo"], info["family"], info["link"]) != ("glm", "binomial", "logit"):
            raise ExportError(f"{mojo}: {info['family']} {info['algo']}, not a binomial GLM")
        beta = [float(x) for x in json.loads(info["beta"])]
        names = columns[: int(info["nums"])]
        coefficients = dict(zip(names, beta[:-1], strict=True))
        return Equation(coefficients, beta[-1], float(info["default_threshold"]))
    except (OSError, KeyError, ValueError, zipfile.BadZipFile, configparser.Error) as error:
        raise ExportError(f"{mojo}: not a GLM's MOJO: {error}") from error


def export(
    trained: Trained,
    labels: list[str],
    lexicon: Lexicon,
    name: str,
    data: list[dict[str, Any]],
    folder: Path,
) -> Proof:
    """Write the artifact `name` to a folder that holds the MOJO, and prove it on all rows.

    data says what it was trained on. Raises ExportError if a row differs.
    """
    np.save(folder / LEXICON, lexicon.cells, allow_pickle=False)
    manifest = _manifest(trained, read_mojo(folder / MOJO), name, data)
    manifest["files"] = {x: sha256_of(folder / x) for x in (LEXICON, MOJO)}
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")
    proof = prove(folder, trained, labels)
    if not proof.holds:
        raise ExportError(f"nothing is written, the proof fails: {proof}")
    return proof


def prove(folder: Path, trained: Trained, labels: list[str]) -> Proof:
    """Score all rows by the artifact in a folder, by its MOJO, and compare."""
    scorer = Scorer.load(folder)
    numpy = scorer.probability(labels)
    of_mojo, called = score_mojo(folder / MOJO, trained.values)
    flagged = numpy >= scorer.threshold
    other = (flagged != called) | (flagged != (trained.probability >= scorer.threshold))
    valid = trained.valid
    ours = best_f1(numpy[valid], trained.malicious[valid], trained.candidates)
    if ours != scorer.threshold:
        raise ExportError(f"max F1 at {ours} by NumPy, at {scorer.threshold} by H2O")
    return Proof(
        len(labels),
        float(np.abs(numpy - of_mojo).max()),
        float(np.abs(numpy - trained.probability).max()),
        int(other.sum()),
    )


def score_mojo(mojo: Path, values: pd.DataFrame) -> tuple[Floats, NDArray[np.bool_]]:
    """P(malicious) and verdict of every row by H2O's own Java scorer, (rows,) each."""
    with tempfile.TemporaryDirectory(prefix="mojo-") as folder:
        source, target = Path(folder) / "in.csv", Path(folder) / "out.csv"
        values.to_csv(source, index=False)
        command = [str(find_java()), "-cp", str(jar()), "hex.genmodel.tools.PredictCsv"]
        command += ["--mojo", str(mojo), "--input", str(source), "--output", str(target)]
        run = subprocess.run([*command, "--decimal"], capture_output=True, text=True, check=False)
        if run.returncode or not target.exists():
            raise ExportError(f"H2O's Java scorer failed:\n{run.stderr[-2000:]}")
        scored = np.loadtxt(target, delimiter=",", skiprows=1, dtype=str, ndmin=2)
    return scored[:, 2].astype(np.float64), scored[:, 0] == "malicious"


def _manifest(
    trained: Trained, equation: Equation, name: str, data: list[dict[str, Any]]
) -> dict[str, Any]:
    probability, malicious = trained.probability[trained.valid], trained.malicious[trained.valid]
    counts = confusion(probability, malicious, equation.threshold)
    return {
        "schema_version": SCHEMA_VERSION,
        "name": name,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "features": list(trained.values.columns),
        # H2O leaves out a column that is constant in training.
        "coefficients": {x: equation.coefficients.get(x, 0.0) for x in trained.values.columns},
        "intercept": equation.intercept,
        "threshold": {"value": equation.threshold, "metric": "f1", "split": "validation"},
        "operating_points": [
            {
                "false_positive_rate": rate,
                "threshold": threshold_at(probability, malicious, rate),
                "split": "validation",
            }
            for rate in FALSE_POSITIVE_RATES
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
