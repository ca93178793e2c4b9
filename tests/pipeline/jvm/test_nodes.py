"""Real clusters of two nodes: the model of one, and what happens when a node is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from pipeline.jvm.cluster import H2O
from pipeline.jvm.nodes import ClusterError, nodes
from pipeline.processes import LoopbackError
from pipeline.training.run import SAME, compare

ROOT = Path(__file__).parents[3]

pytestmark = pytest.mark.slow


def python(*arguments: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", *map(str, arguments)]
    return subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True)


def children(pid: int) -> list[int]:
    """The nodes that a process has started, in order."""
    found = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(x) for x in found if b"h2o.jar" in Path(f"/proc/{x}/cmdline").read_bytes()]


def test_two_nodes_give_the_model_of_one(small_csv: Path, tmp_path: Path) -> None:
    """Coefficients and thresholds to 1e-6, the same split, and the proof on every row holds."""
    runs = [python("tests.helpers.small_training", n, small_csv, tmp_path / str(n)) for n in (1, 2)]
    for run in runs:
        _, said = run.communicate(timeout=300)
        assert run.returncode == 0, said
    one, two = tmp_path / "1", tmp_path / "2"
    np.testing.assert_array_equal(np.load(one / "split.npy"), np.load(two / "split.npy"))
    assert float(compare(str(one), two).rpartition(" ")[2].rstrip(".")) <= SAME


@pytest.mark.parametrize("which", [0, 1])
def test_a_node_that_is_killed_ends_the_training(
    which: int, small_csv: Path, tmp_path: Path
) -> None:
    """That which H2O's client talks to, or the other; with an error, and nothing left or lost."""
    out = tmp_path / "place" / "model"
    out.mkdir(parents=True)
    (out / "model.json").write_text("the old one")
    command = ["pipeline", "train", "--features", "classic", "--data", small_csv, "--out", out]
    with python(*command, "--h2o-nodes", 2) as run:
        assert run.stderr
        said = ""
        while "training a GLM" not in said:
            said += run.stderr.readline()
        started = children(run.pid)
        assert len(started) == 2
        os.kill(started[which], signal.SIGKILL)
        killed = time.monotonic()
        said += run.stderr.read()
        assert run.wait() == 2
    assert time.monotonic() - killed < 60
    assert f"process {started[which]}) was killed by signal 9; nothing is written" in said
    assert (out / "model.json").read_text() == "the old one"
    assert [x.name for x in out.parent.iterdir()] == ["model"]
    assert not any(Path(f"/proc/{pid}").exists() for pid in started)


def test_a_node_that_does_not_start_is_told() -> None:
    with pytest.raises(LoopbackError, match="Invalid maximum heap size"), nodes(2, "1z"):
        pass


def test_what_does_not_go_together_is_told() -> None:
    with pytest.raises(ClusterError, match="--h2o-nodes and --h2o-memory are not of a cluster"):
        H2O(url="http://127.0.0.1:1", nodes=2)
    with pytest.raises(ClusterError, match="--h2o-folder is of a cluster"):
        H2O(folder=Path())
