"""The steps of the Containerfile, tried as far as no registry is needed."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.lambda_runtime import emulated
from pipeline.h2o_cluster.local_servers import find_free_port, start_server, wait_for_server
from tests.helpers.api import rest_event

ROOT = Path(__file__).parents[3]
Steps = list[tuple[str, str]]  # instruction, its text


def read_stages() -> dict[str, Steps]:
    """Return the steps of each image by the name of its stage."""
    stages: dict[str, Steps] = {}
    for line in (ROOT / "Containerfile").read_text(encoding="utf-8").splitlines():
        instruction, _, text = line.partition(" ")
        if instruction == "FROM":
            steps = stages.setdefault(text.rpartition(" AS ")[2], [])
        elif line and not line.startswith("#"):
            steps.append((instruction, text))
    return stages


STAGES = read_stages()


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """Return a folder with what the image for waitress copies, and nothing else."""
    folder = tmp_path / "image"
    folder.mkdir()
    for instruction, text in STAGES["server"]:
        if instruction != "COPY":
            continue
        *sources, target = text.split()
        for source in sources:
            if (ROOT / source).is_dir():
                hidden = shutil.ignore_patterns("__pycache__", "deployed")
                shutil.copytree(ROOT / source, folder / target, ignore=hidden, symlinks=True)
            else:
                shutil.copy(ROOT / source, folder / target)
    return folder


def test_the_image_for_waitress_serves_the_app(copied: Path, tmp_path: Path) -> None:
    """The command runs on what is copied, without the packages of training."""
    *_, (instruction, text) = STAGES["server"]
    program, *arguments = json.loads(text)
    assert (instruction, program) == ("CMD", "malicious-domains")
    assert ("EXPOSE", arguments[-1]) in STAGES["server"] and ("USER", "nobody") in STAGES["server"]
    blocked = dict.fromkeys(("h2o", "pandas", "duckdb", "matplotlib", "jinja2", "tqdm", "pyspark"))
    code = f"import sys; sys.modules.update({blocked}); from malicious_domains.cli import main; "
    code += "sys.exit(main(sys.argv[1:]))"
    port = find_free_port()
    command = [sys.executable, "-P", "-c", code, *arguments[:-1], str(port)]
    environment = os.environ | {"PYTHONPATH": str(copied), "PYTHONDONTWRITEBYTECODE": "1"}
    process = start_server(command, tmp_path / "log", environment, tmp_path)
    try:
        wait_for_server(process, f"http://127.0.0.1:{port}/ready", tmp_path / "log", 60)
    finally:
        process.terminate()
        assert process.wait(30) == 0
    assert not [*copied.rglob("__pycache__")]


def test_its_packages_are_those_of_an_extra(copied: Path) -> None:
    (install,) = [text for instruction, text in STAGES["server"] if instruction == "RUN"]
    assert shlex.split(install)[-1] == ".[aws]"
    run = subprocess.run(
        [
            sys.executable,
            "-c",
            "from setuptools import build_meta as b; print(b.build_editable('.'))",
        ],
        cwd=copied,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0 and "malicious_domains-" in run.stdout, run.stderr[-2000:]


@pytest.mark.slow
def test_the_image_of_aws_takes_the_zip(packages: dict[str, Path], tmp_path: Path) -> None:
    (_, copy), (_, unpack), (_, handler) = STAGES["lambda"]
    source, target = copy.split()
    assert source == "build/package/deployment.zip"  # where `make package` puts it
    task, there = tmp_path / "task", tmp_path / "deployment.zip"
    shutil.copy(packages["x86_64"], there)
    shell = unpack.replace(target, str(there)).replace("python ", f"{sys.executable} ", 1)
    subprocess.run(shell, shell=True, check=True, env={**os.environ, "LAMBDA_TASK_ROOT": str(task)})
    assert not there.exists()
    with emulated(task, *json.loads(handler)) as function:
        assert function(rest_event("GET", "/ready"))["statusCode"] == 200
