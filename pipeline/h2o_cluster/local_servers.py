"""Start servers on this machine, and send requests to them."""

from __future__ import annotations

import ctypes
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from pathlib import Path

import requests

from malicious_domains.names.errors import MaliciousDomainsError

HOST = "127.0.0.1"
_PORTS = range(20_000, 32_000)  # Linux gives 32768 and later to outgoing connections
_TRIES = 100  # ports
_PR_SET_PDEATHSIG = 1  # prctl(2)
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None


def find_free_port(adjacent: int = 1) -> int:
    """Return the first of some adjacent ports of HOST on which nobody listens yet.

    They lie below those that systems give to outgoing connections, one of which could take such a
    port before its server does. Raises MaliciousDomainsError if none is free.

    >>> 20_000 <= find_free_port(adjacent=2) < 32_000
    True
    """
    for first in random.SystemRandom().sample(_PORTS, _TRIES):
        with ExitStack() as stack, suppress(OSError):
            for port in range(first, first + adjacent):
                stack.enter_context(socket.socket()).bind((HOST, port))
            return first
    raise MaliciousDomainsError(f"none of {_TRIES} ports of {HOST} is free: end other servers")


def start_server(
    command: list[str],
    log: Path,
    environment: dict[str, str] | None = None,
    folder: Path | None = None,
) -> subprocess.Popen[bytes]:
    """Start a server that writes to a log, ignores Ctrl-C, and ends with this process (Linux).

    environment and folder default to this process's own.
    """
    with log.open("wb") as output:
        return subprocess.Popen(
            command,
            env=environment,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            # even if this process is killed
            preexec_fn=partial(_LIBC.prctl, _PR_SET_PDEATHSIG, signal.SIGKILL) if _LIBC else None,
        )


def direct_session() -> requests.Session:
    """Return a session for requests to HOST, which ignores the environment's proxies."""
    direct = requests.Session()
    direct.trust_env = False
    return direct


@contextmanager
def bypass_proxies() -> Iterator[None]:
    """Ask no proxy of the environment for this machine, within the block.

    H2O's client sends its requests without a session of its caller.

    >>> with bypass_proxies():
    ...     os.environ["no_proxy"].split(",")[-2:]
    ['127.0.0.1', 'localhost']
    """
    before = os.environ.get("no_proxy")
    listed = before or os.environ.get("NO_PROXY")
    os.environ["no_proxy"] = ",".join(filter(None, [listed, HOST, "localhost"]))
    try:
        yield
    finally:
        os.environ.pop("no_proxy")
        os.environ.update({} if before is None else {"no_proxy": before})


def wait_for_server(process: subprocess.Popen[bytes], url: str, log: Path, seconds: float) -> None:
    """Wait for an answer; raise MaliciousDomainsError if the process ends, or after `seconds`.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     server = start_server(["printf", "port 1 is taken"], log := Path(folder, "log"))
    ...     wait_for_server(server, "http://127.0.0.1:1", log, seconds=9)
    Traceback (most recent call last):
    malicious_domains.names.errors.MaliciousDomainsError: no answer from http://127.0.0.1:1:
    port 1 is taken
    """
    deadline = time.monotonic() + seconds
    with direct_session() as direct:
        while process.poll() is None and time.monotonic() < deadline:
            try:
                direct.get(url, timeout=5).raise_for_status()
                return
            except requests.RequestException:
                time.sleep(0.05)
    raise MaliciousDomainsError(f"no answer from {url}:\n{log.read_text(errors='replace')[-2000:]}")
