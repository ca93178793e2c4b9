"""Start H2O's nodes on this machine, and notice when a cluster loses one."""

from __future__ import annotations

import secrets
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import h2o
import requests
from h2o.exceptions import H2OConnectionError

from malicious_domains.inputs.signals import temporary_folder
from malicious_domains.names.errors import MaliciousDomainsError

from . import ClusterError
from .java import find_java, h2o_jar, utf8_environment
from .local_servers import HOST, direct_session, find_free_port, start_server, wait_for_server

MEMORY = "4g"  # heap of each node
_ATTEMPTS = 5  # to start: a port, or the next one, which H2O uses too, may be taken
_PORT_TAKEN = "required ports"  # in H2O's log in that case
_START = 90  # seconds within which H2O must answer, and then find all nodes
_OWN, _JOINED = 0.5, 3.0  # seconds between two checks of own nodes, of a cluster elsewhere
_SILENT = 40.0  # seconds without a heartbeat; a JVM sends none while it collects garbage
_ANSWER = 10.0  # seconds within which a cluster elsewhere must report its state


@dataclass(frozen=True)
class Node:
    """A JVM that this process has started."""

    process: subprocess.Popen[bytes]
    url: str
    log: Path

    @property
    def problem(self) -> str:
        """How the node has ended; empty while it runs."""
        status = self.process.poll()
        if status is None:
            return ""
        how = f"was killed by signal {-status}" if status < 0 else f"ended with status {status}"
        return f"H2O's node {self.url} (process {self.process.pid}) {how}"

    def kill(self) -> None:
        """Kill the node, which holds nothing of value, and wait until it has ended."""
        self.process.kill()
        self.process.wait()


@contextmanager
def start_nodes(number: int = 1, memory: str = MEMORY) -> Iterator[list[Node]]:
    """Start the nodes of one cluster for the with block.

    They listen on 127.0.0.1 alone, under a random cluster name and on free ports, and end with the
    block and, on Linux, with this process, even if that is killed. `memory` is the heap of each
    node, as in java -Xmx. Raises MaliciousDomainsError if they do not start.
    """
    with ExitStack() as stack:
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                started = _start_together(stack, number, memory)
                break
            except MaliciousDomainsError as error:
                if _PORT_TAKEN not in str(error) or attempt == _ATTEMPTS:
                    raise
                stack.close()
        yield started


def _start_together(stack: ExitStack, number: int, memory: str) -> list[Node]:
    """Start the nodes of one cluster, which end with the stack."""
    folder = stack.enter_context(temporary_folder("h2o-"))
    ports, name = [find_free_port() for _ in range(number)], f"domains-{secrets.token_hex(8)}"
    flatfile = folder / "flatfile"
    flatfile.write_text("".join(f"{HOST}:{port}\n" for port in ports))
    started = []
    for port in ports:
        started.append(_start_node(folder, flatfile, name, port, memory))
        stack.callback(started[-1].kill)
    _wait_for_all(started)
    return started


def _start_node(folder: Path, flatfile: Path, name: str, port: int, memory: str) -> Node:
    own = folder / str(port)
    own.mkdir()
    command = [  # of paths within its folder: H2O takes no absolute one with a blank
        *(str(find_java()), f"-Xmx{memory}", "-Djava.io.tmpdir=."),
        *("-Dsys.ai.h2o.ext.core.toggle.XGBoost=False", "-jar", str(h2o_jar())),  # saves 157 MB
        *("-name", name, "-flatfile", "../flatfile", "-ice_root", "."),
        *("-ip", HOST, "-web_ip", HOST, "-port", str(port)),
        *("-log_level", "WARN", "-disable_flow"),
    ]
    log = own / "h2o.log"
    server = start_server(command, log, utf8_environment(), own)
    return Node(server, f"http://{HOST}:{port}", log)


def _wait_for_all(started: list[Node]) -> None:
    """Wait until the nodes are one cluster; raises MaliciousDomainsError if they fail."""
    for node in started:
        wait_for_server(node.process, f"{node.url}/3/Cloud", node.log, _START)
    deadline = time.monotonic() + _START
    while (size := _cluster_size(started[0])) < len(started):
        if problem := next(filter(None, (node.problem for node in started)), ""):
            raise ClusterError(f"{problem} before the cluster was complete")
        if time.monotonic() > deadline:
            raise ClusterError(f"{size} of {len(started)} nodes found each other in {_START} s")
        time.sleep(0.1)


