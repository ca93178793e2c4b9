"""The routes of the Lambda; chalicelib implements them."""

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

from malicious_domains.model.scorer import Scorer
from malicious_domains.names import public_suffix
from malicious_domains.names.errors import MaliciousDomainsError

try:
    SETTINGS = settings.read_settings(os.environ)
    WRONG = ""  # what is wrong with the settings
except settings.SettingsError as error:
    if "AWS_LAMBDA_FUNCTION_NAME" not in os.environ:
        raise SystemExit(str(error)) from error  # found before it is deployed
    SETTINGS, WRONG = settings.Settings(), str(error)

# jQuery and curl -d send JSON as a form's content type, HTML a form, and sendBeacon text/plain.
FORM = "application/x-www-form-urlencoded"
BODIES = ["application/json", FORM, "text/plain", "multipart/form-data"]
CHALICE_KEYS = ("multiValueQueryStringParameters", "pathParameters", "stageVariables")
READING = ["GET", "HEAD"]  # monitors and proxies send HEAD


class App(Chalice):
    """Chalice, for every event that AWS may call a function with."""

    def __call__(self, event: Any, context: object) -> dict[str, Any]:
        """Answer an event; those of other services than API Gateway are translated by events."""
        call = super().__call__
        if self._is_complete(event):
            return call(event, context)
        from chalicelib.web import events

        ask = functools.partial(call, context=context)
        answer: dict[str, Any] = events.answer_event(event, self.routes, ask, SETTINGS)
        return answer

    def _is_complete(self, event: Any) -> bool:
        """Return whether Chalice can read an event: a REST API's, with all that it looks for."""
        try:
            context = event["requestContext"]
            texts = [context["resourcePath"], context["path"], *event["headers"].values()]
            texts += [context["httpMethod"], "" if event["body"] is None else event["body"]]
            return (
                {*CHALICE_KEYS} <= event.keys()
                and texts[0] in self.routes
                and {*map(type, texts)} <= {str, bytes}  # bytes by the local server
            )
        except (TypeError, KeyError, AttributeError):
            return False


app = App(app_name="malicious-domains", configure_logs=False)
telemetry.configure_log(app.log, SETTINGS)
current = threading.local()  # its .answer: to this thread's request, for the log; or None


def _headers() -> Any:
    request = getattr(app, "current_request", None)  # there is none while routes are set up
    return request.headers if request else {}


CORS = access.Origins(SETTINGS.origins, _headers) if SETTINGS.origins else False


@app.middleware("http")
def watch(request: Request, respond: Callable[[Request], Response]) -> Response:
    """Log and count every request."""
    started = time.perf_counter()
    current.answer = None
    response: Response = respond(request)
    if response.status_code == 415 and response.body["Message"].startswith("Unsupported"):
        response.body["Message"] += f"; send {', '.join(BODIES)}"
    telemetry.log_request(
        SETTINGS,
        request=request,
        response=response,
        answer=current.answer,
        seconds=time.perf_counter() - started,
        request_id=getattr(app.lambda_context, "aws_request_id", None),
    )
    if isinstance(response.body, dict):  # Chalice writes it as JSON without a type
        response.headers.setdefault("Content-Type", "application/json")
    if request.method == "HEAD":
        response.body = ""
    return response


@app.route(telemetry.CLASSIFIER, methods=["POST"], content_types=BODIES, cors=CORS)
def classify() -> Response:
    """Classify one domain or many."""
    access.check_key(_headers(), SETTINGS.keys)
    try:
        kind = str(_headers().get("content-type", ""))
        answer = api.classify(get_scorer(), _body(), SETTINGS.batch_limit, kind)
    except api.NotJudgedError as error:  # Chalice's own answer would lack Reason
        return Response(error.body, status_code=error.STATUS_CODE)
    response: Response = api.make_response(answer)
    current.answer = answer
    return response


@app.route("/model", methods=READING, cors=CORS)
def model() -> dict[str, Any]:
    """Return the artifact's metadata, and what its features mean."""
    access.check_key(_headers(), SETTINGS.keys)
    description: dict[str, Any] = api.describe_model(get_scorer().artifact)
    return description


@app.route("/health", methods=READING, cors=CORS)
def health() -> dict[str, str]:
    """Answer without using the model."""
    return {"status": "ok"}


@app.route("/ready", methods=READING, cors=CORS)
def ready() -> dict[str, str]:
    """Answer once there is a usable model."""
    get_scorer()
    return {"status": "ready"}


def page() -> Response:
    """Answer with the page or one of its files."""
    request: Any = app.current_request
    file: Response = static.serve_file(request.context["resourcePath"], request.context["path"])
    return file


for path in static.FILES:
    app.route(path, methods=READING)(page)


@app.route("/openapi.json", methods=READING, cors=CORS)
def openapi() -> Response:
    """Return the OpenAPI description of this API."""
    text = (static.FOLDER / "openapi.json").read_text(encoding="utf-8")
    return Response(text, {"Content-Type": "application/json"})


def _body() -> bytes:
    request: Any = app.current_request
    try:
        body: bytes = request.raw_body
    except ValueError as error:  # neither base64 nor text: a forged event
        raise BadRequestError(f"the body cannot be read: {error}") from error
    if encoding := request.headers.get("content-encoding"):
        from chalicelib.web import bodies

        body = bodies.decompress(body, encoding, api.MAX_BODY)
    return body


def get_scorer() -> Scorer:
    """Return the scorer, or log why there is none and raise ServiceUnavailableError."""
    try:
        if WRONG:
            raise settings.SettingsError(WRONG)
        return _load_scorer()
    except (MaliciousDomainsError, settings.SettingsError) as error:
        app.log.error("no usable model: %s", error)
        raise api.ServiceUnavailableError("no usable model: the log says why") from error


@functools.cache
def _load_scorer() -> Scorer:
    zones = public_suffix.add_zones(SETTINGS.provider_zones, SETTINGS.customer_zones)
    with contextlib.ExitStack() as files:
        paths = [files.enter_context(settings.fetch_file(x)) for x in SETTINGS.allow]
        indexes = [files.enter_context(settings.fetch_file(x)) for x in SETTINGS.dga_index]
        allow = None
        if paths:
            from malicious_domains.names.allow import AllowList

            allow = AllowList.load_all(paths)
        index, point = indexes[0] if indexes else None, SETTINGS.operating_point
        scorer = Scorer.load(allow=allow, dga_index=index, operating_point=point, zones=zones)
    scorer.score("example.com")  # loads the suffixes
    return scorer


if os.environ.get("LOG_BUCKET"):  # two more functions, for which Chalice needs no route

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


handler = app  # the name in templates

# At start the Lambda has a whole core, but a request at 512 MB a third of one: so load now.
# Requests that need an unusable model say what is wrong with it.
with contextlib.suppress(api.ServiceUnavailableError):
    get_scorer()
