"""Define what an evaluation finds: a dictionary of parts, which report.json has in the same form.

Rates, recalls and probabilities are shares from 0 to 1. A float that is not finite was not
measured. The parts by key, of which an empty one is left out:

created, model      when (ISO 8601), and the model
data                counts of rows and families, a description
head                the first table: a figure of both models beside its target
original            the H2O demo's split: thresholds, counts and rates of the demo and both models
curves              ROC and precision-recall by model
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
traffic             simulated client-days, see client_days.study
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

Row = dict[str, Any]  # figures by name; of models: "theirs" (the H2O demo), "classic", "language"
Report = dict[str, Any]
RATES = (0.01, 0.001, 0.0001)  # false-positive rates at which recall is reported
RANKING_RATE = 0.001  # the one whose recall ranks the families
ShareAtRate = dict[float, float]  # a share at each of RATES


def to_json(report: Report) -> Row:
    """Return the content of report.json: no empty parts, null for what is not finite.

    >>> to_json({"model": "classic", "head": []})
    {'model': 'classic'}
    """
    return {key: value for key, value in _to_plain(report).items() if value}


def _to_plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _to_plain(x) for key, x in value.items()}
    if isinstance(value, list | tuple):
        return [_to_plain(x) for x in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
