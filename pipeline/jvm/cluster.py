"""Starting, joining and stopping H2O; frames to and from it."""

from __future__ import annotations

import io
import secrets
import socket
import subprocess
import tempfile
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, redirect_stdout, suppress
from itertools import count
from pathlib import Path

import h2o
import numpy as np
from numpy.typing import NDArray

from ..errors import PipelineError
from ..processes import HOST, start, wait
from .java import find_java

MEMORY = "4g"  # of the JVM's heap
_START = 90  # seconds that H2O may take to answer
_CHUNKS = 8  # of a parsed CSV: what H2O itself takes on the two cores of the reference run


class ClusterError(PipelineError):
    """H2O that does not answer or does not read what it should."""


def jar() -> Path:
    """H2O's jar, from the h2o package."""
    return Path(h2o.__file__).parent / "backend" / "bin" / "h2o.jar"


class Cluster:
    """A running H2O, and the keys of ours in it.

    One at a time: H2O's client has a single connection for a whole process.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self._prefix = f"domains_{secrets.token_hex(4)}"
        self._keys: list[str] = []
        self._number = count()  # goes on when keys are cleared

    def key(self, kind: str) -> str:
        """A new name for something that goes when we do."""
        self._keys.append(f"{self._prefix}_{next(self._number)}_{kind}")
        return self._keys[-1]

    def rows(self, frame: h2o.H2OFrame, chosen: h2o.H2OFrame) -> h2o.H2OFrame:
        """Some rows of a frame, under a name of ours."""
        return h2o.assign(frame[chosen, :], self.key("rows"))

    def clear(self, kept: Collection[str] = ()) -> None:
        """Remove what we made, and what H2O made of it under names of its own."""
        frames = [frame["frame_id"]["name"] for frame in h2o.api("GET /3/Frames")["frames"]]
        for key in (*self._keys, *(name for name in frames if self._prefix in name)):
            if key not in kept:
                h2o.remove(key)
        self._keys = [key for key in self._keys if key in kept]

    def draw_split(self, path: Path, rows: int, share: float, seed: int) -> NDArray[np.bool_]:
        """Which rows of a CSV are for validation, bool (rows,), by H2O's runif.

        The numbers depend on how H2O cuts the file, and that on the machine's
        cores; the cut is therefore fixed, as it was in the reference run. Raises
        ClusterError if H2O does not read as many rows.
        """
        raw = h2o.api(f"POST /3/PostFile?destination_frame={self.key('raw')}", filename=str(path))
        setup = h2o.parse_setup([raw["destination_frame"]], self.key("csv"), header=1)
        setup["chunk_size"] = -(-path.stat().st_size // _CHUNKS)
        frame = h2o.parse_raw(setup, first_line_is_header=1)
        if frame.nrow != rows:
            raise ClusterError(f"{path}: H2O reads {frame.nrow} rows where {rows} stand")
        return download(frame.runif(seed=seed))[:, 0] >= share

    def upload(self, path: Path, types: Mapping[str, str]) -> h2o.H2OFrame:
        """Send a CSV; types is H2O's type of every column by its name: numeric or enum."""
        return h2o.upload_file(str(path), self.key("table"), header=1, col_types=dict(types))


@contextmanager
def cluster(url: str | None = None) -> Iterator[Cluster]:
    """H2O for the with block: one that runs at url, or one of our own.

    Our own listens on 127.0.0.1 alone, under a random name and on a free port,
    and ends with the block, with an exception, and on Linux with this process,
    even if that is killed. What the block left in a cluster at url is removed.
    Raises ClusterError or LoopbackError.
    """
    if url:
        with _session(url) as joined:
            yield joined
        return
    with tempfile.TemporaryDirectory(prefix="h2o-") as folder:
        process, port = _start(Path(folder))
        try:
            with _session(f"http://{HOST}:{port}") as started:
                yield started
        finally:
            process.kill()
            process.wait()


def _start(folder: Path) -> tuple[subprocess.Popen[bytes], int]:
    port = _free_port()
    command = [
        *(str(find_java()), f"-Xmx{MEMORY}", f"-Djava.io.tmpdir={folder}"),
        *("-Dsys.ai.h2o.ext.core.toggle.XGBoost=False", "-jar", str(jar())),  # 157 MB unpacked
        *("-name", f"domains-{secrets.token_hex(8)}", "-ice_root", str(folder)),
        *("-ip", HOST, "-web_ip", HOST, "-port", str(port)),
        *("-log_level", "WARN", "-disable_flow"),
    ]
    log = folder / "h2o.log"
    process = start(command, log)
    try:
        wait(process, f"http://{HOST}:{port}/3/Cloud", log, _START)
    except BaseException:
        process.kill()
        process.wait()
        raise
    return process, port


def _free_port() -> int:
    """A port that is free, and whose next, which H2O uses too, is free."""
    for _ in range(100):
        with socket.socket() as first, socket.socket() as second:
            first.bind((HOST, 0))
            port: int = first.getsockname()[1]
            try:
                second.bind((HOST, port + 1))
            except (OSError, OverflowError):
                continue
            return port
    raise ClusterError("no two free ports side by side on 127.0.0.1")


@contextmanager
def _session(url: str) -> Iterator[Cluster]:
    h2o.no_progress()
    try:
        with redirect_stdout(io.StringIO()):  # "your version is old"
            h2o.connect(url=url, verbose=False)
    except Exception as error:  # the client raises many kinds
        raise ClusterError(f"no H2O at {url}: {error}") from error
    ours = Cluster(url)
    try:
        yield ours
    finally:
        with suppress(Exception):  # H2O may be what failed
            ours.clear()
            h2o.connection().close()


def download(frame: h2o.H2OFrame) -> NDArray[np.float64]:
    """The values of a numeric frame, float64 (rows, columns), exactly."""
    return np.loadtxt(io.StringIO(frame.get_frame_data()), delimiter=",", skiprows=1, ndmin=2)
