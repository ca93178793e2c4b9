"""Answer requests from function URLs and load balancers, and refuse events that are none.

Requests are translated into those of API Gateway's REST API, which Chalice reads. Imported only
when such an event comes.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from chalice.app import BadRequestError, NotFoundError

from .access import Origins
from .telemetry import write_line

Event = dict[str, Any]
Answer = dict[str, Any]
_SHOWN_KEYS = 5  # of an unknown event
_JSON = "application/json"


def answer_event(
    event: object, routes: Mapping[str, Any], ask: Callable[[Event], Answer]
) -> Answer:
    """Answer any event in its sender's format.

    routes: Chalice's, by path and method. ask: answers an event of a REST API.
    """
    if not isinstance(event, dict):
        return _refuse(event)
    context = event.get("requestContext")
    context = context if isinstance(context, dict) else {}
    if event.get("version") == "2.0" and "http" in context:
        http = context["http"]
        answer = _ask(http["method"], event.get("rawPath", "/"), event, routes, ask)
        # Signed requests come from a function URL that demands signatures. AWS answers its
        # preflights, and adds its own CORS headers; there may be no others.
        return _drop_cors(answer) if (context.get("authorizer") or {}).get("iam") else answer
    if "elb" in context:
        answer = _ask(event["httpMethod"], event.get("path", "/"), event, routes, ask)
        return _to_balancer(answer, "multiValueHeaders" in event)
    if "httpMethod" in context and "resourcePath" in context:  # from a catch-all route
        return _ask(context["httpMethod"], event.get("path") or "/", event, routes, ask)
    return _refuse(event)


def _ask(
    method: str,
    path: str,
    event: Event,
    routes: Mapping[str, Any],
    ask: Callable[[Event], Answer],
) -> Answer:
    """Answer a request to a path; as in API Gateway, a final slash is ignored."""
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
    """Answer OPTIONS as API Gateway does by itself; cors: by the methods that pages may use."""
    answer = next(iter(cors.values())).headers_for(headers)
    answer["Access-Control-Allow-Methods"] = ",".join([*cors, "OPTIONS"])
    return {"statusCode": 200, "headers": answer, "body": ""}


def _headers(event: Event) -> dict[str, str]:
    """Return the headers by name; of several with one name the last, as API Gateway does."""
    several = event.get("multiValueHeaders") or {}
    single = event.get("headers") or {name: x[-1] for name, x in several.items() if x}
    return {name.lower(): x for name, x in single.items()}


def _to_balancer(answer: Answer, has_lists: bool) -> Answer:
    """Translate an answer for a load balancer; has_lists: whether headers are lists."""
    from http import HTTPStatus

    status, headers = answer["statusCode"], {"Content-Type": _JSON} | answer["headers"]
    lists = {"multiValueHeaders": {k: [v] for k, v in headers.items()}}
    return {
        "statusCode": status,
        "statusDescription": f"{status} {HTTPStatus(status).phrase}",
        **(lists if has_lists else {"headers": headers}),
        "body": answer["body"],
        "isBase64Encoded": False,
    }


def _drop_cors(answer: Answer) -> Answer:
    kept = {k: v for k, v in answer["headers"].items() if not k.startswith("Access-Control-")}
    return answer | {"headers": kept}


def _refuse(event: object) -> Answer:
    """Refuse an event that is no request, to its sender and in the log."""
    message = (
        f"this event is {_describe(event)}, not an HTTP request: expected one of API Gateway's REST "
        "API, a function URL or a load balancer"
    )
    write_line({"level": "WARNING", "message": message})
    return _error(BadRequestError, message)


def _describe(event: object) -> str:
    if not isinstance(event, dict):
        return "an array" if isinstance(event, list) else f"of type {type(event).__name__}"
    records = event.get("Records")
    if isinstance(records, list) and records and isinstance(records[0], dict):
        source = records[0].get("eventSource") or records[0].get("EventSource")
        return f"{len(records)} record{'s'[: len(records) > 1]} of {_brief(source)}"
    if "detail-type" in event:
        return f"{_brief(event['detail-type'])} of {_brief(event.get('source'))}"
    names = ", ".join(map(_brief, [*event][:_SHOWN_KEYS])) + (
        ", ..." if len(event) > _SHOWN_KEYS else ""
    )
    return f"an object with the keys {names}" if event else "an empty object"


def _brief(text: object) -> str:
    return str(text)[:40]


def _error(kind: type[Exception], message: str) -> Answer:
    body = json.dumps({"Code": kind.__name__, "Message": message}, separators=(",", ":"))
    status: int = kind.STATUS_CODE  # type: ignore[attr-defined]
    return {"statusCode": status, "headers": {"Content-Type": _JSON}, "body": body}
