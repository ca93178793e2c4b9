"""The hint's GLM in H2O: fitted, exported, proven against its MOJO."""

from __future__ import annotations

import configparser
import json
import re
import subprocess
import zipfile
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import h2o
import numpy as np
import pandas as pd
from h2o.estimators import H2OGeneralizedLinearEstimator

from malicious_domains.families.family_artifact import COEFFICIENTS, STEPS
from malicious_domains.families.family_features import FAMILY_FEATURES, compute_features
from malicious_domains.families.likely_families import FamilyModel
from malicious_domains.features.array_types import Floats
from malicious_domains.inputs.signals import temporary_folder
from malicious_domains.model.artifact import MOJO, SCHEMA_VERSION

from ..corpus.sources import sha256_of
from ..h2o_cluster.cluster import Cluster
from ..h2o_cluster.java import find_java
from ..h2o_cluster.mojo import MojoError
from ..h2o_cluster.nodes import jar
from .export import TOLERANCE, ExportError, write_metadata
from .sample_names import Drawn

RIDGE = 2e-4  # H2O's lambda, with alpha 0
SEED = 1
_INI, _DETAILS = "model.ini", "experimental/"  # a file and a folder in a MOJO
_RESPONSE, _WEIGHT = "family", "weight"


def fit(cluster: Cluster, learn: Sequence[Drawn], mojo: Path) -> None:
    """Fit on drawn names, every class with the weight of its share, and save the MOJO."""
    table = pd.DataFrame(
        [compute_features(x) for group in learn for x in group.labels], columns=FAMILY_FEATURES
    )
    table = table.loc[:, table.nunique() > 1]
    columns = list(table)
    table[_RESPONSE] = [group.kind for group in learn for _ in group.labels]
    table[_WEIGHT] = _weights(learn)
    types = dict.fromkeys(map(str, table), "numeric") | {_RESPONSE: "enum"}
    with cluster.folder() as folder:
        path = folder / "names.csv"
        table.to_csv(path, index=False)
        frame = cluster.read([path], types)
    model = H2OGeneralizedLinearEstimator(
        model_id=cluster.key("hint"),
        family="multinomial",
        solver="L_BFGS",
        alpha=0.0,
        lambda_=RIDGE,
        seed=SEED,
        max_iterations=300,
    )
    model.train(x=columns, y=_RESPONSE, training_frame=frame, weights_column=_WEIGHT)
    model.download_mojo(str(mojo))
    shorten(mojo)


def shorten(mojo: Path) -> None:
    """Round a MOJO's coefficients to 1 / STEPS, and keep only what its scorer reads.

    So that they take a fifth of the room, here and in the artifact; the rest of a MOJO is tables
    of metrics, five times as long.
    """
    with zipfile.ZipFile(mojo) as archive:
        kept = {x: archive.read(x) for x in archive.namelist() if not x.startswith(_DETAILS)}
    text = kept[_INI].decode("utf-8")
    kept[_INI] = re.sub(r"(?m)^beta = .*$", _rounded, text).encode()
    with zipfile.ZipFile(mojo, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, data in kept.items():
            archive.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED, 9)


def _rounded(line: re.Match[str]) -> str:
    values = json.loads(line[0].partition("=")[2])
    return f"beta = {json.dumps([round(x * STEPS) / STEPS for x in values])}"


def _weights(learn: Sequence[Drawn]) -> list[float]:
    """Of each label: a family of few names weighs as much as one of many, a shape a third."""
    counts: Counter[str] = Counter()
    for group in learn:
        counts[group.family] += len(group.labels)
    most = max(counts.values())
    shares = {x: most / n / (3 if x.startswith("shape-") else 1) for x, n in counts.items()}
    return [shares[group.family] for group in learn for _ in group.labels]


