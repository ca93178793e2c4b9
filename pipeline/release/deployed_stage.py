"""Read what a stage runs: its function, its code, Chalice's record of it; protect its API."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import requests

from . import ReleaseError
from .aws import connect, translate_aws_errors
from .local_server import APP

APP_NAME = "malicious-domains"  # in .chalice/config.json
TEMPLATE = APP / ".chalice" / "template.json"
LOG_DAYS = 30
_ORIGIN = "Access-Control-Allow-Origin"
API_STAGE = "api"  # in API Gateway, not in Chalice


def name_function(stage: str) -> str:
    """Return the name that Chalice gives a stage's function.

    >>> name_function("dev")
    'malicious-domains-dev'
    """
    return f"{APP_NAME}-{stage}"


def hash_code(code: bytes) -> str:
    """Return the hash of a zip in Lambda's form, base64 of SHA-256.

    >>> hash_code(b"")
    '47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='
    """
    return base64.b64encode(hashlib.sha256(code).digest()).decode()


def read_deployed_hash(stage: str) -> str | None:
    """Return the hash of the code that a stage runs, None if nothing is deployed."""
    function = read_function(stage)
    return None if function is None else str(function["Configuration"]["CodeSha256"])


def read_function(stage: str) -> dict[str, Any] | None:
    """Return what Lambda says about a stage's function, None if there is none."""
    client = connect("lambda")
    absent = suppress(client.exceptions.ResourceNotFoundException)
    with translate_aws_errors(name_function(stage)), absent:
        return dict(client.get_function(FunctionName=name_function(stage)))
    return None


def read_code(state: Path, stage: str) -> bytes:
    """Return the zip that a stage runs, b"" if nothing is deployed.

    It is STAGE.zip in `state`, or from Lambda. Raises ReleaseError if it could not be restored.
    """
    function, kept = read_function(stage), state / f"{stage}.zip"
    if function is None:
        return b""
    running, place = function["Configuration"]["CodeSha256"], function["Code"].get("Location", "")
    if kept.is_file() and hash_code(body := kept.read_bytes()) == running:
        return body
    try:
        answer = requests.get(place, timeout=60)
        answer.raise_for_status()
    except requests.RequestException as error:
        problem = f"the code that runs cannot be kept, so there would be no rollback: {error}"
        advice = "deploy with `chalice` itself if that is all right"
        raise ReleaseError(f"{problem}; {advice}") from error
    if hash_code(answer.content) != running:
        raise ReleaseError("the code that Lambda sent is not the code that runs; try again")
    return answer.content


def find_api(state: Path, stage: str) -> dict[str, Any]:
    """Return Chalice's record of the API that it made for a stage."""
    path = state / f"{stage}.json"
    try:
        resources = json.loads(path.read_text(encoding="utf-8"))["resources"]
        return dict(next(x for x in resources if x["name"] == "rest_api"))
    except (OSError, ValueError, KeyError, StopIteration) as error:
        problem = f"{path} does not record the API of {name_function(stage)}, which exists"
        advice = "was it deployed from another machine? Chalice needs that file"
        raise ReleaseError(f"{problem}: {advice}") from error


def protect_api(state: Path, stage: str, origins: Sequence[str]) -> str:
    """Set throttling, and the CORS headers and statuses of API Gateway's own errors; report it.

    state: the folder of Chalice's record. origins: that may read answers. Raises ReleaseError.
    """
    wanted = json.loads(TEMPLATE.read_text(encoding="utf-8"))["Resources"]["RestAPI"]["Properties"]
    api = find_api(state, stage)["rest_api_id"]
    limits = wanted["MethodSettings"][0]
    with translate_aws_errors(f"the API of {stage}"):
        client = connect("apigateway")
        for kind, answer in wanted["GatewayResponses"].items():
            own = _convert(answer, origins)
            client.put_gateway_response(restApiId=api, responseType=kind, **own)
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
    rate, burst = (limits[f"Throttling{x}Limit"] for x in ("Rate", "Burst"))
    answers = ", ".join(wanted["GatewayResponses"])
    return f"{rate} requests a second, {burst} at once; own answers for {answers}"


def _convert(answer: dict[str, Any], origins: Sequence[str]) -> dict[str, Any]:
    """Convert an answer from SAM's form to that of API Gateway, for a stage's origins."""
    headers = dict(answer["ResponseParameters"]["Headers"])
    if len(origins) < 2:  # which of several asks is not known here
        headers[_ORIGIN] = f"'{origins[0]}'" if origins else ""
    return {
        "responseParameters": {f"gatewayresponse.header.{k}": x for k, x in headers.items() if x},
        "responseTemplates": answer["ResponseTemplates"],
    } | ({"statusCode": str(answer["StatusCode"])} if "StatusCode" in answer else {})
