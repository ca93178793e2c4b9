"""The objects of a simulated day give the alarms of scan, in whatever order they come."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from random import Random

import pytest

from lambda_app.chalicelib.logs import summary
from malicious_domains.scan import scan_run
from malicious_domains.scan.findings import Findings
from malicious_domains.scan.reading.read_logs import Source
from tests.helpers import route53
from tests.helpers.route53 import INFECTED, MIDNIGHT, Record
from tests.lambda_app.logs.conftest import Cloud

TOMORROW = MIDNIGHT + 86_400.0
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def records() -> list[Record]:
    return route53.day(clients=34, names=12.0)


@pytest.fixture(scope="module")
def scanned(records: list[Record], tmp_path_factory: pytest.TempPathFactory) -> Findings:
    path = tmp_path_factory.mktemp("day") / "day.log.gz"
    path.write_bytes(route53.packed(records))
    return scan_run.scan_logs(scan_run.Request(source=Source.of((str(path),), None, None)))


def of_scan(findings: Findings) -> dict[str, tuple[float, list[str], int]]:
    return {
        x.client: (round(x.score, 4), [a.kind for a in x.alarms], len(x.rare_names))
        for x in findings.alarmed
    }


def of_cloud(cloud: Cloud) -> dict[str, tuple[float, list[str], int]]:
    return {
        client: (x["score"], [a["kind"] for a in x["alarms"]], x["counts"]["new"])
        for client, x in cloud.findings().items()
        if x["stands"]
    }


def test_one_by_one_they_give_the_alarms_of_scan(
    cloud: Cloud, records: list[Record], scanned: Findings
) -> None:
    for key, part in route53.objects(records, 3600).items():
        assert cloud.notify(cloud.put(key, route53.packed(part))) == {"read": 1}
    infected = {route53.client(number) for number in range(len(INFECTED))}
    assert of_cloud(cloud).keys() == of_scan(scanned).keys() == infected
    told = cloud.messages()
    assert {x["client"] for x in told} == infected
    # Each once, and again for the first high confidence and where it gets much worse.
    assert len(told) <= 4 * len(infected)
    assert summary.on_schedule(cloud.scorer, TOMORROW)["alarmed"] == len(infected)
    assert of_cloud(cloud) == of_scan(scanned)  # scores, kinds and numbers of names, too
    (sent,) = cloud.messages()
    assert (sent["day"], sent["clients"], sent["withdrawn"]) == ("2025-11-25", 34, 0)


def test_twice_in_any_order_and_several_at_once_they_do_too(
    cloud: Cloud, records: list[Record], scanned: Findings
) -> None:
    parts = route53.objects(records, 7200)
    for key, part in parts.items():
        cloud.put(key, route53.packed(part))
    keys = [*parts, *parts]
    Random(3).shuffle(keys)
    with ThreadPoolExecutor(3) as executor:
        answers = list(executor.map(cloud.notify, keys))
    assert answers == [{"read": 1}] * len(keys)
    told = [(x["client"], x["confidence"], x["score"]) for x in cloud.messages()]
    assert len(told) == len(set(told))
    summary.on_schedule(cloud.scorer, TOMORROW)
    assert of_cloud(cloud) == of_scan(scanned)
