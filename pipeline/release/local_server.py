"""Run the app on this machine by Chalice's local server."""

from __future__ import annotations

import os
import socket
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

from malicious_domains.model.artifact import locate_artifact

from ..h2o_cluster.local_servers import HOST, find_free_port, start_server, wait_for_server
from . import ReleaseError

ROOT = Path(__file__).parents[2]
APP = ROOT / "lambda_app"
_START = 60  # seconds that the app may take to answer


def run_app(port: int) -> NoReturn:
    """Become the app's server on 127.0.0.1, with the model that MODEL names.

    Raises ReleaseError for a port that is not free.
    """
    _check_free(port)
    command = _local_command(port)
    # Chalice changes to its project's folder, so the path must be absolute.
    os.environ["MODEL"] = str(locate_artifact().absolute())
    os.execv(command[0], command)


@contextmanager
def serve_app(model: Path | None = None, **settings: str) -> Iterator[str]:
    """Serve the app for the with block; give its URL.

    model: the folder of an artifact; None takes the environment's MODEL, or the default.
    settings: environment variables for the app. Raises MaliciousDomainsError.
    """
    with start_app(model, **settings) as (url, _):
        yield url


@contextmanager
def start_app(model: Path | None = None, **settings: str) -> Iterator[tuple[str, int]]:
    """Serve the app as serve_app() does; give its URL and process id."""
    port = find_free_port()
    environment = os.environ | settings | ({"MODEL": str(model.absolute())} if model else {})
    with tempfile.NamedTemporaryFile() as log:
        process = start_server(_local_command(port), Path(log.name), environment)
        try:
            wait_for_server(process, f"http://{HOST}:{port}/health", Path(log.name), _START)
            yield f"http://{HOST}:{port}", process.pid
        finally:
            process.terminate()
            process.wait()


def chalice_command(project: Path, *arguments: str) -> list[str]:
    """Return the command that runs Chalice on a project's folder, from any current folder.

    -P: neither this folder nor the current one comes before the project's own modules. -B: no
    bytecode is left in the project.
    """
    program = str(Path(__file__).with_name("chalice_cli.py"))
    return [sys.executable, "-P", "-B", program, "--project-dir", str(project), *arguments]


def _local_command(port: int) -> list[str]:
    return chalice_command(APP, "local", "--host", HOST, "--port", str(port), "--no-autoreload")


def _check_free(port: int) -> None:
    if not 1 <= port <= 65535:
        raise ReleaseError(f"port {port}: ports go from 1 to 65535")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise ReleaseError(
                f"port {port} is in use or not allowed ({error}); "
                "choose another: make serve PORT=8001"
            ) from error
