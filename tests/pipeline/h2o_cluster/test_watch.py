"""What a watch does to the requests of H2O's client, without an H2O."""

from __future__ import annotations

import threading
import time
from types import SimpleNamespace
from typing import Any

import pytest
from h2o.exceptions import H2OConnectionError

from pipeline.h2o_cluster import watch
from pipeline.h2o_cluster.nodes import ClusterError
from pipeline.h2o_cluster.watch import Watch

TOLD = "node 2 is gone; nothing is written, and the command can be repeated"


class Cluster:
    """A connection whose requests do what they are told, and a watch over it."""

    def __init__(self) -> None:
        self.lost = ""
        self.connection = SimpleNamespace(request=self.request)
        self.watch = Watch(lambda: self.lost, 0.01, 30, lambda: None)

    def request(self, what: str) -> str:
        if what == "refused":
            raise H2OConnectionError("refused")
        if what == "never answered":
            threading.Event().wait()
        return what

    def lose(self, delay: float = 0.1) -> None:
        threading.Timer(delay, setattr, (self, "lost", "node 2 is gone")).start()


def test_answers_and_errors_come_through() -> None:
    here = Cluster()
    before = here.connection.request
    with here.watch.over(here.connection):
        assert here.connection.request(what="an answer") == "an answer"
        with pytest.raises(TypeError, match="nothing"):
            here.connection.request(nothing="of this kind")
    assert here.connection.request == before


@pytest.mark.parametrize("what", ["never answered", "refused"])
def test_a_request_under_way_ends_when_a_node_is_lost(what: str) -> None:
    here = Cluster()
    with pytest.raises(ClusterError, match=TOLD), here.watch.over(here.connection):
        here.lose()
        here.connection.request(what)


def test_no_request_is_sent_to_a_cluster_that_has_lost_a_node() -> None:
    here = Cluster()
    with pytest.raises(ClusterError, match=TOLD), here.watch.over(here.connection):
        here.lose(0)
        time.sleep(0.2)
        here.connection.request("an answer")


def test_whatever_is_raised_the_loss_is_told() -> None:
    here = Cluster()
    with pytest.raises(ClusterError, match=TOLD), here.watch.over(here.connection):
        here.lost = "node 2 is gone"
        raise ValueError("of the client")


def cloud(*pings: int) -> dict[str, Any]:
    nodes = [{"ip_port": f"10.0.0.{i}:54321", "last_ping": x} for i, x in enumerate(pings)]
    return {"cloud_size": len(nodes), "nodes": nodes}


def test_a_node_is_missed_when_nothing_is_heard_of_it() -> None:
    now, while_ago = 1_795_713_602_035, 1_795_713_602_035 - 39_000
    assert watch._missing(cloud(now, now - 900, while_ago), 3) == ""
    late = cloud(now, while_ago - 2_000, now - 900)
    assert watch._missing(late, 3) == "nothing was heard of 10.0.0.1:54321 for 40 s"
    assert watch._missing(cloud(now, now), 3) == "2 of 3 are there"


def test_a_loss_is_told_within_a_minute() -> None:
    assert watch._JOINED + watch._SILENT + watch._ANSWER < 60
