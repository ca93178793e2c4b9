"""Limit a stage's rate and its log's age, and set API Gateway's answers, as templates do."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import boto3

from .aws import CONFIG, translate_aws_errors
from .local_server import APP
from .snapshot import API_STAGE, find_resource, name_function

TEMPLATE = APP / ".chalice" / "template.json"
LOG_DAYS = 30
_ORIGIN = "Access-Control-Allow-Origin"


def protect_api(state: Path, stage: str, origins: Sequence[str]) -> str:
    """Set throttling, and the CORS headers and statuses of API Gateway's own errors; report it.

    state: the folder of Chalice's record of deployments. origins: of pages that may read answers.
    Raises ReleaseError.
    """
    wanted = json.loads(TEMPLATE.read_text(encoding="utf-8"))["Resources"]["RestAPI"]["Properties"]
    api = find_resource(state, stage, "rest_api")["rest_api_id"]
    limits = wanted["MethodSettings"][0]
    with translate_aws_errors(f"the API of {stage}"):
        client = boto3.client("apigateway", config=CONFIG)
        for kind, answer in wanted["GatewayResponses"].items():
            client.put_gateway_response(
                restApiId=api, responseType=kind, **_convert(answer, origins)
            )
        client.create_deployment(restApiId=api, stageName=API_STAGE)  # else they have no effect
        changes = [
            {"op": "replace", "path": f"/*/*/throttling/{name}Limit", "value": str(value)}
            for name, value in (
                ("rate", limits["ThrottlingRateLimit"]),
                ("burst", limits["ThrottlingBurstLimit"]),
            )
        ]
        client.update_stage(restApiId=api, stageName=API_STAGE, patchOperations=changes)
        _limit_log(name_function(stage))
    return (
        f"{limits['ThrottlingRateLimit']} requests a second, {limits['ThrottlingBurstLimit']} at "
        f"once; own answers for {', '.join(wanted['GatewayResponses'])}"
    )


def _limit_log(function: str) -> None:
    """Let CloudWatch delete a function's log after some days; its first call would make it."""
    client, group = boto3.client("logs", config=CONFIG), f"/aws/lambda/{function}"
    with suppress(client.exceptions.ResourceAlreadyExistsException):
        client.create_log_group(logGroupName=group)
    client.put_retention_policy(logGroupName=group, retentionInDays=LOG_DAYS)


def _convert(answer: dict[str, Any], origins: Sequence[str]) -> dict[str, Any]:
    """Convert an answer from SAM's form to that of API Gateway, for a stage's origins."""
    headers = dict(answer["ResponseParameters"]["Headers"])
    if len(origins) < 2:  # which of several asks is not known here
        headers[_ORIGIN] = f"'{origins[0]}'" if origins else ""
    return {
        "responseParameters": {
            f"gatewayresponse.header.{name}": x for name, x in headers.items() if x
        },
        "responseTemplates": answer["ResponseTemplates"],
    } | ({"statusCode": str(answer["StatusCode"])} if "StatusCode" in answer else {})
