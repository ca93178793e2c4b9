"""The routes; what they do is in chalicelib."""

from __future__ import annotations

import contextlib
import functools
import os
import threading
import time
from collections.abc import Callable
from typing import Any

from chalice.app import BadRequestError, Chalice, Request, Response
from chalicelib.domains import public_suffix
from chalicelib.model.artifact import ArtifactError
from chalicelib.model.scorer import Scorer, UnknownOperatingPoint
from chalicelib.web import access, api, function_url, settings, static, telemetry

SETTINGS = settings.read(os.environ)
# What may be wrong with a model, or with what is asked of it.
UNUSABLE = (ArtifactError, UnknownOperatingPoint, public_suffix.SuffixListError)

# jQuery and curl -d send JSON under the name of a form; a browser's sendBeacon
# sends text/plain.
BODIES = ["application/json", "application/x-www-form-urlencoded", "text/plain"]

app = Chalice(app_name="malicious-domains", configure_logs=False)
telemetry.configure(app.log, SETTINGS)
judged = threading.local()  # its .answer: to the request of this thread, for the log; or None


def _headers() -> Any:
    request = getattr(app, "current_request", None)  # none where routes are set up
    return request.headers if request else {}


CORS = access.Origins(SETTINGS.readers, _headers) if SETTINGS.readers else False


@app.middleware("http")
def watch(request: Request, respond: Callable[[Request], Response]) -> Response:
    """Log and count every request."""
    started = time.perf_counter()
    judged.answer = None
    response: Response = respond(request)
    telemetry.record(
        SETTINGS,
        request=request,
        response=response,
        answer=judged.answer,
        seconds=time.perf_counter() - started,
        request_id=getattr(app.lambda_context, "aws_request_id", None),
    )
    return response


@app.route(telemetry.JUDGING, methods=["POST"], content_types=BODIES, cors=CORS)
def classify() -> Response:
    """Judge one domain or many."""
    access.check_key(_headers(), SETTINGS.keys)
    answer = api.classify(get_scorer(), _body(), SETTINGS.batch_limit)
    response: Response = api.respond(answer)
    judged.answer = answer
    return response


@app.route("/model", cors=CORS)
def model() -> dict[str, Any]:
    """The artifact's metadata, and what its features mean."""
    access.check_key(_headers(), SETTINGS.keys)
    description: dict[str, Any] = api.describe(get_scorer().artifact)
    return description


@app.route("/health", cors=CORS)
def health() -> dict[str, str]:
    """Answers without touching the model."""
    return {"status": "ok"}


def page() -> Response:
    """The page for a person, and its files."""
    request: Any = app.current_request
    file: Response = static.answer(request.context["resourcePath"], request.context["path"])
    return file


for path in static.FILES:
    app.route(path)(page)


@app.route("/openapi.json", cors=CORS)
def openapi() -> Response:
    """The description of this API."""
    text = (static.FOLDER / "openapi.json").read_text(encoding="utf-8")
    return Response(text, {"Content-Type": "application/json"})


def _body() -> bytes:
    request: Any = app.current_request
    try:
        body: bytes = request.raw_body
    except ValueError as error:  # neither base64 nor text, which only a forged event has
        raise BadRequestError(f"the body cannot be read: {error}") from error
    return body


def get_scorer() -> Scorer:
    """The scorer; raises ServiceUnavailableError."""
    try:
        return _load()
    except UNUSABLE as error:
        raise api.ServiceUnavailableError(f"no usable model: {error}") from error


@functools.cache
def _load() -> Scorer:
    scorer = Scorer.load(operating_point=SETTINGS.operating_point)
    scorer.score("example.com")  # reads the suffixes, too
    return scorer


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """The Lambda's way in where it has a function URL; takes API Gateway's events too."""
    request = function_url.as_rest(event, app.routes)
    answer: dict[str, Any] = app(request, context) if request else function_url.NOT_FOUND
    return answer


# While it starts, the Lambda has a whole core; at 512 MB a request has a third of one.
# What is wrong with a model is told by the requests that need it.
with contextlib.suppress(*UNUSABLE):
    _load()
