"""Define what an evaluation finds: a dictionary of parts, which report.json has in the same form.

Rates, recalls and probabilities are shares from 0 to 1. A float that is not finite was not
measured. The parts by key, of which an empty one is left out: created (ISO 8601); model; data,
counts of rows and families; head, the first table; original, the H2O demo's split, by the demo and
both models; curves, by model; calibration; operating_points, counts at each packaged threshold;
families left out, the worst first; leave_family_out, their means, folds and the worst ten; sources,
legitimate lists that are held out; lengths, error rates by characters; false_alarms; groups, means
without each group of features; attacks, the share of names of left-out families that an edit hides;
unseen_edits, the same with and without the edit in training; audit, the share of flagged names that
one feature's best bin lets pass; traffic, simulated client-days, see client_days.study.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

Row = dict[str, Any]  # figures by name; of models: "theirs" (the H2O demo), "classic", "language"
Report = dict[str, Any]
RATES = (0.01, 0.001, 0.0001)  # false-positive rates at which recall is reported
RANKING_RATE = 0.001  # the one whose recall ranks the families


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
