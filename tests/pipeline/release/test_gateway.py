"""The API that Chalice makes is throttled, and API Gateway's own errors can be read by pages."""

from __future__ import annotations

import json
from pathlib import Path

import boto3
import pytest

from malicious_domains.names.errors import MaliciousDomainsError
from pipeline.release.deployed_stage import TEMPLATE, protect_api


@pytest.fixture
def deployed(aws: str, tmp_path: Path) -> str:
    """Return an API as `chalice deploy` leaves it, and its record; the id."""
    client = boto3.client("apigateway")
    api: str = client.create_rest_api(name="malicious-domains")["id"]
    (root,) = client.get_resources(restApiId=api)["items"]
    client.put_method(
        restApiId=api, resourceId=root["id"], httpMethod="GET", authorizationType="NONE"
    )
    client.put_integration(restApiId=api, resourceId=root["id"], httpMethod="GET", type="MOCK")
    client.create_deployment(restApiId=api, stageName="api")
    record = {"resources": [{"name": "rest_api", "rest_api_id": api, "rest_api_url": "x"}]}
    (tmp_path / "dev.json").write_text(json.dumps(record))
    return api


@pytest.mark.parametrize(
    ("origins", "allowed"),
    [
        (("*",), "'*'"),
        (("https://a.example",), "'https://a.example'"),
        (("https://a.example", "https://b.example"), "'*'"),
        ((), None),
    ],
)
def test_an_api_of_chalice_is_protected(
    deployed: str, tmp_path: Path, origins: tuple[str, ...], allowed: str | None
) -> None:
    client = boto3.client("apigateway")
    before = client.get_stage(restApiId=deployed, stageName="api")["deploymentId"]
    for _ in range(2):  # the second time changes nothing
        assert protect_api(tmp_path, "dev", origins).startswith("50 requests a second, 100 at once")
    stage = client.get_stage(restApiId=deployed, stageName="api")
    limits = stage["methodSettings"]["*/*"]
    assert (limits["throttlingRateLimit"], limits["throttlingBurstLimit"]) == (50, 100)
    assert stage["deploymentId"] != before  # answers have an effect by a deployment alone
    answers = {
        x["responseType"]: x for x in client.get_gateway_responses(restApiId=deployed)["items"]
    }
    assert set(answers) == {
        *("DEFAULT_4XX", "DEFAULT_5XX", "MISSING_AUTHENTICATION_TOKEN", "THROTTLED")
    }
    for answer in answers.values():
        headers = answer["responseParameters"]
        assert headers.get("gatewayresponse.header.Access-Control-Allow-Origin") == allowed
    groups = boto3.client("logs").describe_log_groups(
        logGroupNamePrefix="/aws/lambda/malicious-domains-dev"
    )
    assert [x["retentionInDays"] for x in groups["logGroups"]] == [30]
    assert answers["MISSING_AUTHENTICATION_TOKEN"]["statusCode"] == "404"
    assert answers["THROTTLED"]["responseParameters"]["gatewayresponse.header.Retry-After"] == "'1'"


def test_what_was_deployed_elsewhere_is_said(aws: str, tmp_path: Path) -> None:
    with pytest.raises(MaliciousDomainsError, match="was it deployed from another machine"):
        protect_api(tmp_path, "dev", ("*",))


def test_every_template_protects_alike() -> None:
    apis = [
        json.loads(path.read_text())["Resources"]["RestAPI"]
        for path in (TEMPLATE, TEMPLATE.with_name("logs.json"))
    ]
    assert apis[0] == apis[1]
