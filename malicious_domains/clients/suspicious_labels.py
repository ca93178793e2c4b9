"""Odd labels that several clients of a log ask for: bots of one kind ask for the same names."""

from __future__ import annotations

import numpy as np

from ..features.array_types import Bools, Floats, Ints
from .client_day import Alarm, AlarmThresholds

_DEFAULT = AlarmThresholds()


def find_shared_labels(
    z: Floats, clients_of_label: Ints, popular: Bools, clients: int, cut: AlarmThresholds = _DEFAULT
) -> Alarm | None:
    """The alarm that a log's odd, shared labels raise; None if they are too few.

    z, clients_of_label, popular: of each label of the log, (labels,). clients: all of the log.
    The alarm's names are indices of labels, those of most clients first, then by log-odds; its
    points are 1 each and its score is their number. Confidence is low: content networks have
    such names too.
    """
    found = np.flatnonzero(mask_shared_labels(z, clients_of_label, popular, clients, cut))
    if len(found) < cut.min_shared:
        return None
    found = found[np.lexsort((found, -z[found], -clients_of_label[found]))]
    return Alarm(
        "shared-oddity", float(len(found)), "low", tuple(found.tolist()), (1.0,) * len(found)
    )


def mask_shared_labels(
    z: Floats, clients_of_label: Ints, popular: Bools, clients: int, cut: AlarmThresholds = _DEFAULT
) -> Bools:
    """Which labels (labels,) count for shared_oddity(): odd, and asked for by several, not most."""
    most = max(cut.max_share * clients, cut.min_clients)
    shared = (clients_of_label >= cut.min_clients) & (clients_of_label <= most)
    found: Bools = (z >= cut.suspicious_from) & shared & ~popular
    return found
