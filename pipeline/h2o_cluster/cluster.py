"""Start or join an H2O cluster, send rows to it, fit GLMs and predict."""

from __future__ import annotations

import io
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, redirect_stdout, suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import h2o
import numpy as np
from h2o.estimators import H2OGeneralizedLinearEstimator
from h2o.exceptions import H2OResponseError

from malicious_domains.inputs.signals import temporary_folder
from malicious_domains.names.array_types import Floats

from . import ClusterError
from .local_servers import bypass_proxies
from .nodes import MEMORY, start_nodes, watch_joined, watch_own

_CHUNK = 1 << 22  # bytes: the chunks into which H2O cuts a file that is sent to it


@dataclass(frozen=True)
class ClusterOptions:
    """Which H2O to use: a cluster that runs at `url`, or nodes started on this machine."""

    url: str | None = None
    folder: Path | None = None  # that all nodes at `url` see under the same path
    nodes: int = 1
    memory: str = MEMORY  # heap of each node

    def __post_init__(self) -> None:
        """Raise ClusterError for options that exclude each other."""
        if self.url and (self.nodes, self.memory) != (1, MEMORY):
            raise ClusterError("--h2o-nodes and --h2o-memory do not apply to --h2o-url")
        if self.folder and not self.url:
            raise ClusterError("--h2o-folder applies to a cluster at --h2o-url only")


class Cluster:
    """A running H2O cluster, of which this process uses one at a time: upload, fit, predict."""

    def __init__(self, url: str, folder: Path | None = None, shared: bool = False) -> None:
        """Use the cluster at a url.

        folder: where files for it are written (None: the system's temporary folder);
        shared: whether its nodes can read that folder, so that files need not be sent.
        """
        self.url = url
        self._folder, self._shared = folder, shared
        self._prefix = f"domains_{secrets.token_hex(4)}"
        self._keys: list[str] = []
        self._number = count()

    def upload(
        self,
        write: Callable[[Path], None],
        types: Mapping[str, str] | None = None,
        chunks: int | None = None,
        rows: int | None = None,
    ) -> h2o.H2OFrame:
        """Send the rows of a CSV that `write` writes to a path, with a header.

        types: H2O's type of each column, numeric or enum; None lets H2O guess. chunks: into how
        many H2O cuts the file; None: into those of _CHUNK bytes, which give the sums of a GLM the
        same bits on any machine. rows: the number of rows to keep; None keeps all. Raises
        ClusterError if the folder cannot be written, or the cluster cannot read it.
        """
        with self._open_folder() as folder:
            path = folder / "rows.csv"
            write(path)
            raw = self._import(path.resolve()) if self._shared else self._send(path)
            guided = {"column_types": dict(types)} if types else {}
            setup = h2o.parse_setup(raw, self._key("table"), header=1, **guided)
            setup["chunk_size"] = -(-path.stat().st_size // chunks) if chunks else _CHUNK
            frame = h2o.parse_raw(setup, first_line_is_header=1)
        return frame if rows is None else h2o.assign(frame[:rows, :], self._key("rows"))

    def fit(
        self,
        frame: h2o.H2OFrame,
        columns: Sequence[str],
        response: str,
        validation: h2o.H2OFrame | None = None,
        weights: str | None = None,
        **settings: Any,
    ) -> H2OGeneralizedLinearEstimator:
        """Fit a GLM of the named columns; settings are H2O's own.

        Raises ClusterError if H2O cannot fit the rows.
        """
        model = H2OGeneralizedLinearEstimator(model_id=self._key("glm"), **settings)
        try:
            model.train(
                x=list(columns),
                y=response,
                training_frame=frame,
                validation_frame=validation,
                weights_column=weights,
            )
        except H2OResponseError as error:
            lines = str(getattr(error.args[0], "msg", error)).strip().splitlines()
            raise ClusterError(f"H2O cannot fit these rows: {lines[0]}") from error
        return model

    def predict(self, model: H2OGeneralizedLinearEstimator, frame: h2o.H2OFrame) -> Floats:
        """Return P(malicious) of each row, (rows,)."""
        return download_frame(model.predict(frame)[["malicious"]])[:, 0]

    def clear(self, keep: str = "") -> None:
        """Remove all that this object has made in the cluster, but for the frame `keep`."""
        frames = [frame["frame_id"]["name"] for frame in h2o.api("GET /3/Frames")["frames"]]
        # H2O's own names contain that of their model.
        for key in (*self._keys, *(name for name in frames if self._prefix in name)):
            if key != keep:
                h2o.remove(key)
        self._keys = [keep] if keep else []

    def _key(self, kind: str) -> str:
        self._keys.append(f"{self._prefix}_{next(self._number)}_{kind}")
        return self._keys[-1]

    @contextmanager
    def _open_folder(self) -> Iterator[Path]:
        with ExitStack() as stack:
            try:
                folder = stack.enter_context(temporary_folder("h2o-data-", self._folder))
            except OSError as error:
                raise ClusterError(f"{self._folder} cannot be written: {error.strerror}") from error
            folder.chmod(0o755)  # the nodes may run as another user
            yield folder

    def _import(self, path: Path) -> str:
        """Let the nodes read a file; returns H2O's name for it."""
        if not str(path).isascii():  # which H2O lists, and then does not find
            return self._send(path)
        try:
            [key] = h2o.lazy_import(str(path))
        except (ValueError, OSError) as error:
            raise ClusterError(
                f"the nodes at {self.url} do not see {path.parent}: {error}"
            ) from error
        return str(key)

    def _send(self, path: Path) -> str:
        target = f"POST /3/PostFile?destination_frame={self._key('raw')}"
        return str(h2o.api(target, filename=str(path))["destination_frame"])


@contextmanager
def open_cluster(options: ClusterOptions | None = None) -> Iterator[Cluster]:
    """Start or join H2O for the with block; by default one node on this machine.

    Nodes that were started end with the block; from a cluster elsewhere, everything that the block
    made is removed. Raises ClusterError, also if the cluster loses a node before the block ends.
    """
    options = options or ClusterOptions()
    with ExitStack() as stack:
        stack.enter_context(bypass_proxies())
        if options.url:
            cluster = Cluster(options.url, options.folder, shared=options.folder is not None)
            _connect(cluster.url)
            stack.enter_context(watch_joined(cluster.url))
        else:
            nodes = stack.enter_context(start_nodes(options.nodes, options.memory))
            cluster = Cluster(nodes[0].url, shared=True)
            _connect(cluster.url)
            stack.enter_context(watch_own(nodes))
        stack.callback(_leave, cluster)  # while requests are watched: they may not be answered
        yield cluster


def _connect(url: str) -> None:
    h2o.no_progress()
    try:
        with redirect_stdout(io.StringIO()):  # "your version is old"
            h2o.connect(url=url, proxy="(default)", verbose=False)  # or it warns of proxies
    except Exception as error:  # the client raises many kinds
        raise ClusterError(f"no H2O at {url}: {error}") from error


def _leave(cluster: Cluster) -> None:
    with suppress(Exception):  # the cluster may be what failed
        cluster.clear()
    with suppress(Exception):
        h2o.connection().close()


def download_frame(frame: h2o.H2OFrame) -> Floats:
    """Return the exact values of a numeric frame, (rows, columns); they come through a file."""
    with temporary_folder("h2o-data-") as folder:
        path = folder / "frame.csv"
        h2o.download_csv(frame, str(path))
        return np.loadtxt(path, delimiter=",", skiprows=1, ndmin=2)
