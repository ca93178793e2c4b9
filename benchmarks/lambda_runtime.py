"""Run an unpacked deployment package under the Lambda's own runtime, on this machine.

awslambdaric is what AWS runs in its Python images. A server of this process stands in for the
service around it ("Using the Lambda runtime API", AWS Lambda Developer Guide). The function sees
its folder, the runtime and the standard library, and nothing else.
"""

from __future__ import annotations

import json
import os
import subprocess
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

from pipeline.h2o_cluster.local_servers import HOST, start_server

_RUNTIME = ("awslambdaric", "simplejson", "snapshot-restore-py")
# What AWS's Python images have besides: the functions that read logs need it.
_SDK = ("boto3", "botocore", "s3transfer", "jmespath", "python-dateutil", "six", "urllib3")
_ARN = "arn:aws:lambda:us-east-1:123456789012:function:emulated"
_ANSWER, _STOP = 300, 30  # seconds that an event, and an end, may take


class Function(ThreadingHTTPServer):
    """A function, and the service that its runtime asks for events and gives its answers."""

    daemon_threads, block_on_close = True, False
    process: subprocess.Popen[bytes]

    def __init__(self, log: Path) -> None:
        """Listen; start() runs the function, whose output goes to a file."""
        super().__init__((HOST, 0), _Handler)
        self.events: SimpleQueue[bytes] = SimpleQueue()
        self.answers: SimpleQueue[tuple[str, bytes]] = SimpleQueue()  # path, body
        self.init = 0.0  # milliseconds from the start until it asked for the first event
        self.invocations: list[float] = []  # the milliseconds of each, without INIT
        self.began = self.sent = 0.0  # when it was started, and sent an event
        self._log = log

    def start(self, command: list[str], environment: dict[str, str], folder: Path) -> None:
        """Start the runtime, and the thread that answers it."""
        Thread(target=self.serve_forever, daemon=True).start()
        self.began = time.perf_counter()
        self.process = start_server(command, self._log, environment, folder)

    def __call__(self, event: Mapping[str, Any] | list[Any]) -> Any:
        """Invoke the function with an event; return its answer, or the object about its error.

        Raises RuntimeError if it cannot be started, or ends.
        """
        self.events.put(json.dumps(event).encode())
        for _ in range(_ANSWER):
            try:
                path, body = self.answers.get(timeout=1)
            except Empty:
                if self.process.poll() is not None:
                    break
            else:
                if path.endswith("/init/error"):
                    raise RuntimeError(f"{body.decode()}:\n{self.log[-2000:]}")
                return json.loads(body)
        raise RuntimeError(f"no answer:\n{self.log[-2000:]}")

    @property
    def log(self) -> str:
        """Return what the function has written so far."""
        return self._log.read_text(errors="replace")

    def handle_error(self, *_: object) -> None:
        """Write nothing about a function that was stopped."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Function

    def do_GET(self) -> None:
        """Answer a request for the next event, once there is one."""
        self.server.init = self.server.init or 1000 * (time.perf_counter() - self.server.began)
        event = self.server.events.get()
        self.server.sent = time.perf_counter()
        self._answer(200, event)

    def do_POST(self) -> None:
        """Take an answer, or an error."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.invocations.append(1000 * (time.perf_counter() - self.server.sent))
        self.server.answers.put((self.path, body))
        self._answer(202, b"{}")

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        for name, value in {
            "Lambda-Runtime-Aws-Request-Id": str(uuid.uuid4()),
            "Lambda-Runtime-Deadline-Ms": str(int(1000 * (time.time() + _ANSWER))),
            "Lambda-Runtime-Invoked-Function-Arn": _ARN,
            "Lambda-Runtime-Trace-Id": "Root=1-0-0",
            "Content-Type": "application/json",
            "Content-Length": str(len(body)),
        }.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Write nothing."""


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
    with (
        tempfile.TemporaryDirectory(prefix="emulated-") as name,
        Function(Path(name) / "log") as function,
    ):
        libraries = Path(name) / "runtime"
        _link_packages(libraries, _RUNTIME + (_SDK if sdk else ()))
        variables = {
            "AWS_LAMBDA_RUNTIME_API": f"{HOST}:{function.server_port}",
            "AWS_LAMBDA_FUNCTION_NAME": "emulated",
            "LAMBDA_TASK_ROOT": str(folder),
            "PATH": os.defpath,
            "PYTHONPATH": str(libraries),  # behind the task's folder, as in the Lambda
            "PYTHONDONTWRITEBYTECODE": "1",  # the Lambda's disk is read-only
        } | dict(environment or {})
        function.start(command, variables, folder)
        try:
            yield function
        finally:
            function.process.kill()  # it waits for an event
            function.process.wait(_STOP)
            function.shutdown()


def _link_packages(folder: Path, names: Iterable[str]) -> None:
    """Make a folder with links to some installed packages, and nothing else."""
    folder.mkdir()
    for name in names:
        installed = distribution(name)
        for part in {file.parts[0] for file in installed.files or ()}:
            if part not in ("__pycache__", "..") and not part.endswith(".dist-info"):
                (folder / part).symlink_to(str(installed.locate_file(part)))
