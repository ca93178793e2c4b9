"""The thresholds that H2O compares, as one node would have chosen them.

H2O counts rows by probability in 400 bins, each chunk of a frame by itself, and then merges the
chunks' bins two by two; a bin's middle is a threshold. Several nodes merge their own chunks first,
so that the bins depend on which node has which. One node always merges in the same order.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from itertools import accumulate, pairwise
from pathlib import Path

import h2o
import numpy as np
import pandas as pd
from h2o.estimators import H2OGeneralizedLinearEstimator
from h2o.model.metrics.binomial import H2OBinomialModelMetrics

from malicious_domains.features.array_types import Bools, Floats
from malicious_domains.inputs.signals import temporary_folder
from malicious_domains.scoring.workers import started

from ..h2o_cluster.cluster import cluster

_DIGITS = 53  # binary ones, of a double


def of_model(model: H2OGeneralizedLinearEstimator) -> Floats:
    """Those of a model's validation rows, by the nodes that have them."""
    return _thresholds(model.model_performance(valid=True))


def by_one_node(chunks: Sequence[int], probability: Floats, malicious: Bools) -> Floats:
    """Those of rows in chunks of so many rows, by one more node, which is started for them.

    To the bit what of_model gives of a model on one node. probability and malicious are (rows,).
    Another process asks that node, as H2O's client has one connection. Raises ClusterError,
    LoopbackError or WorkerError.
    """
    mantissa, exponent = np.frexp(probability)  # H2O reads integers exactly, and fractions not
    whole = (mantissa * 2.0**_DIGITS).astype(np.int64)
    table = pd.DataFrame({"m": whole, "e": exponent - _DIGITS, "actual": malicious.astype(int)})
    with temporary_folder("h2o-data-") as folder:
        paths = []
        for number, (start, end) in enumerate(pairwise(accumulate(chunks, initial=0))):
            paths.append(folder / f"{number:06d}.csv")
            table[start:end].to_csv(paths[-1], index=False)
        with started(1, partial(_count, paths)) as (_, [counted]):
            return counted.result()


def _count(paths: list[Path]) -> Floats:
    """In another process: the thresholds for rows in files, which become the chunks."""
    with cluster() as one:
        frame = one.read(paths, {"m": "numeric", "e": "numeric", "actual": "enum"})
        probability = frame["m"] * 2 ** frame["e"]
        return _thresholds(h2o.make_metrics(probability, frame["actual"], domain=["0", "1"]))


def _thresholds(metrics: H2OBinomialModelMetrics) -> Floats:
    table = metrics._metric_json["thresholds_and_metric_scores"]
    return np.array(table["threshold"], np.float64)
