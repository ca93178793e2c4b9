"""Take a snapshot of a deployed stage, and restore it."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path
from typing import Any, NamedTuple

import requests

from . import ReleaseError
from .aws import connect, translate_aws_errors

APP_NAME = "malicious-domains"  # in .chalice/config.json
_SETTINGS = ("Runtime", "Handler", "Timeout", "MemorySize")
API_STAGE = "api"  # in API Gateway, not in Chalice


class StageSnapshot(NamedTuple):
    """The function and the API of a stage at one moment."""

    function: str  # its name
    code: bytes  # the zip
    settings: dict[str, Any]  # of the function, as update_function_configuration takes them
    api: str  # the id
    deployment: str  # the id of the API's deployment: a fixed snapshot of its routes
    url: str

    @property
    def environment(self) -> dict[str, str]:
        """Return the function's environment variables."""
        variables: dict[str, str] = self.settings["Environment"]["Variables"]
        return variables

    def restore(self) -> None:
        """Restore code, settings and routes; raise ReleaseError."""
        functions, apis = connect("lambda"), connect("apigateway")
        is_updated = functions.get_waiter("function_updated_v2")  # until then it refuses the next
        with translate_aws_errors(self.function):
            functions.update_function_code(FunctionName=self.function, ZipFile=self.code)
            is_updated.wait(FunctionName=self.function)
            functions.update_function_configuration(FunctionName=self.function, **self.settings)
            is_updated.wait(FunctionName=self.function)
            change = {"op": "replace", "path": "/deploymentId", "value": self.deployment}
            apis.update_stage(restApiId=self.api, stageName=API_STAGE, patchOperations=[change])


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
    function = _read_function(stage)
    return None if function is None else str(function["Configuration"]["CodeSha256"])


def take_snapshot(state: Path, stage: str) -> StageSnapshot | None:
    """Take a snapshot of what is deployed, None if nothing is.

    state: the folder of Chalice's STAGE.json and our STAGE.zip. Raises ReleaseError, also for
    what could not be restored.
    """
    function = _read_function(stage)
    if function is None:
        return None
    name, settings = name_function(stage), function["Configuration"]
    api = find_resource(state, stage, "rest_api")
    with translate_aws_errors(name):
        routes = connect("apigateway").get_stage(restApiId=api["rest_api_id"], stageName=API_STAGE)
    variables = settings.get("Environment", {}).get("Variables", {})
    return StageSnapshot(
        function=name,
        code=_read_code(function, state / f"{stage}.zip"),
        settings={key: settings[key] for key in _SETTINGS}
        | {"Environment": {"Variables": variables}},
        api=api["rest_api_id"],
        deployment=routes["deploymentId"],
        url=api["rest_api_url"].rstrip("/"),
    )


def _read_function(stage: str) -> dict[str, Any] | None:
    """Return what Lambda says about a stage's function, None if there is none."""
    client = connect("lambda")
    with translate_aws_errors(name_function(stage)):
        try:
            function: dict[str, Any] = client.get_function(FunctionName=name_function(stage))
        except client.exceptions.ResourceNotFoundException:
            return None
    return function


def _read_code(function: dict[str, Any], kept: Path) -> bytes:
    """Return the zip that runs: the kept one if it is the same, otherwise Lambda's."""
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
