r"""Fit a GLM in H2O: the split, the fit, the threshold of maximal F1, scores out of fold.

H2O chooses the intercept b and the coefficients w that minimise

    -(1/n) sum_i [y_i ln p_i + (1 - y_i) ln(1 - p_i)] + lambda (alpha |w|_1 + (1 - alpha)/2 |w|_2^2)

with p_i = 1 / (1 + exp(-(b + w.x_i))), over the n training rows: y_i is 1 for a malicious row, and
x_i are its columns, numbers scaled to mean 0 and variance 1, a factor as one column of 0 and 1 for
each level. The family model (family_model.py) has the softmax of one equation per class instead.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h2o
import numpy as np
import pandas as pd
from h2o.estimators import H2OGeneralizedLinearEstimator
from h2o.utils.model_utils import reset_model_threshold
from tqdm import tqdm

from malicious_domains.model.artifact import MOJO
from malicious_domains.names.array_types import Bools, Bytes, Floats
from malicious_domains.names.errors import MaliciousDomainsError

from ..corpus.labelled import Corpus, assign_folds
from ..h2o_cluster.cluster import Cluster, download_frame
from .config import DEFAULTS, TrainConfig
from .design import DesignMatrix
from .metrics import best_f1

RESPONSE = "class"
LEVELS = ["legit", "malicious"]  # in the order of H2O's factor: the second is class 1

_SPLIT_CHUNKS = 8  # as H2O chose on the two cores of the reference run
_H2O_BINS = 400  # of H2O's histogram of probabilities (AUC2.NBINS)


@dataclass(frozen=True)
class Fitted:
    """A GLM in H2O, the split that it was fitted on, and its threshold."""

    model: H2OGeneralizedLinearEstimator
    valid: Bools  # (rows,) whether a row is of the validation split
    probability: Floats  # (rows,) P(malicious) by the cluster, from tables without the row
    threshold: float


@dataclass(frozen=True)
class Trained(Fitted):
    """A trained model: how H2O scores the corpus, and the record of H2O's settings."""

    deployed: Floats  # (rows,) P(malicious) by the cluster, from the deployed tables
    out_of_fold: Floats  # (rows,) by models that have not seen the row's fold
    parameters: dict[str, Any]


def train_glm(cluster: Cluster, design: DesignMatrix, folder: Path) -> Trained:
    """Fit, choose the threshold of maximal F1, score out of fold; save the MOJO in the folder."""
    config = design.config
    fold = assign_folds(design.corpus.groups, config.out_of_fold_folds)
    for k in range(config.out_of_fold_folds):  # before the time is spent
        _check_classes(design.corpus, fold != k, "the operating points")
    fitted = fit_split(cluster, design)
    fitted.model.download_mojo(str(folder / MOJO))
    deployed, columns = fitted.probability, design.deploy()
    if columns is not design.table:
        deployed = cluster.predict(fitted.model, cluster.upload(columns))
    out_of_fold = score_out_of_fold(cluster, design, fold, "out of fold")
    solver = fitted.model.actual_params["solver"]
    settings = {"h2o_version": h2o.__version__, "solver": solver, "alpha": config.alpha}
    settings |= {"lambda": design.ridge, "seed": config.split_seed}
    return Trained(**vars(fitted), deployed=deployed, out_of_fold=out_of_fold, parameters=settings)


def fit_split(cluster: Cluster, design: DesignMatrix) -> Fitted:
    """Fit on the training split; choose the threshold of maximal F1 on the validation split.

    H2O proposes the thresholds, on several nodes others than on one.
    """
    valid = draw_split(cluster, design.corpus, design.config)
    frame = upload_design(cluster, design, valid.astype(np.uint8))
    training, validation = (frame[frame["part"] == part, :] for part in (0, 1))
    model = _fit(cluster, design, training, validation)
    probability = cluster.predict(model, frame)
    weights = None if design.weights is None else design.weights[valid]
    metrics = model.model_performance(valid=True)._metric_json["thresholds_and_metric_scores"]
    candidates = _candidates(np.array(metrics["threshold"], np.float64), probability[valid])
    threshold = best_f1(probability[valid], design.corpus.malicious[valid], candidates, weights)
    reset_model_threshold(model, threshold)
    return Fitted(model=model, valid=valid, probability=probability, threshold=threshold)


