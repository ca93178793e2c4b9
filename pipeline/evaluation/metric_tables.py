"""Compute the parts of a report from scores of rows that no model has seen.

>>> from pathlib import Path
>>> rows = {"host": ["google.com", "xmqj.ru"], "domain": ["google", "xmqj"]}
>>> rows |= {"class": ["legit", "dga"], "subclass": ["hsts", "goz"]}
>>> corpus = Corpus("own", Path("own.csv"), pd.DataFrame(rows))
>>> result = LeaveOut(corpus, np.array([0, 0]), probability=np.array([0.25, 0.75]))
>>> summarize_data(corpus, families=1)["description"]
'own: 2 rows (1 hsts, 1 goz)'
>>> compute_curves(result)["roc"]
{'false_positive_rate': [0.0, 1.0], 'recall': [1.0, 1.0]}
>>> compute_calibration(result)
[{'predicted': 0.25, 'observed': 0.0, 'rows': 1}, {'predicted': 0.75, 'observed': 1.0, 'rows': 1}]
>>> [x["recall"] for x in count_at_thresholds(result, "classic")]
[1.0, 1.0, 0.0, 0.0]
>>> compute_length_errors(result, "classic")[1]
{'from': 4, 'to': 4, 'legitimate': 0, 'false_positive_rate': nan, 'malicious': 1, 'missed': 0.0}
>>> list_false_alarms(result, "classic")[0]["name"]
'google'
>>> means = {"macro_auc": 0.98, "recall": dict.fromkeys(RATES, 0.5)}
>>> [x["what"] for x in build_head({}, {"classic": means, "language": means}, {})][:2]
['families left out, macro AUC', 'families left out, mean recall at 1.00% false positives']
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from malicious_domains.model.scorer import Scorer

from ..corpus.labelled import Corpus
from ..training.metrics import confusion
from .leave_out import LeaveOut
from .results import RATES, Row

MAX_FALSE_ALARMS = 100  # listed in the report
_POINTS = 400  # of a curve
_LENGTHS = (1, 4, 5, 6, 7, 9, 11, 13, 16, 21, 31, 64)  # the shortest label of each bin
_TARGETS = dict(zip(RATES, (0.8, 0.6, None), strict=True))  # of recall


def summarize_data(corpus: Corpus, families: int) -> Row:
    """Count the rows that the models are evaluated on."""
    malicious, rows = int(corpus.malicious.sum()), len(corpus)
    counts = {"rows": rows, "legitimate": rows - malicious, "malicious": malicious}
    return counts | {"families": families, "description": corpus.describe()}


def build_head(
    original: Row, means: Mapping[str, Row], sources: Mapping[str, Sequence[Row]]
) -> list[Row]:
    """Return the first table: the decisive figures of both models beside their targets."""
    rows, auc = [], {name: x["macro_auc"] for name, x in means.items()}
    if original:
        rows.append(_make_row("original split, errors", "lower", 0.0045, original["error_rate"]))
    rows.append(_make_row("families left out, macro AUC", "higher", 0.97, auc, "number"))
    for rate, target in _TARGETS.items():
        what = f"families left out, mean recall at {rate:.2%} false positives"
        recall = {name: x["recall"][rate] for name, x in means.items()}
        rows.append(_make_row(what, "higher", target, recall))
    for results in zip(*sources.values(), strict=True):
        what = f"{results[0]['source']} held out, false positives at max F1"
        flagged = {n: x["false_positive_rate"] for n, x in zip(sources, results, strict=True)}
        rows.append(_make_row(what, "lower", 0.03, flagged))
    return rows


def _make_row(what: str, better: str, target: float | None, of: Row, kind: str = "percent") -> Row:
    """Make a row of the first table; better: lower or higher."""
    figures = {"target": target, "classic": of["classic"], "language": of["language"]}
    return {"what": what, **figures, "format": kind, "better": better}


def compute_curves(result: LeaveOut) -> Row:
    """Compute ROC and precision-recall of the leave-family-out scores."""
    table = _scored_rows(result).sort_values("p", ascending=False, kind="stable")
    hits, misses = table["bad"].cumsum().to_numpy(), (~table["bad"]).cumsum().to_numpy()
    last = np.flatnonzero(np.diff(table["p"], append=-1))  # of the rows of one probability
    at = last[np.unique(np.geomspace(1, len(last), _POINTS).astype(int)) - 1]
    recall, rate = (hits[at] / hits[-1]).tolist(), (misses[at] / misses[-1]).tolist()
    precision = (hits[at] / (hits[at] + misses[at])).tolist()
    return {
        "roc": {"false_positive_rate": rate, "recall": recall},
        "precision_recall": {"recall": recall, "precision": precision},
    }


def compute_calibration(result: LeaveOut) -> list[Row]:
    """Compare predicted and observed shares of malicious rows, by tenths of the prediction."""
    table = _scored_rows(result)
    tenths = table.groupby((table["p"] * 10).astype(int).clip(0, 9))
    rows = tenths.agg(predicted=("p", "mean"), observed=("bad", "mean"), rows=("p", "size"))
    return [{str(k): x for k, x in row.items()} for row in rows.to_dict("records")]


def count_at_thresholds(result: LeaveOut, model: str) -> list[Row]:
    """Count right and wrong verdicts at each threshold of the packaged artifact."""
    table = _scored_rows(result)
    points = []
    for point, threshold in Scorer.load(model).artifact.thresholds.items():
        counts = confusion(table["p"].to_numpy(), table["bad"].to_numpy(), threshold)
        row: Row = {"operating_point": point, "threshold": threshold, **counts._asdict()}
        row["false_positive_rate"] = float(counts.false_positive / (~table["bad"]).sum())
        row["recall"] = float(counts.true_positive / table["bad"].sum())
        points.append(row)
    return points


def compute_length_errors(result: LeaveOut, model: str) -> list[Row]:
    """Compute both error rates at the packaged threshold, by the length of the label."""
    table = _scored_rows(result)
    wrong = (table["p"] >= Scorer.load(model).threshold) != table["bad"]
    bins = pd.cut(table["label"].str.len(), _LENGTHS, right=False)
    rows = []
    for span, own in wrong.groupby(bins, observed=False):
        legitimate, malicious = own[~table["bad"][own.index]], own[table["bad"][own.index]]
        counts = {"legitimate": len(legitimate), "false_positive_rate": float(legitimate.mean())}
        counts |= {"malicious": len(malicious), "missed": float(malicious.mean())}
        rows.append({"from": int(span.left), "to": int(span.right) - 1, **counts})
    return rows


def list_false_alarms(result: LeaveOut, model: str) -> list[Row]:
    """Return the legitimate names of highest score, as the packaged model explains them."""
    frame = result.corpus.frame.assign(p=result.probability)[~result.corpus.malicious]
    worst = frame.sort_values("p", ascending=False, kind="stable").head(MAX_FALSE_ALARMS)
    explained = Scorer.load(model).score_many(list(worst["domain"]))
    alarms = []
    for row, score in zip(worst.itertuples(), explained, strict=True):
        alarm = {"name": row.domain, "source": row.subclass, "probability": row.p}
        # Names in other scripts are skipped, and the baseline has no segmentation.
        alarm["segmentation"] = getattr(score, "segmentation", None) or row.domain
        alarms.append(alarm | {"unlikely": getattr(score, "unlikely", None) or ""})
    return alarms


def _scored_rows(result: LeaveOut) -> pd.DataFrame:
    """Return label, probability p and class bad of what was left out: no synthetic families."""
    columns = {"label": result.corpus.frame["domain"].to_numpy(), "p": result.probability}
    return pd.DataFrame(columns | {"bad": result.corpus.malicious}).dropna(subset="p")
