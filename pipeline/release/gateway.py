"""Limit a stage's rate and its log's age, and set API Gateway's answers, as templates do."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from .aws import connect, translate_aws_errors
from .deployed_stage import API_STAGE, find_resource, name_function
from .local_server import APP

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
        client = connect("apigateway")
        for kind, answer in wanted["GatewayResponses"].items():
            client.put_gateway_response(
                restApiId=api, responseType=kind, **_convert(answer, origins)
            )
        client.create_deployment(restApiId=api, stageName=API_STAGE)  # else they have no effect
        changes = [
            {"op": "replace", "path": f"/*/*/throttling/{name.lower()}Limit", "value": str(value)}
            for name in ("Rate", "Burst")
            if (value := limits[f"Throttling{name}Limit"])
        ]
        client.update_stage(restApiId=api, stageName=API_STAGE, patchOperations=changes)
        # CloudWatch deletes the log after some days; the function's first call would make it.
        logs, group = connect("logs"), f"/aws/lambda/{name_function(stage)}"
        with suppress(logs.exceptions.ResourceAlreadyExistsException):
            logs.create_log_group(logGroupName=group)
        logs.put_retention_policy(logGroupName=group, retentionInDays=LOG_DAYS)
    return (
        f"{limits['ThrottlingRateLimit']} requests a second, {limits['ThrottlingBurstLimit']} at "
        f"once; own answers for {', '.join(wanted['GatewayResponses'])}"
    )


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
