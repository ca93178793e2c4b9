"""Read what a stage runs: its function, its code, and Chalice's record of it."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

import requests

from . import ReleaseError
from .aws import connect, translate_aws_errors

APP_NAME = "malicious-domains"  # in .chalice/config.json
API_STAGE = "api"  # in API Gateway, not in Chalice


def name_function(stage: str) -> str:
    """Return the name that Chalice gives a stage's function.

    >>> name_function("dev")
    'malicious-domains-dev'
    """
    return f"{APP_NAME}-{stage}"


def hash_code(code: bytes) -> str:
    """Return the hash of a zip in Lambda's form, base64 of SHA-256."""
    return base64.b64encode(hashlib.sha256(code).digest()).decode()


def read_deployed_hash(stage: str) -> str | None:
    """Return the hash of the code that a stage runs, None if nothing is deployed."""
    function = read_function(stage)
    return None if function is None else str(function["Configuration"]["CodeSha256"])


def read_function(stage: str) -> dict[str, Any] | None:
    """Return what Lambda says about a stage's function, None if there is none."""
    client = connect("lambda")
    with translate_aws_errors(name_function(stage)):
        try:
            function: dict[str, Any] = client.get_function(FunctionName=name_function(stage))
        except client.exceptions.ResourceNotFoundException:
            return None
    return function


def read_code(state: Path, stage: str) -> bytes:
    """Return the zip that a stage runs, b"" if nothing is deployed.

    It is our STAGE.zip in the folder `state`, or comes from Lambda. Raises ReleaseError for what
    could not be deployed again.
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
        raise ReleaseError(
            f"the code that runs cannot be kept, so there would be no rollback: {error}; "
            "deploy with `chalice` itself if that is all right"
        ) from error
    if hash_code(answer.content) != running:
        raise ReleaseError("the code that Lambda sent is not the code that runs; try again")
    return answer.content


def find_resource(state: Path, stage: str, name: str) -> dict[str, Any]:
    """Return Chalice's record of a resource that it made for a stage."""
    path = state / f"{stage}.json"
    try:
        resources = json.loads(path.read_text(encoding="utf-8"))["resources"]
        resource: dict[str, Any] = next(x for x in resources if x["name"] == name)
    except (OSError, ValueError, KeyError, StopIteration) as error:
        raise ReleaseError(
            f"{path} does not record the {name} of {name_function(stage)}, which exists: was it "
            "deployed from another machine? Chalice needs that file"
        ) from error
    return resource
