"""Run the app on this machine, and Chalice on the app."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

from malicious_domains.inputs.signals import temporary_folder

from ..h2o_cluster.local_servers import HOST, find_free_port, start_server, wait_for_server
from . import ReleaseError

ROOT = Path(__file__).parents[2]
APP = ROOT / "lambda_app"
_START = 60  # seconds that the app may take to answer


def run_app(host: str, port: int) -> NoReturn:
    """Become the app's server on an address; raise ReleaseError if it cannot be had."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        socket.create_server((host, port), family=family).close()
    except OSError as error:
        problem = f"port {port} is in use or not allowed on {host} ({error})"
        raise ReleaseError(f"{problem}; choose another: make serve PORT=8001") from error
    command = _server_command(host, port)
    os.execv(command[0], command)


@contextmanager
def serve_app(model: Path | None = None, **settings: str) -> Iterator[str]:
    """Serve the app for the with block; give its URL.

    model: the folder of an artifact; None takes the environment's MODEL, or the default.
    settings: environment variables for the app. Raises MaliciousDomainsError.
    """
    port = find_free_port()
    environment = os.environ | settings | ({"MODEL": str(model.absolute())} if model else {})
    with tempfile.NamedTemporaryFile() as log:
        process = start_server(_server_command(HOST, port), Path(log.name), environment)
        try:
            wait_for_server(process, f"http://{HOST}:{port}/health", Path(log.name), _START)
            yield f"http://{HOST}:{port}"
        finally:
            process.terminate()
            process.wait()


@contextmanager
def copy_project() -> Iterator[Path]:
    """Give a clean copy of the Chalice project for the with block.

    >>> with copy_project() as folder:
    ...     sorted(x.name for x in folder.glob("*.py"))
    ['app.py']
    """
    with temporary_folder("app-") as folder:
        ignored = shutil.ignore_patterns("__pycache__", "deployed", "deployments")
        yield Path(shutil.copytree(APP, folder / "app", ignore=ignored))


def run_chalice(
    project: Path, *arguments: str, package: Path | None = None, **environment: str
) -> str:
    """Run Chalice on a project's folder; return its output, or raise ReleaseError with it.

    package: a zip to deploy in place of Chalice's own. environment: for variables that are not set.
    -P: no folder comes before the project's own modules. -B: no bytecode is left in the project.
    """
    packager = (
        "from chalice.deploy.packager import LambdaDeploymentPackager as P; "
        f"P.create_deployment_package = lambda *_, **__: {str(package)!r}; "
    )
    program = f"{packager if package else ''}from chalice.cli import main; main()"
    options = ["-P", "-B", "-c", program, "--project-dir", str(project), *arguments]
    return run_python(options, environment | os.environ, f"chalice {arguments[0]} failed: ")


def run_python(options: Sequence[str], environment: Mapping[str, str], problem: str = "") -> str:
    """Run Python; return its output, or raise ReleaseError with the problem and the output's end.

    >>> run_python(["-c", "print(2 + 3)"], {})
    '5\\n'
    """
    command = [sys.executable, *options]
    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if run.returncode:
        raise ReleaseError(problem + (run.stdout + run.stderr).strip()[-1000:])
    return run.stdout


def _server_command(host: str, port: int) -> list[str]:
    program = str(Path(__file__).with_name("server.py"))
    return [sys.executable, "-P", "-B", program, host, str(port)]
