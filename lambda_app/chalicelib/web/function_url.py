"""Events of a Lambda function URL, in the form of API Gateway's REST API, which Chalice reads."""

from __future__ import annotations

from collections.abc import Container
from typing import Any

NOT_FOUND = {
    "statusCode": 404,
    "headers": {"Content-Type": "application/json"},
    "body": '{"Code":"NotFoundError","Message":"there is no such path"}',
}


def as_rest(event: dict[str, Any], paths: Container[str]) -> dict[str, Any] | None:
    """A REST API's event as it is, and a function URL's in the form of a REST API's.

    None where a function URL's path is not among paths. Both forms are as AWS documents
    them: payload format 1.0 and 2.0.
    """
    if event.get("version") != "2.0":
        return event
    path = event["rawPath"]
    if path not in paths:
        return None
    method = event["requestContext"]["http"]["method"]
    context = {"httpMethod": method, "resourcePath": path, "path": path}
    context["identity"] = {"sourceIp": event["requestContext"]["http"]["sourceIp"]}
    return {
        "httpMethod": method,
        "path": path,
        "headers": event.get("headers", {}),
        "multiValueQueryStringParameters": None,  # no route reads any
        "pathParameters": None,
        "stageVariables": None,
        "requestContext": context,
        "body": event.get("body"),
        "isBase64Encoded": event.get("isBase64Encoded", False),
    }
