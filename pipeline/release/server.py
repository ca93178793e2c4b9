"""Serve the app of the Lambda by waitress; run as a file: server.py HOST PORT, see local_server.py.

A request becomes the event of a function URL, so routes, limits and the log are those on AWS.
"""

from __future__ import annotations

import base64
import signal
import sys
import uuid
from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import waitress
from chalice.local import LocalChalice

APP = Path(__file__).parents[2] / "lambda_app"
MAX_BODY = 10_000_000  # bytes, as in API Gateway; the app itself takes less
THREADS = 8

Environ = dict[str, Any]
App = Callable[[dict[str, Any], object], dict[str, Any]]


def _to_event(environ: Environ) -> dict[str, Any]:
    """Translate a WSGI request (PEP 3333) into an event of a function URL."""
    headers = {k[5:].replace("_", "-").lower(): v for k, v in environ.items() if k[:5] == "HTTP_"}
    if kind := environ.get("CONTENT_TYPE"):
        headers["content-type"] = kind
    return {
        "version": "2.0",
        "rawPath": environ["PATH_INFO"],
        "headers": headers,
        "requestContext": {"http": {"method": environ["REQUEST_METHOD"]}},
        "body": base64.b64encode(environ["wsgi.input"].read()).decode(),
        "isBase64Encoded": True,
    }


def _make_application(app: App) -> Callable[[Environ, Any], list[bytes]]:
    """Return the WSGI application that answers by a Lambda's handler."""

    def application(environ: Environ, start_response: Any) -> list[bytes]:
        answer = app(_to_event(environ), SimpleNamespace(aws_request_id=uuid.uuid4().hex))
        status, body = answer["statusCode"], answer["body"].encode()
        start_response(f"{status} {HTTPStatus(status).phrase}", [*answer["headers"].items()])
        return [base64.b64decode(body) if answer.get("isBase64Encoded") else body]

    return application


def main(host: str, port: str) -> None:
    """Serve until SIGTERM or Ctrl-C; requests in progress are answered first."""
    sys.path[:0] = [str(APP), str(APP.parent)]
    import app as lambda_app

    app = lambda_app.app
    app.__class__ = type("ThreadedApp", (LocalChalice, type(app)), {})  # a request for each thread
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    limits = {"connection_limit": 1000, "channel_timeout": 60, "max_request_body_size": MAX_BODY}
    address = {"host": host, "port": int(port), "clear_untrusted_proxy_headers": True}
    waitress.serve(_make_application(app), threads=THREADS, ident=None, **address, **limits)


if __name__ == "__main__":
    main(*sys.argv[1:])
