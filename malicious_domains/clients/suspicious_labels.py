"""Suspicious labels that several clients of a log ask for: bots of one kind ask for the same."""

from __future__ import annotations

import numpy as np

from ..names.array_types import Bools, Floats, Ints
from .client_day import Alarm, AlarmThresholds

SHARED = "shared-oddity"  # of labels that several clients share
OUTBREAK = "outbreak"  # of clients that share several of them
_DEFAULT = AlarmThresholds()


def find_shared_labels(
    log_odds: Floats,
    clients_of_label: Ints,
    allowed: Bools,
    clients: int,
    thresholds: AlarmThresholds = _DEFAULT,
) -> Alarm | None:
    """Return the alarm that a log's suspicious shared labels raise; None if they are too few.

    log_odds, clients_of_label, allowed: of each label of the log, (labels,). clients: of the
    log. The alarm's names are indices of labels, those of most clients first, then by log-odds;
    each has the weight 1. Confidence is low: content networks have such names too.
    """
    mask = mask_shared_labels(log_odds, clients_of_label, allowed, clients, thresholds)
    index = np.flatnonzero(mask)
    if len(index) < thresholds.min_shared:
        return None
    index = index[np.lexsort((index, -log_odds[index], -clients_of_label[index]))]
    return Alarm(SHARED, float(len(index)), "low", tuple(index.tolist()), (1.0,) * len(index))


def mask_shared_labels(
    log_odds: Floats,
    clients_of_label: Ints,
    allowed: Bools,
    clients: int,
    thresholds: AlarmThresholds = _DEFAULT,
) -> Bools:
    """Return which labels (labels,) are suspicious, and asked for by several clients, not most."""
    most = max(thresholds.max_share * clients, thresholds.min_clients)
    shared = (clients_of_label >= thresholds.min_clients) & (clients_of_label <= most)
    mask: Bools = (log_odds >= thresholds.suspicious_from) & shared & ~allowed
    return mask
