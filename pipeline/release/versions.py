"""Versions of artifacts in S3, and the pointer to the current one.

    versions/VERSION/FILE           written first, each where there is none
    versions/VERSION/manifest.json  written last: without it there is no version
    current.json                    the pointer, written over the one that was read

S3 decides each write in one step (If-None-Match, If-Match), so a version never
changes, and of two writers at once one wins. Whoever is killed in between leaves
files that no manifest names; the next publisher of the same content uses them.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from malicious_domains.inputs import paths as places
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
    ArtifactError,
)
from malicious_domains.names.errors import MaliciousDomainsError

from ..evaluation import REPORT_FILES
from . import manifest
from .golden import Golden
from .manifest import MAX_FILE, MAX_MANIFEST, Manifest, ManifestError
from .s3 import Storage
from .verify import ask_mojo, verify

CURRENT = "current"  # the version that the pointer names, where a version is asked for
_POINTER = "current.json"
_KEPT = 100  # versions in the pointer's history


class RegistryError(MaliciousDomainsError):
    """A version that is missing, refused or changed meanwhile."""


class Published(NamedTuple):
    """What came of publishing."""

    manifest: Manifest
    new: bool  # False: it was there already, or another publisher was first


@dataclass(frozen=True)
class Pointer:
    """Which version is current, and which were before, the latest first."""

    version: str
    history: list[str]
    moved: str = ""  # UTC
    move: str = field(default_factory=lambda: uuid.uuid4().hex)  # tells two movers apart

    def write(self) -> bytes:
        """The content of current.json, with the present time as that of the move."""
        moved = datetime.now(UTC).isoformat(timespec="seconds")
        return (json.dumps(vars(self) | {"moved": moved}, indent=1) + "\n").encode()


def publish(storage: Storage, folder: Path, report: Path | None = None) -> Published:
    """Verify an artifact and put it, with a report if given, under a version of its own.

    Raises ArtifactError, ClusterError, VerificationError, ManifestError, RegistryError or
    AwsError; whatever is raised or killed, no version is there that was not.
    """
    contents = _contents(folder, report)
    version = manifest.version_of(contents)
    if existing := find(storage, version):
        return Published(existing, new=False)
    golden = _verified_answers(contents)
    made = Manifest.of(contents, golden)
    for name, body in contents.items():
        _put_once(storage, f"versions/{version}/{name}", body)
    storage.put(f"versions/{version}/{MANIFEST}", made.write())
    stored = _existing(storage, version)  # also after a retry whose first try did arrive
    return Published(stored, new=stored.publication == made.publication)


def versions(storage: Storage) -> Iterator[Manifest | ManifestError]:
    """Every version, the oldest first; a ManifestError for one that cannot be understood."""
    found: list[Manifest | ManifestError] = []
    for version in storage.folders("versions/"):
        try:
            manifest.check_version(version)
            if existing := find(storage, version):
                found.append(existing)
        except ManifestError as error:
            found.append(error)
    yield from sorted(found, key=lambda x: x.published if isinstance(x, Manifest) else "")


def find(storage: Storage, version: str) -> Manifest | None:
    """The manifest of a version, None if there is none; raises ManifestError."""
    manifest.check_version(version)
    found = storage.get(f"versions/{version}/{MANIFEST}", MAX_MANIFEST)
    return manifest.read(found.body, version) if found else None


def current(storage: Storage) -> Pointer | None:
    """The pointer, None before anything was promoted."""
    return _pointer(storage)[0]


def promote(storage: Storage, version: str) -> Pointer:
    """Make a version the current one; raises RegistryError if another was faster."""
    _existing(storage, version)
    old, tag = _pointer(storage)
    if old and old.version == version:
        return old
    history = [old.version, *old.history][:_KEPT] if old else []
    return _move(storage, Pointer(version, history), tag)


def rollback(storage: Storage) -> Pointer:
    """Make the version before current; once more goes one further back.

    The version that is left is not in the history any more: promote brings it back.
    Raises RegistryError if there is none before, or another was faster.
    """
    old, tag = _pointer(storage)
    if old is None or not old.history:
        raise RegistryError(f"{storage.url(_POINTER)}: no version was current before; see versions")
    _existing(storage, old.history[0])
    return _move(storage, Pointer(old.history[0], old.history[1:]), tag)


def pull(storage: Storage, version: str, out: Path | None = None) -> tuple[Manifest, Path]:
    """Install a version, or CURRENT, in a folder, whole or not at all.

    out: default build/MODEL. Raises RegistryError for one whose files are not those of the
    manifest, or whose proof fails; then the folder is as it was.
    """
    wanted = _existing(storage, _resolve(storage, version))
    target = out or places.BUILD / wanted.model
    with replace_folder(target, FILES, kept=[ALLOW, *DGA_INDEXES]) as folder:
        try:
            for name in wanted.artifact_files:
                (folder / name).write_bytes(_fetch(storage, wanted, name))
            verify(folder, wanted.golden)
        except (ArtifactError, MaliciousDomainsError, ValueError) as error:
            raise RegistryError(
                f"{wanted.version} is refused, {target} stays as it was: {error}"
            ) from error
        (folder / MANIFEST).write_bytes(wanted.write())
    return wanted, target


def _contents(folder: Path, report: Path | None) -> dict[str, bytes]:
    """The files of an artifact, and of a report, by their names in a version."""
    names = artifact.load_artifact(folder).metadata["files"]
    if MOJO not in names or (strange := sorted(set(names) - set(FILES))):
        odd = f"lists {strange[0]}" if MOJO in names else f"does not list {MOJO}"
        raise RegistryError(f"{folder / MODEL}: {odd}, so it is none that `train` made")
    paths = {name: folder / name for name in (MODEL, CHECKSUM, *names)}
    if report:
        paths |= {f"report/{x}": report / x for x in REPORT_FILES if (report / x).is_file()}
        if not any(name.startswith("report/") for name in paths):
            raise RegistryError(f"{report} holds no {REPORT_FILES[0]}; `evaluate --out` makes one")
    for path in paths.values():
        if path.stat().st_size > MAX_FILE:
            raise RegistryError(f"{path}: over {MAX_FILE:,} bytes")
    return {name: path.read_bytes() for name, path in paths.items()}


def _verified_answers(contents: dict[str, bytes]) -> Golden:
    """Golden answers of a model, verified as it would be by whoever pulls it.

    In a folder of its own: what is verified is what is uploaded.
    """
    with temporary_folder("publish-") as scratch:
        folder = scratch
        for name in contents.keys() & set(FILES):
            (folder / name).write_bytes(contents[name])
        golden = ask_mojo(folder)
        verify(folder, golden)
    return golden


def _put_once(storage: Storage, name: str, body: bytes) -> None:
    """Upload a file unless it is there; raises RegistryError if other bytes are."""
    if storage.put(name, body):
        return
    stored = storage.get(name, MAX_FILE)
    if stored is None or hashlib.sha256(stored.body).digest() != hashlib.sha256(body).digest():
        raise RegistryError(f"{storage.url(name)}: other bytes are there; remove it and repeat")


def _existing(storage: Storage, version: str) -> Manifest:
    found = find(storage, version)
    if found is None:
        raise RegistryError(f"no version {version} in {storage.url('')}; see versions")
    return found


def _resolve(storage: Storage, version: str) -> str:
    if version != CURRENT:
        return version
    pointer = current(storage)
    if pointer is None:
        raise RegistryError(f"{storage.url('')}: nothing is promoted yet; pull a version by name")
    return pointer.version


def _fetch(storage: Storage, wanted: Manifest, name: str) -> bytes:
    place = f"versions/{wanted.version}/{name}"
    found = storage.get(place, wanted.files[name]["size"])
    if found is None:
        raise RegistryError(f"{storage.url(place)} is missing")
    wanted.check(name, found.body)
    return found.body


def _pointer(storage: Storage) -> tuple[Pointer | None, str | None]:
    """The pointer and its tag, None each before there is one."""
    found = storage.get(_POINTER, MAX_MANIFEST)
    if found is None:
        return None, None
    try:
        pointer = Pointer(**json.loads(found.body))
        for version in (pointer.version, *pointer.history):
            manifest.check_version(version)
    except (ValueError, TypeError, ManifestError) as error:
        raise RegistryError(f"{storage.url(_POINTER)} is no pointer of ours: {error}") from error
    return pointer, found.etag


def _move(storage: Storage, pointer: Pointer, tag: str | None) -> Pointer:
    if not storage.put(_POINTER, pointer.write(), over=tag):
        stored = current(storage)  # a retry whose first try did arrive finds itself
        if stored is None or stored.move != pointer.move:
            raise RegistryError(
                f"{storage.url(_POINTER)} was moved meanwhile, to "
                f"{stored.version if stored else 'nothing'}; look at versions and repeat"
            )
    return pointer
