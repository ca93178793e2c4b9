"""The processes of a scan."""

from __future__ import annotations

import os

import pytest

from malicious_domains.inputs.ordered_pool import WorkerError
from malicious_domains.scan.scan_pool import Pool
from tests.helpers.commands import alive


def test_they_are_started_when_asked_for_and_used_to_the_end() -> None:
    with Pool(1) as pool:
        first = pool.executor().submit(os.getpid).result()
        assert pool.executor().submit(os.getpid).result() == first != os.getpid()
    assert not alive(first)


def test_one_that_dies_is_told_in_one_line() -> None:
    with (
        pytest.raises(WorkerError, match=r"^a worker process ended with status 3$"),
        Pool(1) as pool,
    ):
        pool.executor().submit(os._exit, 3).result()
