"""The Lambda as AWS calls it, in a process of its own: requests by other doors, and no requests."""

from __future__ import annotations

import base64
import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from malicious_domains.model.scorer import Scorer
from tests.helpers.api import REST, balancer_event, rest_event, run_events, signed, url_event

ROOT = Path(__file__).parents[3]
PATH = "/malicious-domain-classifier"
BODY = '{"domain": "plzdonthackmekthxbye"}'
SENDABLE = {"x-api-key", "authorization", "content-type", "content-encoding"}
SENDABLE |= {"x-amz-date", "x-amz-security-token", "x-amz-content-sha256"}


def ask(*events: object, **environment: str) -> list[dict[str, Any]]:
    return run_events(*events, **environment)[0]


def test_one_name_is_judged_alike_by_every_door(language: Scorer) -> None:
    """H02, H03, H04."""
    encoded = base64.b64encode(BODY.encode()).decode()
    for answer in ask(
        REST,
        url_event("POST", PATH, BODY),
        url_event("POST", PATH, encoded, isBase64Encoded=True),
        url_event("POST", PATH + "/", BODY),
        balancer_event("POST", PATH, BODY),
        balancer_event("POST", PATH, BODY, several=True),
    ):
        assert answer["statusCode"] == 200, answer
        found = json.loads(answer["body"])["class1Prob"]
        assert found == pytest.approx(language.score("plzdonthackmekthxbye").probability)


def test_other_routes_and_what_is_wrong() -> None:
    health, slash, page, bad, nowhere, method, twice = ask(
        url_event("GET", "/health"),
        url_event("GET", "/health/"),
        url_event("GET", "/"),
        url_event("POST", PATH, '{"domain": "127.0.0.1"}'),
        url_event("GET", "/nowhere"),
        url_event("DELETE", "/health"),
        url_event("GET", "/health//"),
    )
    assert (health["statusCode"], page["statusCode"]) == (200, 200)
    assert health == slash
    assert page["headers"]["Content-Type"] == "text/html; charset=utf-8"
    assert [x["statusCode"] for x in (bad, nowhere, method, twice)] == [422, 404, 405, 404]
    assert json.loads(nowhere["body"])["Code"] == "NotFoundError"


def test_head_has_the_headers_of_get_and_no_body() -> None:
    """H06."""
    paths = ("/", "/page.js", "/model", "/health", "/openapi.json")
    makers = (rest_event, url_event, balancer_event)
    asked = [make(method, path) for path in paths for make in makers for method in ("GET", "HEAD")]
    answers = ask(*asked)
    for get, head in zip(answers[::2], answers[1::2], strict=True):
        assert get["body"] and head == get | {"body": ""}
        assert head["statusCode"] == 200 and head["headers"]["Content-Type"]
    nowhere, posted = ask(url_event("HEAD", "/nowhere"), url_event("HEAD", PATH))
    assert (nowhere["statusCode"], nowhere["body"]) == (404, "")
    assert (posted["statusCode"], posted["body"]) == (405, "")
    assert posted["headers"]["Allow"] == "POST"


def test_a_load_balancer_gets_what_it_reads() -> None:
    health, listed, nowhere, bad = ask(
        balancer_event("GET", "/health"),
        balancer_event("GET", "/health", several=True),
        balancer_event("GET", "/nowhere"),
        balancer_event("POST", PATH, "x", several=True),
    )
    assert health["statusDescription"] == "200 OK" and health["isBase64Encoded"] is False
    assert health["headers"]["Content-Type"] == "application/json"
    assert "multiValueHeaders" not in health and "headers" not in listed
    assert listed["multiValueHeaders"] == {k: [v] for k, v in health["headers"].items()}
    assert nowhere["statusDescription"] == "404 Not Found"
    assert (bad["statusCode"], bad["statusDescription"]) == (400, "400 Bad Request")


# As AWS's console and documents have them, shortened.
NO_REQUESTS: list[tuple[object, str]] = [
    ({"key1": "value1", "key2": "value2", "key3": "value3"}, "(key1, key2, key3)"),
    ({"Records": [{"messageId": "1", "body": "Hello", "eventSource": "aws:sqs"}]}, "(Records)"),
    ({"version": "0", "detail-type": "Scheduled Event", "detail": {}}, "version, detail-type"),
    ({}, "(dict)"),
    ([], "(list)"),
    (None, "(NoneType)"),
    ("ping", "(str)"),
    ({"requestContext": None}, "(requestContext)"),
    ({"requestContext": {"http": None}, "version": "2.0", "rawPath": "/"}, "requestContext"),
    ({"requestContext": {"resourcePath": ["/"], "httpMethod": 5}}, "(requestContext)"),
    ({"httpMethod": "GET", "path": "/health"}, "(httpMethod, path)"),
    ({"requestContext": {"stage": "x"}, "version": "2.0"}, "(requestContext, version)"),
    ({f"k{i}" * 99: i for i in range(99)}, "k0k0"),
]