def draw_split(cluster: Cluster, corpus: Corpus, config: TrainConfig = DEFAULTS) -> Bools:
    """Return which rows are for validation, (rows,): whole groups, drawn by H2O.

    Without groups, a known corpus is split on its CSV, as in the H2O demo.
    """
    if corpus.grouped:
        group = corpus.number_groups()
        valid = draw_rows(cluster, None, int(group.max()) + 1, config)[group]
    else:
        valid = draw_rows(cluster, None if corpus.reading else corpus.path, len(corpus), config)
    _check_classes(corpus, ~valid, "training")
    _check_classes(corpus, valid, "validation")
    return valid


def _check_classes(corpus: Corpus, rows: Bools, use: str) -> None:
    """Raise MaliciousDomainsError unless both classes are among some rows, (rows,)."""
    if not 0 < corpus.malicious[rows].sum() < rows.sum():
        problem = f"of {len(rows)} rows {rows.sum()} are drawn for {use}, and both classes are not"
        advice = "among them; more rows or groups are needed"
        raise MaliciousDomainsError(f"{corpus.path}: {problem} {advice}")


def draw_rows(cluster: Cluster, path: Path | None, count: int, config: TrainConfig) -> Bools:
    """Return which rows of a CSV (None: one with their numbers) are for validation, (count,).

    H2O's runif draws them. It depends on the chunks of a file, and these on the machine's cores:
    so their number is fixed. Raises MaliciousDomainsError if H2O reads another number of rows.
    """
    numbers, chunks = pd.DataFrame({"number": np.arange(count)}), _SPLIT_CHUNKS
    frame = cluster.upload_csv(path, chunks=chunks) if path else cluster.upload(numbers, chunks)
    if frame.nrow != count:
        raise MaliciousDomainsError(f"{path}: H2O reads {frame.nrow} rows, the file has {count}")
    drawn: Bools = download_frame(frame.runif(seed=config.split_seed))[:, 0] >= config.train_share
    return drawn


def upload_design(cluster: Cluster, design: DesignMatrix, part: Bytes) -> h2o.H2OFrame:
    """Send a design's columns, the column `part`, (rows,), and the class to H2O."""
    response = pd.Categorical.from_codes(design.corpus.malicious.astype(int), pd.Index(LEVELS))
    return cluster.upload(design.table.assign(part=part, **{RESPONSE: response}))


def _fit(
    cluster: Cluster,
    design: DesignMatrix,
    training: h2o.H2OFrame,
    validation: h2o.H2OFrame | None = None,
) -> H2OGeneralizedLinearEstimator:
    settings = {"family": "binomial", "lambda_": design.ridge, "alpha": design.config.alpha}
    more = {"validation_frame": validation}
    return cluster.fit(training, [*design.table], RESPONSE, more, **settings)


def fit_all(cluster: Cluster, design: DesignMatrix) -> H2OGeneralizedLinearEstimator:
    """Fit on every row of a design."""
    part = np.zeros(len(design.table), np.uint8)
    return _fit(cluster, design, upload_design(cluster, design, part))


def score_out_of_fold(cluster: Cluster, design: DesignMatrix, fold: Bytes, title: str) -> Floats:
    """Return P(malicious) of every row by a model that was fitted without its fold, (rows,).

    fold: (rows,), from 0 on. title: of the progress bar.
    """
    frame = upload_design(cluster, design, fold)
    probability = np.full(len(fold), np.nan)
    for k in tqdm(np.unique(fold).tolist(), desc=title, unit="fit"):
        model = _fit(cluster, design, frame[frame["part"] != k, :])
        probability[fold == k] = cluster.predict(model, frame[frame["part"] == k, :])
        cluster.clear(keep=frame.frame_id)
    return probability


def _candidates(thresholds: Floats, probability: Floats) -> Floats:
    """Move each threshold that H2O compares to the middle between two rows.

    It separates the rows as H2O's does, but no row lies on it: its last bit would decide.
    """
    rows = np.unique(np.append(probability, 0.0))
    above = np.searchsorted(rows, thresholds).clip(1, len(rows) - 1)
    between: Floats = (rows[above - 1] + rows[above]) / 2
    return np.unique(between)[1 - _H2O_BINS :]  # with the step below all of them, as many as bins
