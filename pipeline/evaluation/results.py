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

ModelFigures = Mapping[str, float]  # of the H2O demo ("theirs"), "classic" and "language"
ShareAtRate = dict[float, float]  # a share at each false-positive rate: 0.01, 0.001, 0.0001
RANKING_RATE = 0.001  # the false-positive rate whose recall ranks the families


@dataclass(frozen=True)
class DataSummary:
    """The number of rows that the models are evaluated on, and the corpus in words."""

    rows: int
    legitimate: int
    malicious: int
    families: int
    description: str


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
class OriginalTable:
    """The H2O demo's validation split, each model at its own threshold."""

    threshold: ModelFigures
    rows: Sequence[Mapping[str, Any]]  # figures of a count, and "what" it counts
    error_rate: ModelFigures


@dataclass(frozen=True)
class Curves:
    """The points of both curves of a model, from the highest threshold down."""

    roc: Mapping[str, list[float]]  # false_positive_rate, recall
    precision_recall: Mapping[str, list[float]]  # recall, precision


@dataclass(frozen=True)
class Histogram:
    """Rows of each class by log-odds; there is one edge more than there are counts."""

    edges: list[float]
    legitimate: list[int]
    malicious: list[int]


@dataclass(frozen=True)
class CalibrationBin:
    """Rows of similar prediction: its mean, and the share that is malicious."""

    predicted: float
    observed: float
    rows: int


@dataclass(frozen=True)
class OperatingPoint:
    """Counts and rates at a threshold, named `max_f1` or by the false-positive rate it aims at."""

    operating_point: str | float
    threshold: float
    true_negative: int
    false_positive: int
    false_negative: int
    true_positive: int
    false_positive_rate: float
    recall: float


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
class LeaveFamilyOut:
    """Means over the families left out, the families of each fold, and the worst ten."""

    folds: Sequence[Sequence[str]]
    macro_auc: float
    recall: ShareAtRate
    worst: Sequence[str]


@dataclass(frozen=True)
class SourceResult:
    """The share of a held-out legitimate source that is flagged, at max F1 and at each rate."""

    source: str
    rows: int
    false_positive_rate: float
    at: ShareAtRate


@dataclass(frozen=True)
class LengthBin:
    """Errors on labels of `first` to `last` characters; a rate over no rows is None."""

    first: int = field(metadata={"json": "from"})
    last: int = field(metadata={"json": "to"})
    legitimate: int
    false_positive_rate: float | None
    malicious: int
    missed: float | None

    def span(self) -> str:
        """Return the lengths in words: 4 or 1–3."""
        return str(self.first) if self.first == self.last else f"{self.first}–{self.last}"


@dataclass(frozen=True)
class FalseAlarm:
    """A legitimate name of high score; `segmentation` has its words separated by `|`."""

    name: str
    source: str
    probability: float
    segmentation: str
    unlikely: str  # the least likely characters, or nothing


@dataclass(frozen=True)
class Ablation:
    """Means over families left out, of the model made without a group of features."""

    without: str
    features: Sequence[str]
    macro_auc: float
    recall: ShareAtRate


@dataclass(frozen=True)
class AttackResult:
    """The share of names of left-out families that an edit hides, a mean over families."""

    edit: str
    missed: ShareAtRate


@dataclass(frozen=True)
class UnseenEdit:
    """The share of names of left-out families that an edit hides at RANKING_RATE.

    From a model that was trained on all edits, and from one that was trained without this one.
    """

    edit: str
    missed: float
    missed_unseen: float


@dataclass(frozen=True)
class AuditResult:
    """The share of flagged names that pass once one feature has the bin that is best for them."""

    feature: str
    turned: float
    cheap: bool  # whether one or two characters move the feature to any of its bins


@dataclass(frozen=True)
class Detection:
    """The share of infected client-days that each score detects, by the score's name."""

    family: str  # "mean" for the mean of a kind's families
    kind: Literal["random-looking", "joins words"]
    names: int  # of the generator in a day
    share: Mapping[str, float]


@dataclass(frozen=True)
class Scenario:
    """Infected client-days of one sort."""

    codes: bool  # whether the log has response codes
    nxdomain: float | None  # share of the names that do not exist; None without response codes
    burst: bool  # within some seconds, else over the day
    means: Sequence[Detection]  # by kind and number of names
    families: Sequence[Detection]


@dataclass(frozen=True)
class StudyResult:
    """How well the verdict on a client's day does, on simulated days."""

    clean_days: int  # for the thresholds, and as many again for the false alarms
    infected_days: int  # for each share
    cuts: Mapping[str, Mapping[str, float]]  # thresholds with and without codes, by score
    false_alarms: Mapping[str, Mapping[str, float]]  # shares of the other clean days
    packaged: Mapping[str, Mapping[str, float]]  # the packaged thresholds, by kind of alarm
    scenes: Sequence[Scenario]


@dataclass(frozen=True)
class Report:
    """All parts of a model's evaluation; a missing part is empty."""

    created: str = ""  # ISO 8601
    model: str = ""
    data: DataSummary | None = None
    head: Sequence[HeadRow] = ()
    original: OriginalTable | None = None
    curves: Mapping[str, Curves] = field(default_factory=dict)  # by model
    histogram: Histogram | None = None
    calibration: Sequence[CalibrationBin] = ()
    operating_points: Sequence[OperatingPoint] = ()
    families: Sequence[FamilyResult] = ()
    leave_family_out: LeaveFamilyOut | None = None
    sources: Sequence[SourceResult] = ()
    lengths: Sequence[LengthBin] = ()
    false_alarms: Sequence[FalseAlarm] = ()
    groups: Sequence[Ablation] = ()
    attacks: Sequence[AttackResult] = ()
    unseen_edits: Sequence[UnseenEdit] = ()
    audit: Sequence[AuditResult] = ()
    traffic: StudyResult | None = None


def to_json(report: Report) -> dict[str, Any]:
    """Return the content of report.json: no empty parts, null for what is not finite.

    >>> to_json(Report(model="classic"))
    {'model': 'classic'}
    """
    return {key: value for key, value in _to_plain(report).items() if value}


def _to_plain(value: Any) -> Any:
    if is_dataclass(value):
        return {
            x.metadata.get("json", x.name): _to_plain(getattr(value, x.name)) for x in fields(value)
        }
    if isinstance(value, Mapping):
        return {str(key): _to_plain(x) for key, x in value.items()}
    if isinstance(value, list | tuple):
        return [_to_plain(x) for x in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