def read_mojo(mojo: Path) -> tuple[list[str], Floats]:
    """The classes, and the coefficients, (1 + traits, classes), the intercepts first.

    Raises MojoError for anything but a multinomial GLM of TRAITS.
    """
    parser = configparser.ConfigParser(allow_no_value=True, delimiters=("=",))
    parser.optionxform = str  # type: ignore[assignment, method-assign]
    try:
        with zipfile.ZipFile(mojo) as archive:
            parser.read_string(archive.read(_INI).decode("utf-8"))
            info, columns = parser["info"], list(parser["columns"])
            classes = archive.read("domains/d000.txt").decode("utf-8").splitlines()
        if (info["algo"], info["family"]) != ("glm", "multinomial"):
            raise MojoError(f"{mojo}: {info['family']} {info['algo']}, not a multinomial GLM")
        beta = np.array(json.loads(info["beta"]), np.float64).reshape(len(classes), -1)
        used = [FAMILY_FEATURES.index(x) for x in columns[: beta.shape[1] - 1]]
    except (OSError, KeyError, ValueError, zipfile.BadZipFile, configparser.Error) as error:
        raise MojoError(f"{mojo}: not the MOJO of a hint: {error}") from error
    coefficients = np.zeros((1 + len(FAMILY_FEATURES), len(classes)))
    coefficients[0] = beta[:, -1]
    coefficients[[1 + at for at in used]] = beta[:, :-1].T
    return classes, coefficients


def export(
    folder: Path,
    groups: dict[str, list[str]],
    temperature: float,
    unknown_from: float,
    typical: dict[str, float],
    training: dict[str, Any],
) -> None:
    """Write the artifact to a folder that holds the MOJO."""
    classes, coefficients = read_mojo(folder / MOJO)
    steps = np.rint(coefficients * STEPS).astype(np.int32)
    np.save(folder / COEFFICIENTS, steps.ravel(), allow_pickle=False)
    write_metadata(
        folder,
        {
            "schema_version": SCHEMA_VERSION,
            "name": "hint",
            "created": datetime.now(UTC).isoformat(timespec="seconds"),
            "traits": list(FAMILY_FEATURES),
            "classes": classes,
            "groups": groups,
            "temperature": temperature,
            "unknown_from": unknown_from,
            "typical": typical,
            "training": {"h2o_version": h2o.__version__, "solver": "L_BFGS", "alpha": 0.0}
            | {"lambda": RIDGE, "seed": SEED}
            | training,
            "files": {x: sha256_of(folder / x) for x in (COEFFICIENTS, MOJO)},
        },
    )


def score_mojo(mojo: Path, labels: Sequence[str]) -> Floats:
    """P of each class by H2O's own Java scorer, (labels, classes); raises MojoError, JavaError."""
    with temporary_folder("mojo-") as folder:
        source, target = folder / "in.csv", folder / "out.csv"
        pd.DataFrame([compute_features(x) for x in labels], columns=FAMILY_FEATURES).to_csv(
            source, index=False
        )
        command = [str(find_java()), "-cp", str(jar()), "hex.genmodel.tools.PredictCsv"]
        command += ["--mojo", str(mojo), "--input", str(source), "--output", str(target)]
        run = subprocess.run([*command, "--decimal"], capture_output=True, text=True, check=False)
        if run.returncode or not target.exists():
            raise MojoError(f"H2O's Java scorer failed:\n{run.stderr[-2000:]}")
        scored = np.loadtxt(target, delimiter=",", skiprows=1, dtype=str, ndmin=2)
    return scored[:, 1:].astype(np.float64)


def prove(folder: Path, labels: Sequence[str]) -> str:
    """Compare the artifact in a folder with its MOJO on labels; raises ExportError."""
    hinter = FamilyModel.load(folder)
    ours = np.array([hinter.probabilities(x) for x in labels])
    apart = float(np.abs(ours - score_mojo(folder / MOJO, labels)).max())
    if not apart <= TOLERANCE:
        raise ExportError(f"the proof fails: |p(ours) - p(MOJO)| <= {apart:.1e}")
    return f"{len(labels):,} names: |p(ours) - p(MOJO)| <= {apart:.1e}"
