"""Which labels of a log are dead or unfamiliar."""

from __future__ import annotations

import numpy as np
import pytest

from malicious_domains.clients.common_labels import (
    common_from,
    find_nxdomain_pairs,
    find_rare_pairs,
)
from malicious_domains.names.array_types import Bools, Ints


def bools(*values: int) -> Bools:
    return np.array(values, dtype=np.bool_)


def ints(*values: int) -> Ints:
    return np.array(values, dtype=np.int64)


def test_dead_to_a_client_and_to_most() -> None:
    """Label 0: two of three were told NXDOMAIN. Label 1: one of two, no more than half."""
    label = ints(0, 0, 0, 1, 1, 2, 3)
    all_nx = bools(1, 1, 0, 1, 0, 0, 1)
    coded = bools(1, 1, 1, 1, 1, 0, 1)
    assert find_nxdomain_pairs(all_nx, label, coded).tolist() == [1, 1, 0, 0, 0, 0, 1]


def test_clients_that_were_told_nothing_do_not_count() -> None:
    found = find_nxdomain_pairs(bools(1, 0, 0, 1), ints(5, 5, 5, 5), bools(1, 0, 0, 0))
    assert found.tolist() == [1, 0, 0, 0]
    assert find_nxdomain_pairs(bools(0, 0), ints(0, 1), bools(0, 0)).tolist() == [0, 0]
    assert find_nxdomain_pairs(bools(), ints(), bools()).tolist() == []


def test_unfamiliar_is_rare_or_dead_and_not_popular() -> None:
    popular, clients = bools(0, 0, 1, 0), ints(2, 3, 1, 40)
    label, dead = ints(0, 1, 2, 3, 1), bools(0, 0, 1, 1, 1)
    found = find_rare_pairs(label, dead, popular, clients, 100, has_rcodes=True)
    assert found.tolist() == [1, 0, 0, 1, 1]


@pytest.mark.parametrize(
    ("clients", "coded", "expected"),
    [(9, True, 3), (9, False, 3), (301, False, 4), (9999, True, 3), (1000, False, 10)],
)
def test_how_few_are_few(clients: int, coded: bool, expected: int) -> None:
    assert common_from(clients, coded) == expected
