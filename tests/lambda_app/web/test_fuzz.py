"""The app itself, as API Gateway calls it, with what nobody should send."""

from __future__ import annotations

import base64
import contextlib
import gzip
import hashlib
import importlib
import io
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.helpers.api import BAD, EIGHT, JSON, REQUESTS

ROOT = Path(__file__).parents[3]
EVENT = json.loads((ROOT / "tests" / "data" / "event.json").read_text())
JUDGING = EVENT["resource"]
PAYLOAD = 6 * 2**20  # bytes that a Lambda may answer with
ROUTES = (JUDGING,) * 16 + ("/model", "/health", "/openapi.json", "/")
VERDICT = {"domain", "name", "threshold", "operating_point", "model", "contributions"}
VERDICT |= {*EIGHT, "segmentation", "unlikely", "status", "reason", "bare", "assigned", "allowed"}
VERDICT |= {"known"}
STAGE = {
    "API_KEY_SHA256": hashlib.sha256(b"key").hexdigest(),
    "CORS_ORIGINS": "https://a.example https://b.example",
    "LOG_NAMES": "true",
    "MODEL": "language",
}

VALID: list[object] = [
    {"domain": "plzdonthackmekthxbye"},
    {"domain": "https://user:pw@www.example.co.uk:8443/a?b=c#d"},
    {"domain": "bücher.de", "operating_point": 0.001},
    {"domain": "xn--bcher-kva[.]com", "operating_point": "max_f1"},
    {"domains": ["google.com", "co.uk", "xmqjtoevkbhrw.ru", "ﷺ.com", "a\u00adb.net"]},
    {"domains": ["_dmarc.example.com", "1.2.3.4", "💩.la"], "operating_point": 0.0001},
]
BODIES = [x if isinstance(x, bytes) else json.dumps(x).encode() for x in VALID]
BODIES += [x if isinstance(x, bytes) else json.dumps(x).encode() for x, _, _ in BAD]
BODIES = [body for body in BODIES if len(body) < 2_000]
BODIES += [
    b"domain=google.com",
    b"domain=b%C3%BCcher.de&domain=%ff&operating_point=0.01",
    b"=&&;==",
]
TOKENS = ["NaN", "-Infinity", "1e999", "-0", "9" * 4301, "[", "{", '"', "\\", "\\ud800", "\\u0000"]
TOKENS += ["domain", "domains", "operating_point", "null", "true", "0.01", "e" * 300, "\x00", "."]
TOKENS += ["xn--", "xn--99999999", "。", "ß", "ﷺ" * 63, "\u202e", "\ufeff", "é", "א", "\u0345"]
TOKENS += ["\u00ad", "://", "@", ":80", "[.]", "::1", "_", "-", "%41", "a." * 200, "𝟏", "ς", "ŉ"]
VALUES: list[object] = [None, True, -1, 0, 1e308, 10**400, float("nan"), "", "a.com", [], {}]
VALUES += [["a.com"] * 3, {"domain": "a.com"}, "\ud800", "a" * 64, 0.01, "0.01", [[["a"]]]]
TYPES = ["application/json", "application/x-www-form-urlencoded; charset=UTF-8", "text/plain"]
TYPES += ["*/*", "", "multipart/form-data; boundary=x", "image/png", ", ;", "APPLICATION/JSON"]
ENCODINGS = ["gzip", "identity", "br", "GZIP", "deflate, gzip"]
HEADERS = [
    "Accept",
    "Origin",
    "x-api-key",
    "Content-Type",
    "X-Forwarded-For",
    "Content-Length",
    "",
]
METHODS = ["GET", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH", "post", ""]


@pytest.fixture(scope="module")
def app() -> Iterator[Any]:
    """Return the app of app.py, in this process, asking for a key and logging names."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(ROOT / "lambda_app")
        for name, value in STAGE.items():
            patch.setenv(name, value)
        yield importlib.import_module("app").app
        for name in [x for x in sys.modules if x == "app" or x.partition(".")[0] == "chalicelib"]:
            del sys.modules[name]


def bytes_changed(random: Random, body: bytes) -> bytes:
    data = bytearray(body)
    for _ in range(random.choice((1, 1, 2, 4, 8))):
        at = random.randint(0, len(data))
        to = min(len(data), at + random.randint(0, 8))
        match random.randrange(5):
            case 0:
                data[at:to] = random.randbytes(to - at)
            case 1:
                del data[at:to]
            case 2:
                data[at:at] = random.choice(TOKENS).encode()
            case 3:
                data[at:at] = random.choice(BODIES)[random.randint(0, 40) :]
            case 4:
                data[at:to] = data[at:to] * random.randint(2, 40)
    return bytes(data)


def structure_changed(random: Random, body: bytes) -> bytes:
    value = json.loads(body)
    for _ in range(random.randint(1, 3)):
        match random.choice((0, 1, 2, 2, 2, 3, 3, 3, 4)):
            case 0 if isinstance(value, dict):
                value[random.choice(("domain", "domains", "x"))] = random.choice(VALUES)
            case 1 if isinstance(value, dict):
                value["operating_point"] = random.choice(VALUES)
            case 2:
                value = {"domain": name(random)}
            case 3:
                value = {"domains": [name(random) for _ in range(random.randint(1, 6))]}
            case 4:
                for _ in range(random.choice((1, 2, 50))):
                    value = [value] if random.random() < 0.5 else {"domain": value}
    text = json.dumps(value, ensure_ascii=random.random() < 0.5)
    return text.encode(random.choice(("utf-8",) * 8 + ("utf-16", "utf-32-be")), "surrogatepass")


def name(random: Random) -> str:
    """Something between a name and noise."""
    pieces = []
    for _ in range(random.randint(1, 5)):
        alphabet = random.choice(("aeiourstlnm", "0123456789abcdef", "жñéß日אa", "a-_ :/.@[]\\%"))
        pieces.append("".join(random.choices(alphabet, k=random.choice((1, 5, 12, 30, 63, 64)))))
    pieces.append(random.choice(("com", "co.uk", "ddns.net", "", "рф", random.choice(TOKENS))))
    return random.choice((".", ".", ".", "[.]", "。", "..")).join(pieces)


def is_json(body: bytes) -> bool:
    try:
        json.loads(body)
    except (ValueError, RecursionError):
        return False
    return True


PARSED = [body for body in BODIES if is_json(body)]


def event(random: Random) -> dict[str, Any]:
    """Return the event that API Gateway makes of a request, with a route that it knows."""
    if random.random() < 0.6:
        body = structure_changed(random, random.choice(PARSED))
    else:
        body = bytes_changed(random, random.choice(BODIES))
    route = random.choice(ROUTES)
    method = "POST" if route == JUDGING else "GET"
    if random.random() < 0.03:
        method = random.choice(METHODS)
    path = random.choice((route, "/" + noise(random)))
    made: dict[str, Any] = EVENT | {"resource": route, "path": path, "httpMethod": method}
    made["headers"] = headers(random)
    if made["headers"] and random.random() < 0.1:
        made["headers"]["Content-Encoding"] = random.choice((*ENCODINGS, noise(random)))
        body = packed(random, body)
    made |= sent(random, body)
    if random.random() < 0.1:
        made["multiValueQueryStringParameters"] = {noise(random): [noise(random)]}
    context = {"httpMethod": method, "resourcePath": route}
    made["requestContext"] = EVENT["requestContext"] | context
    return made


def sent(random: Random, body: bytes) -> dict[str, Any]:
    """Return a body as text, as base64, as one taken for the other, or none."""
    kind = random.random()
    if kind < 0.6:
        errors = "replace" if random.random() < 0.95 else "surrogateescape"
        return {"body": body.decode("utf-8", errors), "isBase64Encoded": False}
    if kind < 0.95:
        return {"body": base64.b64encode(body).decode(), "isBase64Encoded": True}
    if kind < 0.98:
        return {"body": body.decode("latin-1"), "isBase64Encoded": True}
    return {"body": random.choice((None, "")), "isBase64Encoded": random.random() < 0.5}


def packed(random: Random, body: bytes) -> bytes:
    """In gzip, some of it damaged."""
    made = gzip.compress(body, 1)
    return made if random.random() < 0.7 else bytes_changed(random, made)


def headers(random: Random) -> dict[str, str] | None:
    if random.random() < 0.01:
        return None
    made = {"Content-Type": random.choice(TYPES[:3]), "X-API-Key": "key"}
    if random.random() < 0.1:
        made["content-type"] = made.pop("Content-Type")
        made[random.choice(HEADERS)] = random.choice((*TYPES, noise(random)))
    if random.random() < 0.1:
        made["Origin"] = random.choice(("https://a.example", "https://c.example", noise(random)))
    return made


def noise(random: Random) -> str:
    """Text of any kind, surrogates included."""
    return "".join(chr(random.randrange(random.choice((128, 0x3000, 0x110000)))) for _ in range(9))


def check(app: Any, sent: dict[str, Any]) -> int:
    """Ask, and hold the answer and the log to what both promise; returns the status."""
    with contextlib.redirect_stdout(io.StringIO()) as log:
        answer = app(sent, None)
    status: int = answer["statusCode"]
    assert status < 500, (sent, answer, log.getvalue())
    assert len(json.dumps(answer, allow_nan=False)) < PAYLOAD
    assert log.getvalue().count("\n") == 1
    assert json.loads(log.getvalue())["status"] == status
    route, content = sent["requestContext"]["resourcePath"], answer["body"]
    if sent["requestContext"]["httpMethod"] == "HEAD":
        assert content == ""
    elif status == 308:  # the page, asked for without its last slash
        assert (route, content) == ("/", "")
        assert answer["headers"]["Location"].startswith("./")
    elif route == "/" and status == 200:
        assert "<html" in content
    else:
        check_body(route, status, json.loads(content))
    return status


def check_body(route: str, status: int, body: Any) -> None:
    if status != 200:
        more = {"Status", "Reason"} if status == 422 else set()
        assert set(body) == {"Code", "Message"} | more
        assert body["Code"]
        assert body["Message"]
    elif route == JUDGING and "results" in body:
        assert set(body) - {"ignored"} == {"model", "threshold", "operating_point", "results"}
        assert all(
            set(x) - {"family_hint"} in (VERDICT, {"domain", "error", "status", "reason"})
            for x in body["results"]
        )
    elif route == JUDGING:
        assert set(body) - {"family_hint", "ignored"} == VERDICT


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_thousands_of_mutated_requests(app: Any, seed: int) -> None:
    random = Random(seed)
    statuses = [check(app, event(random)) for _ in range(3_500)]
    assert {200, 400, 401, 405, 415, 422} <= set(statuses)
    assert statuses.count(200) > 350  # otherwise only the parser is tested


BODY = st.binary() | (JSON | REQUESTS).map(json.dumps).map(str.encode)


@pytest.mark.slow
@settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow])
@given(body=BODY, kind=st.text(max_size=20), method=st.sampled_from(["POST", "GET"]))
def test_structured_requests(app: Any, body: bytes, kind: str, method: str) -> None:
    context = EVENT["requestContext"] | {"httpMethod": method}
    asked = EVENT | {"requestContext": context, "isBase64Encoded": True}
    asked |= {"body": base64.b64encode(body).decode()}
    for content_type in ("application/json", kind):
        check(app, asked | {"headers": {"content-type": content_type, "x-api-key": "key"}})


DAMAGE: list[Callable[[dict[str, Any]], object]] = [
    lambda x: x["headers"].update({"X-API-Key": "\ud800"}),
    lambda x: x.update(body="\ud800"),
    lambda x: x.update(body="é", isBase64Encoded=True),
    lambda x: x.update(body=None),
    lambda x: x.update(headers=None),
]


@pytest.mark.parametrize("damage", DAMAGE)
def test_what_the_gateway_itself_would_not_send(
    app: Any, damage: Callable[[dict[str, Any]], object]
) -> None:
    asked = json.loads(json.dumps(EVENT))
    damage(asked)
    assert check(app, asked) in (400, 401)
