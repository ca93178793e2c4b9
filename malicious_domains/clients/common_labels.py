"""Which labels of a log do not exist, and which are rare: decided by all clients together.

Arrays of (client, label) pairs have one row for each label that a client asked for in a day.
"""

from __future__ import annotations

import math

import numpy as np

from ..names.array_types import Bools, Ints

FEW = 3  # clients that make a label that resolves a common one
SHARE = 0.01  # of the clients, where there are no response codes


def find_nxdomain_pairs(nxdomain_at_client: Bools, label: Ints, has_rcode: Bools) -> Bools:
    """Return which pairs (pairs,) are of a label that does not exist.

    It does not if its client got NXDOMAIN for every query with a response code, and so did more
    than half of the clients with codes: one that is blocked or mistaken decides nothing.
    label: the number of each pair's label, from 0. has_rcode: whether a pair has any code.

    >>> find_nxdomain_pairs(np.array([True, True, False]), np.array([0, 1, 1]), np.ones(3, bool))
    array([ True, False, False])
    """
    missing = nxdomain_at_client & has_rcode
    clients = np.bincount(label[has_rcode])
    missing_clients = np.bincount(label[missing], minlength=len(clients))
    majority = 2 * missing_clients > clients
    pairs: Bools = missing & majority[np.where(has_rcode, label, 0)] if len(majority) else missing
    return pairs


def common_from(clients: int, has_rcodes: bool) -> int:
    """Return how many clients make a label common: 3; without rcodes at least 1% of them.

    >>> common_from(1000, has_rcodes=True), common_from(1000, has_rcodes=False)
    (3, 10)
    """
    return FEW if has_rcodes else max(FEW, math.ceil(SHARE * clients))


def find_rare_pairs(
    label: Ints,
    nxdomain: Bools,
    allowed: Bools,
    clients_of_label: Ints,
    clients: int,
    has_rcodes: bool,
) -> Bools:
    """Return which pairs (pairs,) are worth a look: of rare labels that no list allows.

    label, nxdomain: of each pair, see find_nxdomain_pairs(). allowed, clients_of_label: of each
    label (labels,). clients: of the whole log. A label that does not exist is never common, as
    all bots of one kind ask for the same ones.

    >>> label, none = np.array([0, 1, 1]), np.zeros(3, bool)
    >>> find_rare_pairs(label, none, none, np.array([1, 9]), clients=20, has_rcodes=True)
    array([ True, False, False])
    """
    rare = clients_of_label < common_from(clients, has_rcodes)
    return ~allowed[label] & (rare[label] | nxdomain)
