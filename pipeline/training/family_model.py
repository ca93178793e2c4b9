"""Fit, export and verify the family model: a multinomial GLM that names likely families."""

from __future__ import annotations

import json
import re
import zipfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from malicious_domains.families.family_artifact import STEPS
from malicious_domains.families.family_features import FAMILY_FEATURES, compute_matrix
from malicious_domains.families.likely_families import FamilyModel
from malicious_domains.model.artifact import MOJO
from malicious_domains.names.array_types import Floats
from malicious_domains.names.errors import MaliciousDomainsError

from ..h2o_cluster.cluster import Cluster
from ..h2o_cluster.mojo import INI, read_equations, score_mojo
from .export import TOLERANCE
from .sample_names import Drawn

# Settings of H2O, see the objective in glm.py.
SETTINGS = {"solver": "L_BFGS", "alpha": 0.0, "lambda": 2e-4, "seed": 1}
_ITERATIONS = 300
_DETAILS = "experimental/"  # a folder in a MOJO


def fit_families(cluster: Cluster, learn: Sequence[Drawn], mojo: Path) -> None:
    """Fit on drawn names, with equal weight for every class's share, and save the MOJO."""
    table = _tabulate([label for group in learn for label in group.labels])
    table = table.loc[:, table.nunique() > 1]
    kinds = [group.kind for group in learn for _ in group.labels]
    frame = cluster.upload(table.assign(family=kinds, weight=_weigh_labels(learn)))
    settings = {"lambda_" if name == "lambda" else name: x for name, x in SETTINGS.items()}
    settings |= {"family": "multinomial", "max_iterations": _ITERATIONS}
    model = cluster.fit(frame, [*table], "family", {"weights_column": "weight"}, **settings)
    model.download_mojo(str(mojo))
    _shorten_mojo(mojo)


def _shorten_mojo(mojo: Path) -> None:
    """Round a MOJO's coefficients to 1 / STEPS, and keep only what its scorer reads.

    Coefficients then take a fifth of the space; the rest of a MOJO is metrics, five times as large.
    """
    with zipfile.ZipFile(mojo) as archive:
        kept = {x: archive.read(x) for x in archive.namelist() if not x.startswith(_DETAILS)}
    before, beta, after = re.split(r"(?m)^beta = (.*)$", kept[INI].decode("utf-8"))
    beta = json.dumps([round(x * STEPS) / STEPS for x in json.loads(beta)])
    kept[INI] = f"{before}beta = {beta}{after}".encode()
    with zipfile.ZipFile(mojo, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, data in kept.items():
            archive.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED, 9)


def _weigh_labels(learn: Sequence[Drawn]) -> list[float]:
    """Weigh each label: all families weigh the same, a synthetic one a third of that."""
    counts = Counter(group.family for group in learn for _ in group.labels)
    most = max(counts.values())
    shares = {x: most / n / (3 if x.startswith("shape-") else 1) for x, n in counts.items()}
    return [shares[group.family] for group in learn for _ in group.labels]


def _tabulate(labels: Sequence[str]) -> pd.DataFrame:
    return pd.DataFrame(compute_matrix(labels), columns=[*FAMILY_FEATURES])


def read_equation(mojo: Path) -> tuple[list[str], Floats]:
    """Return the classes, and their coefficients, (1 + features, classes), the intercepts first.

    Raises MaliciousDomainsError for anything but a multinomial GLM of FAMILY_FEATURES.

    >>> from malicious_domains.families.family_artifact import PACKAGED
    >>> classes, coefficients = read_equation(PACKAGED / MOJO)
    >>> classes[0], coefficients.shape == (1 + len(FAMILY_FEATURES), len(classes))
    ('banjori', True)
    """
    classes, equations = read_equations(mojo, "multinomial")
    coefficients = np.zeros((1 + len(FAMILY_FEATURES), len(classes)))
    try:
        for k, equation in enumerate(equations):
            coefficients[0, k] = equation.intercept
            for name, value in equation.coefficients.items():
                coefficients[1 + FAMILY_FEATURES.index(name), k] = value
    except ValueError as error:
        raise MaliciousDomainsError(f"{mojo}: not the MOJO of a family model: {error}") from error
    return classes, coefficients


def verify_families(folder: Path, labels: Sequence[str]) -> float:
    """Return how far an artifact is from its MOJO; raises MaliciousDomainsError over TOLERANCE."""
    model = FamilyModel.load(folder)
    answers = np.array([model.probabilities(x) for x in labels])
    difference = float(np.abs(answers - score_mojo(folder / MOJO, _tabulate(labels))[1]).max())
    if not difference <= TOLERANCE:
        problem = f"the verification fails: |p(NumPy) - p(MOJO)| <= {difference:.1e}"
        raise MaliciousDomainsError(problem)
    return difference
