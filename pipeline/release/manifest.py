"""What a published version consists of: the manifest that is written last and never changes.

Its version's name ends in a hash of all files' hashes, so it says what is in it.
"""

from __future__ import annotations

import hashlib
import json
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from malicious_domains.model.artifact import CHECKSUM, FILES, MANIFEST, MODEL, MOJO
from malicious_domains.names.errors import MaliciousDomainsError

from ..evaluation import REPORT_FILES
from .golden import Golden

SCHEMA_VERSION = 1
MAX_FILE = 100_000_000  # bytes; a model's files are of some MB
MAX_MANIFEST = 1_000_000
ALLOWED = {*FILES, *(f"report/{name}" for name in REPORT_FILES)} - {MANIFEST}
_VERSION = re.compile(r"([a-z0-9][a-z0-9-]{0,39})-\d{8}-[0-9a-f]{12}")
_SHA256 = re.compile(r"[0-9a-f]{64}")


class ManifestError(MaliciousDomainsError):
    """A version that is named or described in a way that is none of ours."""


@dataclass(frozen=True)
class Manifest:
    """A version: what it is called, what it holds, what it is worth."""

    version: str
    model: str
    created: str  # when it was trained, UTC
    published: str  # UTC
    publication: str  # tells two publishers of the same second apart
    metrics: dict[str, Any]  # of model.json
    files: dict[str, dict[str, Any]]  # name: its sha256 and size in bytes
    golden: Golden

    @classmethod
    def of(cls, contents: Mapping[str, bytes], golden: Golden) -> Manifest:
        """The manifest of files; raises ManifestError if model.json does not say enough."""
        metadata = json.loads(contents[MODEL])
        return cls(
            version=version_of(contents),
            model=_model(metadata),
            created=metadata["created"],
            published=datetime.now(UTC).isoformat(timespec="seconds"),
            publication=uuid.uuid4().hex,
            metrics=metadata.get("metrics", {}),
            files=_described(contents),
            golden=golden,
        )

    def write(self) -> bytes:
        """The content of manifest.json."""
        text = json.dumps({"schema_version": SCHEMA_VERSION} | vars(self), indent=1)
        return (text + "\n").encode()

    def check(self, name: str, body: bytes) -> None:
        """Raise ManifestError unless a file is what is described."""
        expected, found = self.files[name]["sha256"], hashlib.sha256(body).hexdigest()
        if found != expected:
            raise ManifestError(f"{name}: its SHA-256 is {found}, the manifest says {expected}")

    @property
    def artifact_files(self) -> list[str]:
        """The files that are the artifact's, not the report's."""
        return [name for name in self.files if name in FILES]


def read(body: bytes, version: str) -> Manifest:
    """Read the manifest of a version; raises ManifestError if it is not one of ours."""
    try:
        fields = json.loads(body)
        if fields.pop("schema_version") != SCHEMA_VERSION:
            raise ValueError(f"its schema_version is not {SCHEMA_VERSION}")
        found = Manifest(**fields)
        _check(found, version)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ManifestError(f"{version}: its manifest cannot be understood: {error!r}") from error
    return found


def check_version(version: str) -> None:
    """Raise ManifestError for what cannot be a version's name."""
    if not _VERSION.fullmatch(version):
        raise ManifestError(
            f"{version!r} is no version; they look like language-20261123-0a1b2c3d4e5f"
        )


def version_of(contents: Mapping[str, bytes]) -> str:
    """The name of the version that some files make: model, day of training, hash of all.

    contents: bytes by file name. Raises ManifestError if model.json gives no date of training,
    or a name that no version can have.
    """
    metadata = json.loads(contents[MODEL])
    try:
        day = f"{datetime.fromisoformat(metadata['created']).astimezone(UTC):%Y%m%d}"
    except (KeyError, ValueError, TypeError) as error:
        raise ManifestError(f"{MODEL}: created is no date: {error!r}") from error
    return f"{_model(metadata)}-{day}-{_digest(_described(contents))}"


def _model(metadata: dict[str, Any]) -> str:
    name = str(metadata["name"])
    if not _VERSION.fullmatch(f"{name}-20000101-000000000000"):
        raise ManifestError(f"{MODEL}: the name {name!r} is not of a-z, 0-9 and hyphens")
    return name


def _described(contents: Mapping[str, bytes]) -> dict[str, dict[str, Any]]:
    return {
        name: {"sha256": hashlib.sha256(body).hexdigest(), "size": len(body)}
        for name, body in sorted(contents.items())
    }


def _digest(files: Mapping[str, Mapping[str, Any]]) -> str:
    lines = "".join(f"{files[name]['sha256']}  {name}\n" for name in sorted(files))
    return hashlib.sha256(lines.encode()).hexdigest()[:12]


def _check(found: Manifest, version: str) -> None:
    if found.version != version or not version.startswith(f"{found.model}-"):
        raise ValueError(f"it is of {found.version!r}")
    if unknown := sorted(set(found.files) - ALLOWED):
        raise ValueError(f"a file {unknown[0]!r} is none of ours")
    if missing := {MODEL, CHECKSUM, MOJO} - set(found.files):
        raise ValueError(f"it does not list {missing.pop()}")
    for name, entry in found.files.items():
        if not _SHA256.fullmatch(entry["sha256"]) or not 0 <= entry["size"] <= MAX_FILE:
            raise ValueError(f"hash or size of {name} cannot be")
    if not version.endswith(f"-{_digest(found.files)}"):
        raise ValueError("the files that it lists are not those of the version")
    if not found.golden or not all(
        (type(x["domain"]), type(x["probability"]), type(x["label"])) == (str, float, int)
        for x in found.golden
    ):
        raise ValueError("its golden answers are none")
