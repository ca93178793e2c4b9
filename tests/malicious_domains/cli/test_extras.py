"""The packages of each extra: the dependencies against the pins that are tested."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[3]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS: dict[str, list[Requirement]] = {
    name: [Requirement(x) for x in wanted]
    for name, wanted in PROJECT["optional-dependencies"].items()
}
BASE = [Requirement(x) for x in PROJECT["dependencies"]]


def pins() -> dict[str, str]:
    """Return the version of each package that requirements.txt and the Lambda's pin."""
    text = "".join(
        (ROOT / x).read_text() for x in ("requirements.txt", "lambda_app/requirements.in")
    )
    return dict(re.findall(r"^([a-z0-9-]+)==([^;\s]+)", text, re.MULTILINE))


def test_what_is_tested_is_what_is_asked_for() -> None:
    listed = [*BASE, *EXTRAS["train"], *EXTRAS["aws"], *EXTRAS["scan"]]
    wanted = [x for x in listed if x.marker is None or x.marker.evaluate()]  # not Windows' own
    for requirement in wanted:
        version = pins()[requirement.name]
        assert version in requirement.specifier, requirement
    assert {x.name for x in wanted} == pins().keys() - {"setuptools", "matplotlib"}  # notebook's


def test_all_is_every_extra_but_spark_which_is_434_mb() -> None:
    (everything,) = EXTRAS["all"]
    assert everything.extras == EXTRAS.keys() - {"all", "spark"}


def test_the_build_needs_what_is_pinned() -> None:
    assert f"setuptools>={pins()['setuptools']}" in (ROOT / "pyproject.toml").read_text()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("extra", "modules"),
    [
        (
            "",
            [
                "malicious_domains",
                "malicious_domains.scoring.output_formats",
                "malicious_domains.dga.listing",
            ],
        ),
        (
            "train",
            [
                "pipeline.training.training_run",
                "pipeline.evaluation.evaluate",
                "pipeline.corpus.mixture",
            ],
        ),
        ("scan", ["malicious_domains.scan.scan_run", "malicious_domains.scan.scan_report"]),
        ("aws", ["pipeline.release.local_server", "pipeline.release.package"]),
    ],
)
def test_an_extra_is_enough_for_its_commands(extra: str, modules: list[str]) -> None:
    every = {x.name for name in ("train", "aws") for x in EXTRAS[name]} | {"botocore"}
    blocked = every - {x.name for x in EXTRAS.get(extra, [])}
    code = "import sys; sys.modules.update(dict.fromkeys(sys.argv[2:]))\n"  # None: not importable
    code += "import importlib; [*map(importlib.import_module, sys.argv[1].split())]"
    command = [sys.executable, "-c", code, " ".join(modules), *blocked]
    subprocess.run(command, cwd=ROOT, check=True)
