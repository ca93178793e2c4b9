"""A program in the place of a Java."""

from __future__ import annotations

from pathlib import Path


def fake_java(home: Path, script: str) -> Path:
    """Make bin/java below a home, which runs a shell script; returns the program."""
    program = home / "bin" / "java"
    program.parent.mkdir(parents=True)
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return program
