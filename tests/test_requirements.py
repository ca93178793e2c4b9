"""Everything that make installs is pinned to a version and to hashes of its files."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LOCKS = {  # what is written by hand, and what make lock writes of it
    "lambda_app/requirements.in": "lambda_app/requirements.txt",
    "requirements.txt": "requirements.lock",
    "requirements-dev.txt": "requirements-dev.lock",
    "requirements-spark.txt": "requirements-spark.lock",
    "requirements-notebook.txt": "requirements-notebook.lock",
}
PIN = re.compile(r"([A-Za-z0-9._-]+)(?:\[[a-z0-9,._-]+\])?==([^\s;]+)")
HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")


def text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def asked(name: str) -> set[tuple[str, str]]:
    """Return the pins of a file written by hand, and of the files that it includes."""
    found = set()
    for line in filter(None, (x.partition("#")[0].strip() for x in text(name).splitlines())):
        if line.startswith("-r "):
            found |= asked(line[3:])
        else:
            pin = PIN.match(line)
            assert pin, f"{name}: {line} is not pinned"
            found.add((normal(pin[1]), pin[2]))
    return found


def locked(name: str) -> dict[tuple[str, str], set[str]]:
    """Name and version to hashes. A package may have versions for several Pythons."""
    found = {}
    lines = re.sub(r"\\\n", " ", re.sub(r"^ *#.*\n", "", text(name), flags=re.MULTILINE))
    for line in lines.splitlines():
        pin = PIN.match(line)
        assert pin, f"{name}: {line[:80]} is not pinned"
        found[normal(pin[1]), pin[2]] = set(HASH.findall(line))
    return found


@pytest.mark.parametrize(("name", "lock"), LOCKS.items())
def test_a_lock_has_what_is_asked_for(name: str, lock: str) -> None:
    assert asked(name) <= set(locked(lock)), "run make lock"


@pytest.mark.parametrize("lock", LOCKS.values())
def test_every_line_of_a_lock_has_hashes_and_no_place(lock: str) -> None:
    assert all(locked(lock).values())
    assert not re.search(r"https?:|file:|index|find-links|trusted-host| @ |-e ", text(lock))


def test_locks_agree() -> None:
    """The second installation replaces nothing of the first."""
    installed: dict[tuple[str, str], set[str]] = {}
    for what in ("", "-dev", "-spark", "-notebook"):
        lock = f"requirements{what}.lock"
        names = {name for name, _ in installed}
        for pin, hashes in locked(lock).items():
            assert pin[0] not in names or installed[pin] == hashes, pin
        installed |= locked(lock)
    for pin, hashes in locked("lambda_app/requirements.txt").items():
        assert installed[pin] == hashes


def test_the_hooks_before_a_commit_are_those_of_make_check() -> None:
    """And all of them are run by the workflow, on each Python that is promised."""
    makefile = text("Makefile")
    entries = re.findall(r"entry: \.venv/bin/(.*)", text(".pre-commit-config.yaml"))
    checks = makefile[makefile.index("\ncheck:") :].split("\n\n")[0]
    assert entries == re.findall(r"\$\(BIN\)/(.*?)(?: \.)?(?=\n|$)", checks)
    workflow = text(".github/workflows/ci.yml")
    assert re.findall(r"run: make ([\w-]+)", workflow) == ["run", "check", "test-install"]
    assert 'python: ["3.11", "3.12", "3.13"]' in workflow
    assert ">=3.11,<3.14" in text("pyproject.toml")


@pytest.mark.slow
def test_make_and_the_package_install_from_locks_only() -> None:
    """The project itself is installed without anything that it needs."""
    makefile = re.sub(r"\s*\\\n\s*", " ", text("Makefile"))
    assert re.findall(r"pip install --quiet --disable-pip-version-check (.*)", makefile) == [
        "--require-hashes -r",
        "--no-deps --no-build-isolation --editable .",
    ]
    assert makefile.count("pip install") == 2
    assert set(re.findall(r"\$\(INSTALL\) (.*)", makefile)) <= set(LOCKS.values())
