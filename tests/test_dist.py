"""What is released: the same bytes each time, with all that a package index shows."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from email.parser import BytesParser
from pathlib import Path

import pytest
import yaml
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from malicious_domains import __version__
from pipeline.release.sbom import make_sbom

ROOT = Path(__file__).parents[1]
LEFT = (".git", ".venv", "build", "downloads", "report", "tests", "notebooks", "*.egg-info")
UV = Path(sys.executable).with_name("uv")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Return two folders of what is built, of copies of the sources with other times."""
    folders = []
    for number in (1, 2):
        folder = tmp_path_factory.mktemp(f"dist{number}")
        shutil.copytree(ROOT, folder / "sources", ignore=shutil.ignore_patterns(*LEFT))
        for path in (folder / "sources").rglob("*"):
            os.utime(path, (10**9, 10**9 + number))
        command = [str(UV), "build", "--quiet", "--offline", "--no-build-isolation"]
        command += ["--python", sys.executable, "--out-dir", str(folder / "out"), "sources"]
        own = os.environ | {"SOURCE_DATE_EPOCH": "1700000000"}
        subprocess.run(command, cwd=folder, check=True, env=own)
        folders.append(folder / "out")
    return folders


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["*.whl", "*.tar.gz"])
def test_the_same_bytes_twice(built: list[Path], kind: str) -> None:
    one, two = (next(x.glob(kind)) for x in built)
    assert one.name == two.name
    assert one.read_bytes() == two.read_bytes()


@pytest.mark.slow
def test_the_wheel_as_an_index_shows_it(built: list[Path]) -> None:
    with zipfile.ZipFile(next(built[0].glob("*.whl"))) as wheel:
        names = wheel.namelist()
        [metadata] = (x for x in names if x.endswith("/METADATA"))
        shown = BytesParser().parsebytes(wheel.read(metadata))
    assert [x for x in names if "lexicon" in x] == [
        "malicious_domains/artifacts/classic/lexicon.npy"
    ]
    assert not [x for x in names if x.endswith(".zip")]
    urls = dict(x.split(", ", 1) for x in shown.get_all("Project-URL", []))
    assert {"Source", "Documentation", "Changelog", "Issues"} <= urls.keys()
    assert all(url.startswith("https://") for url in urls.values())
    assert shown["Author"] and shown["Keywords"] and shown["License-Expression"] == "Apache-2.0"
    assert "Programming Language :: Python :: 3.13" in shown.get_all("Classifier", [])
    links = re.findall(r"\]\(([^)]+)\)", str(shown.get_payload()))
    assert len(links) > 10
    assert all(re.match("https?://", x) for x in links if not x.startswith("#"))
    assert any("/raw/main/docs/scan-report.png" in x for x in links)


def test_the_bill_of_materials_is_valid_and_whole() -> None:
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    text = json.dumps(make_sbom(lock))
    assert json.dumps(make_sbom(lock)) == text
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    listed = make_sbom(lock)["components"]
    pinned = dict(re.findall(r"^([\w.-]+)==([^ \\;]+)", lock, re.MULTILINE))
    assert {x["name"]: x["version"] for x in listed} == pinned
    hashed = sum(len(x["externalReferences"][0]["hashes"]) for x in listed)
    assert hashed == lock.count("--hash=sha256:")


def test_citation_and_changelog_are_of_this_version() -> None:
    """The changelog's releases fall, and the newest has the date of the citation."""
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert f"\nversion: {__version__}\n" in citation
    log = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    releases = re.findall(r"^## \[(\d+)\.(\d+)\.(\d+)\] - (\d{4}-\d\d-\d\d)$", log, re.MULTILINE)
    assert releases == sorted(releases, key=lambda x: tuple(map(int, x[:3])), reverse=True)
    assert ".".join(releases[0][:3]) == __version__
    assert f'date-released: "{releases[0][3]}"' in citation
    assert log.index("## [Unreleased]") < log.index(f"## [{__version__}]")


WORKFLOWS = sorted((ROOT / ".github/workflows").iterdir())


def test_the_workflows_are_valid() -> None:
    """Keys, expressions, inputs of actions, and that no action's runtime is gone."""
    program = Path(sys.executable).with_name("actionlint")
    command = [str(program), "-no-color", "-shellcheck=", *map(str, WORKFLOWS)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, ""), done.stdout + done.stderr


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda x: x.name)
def test_a_workflow_is_limited_in_time_and_rights(path: Path) -> None:
    workflow = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert workflow["permissions"] == {"contents": "read"}
    for job in workflow["jobs"].values():
        assert job["timeout-minutes"] <= 60
        needed = job.get("needs", [])
        assert {needed} if isinstance(needed, str) else {*needed} <= workflow["jobs"].keys()
        for step in job["steps"]:
            assert len({"uses", "run"} & step.keys()) == 1
            assert "secrets." not in str(step)