def test_what_is_no_request_is_told_so_and_logged() -> None:
    answers, log = run_events(*(event for event, _ in NO_REQUESTS))
    assert len(log) == len(NO_REQUESTS)
    for (_, said), answer, line in zip(NO_REQUESTS, answers, log, strict=True):
        assert answer["statusCode"] == 400
        message = json.loads(answer["body"])["Message"]
        assert said in message and "not an HTTP request" in message and len(message) < 500
        assert json.loads(line) == {"level": "WARNING", "message": message}


def test_a_catch_all_route_is_answered_by_its_path() -> None:
    """The console's template of a proxy, and APIs that pass everything on."""
    found, nowhere = ask(
        rest_event("GET", "/{proxy+}") | {"path": "/health"},
        rest_event("POST", "/{proxy+}") | {"path": "/path/to/resource"},
    )
    assert (found["statusCode"], nowhere["statusCode"]) == (200, 404)


def origins(answer: dict[str, Any]) -> list[str]:
    """Every header that names one counts, whatever its case."""
    headers = answer["headers"].items()
    return [v for k, v in headers if k.lower() == "access-control-allow-origin"]


@pytest.mark.parametrize(
    ("setting", "origin", "allowed"),
    [
        ("*", "https://b.example", ["*"]),
        ("https://a.example", "https://b.example", ["https://a.example"]),
        ("https://a.example https://b.example", "https://b.example", ["https://b.example"]),
        ("https://a.example https://b.example", "https://c.example", ["https://a.example"]),
        ("", "https://b.example", []),
    ],
)
def test_a_function_url_has_one_cors_header(setting: str, origin: str, allowed: list[str]) -> None:
    """H08."""
    asked = {"content-type": "application/json", "origin": origin}
    posted, preflight = ask(
        url_event("POST", PATH, BODY, headers=asked),
        url_event("OPTIONS", PATH, headers=asked | {"access-control-request-method": "POST"}),
        CORS_ORIGINS=setting,
    )
    assert posted["statusCode"] == 200
    assert origins(posted) == origins(preflight) == allowed
    if allowed:
        assert preflight["statusCode"] == 200
        assert preflight["headers"]["Access-Control-Allow-Methods"] == "POST,OPTIONS"
        sendable = preflight["headers"]["Access-Control-Allow-Headers"].lower().split(",")
        assert set(sendable) >= SENDABLE
    else:
        assert preflight["statusCode"] == 405


def test_where_requests_are_signed_aws_alone_adds_cors_headers() -> None:
    answers = ask(
        signed(url_event("POST", PATH, BODY)),
        signed(url_event("POST", PATH, "x")),
        signed(url_event("GET", "/model")),
    )
    assert [x["statusCode"] for x in answers] == [200, 400, 200]
    for answer in answers:
        assert not [name for name in answer["headers"] if name.startswith("Access-Control")]


def test_the_template_allows_to_pages_what_the_app_does() -> None:
    """The signed function URL, whose preflights AWS answers."""
    template = json.loads((ROOT / "lambda_app" / ".chalice" / "template.json").read_text())
    stages = json.loads((ROOT / "lambda_app" / ".chalice" / "config.json").read_text())["stages"]
    url = template["Resources"]["APIHandler"]["Properties"]["FunctionUrlConfig"]
    assert url["AuthType"] == "AWS_IAM"  # by which the app knows that AWS adds the headers
    assert set(url["Cors"]["AllowHeaders"]) == SENDABLE
    assert set(url["Cors"]["AllowMethods"]) == {"GET", "HEAD", "POST"}
    for stage in stages.values():
        allowed = stage.get("environment_variables", {}).get("CORS_ORIGINS", "*")
        assert url["Cors"]["AllowOrigins"] == allowed.split()


