"""Requests to the app, AWS's events for them, and the answers that OpenAPI describes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import requests
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from tests.helpers.data import FOLDER

PATH = "/malicious-domain-classifier"
PARTS = ["intercept", "length", "entropy", "proVowels", "numWords"]
EIGHT = ["label", "class0Prob", "class1Prob", *PARTS]


def post(url: str, body: object, **headers: str) -> requests.Response:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {"Content-Type": "application/json", "Origin": "https://front.example"} | headers
    return requests.post(url + PATH, data=data, headers=headers, timeout=30)


BAD: list[tuple[object, int, str]] = [
    (b"", 400, "not JSON"),
    (b"domain=example.com", 400, "not JSON"),
    (b"\xff\xfe\x00", 400, "not JSON"),
    (b"[" * 50_000, 400, "not JSON"),
    (b'{"domain": ' + b"9" * 5_000 + b"}", 400, "not JSON"),
    ("example.com", 400, "a string, expected an object"),
    (["example.com"], 400, "an array, expected an object"),
    (None, 400, "null, expected an object"),
    ({}, 400, '"domain" and "domains"'),
    ({"name": "example.com"}, 400, '"domain" and "domains"'),
    ({"domain": "a.com", "domains": ["a.com"]}, 400, '"domain" and "domains"'),
    (5, 400, "the body is a number, expected an object"),
    ({"domain": 5}, 400, "domain is a number, expected a string"),
    ({"domain": 0.5}, 400, "domain is a number, expected a string"),
    ({"domain": False}, 400, "domain is a boolean, expected a string"),
    ({"domain": None}, 400, "domain is null, expected a string"),
    ({"domain": ["a.com"]}, 400, "domain is an array, expected a string"),
    ({"domain": {"a": 1}}, 400, "domain is an object, expected a string"),
    ({"domains": []}, 400, "domains is an empty array, expected an array of 1 to 1,000 strings"),
    ({"domains": "a.com"}, 400, "domains is a string, expected an array of 1 to 1,000 strings"),
    ({"domains": None}, 400, "domains is null, expected an array"),
    ({"domains": {}}, 400, "domains is an object, expected an array"),
    ({"domains": ["a.com", True]}, 400, "domains[1] is a boolean, expected a string"),
    ({"domains": [1]}, 400, "domains[0] is a number, expected a string"),
    ({"domains": ["a.com", "b.com", None]}, 400, "domains[2] is null, expected a string"),
    ({"domains": [["a.com"]]}, 400, "domains[0] is an array, expected a string"),
    ({"domains": ["a.com", {}]}, 400, "domains[1] is an object, expected a string"),
    ({"domain": "a.com", "operating_point": None}, 400, "operating_point is null, expected"),
    ({"domain": "a.com", "hint": "true"}, 400, "hint is a string, expected true or false"),
    ({"domains": ["a.com"] * 1001}, 413, "1001 domains: at most 1000"),
    ({"domain": "x" * 2_000_000}, 413, "at most 1000000"),
    ({"domain": ""}, 422, "empty"),
    ({"domain": "x" * 64}, 422, "64 characters"),
    ({"domain": "abcdefghi." * 30 + "com"}, 422, "at most 253"),
    ({"domain": "two words.com"}, 422, "' '"),
    ({"domain": "1.2.3.4"}, 422, "IP address"),
    ({"domain": "💩.la"}, 422, "PILE OF POO"),
    ({"domain": "nul\0.com"}, 422, "'\\x00'"),
    ({"domain": "\ud800.com"}, 422, "domain"),
    ({"domain": "co.uk"}, 422, "public suffix"),
]

# Any JSON at all, and JSON that looks more like a request.
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)
REQUESTS = st.dictionaries(
    st.sampled_from(["domain", "domains", "x"]), st.text() | st.lists(st.text()) | JSON
)


ROOT = Path(__file__).parents[2]
PAGE = ROOT / "lambda_app" / "chalicelib" / "page"
DOCUMENT: dict[str, Any] = json.loads((PAGE / "openapi.json").read_text(encoding="utf-8"))
COMPONENTS: dict[str, Any] = DOCUMENT["components"]
OPERATIONS = [(path, method) for path, item in DOCUMENT["paths"].items() for method in item]


def resolved(part: dict[str, Any]) -> dict[str, Any]:
    """Return a response or header, with what its $ref stands for."""
    if "$ref" not in part:
        return part
    kind, name = part["$ref"].split("/")[2:]
    component: dict[str, Any] = COMPONENTS[kind][name]
    return component


def operation(path: str, method: str) -> dict[str, Any]:
    described: dict[str, Any] = DOCUMENT["paths"][path][method]
    return described


def check(schema: dict[str, Any], value: object) -> None:
    """Raise ValidationError unless a value is what a schema of the document says."""
    Draft202012Validator(schema | {"components": COMPONENTS}).validate(value)


def check_answer(path: str, method: str, answer: requests.Response) -> None:
    """Fail unless an answer has a status, headers, a content type and a body as described."""
    responses = operation(path, method)["responses"]
    response = resolved(responses[str(answer.status_code)])
    for name, header in response.get("headers", {}).items():
        header = resolved(header)
        value = answer.headers.get(name)
        assert value is not None or not header.get("required"), name
        if value is not None:
            number = header["schema"].get("type") == "integer"
            check(header["schema"], int(value) if number else value)
    about_cors = {name for name in answer.headers if name.startswith("Access-Control")}
    assert about_cors <= set(response.get("headers", {}))
    if method == "head":
        assert answer.content == b"" and answer.headers["Content-Type"]
        return
    kind = answer.headers["Content-Type"].partition(";")[0]
    (media,) = [m for name, m in response["content"].items() if name == kind]
    check(media["schema"], answer.json() if kind == "application/json" else answer.text)


def contents() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every content of a request or a response, and where it is."""
    for path, method in OPERATIONS:
        described = operation(path, method)
        parts = [resolved(part) for part in described["responses"].values()]
        for part in [described.get("requestBody", {}), *parts]:
            for kind, media in part.get("content", {}).items():
                yield f"{method} {path} {kind}: {part['description']}", media


