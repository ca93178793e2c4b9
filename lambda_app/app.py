"""The routes; what they do is in chalicelib."""

from __future__ import annotations

import contextlib
import functools
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

if (Path(__file__).parent / "vendor" / "malicious_domains" / "names").is_file():
    raise SystemExit(
        "lambda_app/vendor/malicious_domains has text files instead of symbolic links: run "
        "`git config core.symlinks true`, then `git checkout HEAD -- lambda_app/vendor .chalice` "
        "(on Windows: in developer mode, or as an administrator)"
    )

from chalice.app import BadRequestError, Chalice, Request, Response
from chalicelib.web import access, api, settings, static, telemetry

from malicious_domains.model.artifact import ArtifactError
from malicious_domains.model.scorer import Scorer
from malicious_domains.names import public_suffix
from malicious_domains.names.errors import (
    AllowListError,
    DgaIndexError,
    SuffixListError,
    UnknownOperatingPoint,
)

SETTINGS = settings.read(os.environ)
# What may be wrong with a model, or with what is asked of it.
UNUSABLE = (
    *(ArtifactError, AllowListError, DgaIndexError, UnknownOperatingPoint),
    *(SuffixListError, settings.SettingsError),
)

# jQuery and curl -d send JSON under the name of a form, HTML a form; a browser's
# sendBeacon sends text/plain.
FORM = "application/x-www-form-urlencoded"
BODIES = ["application/json", FORM, "text/plain"]
READING = ["GET", "HEAD"]  # monitors and proxies ask by HEAD whether a GET would be answered


class App(Chalice):
    """Chalice, for all that AWS may call a function with."""

    def __call__(self, event: Any, context: object) -> dict[str, Any]:
        """The answer to an event: API Gateway's requests as they are, others by way of events."""
        ask = super().__call__
        try:
            known = event["requestContext"]["resourcePath"] in self.routes
        except (TypeError, KeyError):
            known = False
        if known:
            return ask(event, context)
        from chalicelib.web import events

        answer: dict[str, Any] = events.answer(event, self.routes, lambda x: ask(x, context))
        return answer


app = App(app_name="malicious-domains", configure_logs=False)
telemetry.configure(app.log, SETTINGS)
judged = threading.local()  # its .answer: to the request of this thread, for the log; or None


def _headers() -> Any:
    request = getattr(app, "current_request", None)  # none where routes are set up
    return request.headers if request else {}


CORS = access.Origins(SETTINGS.origins, _headers) if SETTINGS.origins else False


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
    if isinstance(response.body, dict):  # which Chalice writes as JSON, and leaves to guess
        response.headers.setdefault("Content-Type", "application/json")
    if request.method == "HEAD":
        response.body = ""
    return response


@app.route(telemetry.JUDGING, methods=["POST"], content_types=BODIES, cors=CORS)
def classify() -> Response:
    """Judge one domain or many."""
    access.check_key(_headers(), SETTINGS.keys)
    try:
        answer = api.classify(get_scorer(), _body(), SETTINGS.batch_limit, _is_form())
    except api.NotJudgedError as error:  # Chalice's own answer would leave Reason out
        return Response(error.body, status_code=error.STATUS_CODE)
    response: Response = api.respond(answer)
    judged.answer = answer
    return response


@app.route("/model", methods=READING, cors=CORS)
def model() -> dict[str, Any]:
    """The artifact's metadata, and what its features mean."""
    access.check_key(_headers(), SETTINGS.keys)
    description: dict[str, Any] = api.describe(get_scorer().artifact)
    return description


@app.route("/health", methods=READING, cors=CORS)
def health() -> dict[str, str]:
    """Answers without touching the model."""
    return {"status": "ok"}


def page() -> Response:
    """The page for a person, and its files."""
    request: Any = app.current_request
    file: Response = static.answer(request.context["resourcePath"], request.context["path"])
    return file


for path in static.FILES:
    app.route(path, methods=READING)(page)


@app.route("/openapi.json", methods=READING, cors=CORS)
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
    if encoding := request.headers.get("content-encoding"):
        from chalicelib.web import bodies

        body = bodies.decompress(body, encoding, api.MAX_BODY)
    return body


def _is_form() -> bool:
    return str(_headers().get("content-type", "")).lower().startswith(FORM)


def get_scorer() -> Scorer:
    """The scorer; raises ServiceUnavailableError."""
    try:
        return _load()
    except UNUSABLE as error:
        raise api.ServiceUnavailableError(f"no usable model: {error}") from error


@functools.cache
def _load() -> Scorer:
    allow = None
    if SETTINGS.allow:
        from chalicelib.web.buckets import on_disk

        from malicious_domains.names.allow import AllowList

        with contextlib.ExitStack() as files:
            allow = AllowList.load_all(files.enter_context(on_disk(x)) for x in SETTINGS.allow)
    known = None
    for path in SETTINGS.known:
        from chalicelib.web.buckets import on_disk

        from malicious_domains.names.dga_index import DgaIndex

        with on_disk(path) as file:
            known = DgaIndex.load(file)
    scorer = Scorer.load(
        allow=allow,
        dga_index=known,
        operating_point=SETTINGS.operating_point,
        zones=public_suffix.add_zones(SETTINGS.assigned, SETTINGS.chosen),
    )
    scorer.score("example.com")  # reads the suffixes, too
    return scorer


if os.environ.get("LOG_BUCKET"):  # two functions more, which Chalice else knows nothing of

    @app.lambda_function(name="logs")
    def logs(event: dict[str, Any], context: object) -> dict[str, int]:
        """Judge the clients in the DNS logs that S3 announces."""
        from chalicelib.logs import handler

        results: dict[str, int] = handler.on_event(event, get_scorer())
        return results

    @app.schedule("cron(30 1 * * ? *)", name="summary")
    def summary(event: object) -> dict[str, int]:
        """Judge yesterday's clients once more, and send a summary of the day."""
        from chalicelib.logs import summary

        numbers: dict[str, int] = summary.on_schedule(get_scorer())
        return numbers


handler = app  # the name that templates may have for it

# While it starts, the Lambda has a whole core; at 512 MB a request has a third of one.
# What is wrong with a model is told by the requests that need it.
with contextlib.suppress(*UNUSABLE):
    _load()
