"""The project as pip installs it: a wheel in a virtual environment of its own, in no checkout."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from pipeline.h2o_cluster import local_servers

ROOT = Path(__file__).parents[1]
HERE = Path(sysconfig.get_path("purelib"))
NEEDED = ("numpy", "numpy.libs", "click", "zstandard")  # what `score` may import
LEFT = (".git", ".venv", "build", "downloads", "report", "tests", "notebooks", "*.egg-info")
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built of a copy, as building writes beside the sources."""
    folder = tmp_path_factory.mktemp("wheel")
    shutil.copytree(ROOT, folder / "sources", ignore=shutil.ignore_patterns(*LEFT))
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps"]
    command += ["--no-build-isolation", "--wheel-dir", str(folder), str(folder / "sources")]
    subprocess.run(command, check=True)
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The environment's folder of programs. Without a network: our own NumPy and Click, linked."""
    folder = tmp_path_factory.mktemp("installed")
    venv.create(folder, symlinks=True)
    python = str(folder / "bin" / "python")
    pip = [sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--no-deps"]
    subprocess.run([*pip, str(wheel)], check=True)
    libraries = next(folder.glob("lib/python*/site-packages"))
    for name in NEEDED:
        if (HERE / name).exists():  # numpy.libs is Linux's
            (libraries / name).symlink_to(HERE / name)
    return folder / "bin"


@pytest.fixture
def everything() -> dict[str, str]:
    """An environment that finds what the extras install."""
    return os.environ | {"PYTHONPATH": str(HERE)}


def run(
    program: Path, *arguments: object, folder: Path, environment: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(program), *map(str, arguments)],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_wheel_holds_what_is_committed_and_no_more(wheel: Path) -> None:
    names = [x for x in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in x]
    listed = subprocess.run(
        ["git", "ls-files", "malicious_domains", "pipeline", "lambda_app", "data"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    left = {"data/README.md", "data/build.py", "data/zones.txt"}  # what others are made of
    left |= {"lambda_app/requirements.in"}
    wanted = set(listed) - left
    assert sorted(names) == sorted(re.sub("^data/", "pipeline/data/", x) for x in wanted)


def test_the_command_and_the_import(installed: Path, tmp_path: Path) -> None:
    program = installed / "malicious-domains"
    scored = run(program, "score", "google.com", folder=tmp_path)
    assert (scored.returncode, scored.stderr) == (0, "")
    assert scored.stdout.splitlines()[1].startswith("google.com,google,0,")
    names = tmp_path / "names.txt"
    names.write_text("google.com\n" * 20_000)
    many = run(program, "score", "--jobs", 2, "--input", names, folder=tmp_path)
    assert (many.returncode, len(many.stdout.splitlines())) == (0, 20_001)
    code = "from malicious_domains import Scorer; print(Scorer.load().score('google.com').label)"
    assert run(installed / "python", "-c", code, folder=tmp_path).stdout == "0\n"
    version = run(program, "--version", folder=tmp_path).stdout
    assert version == "malicious-domains 0.1.0\n"
    assert run(program, "dga", "goz", folder=tmp_path).returncode == 0


@pytest.mark.parametrize(
    ("command", "extra"),
    [
        *(("data", "train"), ("train", "train"), ("evaluate", "train"), ("demo", "all")),
        *(("serve", "aws"), ("package", "aws"), ("versions", "all")),
    ],
)
def test_a_command_names_the_extra_that_it_misses(
    command: str, extra: str, installed: Path, tmp_path: Path
) -> None:
    refused = run(installed / "malicious-domains", command, folder=tmp_path)
    assert (refused.returncode, refused.stdout) == (2, "")
    message = rf"{command}: needs \w+: pip install 'malicious-domains\[{extra}\]'\n"
    assert re.fullmatch(message, refused.stderr)


def test_a_deployment_is_of_a_checkout(installed: Path, tmp_path: Path) -> None:
    refused = run(installed / "malicious-domains", "deploy", "--plan", folder=tmp_path)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr.endswith("run it in a checkout of the project\n")
    assert len(refused.stderr.splitlines()) == 1


@pytest.fixture
def served(installed: Path, everything: dict[str, str], tmp_path: Path) -> Iterator[str]:
    port, log = local_servers.find_free_port(), tmp_path / "log"
    command = [str(installed / "malicious-domains"), "serve", "--port", str(port)]
    process = local_servers.start_server(command, log, everything, tmp_path)
    url = f"http://127.0.0.1:{port}"
    try:
        local_servers.wait_for_server(process, f"{url}/health", log, 30)
        yield url
    finally:
        process.terminate()
        process.wait(timeout=20)


def test_it_serves_the_app(served: str) -> None:
    judged = requests.post(
        f"{served}/malicious-domain-classifier", json={"domain": "google.com"}, timeout=30
    )
    assert judged.json()["label"] == 0
    assert "<title>" in requests.get(f"{served}/", timeout=30).text


def test_it_trains_into_the_current_folder(
    installed: Path, everything: dict[str, str], small_csv: Path, tmp_path: Path
) -> None:
    """With the committed data of the wheel; what is downloaded goes to the user's cache."""
    program = installed / "malicious-domains"
    everything["XDG_CACHE_HOME"] = str(tmp_path / "cache")
    listed = run(program, "data", folder=tmp_path, environment=everything).stdout
    states = [line.split()[1] for line in listed.splitlines()[1:]]
    assert states == ["absent"] * 2 + ["committed"] * 3
    arguments = ["train", "--features", "classic", "--data", small_csv]
    trained = run(program, *arguments, folder=tmp_path, environment=everything)
    assert trained.returncode == 0, trained.stderr
    assert json.loads((tmp_path / "build/classic/model.json").read_text())["name"] == "classic"
    assert "written  build/classic" in trained.stderr
