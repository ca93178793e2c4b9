"""The trained model on disk: data only, verified before it is used."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Iterator
from math import isfinite
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from ..features.language_tables import CharacterModel, Lexicon, Tables, Vocabulary
from ..features.registry import REGISTRY
from ..features.single import LabelFeatures
from ..names import npy
from ..names.errors import ArtifactError as ArtifactError
from .glm import BinnedAdditive, Linear, LinearPredictor

SCHEMA_VERSION = 1
MODEL = "model.json"
CHECKSUM = "model.sha256"  # the SHA-256 of MODEL, which has those of the other files
LEXICON = "lexicon.npy"
TRIGRAMS, FOURGRAMS = "trigrams.npy", "fourgrams.npy"
WORDS, WORD_COSTS = "words.npy", "word_costs.npy"
# By file: what its numbers are, for messages, and their type.
NUMBERS: dict[str, tuple[str, npy.Kind]] = dict.fromkeys((LEXICON, WORDS), ("cells", npy.INT32))
NUMBERS |= dict.fromkeys((TRIGRAMS, FOURGRAMS, WORD_COSTS), ("costs", npy.UINT8))
MOJO = "mojo.zip"
MANIFEST = "manifest.json"  # in an artifact that an earlier release pulled
ALLOW = "allow.npy"  # a compiled allow list of the operator's, beside the artifact
DGA_INDEXES = ("known.npz", "known.npy")  # an index of generated names, the first one there
# The files that an artifact's folder may have.
FILES = (MODEL, CHECKSUM, LEXICON, TRIGRAMS, FOURGRAMS, WORDS, WORD_COSTS, MOJO, MANIFEST)
MAX_F1 = "max_f1"  # the operating point of the artifact's threshold
EVEN = "even"  # that of P = 0.5, where the sum of all contributions changes its sign
PACKAGED = Path(__file__).parents[1] / "artifacts"
DEFAULT = "language"
_TYPES = {"name": str, "features": list, "coefficients": dict, "intercept": float}
_TYPES |= {"threshold": dict, "files": dict}
_LARGEST = 1e100  # of a number in model.json: sums of products stay finite
_ABOVE_ONE = 1.0000001  # a threshold that flags nothing

T = TypeVar("T")


class Artifact(NamedTuple):
    """A verified artifact: everything that scoring needs."""

    metadata: dict[str, Any]  # model.json as it stands
    predictor: LinearPredictor  # from features to contributions
    intercept: float  # in log-odds
    thresholds: dict[str | float, float]  # by operating point: MAX_F1 or a false-positive rate
    tables: Tables  # that the features look into

    @property
    def name(self) -> str:
        """The model's name, as answers give it."""
        return str(self.metadata["name"])

    @property
    def features(self) -> tuple[str, ...]:
        """The columns that the linear predictor takes, in order."""
        return self.predictor.features


def locate_artifact(model: str | os.PathLike[str] | None = None) -> Path:
    """Return the folder of a packaged artifact by its name, or a path as it is given.

    None stands for the environment variable MODEL, else for the default.

    >>> locate_artifact("classic").name
    'classic'
    """
    chosen = Path(model or os.environ.get("MODEL") or DEFAULT)
    packaged = PACKAGED / chosen
    return packaged if len(chosen.parts) == 1 and packaged.is_dir() else chosen


def format_checksum(model: bytes) -> bytes:
    """Return the content of model.sha256 for the bytes of model.json, as sha256sum writes it."""
    return f"{hashlib.sha256(model).hexdigest()}  {MODEL}\n".encode()


def load_artifact(folder: Path) -> Artifact:
    """Read and verify an artifact; raises ArtifactError, which names the file and the problem."""
    return read_artifact(folder, _build)


def read_artifact(
    folder: Path,
    build: Callable[[Path, dict[str, Any], dict[str, bytes]], T],
    only: Iterable[str] | None = None,
) -> T:
    """Verify the hashes of an artifact's files, and return what `build` makes of them.

    build takes the folder, model.json and the content of each file by its name. only: the files to
    read; None: all that model.json lists, but a missing MOJO, as in wheels. Raises ArtifactError.
    """
    if not folder.exists():
        packaged = ", ".join(sorted(x.name for x in PACKAGED.iterdir()))
        raise ArtifactError(folder, f"no such model; there are {packaged}, or give a folder")
    try:
        metadata = _read_metadata(folder / MODEL)
        digests = metadata["files"]
        there = (x for x in digests if x != MOJO or (folder / MOJO).exists())
        names = there if only is None else only
        files = {x: _read_verified(folder, x, digests[x]) for x in names}
        return build(folder, metadata, files)
    except ArtifactError:
        raise
    except Exception as error:  # whatever a forger thinks of
        raise ArtifactError(folder, f"cannot be understood: {error!r}") from error


def _read_metadata(path: Path) -> dict[str, Any]:
    data = _read(path)
    if _read(path.with_name(CHECKSUM)) != format_checksum(data):
        raise ArtifactError(path, f"its SHA-256 is not the one in {CHECKSUM}")
    try:
        metadata = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise ArtifactError(path, f"is not JSON: {error}") from error
    version = metadata.get("schema_version") if isinstance(metadata, dict) else None
    if type(version) is not int or version != SCHEMA_VERSION:
        raise ArtifactError(path, f"schema_version {version!r}, known is {SCHEMA_VERSION}")
    checked: dict[str, Any] = metadata
    return checked


