"""Real nodes: a cluster of two gives the model of one, and what happens when one is killed."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
import requests

from malicious_domains.model import artifact
from malicious_domains.names.errors import MaliciousDomainsError
from pipeline.h2o_cluster import cluster
from pipeline.h2o_cluster import nodes as own_nodes
from pipeline.h2o_cluster.local_servers import bypass_proxies, direct_session, find_free_port
from pipeline.h2o_cluster.nodes import start_cluster
from pipeline.training.export import write_metadata
from pipeline.training.training_run import SAME, compare_artifacts
from tests.helpers.commands import run_here

ROOT = Path(__file__).parents[3]
CHUNK = 1 << 15  # small enough for several of these few rows
# The command line as it is, but for these chunks, and for seconds instead of a minute until a
# silent node is lost.
TRAIN = f"""
import sys
from malicious_domains.cli import main
from pipeline.h2o_cluster import cluster, nodes

cluster._CHUNK, nodes._SILENT, nodes._LONGEST = {CHUNK}, 8, 12
sys.exit(main())
"""

pytestmark = pytest.mark.slow


class Node(NamedTuple):
    """A JVM, and its URL."""

    process: subprocess.Popen[bytes]
    url: str


class Clouds(NamedTuple):
    """Two clouds side by side."""

    one: list[Node]
    two: list[Node]


@pytest.fixture(scope="module")
def clouds() -> Iterator[Clouds]:
    with ExitStack() as stack:
        started = (stack.enter_context(start_cluster(number, "1g")) for number in (1, 2))
        clouds = Clouds(*([Node(*x) for x in nodes] for nodes in started))
        until_they_are_one(clouds.two[0], 2)
        yield clouds


@pytest.fixture(scope="module")
def of_one(clouds: Clouds, small_csv: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the artifact of one node elsewhere, which is sent the rows."""
    out = tmp_path_factory.mktemp("one") / "model"
    assert train_here(small_csv, out, "--h2o-url", clouds.one[0].url).returncode == 0
    return out


def until_they_are_one(node: Node, size: int) -> None:
    """Wait until a node has found the others."""
    for _ in range(600):
        with direct_session() as direct:
            state = direct.get(f"{node.url}/3/Cloud", timeout=30).json()
        if state["cloud_size"] == size and state["consensus"]:
            return
        time.sleep(0.1)
    raise AssertionError(state)


def train_here(data: Path, out: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    """Train in this process, in a cluster elsewhere."""
    command = ["train", "--features", "classic", "--data", data, "--out", out, *arguments]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cluster, "_CHUNK", CHUNK)
        return run_here(*map(str, command))


def train(
    data: Path, out: Path, *arguments: object, environment: dict[str, str] | None = None
) -> subprocess.Popen[str]:
    own = ["-c", TRAIN, "train", "--features", "classic", "--data", data, "--out", out]
    command = [sys.executable, *map(str, [*own, *arguments])]
    return subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True, env=environment)


def done(run: subprocess.Popen[str]) -> None:
    """Wait for a process that must succeed."""
    _, said = run.communicate(timeout=300)
    assert run.returncode == 0, said


def until_it_trains(run: subprocess.Popen[str]) -> None:
    assert run.stderr
    while "training a GLM" not in (said := run.stderr.readline()):
        assert said


def ended(run: subprocess.Popen[str]) -> str:
    """Return the stderr of a process whose cluster has lost a node; it ends soon with status 2."""
    _, said = run.communicate(timeout=180)
    assert run.returncode == 2, said
    return said


def difference(one: Path, two: Path) -> float:
    """Return the largest difference between the numbers of two artifacts.

    The threshold of maximal F1 is left out: on several nodes H2O may compare other ones.
    """
    numbers = []
    for model in map(artifact.load_artifact, (one, two)):
        points = [x for name, x in model.thresholds.items() if name != artifact.MAX_F1]
        coefficients = artifact.flatten_coefficients(model.metadata["coefficients"])
        numbers.append([*coefficients, model.intercept, *points])
    return float(np.abs(np.subtract(numbers[0], numbers[1])).max())


