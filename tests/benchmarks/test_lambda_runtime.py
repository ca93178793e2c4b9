"""Functions under the Lambda's runtime."""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path

import pytest

from benchmarks.lambda_runtime import emulated

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="awslambdaric is for Linux")

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
        os.kill(pid, 0)  # is there
        address = ("127.0.0.1", function.server_port)
        assert function.server_address == address
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(address, timeout=5)


def test_a_function_that_fails_says_why(folder: Path) -> None:
    (folder / "app.py").write_text("import nothing_of_that_name\n")
    with (
        emulated(folder) as function,
        pytest.raises(RuntimeError, match="nothing_of_that_name"),
    ):
        function({})