def _cluster_size(node: Node) -> int:
    """Return the number of nodes in a node's cluster once they agree; 0 without an answer."""
    try:
        with direct_session() as direct:
            state = direct.get(f"{node.url}/3/Cloud", timeout=5).json()
    except (requests.RequestException, ValueError):
        return 0
    return int(state["cloud_size"]) if state["consensus"] and state["cloud_healthy"] else 0


# --- noticing a lost node, for which H2O's client would wait for ever ---


@contextmanager
def watch_own(nodes: Sequence[Node]) -> Iterator[None]:
    """Raise ClusterError from the with block once one of this process's nodes has ended."""

    def check() -> str:
        return next(filter(None, (node.problem for node in nodes)), "")

    with watch_requests(check, _OWN, 10 * _OWN):
        yield


@contextmanager
def watch_joined(url: str) -> Iterator[None]:
    """Raise ClusterError from the with block once a cluster elsewhere has lost a node.

    Its nodes send each other a heartbeat every second. H2O itself takes a minute to miss one, and
    the other nodes wait for the lost one ever after.
    """
    size, answered = h2o.cluster().cloud_size, time.monotonic()

    def check() -> str:
        nonlocal answered
        try:
            state = requests.get(f"{url}/3/Cloud?skip_ticks=true", timeout=_ANSWER).json()
            missing = _missing_node(state, size)
        except (requests.RequestException, ValueError, KeyError) as error:
            if time.monotonic() - answered < _SILENT:
                return ""
            return f"H2O at {url} no longer answers: {type(error).__name__}"
        answered = time.monotonic()
        return missing and f"H2O at {url} has lost a node: {missing}"

    with watch_requests(check, _JOINED, _SILENT + _JOINED + _ANSWER):
        yield


def _missing_node(state: dict[str, Any], size: int) -> str:
    """Describe what is wrong with a cluster by its /3/Cloud, whose times are in milliseconds."""
    newest = max(node["last_ping"] for node in state["nodes"])
    for node in state["nodes"]:
        if newest - node["last_ping"] > 1000 * _SILENT:
            return f"no heartbeat of {node['ip_port']} for {_SILENT:.0f} s"
    return "" if state["cloud_size"] == size else f"{state['cloud_size']} of {size} are left"


@contextmanager
def watch_requests(check: Callable[[], str], every: float, certain: float) -> Iterator[None]:
    """Fail every request of H2O's client once `check` returns a problem: ClusterError.

    A request under way is given up, as it may never be answered. Every exception of the block
    becomes that error too, as a refused connection is noticed before the loss: the cause is known
    after `certain` seconds at the latest. `every`: seconds between two checks, which run in a
    thread.
    """
    connection, ended, lost = h2o.connection(), threading.Event(), Future[None]()
    send = connection.request

    def watch() -> None:
        while not ended.wait(every):
            if problem := check():
                message = f"{problem}; nothing is written, and the command can be repeated"
                lost.set_exception(ClusterError(message))
                return

    def request(*args: Any, **kwargs: Any) -> Any:
        answer = Future[Any]()
        if not lost.done():
            call = partial(_complete, answer, partial(send, *args, **kwargs))
            threading.Thread(target=call, daemon=True).start()
        wait([answer, lost], return_when=FIRST_COMPLETED)
        return lost.result() if lost.done() else answer.result()

    connection.request = request
    threading.Thread(target=watch, daemon=True).start()
    try:
        yield
    except Exception as error:
        wait([lost], certain if isinstance(error, H2OConnectionError) else every)
        if lost.done():
            raise lost.exception() from error  # type: ignore[misc]
        raise
    finally:
        ended.set()
        connection.request = send


def _complete(future: Future[Any], call: Callable[[], Any]) -> None:
    """Give a future what the call returns or raises."""
    try:
        future.set_result(call())
    except BaseException as error:
        future.set_exception(error)
