"""Starting, joining and stopping H2O; frames to and from it."""

from __future__ import annotations

import io
import secrets
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, redirect_stdout, suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import h2o
import numpy as np
from numpy.typing import NDArray

from malicious_domains.inputs.signals import temporary_folder

from .nodes import MEMORY, ClusterError, nodes
from .watch import of_joined, of_own

_CHUNKS = 8  # of a parsed CSV: what H2O itself takes on the two cores of the reference run


@dataclass(frozen=True)
class H2O:
    """Which H2O to use: one that runs at url, or one of so many nodes of our own."""

    url: str | None = None
    folder: Path | None = None  # that all nodes at url see under the same path
    nodes: int = 1
    memory: str = MEMORY  # of each node's heap

    def __post_init__(self) -> None:
        """Raise ClusterError for what does not go together."""
        if self.url and (self.nodes, self.memory) != (1, MEMORY):
            raise ClusterError("--h2o-nodes and --h2o-memory are not of a cluster at --h2o-url")
        if self.folder and not self.url:
            raise ClusterError("--h2o-folder is of a cluster at --h2o-url")


class Cluster:
    """A running H2O, and the keys of ours in it.

    One at a time: H2O's client has a single connection for a whole process.
    """

    def __init__(self, url: str, folder: Path | None = None, shared: bool = False) -> None:
        """folder: where files for it are written, None: where temporary ones are.

        shared: whether its nodes read them there by themselves, or are sent them.
        """
        self.url = url
        self._folder, self._shared = folder, shared
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

    @property
    def size(self) -> int:
        """How many nodes it has."""
        return int(h2o.cluster().cloud_size)

    def chunks(self, frame: h2o.H2OFrame) -> list[int]:
        """The rows of each chunk of a frame, in order."""
        found = h2o.api(f"GET /3/FrameChunks/{frame.frame_id}")["chunks"]
        return [chunk["row_count"] for chunk in found]

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
        frame = self._parse([path], -(-path.stat().st_size // _CHUNKS), "csv")
        if frame.nrow != rows:
            raise ClusterError(f"{path}: H2O reads {frame.nrow} rows where {rows} stand")
        return download(frame.runif(seed=seed))[:, 0] >= share

    @contextmanager
    def folder(self) -> Iterator[Path]:
        """A folder for the with block, to write files for it into.

        Raises ClusterError if it cannot be made.
        """
        with ExitStack() as ending:
            try:
                folder = ending.enter_context(temporary_folder("h2o-data-", self._folder))
            except OSError as error:
                raise ClusterError(f"{self._folder} cannot be written: {error.strerror}") from error
            folder.chmod(0o755)  # nodes may be another user's
            yield folder

    def read(self, paths: Sequence[Path], types: Mapping[str, str]) -> h2o.H2OFrame:
        """The rows of CSVs with a header each, one after the other, a chunk of H2O's for each.

        types is H2O's type of every column by its name: numeric or enum. Raises ClusterError if
        the cluster cannot read them.
        """
        longest = max(path.stat().st_size for path in paths)
        return self._parse(paths, longest + 1, "table", types)

    def _parse(
        self, paths: Sequence[Path], chunk: int, kind: str, types: Mapping[str, str] | None = None
    ) -> h2o.H2OFrame:
        raw = self._import(paths) if self._shared else [self._send(path) for path in paths]
        told = {"column_types": dict(types)} if types else {}
        setup = h2o.parse_setup(raw, self.key(kind), header=1, **told)
        setup["chunk_size"] = chunk
        return h2o.parse_raw(setup, first_line_is_header=1)

    def _import(self, paths: Sequence[Path]) -> list[str]:
        """H2O's names for files that its nodes see, in the order of the files' names."""
        try:
            found: list[str] = h2o.lazy_import([str(path.resolve()) for path in paths])
        except (ValueError, OSError) as error:
            raise ClusterError(
                f"the nodes at {self.url} do not see {paths[0].parent}: {error}"
            ) from error
        return sorted(found)

    def _send(self, path: Path) -> str:
        raw = h2o.api(f"POST /3/PostFile?destination_frame={self.key('raw')}", filename=str(path))
        return str(raw["destination_frame"])


@contextmanager
def cluster(which: H2O | None = None) -> Iterator[Cluster]:
    """H2O for the with block, by default one node of our own.

    Our own ends with the block, as `nodes` tells. What the block left in a cluster at a url is
    removed. Raises ClusterError, also where the cluster loses a node before the block ends, or
    LoopbackError.
    """
    which = which or H2O()
    with ExitStack() as opened:
        if which.url:
            ours = Cluster(which.url, which.folder, shared=which.folder is not None)
            _connect(ours.url)
            watch = of_joined(ours.url)
        else:
            started = opened.enter_context(nodes(which.nodes, which.memory))
            ours = Cluster(started[0].url, shared=True)
            _connect(ours.url)
            watch = of_own(started)
        opened.enter_context(watch.over(h2o.connection()))
        opened.callback(_leave, ours)  # under watch: not to wait for what a lost node had
        yield ours


def _connect(url: str) -> None:
    h2o.no_progress()
    try:
        with redirect_stdout(io.StringIO()):  # "your version is old"
            h2o.connect(url=url, verbose=False)
    except Exception as error:  # the client raises many kinds
        raise ClusterError(f"no H2O at {url}: {error}") from error


def _leave(ours: Cluster) -> None:
    with suppress(Exception):  # H2O may be what failed
        ours.clear()
    with suppress(Exception):
        h2o.connection().close()


def download(frame: h2o.H2OFrame) -> NDArray[np.float64]:
    """The values of a numeric frame, float64 (rows, columns), exactly; by way of the disk."""
    with temporary_folder("h2o-data-") as folder:
        path = folder / "frame.csv"
        h2o.download_csv(frame, str(path))
        return np.loadtxt(path, delimiter=",", skiprows=1, ndmin=2)
