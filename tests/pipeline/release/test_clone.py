"""A clone in which Git makes no symbolic links, as on Windows."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import requests

from pipeline.h2o_cluster.local_servers import HOST, free_port, start, wait
from tests.helpers.api import PATH

ROOT = Path(__file__).parents[3]
PIPELINE = [sys.executable, "-m", "pipeline"]
CHALICE = [sys.executable, "-c", "from chalice.cli import main; raise SystemExit(main())"]

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of what is committed."""
    folder = tmp_path_factory.mktemp("clone") / "project"
    command = ["git", "clone", "--quiet", "--depth", "1", "-c", "core.symlinks=false"]
    subprocess.run([*command, ROOT.as_uri(), str(folder)], check=True)
    assert not [x for x in folder.rglob("*") if x.is_symlink()]
    return folder


def run(command: list[str], folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """A command in a folder, without a region unless it is given."""
    inherited = {k: v for k, v in os.environ.items() if not k.endswith("_REGION")}
    inherited |= {"AWS_CONFIG_FILE": os.devnull, "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(
        command,
        cwd=folder,
        env=inherited | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def check_package(folder: Path) -> None:
    """Fail unless it has the app, and the settings of .chalice."""
    assert "app.py" in zipfile.ZipFile(folder / "deployment.zip").namelist()
    template = json.loads((folder / "sam.json").read_text())
    settings = template["Resources"]["APIHandler"]["Properties"]
    assert settings["ReservedConcurrentExecutions"] == 2
    assert settings["Environment"]["Variables"]["OPENBLAS_NUM_THREADS"] == "1"


def test_it_serves(clone: Path, tmp_path: Path) -> None:
    """H17."""
    port = free_port()
    process = start([*PIPELINE, "serve", "--port", str(port)], tmp_path / "log", folder=clone)
    try:
        wait(process, f"http://{HOST}:{port}/health", tmp_path / "log", 60)
        url = f"http://{HOST}:{port}{PATH}"
        assert requests.post(url, json={"domain": "google.com"}, timeout=30).json()["label"] == 0
    finally:
        process.terminate()
        process.wait()


def test_it_packages_with_our_command(clone: Path, tmp_path: Path) -> None:
    """And without a region, on which nothing in a package depends."""
    done = run([*PIPELINE, "package", "--out", str(tmp_path)], clone)
    assert done.returncode == 0, done.stderr
    check_package(tmp_path)


def test_it_packages_with_chalice_alone(clone: Path, tmp_path: Path) -> None:
    """H18."""
    app = clone / "lambda_app"
    lost = run([*CHALICE, "package", str(tmp_path)], app)
    assert lost.returncode == 2 and "export the AWS_DEFAULT_REGION" in lost.stderr
    merged = [*CHALICE, "package", "--merge-template", ".chalice/template.json", str(tmp_path)]
    done = run(merged, app, AWS_DEFAULT_REGION="us-east-1")
    assert done.returncode == 0, done.stderr
    check_package(tmp_path)
    template = json.loads((tmp_path / "sam.json").read_text())
    assert "x-amz-date" in json.dumps(template["Resources"]["APIHandler"])


def test_it_plans_a_deployment(clone: Path, aws: str) -> None:
    done = run([*PIPELINE, "deploy", "--plan"], clone, AWS_DEFAULT_REGION="us-east-1")
    assert done.returncode == 0, done.stderr
    assert "function      malicious-domains-dev" in done.stdout
    assert "concurrency   None -> 2" in done.stdout


def test_a_deployment_without_a_region_says_at_once_what_to_set(clone: Path) -> None:
    for option in ("--plan", "--back"):
        done = run([*PIPELINE, "deploy", option], clone)
        assert done.returncode == 2 and "gate" not in done.stderr
        assert done.stderr == (
            "deploy: no AWS region; set AWS_DEFAULT_REGION, to us-east-1 for example\n"
        )
