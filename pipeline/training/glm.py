r"""Fit a GLM in H2O: the split, the fit, the threshold of maximal F1, scores out of fold.

H2O chooses the intercept b and the coefficients w that minimise

    -(1/n) sum_i [y_i ln p_i + (1 - y_i) ln(1 - p_i)] + lambda (alpha |w|_1 + (1 - alpha)/2 |w|_2^2)

with p_i = 1 / (1 + exp(-(b + w.x_i))), over the n training rows: y_i is 1 for a malicious row, and
x_i are its columns, numbers scaled to mean 0 and variance 1, a factor as one column of 0 and 1 for
each level. The family model (family_model.py) has the softmax of one equation per class instead.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import h2o
import numpy as np
import pandas as pd
from h2o.estimators import H2OGeneralizedLinearEstimator
from h2o.utils.model_utils import reset_model_threshold
from numpy.typing import NDArray
from tqdm import tqdm

from malicious_domains.model.artifact import MOJO
from malicious_domains.names.array_types import Bools, Floats

from ..corpus.labelled import Corpus, assign_folds
from ..h2o_cluster import ClusterError
from ..h2o_cluster.cluster import Cluster, download_frame
from ..h2o_cluster.mojo import MojoGlm, read_mojo
from . import TrainingError
from .config import DEFAULTS, TrainConfig
from .design import DesignMatrix
from .design_csv import BLOCK, Texts, write_csv
from .metrics import best_f1, f1_scores

RESPONSE = "class"
LEVELS = ["legit", "malicious"]  # in the order of H2O's factor: the second is class 1

_SPLIT_CHUNKS = 8  # as H2O chose on the two cores of the reference run
_H2O_BINS = 400  # of H2O's histogram of probabilities (AUC2.NBINS)
_STEPS = 512  # more than bins, and a power of two: step / 512 is exact
_TRAIN, _VALID, _PADDING = 0, 1, 2


@dataclass(frozen=True)
class Fitted:
    """A GLM in H2O, the split that it was fitted on, and its threshold."""

    model: H2OGeneralizedLinearEstimator
    valid: Bools  # (rows,) whether a row is of the validation split
    probability: Floats  # (rows,) P(malicious) by the cluster, from tables without the row
    threshold: float


@dataclass(frozen=True)
class Trained:
    """A trained model: its equation, and how H2O scores the corpus."""

    design: DesignMatrix
    glm: MojoGlm
    malicious: Bools  # (rows,)
    valid: Bools  # (rows,) whether a row is of the validation split
    probability: Floats  # (rows,) P(malicious) by the cluster, from tables without the row
    deployed: Floats  # (rows,) the same from the deployed tables
    out_of_fold: Floats  # (rows,) by models that have not seen the row's fold
    parameters: dict[str, Any]  # settings of H2O, as an artifact records them


def train_glm(cluster: Cluster, corpus: Corpus, design: DesignMatrix, folder: Path) -> Trained:
    """Fit, choose the threshold of maximal F1, and score out of fold; save the MOJO in the folder.

    Raises TrainingError or ClusterError.
    """
    config = design.config
    fold = assign_folds(corpus.groups, config.out_of_fold_folds)
    for k in range(config.out_of_fold_folds):  # before the time is spent
        check_classes(corpus, fold != k, "the operating points")
    fitted = fit_split(cluster, corpus, design)
    fitted.model.download_mojo(str(folder / MOJO))
    deployed = fitted.probability
    if design.cross_fitted:
        part = np.full(len(fold) + design.padding, b"0")
        frame = _upload(cluster, design, {"part": part}, deployed=True)
        deployed = cluster.predict(fitted.model, frame)[: len(fold)]
    return Trained(
        design=design,
        glm=read_mojo(folder / MOJO),
        malicious=corpus.malicious,
        valid=fitted.valid,
        probability=fitted.probability,
        deployed=deployed,
        out_of_fold=score_out_of_fold(cluster, design, corpus, fold, "out of fold"),
        parameters={
            "h2o_version": h2o.__version__,
            "solver": fitted.model.actual_params["solver"],
            "alpha": config.alpha,
            "lambda": config.ridge(design.name),
            "seed": config.split_seed,
        },
    )


def fit_split(cluster: Cluster, corpus: Corpus, design: DesignMatrix) -> Fitted:
    """Fit on the training split; choose the threshold of maximal F1 on the validation split.

    Raises TrainingError if H2O finds another maximum, ClusterError if it cannot fit. On several
    nodes the threshold may differ from that of one, as H2O compares those of a histogram which
    depends on how rows are spread over nodes.
    """
    malicious = corpus.malicious
    valid = draw_split(cluster, corpus, design.config)
    frame = upload_design(cluster, design, corpus, {"part": valid.astype(np.uint8)})
    training, validation = (frame[frame["part"] == part, :] for part in (_TRAIN, _VALID))
    model = _fit(cluster, design, training, validation)
    probability = cluster.predict(model, frame)[: len(malicious)]
    weights = np.ones(valid.sum()) if design.weights is None else design.weights[valid]
    metrics = model.model_performance(valid=True)._metric_json["thresholds_and_metric_scores"]
    candidates = _candidates(np.array(metrics["threshold"], np.float64), probability[valid])
    threshold = best_f1(probability[valid], malicious[valid], candidates, weights)
    check_threshold(cluster, threshold, probability[valid], malicious[valid], candidates, weights)
    reset_model_threshold(model, threshold)
    return Fitted(model=model, valid=valid, probability=probability, threshold=threshold)


def draw_split(cluster: Cluster, corpus: Corpus, config: TrainConfig = DEFAULTS) -> Bools:
    """Return which rows are for validation, (rows,): whole groups, drawn by H2O.

    Without groups it is drawn on the CSV itself, as in the H2O demo, if the file is one. Raises
    TrainingError if a class is missing on either side.
    """
    valid = _draw(cluster, corpus, config)
    for rows, split in ((~valid, "training"), (valid, "validation")):
        check_classes(corpus, rows, split)
    return valid


def check_classes(corpus: Corpus, rows: Bools, use: str) -> None:
    """Raise TrainingError unless both classes are among some rows, (rows,)."""
    if not 0 < corpus.malicious[rows].sum() < rows.sum():
        raise TrainingError(
            f"{corpus.path}: of {len(rows)} rows {rows.sum()} are drawn for {use}, and both "
            "classes are not among them; more rows or groups are needed"
        )


def _draw(cluster: Cluster, corpus: Corpus, config: TrainConfig) -> Bools:
    if not corpus.grouped and corpus.is_plain:
        try:
            return draw_rows(cluster, corpus.path, len(corpus), config)
        except ClusterError:
            if corpus.reading is None:
                raise
            # A user's own file is split all the same: H2O reads NUL characters, say, differently.
    of_row, groups = corpus.number_groups() if corpus.grouped else (None, len(corpus))
    drawn = draw_rows(cluster, None, groups, config)
    return drawn if of_row is None else drawn[of_row]


def draw_rows(cluster: Cluster, path: Path | None, count: int, config: TrainConfig) -> Bools:
    """Return which rows of a CSV (None: one with their numbers) are for validation, (count,).

    H2O's runif draws them. It depends on the chunks of a file, and these on the cores of the
    machine; their number is therefore fixed. Raises ClusterError if H2O reads another number of
    rows.
    """

    def write(own: Path) -> None:
        if path:
            own.symlink_to(path.resolve())
        else:
            pd.DataFrame({"number": np.arange(count)}).to_csv(own, index=False)

    frame = cluster.upload(write, chunks=_SPLIT_CHUNKS)
    if frame.nrow != count:
        raise ClusterError(f"{path}: H2O reads {frame.nrow} rows, the file has {count}")
    drawn: Bools = download_frame(frame.runif(seed=config.split_seed))[:, 0] >= config.train_share
    return drawn


def upload_design(
    cluster: Cluster,
    design: DesignMatrix,
    corpus: Corpus,
    numbers: dict[str, NDArray[np.uint8]],
    padded: bool = True,
) -> h2o.H2OFrame:
    """Send a design's columns, the class and further columns of numbers, (rows,), to H2O.

    Padding rows come last, with _PADDING in every further column; padded: whether they are kept.
    """
    padding = np.full(design.padding, _PADDING)
    beside = {name: np.append(x, padding).astype("S3") for name, x in numbers.items()}
    malicious = np.append(corpus.malicious, padding != _PADDING)
    beside[RESPONSE] = np.array(LEVELS, "S")[malicious.astype(int)]
    return _upload(cluster, design, beside, rows=None if padded else len(corpus))


def _upload(
    cluster: Cluster,
    design: DesignMatrix,
    beside: Mapping[str, Texts],
    deployed: bool = False,
    rows: int | None = None,
) -> h2o.H2OFrame:
    types = dict.fromkeys(design.columns, design.kind)
    types |= {name: "enum" if name == RESPONSE else "numeric" for name in beside}
    every = np.arange(len(next(iter(beside.values()))))
    write = partial(write_csv, design=design, rows=every, beside=beside, deployed=deployed)
    return cluster.upload(write, types, rows=rows)


def _fit(
    cluster: Cluster,
    design: DesignMatrix,
    training: h2o.H2OFrame,
    validation: h2o.H2OFrame | None = None,
) -> H2OGeneralizedLinearEstimator:
    alpha, ridge = design.config.alpha, design.config.ridge(design.name)
    settings: dict[str, Any] = {"family": "binomial", "alpha": alpha, "lambda_": ridge}
    return cluster.fit(training, design.columns, RESPONSE, validation, **settings)


def fit_all(
    cluster: Cluster, corpus: Corpus, design: DesignMatrix
) -> H2OGeneralizedLinearEstimator:
    """Fit on every row of a corpus; raises ClusterError if H2O cannot."""
    part = np.full(len(corpus), _TRAIN, np.uint8)
    frame = upload_design(cluster, design, corpus, {"part": part})
    return _fit(cluster, design, frame[frame["part"] == _TRAIN, :])


def score_out_of_fold(
    cluster: Cluster, design: DesignMatrix, corpus: Corpus, fold: NDArray[np.uint8], title: str
) -> Floats:
    """Return P(malicious) of every row by a model that was fitted without its fold, (rows,).

    fold is (rows,), from 0 on; title is that of the progress bar. Raises ClusterError if H2O
    cannot fit.
    """
    frame = upload_design(cluster, design, corpus, {"fold": fold}, padded=False)
    probability = np.full(len(fold), np.nan)
    for k in tqdm(np.unique(fold).tolist(), desc=title, unit="fit"):
        model = _fit(cluster, design, frame[frame["fold"] != k, :])
        probability[fold == k] = cluster.predict(model, frame[frame["fold"] == k, :])
        cluster.clear(keep=frame.frame_id)
    return probability


def _candidates(thresholds: Floats, probability: Floats) -> Floats:
    """Move each threshold that H2O compares to the middle between two rows.

    It separates the rows as H2O's does, but no row lies on it, where the last bit of a probability
    would decide.
    """
    rows = np.unique(np.append(probability, 0.0))
    above = np.searchsorted(rows, thresholds).clip(1, len(rows) - 1)
    between: Floats = (rows[above - 1] + rows[above]) / 2
    return np.unique(between)[1 - _H2O_BINS :]  # with the step below all of them, as many as bins


def check_threshold(
    cluster: Cluster,
    threshold: float,
    probability: Floats,
    malicious: Bools,
    candidates: Floats,
    weights: Floats,
) -> None:
    """Raise TrainingError unless H2O, too, finds maximal F1 at the threshold.

    H2O counts in a histogram of 400 bins, which blurs probabilities near a bin's edge. Instead of
    a probability it is given the number of the last candidate that a row reaches, over 512: each
    step then has a bin of its own, and H2O counts exactly. All arrays are (rows,) but candidates,
    which ascend.
    """

    def write(path: Path) -> None:
        for start in range(0, len(probability), BLOCK):
            rows = slice(start, start + BLOCK)
            step = np.searchsorted(candidates, probability[rows], side="right")
            actual = np.array(LEVELS)[malicious[rows].astype(int)]
            table = pd.DataFrame({"p": step / _STEPS, "actual": actual, "weight": weights[rows]})
            table.to_csv(path, index=False, header=not start, mode="a")

    frame = cluster.upload(write, {"p": "numeric", "actual": "enum", "weight": "numeric"})
    metrics = h2o.make_metrics(frame["p"], frame["actual"], domain=LEVELS, weights=frame["weight"])
    reached = round(metrics.find_threshold_by_max_metric("f1") * _STEPS)
    by_h2o = float(candidates[max(reached - 1, 0)])
    scores = f1_scores(probability, malicious, np.array([by_h2o, threshold]), weights)
    if abs(scores[0] - scores[1]) > 1e-9:  # rounding may prefer another of equal ones
        raise TrainingError(f"max F1 is at {by_h2o} by H2O, at {threshold} by our count")
