"""The parts of a report, from scores of rows that no model has seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Literal

import numpy as np

from malicious_domains.features.array_types import Bools, Floats
from malicious_domains.model.score import Score
from malicious_domains.model.scorer import Scorer

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
    PrecisionRecall,
    Roc,
    SourceResult,
)

ALARMS = 100  # of the false alarms, those that are listed
_POINTS = 400  # of a curve
_LENGTHS = (1, 4, 5, 6, 7, 9, 11, 13, 16, 21, 31, 64)  # where each class of lengths starts


def data(corpus: Corpus, families: int) -> DataSummary:
    """What the models were judged on."""
    malicious = int(corpus.malicious.sum())
    rows = len(corpus)
    return DataSummary(rows, rows - malicious, malicious, families, corpus.describe())


def head(
    original: OriginalTable | None,
    means: Mapping[str, FamilyMeans],
    sources: Mapping[str, Sequence[SourceResult]],
) -> list[HeadRow]:
    """The figures that decide, of both models, beside what was aimed at."""
    rows = []
    if original:
        errors = original.error_rate
        rates = {"classic": errors.classic, "language": errors.language}
        rows.append(_share_row("original split, errors", 0.0045, rates, "lower"))
    auc = {name: x.macro_auc for name, x in means.items()}
    rows.append(HeadRow("families left out, macro AUC", 0.97, auc["classic"], auc["language"]))
    for rate, target in zip(RATES, (0.8, 0.6, None), strict=True):
        what = f"families left out, mean recall at {rate:.2%} false positives"
        recall = {name: x.recall[rate] for name, x in means.items()}
        rows.append(_share_row(what, target, recall, "higher"))
    for of_source in zip(*sources.values(), strict=True):
        what = f"{of_source[0].source} held out, false positives at max F1"
        flagged = {n: x.false_positive_rate for n, x in zip(sources, of_source, strict=True)}
        rows.append(_share_row(what, 0.03, flagged, "lower"))
    return rows


def _share_row(
    what: str, target: float | None, of: Mapping[str, float], better: Literal["lower", "higher"]
) -> HeadRow:
    return HeadRow(what, target, of["classic"], of["language"], "percent", better)


def curves(result: LeaveOut) -> Curves:
    """ROC and precision-recall of the leave-family-out scores, shapes left aside."""
    p, bad = _rows(result)
    order = np.argsort(-p, kind="stable")
    found, wrong = np.cumsum(bad[order]), np.cumsum(~bad[order])
    last = np.flatnonzero(np.diff(p[order], append=-1))  # of rows that no threshold parts
    at = last[np.unique(np.geomspace(1, len(last), _POINTS).astype(int)) - 1]
    recall, rate = found[at] / bad.sum(), wrong[at] / (~bad).sum()
    precision = found[at] / (found[at] + wrong[at])
    return Curves(
        Roc(rate.tolist(), recall.tolist()),
        PrecisionRecall(recall.tolist(), precision.tolist()),
    )


def histogram(result: LeaveOut) -> Histogram:
    """Rows by log-odds, both classes."""
    p, bad = _rows(result)
    odds = np.log(p.clip(1e-12, 1 - 1e-12)) - np.log1p(-p.clip(1e-12, 1 - 1e-12))
    edges = np.linspace(-12, 12, 49)
    legitimate, malicious = (
        np.histogram(odds[rows].clip(-11.99, 11.99), edges)[0].tolist() for rows in (~bad, bad)
    )
    return Histogram(edges.tolist(), legitimate, malicious)


def calibration(result: LeaveOut) -> list[CalibrationBin]:
    """Predicted and observed share of malicious rows, by tenths of the prediction."""
    p, bad = _rows(result)
    tenth = (p * 10).astype(int).clip(0, 9)
    return [
        CalibrationBin(
            float(p[tenth == k].mean()), float(bad[tenth == k].mean()), int((tenth == k).sum())
        )
        for k in range(10)
        if (tenth == k).any()
    ]


def operating_points(result: LeaveOut, model: str) -> list[OperatingPoint]:
    """Counts at each threshold of the packaged artifact, on families left out."""
    p, bad = _rows(result)
    found = []
    for point, threshold in Scorer.load(model).artifact.thresholds.items():
        counts = confusion(p, bad, threshold)
        found.append(
            OperatingPoint(
                point,
                threshold,
                **counts._asdict(),
                false_positive_rate=float(counts.false_positive / (~bad).sum()),
                recall=float(counts.true_positive / bad.sum()),
            )
        )
    return found


def lengths(result: LeaveOut, model: str) -> list[LengthBin]:
    """False alarms and misses at the packaged threshold, by the length of the label."""
    p, bad = _rows(result)
    flagged = p >= Scorer.load(model).threshold
    length = result.corpus.frame["domain"].str.len().to_numpy()[_kept(result)]
    found = []
    for low, high in pairwise(_LENGTHS):
        here = (length >= low) & (length < high)
        legit, malicious = here & ~bad, here & bad
        found.append(
            LengthBin(
                first=low,
                last=high - 1,
                legitimate=int(legit.sum()),
                false_positive_rate=_share(flagged[legit]),
                malicious=int(malicious.sum()),
                missed=_share(~flagged[malicious]),
            )
        )
    return found


def false_alarms(result: LeaveOut, model: str) -> list[FalseAlarm]:
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
            FalseAlarm(
                name=name,
                source=source,
                probability=p,
                segmentation=(judged and judged.segmentation) or name,
                unlikely=(judged and judged.unlikely) or "",
            )
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
