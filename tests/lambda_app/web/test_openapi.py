"""The description of the API is true to every answer, and every answer is described."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import pytest
import requests
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from lambda_app.chalicelib.web import api
from lambda_app.chalicelib.web.settings import MAX_DOMAINS
from malicious_domains.model.scorer import Scorer
from pipeline.release.local_server import serve_app
from pipeline.training.config import DEFAULTS
from tests.helpers.api import (
    BAD,
    COMPONENTS,
    DOCUMENT,
    OPERATIONS,
    PATH,
    check,
    check_answer,
    contents,
    examples,
    operation,
    post,
    resolved,
)

ROOT = Path(__file__).parents[3]
CONFIG = Path(__file__).parent / "schemathesis.toml"
ROUTES = """
import json, sys
sys.path.insert(0, "lambda_app")
from app import app
print(json.dumps([
    [path, method.lower(), sorted(entry.content_types), bool(entry.cors)]
    for path, methods in app.routes.items() for method, entry in methods.items()
]))
"""


def rounded(value: Any) -> Any:
    """Numbers to six digits after the point, as the examples of verdicts have them."""
    if isinstance(value, dict):
        return {key: rounded(x) for key, x in value.items()}
    if isinstance(value, list):
        return [rounded(x) for x in value]
    return round(value, 6) if isinstance(value, float) else value


def test_it_is_openapi_3_1() -> None:
    from openapi_spec_validator import OpenAPIV31SpecValidator  # slow to import

    assert list(OpenAPIV31SpecValidator(DOCUMENT).iter_errors()) == []
    ids = [operation(*x)["operationId"] for x in OPERATIONS]
    assert len(set(ids)) == len(ids)
    tags = {tag["name"] for tag in DOCUMENT["tags"]}
    for described in (operation(*x) for x in OPERATIONS):
        assert described["summary"] and set(described["tags"]) <= tags
        assert "security" not in described or "401" in described["responses"]


def test_every_schema_is_closed_and_its_examples_are_of_it() -> None:
    for name, schema in COMPONENTS["schemas"].items():
        Draft202012Validator.check_schema(schema)
        for example in schema.get("examples", []):
            check(schema, example)
        for key, part in schema.get("properties", {}).items():
            for example in part.get("examples", []):
                check(part, example)
            assert "$ref" in part or "type" in part or "const" in part or "enum" in part, key
        # A request may hold other keys, which are ignored.
        assert schema.get("type") != "object" or name == "Request" or closed(schema), name


def closed(schema: dict[str, Any]) -> bool:
    return schema["additionalProperties"] is False and bool(schema["required"])


def test_every_content_has_examples_of_its_schema() -> None:
    for where, media in contents():
        if re.search("text/(html|css|javascript)|OpenAPI", where):  # whole files
            continue
        assert media["examples"], where
        for example in media["examples"].values():
            check(media["schema"], example["value"])
            schema = resolved(media["schema"])
            if "contentSchema" in schema:
                check(schema["contentSchema"], json.loads(example["value"]))


def test_a_client_finds_the_paths_behind_a_stage() -> None:
    (server,) = DOCUMENT["servers"]
    base = urljoin("https://x.execute-api.example/api/openapi.json", server["url"])
    assert base == "https://x.execute-api.example/api/"


def test_limits_and_operating_points_are_those_in_the_code(scorer: Scorer) -> None:
    points = COMPONENTS["schemas"]["OperatingPoint"]["enum"]
    assert points == [*scorer.artifact.thresholds, "even"]
    assert points[:-1] == ["max_f1", *DEFAULTS.false_positive_rates]
    assert COMPONENTS["schemas"]["Request"]["properties"]["domains"]["maxItems"] == MAX_DOMAINS
    too_large = COMPONENTS["responses"]["PayloadTooLarge"]["description"]
    for limit in (api.MAX_BODY, api.MAX_ANSWER, MAX_DOMAINS):
        assert f"{limit:,}" in too_large


def test_every_route_is_described_and_no_other() -> None:
    """With its content types, and CORS headers where it has them."""
    run = subprocess.run(
        [sys.executable, "-c", ROUTES], cwd=ROOT, capture_output=True, text=True, check=True
    )
    found = {(path, method): (kinds, cors) for path, method, kinds, cors in json.loads(run.stdout)}
    assert set(found) == set(OPERATIONS)
    for x, (kinds, cors) in found.items():
        body = operation(*x).get("requestBody", {"content": {"application/json": {}}})
        assert sorted(body["content"]) == kinds
        for status, response in operation(*x)["responses"].items():
            headers = resolved(response).get("headers", {})
            expected = (cors and status != "405") or status == "415"
            assert ("Access-Control-Allow-Origin" in headers) == expected, (x, status)


def test_the_documents_name_the_same_errors() -> None:
    text = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    said = text.partition("## Statuses")[2].partition("\n## ")[0]
    statuses = {status for x in OPERATIONS for status in operation(*x)["responses"]}
    assert set(re.findall(r"^\| ([45]\d\d) \|", said, re.MULTILINE)) == {
        s for s in statuses if s >= "400"
    }


def test_examples_are_what_the_app_answers(app_url: str, classic_url: str) -> None:
    body = operation(PATH, "post")["requestBody"]["content"]["application/json"]["examples"]
    answers = examples(PATH, "post", 200)
    assert rounded(post(app_url, body["one"]["value"]).json()) == answers["language"]
    assert rounded(post(classic_url, body["one"]["value"]).json()) == answers["classic"]
    assert rounded(post(classic_url, body["many"]["value"]).json()) == answers["many"]
    for example in body.values():
        assert post(app_url, example["value"]).status_code == 200
    for path, status in (("/model", 200), ("/health", 200)):
        (example,) = examples(path, "get", status).values()
        assert requests.get(classic_url + path, timeout=30).json() == example


def test_examples_of_errors_are_what_the_app_answers(classic_url: str) -> None:
    bad = examples(PATH, "post", 400)
    assert post(classic_url, {}).json() == bad["keys"]
    point = {"domain": "a.com", "operating_point": 0.5}
    assert post(classic_url, point).json() == bad["point"]
    many = post(classic_url, {"domains": ["a.com"] * 1001})
    assert many.json() == examples(PATH, "post", 413)["names"]
    brotli = post(classic_url, b"", **{"Content-Encoding": "br"})
    assert brotli.json() == examples(PATH, "post", 415)["brotli"]
    suffix = post(classic_url, {"domain": "co.uk"})
    assert suffix.json() == examples(PATH, "post", 422)["suffix"]


def test_every_answer_to_a_request_is_described(app_url: str, classic_url: str) -> None:
    bodies = [body for body, _, _ in BAD] + [
        {"domain": "google.com"},
        {"domain": "bücher.de", "operating_point": 0.01},
        {"domains": ["a", "", "xmqjtoevkbhrw.ru"], "operating_point": "max_f1"},
    ]
    for url in (app_url, classic_url):
        for body in bodies:
            check_answer(PATH, "post", post(url, body))


@pytest.mark.parametrize(("path", "method"), OPERATIONS)
def test_every_other_answer_is_described(app_url: str, path: str, method: str) -> None:
    if method != "post":
        check_answer(path, method, requests.request(method, app_url + path, timeout=30))
    headers = {"Content-Type": "application/xml"}
    xml = requests.request(method, app_url + path, headers=headers, data=b"<x/>", timeout=30)
    assert xml.status_code == 415
    check_answer(path, method, xml)
    if method == "head":
        return
    assert xml.json() == examples(path, method, 415)["xml"]
    other = requests.put(app_url + path, timeout=30)
    allowed = "POST" if method == "post" else "GET, HEAD"
    assert other.status_code == 405 and other.headers["Allow"] == allowed
    assert other.json() == examples(path, method, 405)["put"]
    check_answer(path, method, other)


def test_head_is_described_wherever_get_is() -> None:
    for path, item in DOCUMENT["paths"].items():
        assert ("head" in item) == ("get" in item), path


def test_answers_without_a_key_or_a_model_are_described() -> None:
    key = {"X-Api-Key": "secret"}
    known = sha256(b"secret").hexdigest()
    origins = "https://a.example https://b.example"
    with serve_app(API_KEY_SHA256=known, OPERATING_POINT="0.5", CORS_ORIGINS=origins) as url:
        for path, method in ((PATH, "post"), ("/model", "get")):
            for status, headers in ((401, {}), (503, key)):
                answer = requests.request(method, url + path, headers=headers, timeout=30)
                assert answer.status_code == status
                assert answer.json() in examples(path, method, status).values()
                assert answer.headers["Vary"] == "Origin"
                check_answer(path, method, answer)


@settings(max_examples=25)
@given(st.lists(st.text() | st.from_regex(r"[a-z0-9-]{1,20}\.(com|co\.uk|ru)"), min_size=1))
def test_whatever_is_asked_the_answer_is_described(scorer: Scorer, domains: list[str]) -> None:
    media = operation(PATH, "post")["responses"]["200"]["content"]["application/json"]
    check(media["schema"], api.classify(scorer, json.dumps({"domains": domains}).encode()))


def schemathesis(url: str, report: Path, *options: str, **environment: str) -> dict[str, Any]:
    """Run all phases and checks against the app; its report of a run without failure."""
    command = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(CONFIG), "run"]
    command += [f"{url}/openapi.json", "--checks", "all", "--no-color", "--report", "json"]
    run = subprocess.run(
        [*command, "--report-json-path", str(report), *options],
        cwd=ROOT,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    found: dict[str, Any] = json.loads(report.read_text())
    assert not found["failures"] and not found["errors"] and not any(found["warnings"].values())
    assert found["operations"]["tested"] == found["operations"]["selected"]
    return found


@pytest.mark.slow
def test_schemathesis_finds_no_failure(app_url: str, tmp_path: Path) -> None:
    report = schemathesis(app_url, tmp_path / "report.json")
    assert report["operations"]["tested"] == len(OPERATIONS)
    done = {name for name, phase in report["phases"].items() if phase["status"] == "success"}
    assert done == {"examples", "coverage", "fuzzing"}  # no link leads from answer to request
    assert report["test_cases"]["generated"] > 400


@pytest.mark.slow
def test_schemathesis_finds_no_way_around_a_key(tmp_path: Path) -> None:
    with serve_app(API_KEY_SHA256=sha256(b"secret").hexdigest()) as url:
        options = ["--header", "X-Api-Key: secret", "--max-examples", "50"]
        schemathesis(url, tmp_path / "report.json", *options, ASK_FOR_KEY="1")
