"""Events as AWS calls the function with, by the door that a request came through."""

from __future__ import annotations

import json
from typing import Any

from tests.helpers.data import FOLDER

REST: dict[str, Any] = json.loads((FOLDER / "event.json").read_text())


def url_event(method: str, path: str, body: str | None = None, **more: Any) -> dict[str, Any]:
    """Of a function URL, as AWS documents it, payload format 2.0."""
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
    """The event of a function URL that asks for signatures."""
    iam = {"accessKey": "AKIA", "accountId": "1", "userArn": "arn:aws:iam::1:user/x"}
    return event | {"requestContext": event["requestContext"] | {"authorizer": {"iam": iam}}}


def balancer_event(method: str, path: str, body: str = "", several: bool = False) -> dict[str, Any]:
    """Of a load balancer's target group; several: with multi-value headers on."""
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
