"""Test the answers of a deployed app before it is trusted."""

from __future__ import annotations

import os
import time
from typing import Any, NamedTuple

import requests

from malicious_domains.model.artifact import MAX_F1
from malicious_domains.model.scorer import Scorer

from . import ReleaseError

PATH = "/malicious-domain-classifier"
WAIT = 60.0  # seconds that a new URL may take until it answers
KEY = "API_KEY"  # the environment variable with a key for a stage that asks for one
# They use all parts of both models: words, consonants, digits, hyphens, IDNs, short, long labels.
NAMES = (
    *("google.com", "wikipedia.org", "plzdonthackmekthxbye", "xmqjtoevkbhrw.ru", "bbc.co.uk"),
    *("x.org", "bücher.de", "my-very-long-family-holiday-photographs.example.org", "qsnwk.info"),
    *("1a5b2c9x8z7y6w5v4u3t.net", "bookstore24.shop", "0123456789abcdef0123456789abcdef.biz"),
)
_TOLERANCE = 1e-9  # of probabilities, on another machine
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}


class StageSettings(NamedTuple):
    """The settings of a stage on which its answers depend, as the app reads them."""

    operating_point: str | float = MAX_F1
    origins: tuple[str, ...] = ("*",)  # that may read answers
    keys: tuple[str, ...] = ()  # hashes of the keys that may call; none: anyone may
    batch_limit: int = 1000  # names in one request


class SmokeError(ReleaseError):
    """A live app does not answer as it should."""


def read_key(settings: StageSettings) -> str:
    """Return the key for a stage from the environment, "" for a stage that asks for none.

    Raises SmokeError if there is none.

    >>> read_key(StageSettings())
    ''
    """
    key = os.environ.get(KEY, "")
    if settings.keys and not key:
        raise SmokeError(f"the stage asks for a key: set {KEY} to one that it takes, to test it")
    return key if settings.keys else ""


def smoke_test(
    url: str, expected: Scorer | None, wait: float = WAIT, settings: StageSettings | None = None
) -> str:
    """Send the live app one name, several, a bad one, and a CORS preflight; return a report.

    expected: whose answers they must be; None: any. settings: the stage's. Raises SmokeError.
    """
    settings = settings or StageSettings()
    app = _App(url.rstrip("/"), {"X-Api-Key": key} if (key := read_key(settings)) else {})
    names = [*NAMES[: settings.batch_limit]]
    try:
        app.wait(wait)
        # Like the H2O demo's `curl -d`, which says that it sends a form.
        answers = [app.send("POST", PATH, data=f'{{"domain":"{names[0]}"}}', headers=_FORM).json()]
        answers += app.send("POST", PATH, json={"domains": names}).json()["results"]
        for name, answer in zip([names[0], *names], answers, strict=True):
            _compare(name, answer, expected)
        _test_cors(app, settings.origins)
        metadata = app.send("GET", "/model").json()
        if expected and not expected.artifact.metadata.items() <= metadata.items():
            raise SmokeError("/model: not the metadata of the deployed artifact")
    except (requests.RequestException, KeyError, TypeError, ValueError, SmokeError) as error:
        problem = error if isinstance(error, SmokeError) else repr(error)
        raise SmokeError(f"{url}: {problem}") from error
    return f"one name, {len(names)} names, a bad one and CORS are answered as they should be"


class _App(NamedTuple):
    """The live app."""

    url: str
    key: dict[str, str]  # a header, or none

    def wait(self, seconds: float) -> None:
        """Wait until the app answers at all; a new API takes some seconds."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                self.send("GET", "/health")
                return
            except (requests.RequestException, SmokeError):
                if time.monotonic() > deadline:
                    raise
                time.sleep(1)

    def send(self, method: str, path: str, status: int = 200, **options: Any) -> requests.Response:
        """Send a request whose answer must have this status; options: as for requests."""
        headers = options.pop("headers", {}) | self.key
        answer = requests.request(method, self.url + path, timeout=30, headers=headers, **options)
        if answer.status_code != status:
            problem = f"status {answer.status_code}, expected {status}: {answer.text[:200]}"
            raise SmokeError(f"{method} {path}: {problem}")
        return answer


def _compare(name: str, answer: dict[str, Any], expected: Scorer | None) -> None:
    """Compare the answer about a name with the expected model's."""
    probability, label = float(answer["class1Prob"]), answer["label"]
    if expected is None:
        return
    score = expected.score(name)
    if not abs(probability - score.probability) <= _TOLERANCE or label != score.label:
        given, wanted = f"{probability!r}, label {label}", f"{score.probability!r}, {score.label}"
        raise SmokeError(f"{PATH}: {name} gets {given}; expected {wanted}")


def _test_cors(app: _App, origins: tuple[str, ...]) -> None:
    """Test an invalid name, which is refused, and the CORS headers of it and of a preflight.

    Preflights are not answered where no origin is allowed.
    """
    named = origins[0] if origins else None
    origin = named if named not in (None, "*") else "https://front.example"
    headers = {"Origin": str(origin), "Access-Control-Request-Method": "POST"}
    any_of = {named} if len(origins) == 1 else {"*", named}  # the gateway's answer, the app's
    preflight = [("OPTIONS", 200, any_of)] if origins else []
    for method, status, allowed in (*preflight, ("POST", 422, {named})):
        answer = app.send(method, PATH, status, headers=headers, json={"domain": ""})
        if (header := answer.headers.get("Access-Control-Allow-Origin")) not in allowed:
            raise SmokeError(f"{PATH}: {method} allows {header} (CORS), expected {named}")
