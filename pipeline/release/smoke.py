"""What a deployed app must answer before it is trusted."""

from __future__ import annotations

import os
import time
from typing import Any

import requests

from lambda_app.chalicelib.web import api
from lambda_app.chalicelib.web.settings import Settings
from malicious_domains.model.scorer import Scorer
from malicious_domains.names.errors import MaliciousDomainsError

from .golden import NAMES

PATH = "/malicious-domain-classifier"
WAIT = 60.0  # seconds that a new URL may take until it answers
_SAME = 1e-9  # of probabilities, on another machine
KEY = "API_KEY"  # the environment variable with a key, for a stage that asks for one
_ORIGIN = "https://front.example"


class SmokeError(MaliciousDomainsError):
    """A live app that does not answer as it should."""


def smoke(
    url: str, expected: Scorer | None, wait: float = WAIT, settings: Settings | None = None
) -> str:
    """Ask the live app one name, several, a bad one, and for CORS; returns what was found.

    Answers must be those of expected; None: any will do. settings: those of the stage, by
    which keys, origins and the number of names are. Raises SmokeError.
    """
    app = _App(url.rstrip("/"), expected, settings or Settings())
    try:
        app.wait(wait)
        app.single()
        app.batch()
        app.bad()
        app.cors()
        app.model()
    except (requests.RequestException, KeyError, TypeError, ValueError) as error:
        raise SmokeError(f"{url}: {error!r}") from error
    return f"one name, {len(app.names)} names, a bad one and CORS are answered as they should be"


class _App:
    """The live app: each method asks one thing of it and raises SmokeError at a wrong answer."""

    def __init__(self, url: str, expected: Scorer | None, settings: Settings) -> None:
        key = os.environ.get(KEY, "")
        if settings.keys and not key:
            raise SmokeError(f"the stage asks for a key: set {KEY} to one that it takes")
        self.url, self.expected, self.settings = url, expected, settings
        self.key = {"X-Api-Key": key} if settings.keys else {}
        self.names = NAMES[: settings.batch_limit]

    def wait(self, seconds: float) -> None:
        """Return once the app answers at all; a new API takes some seconds."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                self.ask("GET", "/health")
                return
            except (requests.RequestException, SmokeError):
                if time.monotonic() > deadline:
                    raise
                time.sleep(1)

    def single(self) -> None:
        """As the original documents it: curl -d, which says it sends a form."""
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        answer = self.ask("POST", PATH, data='{"domain":"plzdonthackmekthxbye"}', headers=kind)
        self.same(answer.json(), "plzdonthackmekthxbye")

    def batch(self) -> None:
        """Several names: as many results, in order."""
        results = self.ask("POST", PATH, json={"domains": [*self.names]}).json()["results"]
        if len(results) != len(self.names):
            raise SmokeError(f"{self.url}{PATH}: {len(results)} results, not {len(self.names)}")
        for name, result in zip(self.names, results, strict=True):
            self.same(result, name)

    def same(self, answer: dict[str, Any], name: str) -> None:
        """Whether an answer about a name is the expected model's."""
        probability, label = float(answer["class1Prob"]), answer["label"]
        if self.expected is None:
            return
        score = self.expected.score(name)
        if not abs(probability - score.probability) <= _SAME or label != score.label:
            raise SmokeError(
                f"{self.url}{PATH}: {name} gets {probability!r}, label {label}; "
                f"expected {score.probability!r}, {score.label}"
            )

    def bad(self) -> None:
        """A text that is no name is refused with a reason."""
        answer = self.ask("POST", PATH, 422, json={"domain": "127.0.0.1"})
        if "Message" not in answer.json():
            raise SmokeError(f"{self.url}{PATH}: no Message for a name that cannot be judged")

    def cors(self) -> None:
        """What access.Origins promises; preflights are not answered where no origin is allowed."""
        origins = self.settings.origins
        origin = _ORIGIN if origins in ((), ("*",)) else origins[0]
        named = origins[0] if origins else None
        asked = {"Origin": origin, "Access-Control-Request-Method": "POST"}
        preflight = [("OPTIONS", 200, named if len(origins) == 1 else "*")] if origins else []
        for method, status, allowed in (*preflight, ("POST", 422, named)):
            answer = self.ask(method, PATH, status, headers=asked, json={"domain": ""})
            if (found := answer.headers.get("Access-Control-Allow-Origin")) != allowed:
                raise SmokeError(
                    f"{self.url}{PATH}: {method} allows {found} (CORS), expected {allowed}"
                )

    def model(self) -> None:
        """The metadata is that of the expected model."""
        if self.expected is None:
            return
        if self.ask("GET", "/model").json() != api.describe(self.expected.artifact):
            raise SmokeError(f"{self.url}/model: not the metadata of the deployed artifact")

    def ask(self, method: str, path: str, status: int = 200, **options: Any) -> requests.Response:
        """The answer to a request, which must have this status; options as requests takes them."""
        headers = options.pop("headers", {}) | self.key
        url = self.url + path
        answer = requests.request(method, url, timeout=30, headers=headers, **options)
        if answer.status_code != status:
            raise SmokeError(
                f"{method} {url}: status {answer.status_code}, expected {status}: "
                f"{answer.text[:200]}"
            )
        return answer
