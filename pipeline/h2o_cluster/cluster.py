"""Start or join an H2O cluster, send tables to it, fit GLMs and predict."""

from __future__ import annotations

import io
import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, redirect_stdout, suppress
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import duckdb
import h2o
import numpy as np
import pandas as pd
from h2o.estimators import H2OGeneralizedLinearEstimator
from h2o.exceptions import H2OResponseError
from pandas.api.types import is_numeric_dtype

from malicious_domains.inputs.signals import temporary_folder
from malicious_domains.names.array_types import Floats
from malicious_domains.names.errors import MaliciousDomainsError

from .local_servers import bypass_proxies
from .nodes import MEMORY, describe_end, describe_loss, start_cluster, watch_requests

_CHUNK = 1 << 22  # bytes: the chunks into which H2O cuts a file that is sent to it


class Cluster:
    """A running H2O cluster, of which this process uses one at a time: upload, fit, predict."""

    def __init__(self, url: str) -> None:
        """Use the cluster at a URL, to which H2O's client is connected."""
        self.url = url
        self._prefix = f"domains_{secrets.token_hex(4)}"
        self._keys: list[str] = []
        self._number = count()

    def upload(self, table: pd.DataFrame, chunks: int | None = None) -> h2o.H2OFrame:
        """Send a table: numbers stay numbers, columns of any other type become factors."""
        types = {x: "numeric" if is_numeric_dtype(table[x]) else "enum" for x in map(str, table)}
        with temporary_folder("h2o-data-") as folder:
            write_csv(folder / "rows.csv", table)
            return self.upload_csv(folder / "rows.csv", types, chunks)

    def upload_csv(
        self, path: Path, types: dict[str, str] | None = None, chunks: int | None = None
    ) -> h2o.H2OFrame:
        """Send a CSV with a header.

        types: H2O's of each column, numeric or enum; None: H2O guesses. chunks: into how many H2O
        cuts the file; None: of _CHUNK bytes, which give a GLM the same bits on any machine.
        """
        target = f"POST /3/PostFile?destination_frame={self._key('raw')}"
        raw = str(h2o.api(target, filename=str(path))["destination_frame"])
        guided = {"column_types": types} if types else {}
        setup = h2o.parse_setup(raw, self._key("table"), header=1, **guided)
        setup["chunk_size"] = -(-path.stat().st_size // chunks) if chunks else _CHUNK
        return h2o.parse_raw(setup, first_line_is_header=1)

    def fit(
        self,
        frame: h2o.H2OFrame,
        columns: Sequence[str],
        response: str,
        more: Mapping[str, Any],
        **settings: Any,
    ) -> H2OGeneralizedLinearEstimator:
        """Fit a GLM of the named columns; settings are H2O's own, more those of its train().

        Raises MaliciousDomainsError if H2O cannot fit the rows.
        """
        model = H2OGeneralizedLinearEstimator(model_id=self._key("glm"), **settings)
        try:
            model.train(x=[*columns], y=response, training_frame=frame, **more)
        except H2OResponseError as error:
            lines = str(getattr(error.args[0], "msg", error)).strip().splitlines()
            raise MaliciousDomainsError(f"H2O cannot fit these rows: {lines[0]}") from error
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
def open_cluster(url: str | None = None, memory: str = MEMORY) -> Iterator[Cluster]:
    """Start H2O on this machine for the with block, or join the cluster at a URL.

    A node that was started, with a heap of `memory`, ends with the block; what the block made in a
    cluster elsewhere is removed. Raises MaliciousDomainsError, also at the loss of a node later on.
    """
    with ExitStack() as stack:
        stack.enter_context(bypass_proxies())
        if url:
            _connect(url)
            find_problem = partial(describe_loss, url, h2o.cluster().cloud_size)
        else:
            [node] = stack.enter_context(start_cluster(1, memory))
            _connect(url := node[1])
            find_problem = partial(describe_end, node)
        stack.enter_context(watch_requests(find_problem))
        cluster = Cluster(url)
        stack.callback(_leave, cluster)  # while requests are watched: they may not be answered
        yield cluster


def _connect(url: str) -> None:
    h2o.no_progress()
    try:
        with redirect_stdout(io.StringIO()):  # "your version is old"
            h2o.connect(url=url, proxy="(default)", verbose=False)  # or it warns of proxies
    except Exception as error:  # the client raises many kinds
        raise MaliciousDomainsError(f"no H2O at {url}: {error}") from error


def _leave(cluster: Cluster) -> None:
    with suppress(Exception):  # the cluster may be what failed
        cluster.clear()
    with suppress(Exception):
        h2o.connection().close()


def write_csv(path: Path, table: pd.DataFrame) -> None:
    """Write a table with a header, numbers in the shortest decimals that read back the same.

    >>> with temporary_folder("example-") as folder:
    ...     write_csv(folder / "x.csv", pd.DataFrame({"name": ["a,b"], "x": [1 / 3]}))
    ...     (folder / "x.csv").read_text().split()
    ['name,x', '"a,b",0.3333333333333333']
    """
    target = str(path).replace("'", "''")
    with duckdb.connect() as connection:
        connection.register("rows", table)
        connection.execute(f"COPY (FROM rows) TO '{target}' (FORMAT csv, HEADER)")


def download_frame(frame: h2o.H2OFrame) -> Floats:
    """Return the exact values of a numeric frame, (rows, columns); they come through a file."""
    with temporary_folder("h2o-data-") as folder:
        h2o.download_csv(frame, str(folder / "frame.csv"))
        return np.loadtxt(folder / "frame.csv", delimiter=",", skiprows=1, ndmin=2)
