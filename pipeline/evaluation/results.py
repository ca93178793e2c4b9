"""Define what an evaluation finds, part by part, and write it as JSON.

Rates, recalls and probabilities are shares from 0 to 1. A float that is not finite was not
measured. The names of the fields are the keys of report.json.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any, Literal

from malicious_domains.html.pages import is_finite

Row = dict[str, Any]  # figures by name; of models: "theirs" (the H2O demo), "classic", "language"
ShareAtRate = dict[float, float]  # a share at each false-positive rate: 0.01, 0.001, 0.0001
RANKING_RATE = 0.001  # the false-positive rate whose recall ranks the families


@dataclass(frozen=True)
class HeadRow:
    """A figure of both models beside its target: a row of the report's first table."""

    what: str
    target: float | None  # None where there is none
    classic: float | None
    language: float | None
    format: Literal["number", "percent"] = "number"
    better: Literal["lower", "higher"] = "higher"

    def winner(self) -> str | None:
        """Return the model whose figure is better; None if they are equal or one is missing."""
        ours, other = self.language, self.classic
        if not (is_finite(ours) and is_finite(other)) or ours == other:
            return None
        return "language" if self._reaches(ours, other) else "classic"

    def met(self) -> bool | None:
        """Return whether the language model meets the target; None if one of them is missing."""
        if not (is_finite(self.language) and is_finite(self.target)):
            return None
        return self._reaches(self.language, self.target)

    def _reaches(self, value: float, aim: float) -> bool:
        return value <= aim if self.better == "lower" else value >= aim


@dataclass(frozen=True)
class FamilyResult:
    """How well a model that has not seen a family finds it."""

    family: str
    rows: int
    auc: float
    recall: ShareAtRate

    def rank(self) -> tuple[float, float]:
        """Return a key that sorts the worst family first: recall at RANKING_RATE, then AUC."""
        return self.recall[RANKING_RATE], self.auc


@dataclass(frozen=True)
class FamilyMeans:
    """Means over families, each family counted once."""

    macro_auc: float
    recall: ShareAtRate


@dataclass(frozen=True)
class CleanDays:
    """Alarms of high confidence on clean client-days of one sort of network."""

    network: str
    codes: bool  # whether the log has response codes
    client_days: int
    alarms: int
    bound: float  # of their rate, 95%


@dataclass(frozen=True)
class AlarmRate:
    """How often a clean client-day has an alarm of a confidence with a score or a higher one."""

    codes: bool
    confidence: str
    score: float  # a multiple of the threshold
    alarms: int
    client_days: int
    expected: float  # in 1,000 client-days


@dataclass(frozen=True)
class Detection:
    """The share of infected client-days that raise an alarm of high confidence."""

    family: str  # "mean" for the mean of a kind's families
    kind: str  # "looks random" or "joins words"
    codes: bool
    nxdomain: float | None  # share of the names that do not exist; None without response codes
    burst: bool  # within some seconds, else over the day
    share: Mapping[int, float]  # by the number of the generator's names in a day


@dataclass(frozen=True)
class StudyResult:
    """How well the verdict on a client's day does, on simulated days."""

    infected_days: int  # of a family, for each share
    clean: Sequence[CleanDays]
    rates: Sequence[AlarmRate]
    found: Sequence[Detection]


@dataclass(frozen=True)
class Report:
    """All parts of a model's evaluation, by the keys of report.json; a missing part is empty.

    A row or part that has only figures is a mapping of them by name.
    """

    created: str = ""  # ISO 8601
    model: str = ""
    data: Row = field(default_factory=dict)  # counts of rows and families, a description
    head: Sequence[HeadRow] = ()
    original: Row = field(default_factory=dict)  # the H2O demo's split: thresholds, counts, rates
    curves: Row = field(default_factory=dict)  # roc and precision_recall by model
    histogram: Row = field(default_factory=dict)  # rows of each class by log-odds; edges
    calibration: Sequence[Row] = ()  # predicted and observed shares of malicious rows
    operating_points: Sequence[Row] = ()  # counts and rates at each packaged threshold
    families: Sequence[FamilyResult] = ()
    leave_family_out: Row = field(default_factory=dict)  # means, folds, the worst ten
    sources: Sequence[Row] = ()  # of legitimate names, each held out: the share flagged
    lengths: Sequence[Row] = ()  # both error rates by characters; None over no rows
    false_alarms: Sequence[Row] = ()  # legitimate names of high score
    groups: Sequence[Row] = ()  # means without each group of features
    attacks: Sequence[Row] = ()  # the share of names of left-out families that an edit hides
    unseen_edits: Sequence[Row] = ()  # the same, with and without the edit in training
    audit: Sequence[Row] = ()  # the share of flagged names that one feature's best bin lets pass
    traffic: StudyResult | None = None


def to_json(report: Report) -> dict[str, Any]:
    """Return the content of report.json: no empty parts, null for what is not finite.

    >>> to_json(Report(model="classic"))
    {'model': 'classic'}
    """
    return {key: value for key, value in _to_plain(report).items() if value}


def _to_plain(value: Any) -> Any:
    if is_dataclass(value):
        return {x.name: _to_plain(getattr(value, x.name)) for x in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): _to_plain(x) for key, x in value.items()}
    if isinstance(value, list | tuple):
        return [_to_plain(x) for x in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
