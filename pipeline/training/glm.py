"""A GLM in H2O: the split, the fit, the threshold of maximal F1, scores out of fold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h2o
import numpy as np
import pandas as pd
from h2o.estimators import H2OGeneralizedLinearEstimator
from h2o.exceptions import H2OResponseError
from h2o.utils.model_utils import reset_model_threshold
from numpy.typing import NDArray
from tqdm import tqdm

from malicious_domains.features.array_types import Bools, Floats
from malicious_domains.names.errors import MaliciousDomainsError

from ..corpus.labelled import Corpus
from ..h2o_cluster.cluster import Cluster, download
from ..h2o_cluster.nodes import ClusterError
from . import histogram, shards
from .config import DEFAULTS, TrainConfig
from .design import DesignMatrix
from .metrics import best_f1, f1
from .shards import Codes

RESPONSE = "class"
LEVELS = ["legit", "malicious"]  # in the order of H2O's factor: the second is class 1

_H2O_BINS = 400  # of H2O's histogram of probabilities (AUC2.NBINS)
_STEPS = 512  # more than bins, and a power of two: step / 512 is exact
_TRAIN, _VALID, _PADDING = 0, 1, 2


class TrainingError(MaliciousDomainsError):
    """Data that no model can be trained on, or two counts that do not agree."""


@dataclass(frozen=True)
class Fitted:
    """A GLM in H2O, the split that it was fitted on, and its threshold."""

    model: H2OGeneralizedLinearEstimator
    valid: Bools  # (rows,) those of the validation split
    probability: Floats  # (rows,) P(malicious) by the cluster, by tables that did not count a row
    threshold: float


@dataclass(frozen=True)
class Trained:
    """A model that H2O has trained, on what, and what H2O says of it."""

    design: DesignMatrix
    malicious: Bools  # (rows,)
    valid: Bools  # (rows,) those of the validation split
    probability: Floats  # (rows,) P(malicious) by the cluster, by tables that did not count a row
    deployed: Floats  # (rows,) the same by the tables that are deployed
    out_of_fold: Floats  # (rows,) by models that have not seen the row's fold
    parameters: dict[str, Any]  # what H2O was told, as an artifact records it


def fit(cluster: Cluster, corpus: Corpus, design: DesignMatrix) -> Fitted:
    """Fit on the training split; the threshold is that of maximal F1 on the validation split.

    Raises TrainingError if H2O cannot fit, or counts another maximum.
    """
    malicious = corpus.malicious
    valid = draw_split(cluster, corpus, design.config)
    frame = load(cluster, design, corpus, {"part": valid.astype(np.uint8)})
    split = [cluster.rows(frame, frame["part"] == which) for which in (_TRAIN, _VALID)]
    model = _fit(cluster, design, *split)
    probability = predict(model, frame, len(malicious))
    weights = np.ones(valid.sum()) if design.weights is None else design.weights[valid]
    if cluster.size == 1:
        thresholds = histogram.of_model(model)
    else:
        rows = cluster.chunks(split[_VALID])
        thresholds = histogram.by_one_node(rows, probability[valid], malicious[valid])
    candidates = _candidates(thresholds, probability[valid])
    threshold = best_f1(probability[valid], malicious[valid], candidates, weights)
    check_with_h2o(cluster, threshold, probability[valid], malicious[valid], candidates, weights)
    reset_model_threshold(model, threshold)
    return Fitted(model=model, valid=valid, probability=probability, threshold=threshold)


def draw_split(cluster: Cluster, corpus: Corpus, config: TrainConfig = DEFAULTS) -> Bools:
    """Which rows are for validation, bool (rows,): whole groups, drawn by H2O.

    Where rows have no groups, on the CSV itself, as the original does, if it is one.
    Raises TrainingError if a class is missing on either side.
    """
    valid = _draw(cluster, corpus, config)
    for rows, split in ((~valid, "training"), (valid, "validation")):
        check_classes(corpus, rows, split)
    return valid


def check_classes(corpus: Corpus, rows: Bools, use: str) -> None:
    """Raise TrainingError unless both classes are among some rows, bool (rows,)."""
    if not 0 < corpus.malicious[rows].sum() < rows.sum():
        raise TrainingError(
            f"{corpus.path}: of {len(rows)} rows {rows.sum()} are drawn for {use}, and not "
            "both classes are among them; more rows or groups are needed"
        )


def _draw(cluster: Cluster, corpus: Corpus, config: TrainConfig) -> Bools:
    share, seed = config.train_share, config.split_seed
    if not corpus.grouped and corpus.plain:
        try:
            return cluster.draw_split(corpus.path, len(corpus), share, seed)
        except ClusterError:
            if corpus.taken is None:
                raise
            # One's own is split all the same: H2O reads NULs, say, otherwise than we do.
    with cluster.folder() as folder:
        path = folder / "groups.csv"
        if not corpus.grouped:
            return cluster.draw_split(_numbers(path, len(corpus)), len(corpus), share, seed)
        of_row, groups = corpus.numbered_groups()
        return cluster.draw_split(_numbers(path, groups), groups, share, seed)[of_row]


def _numbers(path: Path, count: int) -> Path:
    """A CSV of so many rows, each of which has its number."""
    pd.DataFrame({"number": np.arange(count)}).to_csv(path, index=False)
    return path


def load(
    cluster: Cluster, design: DesignMatrix, corpus: Corpus, extra: dict[str, NDArray[np.uint8]]
) -> h2o.H2OFrame:
    """Send a design's columns, the class and integer columns of ours to H2O.

    Padding rows come last; they have _PADDING in every column of ours.
    """
    padding = [_PADDING] * design.padding
    beside = {name: Codes.of(numbers, padding) for name, numbers in extra.items()}
    malicious = np.append(corpus.malicious, np.zeros(design.padding, np.bool_))
    beside[RESPONSE] = Codes([level.encode() for level in LEVELS], malicious.astype(np.uint8))
    return _send(cluster, design, beside, deployed=False)


def _send(
    cluster: Cluster, design: DesignMatrix, beside: Mapping[str, Codes], deployed: bool
) -> h2o.H2OFrame:
    types = dict.fromkeys(design.columns, design.kind)
    types |= {name: "enum" if name == RESPONSE else "numeric" for name in beside}
    with cluster.folder() as folder:
        return cluster.read(shards.write(folder, design, beside, deployed), types)


def predict_deployed(
    cluster: Cluster, model: H2OGeneralizedLinearEstimator, design: DesignMatrix, rows: int
) -> Floats:
    """P(malicious) of every row by the tables that are deployed, (rows,)."""
    beside = {"part": Codes.of(np.zeros(rows + design.padding, np.uint8))}
    return predict(model, _send(cluster, design, beside, deployed=True), rows)


def predict(model: H2OGeneralizedLinearEstimator, frame: h2o.H2OFrame, rows: int) -> Floats:
    """P(malicious) of the first rows of a frame, (rows,)."""
    return download(model.predict(frame)[["malicious"]])[:rows, 0]


def _fit(
    cluster: Cluster,
    design: DesignMatrix,
    training: h2o.H2OFrame,
    validation: h2o.H2OFrame | None = None,
) -> H2OGeneralizedLinearEstimator:
    model = H2OGeneralizedLinearEstimator(
        model_id=cluster.key("glm"),
        family="binomial",
        alpha=design.config.alpha,
        lambda_=design.config.ridge(design.name),
    )
    try:
        model.train(
            x=list(design.columns), y=RESPONSE, training_frame=training, validation_frame=validation
        )
    except H2OResponseError as error:
        lines = str(getattr(error.args[0], "msg", error)).strip().splitlines()
        raise TrainingError(f"H2O cannot fit these rows: {lines[0]}") from error
    return model


def fit_all(
    cluster: Cluster, corpus: Corpus, design: DesignMatrix
) -> H2OGeneralizedLinearEstimator:
    """Fit on every row of a corpus; raises TrainingError if H2O cannot."""
    part = np.full(len(corpus), _TRAIN, np.uint8)
    frame = load(cluster, design, corpus, {"part": part})
    return _fit(cluster, design, cluster.rows(frame, frame["part"] == _TRAIN))


def out_of_fold(
    cluster: Cluster,
    design: DesignMatrix,
    corpus: Corpus,
    fold: NDArray[np.uint8],
    what: str,
) -> Floats:
    """P(malicious) of every row by a model that was fitted without its fold, (rows,).

    fold is (rows,), from 0 on; what names the progress bar. Raises TrainingError if H2O cannot fit.
    """
    padded = load(cluster, design, corpus, {"fold": fold})
    frame = h2o.assign(padded[: len(fold), :], cluster.key("rows"))
    probability = np.full(len(fold), np.nan)
    for k in tqdm(np.unique(fold).tolist(), desc=what, unit="fit"):
        rows = np.flatnonzero(fold == k)
        model = _fit(cluster, design, cluster.rows(frame, frame["fold"] != k))
        probability[rows] = predict(model, cluster.rows(frame, frame["fold"] == k), len(rows))
        cluster.clear({frame.frame_id})
    return probability


def _candidates(thresholds: Floats, probability: Floats) -> Floats:
    """The thresholds that H2O compares, each moved to the middle between two rows.

    They part the rows as H2O's do, but no row stands on the line, where the
    last bit of a probability would decide.
    """
    rows = np.unique(np.append(probability, 0.0))
    above = np.searchsorted(rows, thresholds).clip(1, len(rows) - 1)
    between: Floats = (rows[above - 1] + rows[above]) / 2
    return np.unique(between)[1 - _H2O_BINS :]  # with the step below them all, as many as bins


def check_with_h2o(
    cluster: Cluster,
    threshold: float,
    probability: Floats,
    malicious: Bools,
    candidates: Floats,
    weights: Floats,
) -> None:
    """Raise TrainingError unless H2O, too, finds maximal F1 at the threshold.

    H2O counts in a histogram of 400 bins, which blurs what falls near a bin's edge. So it is
    given, instead of a probability, the number of the last candidate that a row reaches, over
    512: every step then has a bin of its own, and H2O counts exactly. All arrays are (rows,) but
    candidates, which ascend.
    """
    with cluster.folder() as folder:
        path = folder / "steps.csv"
        for start in range(0, len(probability), shards.TOGETHER):
            some = slice(start, start + shards.TOGETHER)
            step = np.searchsorted(candidates, probability[some], side="right")
            actual = np.array(LEVELS)[malicious[some].astype(int)]
            table = pd.DataFrame({"p": step / _STEPS, "actual": actual, "weight": weights[some]})
            table.to_csv(path, index=False, header=not start, mode="a")
        frame = cluster.read([path], {"p": "numeric", "actual": "enum", "weight": "numeric"})
    metrics = h2o.make_metrics(frame["p"], frame["actual"], domain=LEVELS, weights=frame["weight"])
    reached = round(metrics.find_threshold_by_max_metric("f1") * _STEPS)
    theirs = float(candidates[max(reached - 1, 0)])
    scores = f1(probability, malicious, np.array([theirs, threshold]), weights)
    if abs(scores[0] - scores[1]) > 1e-9:  # of equals, rounding may prefer another
        raise TrainingError(f"max F1 at {theirs} by H2O, at {threshold} by our count")
