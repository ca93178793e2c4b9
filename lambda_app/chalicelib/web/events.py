"""What AWS may call the function with, beside the requests of API Gateway's REST API.

Requests of a function URL and of a load balancer become a REST API's, which is what Chalice
reads. What is no request at all is told so. Imported only where such an event comes.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from chalice.app import BadRequestError, NotFoundError

from .access import Origins
from .telemetry import write

Event = dict[str, Any]
Answer = dict[str, Any]
_KEYS = 5  # of an unknown event that are named
_JSON = "application/json"


def answer(event: object, routes: Mapping[str, Any], ask: Callable[[Event], Answer]) -> Answer:
    """The answer to any event, in the form that its sender reads.

    routes: Chalice's, method by method by path. ask: takes a REST API's event, gives its answer.
    """
    if not isinstance(event, dict):
        return _not_a_request(event)
    context = event.get("requestContext")
    context = context if isinstance(context, dict) else {}
    if event.get("version") == "2.0" and "http" in context:
        http = context["http"]
        found = _ask(http["method"], event.get("rawPath", "/"), event, routes, ask)
        # Signed requests are those of a function URL that asks for signatures. Its preflights
        # never get here, so that it needs CORS headers of AWS's own, and may have no others.
        return _without_cors(found) if (context.get("authorizer") or {}).get("iam") else found
    if "elb" in context:
        found = _ask(event["httpMethod"], event.get("path", "/"), event, routes, ask)
        return _of_balancer(found, "multiValueHeaders" in event)
    if "httpMethod" in context and "resourcePath" in context:  # a catch-all route's
        return _ask(context["httpMethod"], event.get("path") or "/", event, routes, ask)
    return _not_a_request(event)


def _ask(
    method: str,
    path: str,
    event: Event,
    routes: Mapping[str, Any],
    ask: Callable[[Event], Answer],
) -> Answer:
    """The answer to a request that names its path; a slash at its end is API Gateway's to drop."""
    resource = path[:-1] if path.endswith("/") and path != "/" else path
    if resource not in routes:
        missing = _error(NotFoundError, "there is no such path")
        return missing | {"body": ""} if method == "HEAD" else missing
    headers = _headers(event)
    if method == "OPTIONS" and (cors := {k: x.cors for k, x in routes[resource].items() if x.cors}):
        return _preflight(cors, headers)
    return ask(
        {
            "httpMethod": method,
            "path": path,
            "headers": headers,
            "multiValueQueryStringParameters": None,  # no route reads any
            "pathParameters": None,
            "stageVariables": None,
            "requestContext": {"httpMethod": method, "resourcePath": resource, "path": path},
            "body": event.get("body"),
            "isBase64Encoded": event.get("isBase64Encoded", False),
        }
    )


def _preflight(cors: Mapping[str, Origins], headers: Mapping[str, str]) -> Answer:
    """What API Gateway answers by itself to OPTIONS, by the methods that pages may use."""
    told = next(iter(cors.values())).headers_for(headers)
    told["Access-Control-Allow-Methods"] = ",".join([*cors, "OPTIONS"])
    return {"statusCode": 200, "headers": told, "body": ""}


def _headers(event: Event) -> dict[str, str]:
    """By name; of several of one name the last, as API Gateway has it."""
    several = event.get("multiValueHeaders") or {}
    single = event.get("headers") or {name: x[-1] for name, x in several.items() if x}
    return {name.lower(): x for name, x in single.items()}


def _of_balancer(found: Answer, several: bool) -> Answer:
    """An answer as a load balancer reads it; several: whether its headers are lists."""
    from http import HTTPStatus

    headers = {"Content-Type": _JSON} | found["headers"]
    told = {"multiValueHeaders": {k: [v] for k, v in headers.items()}} if several else {}
    return {
        "statusCode": found["statusCode"],
        "statusDescription": f"{found['statusCode']} {HTTPStatus(found['statusCode']).phrase}",
        **(told or {"headers": headers}),
        "body": found["body"],
        "isBase64Encoded": False,
    }


def _without_cors(found: Answer) -> Answer:
    kept = {k: v for k, v in found["headers"].items() if not k.startswith("Access-Control-")}
    return found | {"headers": kept}


def _not_a_request(event: object) -> Answer:
    """What is said to an event that asks for nothing: to its sender, and in the log."""
    told = (
        f"this event is {_kind(event)}, not an HTTP request: expected one of API Gateway's REST "
        "API, a function URL or a load balancer"
    )
    write({"level": "WARNING", "message": told})
    return _error(BadRequestError, told)


def _kind(event: object) -> str:
    if not isinstance(event, dict):
        return "an array" if isinstance(event, list) else f"of type {type(event).__name__}"
    records = event.get("Records")
    if isinstance(records, list) and records and isinstance(records[0], dict):
        source = records[0].get("eventSource") or records[0].get("EventSource")
        return f"{len(records)} record{'s'[: len(records) > 1]} of {_brief(source)}"
    if "detail-type" in event:
        return f"{_brief(event['detail-type'])} of {_brief(event.get('source'))}"
    names = ", ".join(map(_brief, [*event][:_KEYS])) + (", ..." if len(event) > _KEYS else "")
    return f"an object with the keys {names}" if event else "an empty object"


def _brief(text: object) -> str:
    return str(text)[:40]


def _error(kind: type[Exception], message: str) -> Answer:
    body = json.dumps({"Code": kind.__name__, "Message": message}, separators=(",", ":"))
    status: int = kind.STATUS_CODE  # type: ignore[attr-defined]
    return {"statusCode": status, "headers": {"Content-Type": _JSON}, "body": body}
