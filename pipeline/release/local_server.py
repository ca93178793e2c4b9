"""Run the app on this machine, and Chalice on the app."""

from __future__ import annotations

import os
import socket
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

from ..h2o_cluster.local_servers import HOST, find_free_port, start_server, wait_for_server
from . import ReleaseError

ROOT = Path(__file__).parents[2]
APP = ROOT / "lambda_app"
_START = 60  # seconds that the app may take to answer


def run_app(host: str, port: int) -> NoReturn:
    """Become the app's server on an address; raise ReleaseError if it cannot be had."""
    _check_free(host, port)
    command = _server_command(host, port)
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
        process = start_server(_server_command(HOST, port), Path(log.name), environment)
        try:
            wait_for_server(process, f"http://{HOST}:{port}/health", Path(log.name), _START)
            yield f"http://{HOST}:{port}", process.pid
        finally:
            process.terminate()
            process.wait()


def chalice_command(project: Path, *arguments: str, package: Path | None = None) -> list[str]:
    """Return the command that runs Chalice on a project's folder, from any current folder.

    package: a zip to deploy as it is, in place of Chalice's own. -P: neither this folder nor the
    current one comes before the project's own modules. -B: no bytecode is left in the project.
    """
    packager = (
        "from chalice.deploy.packager import LambdaDeploymentPackager as P; "
        f"P.create_deployment_package = lambda *_, **__: {str(package)!r}; "
    )
    program = f"{packager if package else ''}from chalice.cli import main; main()"
    options = ("-P", "-B", "-c", program, "--project-dir", str(project))
    return [sys.executable, *options, *arguments]


def _server_command(host: str, port: int) -> list[str]:
    program = str(Path(__file__).with_name("server.py"))
    return [sys.executable, "-P", "-B", program, host, str(port)]


def _check_free(host: str, port: int) -> None:
    if not 1 <= port <= 65535:
        raise ReleaseError(f"port {port}: ports go from 1 to 65535")
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        raise ReleaseError(
            f"port {port} is in use or not allowed on {host} ({error}); "
            "choose another: make serve PORT=8001"
        ) from error
