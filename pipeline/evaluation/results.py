"""Define what an evaluation finds: a dictionary of parts, which report.json has in the same form.

Rates, recalls and probabilities are shares from 0 to 1. A float that is not finite was not
measured. The parts by key, of which an empty one is left out:

created, model      when (ISO 8601), and the model
data                counts of rows and families, a description
head                the first table: a figure of both models beside its target
original            the H2O demo's split: thresholds, counts and rates of the demo and both models
curves              the ROC curve by model
calibration         predicted and observed shares of malicious rows
operating_points    counts and rates at each packaged threshold
families            AUC and recall of families left out, the worst first
leave_family_out    their means, folds, the worst ten
sources             legitimate lists, each held out: the share flagged
lengths             both error rates by characters
false_alarms        legitimate names of high score
groups              means without each group of features
attacks             the share of names of left-out families that an edit hides
unseen_edits        the same, with and without the edit in training
audit               the share of flagged names that one feature's best bin lets pass
traffic             a StudyResult
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, is_dataclass
from typing import Any

Row = dict[str, Any]  # figures by name; of models: "theirs" (the H2O demo), "classic", "language"
Report = dict[str, Any]
RATES = (0.01, 0.001, 0.0001)  # false-positive rates at which recall is reported
RANKING_RATE = 0.001  # the one whose recall ranks the families
ShareAtRate = dict[float, float]  # a share at each of RATES


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


def to_json(report: Report) -> Row:
    """Return the content of report.json: no empty parts, null for what is not finite.

    >>> to_json({"model": "classic", "head": []})
    {'model': 'classic'}
    """
    return {key: value for key, value in _to_plain(report).items() if value}


def _to_plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        value = asdict(value)
    if isinstance(value, Mapping):
        return {str(key): _to_plain(x) for key, x in value.items()}
    if isinstance(value, list | tuple):
        return [_to_plain(x) for x in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
