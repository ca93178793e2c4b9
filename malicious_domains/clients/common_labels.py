"""Which labels of a log are dead, and which are worth a look: by all clients together.

Arrays of (client, label) pairs, one row for each label that a client asked for in a day.
"""

from __future__ import annotations

import math

import numpy as np

from ..features.array_types import Bools, Ints

FEW = 3  # clients from which on a label that resolves is familiar
SHARE = 0.01  # of the clients, where response codes are not known


def find_nxdomain_pairs(client_all_nx: Bools, label: Ints, coded: Bools) -> Bools:
    """Which pairs (pairs,) are of a label that does not exist.

    To its client, which was told NXDOMAIN at every query with a known code, and to more than
    half of the clients that were told any code: one that is blocked or mistaken decides nothing.
    client_all_nx: the former, coded: whether any code is known, both (pairs,). label: the number
    of each pair's label, from 0.
    """
    gone = client_all_nx & coded
    told = np.bincount(label[coded])
    not_there = np.bincount(label[gone], minlength=len(told))
    most = 2 * not_there > told
    return gone & most[np.where(coded, label, 0)] if len(most) else gone


def common_from(clients: int, coded: bool) -> int:
    """Clients that make a label familiar: 3, or 1% of them (3 or more) without response codes."""
    return FEW if coded else max(FEW, math.ceil(SHARE * clients))


def find_rare_pairs(
    label: Ints, dead: Bools, popular: Bools, clients_of_label: Ints, clients: int, coded: bool
) -> Bools:
    """Which pairs (pairs,) are worth a look: of labels neither popular nor known to many here.

    label, dead: of each pair, see dead_pairs(). popular, clients_of_label (labels,): whether a
    list knows it, and how many clients asked for it. clients: all of the log. A dead label may
    be asked for by any number of clients, as all bots of one kind ask for the same.
    """
    rare = clients_of_label < common_from(clients, coded)
    return ~popular[label] & (rare[label] | dead)
