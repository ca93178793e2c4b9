"""What the README says is so."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest

from lambda_app.chalicelib.model.scorer import Scorer
from pipeline.cli.demo import summary
from pipeline.cli.group import group
from pipeline.corpus import sources

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS = re.findall(
    r"(?:python -m pipeline|(?:^|[`/])malicious-domains) ([a-z][^`|>\n]*)", README, re.MULTILINE
)
BLOCKS = re.findall(r"```python\n(.*?)```", README, re.DOTALL)


@pytest.mark.parametrize("block", BLOCKS)
def test_its_python_runs(block: str) -> None:
    exec(compile(block, "README.md", "exec"), {})


def test_its_table_is_that_of_the_committed_artifact(classic: Scorer) -> None:
    for line in summary(classic.artifact.metadata):
        assert f"\n{line}\n" in README


def test_its_commands_exist() -> None:
    targets = set(re.findall(r"^([a-z]+):.*##", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"`make ([a-z]+)", README)) <= targets
    context = click.Context(group)
    for line in COMMANDS:
        name, *arguments = re.sub(r"\[.*\]", "", line).split()
        command = group.get_command(context, name)
        assert command, line
        command.make_context(name, arguments, context)  # raises UsageError


def test_every_pinned_package_is_named() -> None:
    for name in ("lambda_app/requirements.in", "requirements.txt", "requirements-dev.txt"):
        pins = (ROOT / name).read_text()
        for package in re.findall(r"^([a-z0-9-]+)(?:\[.*\])?==", pins, re.MULTILINE):
            stubs = "stubs" in package or package.startswith("types-")
            assert ("stubs" if stubs else package) in README, package


def test_the_checksums_of_the_data_are_those_in_the_code() -> None:
    text = (ROOT / "data" / "README.md").read_text(encoding="utf-8")
    for source in sources.SOURCES:
        assert source.sha256 in text
        assert f"{source.rows:,}" in text


def test_what_holds_a_claim_of_the_threat_model_is_there() -> None:
    text = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
    named = re.findall(r"`((?:tests|lambda_app|pipeline)/[\w/.]+)(?:::(\w+))?`", text)
    assert len(named) > 15
    for path, test in named:
        assert f"def {test}(" in (ROOT / path).read_text(encoding="utf-8") or not test, test
