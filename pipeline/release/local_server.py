"""The app on this machine, as Chalice's own server runs it."""

from __future__ import annotations

import os
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

from malicious_domains.model.artifact import locate_artifact
from malicious_domains.names.errors import MaliciousDomainsError

from ..h2o_cluster.local_servers import HOST, find_free_port, start_server, wait_for_server
from . import chalice_cli

ROOT = Path(__file__).parents[2]
APP = ROOT / "lambda_app"
_START = 60  # seconds that the app may take to answer


class ServingError(MaliciousDomainsError):
    """An app that cannot be started."""


def serve(port: int) -> NoReturn:
    """Run the app on 127.0.0.1 until it is stopped, with the model that MODEL names.

    Raises ServingError.
    """
    _check_free(port)
    command = _command(port)
    os.environ["MODEL"] = str(
        locate_artifact().absolute()
    )  # Chalice changes to its project's folder
    os.execv(command[0], command)  # this process becomes the server


@contextmanager
def served(model: Path | None = None, **settings: str) -> Iterator[str]:
    """The URL of the app, running for the with block.

    model: the folder of an artifact; None takes the environment's MODEL, or the default.
    settings: environment variables of the app. Raises MaliciousDomainsError.
    """
    with running(model, **settings) as (url, _):
        yield url


@contextmanager
def running(model: Path | None = None, **settings: str) -> Iterator[tuple[str, int]]:
    """As served(), and the server's process id besides; raises MaliciousDomainsError."""
    port = find_free_port()
    environment = os.environ | settings | ({"MODEL": str(model.absolute())} if model else {})
    with tempfile.NamedTemporaryFile() as log:
        process = start_server(_command(port), Path(log.name), environment)
        try:
            wait_for_server(process, f"http://{HOST}:{port}/health", Path(log.name), _START)
            yield f"http://{HOST}:{port}", process.pid
        finally:
            process.terminate()
            process.wait()


def _command(port: int) -> list[str]:
    return chalice_cli.command(APP, "local", "--host", HOST, "--port", str(port), "--no-autoreload")


def _check_free(port: int) -> None:
    if not 1 <= port <= 65535:
        raise ServingError(f"port {port}: ports go from 1 to 65535")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise ServingError(
                f"port {port} is in use or not allowed ({error}); "
                "choose another: make serve PORT=8001"
            ) from error
