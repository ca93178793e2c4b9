"""Answer requests from HTTP APIs, function URLs and load balancers, and refuse other events.

Requests become those of a REST API, which Chalice reads. Imported when such an event comes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from chalice.app import BadRequestError, NotFoundError

from .access import Origins
from .settings import Settings
from .telemetry import log_unknown, write_line

Event = dict[str, Any]
Answer = dict[str, Any]
Headers = Mapping[str, str]
_JSON = "application/json"
_COMPRESSED = 1_000  # bytes from which an answer is compressed


def answer_event(
    event: object, routes: Mapping[str, Any], ask: Callable[[Event], Answer], settings: Settings
) -> Answer:
    """Answer any event in its sender's format; ask() answers one of a REST API by its route.

    >>> unknown = {"rawPath": "/x", "version": "2.0", "requestContext": {"http": {"method": "GET"}}}
    >>> answer_event(unknown, {}, dict, Settings(log_level="ERROR"))["statusCode"]
    404
    """
    if not isinstance(event, dict):
        return _refuse(event)
    context, parameters = _get(event, "requestContext"), _get(event, "pathParameters")
    http = _get(context, "http")
    request = context | http if event.get("version") == "2.0" else event | context
    method = request.get("method", request.get("httpMethod"))
    path = event.get("rawPath", event.get("path")) or http.get("path") or "/"
    if not isinstance(method, str) or not isinstance(path, str) or not context:
        return _refuse(event)
    paths = [context.get("resourcePath"), *_strip_stage(path, context.get("stage"))]
    resource = _find_route([*paths, path, f"/{parameters.get('proxy')}"], routes)
    headers = _headers(event)
    cors = {k: x.cors for k, x in routes.get(resource or "", {}).items() if x.cors}
    if resource is None:
        answer = _answer_unknown(method, path, headers, settings)
    elif method == "OPTIONS" and cors:
        answer = _preflight(cors, headers)
    else:
        answer = _compress(ask(_to_rest_event(event, method, path, resource, headers)), headers)
    if "elb" in context:
        return _to_balancer(answer, "multiValueHeaders" in event)
    # Signed requests come from a function URL that demands signatures. AWS answers its
    # preflights, and adds its own CORS headers; there may be no others.
    if _get(context, "authorizer").get("iam"):
        kept = answer["headers"].items()
        answer["headers"] = {k: v for k, v in kept if not k.startswith("Access-Control-")}
    return answer


def _get(mapping: Mapping[str, Any], key: str) -> dict[str, Any]:
    """Return an object in an object, {} for anything else."""
    value = mapping.get(key)
    return value if isinstance(value, dict) else {}


def _strip_stage(path: str, stage: object) -> list[str]:
    """Return the path behind a named stage, which HTTP APIs leave in it; [] without one."""
    start = f"/{stage}"
    return [path[len(start) :] or "/"] if f"{path}/".startswith(f"{start}/") else []


def _find_route(paths: Sequence[object], routes: Mapping[str, Any]) -> str | None:
    """Return the first path that is a route, else the longest route at the end of the last but one.

    As in API Gateway, a final slash is ignored. What stands before a route is the base path of a
    custom domain, or of a load balancer's rule.
    """
    known = [x if x == "/" else x.removesuffix("/") for x in paths if isinstance(x, str)]
    ends = [x for x in routes if x != "/" and known[-2].endswith(x)]
    return next((x for x in known if x in routes), max(ends, key=len, default=None))


def _answer_unknown(method: str, path: str, headers: Headers, settings: Settings) -> Answer:
    log_unknown(settings, method, path)
    answer = _error(NotFoundError, "there is no such path")
    if settings.origins:
        origins = Origins(settings.origins, lambda: headers)
        answer["headers"] |= origins.get_access_control_headers()
    return answer | {"body": ""} if method == "HEAD" else answer


def _to_rest_event(event: Event, method: str, path: str, resource: str, headers: Headers) -> Event:
    """Translate a request into that of a REST API; a body that is not text is taken as JSON."""
    body = event.get("body")
    is_text = body is None or isinstance(body, str)
    return {
        "httpMethod": method,
        "path": path,
        "headers": headers,
        "multiValueQueryStringParameters": None,  # no route reads any
        "pathParameters": None,
        "stageVariables": None,
        "requestContext": {"httpMethod": method, "resourcePath": resource, "path": path},
        "body": body if is_text else json.dumps(body),
        "isBase64Encoded": is_text and event.get("isBase64Encoded", False),
    }


def _preflight(cors: Mapping[str, Origins], headers: Headers) -> Answer:
    """Answer OPTIONS as API Gateway does by itself; cors: by the methods that pages may use."""
    answer = next(iter(cors.values())).headers_for(headers)
    answer["Access-Control-Allow-Methods"] = ",".join([*cors, "OPTIONS"])
    return {"statusCode": 200, "headers": answer, "body": ""}


def _headers(event: Event) -> dict[str, str]:
    """Return the headers by name; of several with one name the last, as API Gateway does."""
    several = _get(event, "multiValueHeaders").items()
    single = _get(event, "headers") or {k: x[-1] for k, x in several if isinstance(x, list) and x}
    return {name.lower(): x for name, x in single.items() if isinstance(x, str)}


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
        "isBase64Encoded": answer.get("isBase64Encoded", False),
    }


def _compress(answer: Answer, headers: Headers) -> Answer:
    """Compress a long answer, if the client takes gzip; for REST APIs API Gateway does it."""
    accepted = re.sub(r"gzip *; *q=0(\.0*)?(,|$)", "", headers.get("accept-encoding", ""))
    if len(answer["body"]) < _COMPRESSED or "gzip" not in accepted:
        return answer
    from base64 import b64encode
    from gzip import compress

    packed = b64encode(compress(answer["body"].encode(), 5)).decode()
    kept = answer["headers"]
    vary = ", ".join(filter(None, (kept.get("Vary"), "Accept-Encoding")))
    more = {"Content-Encoding": "gzip", "Vary": vary}
    return answer | {"headers": kept | more, "body": packed, "isBase64Encoded": True}


def _refuse(event: object) -> Answer:
    """Refuse an event that is no request, to its sender and in the log."""
    keys = ", ".join(key[:40] for key in [*event][:5]) if isinstance(event, dict) else ""
    message = (
        f"this event ({keys or type(event).__name__}) is not an HTTP request: expected one of API "
        "Gateway, a function URL or a load balancer"
    )
    write_line({"level": "WARNING", "message": message})
    return _error(BadRequestError, message)


def _error(kind: type[Exception], message: str) -> Answer:
    body = json.dumps({"Code": kind.__name__, "Message": message}, separators=(",", ":"))
    status: int = kind.STATUS_CODE  # type: ignore[attr-defined]
    return {"statusCode": status, "headers": {"Content-Type": _JSON}, "body": body}
