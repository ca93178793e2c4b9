"""Test the answers of a deployed app before it is trusted."""

from __future__ import annotations

import os
import time
from typing import Any, NamedTuple

import requests

from malicious_domains.model.artifact import MAX_F1
from malicious_domains.model.scorer import Scorer

from . import ReleaseError
from .manifest import GOLDEN_NAMES

PATH = "/malicious-domain-classifier"
WAIT = 60.0  # seconds that a new URL may take until it answers
KEY = "API_KEY"  # the environment variable with a key for a stage that asks for one
_TOLERANCE = 1e-9  # of probabilities, on another machine
_ORIGIN = "https://front.example"


class StageSettings(NamedTuple):
    """The settings of a stage on which its answers depend, as the app reads them."""

    operating_point: str | float = MAX_F1
    origins: tuple[str, ...] = ("*",)  # that may read answers
    keys: tuple[str, ...] = ()  # hashes of the keys that may call; none: anyone may
    batch_limit: int = 1000  # names in one request


class SmokeError(ReleaseError):
    """A live app does not answer as it should."""


def smoke_test(
    url: str, expected: Scorer | None, wait: float = WAIT, settings: StageSettings | None = None
) -> str:
    """Send the live app one name, several, a bad one, and a CORS preflight; return a report.

    expected: the scorer whose answers they must be; None: any answers will do. settings: of the
    stage. Raises SmokeError.
    """
    app = _App(url.rstrip("/"), expected, settings or StageSettings())
    try:
        app.wait(wait)
        app.test_single()
        app.test_batch()
        app.test_invalid()
        app.test_cors()
        app.test_model()
    except (requests.RequestException, KeyError, TypeError, ValueError) as error:
        raise SmokeError(f"{url}: {error!r}") from error
    return f"one name, {len(app.names)} names, a bad one and CORS are answered as they should be"


class _App:
    """The live app; each test raises SmokeError for a wrong answer."""

    def __init__(self, url: str, expected: Scorer | None, settings: StageSettings) -> None:
        key = os.environ.get(KEY, "")
        if settings.keys and not key:
            raise SmokeError(f"the stage asks for a key: set {KEY} to one that it takes")
        self.url, self.expected, self.settings = url, expected, settings
        self.key = {"X-Api-Key": key} if settings.keys else {}
        self.names = GOLDEN_NAMES[: settings.batch_limit]

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

    def test_single(self) -> None:
        """Test one name, sent like the H2O demo's `curl -d`, which says that it sends a form."""
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        answer = self.send("POST", PATH, data='{"domain":"plzdonthackmekthxbye"}', headers=form)
        self.compare(answer.json(), "plzdonthackmekthxbye")

    def test_batch(self) -> None:
        """Test several names: as many results, in order."""
        results = self.send("POST", PATH, json={"domains": [*self.names]}).json()["results"]
        if len(results) != len(self.names):
            raise SmokeError(f"{self.url}{PATH}: {len(results)} results, not {len(self.names)}")
        for name, result in zip(self.names, results, strict=True):
            self.compare(result, name)

    def compare(self, answer: dict[str, Any], name: str) -> None:
        """Compare the answer about a name with the expected model's."""
        probability, label = float(answer["class1Prob"]), answer["label"]
        if self.expected is None:
            return
        score = self.expected.score(name)
        if not abs(probability - score.probability) <= _TOLERANCE or label != score.label:
            raise SmokeError(
                f"{self.url}{PATH}: {name} gets {probability!r}, label {label}; "
                f"expected {score.probability!r}, {score.label}"
            )

    def test_invalid(self) -> None:
        """Test that an invalid name is refused with a reason."""
        answer = self.send("POST", PATH, 422, json={"domain": "127.0.0.1"})
        if "Message" not in answer.json():
            raise SmokeError(f"{self.url}{PATH}: no Message for an invalid name")

    def test_cors(self) -> None:
        """Test the CORS headers; preflights are not answered where no origin is allowed."""
        origins = self.settings.origins
        origin = _ORIGIN if origins in ((), ("*",)) else origins[0]
        named = origins[0] if origins else None
        headers = {"Origin": origin, "Access-Control-Request-Method": "POST"}
        any_of = {named} if len(origins) == 1 else {"*", named}  # the gateway's answer, the app's
        preflight = [("OPTIONS", 200, any_of)] if origins else []
        for method, status, allowed in (*preflight, ("POST", 422, {named})):
            answer = self.send(method, PATH, status, headers=headers, json={"domain": ""})
            if (header := answer.headers.get("Access-Control-Allow-Origin")) not in allowed:
                raise SmokeError(
                    f"{self.url}{PATH}: {method} allows {header} (CORS), expected {named}"
                )

    def test_model(self) -> None:
        """Test that the metadata is that of the expected model, with meanings beside it."""
        if self.expected is None:
            return
        answer = self.send("GET", "/model").json()
        if not answer.pop("meanings") or answer != self.expected.artifact.metadata:
            raise SmokeError(f"{self.url}/model: not the metadata of the deployed artifact")

    def send(self, method: str, path: str, status: int = 200, **options: Any) -> requests.Response:
        """Send a request whose answer must have this status; options: as for requests."""
        headers = options.pop("headers", {}) | self.key
        url = self.url + path
        answer = requests.request(method, url, timeout=30, headers=headers, **options)
        if answer.status_code != status:
            raise SmokeError(
                f"{method} {url}: status {answer.status_code}, expected {status}: "
                f"{answer.text[:200]}"
            )
        return answer
