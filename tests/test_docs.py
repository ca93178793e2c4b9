"""The documents hold: commands, examples, links, figures."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from malicious_domains.cli.group import program
from malicious_domains.features.registry import REGISTRY
from malicious_domains.model.scorer import Scorer
from pipeline.commands.demo import summarize_model
from pipeline.corpus import sources
from tests.helpers.commands import PIPELINE

ROOT = Path(__file__).parents[1]
PATHS = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")]
PATHS += [*sorted((ROOT / "docs").glob("*.md")), ROOT / "data/README.md"]
PATHS += [ROOT / "benchmarks/README.md"]
TEXTS = {str(path.relative_to(ROOT)): path.read_text(encoding="utf-8") for path in PATHS}
FENCED = re.compile(r"^```(\w*)\n(.*?)^```", re.DOTALL | re.MULTILINE)
BLOCKS = [
    pytest.param(code, id=f"{name}-{i}")
    for name, text in TEXTS.items()
    for i, (language, code) in enumerate(FENCED.findall(text))
    if language == "python"
]
SHORT = 900  # words of the README
each_document = pytest.mark.parametrize("name", TEXTS)


def code_of(text: str) -> Iterator[str]:
    """Lines of fenced code, without prompt and comment, and what stands in backticks."""
    for language, block in FENCED.findall(text):
        if language != "python":
            for line in block.splitlines():
                yield line.removeprefix("$ ").partition("  #")[0]
    yield from re.findall(r"`([^`]+)`", FENCED.sub("", text))


def commands(text: str) -> Iterator[list[str]]:
    """Yield the arguments of every command line; what may be left out, in brackets, is."""
    for code in code_of(text):
        plain = re.sub(r" \[[^\]]*\]", "", code)
        found = re.search(r"(?:malicious-domains|python -m pipeline) ([a-z][^|>&]*)", plain)
        if found:
            yield shlex.split(found[1])


def parse(arguments: list[str]) -> None:
    """Raise a ClickException unless the command line takes these."""
    context = click.Context(program, **program.context_settings)
    command = program.get_command(context, arguments[0])
    assert command is not None, arguments
    made = command.make_context(arguments[0], arguments[1:], context)
    if isinstance(command, click.Group) and not made.resilient_parsing:
        name, part, rest = command.resolve_command(made, made._protected_args + made.args)
        assert name and part
        part.make_context(name, rest, made)


def slug(heading: str) -> str:
    """Return a heading's anchor, as code hosts make it."""
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")


def named(text: str) -> list[tuple[str, str]]:
    """Paths in backticks that begin at the project's folder, and the test in each, if any."""
    folders = "tests|lambda_app|pipeline|benchmarks|notebooks|docs|data"
    return re.findall(rf"`((?:{folders})/[\w./-]+)(?:::(\w+))?`", FENCED.sub("", text))


@pytest.mark.parametrize("block", BLOCKS)
def test_its_python_runs(block: str) -> None:
    exec(compile(block, "block", "exec"), {})


def test_ones_own_names_are_read_as_shown(tmp_path: Path) -> None:
    shown = TEXTS["docs/training.md"].partition("### Your own names")[2]
    csv, console = (code for language, code in FENCED.findall(shown) if language)
    (tmp_path / "mine.csv").write_text(csv)
    command, _, said = console.partition("\n")
    done = subprocess.run(
        [*PIPELINE, *shlex.split(command.removeprefix("$ malicious-domains "))],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, said)


@each_document
def test_its_targets_exist(name: str) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):.*##", makefile, re.MULTILINE))
    codes = code_of(TEXTS[name])
    assert {x for code in codes for x in re.findall(r"\bmake ([a-z-]+)", code)} <= targets


@pytest.mark.parametrize("name", [name for name in TEXTS if name != "docs/cli.md"])  # made of them
def test_its_commands_parse(name: str) -> None:
    for arguments in commands(TEXTS[name]):
        parse(arguments)


