"""python -m benchmarks [SUBJECT ...]: measures on this machine and prints one table.

A subject is a module of this package whose rows() gives the table's. One that
cannot be measured says so on stderr, and the others go on.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
from importlib import import_module
from pathlib import Path

import numpy as np

SUBJECTS = (
    "scoring", "load", "files", "scan", "known", "others",
    "cold_start", "logs", "spark", "training",
)  # fmt: skip


def main() -> int:
    """Print the table; returns 1 if a subject failed."""
    chosen = _chosen()
    print(f"machine: {_machine()}", flush=True)
    return max(_print(subject) for subject in chosen)


def _chosen() -> list[str]:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Measures on this machine and prints one table.",
        epilog="Example: python -m benchmarks scoring load",
    )
    parser.add_argument("subject", nargs="*", help=f"of {', '.join(SUBJECTS)}; all if none")
    parser.add_argument(
        "--dgaintel", action="store_true", help="dgaintel too, if build/dgaintel holds it"
    )
    arguments = parser.parse_args()
    if unknown := set(arguments.subject) - set(SUBJECTS):
        parser.error(f"no subject {', '.join(sorted(unknown))}; known are {', '.join(SUBJECTS)}")
    own = arguments.subject or ([] if arguments.dgaintel else SUBJECTS)
    return [*own, *(["dgaintel"] if arguments.dgaintel else [])]


def _print(subject: str) -> int:
    try:
        for what, figure in import_module(f"benchmarks.{subject}").rows():
            print(f"{what:<66} {figure:>44}", flush=True)
    except Exception as error:  # minutes of other subjects are not to be lost
        print(f"{subject} failed: {type(error).__name__}: {error}", file=sys.stderr, flush=True)
        return 1
    return 0


def _machine() -> str:
    model = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        names = [x.partition(":")[2] for x in info.read_text().splitlines() if "model name" in x]
        model = names[0].strip() if names else model
    versions = f"Python {platform.python_version()}, NumPy {np.__version__}"
    return f"{model}, {os.cpu_count()} cores, {platform.system()}, {versions}"


if __name__ == "__main__":
    sys.exit(main())
