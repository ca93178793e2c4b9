"""The parts of a report, from scores of rows that no model has seen."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np

from lambda_app.chalicelib.features.types import Bools, Floats
from lambda_app.chalicelib.model.score import Score
from lambda_app.chalicelib.model.scorer import Scorer

from ..corpus.labelled import Corpus
from ..metrics import confusion
from .leave_out import LeaveOut

ALARMS = 100  # of the false alarms, those that are listed
_POINTS = 400  # of a curve
_LENGTHS = (1, 4, 5, 6, 7, 9, 11, 13, 16, 21, 31, 64)  # where each class of lengths starts


def data(corpus: Corpus, families: int) -> dict[str, Any]:
    """What the models were judged on."""
    malicious = int(corpus.malicious.sum())
    return {
        "rows": len(corpus.frame),
        "legitimate": len(corpus.frame) - malicious,
        "malicious": malicious,
        "families": families,
        "description": corpus.describe(),
    }


def head(
    original: dict[str, Any] | None,
    means: dict[str, dict[str, Any]],
    sources: dict[str, list[dict[str, Any]]],
) -> list[dict[str, Any]]:
    """The figures that decide, of both models, beside what was aimed at."""

    def row(what: str, target: float | None, of: dict[str, Any], **more: str) -> dict[str, Any]:
        return {"what": what, "target": target, **of, **({"format": "percent"} | more)}

    rows = []
    if original:
        rates = {name: original["error_rate"][name] for name in means}
        rows.append(row("original split, errors", 0.0045, rates, better="lower"))
    auc = {name: m["macro_auc"] for name, m in means.items()}
    rows.append(row("families left out, macro AUC", 0.97, auc, better="higher", format="number"))
    for rate, target in (("0.01", 0.8), ("0.001", 0.6), ("0.0001", None)):
        recall = {name: m["recall"][rate] for name, m in means.items()}
        what = f"families left out, mean recall at {float(rate):.2%} false positives"
        rows.append(row(what, target, recall, better="higher"))
    for of_source in zip(*sources.values(), strict=True):
        rates = {n: s["false_positive_rate"] for n, s in zip(sources, of_source, strict=True)}
        what = f"{of_source[0]['source']} held out, false positives at max F1"
        rows.append(row(what, 0.03, rates, better="lower"))
    return rows


def curves(result: LeaveOut) -> dict[str, Any]:
    """ROC and precision-recall of the leave-family-out scores, shapes left aside."""
    p, bad = _rows(result)
    order = np.argsort(-p, kind="stable")
    found, wrong = np.cumsum(bad[order]), np.cumsum(~bad[order])
    last = np.flatnonzero(np.diff(p[order], append=-1))  # of rows that no threshold parts
    at = last[np.unique(np.geomspace(1, len(last), _POINTS).astype(int)) - 1]
    recall, rate = found[at] / bad.sum(), wrong[at] / (~bad).sum()
    precision = found[at] / (found[at] + wrong[at])
    return {
        "roc": {"false_positive_rate": rate.tolist(), "recall": recall.tolist()},
        "precision_recall": {"recall": recall.tolist(), "precision": precision.tolist()},
    }


def histogram(result: LeaveOut) -> dict[str, Any]:
    """Rows by log-odds, both classes."""
    p, bad = _rows(result)
    odds = np.log(p.clip(1e-12, 1 - 1e-12)) - np.log1p(-p.clip(1e-12, 1 - 1e-12))
    edges = np.linspace(-12, 12, 49)
    counts = {
        name: np.histogram(odds[rows].clip(-11.99, 11.99), edges)[0].tolist()
        for name, rows in (("legitimate", ~bad), ("malicious", bad))
    }
    return {"edges": edges.tolist(), **counts}


def calibration(result: LeaveOut) -> list[dict[str, Any]]:
    """Predicted and observed share of malicious rows, by tenths of the prediction."""
    p, bad = _rows(result)
    tenth = (p * 10).astype(int).clip(0, 9)
    return [
        {
            "predicted": float(p[tenth == k].mean()),
            "observed": float(bad[tenth == k].mean()),
            "rows": int((tenth == k).sum()),
        }
        for k in range(10)
        if (tenth == k).any()
    ]


def operating_points(result: LeaveOut, model: str) -> list[dict[str, Any]]:
    """Counts at each threshold of the packaged artifact, on families left out."""
    p, bad = _rows(result)
    found = []
    for point, threshold in Scorer.load(model).artifact.thresholds.items():
        counts = confusion(p, bad, threshold)
        found.append(
            {
                "operating_point": point,
                "threshold": threshold,
                **counts._asdict(),
                "false_positive_rate": counts.false_positive / (~bad).sum(),
                "recall": counts.true_positive / bad.sum(),
            }
        )
    return found


def lengths(result: LeaveOut, model: str) -> list[dict[str, Any]]:
    """False alarms and misses at the packaged threshold, by the length of the label."""
    p, bad = _rows(result)
    flagged = p >= Scorer.load(model).threshold
    length = result.corpus.frame["domain"].str.len().to_numpy()[_kept(result)]
    found = []
    for low, high in pairwise(_LENGTHS):
        here = (length >= low) & (length < high)
        legit, malicious = here & ~bad, here & bad
        found.append(
            {
                "from": low,
                "to": high - 1,
                "legitimate": int(legit.sum()),
                "false_positive_rate": _share(flagged[legit]),
                "malicious": int(malicious.sum()),
                "missed": _share(~flagged[malicious]),
            }
        )
    return found


def false_alarms(result: LeaveOut, model: str) -> list[dict[str, Any]]:
    """The legitimate names of highest score, with what the packaged model says of them."""
    legit = np.flatnonzero(~result.corpus.malicious)
    worst = legit[np.argsort(-result.probability[legit], kind="stable")[:ALARMS]]
    rows = result.corpus.frame.iloc[worst]
    found = []
    names, explained = list(rows["domain"]), Scorer.load(model).score_many(list(rows["domain"]))
    for name, source, p, score in zip(
        names, rows["subclass"], result.probability[worst].tolist(), explained, strict=True
    ):
        judged = score if isinstance(score, Score) else None  # other scripts are refused
        found.append(
            {
                "name": name,
                "source": source,
                "probability": p,
                "segmentation": (judged and judged.segmentation) or name,
                "unlikely": (judged and judged.unlikely) or "",
            }
        )
    return found


def _share(flags: Bools) -> float | None:
    return float(flags.mean()) if flags.size else None


def _kept(result: LeaveOut) -> Bools:
    """The rows that were left out once: all but those of no family."""
    return ~np.isnan(result.probability)


def _rows(result: LeaveOut) -> tuple[Floats, Bools]:
    kept = _kept(result)
    return result.probability[kept], result.corpus.malicious[kept]
