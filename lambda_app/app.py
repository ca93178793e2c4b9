"""The routes; what they do is in chalicelib."""

from __future__ import annotations

import contextlib
import functools
from typing import Any

from chalice.app import BadRequestError, Chalice, Response
from chalicelib import api, function_url, static, suffixes
from chalicelib.artifact import ArtifactError
from chalicelib.scorer import Scorer

# jQuery and curl -d send JSON under the name of a form; a browser's sendBeacon
# sends text/plain.
BODIES = ["application/json", "application/x-www-form-urlencoded", "text/plain"]

app = Chalice(app_name="malicious-domains")


@app.route("/malicious-domain-classifier", methods=["POST"], content_types=BODIES, cors=True)
def classify() -> dict[str, Any]:
    """Judge one domain or up to 1,000."""
    answer: dict[str, Any] = api.classify(get_scorer(), _body())
    return answer


@app.route("/model", cors=True)
def model() -> dict[str, Any]:
    """The artifact's metadata."""
    metadata: dict[str, Any] = get_scorer().artifact.metadata
    return metadata


@app.route("/health", cors=True)
def health() -> dict[str, str]:
    """Answers without touching the model."""
    return {"status": "ok"}


@app.route("/")
@app.route("/page.css")
@app.route("/page.js")
@app.route("/list.js")
@app.route("/common.js")
@app.route("/points.js")
def page() -> Response:
    """The page for a person, and its files."""
    request: Any = app.current_request
    file: Response = static.answer(request.context["resourcePath"], request.context["path"])
    return file


@app.route("/openapi.json", cors=True)
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
    except (ArtifactError, suffixes.SuffixListError) as error:
        raise api.ServiceUnavailableError(f"no usable model: {error}") from error


@functools.cache
def _load() -> Scorer:
    scorer = Scorer.load()
    scorer.score("example.com")  # reads the suffixes, too
    return scorer


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """The Lambda's way in where it has a function URL; takes API Gateway's events too."""
    request = function_url.as_rest(event, app.routes)
    answer: dict[str, Any] = app(request, context) if request else function_url.NOT_FOUND
    return answer


# While it starts, the Lambda has a whole core; at 512 MB a request has a third of one.
# What is wrong with an artifact is told by the requests that need it.
with contextlib.suppress(ArtifactError, suffixes.SuffixListError):
    _load()