def content(folder: Path) -> dict[str, bytes]:
    return {str(x.relative_to(folder)): x.read_bytes() for x in folder.rglob("*") if x.is_file()}


def children(pid: int) -> list[int]:
    """Return the nodes that a process has started, in order."""
    found = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(x) for x in found if b"h2o.jar" in Path(f"/proc/{x}/cmdline").read_bytes()]


def listening(pid: int) -> set[tuple[str, int]]:
    """Return address (as Linux writes it) and port of each socket that a process listens on."""
    links = [x.readlink().name for x in Path(f"/proc/{pid}/fd").iterdir()]
    found = set()
    for kind, state in (("tcp", "0A"), ("tcp6", "0A"), ("udp", "07"), ("udp6", "07")):
        for line in Path(f"/proc/net/{kind}").read_text().splitlines()[1:]:
            cells = line.split()
            if cells[3] == state and f"socket:[{cells[9]}]" in links:
                address, _, port = cells[1].partition(":")
                found.add((address, int(port, 16)))
    return found


def test_nodes_listen_on_loopback_alone(clouds: Clouds) -> None:
    """On their own port and the next; nothing hears UDP, and so no multicast."""
    loopback = "0000000000000000FFFF00000100007F"  # ::ffff:127.0.0.1, four bytes in reverse
    for node in (*clouds.one, *clouds.two):
        port = int(node.url.rpartition(":")[2])
        assert listening(node.process.pid) == {(loopback, port), (loopback, port + 1)}


def test_a_cluster_elsewhere_of_two_nodes_gives_the_model_of_one(
    clouds: Clouds, of_one: Path, small_csv: Path, tmp_path: Path
) -> None:
    """Nothing of ours stays in either cluster."""
    run = train_here(small_csv, tmp_path / "model", "--h2o-url", clouds.two[0].url)
    assert run.returncode == 0, run.stderr
    assert difference(of_one, tmp_path / "model") <= SAME
    with direct_session() as direct:
        for node in (*clouds.one, *clouds.two):
            for kind in ("frames", "models"):
                assert direct.get(f"{node.url}/3/{kind.title()}", timeout=30).json()[kind] == []


def test_clouds_side_by_side_do_not_join(clouds: Clouds) -> None:
    """Not even after both have worked; each has a name of its own."""
    with direct_session() as direct:
        each = [direct.get(f"{x[0].url}/3/Cloud", timeout=30).json() for x in clouds]
    assert [x["cloud_size"] for x in each] == [1, 2]
    assert len({x["cloud_name"] for x in each}) == 2


def test_a_retrain_is_compared(
    clouds: Clouds, of_one: Path, small_csv: Path, tmp_path: Path
) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    shutil.copytree(of_one, one)
    again = train_here(small_csv, two, "--h2o-url", clouds.one[0].url, "--compare", one)
    assert (again.returncode, "coefficients and thresholds within" in again.stderr) == (0, True)
    metadata = json.loads((one / "model.json").read_text())
    metadata["coefficients"]["length"] += 1e-3
    write_metadata(one, metadata)
    with pytest.raises(MaliciousDomainsError, match="more than 1e-06"):
        compare_artifacts(str(one), two)
    unlike = train_here(small_csv, two, "--h2o-url", clouds.one[0].url, "--compare", "language")
    assert (unlike.returncode, unlike.stdout) == (2, "")
    assert unlike.stderr == "train: language is a model of language features, not of classic\n"


