"""A stage at one moment: what is deployed, what was before, and putting that back.

What a stage ran before its last deployment is kept, so that one command goes back to it.
"""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import boto3
import requests

from malicious_domains.inputs.atomic import write_atomically
from malicious_domains.names.errors import MaliciousDomainsError

from .aws import CONFIG, translate_aws_errors

APP_NAME = "malicious-domains"  # of .chalice/config.json
_SETTINGS = ("Runtime", "Handler", "Timeout", "MemorySize")
_STAGE = "api"  # API Gateway's, not Chalice's


class SnapshotError(MaliciousDomainsError):
    """A stage that cannot be read or put back."""


@dataclass(frozen=True)
class StageSnapshot:
    """The function and the API of a stage at one moment."""

    function: str  # its name
    code: bytes  # the zip
    settings: dict[str, Any]  # of the function, as update_function_configuration takes them
    concurrency: int | None  # that is reserved
    api: str  # its id
    deployment: str  # of the API: an unchanging snapshot of its routes
    url: str

    @property
    def environment(self) -> dict[str, str]:
        """The function's environment variables."""
        variables: dict[str, str] = self.settings["Environment"]["Variables"]
        return variables

    def restore(self) -> None:
        """Put code, settings and routes back; raises AwsError."""
        functions, apis = _client("lambda"), _client("apigateway")
        with translate_aws_errors(self.function):
            functions.update_function_code(FunctionName=self.function, ZipFile=self.code)
            _settled(self.function)
            functions.update_function_configuration(FunctionName=self.function, **self.settings)
            _settled(self.function)
            if self.concurrency is None:
                functions.delete_function_concurrency(FunctionName=self.function)
            else:
                functions.put_function_concurrency(
                    FunctionName=self.function, ReservedConcurrentExecutions=self.concurrency
                )
            change = {"op": "replace", "path": "/deploymentId", "value": self.deployment}
            apis.update_stage(restApiId=self.api, stageName=_STAGE, patchOperations=[change])


def function_of(stage: str) -> str:
    """The name of a stage's function, as Chalice gives it."""
    return f"{APP_NAME}-{stage}"


def code_sha256(code: bytes) -> str:
    """A zip's hash as Lambda tells it."""
    return base64.b64encode(hashlib.sha256(code).digest()).decode()


def deployed_sha256(stage: str) -> str | None:
    """The hash of the code that a stage runs, None if nothing is deployed; raises AwsError."""
    found = _function(stage)
    return None if found is None else str(found["Configuration"]["CodeSha256"])


def url_of(state: Path, stage: str) -> str:
    """The URL that Chalice wrote down of a stage; raises SnapshotError."""
    return str(_resource(state, stage, "rest_api")["rest_api_url"])


def look(state: Path, stage: str) -> StageSnapshot | None:
    """What is deployed, with all that going back takes; None if nothing is.

    state: the folder of Chalice's STAGE.json and our STAGE.zip. Raises AwsError, or
    SnapshotError if there is something that could not be put back.
    """
    found = _function(stage)
    if found is None:
        return None
    name, settings = function_of(stage), found["Configuration"]
    api = _resource(state, stage, "rest_api")
    with translate_aws_errors(name):
        routes = _client("apigateway").get_stage(restApiId=api["rest_api_id"], stageName=_STAGE)
    variables = settings.get("Environment", {}).get("Variables", {})
    return StageSnapshot(
        function=name,
        code=_code(found, state / f"{stage}.zip"),
        settings={key: settings[key] for key in _SETTINGS}
        | {"Environment": {"Variables": variables}},
        concurrency=found.get("Concurrency", {}).get("ReservedConcurrentExecutions"),
        api=api["rest_api_id"],
        deployment=routes["deploymentId"],
        url=api["rest_api_url"],
    )


def _function(stage: str) -> dict[str, Any] | None:
    """What Lambda tells of a stage's function."""
    functions = _client("lambda")
    with translate_aws_errors(function_of(stage)):
        try:
            found: dict[str, Any] = functions.get_function(FunctionName=function_of(stage))
        except functions.exceptions.ResourceNotFoundException:
            return None
    return found


def _code(found: dict[str, Any], kept: Path) -> bytes:
    """The zip that runs: ours, if it is the one that was kept, else Lambda's."""
    running, place = found["Configuration"]["CodeSha256"], found["Code"].get("Location", "")
    if kept.is_file() and code_sha256(body := kept.read_bytes()) == running:
        return body
    try:
        answer = requests.get(place, timeout=60)
        answer.raise_for_status()
    except requests.RequestException as error:
        raise SnapshotError(
            f"the code that runs cannot be kept, so there would be no way back: {error}; "
            "deploy with `chalice` itself if that is all right"
        ) from error
    if code_sha256(answer.content) != running:
        raise SnapshotError("the code that Lambda sent is not the code that runs; try again")
    return answer.content


def _resource(state: Path, stage: str, name: str) -> dict[str, Any]:
    """What Chalice wrote down of one thing that it made for a stage."""
    path = state / f"{stage}.json"
    try:
        resources = json.loads(path.read_text(encoding="utf-8"))["resources"]
        found: dict[str, Any] = next(x for x in resources if x["name"] == name)
    except (OSError, ValueError, KeyError, StopIteration) as error:
        raise SnapshotError(
            f"{path} does not tell the {name} of {function_of(stage)}, which exists: was it "
            "deployed from another machine? Chalice needs that file"
        ) from error
    return found


def _settled(function: str) -> None:
    """Return once Lambda has finished an update; until then it refuses the next."""
    _client("lambda").get_waiter("function_updated_v2").wait(FunctionName=function)


def _client(service: str) -> Any:
    with translate_aws_errors(service):
        return boto3.client(service, config=CONFIG)


def keep(before: StageSnapshot, state: Path, stage: str) -> None:
    """Write down in the folder state what a stage ran, for load(); raises OSError.

    The zip comes first: if that is all that was written, load() sees that the rest is of another.
    """
    code, rest = _paths(state, stage)
    facts = asdict(before)
    write_atomically(code, facts.pop("code"))
    write_atomically(
        rest, json.dumps(facts | {"sha256": code_sha256(before.code)}, indent=1).encode()
    )


def load(state: Path, stage: str) -> StageSnapshot:
    """What keep() wrote; raises SnapshotError if there is nothing, or not all of it."""
    code, rest = _paths(state, stage)
    try:
        body, facts = code.read_bytes(), json.loads(rest.read_text(encoding="utf-8"))
        whole = facts.pop("sha256") == code_sha256(body)
        before = StageSnapshot(code=body, **facts)
    except FileNotFoundError as error:
        raise SnapshotError(
            f"{error.filename}: no previous version of {stage} was kept here; it is, where a "
            "second deployment succeeds"
        ) from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SnapshotError(f"{rest}: not a previous version: {error}") from error
    if not whole:
        raise SnapshotError(f"{code} is not the zip that {rest} speaks of")
    return before


def _paths(state: Path, stage: str) -> tuple[Path, Path]:
    return state / f"{stage}.previous.zip", state / f"{stage}.previous.json"
