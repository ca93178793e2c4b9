"""Publish artifacts as versions in S3, and point to the current one.

    versions/VERSION/FILE           written first, each if there is none
    versions/VERSION/manifest.json  written last: without it there is no version
    current.json                    a pointer for each model, written over the ones that were read

S3 decides each write in one step (If-None-Match, If-Match): a version never changes, and one of
two simultaneous writers wins. A killed publisher leaves files that no manifest lists; the next
publisher of the same content uses them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from malicious_domains.inputs import paths
from malicious_domains.inputs.atomic import replace_folder
from malicious_domains.inputs.signals import temporary_folder
from malicious_domains.model import artifact
from malicious_domains.model.artifact import (
    ALLOW,
    CHECKSUM,
    DGA_INDEXES,
    FILES,
    MANIFEST,
    MODEL,
    MOJO,
)
from malicious_domains.names.errors import MaliciousDomainsError

from ..evaluation import REPORT_FILES
from . import ReleaseError, manifest
from .manifest import MAX_FILE, MAX_MANIFEST, Golden, Manifest, ManifestError
from .s3 import Storage

CURRENT = "current"  # in place of a version: the one that a pointer names
_POINTER = "current.json"
_KEPT = 100  # versions in a pointer's history


class Published(NamedTuple):
    """The result of publish()."""

    manifest: Manifest
    is_new: bool  # False: it was there already, or another publisher was first


class Pointer(NamedTuple):
    """The current version of a model, and the earlier ones, the latest first."""

    version: str
    history: list[str]
    moved: str  # UTC


_Tagged = tuple[dict[str, Pointer], str | None]  # the pointers by model, and their tag in S3


def publish(storage: Storage, folder: Path, report: Path | None = None) -> Published:
    """Verify an artifact and publish it, with a report if given, as a version.

    Raises ArtifactError, ClusterError or ReleaseError. A failed or killed call adds no version.
    """
    contents = _read_contents(folder, report)
    version = manifest.name_version(contents)
    if existing := find_version(storage, version):
        return Published(existing, is_new=False)
    golden = _score_contents(contents)
    created = Manifest.create(contents, golden)
    for name, body in contents.items():
        _put_once(storage, f"versions/{version}/{name}", body)
    is_new = storage.put(f"versions/{version}/{MANIFEST}", created.to_bytes())
    return Published(_get_version(storage, version), is_new)


def list_versions(storage: Storage) -> Iterator[Manifest | ManifestError]:
    """List the versions, the oldest first; a ManifestError for one that is not valid."""
    results: list[Manifest | ManifestError] = []
    for version in storage.list_folders("versions/"):
        try:
            manifest.check_version(version)
            if existing := find_version(storage, version):
                results.append(existing)
        except ManifestError as error:
            results.append(error)
    yield from sorted(results, key=lambda x: x.published if isinstance(x, Manifest) else "")


def find_version(storage: Storage, version: str) -> Manifest | None:
    """Return the manifest of a version, None if there is none; raise ManifestError."""
    manifest.check_version(version)
    stored = storage.get(f"versions/{version}/{MANIFEST}", MAX_MANIFEST)
    return manifest.parse_manifest(stored.body, version) if stored else None


def read_pointers(storage: Storage) -> dict[str, Pointer]:
    """Read the pointers by model, {} before anything was promoted; raise ReleaseError."""
    return _read_tagged(storage)[0]


def promote(storage: Storage, version: str) -> Pointer:
    """Make a version the current one of its model.

    Raises ReleaseError, also if someone else moved a pointer meanwhile.
    """
    model = _get_version(storage, version).model
    stored = _read_tagged(storage)
    old = stored[0].get(model)
    if old and old.version == version:
        return old
    history = [old.version, *old.history][:_KEPT] if old else []
    return _move(storage, stored, model, [version, *history])


def roll_back(storage: Storage, model: str = "") -> Pointer:
    """Make the version of a model before its current one current; another call goes further back.

    model: "" for the only one that has a current version. The abandoned version leaves the history;
    promote() brings it back. Raises ReleaseError if there is no version before, or someone else
    moved a pointer meanwhile.
    """
    stored = _read_tagged(storage)
    model = model or _only_model(storage, stored[0])
    old = stored[0].get(model)
    if old is None or not old.history:
        raise ReleaseError(
            f"{storage.url(_POINTER)}: no version of {model} was current before; see `models list`"
        )
    _get_version(storage, old.history[0])
    return _move(storage, stored, model, old.history)


def pull(storage: Storage, version: str, out: Path | None = None) -> tuple[Manifest, Path]:
    """Install a version in a folder, completely or not at all.

    version: or a model, for its current version; CURRENT is that of the model in the folder, or of
    the only one that has any. out: by default build/MODEL. Raises ReleaseError if the folder holds
    another model, the files are not those of the manifest, or verification fails; the folder is
    then as it was.
    """
    held = _read_model(out) if out else ""
    wanted = _get_version(storage, _resolve(storage, version, held))
    target = out or paths.BUILD / wanted.model
    if held not in ("", wanted.model):
        raise ReleaseError(
            f"{target} holds the model {held}, and {wanted.version} is of {wanted.model}; "
            "choose another folder with --out"
        )
    with replace_folder(target, FILES, kept=[ALLOW, *DGA_INDEXES]) as folder:
        try:
            for name in wanted.artifact_files:
                (folder / name).write_bytes(_fetch(storage, wanted, name))
            from .verify import verify_artifact  # needs what training needs

            verify_artifact(folder, wanted.golden)
        except (MaliciousDomainsError, ValueError) as error:
            raise ReleaseError(
                f"{wanted.version} is refused, {target} stays as it was: {error}"
            ) from error
        (folder / MANIFEST).write_bytes(wanted.to_bytes())
    return wanted, target


def _read_model(folder: Path) -> str:
    """Return the name of the model in a folder, "" if there is none."""
    try:
        return str(json.loads((folder / MODEL).read_bytes())["name"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def _read_contents(folder: Path, report: Path | None) -> dict[str, bytes]:
    """Read the files of an artifact, and of a report, by their names in a version."""
    names = artifact.load_artifact(folder).metadata["files"]
    if MOJO not in names or (unknown := sorted(set(names) - set(FILES))):
        problem = f"lists {unknown[0]}" if MOJO in names else f"does not list {MOJO}"
        raise ReleaseError(f"{folder / MODEL}: {problem}, so it was not made by `train`")
    files = {name: folder / name for name in (MODEL, CHECKSUM, *names)}
    if report:
        files |= {f"report/{x}": report / x for x in REPORT_FILES if (report / x).is_file()}
        if not any(name.startswith("report/") for name in files):
            raise ReleaseError(f"{report} holds no {REPORT_FILES[0]}; `evaluate --out` makes one")
    for path in files.values():
        if path.stat().st_size > MAX_FILE:
            raise ReleaseError(f"{path}: over {MAX_FILE:,} bytes")
    return {name: path.read_bytes() for name, path in files.items()}


def _score_contents(contents: dict[str, bytes]) -> Golden:
    """Make the golden answers of a model, and verify it as a later pull() will.

    The contents are written to a new folder, so what is verified is what is uploaded.
    """
    with temporary_folder("publish-") as folder:
        for name in contents.keys() & set(FILES):
            (folder / name).write_bytes(contents[name])
        from .verify import score_golden, verify_artifact  # needs what training needs

        golden = score_golden(folder)
        verify_artifact(folder, golden)
    return golden


def _put_once(storage: Storage, name: str, body: bytes) -> None:
    """Upload a file unless it is there; raise ReleaseError if there are other bytes."""
    if storage.put(name, body):
        return
    stored = storage.get(name, MAX_FILE)
    if stored is None or hashlib.sha256(stored.body).digest() != hashlib.sha256(body).digest():
        raise ReleaseError(f"{storage.url(name)}: there are other bytes; remove it and repeat")


def _get_version(storage: Storage, version: str) -> Manifest:
    existing = find_version(storage, version)
    if existing is None:
        raise ReleaseError(f"no version {version} in {storage.url('')}; see versions")
    return existing


def _resolve(storage: Storage, version: str, held: str) -> str:
    """Return a version, or the current one of a model; held: the model in the folder, or ""."""
    pointers = read_pointers(storage)
    if version == CURRENT:
        version = held if held in pointers else _only_model(storage, pointers)
    return pointers[version].version if version in pointers else version


def _only_model(storage: Storage, pointers: Mapping[str, Pointer]) -> str:
    """Return the only model that has a current version; raise ReleaseError."""
    if len(pointers) == 1:
        return next(iter(pointers))
    problem = "nothing is promoted yet; pull a version by name"
    if pointers:
        problem = f"{' and '.join(sorted(pointers))} have current versions; name the model"
    raise ReleaseError(f"{storage.url('')}: {problem}")


def _fetch(storage: Storage, wanted: Manifest, name: str) -> bytes:
    place = f"versions/{wanted.version}/{name}"
    stored = storage.get(place, wanted.files[name]["size"])
    if stored is None:
        raise ReleaseError(f"{storage.url(place)} is missing")
    wanted.check_file(name, stored.body)
    return stored.body


def _read_tagged(storage: Storage) -> _Tagged:
    """Read the pointers and their tag; {} and None before there are any."""
    stored = storage.get(_POINTER, MAX_MANIFEST)
    if stored is None:
        return {}, None
    try:
        pointers = {k: Pointer(**x) for k, x in json.loads(stored.body).items()}
        for model, pointer in pointers.items():
            for version in (pointer.version, *pointer.history):
                manifest.check_version(version)
                if version.rsplit("-", 2)[0] != model:
                    raise ValueError(f"{version} is not of {model}")
    except (ValueError, TypeError, AttributeError, ManifestError) as error:
        raise ReleaseError(
            f"{storage.url(_POINTER)} does not hold pointers: {error}; remove it and promote again"
        ) from error
    return pointers, stored.etag


def _move(storage: Storage, read: _Tagged, model: str, versions: list[str]) -> Pointer:
    """Write a model's pointer over those that were read; versions: the current one first."""
    pointer = Pointer(versions[0], versions[1:], datetime.now(UTC).isoformat())
    moved = {k: x._asdict() for k, x in {**read[0], model: pointer}.items()}
    if not storage.put(_POINTER, (json.dumps(moved, indent=1) + "\n").encode(), over=read[1]):
        stored = read_pointers(storage).get(model)  # a retry may find what it wrote first
        if stored != pointer:
            raise ReleaseError(
                f"{storage.url(_POINTER)} was moved meanwhile, to "
                f"{stored.version if stored else 'another model'}; look at `models list` and repeat"
            )
    return pointer
