"""What a stage ran before its last deployment, kept so that one command goes back to it."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

from .snapshot import Live, LiveError, code_sha256


def keep(before: Live, state: Path, stage: str) -> None:
    """Write a stage's state down, in state; the zip first, then what it belongs to."""
    code, rest = _paths(state, stage)
    facts = asdict(before)
    write(code, facts.pop("code"))
    write(rest, json.dumps(facts | {"sha256": code_sha256(before.code)}, indent=1).encode())


def load(state: Path, stage: str) -> Live:
    """What was kept; raises LiveError if there is nothing, or not all of it."""
    code, rest = _paths(state, stage)
    try:
        body, facts = code.read_bytes(), json.loads(rest.read_text(encoding="utf-8"))
        whole = facts.pop("sha256") == code_sha256(body)
        before = Live(code=body, **facts)
    except FileNotFoundError as error:
        raise LiveError(
            f"{error.filename}: no previous version of {stage} was kept here; it is, where a "
            "second deployment succeeds"
        ) from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise LiveError(f"{rest}: not a previous version: {error}") from error
    if not whole:
        raise LiveError(f"{code} is not the zip that {rest} speaks of")
    return before


def _paths(state: Path, stage: str) -> tuple[Path, Path]:
    return state / f"{stage}.previous.zip", state / f"{stage}.previous.json"


def write(place: Path, content: bytes) -> None:
    """Replace a file in one step."""
    new = place.with_suffix(".new")
    new.write_bytes(content)
    new.replace(place)