def examples(path: str, method: str, status: int) -> dict[str, Any]:
    """Return the examples of an answer by name."""
    response = resolved(operation(path, method)["responses"][str(status)])
    by_name = response["content"]["application/json"]["examples"]
    return {name: example["value"] for name, example in by_name.items()}


REST: dict[str, Any] = json.loads((FOLDER / "event.json").read_text())


def url_event(method: str, path: str, body: str | None = None, **more: Any) -> dict[str, Any]:
    """Return an event of a function URL, as AWS documents it, payload format 2.0."""
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
            "authorizer": None,
            "stage": "$default",
        },
        **({} if body is None else {"body": body}),
        "isBase64Encoded": False,
    } | more


def signed(event: dict[str, Any]) -> dict[str, Any]:
    """Return the event of a function URL that asks for signatures."""
    iam = {"accessKey": "AKIA", "accountId": "1", "userArn": "arn:aws:iam::1:user/x"}
    return event | {"requestContext": event["requestContext"] | {"authorizer": {"iam": iam}}}


def balancer_event(method: str, path: str, body: str = "", several: bool = False) -> dict[str, Any]:
    """Return an event of a load balancer; several: with multi-value headers on."""
    headers = {"content-type": "application/json", "user-agent": "ELB-HealthChecker/2.0"}
    arn = "arn:aws:elasticloadbalancing:us-east-1:1:targetgroup/x/1"
    sent: dict[str, Any] = {"headers": headers, "queryStringParameters": {}}
    if several:
        listed = {name: [value] for name, value in headers.items()}
        sent = {"multiValueHeaders": listed, "multiValueQueryStringParameters": {}}
    return {
        "requestContext": {"elb": {"targetGroupArn": arn}},
        "httpMethod": method,
        "path": path,
        **sent,
        "body": body,
        "isBase64Encoded": False,
    }


def rest_event(method: str, path: str, **more: Any) -> dict[str, Any]:
    context = REST["requestContext"] | {"httpMethod": method, "resourcePath": path}
    context["path"] = f"/api{path}"
    return REST | {"httpMethod": method, "path": path, "requestContext": context} | more


CALL = """
import json, sys
sys.path.insert(0, "lambda_app")
import app
assert app.handler is app.app
print(json.dumps([app.app(event, None) for event in json.load(sys.stdin)]))
"""


def run_events(*events: object, **environment: str) -> tuple[list[dict[str, Any]], list[str]]:
    """Call the app with events in a process of its own; return the answers and the log's lines."""
    done = subprocess.run(
        [sys.executable, "-B", "-c", CALL],
        cwd=ROOT,
        env=os.environ | environment,
        input=json.dumps(events),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    *log, answers = done.stdout.splitlines()
    return json.loads(answers), log
