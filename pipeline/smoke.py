"""What a deployed app must answer before it is trusted."""

from __future__ import annotations

import time
from typing import Any

import requests

from lambda_app.chalicelib.scorer import Scorer

from .errors import PipelineError
from .proving import NAMES

PATH = "/malicious-domain-classifier"
WAIT = 60.0  # seconds that a new URL may take until it answers
_SAME = 1e-9  # of probabilities, on another machine
_ASKED = {"Origin": "https://front.example", "Access-Control-Request-Method": "POST"}


class SmokeError(PipelineError):
    """A live app that does not answer as it should."""


def smoke(url: str, expected: Scorer | None, wait: float = WAIT) -> str:
    """Ask the live app one name, several, a bad one, and for CORS; returns what was found.

    Answers must be those of expected; None: any will do. Raises SmokeError.
    """
    url = url.rstrip("/")
    try:
        _wait(url, wait)
        _single(url, expected)
        _batch(url, expected)
        _bad(url)
        _cors(url)
        if expected and _ask("GET", f"{url}/model").json() != expected.artifact.metadata:
            raise SmokeError(f"{url}/model: not the metadata of the deployed artifact")
    except (requests.RequestException, KeyError, TypeError, ValueError) as error:
        raise SmokeError(f"{url}: {error!r}") from error
    return f"one name, {len(NAMES)} names, a bad one and CORS are answered as they should be"


def _wait(url: str, seconds: float) -> None:
    """Return once the app answers at all; a new API takes some seconds."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            _ask("GET", f"{url}/health")
            return
        except (requests.RequestException, SmokeError):
            if time.monotonic() > deadline:
                raise
            time.sleep(1)


def _single(url: str, expected: Scorer | None) -> None:
    """As the original documents it: curl -d, which says it sends a form."""
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = _ask("POST", url + PATH, data='{"domain":"plzdonthackmekthxbye"}', headers=kind)
    _same(url, answer.json(), "plzdonthackmekthxbye", expected)


def _batch(url: str, expected: Scorer | None) -> None:
    results = _ask("POST", url + PATH, json={"domains": [*NAMES]}).json()["results"]
    if len(results) != len(NAMES):
        raise SmokeError(f"{url}{PATH}: {len(results)} results for {len(NAMES)} names")
    for name, result in zip(NAMES, results, strict=True):
        _same(url, result, name, expected)


def _same(url: str, answer: dict[str, Any], name: str, expected: Scorer | None) -> None:
    probability, label = float(answer["class1Prob"]), answer["label"]
    if expected is None:
        return
    score = expected.score(name)
    if not abs(probability - score.probability) <= _SAME or label != score.label:
        raise SmokeError(
            f"{url}{PATH}: {name} gets {probability!r}, label {label}; "
            f"expected {score.probability!r}, {score.label}"
        )


def _bad(url: str) -> None:
    answer = _ask("POST", url + PATH, 422, json={"domain": "127.0.0.1"})
    if "Message" not in answer.json():
        raise SmokeError(f"{url}{PATH}: no Message for a name that cannot be judged")


def _cors(url: str) -> None:
    for method, status in (("OPTIONS", 200), ("POST", 422)):
        answer = _ask(method, url + PATH, status, headers=_ASKED, json={"domain": ""})
        if answer.headers.get("Access-Control-Allow-Origin") != "*":
            raise SmokeError(f"{url}{PATH}: {method} does not allow other origins (CORS)")


def _ask(method: str, url: str, status: int = 200, **options: Any) -> requests.Response:
    answer = requests.request(method, url, timeout=30, **options)
    if answer.status_code != status:
        raise SmokeError(
            f"{method} {url}: status {answer.status_code}, expected {status}: {answer.text[:200]}"
        )
    return answer
