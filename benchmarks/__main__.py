"""Measure speeds and sizes on this machine and print one table.

Run `python -m benchmarks [SUBJECT ...]`. A subject is a module here whose `rows()` yields the
lines of the table. A subject that fails says so on stderr, and the others go on.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
from importlib import import_module
from pathlib import Path

import numpy as np

SUBJECTS = ("scoring", "load", "files", "scan", "known", "cold_start", "logs", "spark", "training")
ON_REQUEST = ("dgaintel",)  # needs an installation of its own


def main() -> int:
    """Print the table; return 1 if a subject failed."""
    subjects = _parse_subjects()
    print(f"machine: {_describe_machine()}", flush=True)
    return max(_print_rows(subject) for subject in subjects)


def _parse_subjects() -> list[str]:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Measure speeds and sizes on this machine and print one table.",
        epilog="Example: python -m benchmarks scoring load",
    )
    choices = (*SUBJECTS, *ON_REQUEST)
    help_text = f"one of {', '.join(choices)} (default: all but {', '.join(ON_REQUEST)})"
    parser.add_argument("subject", nargs="*", help=help_text)
    subjects: list[str] = parser.parse_args().subject or [*SUBJECTS]
    if unknown := sorted(set(subjects) - set(choices)):
        parser.error(f"unknown subject {', '.join(unknown)}; choose from {', '.join(choices)}")
    return subjects


def _print_rows(subject: str) -> int:
    try:
        for what, figure in import_module(f"benchmarks.{subject}").rows():
            print(f"{what:<66} {figure:>44}", flush=True)
    except Exception as error:  # one failure must not cost the minutes of the other subjects
        print(f"{subject} failed: {type(error).__name__}: {error}", file=sys.stderr, flush=True)
        return 1
    return 0


def _describe_machine() -> str:
    model = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        names = [x.partition(":")[2] for x in info.read_text().splitlines() if "model name" in x]
        model = names[0].strip() if names else model
    versions = f"Python {platform.python_version()}, NumPy {np.__version__}"
    return f"{model}, {os.cpu_count()} cores, {platform.system()}, {versions}"


if __name__ == "__main__":
    sys.exit(main())
