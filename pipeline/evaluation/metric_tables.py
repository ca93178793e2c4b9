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
from .results import FamilyMeans, HeadRow, Row

MAX_FALSE_ALARMS = 100  # listed in the report
_POINTS = 400  # of a curve
_LENGTHS = (1, 4, 5, 6, 7, 9, 11, 13, 16, 21, 31, 64)  # the shortest label of each bin


def summarize_data(corpus: Corpus, families: int) -> Row:
    """Count the rows that the models are evaluated on."""
    malicious, rows = int(corpus.malicious.sum()), len(corpus)
    counts = {"rows": rows, "legitimate": rows - malicious, "malicious": malicious}
    return counts | {"families": families, "description": corpus.describe()}


def build_head(
    original: Row,
    means: Mapping[str, FamilyMeans],
    sources: Mapping[str, Sequence[Row]],
) -> list[HeadRow]:
    """Return the first table: the decisive figures of both models beside their targets."""
    rows = []
    if original:
        rows.append(_share_row("original split, errors", 0.0045, original["error_rate"], "lower"))
    auc = {name: x.macro_auc for name, x in means.items()}
    rows.append(HeadRow("families left out, macro AUC", 0.97, auc["classic"], auc["language"]))
    for rate, target in zip(RATES, (0.8, 0.6, None), strict=True):
        what = f"families left out, mean recall at {rate:.2%} false positives"
        recall = {name: x.recall[rate] for name, x in means.items()}
        rows.append(_share_row(what, target, recall, "higher"))
    for results in zip(*sources.values(), strict=True):
        what = f"{results[0]['source']} held out, false positives at max F1"
        flagged = {n: x["false_positive_rate"] for n, x in zip(sources, results, strict=True)}
        rows.append(_share_row(what, 0.03, flagged, "lower"))
    return rows


def _share_row(
    what: str, target: float | None, of: Mapping[str, float], better: Literal["lower", "higher"]
) -> HeadRow:
    return HeadRow(what, target, of["classic"], of["language"], "percent", better)


def compute_curves(result: LeaveOut) -> Row:
    """Compute ROC and precision-recall of the leave-family-out scores."""
    p, bad = _scored_rows(result)
    order = np.argsort(-p, kind="stable")
    true_positive, false_positive = np.cumsum(bad[order]), np.cumsum(~bad[order])
    last = np.flatnonzero(np.diff(p[order], append=-1))  # of the rows of one probability
    at = last[np.unique(np.geomspace(1, len(last), _POINTS).astype(int)) - 1]
    recall, rate = true_positive[at] / bad.sum(), false_positive[at] / (~bad).sum()
    precision = true_positive[at] / (true_positive[at] + false_positive[at])
    return {
        "roc": {"false_positive_rate": rate.tolist(), "recall": recall.tolist()},
        "precision_recall": {"recall": recall.tolist(), "precision": precision.tolist()},
    }


def compute_histogram(result: LeaveOut) -> Row:
    """Count the rows of both classes by log-odds."""
    p, bad = _scored_rows(result)
    odds = np.log(p.clip(1e-12, 1 - 1e-12)) - np.log1p(-p.clip(1e-12, 1 - 1e-12))
    edges = np.linspace(-12, 12, 49)
    odds = odds.clip(-11.99, 11.99)
    counts = {"legitimate": odds[~bad], "malicious": odds[bad]}
    histograms = {name: np.histogram(x, edges)[0].tolist() for name, x in counts.items()}
    return {"edges": edges.tolist()} | histograms


def compute_calibration(result: LeaveOut) -> list[Row]:
    """Compare predicted and observed shares of malicious rows, by tenths of the prediction."""
    p, bad = _scored_rows(result)
    tenth = (p * 10).astype(int).clip(0, 9)
    bins = [tenth == k for k in range(10)]
    return [
        {
            "predicted": float(p[rows].mean()),
            "observed": float(bad[rows].mean()),
            "rows": int(rows.sum()),
        }
        for rows in bins
        if rows.any()
    ]


def count_at_thresholds(result: LeaveOut, model: str) -> list[Row]:
    """Count right and wrong verdicts at each threshold of the packaged artifact."""
    p, bad = _scored_rows(result)
    points = []
    for point, threshold in Scorer.load(model).artifact.thresholds.items():
        counts = confusion(p, bad, threshold)
        row: Row = {"operating_point": point, "threshold": threshold, **counts._asdict()}
        row["false_positive_rate"] = float(counts.false_positive / (~bad).sum())
        row["recall"] = float(counts.true_positive / bad.sum())
        points.append(row)
    return points


def compute_length_errors(result: LeaveOut, model: str) -> list[Row]:
    """Compute both error rates at the packaged threshold, by the length of the label."""
    p, bad = _scored_rows(result)
    flagged = p >= Scorer.load(model).threshold
    length = result.corpus.frame["domain"].str.len().to_numpy()[~np.isnan(result.probability)]
    bins = []
    for low, high in pairwise(_LENGTHS):
        here = (length >= low) & (length < high)
        legit, malicious = flagged[here & ~bad], ~flagged[here & bad]
        row: Row = {"from": low, "to": high - 1}
        for kind, rate, wrong in (
            ("legitimate", "false_positive_rate", legit),
            ("malicious", "missed", malicious),
        ):
            row |= {kind: wrong.size, rate: float(wrong.mean()) if wrong.size else None}
        bins.append(row)
    return bins


def list_false_alarms(result: LeaveOut, model: str) -> list[Row]:
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
        row = {"name": name, "source": source, "probability": p}
        alarms.append(row | {"segmentation": words or name, "unlikely": unlikely or ""})
    return alarms


def _scored_rows(result: LeaveOut) -> tuple[Floats, Bools]:
    """Return probability and class of the rows that were left out: none of synthetic families."""
    scored = ~np.isnan(result.probability)
    return result.probability[scored], result.corpus.malicious[scored]
