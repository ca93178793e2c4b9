"""Publish artifacts as versions in S3, and point to the current one.

    versions/VERSION/FILE          a report's as report/FILE
    versions/VERSION/model.sha256  written last: without it there is no version
    current/MODEL                  the versions that were current, one a line, the latest first

A version is named after its model, the day of training and the hash of model.json, which has those
of the other files: so it never changes. Of two writers S3 lets one win (If-None-Match, If-Match).
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from malicious_domains.inputs import paths
from malicious_domains.inputs.atomic import replace_folder
from malicious_domains.model import artifact
from malicious_domains.model.artifact import CHECKSUM, FILES, MODEL, format_checksum
from malicious_domains.names.errors import MaliciousDomainsError

from ..evaluation import REPORT_FILES
from . import ReleaseError
from .aws import Storage as Storage
from .verify import verify_artifact

CURRENT = "current"  # in place of a version: the one that a pointer names
MAX_FILE = 100_000_000  # bytes; a model's files have some MB
_MAX_TEXT = 1_000_000
_VERSION = re.compile(r"([a-z0-9][a-z0-9-]{0,39})-\d{8}-[0-9a-f]{12}")


def publish(storage: Storage, folder: Path, report: Path | None = None) -> tuple[str, bool]:
    """Verify an artifact and publish it, with a report if given; return the version.

    The second value is False if it was there already, or another publisher was first. Raises
    MaliciousDomainsError. A failed or killed call adds no version.
    """
    verify_artifact(folder)
    model = _read_file(folder / MODEL)
    version, contents = name_version(model), {MODEL: model}
    contents |= {x: _read_file(folder / x) for x in _list_files(json.loads(model))}
    if report:
        contents |= {f"report/{x}": _read_file(report / x) for x in REPORT_FILES}
    if _find_version(storage, version):
        return version, False
    for name, body in contents.items():
        storage.put(f"versions/{version}/{name}", body)
    place = f"versions/{version}/{CHECKSUM}"
    return version, storage.put(place, format_checksum(model), IfNoneMatch="*")


def list_versions(storage: Storage) -> Iterator[tuple[str, dict[str, Any] | ReleaseError]]:
    """List the versions by name, with model.json; a ReleaseError for one that is not valid."""
    for name in storage.list_names("versions/"):
        try:
            if metadata := _find_version(storage, name):
                yield name, metadata
        except ReleaseError as error:
            yield name, error


def _find_version(storage: Storage, name: str) -> dict[str, Any] | None:
    """Return the model.json of a version, None if there is none; raise ReleaseError."""
    checksum = storage.get(f"versions/{name}/{CHECKSUM}", _MAX_TEXT)
    if checksum is None:
        return None
    model = _fetch(storage, f"versions/{name}/{MODEL}")
    if format_checksum(model) != checksum[0] or name_version(model) != name:
        problem = f"its SHA-256 is not that of {MODEL}: it is damaged, or of an earlier release"
        raise ReleaseError(f"{name}: {problem}; publish the model again")
    return dict(json.loads(model))


def read_pointers(storage: Storage) -> dict[str, list[str]]:
    """Read the versions that were current by model, the latest first; raise ReleaseError."""
    return {model: _read_pointer(storage, model)[0] for model in storage.list_names("current/")}


def promote(storage: Storage, version: str) -> str:
    """Make a version the current one of its model, and return it.

    Raises ReleaseError, also if someone else moved the pointer meanwhile.
    """
    model = _get_version(storage, version)["name"]
    versions, tag = _read_pointer(storage, model)
    if versions[:1] == [version]:
        return version
    return _move(storage, model, [version, *versions], tag)


def roll_back(storage: Storage, model: str = "") -> str:
    """Make the version before the current one current, and return it; repeated, one further back.

    model: "" for the only one that has a current version. The version leaves the history until it
    is promoted. Raises ReleaseError without one before, or if the pointer was moved meanwhile.
    """
    model = model or _only_model(storage, read_pointers(storage))
    versions, tag = _read_pointer(storage, model)
    if len(versions) < 2:
        problem = f"no version of {model} was current before; see `models list`"
        raise ReleaseError(f"{storage.url('')}: {problem}")
    _get_version(storage, versions[1])
    return _move(storage, model, versions[1:], tag)


def pull(storage: Storage, version: str, out: Path | None = None) -> tuple[str, Path]:
    """Install a version in a folder, completely or not at all; return both.

    version: or a model, for its current version; CURRENT is that of the model in the folder, or of
    the only one that has any. out: by default build/MODEL. Raises ReleaseError if the folder holds
    another model, or verification fails; the folder is then as it was.
    """
    held = _read_model(out) if out else ""
    version = _resolve(storage, version, held)
    metadata = _get_version(storage, version)
    target = out or paths.BUILD / metadata["name"]
    if held not in ("", metadata["name"]):
        problem = f"{version} is of {metadata['name']}; choose another folder with --out"
        raise ReleaseError(f"{target} holds the model {held}, and {problem}")
    kept = [artifact.ALLOW, *artifact.DGA_INDEXES]
    with replace_folder(target, FILES, kept=kept) as folder:
        try:
            for name in (MODEL, CHECKSUM, *_list_files(metadata)):
                (folder / name).write_bytes(_fetch(storage, f"versions/{version}/{name}"))
            verify_artifact(folder)
        except (MaliciousDomainsError, ValueError) as error:
            problem = f"{version} is refused, {target} stays as it was: {error}"
            raise ReleaseError(problem) from error
    return version, target


def name_version(model: bytes) -> str:
    """Return the name of a version by its model.json: model, day of training, hash.

    Raises ReleaseError for one without a date of training, or a name that no version can have.

    >>> name_version(b'{"name": "language", "created": "2026-11-23T10:00:00Z"}')
    'language-20261123-035bc56b4e0d'
    """
    try:
        metadata = json.loads(model)
        day = f"{datetime.fromisoformat(metadata['created']).astimezone(UTC):%Y%m%d}"
        name = f"{metadata['name']}-{day}-{hashlib.sha256(model).hexdigest()[:12]}"
    except (KeyError, ValueError, TypeError) as error:
        raise ReleaseError(f"{MODEL}: no name, or created is not a date: {error!r}") from error
    if not _VERSION.fullmatch(name):
        problem = f"the name {metadata['name']!r} has other characters than a-z, 0-9 and hyphens"
        raise ReleaseError(f"{MODEL}: {problem}")
    return name


def _list_files(metadata: dict[str, Any]) -> list[str]:
    """List the files of an artifact beside model.json; raise ReleaseError for foreign names."""
    files = metadata.get("files")
    if not isinstance(files, dict):
        raise ReleaseError(f"{MODEL} lists no files; publish the model again")
    if unknown := sorted({*files} - {*FILES}):
        raise ReleaseError(f"{MODEL} lists the unexpected file {unknown[0]!r}")
    return [*files]


def _read_model(folder: Path) -> str:
    """Return the name of the model in a folder, "" if there is none."""
    try:
        return str(json.loads((folder / MODEL).read_bytes())["name"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def _read_file(path: Path) -> bytes:
    if not path.is_file():
        raise ReleaseError(f"{path}: no such file; `train` makes models, `evaluate` reports")
    if path.stat().st_size > MAX_FILE:
        raise ReleaseError(f"{path}: over {MAX_FILE:,} bytes")
    return path.read_bytes()


def _fetch(storage: Storage, place: str) -> bytes:
    stored = storage.get(place, MAX_FILE)
    if stored is None:
        raise ReleaseError(f"{storage.url(place)} is missing")
    return stored[0]


def _get_version(storage: Storage, name: str) -> dict[str, Any]:
    metadata = _find_version(storage, name)
    if metadata is None:
        raise ReleaseError(f"no version {name} in {storage.url('')}; see `models list`")
    return metadata


def _resolve(storage: Storage, version: str, held: str) -> str:
    """Return a version, or the current one of a model; held: the model in the folder, or ""."""
    pointers = read_pointers(storage)
    if version == CURRENT:
        version = held if held in pointers else _only_model(storage, pointers)
    return pointers[version][0] if version in pointers else version


def _only_model(storage: Storage, pointers: dict[str, list[str]]) -> str:
    """Return the only model that has a current version; raise ReleaseError."""
    if len(pointers) == 1:
        return next(iter(pointers))
    problem = "nothing is promoted yet; pull a version by name"
    if pointers:
        problem = f"{' and '.join(sorted(pointers))} have current versions; name the model"
    raise ReleaseError(f"{storage.url('')}: {problem}")


def _read_pointer(storage: Storage, model: str) -> tuple[list[str], str]:
    """Read a model's pointer, and its tag in S3; [] and "" if there is none."""
    place = f"current/{model}"
    stored = storage.get(place, _MAX_TEXT)
    if stored is None:
        return [], ""
    versions = stored[0].decode("latin-1").split()
    if not versions or any(x.rsplit("-", 2)[0] != model for x in versions):
        problem = f"does not hold versions of {model}; remove it and promote again"
        raise ReleaseError(f"{storage.url(place)} {problem}")
    return versions, stored[1]


def _move(storage: Storage, model: str, versions: list[str], tag: str) -> str:
    """Write a model's pointer over the one with the tag; return the current version."""
    body, place = "\n".join(versions).encode(), f"current/{model}"
    condition = {"IfMatch": tag} if tag else {"IfNoneMatch": "*"}
    if not storage.put(place, body, **condition):
        stored, _ = _read_pointer(storage, model)  # a retry may find what it wrote first
        if stored != versions:
            problem = f"was moved meanwhile, to {' '.join(stored[:1])}; look at `models list`"
            raise ReleaseError(f"{storage.url(place)} {problem} and repeat")
    return versions[0]
