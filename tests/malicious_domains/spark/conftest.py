"""Fixtures of all tests on Spark."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

# PySpark leaves the sockets that it has read results from to the garbage collector.
_SOCKETS = (
    "ignore:unclosed <socket:ResourceWarning",
    "ignore:Exception ignored in. <socket:pytest.PytestUnraisableExceptionWarning",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "spark" in getattr(item, "fixturenames", ()):
            for text in _SOCKETS:
                item.add_marker(pytest.mark.filterwarnings(text))


@pytest.fixture(autouse=True)
def collected() -> Iterator[None]:
    """Its sockets are collected with the test that they are of."""
    yield
    gc.collect()