def test_gzip_comes_in_base64() -> None:
    packed = base64.b64encode(gzip.compress(BODY.encode())).decode()
    kind = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    listed = {name.lower(): [value] for name, value in kind.items()}
    body: dict[str, Any] = {"body": packed, "isBase64Encoded": True}
    sent: dict[str, Any] = {"headers": kind, **body}
    gateway, url, balancer, broken = ask(
        rest_event("POST", PATH, **sent),
        url_event("POST", PATH, **sent),
        balancer_event("POST", PATH, several=True) | body | {"multiValueHeaders": listed},
        rest_event("POST", PATH, **sent | {"body": packed[:40]}),
    )
    assert gateway["body"] == url["body"] == balancer["body"]
    assert json.loads(gateway["body"])["name"] == "plzdonthackmekthxbye"
    assert broken["statusCode"] == 400


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        ({"domain": "google.com"}, 200, '"name":"google"'),
        ({"domains": ["google.com"]}, 200, '"results":['),
        (["google.com"], 400, "the body is an array"),
        (5, 400, "the body is a number"),
        (False, 400, "the body is a boolean"),
        (None, 400, "not JSON"),
    ],
)
def test_a_body_that_is_no_text_is_taken_as_json(body: Any, status: int, said: str) -> None:
    for answer in ask(
        rest_event("POST", PATH, body=body),
        url_event("POST", PATH, body, isBase64Encoded=True) | {"body": body},
        balancer_event("POST", PATH) | {"body": body},
    ):
        assert answer["statusCode"] == status and said in answer["body"], answer


@pytest.mark.parametrize("part", [[], "x", 5, None, {"content-type": 5, "a": None}])
def test_headers_of_another_shape_are_none(part: Any) -> None:
    for event in (rest_event("GET", "/health"), url_event("GET", "/health")):
        (answer,) = ask(event | {"headers": part, "multiValueHeaders": part})
        assert answer["statusCode"] == 200


def test_an_event_of_a_rest_api_may_lack_what_no_route_reads() -> None:
    event = rest_event("GET", "/health")
    lacking = [
        {k: v for k, v in event.items() if k != key} for key in event if key != "requestContext"
    ]
    assert {x["statusCode"] for x in ask(*lacking)} == {200}


def staged(stage: str, path: str) -> dict[str, Any]:
    event = url_event("GET", path)
    return event | {"requestContext": event["requestContext"] | {"stage": stage}}


@pytest.mark.slow
def test_a_route_is_found_behind_stages_and_base_paths(language: Scorer) -> None:
    catch_all = rest_event("GET", "/{proxy+}")
    for event, status in (
        (staged("prod", "/prod/health"), 200),
        (staged("prod", "/prod/"), 200),
        (staged("prod", "/prod"), 308),
        (staged("model", "/model/health"), 200),
        (staged("prod", "/production/nothing"), 404),
        (staged("$default", "/v1/health/"), 200),  # an API mapping of a custom domain
        (catch_all | {"path": "/v1/x", "pathParameters": {"proxy": "health"}}, 200),
        (catch_all | {"path": "/v1/health", "pathParameters": None}, 200),
        (catch_all | {"path": "/v1/nothing", "pathParameters": {"proxy": "nothing"}}, 404),
        (balancer_event("GET", "/dga/page.css"), 200),
        (balancer_event("GET", "/dga/"), 404),
    ):
        (answer,) = ask(event)
        assert answer["statusCode"] == status, (event["requestContext"], answer)
    (answer,) = ask(staged("prod", "/prod" + PATH) | url_post(BODY))
    assert json.loads(answer["body"])["name"] == "plzdonthackmekthxbye"


def url_post(body: str) -> dict[str, Any]:
    context = staged("prod", "")["requestContext"]
    return {"body": body, "requestContext": context | {"http": {"method": "POST"}}}


def test_an_unknown_path_is_logged_and_may_be_read_by_pages() -> None:
    events = url_event("GET", "/nowhere/evil.com"), balancer_event("POST", "/nowhere")
    answers, log = run_events(*events)
    for answer, line, method in zip(answers, log, ("GET", "POST"), strict=True):
        assert answer["headers"]["Access-Control-Allow-Origin"] == "*"
        assert json.loads(line) == {"level": "INFO", "method": method, "path": None, "status": 404}
    assert json.loads(run_events(events[0], LOG_NAMES="true")[1][0])["path"] == "/nowhere/evil.com"
    assert run_events(events[0], LOG_LEVEL="ERROR")[1] == []


def test_gzip_is_for_those_that_take_it() -> None:
    """Q-values count; without rawPath the path of requestContext does."""
    model = url_event("GET", "/model")
    takes = ["gzip", "br;q=1.0, gzip;q=0.8", "gzip;q=0, identity", "deflate, gzip; q=0.0", "br"]
    asked = [model | {"headers": {"Accept-Encoding": x}} for x in takes]
    *answers, pathless = ask(*asked, {k: v for k, v in model.items() if k != "rawPath"})
    assert ["Content-Encoding" in x["headers"] for x in answers] == [True, True, *[False] * 3]
    assert pathless["statusCode"] == 200
