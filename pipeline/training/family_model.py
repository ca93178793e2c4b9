"""Fit, export and verify the family model: a multinomial GLM that names likely families."""

from __future__ import annotations

import json
import re
import zipfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import h2o
import numpy as np
import pandas as pd

from malicious_domains.families.family_artifact import COEFFICIENTS, STEPS
from malicious_domains.families.family_features import FAMILY_FEATURES, compute_matrix
from malicious_domains.families.likely_families import FamilyModel
from malicious_domains.model.artifact import MOJO
from malicious_domains.names.array_types import Floats

from ..h2o_cluster import ClusterError
from ..h2o_cluster.cluster import Cluster
from ..h2o_cluster.mojo import INI, read_multinomial, score_classes
from . import TrainingError
from .export import TOLERANCE, write_artifact
from .sample_names import Drawn

# Settings of H2O, see the objective in glm.py.
SETTINGS = {"solver": "L_BFGS", "alpha": 0.0, "lambda": 2e-4, "seed": 1}
_ITERATIONS = 300
_DETAILS = "experimental/"  # a folder in a MOJO


def fit_families(cluster: Cluster, learn: Sequence[Drawn], mojo: Path) -> None:
    """Fit on drawn names, with equal weight for every class's share, and save the MOJO."""
    table = _tabulate([label for group in learn for label in group.labels])
    table = table.loc[:, table.nunique() > 1]
    columns = [*table]
    kinds = [group.kind for group in learn for _ in group.labels]
    frame = cluster.upload(table.assign(family=kinds, weight=_weigh_labels(learn)))
    settings = {"lambda_" if name == "lambda" else name: x for name, x in SETTINGS.items()}
    settings |= {"family": "multinomial", "max_iterations": _ITERATIONS}
    model = cluster.fit(frame, columns, "family", {"weights_column": "weight"}, **settings)
    model.download_mojo(str(mojo))
    _shorten_mojo(mojo)


def _shorten_mojo(mojo: Path) -> None:
    """Round a MOJO's coefficients to 1 / STEPS, and keep only what its scorer reads.

    Coefficients then take a fifth of the space; the rest of a MOJO is metrics, five times as large.
    """
    with zipfile.ZipFile(mojo) as archive:
        kept = {x: archive.read(x) for x in archive.namelist() if not x.startswith(_DETAILS)}
    text = kept[INI].decode("utf-8")
    kept[INI] = re.sub(r"(?m)^beta = .*$", _round_beta, text).encode()
    with zipfile.ZipFile(mojo, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, data in kept.items():
            archive.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED, 9)


def _round_beta(line: re.Match[str]) -> str:
    values = json.loads(line[0].partition("=")[2])
    return f"beta = {json.dumps([round(x * STEPS) / STEPS for x in values])}"


def _weigh_labels(learn: Sequence[Drawn]) -> list[float]:
    """Weigh each label: all families weigh the same, a synthetic one a third of that."""
    counts: Counter[str] = Counter()
    for group in learn:
        counts[group.family] += len(group.labels)
    most = max(counts.values())
    shares = {x: most / n / (3 if x.startswith("shape-") else 1) for x, n in counts.items()}
    return [shares[group.family] for group in learn for _ in group.labels]


def _tabulate(labels: Sequence[str]) -> pd.DataFrame:
    return pd.DataFrame(compute_matrix(labels), columns=[*FAMILY_FEATURES])


def read_equation(mojo: Path) -> tuple[list[str], Floats]:
    """Return the classes, and their coefficients, (1 + features, classes), the intercepts first.

    Raises ClusterError for anything but a multinomial GLM of FAMILY_FEATURES.
    """
    classes, equations = read_multinomial(mojo)
    coefficients = np.zeros((1 + len(FAMILY_FEATURES), len(classes)))
    try:
        for k, equation in enumerate(equations):
            coefficients[0, k] = equation.intercept
            for name, value in equation.coefficients.items():
                coefficients[1 + FAMILY_FEATURES.index(name), k] = value
    except ValueError as error:
        raise ClusterError(f"{mojo}: not the MOJO of a family model: {error}") from error
    return classes, coefficients


def export_families(folder: Path, chosen: dict[str, Any], training: dict[str, Any]) -> None:
    """Write the artifact to a folder that holds the MOJO.

    chosen: the groups, temperature, unknown_from and typical of model.json.
    """
    classes, coefficients = read_equation(folder / MOJO)
    content = {
        "traits": list(FAMILY_FEATURES),
        "classes": classes,
        **chosen,
        "training": {"h2o_version": h2o.__version__} | SETTINGS | training,
    }
    steps = np.rint(coefficients * STEPS).astype(np.int32)
    write_artifact(folder, "hint", content, {COEFFICIENTS: steps.ravel()})


def verify_families(folder: Path, labels: Sequence[str]) -> float:
    """Return how far the artifact in a folder is from its MOJO on labels; raises TrainingError."""
    model = FamilyModel.load(folder)
    answers = np.array([model.probabilities(x) for x in labels])
    difference = float(np.abs(answers - score_classes(folder / MOJO, _tabulate(labels))).max())
    if not difference <= TOLERANCE:
        raise TrainingError(f"the verification fails: |p(NumPy) - p(MOJO)| <= {difference:.1e}")
    return difference
