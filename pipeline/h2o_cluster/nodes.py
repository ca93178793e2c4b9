"""H2O's nodes on this machine: started together, and ended by their process ids."""

from __future__ import annotations

import secrets
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import h2o
import requests

from malicious_domains.inputs.signals import temporary_folder
from malicious_domains.names.errors import MaliciousDomainsError

from .java import find_java
from .local_servers import HOST, LoopbackError, session, start, wait

MEMORY = "4g"  # of each node's heap
_TRIES = 3  # of a start, as somebody may take a port between the look and the start
_TAKEN = "required ports"  # what H2O says then
_START = 90  # seconds that H2O may take to answer, and then to find all nodes


class ClusterError(MaliciousDomainsError):
    """H2O that does not answer, that loses a node, or does not read what it should."""


@dataclass(frozen=True)
class Node:
    """One JVM of ours."""

    process: subprocess.Popen[bytes]
    url: str
    log: Path

    @property
    def ended(self) -> str:
        """What there is to say if it has ended; empty while it runs."""
        status = self.process.poll()
        if status is None:
            return ""
        how = f"was killed by signal {-status}" if status < 0 else f"ended with status {status}"
        return f"H2O's node {self.url} (process {self.process.pid}) {how}"


def jar() -> Path:
    """H2O's jar, from the h2o package."""
    return Path(h2o.__file__).parent / "backend" / "bin" / "h2o.jar"


@contextmanager
def nodes(number: int = 1, memory: str = MEMORY) -> Iterator[list[Node]]:
    """So many nodes for the with block, of one cloud, which all of them have joined.

    They listen on 127.0.0.1 alone, under a random name and on free ports, and end with the
    block, with an exception, and on Linux with this process, even if that is killed. memory is
    each one's, as java -Xmx takes it. Raises ClusterError or LoopbackError.
    """
    with ExitStack() as ending:
        for attempt in range(1, _TRIES + 1):
            try:
                started = _together(ending, number, memory)
                break
            except LoopbackError as error:
                if _TAKEN not in str(error) or attempt == _TRIES:
                    raise
                ending.close()
        yield started


def _together(ending: ExitStack, number: int, memory: str) -> list[Node]:
    """Nodes of one cloud, until the stack ends them; raises as nodes() does."""
    folder = ending.enter_context(temporary_folder("h2o-"))
    ports, name = _free_ports(number), f"domains-{secrets.token_hex(8)}"
    flatfile = folder / "flatfile"
    flatfile.write_text("".join(f"{HOST}:{port}\n" for port in ports))
    started = []
    for port in ports:
        started.append(_start(folder, flatfile, name, port, memory))
        ending.callback(end, started[-1])
    _wait_for_all(started)
    return started


def end(node: Node) -> None:
    """Kill a node, which has nothing to lose, and wait until it is gone."""
    node.process.kill()
    node.process.wait()


def _start(folder: Path, flatfile: Path, name: str, port: int, memory: str) -> Node:
    own = folder / str(port)
    own.mkdir()
    command = [
        *(str(find_java()), f"-Xmx{memory}", f"-Djava.io.tmpdir={own}"),
        *("-Dsys.ai.h2o.ext.core.toggle.XGBoost=False", "-jar", str(jar())),  # 157 MB unpacked
        *("-name", name, "-flatfile", str(flatfile), "-ice_root", str(own)),
        *("-ip", HOST, "-web_ip", HOST, "-port", str(port)),
        *("-log_level", "WARN", "-disable_flow"),
    ]
    log = own / "h2o.log"
    return Node(start(command, log), f"http://{HOST}:{port}", log)


def _wait_for_all(started: list[Node]) -> None:
    """Return once the nodes are one cloud; raises LoopbackError or ClusterError if they fail."""
    for node in started:
        wait(node.process, f"{node.url}/3/Cloud", node.log, _START)
    deadline = time.monotonic() + _START
    while (size := _size(started[0])) < len(started):
        if lost := next(filter(None, (node.ended for node in started)), ""):
            raise ClusterError(f"{lost} before the cluster was whole")
        if time.monotonic() > deadline:
            raise ClusterError(f"{size} of {len(started)} nodes found each other in {_START} s")
        time.sleep(0.1)


def _size(node: Node) -> int:
    """How many nodes are in a node's cloud, once they agree; 0 if it does not answer."""
    try:
        with session() as direct:
            found = direct.get(f"{node.url}/3/Cloud", timeout=5).json()
    except (requests.RequestException, ValueError):
        return 0
    return int(found["cloud_size"]) if found["consensus"] and found["cloud_healthy"] else 0


def _free_ports(number: int) -> list[int]:
    """Ports that are free, and whose next ones, which H2O uses too, are free."""
    with ExitStack() as held:
        found: list[int] = []
        for _ in range(100 * number):
            first, second = (held.enter_context(socket.socket()) for _ in range(2))
            first.bind((HOST, 0))
            port: int = first.getsockname()[1]
            try:
                second.bind((HOST, port + 1))
            except (OSError, OverflowError):
                continue
            found.append(port)
            if len(found) == number:
                return found
    raise ClusterError("no two free ports side by side on 127.0.0.1")
