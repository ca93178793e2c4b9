"""Chalice in a fresh clone where nothing is installed but Chalice: the links give it the library.

A second clone is one in which Git makes no symbolic links, as on Windows by default.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import chalice
import pytest
import requests

from pipeline.h2o_cluster.local_servers import HOST, find_free_port, start_server, wait_for_server
from tests.helpers.api import PATH
from tests.helpers.commands import run_here

ROOT = Path(__file__).parents[3]
PIPELINE = [sys.executable, "-m", "pipeline"]
# -S: the packages are there, the editable install of this checkout is not.
ALONE = f"""
import sys
sys.path.insert(1, {str(Path(chalice.__file__).parents[1])!r})
from chalice.cli import main
raise SystemExit(main())
"""
CHALICE = [sys.executable, "-S", "-c", ALONE]

pytestmark = pytest.mark.slow


def clone(folder: Path, *options: str) -> Path:
    command = ["git", "clone", "--quiet", "--depth", "1", *options, ROOT.as_uri(), str(folder)]
    subprocess.run(command, check=True)
    return folder


@pytest.fixture(scope="module")
def linked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a clone of what is committed."""
    return clone(tmp_path_factory.mktemp("clone") / "project")


@pytest.fixture(scope="module")
def unlinked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = clone(tmp_path_factory.mktemp("clone") / "project", "-c", "core.symlinks=false")
    assert not [x for x in folder.rglob("*") if x.is_symlink()]
    return folder


def run(command: list[str], folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Return a command in a folder, without a region unless it is given."""
    inherited = {k: v for k, v in os.environ.items() if not k.endswith("_REGION")}
    inherited |= {"AWS_CONFIG_FILE": os.devnull}
    return subprocess.run(
        command,
        cwd=folder,
        env=inherited | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_chalice_alone_serves(linked: Path, tmp_path: Path) -> None:
    port = find_free_port()
    command = [*CHALICE, "local", "--port", str(port), "--no-autoreload"]
    process = start_server(command, tmp_path / "log", folder=linked / "lambda_app")
    try:
        wait_for_server(process, f"http://{HOST}:{port}/health", tmp_path / "log", 60)
        url = f"http://{HOST}:{port}{PATH}"
        assert requests.post(url, json={"domain": "google.com"}, timeout=30).json()["label"] == 0
    finally:
        process.terminate()
        process.wait()


def test_chalice_alone_packages(linked: Path, tmp_path: Path) -> None:
    """H18."""
    app = linked / "lambda_app"
    lost = run([*CHALICE, "package", str(tmp_path)], app)
    assert lost.returncode == 2 and "export the AWS_DEFAULT_REGION" in lost.stderr
    merged = [*CHALICE, "package", "--merge-template", ".chalice/template.json", str(tmp_path)]
    done = run(merged, app, AWS_DEFAULT_REGION="us-east-1")
    assert done.returncode == 0, done.stderr
    names = set(zipfile.ZipFile(tmp_path / "deployment.zip").namelist())
    library = {"names/suffixes.txt", "artifacts/language/model.json", "clients/verdict.py"}
    assert {"app.py", *(f"malicious_domains/{x}" for x in library)} <= names
    handler = json.loads((tmp_path / "sam.json").read_text())["Resources"]["APIHandler"]
    settings = handler["Properties"]
    assert "ReservedConcurrentExecutions" not in settings
    assert settings["Environment"]["Variables"]["OPENBLAS_NUM_THREADS"] == "1"
    assert "x-amz-date" in json.dumps(handler)


def test_where_there_are_no_links_the_message_says_what_to_do(
    unlinked: Path, tmp_path: Path
) -> None:
    """H17."""
    for command in (
        [*CHALICE, "package", str(tmp_path)],
        [*CHALICE, "local", "--no-autoreload"],
        [sys.executable, "-m", "pipeline", "package", "--out", str(tmp_path)],
    ):
        folder = unlinked if "pipeline" in command else unlinked / "lambda_app"
        done = run(command, folder, AWS_DEFAULT_REGION="us-east-1")
        assert done.returncode and "git config core.symlinks true" in done.stderr
    assert not [*tmp_path.iterdir()]


def test_our_command_packages_and_plans_a_deployment(linked: Path, aws: str) -> None:
    done = run([*PIPELINE, "deploy", "--plan"], linked, AWS_DEFAULT_REGION="us-east-1")
    assert done.returncode == 0, done.stderr
    assert "function      malicious-domains-dev" in done.stdout
    assert "MemorySize    None -> 512\n" in done.stdout


def test_a_deployment_without_a_region_says_at_once_what_to_set(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    for option in ("--plan", "--back"):
        done = run_here("deploy", option)
        assert done.returncode == 2 and "gate" not in done.stderr
        assert done.stderr == (
            "deploy: no AWS region; set AWS_DEFAULT_REGION, to us-east-1 for example\n"
        )