def _read_verified(folder: Path, name: str, digest: object) -> bytes:
    """Return the content of a file whose hash is the one in model.json."""
    path = folder / name
    if path.parent != folder:
        raise ArtifactError(folder / MODEL, f"names a file outside its folder: {name!r}")
    data = _read(path)
    actual = hashlib.sha256(data).hexdigest()
    if actual != digest:
        raise ArtifactError(path, f"its SHA-256 is {actual}, {MODEL} says {digest}")
    return data


def _read(path: Path) -> bytes:
    if path.exists() and not path.is_file():  # a pipe would block
        raise ArtifactError(path, "is no file")
    try:
        return path.read_bytes()
    except OSError as error:
        raise ArtifactError(path, f"cannot be read: {error.strerror}") from error


def _build(folder: Path, metadata: dict[str, Any], files: dict[str, bytes]) -> Artifact:
    path = folder / MODEL
    for key, kind in _TYPES.items():
        if not isinstance(metadata.get(key), kind):
            raise ArtifactError(path, f"{key} is missing or no {kind.__name__}")
    features, coefficients = metadata["features"], metadata["coefficients"]
    if unknown := [name for name in features if name not in REGISTRY]:
        raise ArtifactError(path, f"unknown features {unknown}")
    thresholds = _thresholds(path, metadata)
    if not _all_usable([*flatten_coefficients(coefficients), metadata["intercept"]]):
        raise ArtifactError(path, "a coefficient or the intercept is no finite float")
    if LEXICON not in files and WORDS not in files:
        raise ArtifactError(path, f"files does not list {LEXICON} or {WORDS}")
    try:
        predictor = build_predictor(metadata)
    except (ValueError, KeyError, TypeError) as error:
        raise ArtifactError(path, f"features, bins and coefficients: {error}") from error
    hyphens = metadata.get("hyphens", True)
    if not isinstance(hyphens, bool):
        raise ArtifactError(path, "hyphens is neither true nor false")
    tables = Tables(
        _table("lexicon", Lexicon, folder, files, LEXICON),
        _table("characters", CharacterModel, folder, files, TRIGRAMS, FOURGRAMS),
        _table("words", Vocabulary, folder, files, WORDS, WORD_COSTS),
        hyphens,
    )
    inputs = LabelFeatures("a", tables)
    for name in features:  # a table that one needs may be missing
        REGISTRY[name].compute(inputs)
    return Artifact(metadata, predictor, metadata["intercept"], thresholds, tables)


def build_predictor(metadata: dict[str, Any]) -> LinearPredictor:
    """Return the linear predictor that model.json describes.

    Raises ValueError, KeyError or TypeError if its bins and coefficients do not fit together.

    >>> metadata = {"features": ["length"], "coefficients": {"length": 0.5}}
    >>> build_predictor(metadata).label_contributions([4])
    [2.0]
    """
    features, coefficients = metadata["features"], metadata["coefficients"]
    if metadata.get("pairs"):
        raise ValueError("pairs of features are no longer read: train the model again")
    if "bins" in metadata:
        edges = {name: metadata["bins"][name]["edges"] for name in features}
        return BinnedAdditive(edges, coefficients)
    if not features or set(features) != set(coefficients) or len(features) != len(coefficients):
        raise ValueError("features and coefficients do not name the same columns")
    return Linear({name: coefficients[name] for name in features})


def flatten_coefficients(coefficients: dict[str, Any]) -> Iterator[Any]:
    """Yield every coefficient, those of bins one after the other.

    >>> list(flatten_coefficients({"length": [1.0, 2.0], "entropy": 3.0}))
    [1.0, 2.0, 3.0]
    """
    for value in coefficients.values():
        yield from value if isinstance(value, list) else [value]


def _all_usable(numbers: list[Any]) -> bool:
    """Return whether all are finite floats, in C functions, as there are thousands."""
    if set(map(type, numbers)) != {float} or not all(map(isfinite, numbers)):
        return False
    return bool(max(map(abs, numbers)) <= _LARGEST)


def _thresholds(path: Path, metadata: dict[str, Any]) -> dict[str | float, float]:
    thresholds: dict[str | float, Any] = {MAX_F1: metadata["threshold"].get("value")}
    for point in metadata.get("operating_points", []):
        rate = point["false_positive_rate"]
        if not (isinstance(rate, float) and 0 < rate < 1):
            raise ArtifactError(path, f"the false-positive rate {rate!r} is no rate")
        thresholds[rate] = point["threshold"]
    for name, value in thresholds.items():
        if not (isinstance(value, float) and 0 <= value <= _ABOVE_ONE):
            raise ArtifactError(path, f"the threshold {value} ({name}) is no probability")
    return thresholds


def _table(
    what: str, kind: type[T], folder: Path, files: dict[str, bytes], *names: str
) -> T | None:
    if names[0] not in files:
        return None
    for name in names:
        if name not in files:
            raise ArtifactError(folder / MODEL, f"files does not list {name}")
    try:
        return kind(*(npy.read_numbers(files[name], *NUMBERS[name]) for name in names))
    except ValueError as error:
        raise ArtifactError(folder / names[0], f"is no {what}: {error}") from error
