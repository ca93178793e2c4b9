"""Functions under the Lambda's runtime."""

from __future__ import annotations

import os
import platform
import socket
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from benchmarks import lambda_runtime
from benchmarks.lambda_runtime import EmulationError, emulated

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        sys.platform != "linux" or platform.machine() not in lambda_runtime.EMULATORS,
        reason="AWS's emulator is for Linux",
    ),
]

LOOK = """
import importlib.util, os, socket

def app(event, context):
    seen = [name for name in event["names"] if importlib.util.find_spec(name)]
    return {"seen": seen, "pid": os.getpid(), "folder": os.getcwd(), "x": os.environ.get("X")}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "app.py").write_text(LOOK)
    (tmp_path / "mine.py").write_text("")
    return tmp_path


def test_a_function_sees_its_folder_the_runtime_and_no_more(folder: Path) -> None:
    names = ["mine", "awslambdaric", "numpy", "chalice", "pandas", "pipeline", "lambda_app"]
    with emulated(folder, environment={"X": "1"}) as function:
        answer = function({"names": names})
        function({"names": []})
        assert function.init > 0
        assert len(function.invocations) == 2
    assert answer["seen"] == ["mine", "awslambdaric"]
    assert (answer["folder"], answer["x"]) == (str(folder), "1")


def test_nothing_runs_or_listens_afterwards(folder: Path) -> None:
    with emulated(folder) as function:
        pid = function({"names": []})["pid"]
        address = urlsplit(function.url)
        os.kill(pid, 0)  # is there
    assert address.hostname == "127.0.0.1"
    assert address.port is not None
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((address.hostname, address.port), timeout=5)


def test_a_function_that_fails_says_why(folder: Path) -> None:
    (folder / "app.py").write_text("import nothing_of_that_name\n")
    with (
        emulated(folder) as function,
        pytest.raises(EmulationError, match="nothing_of_that_name"),
    ):
        function({})


def test_another_emulator_is_refused(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, _ = lambda_runtime.EMULATORS[platform.machine()]
    (tmp_path / name).write_bytes(b"another")
    monkeypatch.setattr(lambda_runtime, "CACHE", tmp_path)
    with pytest.raises(EmulationError, match="its SHA-256 is"), emulated(folder):
        pass
