"""A lost node ends the requests of H2O's client; tried without an H2O."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import h2o
import pytest
from h2o.exceptions import H2OConnectionError

from pipeline.h2o_cluster import ClusterError, nodes

MESSAGE = "node 2 is lost; nothing is written, and the command can be repeated"


class Connection:
    """A connection to a cluster that may lose a node."""

    def __init__(self) -> None:
        self.lost = threading.Event()

    def request(self, what: str) -> str:
        if what == "refused":
            raise H2OConnectionError("refused")
        if what == "never answered":
            threading.Event().wait()
        return what

    def check(self) -> str:
        return "node 2 is lost" if self.lost.is_set() else ""

    def lose_soon(self) -> None:
        threading.Timer(0.1, self.lost.set).start()


@pytest.fixture
def connection(monkeypatch: pytest.MonkeyPatch) -> Connection:
    opened = Connection()
    monkeypatch.setattr(h2o, "connection", lambda: opened)
    return opened


@contextmanager
def watched(connection: Connection) -> Iterator[None]:
    with nodes.watch_requests(connection.check, 0.01, 30):
        yield


def test_answers_and_errors_are_passed_on(connection: Connection) -> None:
    before = connection.request
    with watched(connection):
        assert connection.request(what="an answer") == "an answer"
        with pytest.raises(TypeError, match="nothing"):
            connection.request(nothing="like this")  # type: ignore[call-arg]
    assert connection.request == before


@pytest.mark.parametrize("what", ["never answered", "refused"])
def test_a_request_under_way_fails_when_a_node_is_lost(connection: Connection, what: str) -> None:
    with pytest.raises(ClusterError, match=MESSAGE), watched(connection):
        connection.lose_soon()
        connection.request(what)


def test_no_request_is_sent_to_a_cluster_that_has_lost_a_node(connection: Connection) -> None:
    with pytest.raises(ClusterError, match=MESSAGE), watched(connection):
        connection.lost.set()
        threading.Event().wait(0.2)
        connection.request("an answer")


def test_any_exception_becomes_the_loss(connection: Connection) -> None:
    with pytest.raises(ClusterError, match=MESSAGE), watched(connection):
        connection.lost.set()
        raise ValueError("raised by the client")


def test_another_exception_stays(connection: Connection) -> None:
    with pytest.raises(ValueError, match="of the block"), watched(connection):
        raise ValueError("of the block")


def state(*pings: int) -> dict[str, Any]:
    listed = [{"ip_port": f"10.0.0.{i}:54321", "last_ping": x} for i, x in enumerate(pings)]
    return {"cloud_size": len(listed), "nodes": listed}


def test_a_node_is_missing_without_a_heartbeat() -> None:
    now, late = 1_795_713_602_035, 1_795_713_602_035 - 39_000
    assert nodes._missing_node(state(now, now - 900, late), 3) == ""
    missing = nodes._missing_node(state(now, late - 2_000, now - 900), 3)
    assert missing == "no heartbeat of 10.0.0.1:54321 for 40 s"
    assert nodes._missing_node(state(now, now), 3) == "2 of 3 are left"


def test_a_loss_is_noticed_within_a_minute() -> None:
    assert nodes._JOINED + nodes._SILENT + nodes._ANSWER < 60
