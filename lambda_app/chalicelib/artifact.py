"""The trained model on disk: data only, and verified before it is used."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .features import REGISTRY
from .lexicon import Lexicon

SCHEMA_VERSION = 1
MANIFEST = "model.json"
LEXICON = "lexicon.npy"
PACKAGED = Path(__file__).parent / "artifacts"
DEFAULT = "classic"
_LARGEST = 1e100  # of a number in model.json: sums of products stay finite


class ArtifactError(ValueError):
    """An artifact that is missing, damaged or not understood."""

    def __init__(self, path: Path, problem: str) -> None:
        super().__init__(f"{path}: {problem}")


@dataclass(frozen=True)
class Artifact:
    """A verified artifact: everything that scoring needs."""

    metadata: dict[str, Any]  # model.json as it stands
    features: tuple[str, ...]
    coefficients: NDArray[np.float64]  # (features,), log-odds a unit
    intercept: float
    threshold: float
    lexicon: Lexicon

    @property
    def name(self) -> str:
        """The model's name, as answers give it."""
        return str(self.metadata["name"])


def locate(model: str | os.PathLike[str] | None = None) -> Path:
    """The folder of a packaged artifact's name or of a path.

    None: what the environment variable MODEL names, else the default.
    """
    chosen = Path(model or os.environ.get("MODEL") or DEFAULT)
    packaged = PACKAGED / chosen
    return packaged if len(chosen.parts) == 1 and packaged.is_dir() else chosen


def load(folder: Path) -> Artifact:
    """Read and verify an artifact: hashes, shapes, finite numbers.

    Raises ArtifactError, which names the file and what is wrong with it.
    """
    try:
        metadata = _manifest(folder / MANIFEST)
        for name, digest in metadata["files"].items():
            _verify(folder, name, digest)
        return _build(folder, metadata)
    except ArtifactError:
        raise
    except Exception as error:  # whatever a forger thinks of
        raise ArtifactError(folder, f"cannot be understood: {error!r}") from error


def _manifest(path: Path) -> dict[str, Any]:
    try:
        metadata = json.loads(path.read_bytes())
    except OSError as error:
        raise ArtifactError(path, f"cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise ArtifactError(path, f"is not JSON: {error}") from error
    version = metadata.get("schema_version") if isinstance(metadata, dict) else None
    if type(version) is not int or version != SCHEMA_VERSION:
        raise ArtifactError(path, f"schema_version {version!r}, known is {SCHEMA_VERSION}")
    return _typed(path, metadata)


def _typed(path: Path, metadata: dict[str, Any]) -> dict[str, Any]:
    kinds = {"name": str, "features": list, "coefficients": dict, "intercept": float}
    kinds |= {"threshold": dict, "files": dict}
    for key, kind in kinds.items():
        if not isinstance(metadata.get(key), kind):
            raise ArtifactError(path, f"{key} is missing or no {kind.__name__}")
    return metadata


def _verify(folder: Path, name: str, digest: object) -> None:
    path = folder / name
    if path.parent != folder:
        raise ArtifactError(folder / MANIFEST, f"names a file outside its folder: {name!r}")
    if path.exists() and not path.is_file():
        raise ArtifactError(path, "is no file")
    try:
        found = hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise ArtifactError(path, f"cannot be read: {error.strerror}") from error
    if found != digest:
        raise ArtifactError(path, f"its SHA-256 is {found}, {MANIFEST} says {digest}")


def _build(folder: Path, metadata: dict[str, Any]) -> Artifact:
    path = folder / MANIFEST
    features, coefficients = metadata["features"], metadata["coefficients"]
    if not features or set(features) != set(coefficients) or len(features) != len(coefficients):
        raise ArtifactError(path, "features and coefficients do not name the same columns")
    if unknown := [name for name in features if name not in REGISTRY]:
        raise ArtifactError(path, f"unknown features {unknown}")
    threshold = metadata["threshold"].get("value")
    numbers = [*coefficients.values(), metadata["intercept"], threshold]
    if not all(isinstance(x, float) and abs(x) <= _LARGEST for x in numbers):
        raise ArtifactError(
            path, "a coefficient, the intercept or the threshold is no finite float"
        )
    if not 0 <= threshold <= 1:
        raise ArtifactError(path, f"the threshold {threshold} is no probability")
    if LEXICON not in metadata["files"]:
        raise ArtifactError(path, f"files does not list {LEXICON}")
    return Artifact(
        metadata,
        tuple(features),
        np.array([coefficients[name] for name in features]),
        metadata["intercept"],
        threshold,
        _lexicon(folder / LEXICON),
    )


def _lexicon(path: Path) -> Lexicon:
    try:
        return Lexicon.load(path)
    except (OSError, ValueError) as error:
        raise ArtifactError(path, f"is no lexicon: {error}") from error
