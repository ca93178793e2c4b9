"""The project as pip installs it: a wheel in a virtual environment of its own, in no checkout."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import venv
import zipfile
from pathlib import Path

import numpy as np
import pytest

from malicious_domains import __version__
from tests.helpers.route53 import day

ROOT = Path(__file__).parents[1]
HERE = Path(np.__file__).parents[1]
NEEDED = ("numpy", "numpy.libs", "click", "zstandard")  # what `score` may import
LEFT = (".git", ".venv", "build", "downloads", "report", "tests", "notebooks", "*.egg-info")
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built of a copy, as building writes beside the sources."""
    folder = tmp_path_factory.mktemp("wheel")
    shutil.copytree(ROOT, folder / "sources", ignore=shutil.ignore_patterns(*LEFT))
    return build_wheel(folder / "sources", folder)


def build_wheel(sources: Path, folder: Path) -> Path:
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps"]
    command += ["--no-build-isolation", "--wheel-dir", str(folder), str(sources)]
    subprocess.run(command, check=True)
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of programs of an environment with our own NumPy and Click, linked."""
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
    """Return an environment that finds what the extras install."""
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


def committed(*folders: str) -> set[str]:
    listed = subprocess.run(
        ["git", "ls-files", *folders], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return set(listed.stdout.splitlines())


def test_the_wheel_is_one_package_of_what_is_committed(wheel: Path) -> None:
    names = [x for x in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in x]
    lists = {x for x in committed("data") if re.fullmatch(r"data/(legit-.*xz|.*LICENSE.txt)", x)}
    wanted = {x for x in committed("malicious_domains") if not x.endswith("mojo.zip")}
    wanted |= {f"malicious_domains/{x}" for x in lists}
    assert sorted(names) == sorted(wanted)
    assert len(lists) == 3


def test_a_source_distribution_builds_the_same(wheel: Path, tmp_path: Path) -> None:
    build = "from setuptools.build_meta import build_sdist; build_sdist('dist')"
    sources = wheel.parent / "sources"
    command = [sys.executable, "-c", build]
    subprocess.run(command, cwd=sources, check=True, capture_output=True)
    with tarfile.open(next((sources / "dist").glob("*.tar.gz"))) as archive:
        archive.extractall(tmp_path)
    (unpacked,) = tmp_path.iterdir()
    again = build_wheel(unpacked, tmp_path)
    names = [sorted(zipfile.ZipFile(x).namelist()) for x in (wheel, again)]
    assert names[0] == names[1]


def test_score_and_the_import(installed: Path, tmp_path: Path) -> None:
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
    assert version == f"malicious-domains {__version__}\n"


def test_allow_and_dga(installed: Path, tmp_path: Path) -> None:
    program = installed / "malicious-domains"
    assert run(program, "dga", "goz", folder=tmp_path).returncode == 0
    feed = run(program, "dga", "feed", "--family", "goz", "--days", "1", folder=tmp_path)
    assert (feed.returncode, len(feed.stdout.splitlines()) > 100) == (0, True), feed.stderr
    index = ("dga", "index", "--family", "goz", "--from", "2026-11-01", "--to", "2026-11-01")
    made = run(program, *index, "--out", "known.npz", folder=tmp_path)
    assert made.returncode == 0, made.stderr
    (tmp_path / "list.csv").write_text("1,xmqjtoevkbhrw.ru\n")
    built = run(program, "allow", "build", "list.csv", "--out", "allow.npy", folder=tmp_path)
    assert built.returncode == 0, built.stderr
    options = ("--format", "csv", "--allow", "allow.npy", "xmqjtoevkbhrw.ru")
    scored = run(program, "score", *options, folder=tmp_path)
    assert scored.stdout.splitlines()[1].endswith("judged,allowed: xmqjtoevkbhrw.ru,")


def test_scan_names_the_extra_that_it_misses_and_runs_with_it(
    installed: Path, everything: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "dns.json").write_text("".join(json.dumps(x) + "\n" for x in day(12)))
    arguments = ("scan", "dns.json", "--format", "jsonl", "--out", "report")
    program = installed / "malicious-domains"
    refused = run(program, *arguments, folder=tmp_path)
    assert (refused.returncode, refused.stdout) == (2, "")
    message = r"scan: needs \w+: pip install 'malicious-domains\[scan\]'\n"
    assert re.fullmatch(message, refused.stderr)
    found = run(program, *arguments, folder=tmp_path, environment=everything)
    assert found.returncode == 1, found.stderr
    assert json.loads(found.stdout.splitlines()[0])["alarms"]
    assert (tmp_path / "report" / "index.html").exists()


@pytest.mark.parametrize("command", ["train", "serve", "models", "aws", "deploy", "train-hint"])
def test_other_commands_say_that_they_need_a_checkout(
    command: str, installed: Path, tmp_path: Path
) -> None:
    (tmp_path / "pipeline.py").write_text("raise SystemExit('somebody else')")
    refused = run(installed / "python", "-m", "malicious_domains", command, folder=tmp_path)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert f"Error: {command} needs a checkout of the project" in refused.stderr
    assert command not in run(installed / "malicious-domains", "--help", folder=tmp_path).stdout


def test_somebodys_own_pipeline_breaks_nothing(
    installed: Path, everything: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "pipeline.py").write_text("raise SystemExit('somebody else')")
    code = "import malicious_domains.spark.scanning, malicious_domains.scan.scan_run"
    done = run(installed / "python", "-c", code, folder=tmp_path, environment=everything)
    assert (done.returncode, done.stderr) == (0, "")
