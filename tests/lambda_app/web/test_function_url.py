"""The Lambda behind a function URL, in a process of its own as the Lambda's is."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from lambda_app.chalicelib.model.scorer import Scorer

ROOT = Path(__file__).parents[3]
PATH = "/malicious-domain-classifier"
BODY = '{"domain": "plzdonthackmekthxbye"}'
CODE = """
import json, sys
sys.path.insert(0, "lambda_app")
import app
print(json.dumps([app.handler(event, None) for event in json.load(sys.stdin)]))
"""


def event(method: str, path: str, body: str | None = None, **more: Any) -> dict[str, Any]:
    """As AWS documents it, payload format 2.0."""
    return {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": "a=1",
        "headers": {"content-type": "application/json", "host": "x.lambda-url.us-east-1.on.aws"},
        "queryStringParameters": {"a": "1"},
        "requestContext": {
            "domainName": "x.lambda-url.us-east-1.on.aws",
            "http": {"method": method, "path": path, "sourceIp": "192.0.2.1"},
            "stage": "$default",
        },
        **({} if body is None else {"body": body}),
        "isBase64Encoded": False,
    } | more


def ask(*events: dict[str, Any]) -> list[dict[str, Any]]:
    run = subprocess.run(
        [sys.executable, "-B", "-c", CODE],
        cwd=ROOT,
        input=json.dumps(events),
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    answers: list[dict[str, Any]] = json.loads(run.stdout.splitlines()[-1])  # after the log
    return answers


def test_it_answers_as_the_api_does(language: Scorer) -> None:
    encoded = base64.b64encode(BODY.encode()).decode()
    gateway = json.loads((ROOT / "tests" / "data" / "event.json").read_text())
    for answer in ask(
        gateway,
        event("POST", PATH, BODY),
        event("POST", PATH, encoded, isBase64Encoded=True),
    ):
        assert answer["statusCode"] == 200, answer
        found = json.loads(answer["body"])["class1Prob"]
        assert found == pytest.approx(language.score("plzdonthackmekthxbye").probability)


def test_other_routes_and_what_is_wrong() -> None:
    health, page, bad, nowhere, method = ask(
        event("GET", "/health"),
        event("GET", "/"),
        event("POST", PATH, '{"domain": "127.0.0.1"}'),
        event("GET", "/nowhere"),
        event("DELETE", "/health"),
    )
    assert (health["statusCode"], page["statusCode"]) == (200, 200)
    assert page["headers"]["Content-Type"] == "text/html; charset=utf-8"
    assert [x["statusCode"] for x in (bad, nowhere, method)] == [422, 404, 405]
    assert json.loads(nowhere["body"])["Code"] == "NotFoundError"