def test_a_cluster_elsewhere_that_loses_a_node_ends_the_training(
    clouds: Clouds, artifact_copy: Path, small_csv: Path
) -> None:
    """The last test of these clouds: of one the node that is asked is killed, of two the other."""
    before = content(artifact_copy.parent)
    killed = [clouds.one[0], clouds.two[1]]
    runs = [train(small_csv, artifact_copy, "--h2o-url", cloud[0].url) for cloud in clouds]
    for run, node in zip(runs, killed, strict=True):
        until_it_trains(run)
        node.process.kill()
    one, two = (ended(run) for run in runs)
    assert f"H2O at {clouds.one[0].url} no longer answers: " in one
    missed = f"no heartbeat of {killed[1].url.removeprefix('http://')} for 8 s"
    assert f"H2O at {clouds.two[0].url} has lost a node: {missed}; nothing is written" in two
    assert content(artifact_copy.parent) == before
    clouds.two[0].process.kill()  # at rest it would take a tenth of a processor


def test_a_node_that_is_killed_ends_the_training(
    of_one: Path, small_csv: Path, tmp_path: Path
) -> None:
    """With an error in one line, and nothing lost; the same command gives the model then.

    Nor do the surroundings get in its way: a proxy that nobody serves, folders that Java cannot
    name in ASCII, and the encoding.
    """
    folder = tmp_path / "jürgen's own files"
    data, out, temporary = folder / "data.csv", folder / "there" / "classic", folder / "tmp"
    temporary.mkdir(parents=True)
    shutil.copytree(artifact.PACKAGED / "classic", out)
    data.write_bytes(small_csv.read_bytes())
    proxies = ("http_proxy", "https_proxy", "ALL_PROXY", "HTTP_PROXY", "HTTPS_PROXY", "all_proxy")
    own = dict.fromkeys(proxies, "http://127.0.0.1:9") | {"LC_ALL": "C", "PYTHONUTF8": "1"}
    kept = {x: y for x, y in os.environ.items() if x.lower() != "no_proxy"}
    environment = kept | own | {"TMPDIR": str(temporary)}
    before = content(out.parent)
    with train(data, out, environment=environment) as run:
        until_it_trains(run)
        [started] = children(run.pid)
        os.kill(started, signal.SIGKILL)
        said = ended(run)
    assert f"process {started}) was killed by signal 9; nothing is written" in said
    assert "Traceback" not in said
    assert content(out.parent) == before
    assert not Path(f"/proc/{started}").exists()
    done(train(data, out, environment=environment))
    assert difference(of_one, out) <= SAME
    assert [*temporary.iterdir()] == []


def test_a_start_is_repeated_when_a_port_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    free = find_free_port
    with socket.create_server(("127.0.0.1", 0)) as taken:
        ports = iter([taken.getsockname()[1], taken.getsockname()[1] - 1, free(2)])
        monkeypatch.setattr(own_nodes, "find_free_port", lambda _: next(ports))
        with start_cluster(1, "1g") as [(_, url)], direct_session() as direct:
            assert direct.get(f"{url}/3/Cloud", timeout=30).ok
            assert next(ports, None) is None


def test_free_ports_are_adjacent_and_not_those_of_outgoing_connections() -> None:
    for _ in range(20):
        first = find_free_port(4)
        assert first > 1024 and first + 4 <= 32_768
        with ExitStack() as stack:
            for port in range(first, first + 4):
                stack.enter_context(socket.create_server(("127.0.0.1", port)))


def test_a_node_that_does_not_start_is_told() -> None:
    with (
        pytest.raises(MaliciousDomainsError, match="Invalid maximum heap size"),
        start_cluster(1, "1z"),
    ):
        pass


def test_proxies_are_bypassed_for_this_machine_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.setenv("NO_PROXY", "intranet.example")
    before = dict(os.environ)
    with bypass_proxies():
        for url in ("http://127.0.0.1:54321/3", "http://localhost:1", "http://intranet.example"):
            assert requests.utils.get_environ_proxies(url) == {}
        assert (
            requests.utils.get_environ_proxies("http://h2o.example")["all"] == before["ALL_PROXY"]
        )
    assert dict(os.environ) == before
