"""The functions call what their roles allow, and no role allows more."""

from __future__ import annotations

import json
import time
from fnmatch import fnmatchcase
from typing import Any

import pytest

from lambda_app.chalicelib.logs import service, summary
from lambda_app.chalicelib.logs.handler import UnreadError
from malicious_domains.clients.site import Site
from pipeline.release.local_server import APP
from tests.helpers.route53 import MIDNIGHT
from tests.lambda_app.logs.conftest import Cloud
from tests.lambda_app.logs.test_handler import NAMES, infected
from tests.lambda_app.logs.test_parquet import KEY as PARQUET
from tests.lambda_app.logs.test_parquet import events, pack

Asked = set[tuple[str, str]]  # action, and the key of an object or ""


def allowed(role: str) -> dict[str, list[str]]:
    """Patterns of keys by action, of the template; [""] for what is no object."""
    template = json.loads((APP / ".chalice" / "logs.json").read_text())
    found: dict[str, list[str]] = {}
    for policy in template["Resources"][role]["Properties"]["Policies"]:
        for statement in policy["PolicyDocument"]["Statement"]:
            actions, places = (
                x if isinstance(x, list) else [x]
                for x in (statement["Action"], statement["Resource"])
            )
            keys = [x.get("Fn::Sub", "/").partition("}/")[2] for x in places]
            found |= dict.fromkeys(actions, keys)
    # Lambda itself writes logs and dead letters; to one who may not list, an absent object looks
    # like a hidden one.
    by_aws = ("logs:", "sqs:", "s3:ListBucket")
    return {x: y for x, y in found.items() if not x.startswith(by_aws)}


@pytest.fixture
def asked(cloud: Cloud) -> Asked:
    """Return the requests to AWS, by IAM's name of the action."""
    found: Asked = set()

    def watch(params: dict[str, Any], model: Any, **_: object) -> None:
        service, name = model.service_model.service_name, model.name
        found.add((f"{service}:{name}", params.get("Key", "") if service == "s3" else ""))

    for client in service.create_clients():
        client.meta.events.register("provide-client-params.*.*", watch)
    return found


def check(asked: Asked, role: str) -> None:
    may = allowed(role)
    assert {action for action, _ in asked} == set(may)
    for action, key in asked:
        assert any(fnmatchcase(key, pattern) for pattern in may[action]), (action, key)


@pytest.fixture(autouse=True)
def site(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    """Return a network with thresholds of its own."""
    cloud.put("site.json", Site(1000, 0, 0.003, 1.0).to_json().encode())
    monkeypatch.setenv("LOG_SITE", "site.json")


def test_of_the_function_that_reads_logs(cloud: Cloud, asked: Asked) -> None:
    cloud.read(infected(NAMES))
    assert cloud.notify(cloud.put(PARQUET, pack(events()))) == {"read": 1}
    check(asked, "LogsRole")


@pytest.mark.slow
def test_of_the_summary(cloud: Cloud, asked: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        patched.setenv("LOG_TOPIC", "arn:aws:sns:us-east-1:123456789012:gone")
        with pytest.raises(UnreadError):
            cloud.read(infected(NAMES))
    asked.clear()
    later = time.time() + 60
    monkeypatch.setattr("lambda_app.chalicelib.logs.handler.time.time", lambda: later)
    summary.on_schedule(cloud.scorer, MIDNIGHT + 90_000.0)
    assert len(cloud.messages()) == 2  # the alarm that was not told, and the summary
    check(asked, "SummaryRole")
