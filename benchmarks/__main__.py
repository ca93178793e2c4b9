"""Measure speeds and sizes on this machine and print one table.

Run `python -m benchmarks [SUBJECT ...]`. A subject that fails says so on stderr, and the others go
on.
"""

from __future__ import annotations

import os
import platform
import re
import sys
from importlib import import_module
from pathlib import Path

import click
import numpy as np

SUBJECTS = {  # by name: the module, and its function that yields rows
    "scoring": ("scoring", "rows"),
    "load": ("load", "rows"),
    "files": ("whole_commands", "score_files"),
    "scan": ("whole_commands", "scan_logs"),
    "known": ("known", "rows"),
    "cold_start": ("cold_start", "rows"),
    "logs": ("logs", "rows"),
    "training": ("whole_commands", "train_models"),
}


@click.command(epilog="Example: python -m benchmarks scoring load")
@click.argument("subject", nargs=-1, type=click.Choice([*SUBJECTS]))
def main(subject: tuple[str, ...]) -> None:
    """Measure speeds and sizes on this machine and print one table; all subjects by default."""
    print(f"machine: {_describe_machine()}", flush=True)
    sys.exit(max(_print_rows(x) for x in subject or SUBJECTS))


def _print_rows(subject: str) -> int:
    module, function = SUBJECTS[subject]
    try:
        for what, figure in getattr(import_module(f"benchmarks.{module}"), function)():
            print(f"{what:<66} {figure:>44}", flush=True)
    except Exception as error:  # one failure must not cost the minutes of the other subjects
        print(f"{subject} failed: {type(error).__name__}: {error}", file=sys.stderr, flush=True)
        return 1
    return 0


def _describe_machine() -> str:
    info = Path("/proc/cpuinfo")
    named = re.search("model name.*: (.*)", info.read_text() if info.exists() else "")
    model = named[1] if named else platform.machine()
    versions = f"Python {platform.python_version()}, NumPy {np.__version__}"
    return f"{model}, {os.cpu_count()} cores, {platform.system()}, {versions}"


if __name__ == "__main__":
    main()
