"""Run an unpacked deployment package under the Lambda's own runtime, on this machine.

awslambdaric is what AWS runs in its Python images. A server of this process stands in for the
service around it ("Using the Lambda runtime API", AWS Lambda Developer Guide). The function sees
its folder, the runtime and the standard library, and nothing else.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
import uuid
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import distribution
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any

from malicious_domains.names.errors import MaliciousDomainsError
from pipeline.h2o_cluster.local_servers import HOST, start_server

_RUNTIME = ("awslambdaric", "simplejson", "snapshot-restore-py")
# What AWS's Python images have besides: the functions that read logs need it.
_SDK = ("boto3", "botocore", "s3transfer", "jmespath", "python-dateutil", "six", "urllib3")
_HEADERS = (
    *(f"Lambda-Runtime-{x}" for x in ("Aws-Request-Id", "Deadline-Ms", "Invoked-Function-Arn")),
    *("Lambda-Runtime-Trace-Id", "Content-Type"),
)
_ARN = "arn:aws:lambda:us-east-1:123456789012:function:emulated"
_ANSWER, _STOP = 300, 30  # seconds that an event, and an end, may take


class EmulationError(MaliciousDomainsError):
    """A function that cannot be started or does not answer."""


class _RuntimeApi(ThreadingHTTPServer):
    """The service that a runtime asks for events and gives its answers."""

    daemon_threads, block_on_close = True, False

    def __init__(self) -> None:
        super().__init__((HOST, 0), _Handler)
        self.events: SimpleQueue[bytes] = SimpleQueue()
        self.answers: SimpleQueue[tuple[str, bytes]] = SimpleQueue()  # path, body
        self.asked: list[float] = []  # when the runtime asked for each event
        self.took: list[float] = []  # seconds from each event to its answer
        self.sent = 0.0  # when the last event was sent

    def handle_error(self, *_: object) -> None:
        """Write nothing about a function that was stopped."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _RuntimeApi

    def do_GET(self) -> None:
        """Answer a request for the next event, once there is one."""
        self.server.asked.append(time.perf_counter())
        event = self.server.events.get()
        self.server.sent = time.perf_counter()
        self._answer(200, event)

    def do_POST(self) -> None:
        """Take an answer, or an error."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.took.append(time.perf_counter() - self.server.sent)
        self.server.answers.put((self.path, body))
        self._answer(202, b"{}")

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        deadline = str(int(1000 * (time.time() + _ANSWER)))
        values = (str(uuid.uuid4()), deadline, _ARN, "Root=1-0-0", "application/json")
        for name, value in zip(_HEADERS, values, strict=True):
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Write nothing."""


class Function:
    """A function in an execution environment of its own."""

    def __init__(self, api: _RuntimeApi, command: list[str], log: Path, **started: Any) -> None:
        """Start it; started: as for start_server()."""
        self._api, self._log, self.address = api, log, (HOST, api.server_port)
        self._began = time.perf_counter()
        self.process = start_server(command, log, **started)

    def __call__(self, event: Mapping[str, Any] | list[Any]) -> Any:
        """Invoke the function with an event; return its answer, or the object about its error.

        Raises EmulationError if it cannot be started, or ends.
        """
        self._api.events.put(json.dumps(event).encode())
        path, body = self._wait_for_answer()
        if path.endswith("/init/error"):
            raise EmulationError(f"{body.decode()}:\n{self.log[-2000:]}")
        return json.loads(body)

    def _wait_for_answer(self) -> tuple[str, bytes]:
        for _ in range(_ANSWER):
            try:
                return self._api.answers.get(timeout=1)
            except Empty:
                if self.process.poll() is not None:
                    break
        raise EmulationError(f"no answer:\n{self.log[-2000:]}")

    @property
    def log(self) -> str:
        """Return what the function has written so far."""
        return self._log.read_text(errors="replace")

    @property
    def init(self) -> float:
        """Return the milliseconds from the start of Python until it asked for the first event."""
        return 1000 * (self._api.asked[0] - self._began)

    @property
    def invocations(self) -> list[float]:
        """Return the milliseconds of each invocation so far, without INIT."""
        return [1000 * x for x in self._api.took]


@contextmanager
def emulated(
    folder: Path,
    handler: str = "app.app",
    environment: Mapping[str, str] | None = None,
    sdk: bool = False,
) -> Iterator[Function]:
    """Run the function of an unpacked package for the with block, on 127.0.0.1 only.

    sdk: with boto3 beside the runtime, as in AWS's images. Every with block is a cold start.
    """
    # -S: no site-packages; without it the virtual environment's would be seen.
    command = [sys.executable, "-S", "-m", "awslambdaric", handler]
    with tempfile.TemporaryDirectory(prefix="emulated-") as name, _RuntimeApi() as api:
        libraries = Path(name) / "runtime"
        _link_packages(libraries, _RUNTIME + (_SDK if sdk else ()))
        variables = {
            "AWS_LAMBDA_RUNTIME_API": f"{HOST}:{api.server_port}",
            "AWS_LAMBDA_FUNCTION_NAME": "emulated",
            "LAMBDA_TASK_ROOT": str(folder),
            "PATH": os.defpath,
            "PYTHONPATH": str(libraries),  # behind the task's folder, as in the Lambda
            "PYTHONDONTWRITEBYTECODE": "1",  # the Lambda's disk is read-only
        } | dict(environment or {})
        Thread(target=api.serve_forever, daemon=True).start()
        function = Function(api, command, Path(name) / "log", environment=variables, folder=folder)
        try:
            yield function
        finally:
            function.process.kill()  # it waits for an event
            function.process.wait(_STOP)
            api.shutdown()


def _link_packages(folder: Path, names: Iterable[str]) -> None:
    """Make a folder with links to some installed packages, and nothing else."""
    folder.mkdir()
    for name in names:
        installed = distribution(name)
        for part in {file.parts[0] for file in installed.files or ()}:
            if part not in ("__pycache__", "..") and not part.endswith(".dist-info"):
                (folder / part).symlink_to(str(installed.locate_file(part)))
