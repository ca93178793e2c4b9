"""The family model on disk: data only, verified before it is used."""

from __future__ import annotations

from math import isfinite
from pathlib import Path
from typing import Any, NamedTuple

from ..model.artifact import CHECKSUM, MODEL, MOJO, ArtifactError, read_artifact
from ..names import npy
from .family_features import FAMILY_FEATURES

COEFFICIENTS = "coefficients.npy"
STEPS = 1000  # coefficients are whole numbers of thousandths of log-odds
FILES = (MODEL, CHECKSUM, COEFFICIENTS, MOJO)
PACKAGED = Path(__file__).with_name("trained")


class FamilyArtifact(NamedTuple):
    """A verified model: a multinomial GLM over FAMILY_FEATURES."""

    metadata: dict[str, Any]  # model.json as it stands
    classes: tuple[str, ...]  # families, and synthetic families that stand for unknown ones
    intercepts: list[float]  # (classes,)
    coefficients: list[list[float]]  # by feature: (classes,)
    groups: dict[str, tuple[str, ...]]  # classes that are reported under one name
    temperature: float  # log-odds are divided by it
    unknown_from: float  # probability of no known family from which the answer is "unknown"
    typical: dict[str, float]  # by group: the mean ln P of it that its own names reach


def load_artifact(folder: Path = PACKAGED) -> FamilyArtifact:
    """Read and verify the model in a folder, but for its MOJO; raises ArtifactError."""
    return read_artifact(folder, _build, [COEFFICIENTS])


def _build(folder: Path, metadata: dict[str, Any], files: dict[str, bytes]) -> FamilyArtifact:
    path = folder / MODEL
    if tuple(metadata["traits"]) != FAMILY_FEATURES:
        raise ArtifactError(path, "its features are not those that are computed")
    classes = tuple(metadata["classes"])
    rows = _rows(folder / COEFFICIENTS, files[COEFFICIENTS], len(classes))
    groups = {name: tuple(members) for name, members in metadata["groups"].items()}
    if sorted(x for members in groups.values() for x in members) != sorted(classes):
        raise ArtifactError(path, "its groups do not have each class once")
    temperature, unknown_from = metadata["temperature"], metadata["unknown_from"]
    if not (0 < temperature < 1e3 and 0 < unknown_from <= 1):
        raise ArtifactError(path, f"temperature {temperature!r}, unknown_from {unknown_from!r}")
    typical = metadata["typical"]
    if not (typical.keys() <= groups.keys() and all(map(isfinite, typical.values()))):
        raise ArtifactError(path, "typical is not of its groups, or not finite")
    return FamilyArtifact(
        metadata, classes, rows[0], rows[1:], groups, temperature, unknown_from, typical
    )


def _rows(path: Path, data: bytes, classes: int) -> list[list[float]]:
    """Return the intercepts, then the coefficients of each feature."""
    steps: list[int] = npy.read_numbers(data, "coefficients", npy.INT32).tolist()
    if len(steps) != (1 + len(FAMILY_FEATURES)) * classes:
        message = f"does not have {1 + len(FAMILY_FEATURES)} numbers for each class"
        raise ArtifactError(path, message)
    numbers = [x / STEPS for x in steps]
    return [numbers[i : i + classes] for i in range(0, len(numbers), classes)]
