"""The app on this machine: chalice local, and the package that would be deployed."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests

from .errors import PipelineError

ROOT = Path(__file__).parent.parent
APP = ROOT / "lambda_app"
HOST = "127.0.0.1"
_START = 60  # seconds that the app may take to answer


class ServingError(PipelineError):
    """An app that cannot be started or packaged."""


def serve(port: int) -> int:
    """Run the app on 127.0.0.1 until it is stopped; raises ServingError."""
    _check_free(port)
    return subprocess.run(_command(port), check=False).returncode


@contextmanager
def served(model: Path | None = None) -> Iterator[str]:
    """The URL of the app, running for the with block with a model of choice."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port = probe.getsockname()[1]
    environment = os.environ | ({"MODEL": str(model.absolute())} if model else {})
    with tempfile.NamedTemporaryFile() as log:
        process = subprocess.Popen(
            _command(port), env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log
        )
        try:
            _wait(process, f"http://{HOST}:{port}", Path(log.name))
            yield f"http://{HOST}:{port}"
        finally:
            process.terminate()
            process.wait()


def package(out: Path) -> Path:
    """Make the deployment package in a folder; returns the zip.

    A clean copy is packaged, so that no bytecode or stray file comes along.
    """
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="package-") as folder:
        copy = Path(folder) / "app"
        shutil.copytree(APP, copy, ignore=shutil.ignore_patterns("__pycache__", "deployed"))
        command = _chalice(copy, "package", str(out.absolute()))
        # Chalice wants a region, although nothing in the package depends on it.
        environment = {"AWS_DEFAULT_REGION": "us-east-1"} | os.environ
        run = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    zipped = out / "deployment.zip"
    if run.returncode or not zipped.exists():
        raise ServingError(f"chalice package failed:\n{run.stdout}{run.stderr}")
    _prune(zipped)
    return zipped


def _prune(path: Path) -> None:
    """Take out what packages bring along and nobody runs: tests and stray bytecode."""
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        pruned = Path(folder) / path.name
        with zipfile.ZipFile(path) as old, zipfile.ZipFile(pruned, "w") as new:
            for entry in old.infolist():
                if not {"tests", "__pycache__"} & set(entry.filename.split("/")):
                    new.writestr(entry, old.read(entry), zipfile.ZIP_DEFLATED)
        pruned.replace(path)


def _command(port: int) -> list[str]:
    return _chalice(APP, "local", "--host", HOST, "--port", str(port), "--no-autoreload")


def _chalice(project: Path, *arguments: str) -> list[str]:
    """Chalice's command by this interpreter, and no bytecode left in the project.

    Its local server would let only five connections wait.
    """
    start = (
        "import socketserver, sys; socketserver.TCPServer.request_queue_size = 128; "
        "from chalice.cli import main; sys.exit(main())"
    )
    return [sys.executable, "-B", "-c", start, "--project-dir", str(project), *arguments]


def _check_free(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise ServingError(
                f"port {port} is in use or not allowed ({error.strerror}); "
                "choose another: make serve PORT=8001"
            ) from error


def _wait(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    deadline = time.monotonic() + _START
    while process.poll() is None and time.monotonic() < deadline:
        try:
            requests.get(f"{url}/health", timeout=5).raise_for_status()
            return
        except requests.RequestException:
            time.sleep(0.05)
    raise ServingError(f"no app at {url}:\n{log.read_text(errors='replace')[-2000:]}")
