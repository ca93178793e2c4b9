"""The messages about a lost node of a cluster; test_nodes.py loses real ones."""

from __future__ import annotations

from typing import Any

from pipeline.h2o_cluster import nodes


def state(*pings: int) -> dict[str, Any]:
    listed = [{"ip_port": f"10.0.0.{i}:54321", "last_ping": x} for i, x in enumerate(pings)]
    return {"cloud_size": len(listed), "nodes": listed}


def test_a_node_is_missing_without_a_heartbeat() -> None:
    now, late = 1_795_713_602_035, 1_795_713_602_035 - 39_000
    assert nodes.find_missing(state(now, now - 900, late), 3) == ""
    missing = nodes.find_missing(state(now, late - 2_000, now - 900), 3)
    assert missing == "no heartbeat of 10.0.0.1:54321 for 40 s"
    assert nodes.find_missing(state(now, now), 3) == "2 of 3 are left"


def test_a_loss_is_noticed_within_a_minute() -> None:
    assert nodes._EVERY + nodes._SILENT < nodes._LONGEST <= 60
