"""Compute the parts of a report from scores of rows that no model has seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Literal

import numpy as np

from malicious_domains.model.score import Score
from malicious_domains.model.scorer import Scorer
from malicious_domains.names.array_types import Bools, Floats

from ..corpus.labelled import Corpus
from ..training.metrics import confusion
from .leave_out import RATES, LeaveOut
from .results import (
    CalibrationBin,
    Curves,
    DataSummary,
    FalseAlarm,
    FamilyMeans,
    HeadRow,
    Histogram,
    LengthBin,
    OperatingPoint,
    OriginalTable,
    SourceResult,
)

MAX_FALSE_ALARMS = 100  # listed in the report
_POINTS = 400  # of a curve
_LENGTHS = (1, 4, 5, 6, 7, 9, 11, 13, 16, 21, 31, 64)  # the shortest label of each bin


def summarize_data(corpus: Corpus, families: int) -> DataSummary:
    """Count the rows that the models are evaluated on."""
    malicious, rows = int(corpus.malicious.sum()), len(corpus)
    return DataSummary(rows, rows - malicious, malicious, families, corpus.describe())


def build_head(
    original: OriginalTable | None,
    means: Mapping[str, FamilyMeans],
    sources: Mapping[str, Sequence[SourceResult]],
) -> list[HeadRow]:
    """Return the first table: the decisive figures of both models beside their targets."""
    rows = []
    if original:
        rows.append(_share_row("original split, errors", 0.0045, original.error_rate, "lower"))
    auc = {name: x.macro_auc for name, x in means.items()}
    rows.append(HeadRow("families left out, macro AUC", 0.97, auc["classic"], auc["language"]))
    for rate, target in zip(RATES, (0.8, 0.6, None), strict=True):
        what = f"families left out, mean recall at {rate:.2%} false positives"
        recall = {name: x.recall[rate] for name, x in means.items()}
        rows.append(_share_row(what, target, recall, "higher"))
    for results in zip(*sources.values(), strict=True):
        what = f"{results[0].source} held out, false positives at max F1"
        flagged = {n: x.false_positive_rate for n, x in zip(sources, results, strict=True)}
        rows.append(_share_row(what, 0.03, flagged, "lower"))
    return rows


def _share_row(
    what: str, target: float | None, of: Mapping[str, float], better: Literal["lower", "higher"]
) -> HeadRow:
    return HeadRow(what, target, of["classic"], of["language"], "percent", better)


def compute_curves(result: LeaveOut) -> Curves:
    """Compute ROC and precision-recall of the leave-family-out scores."""
    p, bad = _scored_rows(result)
    order = np.argsort(-p, kind="stable")
    true_positive, false_positive = np.cumsum(bad[order]), np.cumsum(~bad[order])
    last = np.flatnonzero(np.diff(p[order], append=-1))  # of the rows of one probability
    at = last[np.unique(np.geomspace(1, len(last), _POINTS).astype(int)) - 1]
    recall, rate = true_positive[at] / bad.sum(), false_positive[at] / (~bad).sum()
    precision = true_positive[at] / (true_positive[at] + false_positive[at])
    return Curves(
        roc={"false_positive_rate": rate.tolist(), "recall": recall.tolist()},
        precision_recall={"recall": recall.tolist(), "precision": precision.tolist()},
    )


def compute_histogram(result: LeaveOut) -> Histogram:
    """Count the rows of both classes by log-odds."""
    p, bad = _scored_rows(result)
    odds = np.log(p.clip(1e-12, 1 - 1e-12)) - np.log1p(-p.clip(1e-12, 1 - 1e-12))
    edges = np.linspace(-12, 12, 49)
    legitimate, malicious = (
        np.histogram(odds[rows].clip(-11.99, 11.99), edges)[0].tolist() for rows in (~bad, bad)
    )
    return Histogram(edges.tolist(), legitimate, malicious)


def compute_calibration(result: LeaveOut) -> list[CalibrationBin]:
    """Compare predicted and observed shares of malicious rows, by tenths of the prediction."""
    p, bad = _scored_rows(result)
    tenth = (p * 10).astype(int).clip(0, 9)
    bins = [tenth == k for k in range(10)]
    return [
        CalibrationBin(float(p[rows].mean()), float(bad[rows].mean()), int(rows.sum()))
        for rows in bins
        if rows.any()
    ]


def count_at_thresholds(result: LeaveOut, model: str) -> list[OperatingPoint]:
    """Count right and wrong verdicts at each threshold of the packaged artifact."""
    p, bad = _scored_rows(result)
    points = []
    for point, threshold in Scorer.load(model).artifact.thresholds.items():
        counts = confusion(p, bad, threshold)
        rate = float(counts.false_positive / (~bad).sum())
        recall = float(counts.true_positive / bad.sum())
        points.append(OperatingPoint(point, threshold, *counts, rate, recall))
    return points


def compute_length_errors(result: LeaveOut, model: str) -> list[LengthBin]:
    """Compute both error rates at the packaged threshold, by the length of the label."""
    p, bad = _scored_rows(result)
    flagged = p >= Scorer.load(model).threshold
    length = result.corpus.frame["domain"].str.len().to_numpy()[~np.isnan(result.probability)]
    bins = []
    for low, high in pairwise(_LENGTHS):
        here = (length >= low) & (length < high)
        legit, malicious = flagged[here & ~bad], ~flagged[here & bad]
        rates = [float(x.mean()) if x.size else None for x in (legit, malicious)]
        bins.append(LengthBin(low, high - 1, legit.size, rates[0], malicious.size, rates[1]))
    return bins


def list_false_alarms(result: LeaveOut, model: str) -> list[FalseAlarm]:
    """Return the legitimate names of highest score, as the packaged model explains them."""
    legit = np.flatnonzero(~result.corpus.malicious)
    worst = legit[np.argsort(-result.probability[legit], kind="stable")[:MAX_FALSE_ALARMS]]
    rows, probability = result.corpus.frame.iloc[worst], result.probability[worst].tolist()
    explained = Scorer.load(model).score_many(list(rows["domain"]))
    alarms = []
    for name, source, p, score in zip(
        rows["domain"], rows["subclass"], probability, explained, strict=True
    ):
        scored = score if isinstance(score, Score) else None  # names in other scripts are skipped
        words, unlikely = (scored.segmentation, scored.unlikely) if scored else (None, None)
        alarms.append(FalseAlarm(name, source, p, words or name, unlikely or ""))
    return alarms


def _scored_rows(result: LeaveOut) -> tuple[Floats, Bools]:
    """Return probability and class of the rows that were left out: none of synthetic families."""
    scored = ~np.isnan(result.probability)
    return result.probability[scored], result.corpus.malicious[scored]
