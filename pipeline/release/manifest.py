"""The manifest of a published version, which is written last and never changes.

The version's name ends in a hash of all files' hashes, so it determines their content.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from malicious_domains.model.artifact import CHECKSUM, FILES, MANIFEST, MODEL, MOJO

from ..evaluation import REPORT_FILES
from . import ReleaseError

SCHEMA_VERSION = 1
MAX_FILE = 100_000_000  # bytes; a model's files have some MB
MAX_MANIFEST = 1_000_000
ALLOWED = {*FILES, *(f"report/{name}" for name in REPORT_FILES)} - {MANIFEST}
_VERSION = re.compile(r"([a-z0-9][a-z0-9-]{0,39})-\d{8}-[0-9a-f]{12}")
_SHA256 = re.compile(r"[0-9a-f]{64}")

# Names whose scores identify an artifact. They use every part of both models: words, runs of
# consonants, digits, hyphens, short and long labels, IDNs.
GOLDEN_NAMES = (
    "google.com", "wikipedia.org", "plzdonthackmekthxbye", "xmqjtoevkbhrw.ru", "bbc.co.uk",
    "163.com", "x.org", "bücher.de", "my-very-long-family-holiday-photographs.example.org",
    "1a5b2c9x8z7y6w5v4u3t.net", "zwgpgtdhqcdljnpjubaexmrtwdsg.ru", "facebook.com",
    "krakow-noclegi.pl", "qsnwk.info", "bookstore24.shop", "0123456789abcdef0123456789abcdef.biz",
)  # fmt: skip

Golden = list[dict[str, Any]]  # {"domain", "probability", "label"}


class ManifestError(ReleaseError):
    """A published version is named or described wrongly."""


@dataclass(frozen=True)
class Manifest:
    """A published version: its name, files, metrics and golden answers."""

    version: str
    model: str
    created: str  # when it was trained, UTC
    published: str  # UTC
    metrics: dict[str, Any]  # from model.json
    files: dict[str, dict[str, Any]]  # by name: sha256, and size in bytes
    golden: Golden

    @classmethod
    def create(cls, contents: Mapping[str, bytes], golden: Golden) -> Manifest:
        """Create the manifest of files; raise ManifestError if model.json lacks something."""
        metadata = json.loads(contents[MODEL])
        return cls(
            version=name_version(contents),
            model=_read_model(metadata),
            created=metadata["created"],
            published=datetime.now(UTC).isoformat(timespec="seconds"),
            metrics=metadata.get("metrics", {}),
            files=_hash_files(contents),
            golden=golden,
        )

    def to_bytes(self) -> bytes:
        """Return the content of manifest.json."""
        text = json.dumps({"schema_version": SCHEMA_VERSION} | vars(self), indent=1)
        return (text + "\n").encode()

    def check_file(self, name: str, body: bytes) -> None:
        """Raise ManifestError unless a file has the hash in the manifest."""
        expected, actual = self.files[name]["sha256"], hashlib.sha256(body).hexdigest()
        if actual != expected:
            raise ManifestError(f"{name}: its SHA-256 is {actual}, the manifest says {expected}")

    @property
    def artifact_files(self) -> list[str]:
        """List the artifact's files, without the report's."""
        return [name for name in self.files if name in FILES]


def parse_manifest(body: bytes, version: str) -> Manifest:
    """Parse the manifest of a version; raise ManifestError if it is not valid."""
    try:
        fields = json.loads(body)
        if fields.pop("schema_version") != SCHEMA_VERSION:
            raise ValueError(f"its schema_version is not {SCHEMA_VERSION}")
        parsed = Manifest(**fields)
        _check(parsed, version)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ManifestError(f"{version}: the manifest is not valid: {error!r}") from error
    return parsed


def check_version(version: str) -> None:
    """Raise ManifestError for a text that cannot be the name of a version.

    >>> check_version("language-20261123-0a1b2c3d4e5f")
    """
    if not _VERSION.fullmatch(version):
        raise ManifestError(
            f"{version!r} is not a version; versions look like language-20261123-0a1b2c3d4e5f"
        )


def name_version(contents: Mapping[str, bytes]) -> str:
    """Return the name of the version that files make: model, day of training, hash of all files.

    contents: bytes by file name. Raises ManifestError if model.json has no date of training, or
    a name that no version can have.
    """
    metadata = json.loads(contents[MODEL])
    try:
        day = f"{datetime.fromisoformat(metadata['created']).astimezone(UTC):%Y%m%d}"
    except (KeyError, ValueError, TypeError) as error:
        raise ManifestError(f"{MODEL}: created is not a date: {error!r}") from error
    return f"{_read_model(metadata)}-{day}-{_hash_all(_hash_files(contents))}"


def _read_model(metadata: dict[str, Any]) -> str:
    name = str(metadata["name"])
    if not _VERSION.fullmatch(f"{name}-20000101-000000000000"):
        raise ManifestError(
            f"{MODEL}: the name {name!r} has other characters than a-z, 0-9 and hyphens"
        )
    return name


def _hash_files(contents: Mapping[str, bytes]) -> dict[str, dict[str, Any]]:
    return {
        name: {"sha256": hashlib.sha256(body).hexdigest(), "size": len(body)}
        for name, body in sorted(contents.items())
    }


def _hash_all(files: Mapping[str, Mapping[str, Any]]) -> str:
    lines = "".join(f"{files[name]['sha256']}  {name}\n" for name in sorted(files))
    return hashlib.sha256(lines.encode()).hexdigest()[:12]


def _check(parsed: Manifest, version: str) -> None:
    if parsed.version != version or not version.startswith(f"{parsed.model}-"):
        raise ValueError(f"it is that of {parsed.version!r}")
    if unknown := sorted(set(parsed.files) - ALLOWED):
        raise ValueError(f"unexpected file {unknown[0]!r}")
    if missing := {MODEL, CHECKSUM, MOJO} - set(parsed.files):
        raise ValueError(f"it does not list {missing.pop()}")
    for name, entry in parsed.files.items():
        if not _SHA256.fullmatch(entry["sha256"]) or not 0 <= entry["size"] <= MAX_FILE:
            raise ValueError(f"the hash or size of {name} is not valid")
    if not version.endswith(f"-{_hash_all(parsed.files)}"):
        raise ValueError("it does not list the files of the version")
    if not parsed.golden or not all(
        (type(x["domain"]), type(x["probability"]), type(x["label"])) == (str, float, int)
        for x in parsed.golden
    ):
        raise ValueError("its golden answers are not valid")
