"""Servers of ours on this machine: where they listen, and asking them."""

from __future__ import annotations

import ctypes
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import requests

from malicious_domains.names.errors import MaliciousDomainsError

HOST = "127.0.0.1"
_PR_SET_PDEATHSIG = 1  # prctl(2)
_LIBC = ctypes.CDLL(None)


class LoopbackError(MaliciousDomainsError):
    """A server of ours that does not come up."""


def free_port() -> int:
    """A port of HOST that nobody listens on, until somebody else takes it."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def start(
    command: list[str],
    log: Path,
    environment: dict[str, str] | None = None,
    folder: Path | None = None,
) -> subprocess.Popen[bytes]:
    """Start a server that writes to a log, does not see Ctrl-C, and never outlives us (Linux).

    environment and folder: as this process's own, if None.
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
            preexec_fn=_die_with_parent if sys.platform == "linux" else None,
        )


def _die_with_parent() -> None:
    """Not even kill -9 of this process leaves a server behind."""
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def session() -> requests.Session:
    """For requests to HOST: no proxy of the environment's gets between."""
    direct = requests.Session()
    direct.trust_env = False
    return direct


def wait(process: subprocess.Popen[bytes], url: str, log: Path, seconds: float) -> None:
    """Return once url answers; raises LoopbackError if the process ends or time is up."""
    deadline = time.monotonic() + seconds
    with session() as direct:
        while process.poll() is None and time.monotonic() < deadline:
            try:
                direct.get(url, timeout=5).raise_for_status()
                return
            except requests.RequestException:
                time.sleep(0.05)
    raise LoopbackError(f"no answer at {url}:\n{log.read_text(errors='replace')[-2000:]}")
