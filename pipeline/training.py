"""Feature matrix, GLM in H2O, threshold of maximal F1."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h2o
import numpy as np
import pandas as pd
from h2o.estimators import H2OGeneralizedLinearEstimator
from h2o.utils.model_utils import reset_model_threshold
from numpy.typing import NDArray

from lambda_app.chalicelib import features
from lambda_app.chalicelib.lexicon import Lexicon

from .cluster import Cluster, download
from .corpus import Corpus
from .errors import PipelineError
from .metrics import best_f1, confusion

# Every knob of the training.
SEED = 123456  # of H2O's runif, which draws the split
TRAIN_SHARE = 0.8
ALPHA = 0.0  # ridge only
LAMBDA = 1e-5

MOJO = "mojo.zip"
RESPONSE = "class"
LEVELS = ["legit", "malicious"]  # in the order of H2O's factor: the second is class 1

_BINS = 400  # of H2O's histogram of probabilities (AUC2.NBINS)
_STEPS = 512  # more than bins, and a power of two: step / 512 is exact

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


class TrainingError(PipelineError):
    """Data that no model can be trained on, or two counts that do not agree."""


@dataclass(frozen=True)
class Trained:
    """A model that H2O has trained, on what, and what H2O says of it."""

    values: pd.DataFrame  # (rows, features)
    malicious: Bools  # (rows,)
    valid: Bools  # (rows,) those of the validation split
    probability: Floats  # (rows,) P(malicious) as the cluster scores them
    candidates: Floats  # the thresholds that were compared
    parameters: dict[str, Any]


def train(
    cluster: Cluster, corpus: Corpus, names: tuple[str, ...], lexicon: Lexicon, folder: Path
) -> Trained:
    """Train on a running cluster and save the MOJO in a folder."""
    values = features.matrix(corpus.labels, names, lexicon)
    valid = cluster.draw_split(corpus.path, len(values), TRAIN_SHARE, SEED)
    _check_split(corpus, valid)
    columns = pd.DataFrame(values, columns=list(names))
    response = np.array(LEVELS)[corpus.malicious.astype(int)]
    frame = cluster.upload(columns.assign(**{RESPONSE: response, "valid": valid.astype(int)}))
    model = _fit(cluster, frame, list(names))
    probability = download(model.predict(frame)[["malicious"]])[:, 0]
    candidates = _candidates(model, probability[valid])
    threshold = _threshold(cluster, probability[valid], corpus.malicious[valid], candidates)
    reset_model_threshold(model, threshold)
    model.download_mojo(str(folder / MOJO))
    return Trained(
        columns,
        corpus.malicious,
        valid,
        probability,
        candidates,
        {
            "h2o_version": h2o.__version__,
            "solver": model.actual_params["solver"],
            "alpha": ALPHA,
            "lambda": LAMBDA,
            "seed": SEED,
        },
    )


def _check_split(corpus: Corpus, valid: Bools) -> None:
    for rows, split in ((~valid, "training"), (valid, "validation")):
        if not 0 < corpus.malicious[rows].sum() < rows.sum():
            raise TrainingError(
                f"{corpus.path}: of {len(rows)} rows {rows.sum()} are drawn for {split}, and not "
                "both classes are among them; more rows are needed"
            )


def _fit(cluster: Cluster, frame: h2o.H2OFrame, names: list[str]) -> H2OGeneralizedLinearEstimator:
    model = H2OGeneralizedLinearEstimator(
        model_id=cluster.key("glm"), family="binomial", alpha=ALPHA, lambda_=LAMBDA
    )
    rows = frame["valid"]
    model.train(
        x=names,
        y=RESPONSE,
        training_frame=frame[rows == 0, :],
        validation_frame=frame[rows == 1, :],
    )
    return model


def _candidates(model: H2OGeneralizedLinearEstimator, probability: Floats) -> Floats:
    """The thresholds that H2O compares, each moved to the middle between two rows.

    They part the rows as H2O's do, but no row stands on the line, where the
    last bit of a probability would decide.
    """
    metrics = model.model_performance(valid=True)._metric_json
    thresholds = np.array(metrics["thresholds_and_metric_scores"]["threshold"], np.float64)
    rows = np.unique(np.append(probability, 0.0))
    above = np.searchsorted(rows, thresholds).clip(1, len(rows) - 1)
    between: Floats = (rows[above - 1] + rows[above]) / 2
    return np.unique(between)[1 - _BINS :]  # with the step below them all, as many as bins


def _threshold(
    cluster: Cluster, probability: Floats, malicious: Bools, candidates: Floats
) -> float:
    """The candidate of maximal F1, by H2O and by our own count.

    H2O's histogram of 400 bins blurs its counts at the bins' edges; given the
    step that each probability reaches instead of the probability, it counts
    exactly.
    """
    step = np.searchsorted(candidates, probability, side="right")
    table = pd.DataFrame({"p": step / _STEPS, "actual": np.array(LEVELS)[malicious.astype(int)]})
    frame = cluster.upload(table)
    metrics = h2o.make_metrics(frame["p"], frame["actual"], domain=LEVELS)
    reached = round(metrics.find_threshold_by_max_metric("f1") * _STEPS)
    ours = best_f1(probability, malicious, candidates)
    theirs = float(candidates[max(reached - 1, 0)])
    scores = [confusion(probability, malicious, x).f1 for x in (theirs, ours)]
    if abs(scores[0] - scores[1]) > 1e-12:  # of equals, rounding may prefer another
        raise TrainingError(f"max F1 at {theirs} by H2O, at {ours} by our count")
    return ours