def test_commands_are_found() -> None:
    assert len([*commands(TEXTS["README.md"])]) > 5
    asked = ["score", "--input", "eve.json.gz", "--field", "dns.rrname", "--format", "jsonl"]
    assert asked in commands(TEXTS["README.md"])


@each_document
def test_its_links_lead_somewhere(name: str) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", FENCED.sub("", TEXTS[name])):
        if re.match(r"https?://", target):
            continue
        file, _, anchor = target.partition("#")
        path = (ROOT / name).parent / file if file else ROOT / name
        assert path.exists(), target
        if anchor:
            headings = re.findall(r"^#+ (.*)", path.read_text(encoding="utf-8"), re.MULTILINE)
            assert anchor in map(slug, headings), target


@each_document
def test_its_paths_exist(name: str) -> None:
    for path, test in named(TEXTS[name]):
        if not path.startswith("data/downloads"):  # what `data fetch` brings
            assert (ROOT / path).exists(), path
        assert not test or f"def {test}(" in (ROOT / path).read_text(encoding="utf-8"), test


@each_document
def test_it_is_of_no_particular_machine(name: str) -> None:
    assert not re.findall(r"(?<![\w.])/(?:home|root|tmp|work|Users)\b", TEXTS[name])


def test_the_readme_is_short() -> None:
    assert len(TEXTS["README.md"].split()) <= SHORT


def test_the_figures_of_the_readme_are_those_of_the_evaluation() -> None:
    text = TEXTS["README.md"].partition("## How good it is")[2].partition("\n## ")[0]
    figures = re.findall(r"\b\d+\.\d\d%", text)
    assert len(figures) == 9
    known = TEXTS["docs/evaluation.md"] + TEXTS["docs/training.md"]  # the original's, too
    assert not [figure for figure in figures if figure not in known]


def test_the_table_is_that_of_the_committed_artifact(classic: Scorer) -> None:
    for line in summarize_model(classic.artifact.metadata):
        assert f"\n{line}\n" in TEXTS["docs/training.md"]


def test_every_feature_has_its_row(language: Scorer) -> None:
    bins = language.artifact.metadata["bins"]
    for name, feature in REGISTRY.items():
        count = len(bins[name]["edges"]) + 1 if name in bins else "–"
        row = f"\n| `{name}` | {feature.meaning} | {count} |"
        assert row in TEXTS["docs/model.md"]


def test_thresholds_are_those_of_the_packaged_models(language: Scorer, classic: Scorer) -> None:
    for point, threshold in language.artifact.thresholds.items():
        other = classic.artifact.thresholds[point]
        text = point if isinstance(point, str) else f"{point:.4f}".rstrip("0")
        row = rf"\| `?{re.escape(text)}`? \| ([\d.]+) \| ([\d.]+) \|"
        found = re.search(row, TEXTS["docs/model.md"])
        assert found, point
        assert [float(x) for x in found.groups()] == [round(threshold, 5), round(other, 5)]


def test_every_pinned_package_is_named() -> None:
    text = TEXTS["docs/architecture.md"].partition("## Dependencies")[2]
    own = ("requirements.txt", "requirements-dev.txt", "requirements-spark.txt")
    for name in ("lambda_app/requirements.in", *own):
        pins = (ROOT / name).read_text()
        for package in re.findall(r"^([a-z0-9-]+)(?:\[.*\])?==", pins, re.MULTILINE):
            assert re.search(rf"(?<![\w-]){package}(?![\w-])", text), package


def test_the_checksums_of_the_data_are_those_in_the_code() -> None:
    for source in sources.SOURCES:
        assert source.sha256 in TEXTS["data/README.md"]
        assert f"{source.rows:,}" in TEXTS["data/README.md"]


def test_the_threat_model_names_what_holds_its_claims() -> None:
    assert len(named(TEXTS["docs/security.md"])) > 15  # each is there: test_its_paths_exist
