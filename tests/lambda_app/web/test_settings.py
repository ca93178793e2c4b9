"""Settings of a stage, and what they do to the app."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from datetime import date
from itertools import islice
from pathlib import Path
from typing import Any

import boto3
import pytest
import requests

from lambda_app.chalicelib.web.settings import Settings, SettingsError, read_settings
from malicious_domains.dga.build_index import build_index
from malicious_domains.dga.generators import FAMILIES
from malicious_domains.dga.seeded_generators import DayRange, select_generators
from malicious_domains.model.scorer import Scorer
from malicious_domains.names.allow import AllowList
from pipeline.release.local_server import serve_app
from tests.helpers.api import rest_event, run_events
from tests.helpers.clock import slowness
from tests.helpers.commands import run_here

ROOT = Path(__file__).parents[3]
PATH = "/malicious-domain-classifier"
EVENT = json.loads((ROOT / "tests" / "data" / "event.json").read_text())
ASK = """
import json, sys, types
sys.path.insert(0, "lambda_app")
from app import app
context = types.SimpleNamespace(aws_request_id="r-1")
for line in sys.stdin:
    app(json.loads(line), context)
"""


def lines(*bodies: object, **environment: str) -> list[dict[str, Any]]:
    """Return what the app logs of requests, each a body."""
    events = [EVENT | {"body": x if isinstance(x, str) else json.dumps(x)} for x in bodies]
    run = subprocess.run(
        [sys.executable, "-c", ASK],
        input="".join(json.dumps(event) + "\n" for event in events),
        env=os.environ | environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stderr == ""
    return [json.loads(line) for line in run.stdout.splitlines()]


def test_nothing_set_is_open_and_quiet_about_names() -> None:
    assert read_settings({}) == Settings(
        operating_point="max_f1",
        origins=("*",),
        keys=(),
        batch_limit=1000,
        log_level="INFO",
        log_names=False,
    )
    assert (
        read_settings(dict.fromkeys(("OPERATING_POINT", "BATCH_LIMIT", "LOG_NAMES"), ""))
        == Settings()
    )


def test_every_stage_has_settings_that_the_app_takes() -> None:
    config = json.loads((ROOT / "lambda_app" / ".chalice" / "config.json").read_text())
    for stage in config["stages"].values():
        environment = config["environment_variables"] | stage.get("environment_variables", {})
        scorer = Scorer.load(
            environment.get("MODEL"), operating_point=read_settings(environment).operating_point
        )
        assert scorer.artifact.metadata


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CORS_ORIGINS", "example.com"),
        ("CORS_ORIGINS", "https://example.com/path"),
        ("CORS_ORIGINS", "https://a.com\r\nX: y"),
        ("API_KEY_SHA256", "secret"),
        ("BATCH_LIMIT", "0"),
        ("BATCH_LIMIT", "1001"),
        ("BATCH_LIMIT", "many"),
        ("LOG_LEVEL", "LOUD"),
        ("LOG_NAMES", "ja"),
        ("LOG_NAMES", "2"),
        ("ALLOW", "absent.npz"),
        ("KNOWN", "s3://bucket"),
        ("KNOWN", "s3://Bucket/known.npz"),
        ("ZONES_CHOSEN", "co.uk"),
        ("ZONES_ASSIGNED", "example.com, a..b"),
    ],
)
def test_a_setting_that_cannot_be_is_named(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=name):
        read_settings({name: value})


def test_a_wrong_setting_stops_the_app_at_its_start() -> None:
    code = "import sys; sys.path.insert(0, 'lambda_app'); import app"
    run = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"BATCH_LIMIT": "x"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode and run.stderr.startswith("BATCH_LIMIT 'x'")
    assert run.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("LOG_NAMES", "ja"),
        ("BATCH_LIMIT", "x"),
        ("API_KEY_SHA256", "secret"),
        ("OPERATING_POINT", "0.5"),
        ("MODEL", "absent"),
        ("KNOWN", "s3://bucket-of-nobody/known.npz"),
    ],
)
def test_on_lambda_a_wrong_setting_leaves_health_and_a_line_in_the_log(
    name: str, value: str
) -> None:
    """The app loads, so that its health, and the log, can say what is wrong."""
    environment = {name: value, "AWS_LAMBDA_FUNCTION_NAME": "malicious-domains-dev"}
    environment |= {"AWS_ENDPOINT_URL": "http://127.0.0.1:9", "AWS_ACCESS_KEY_ID": "x"}
    environment |= {"AWS_SECRET_ACCESS_KEY": "x"}
    answers, log = run_events(
        *(rest_event("GET", path) for path in ("/health", "/ready", "/model", "/")),
        rest_event("POST", PATH, body='{"domain": "google.com"}'),
        **environment,
    )
    statuses = [x["statusCode"] for x in answers]
    assert statuses == [200, 503, 503, 200, 503]
    for answer in (answers[1], answers[2], answers[4]):
        message = json.loads(answer["body"])["Message"]
        assert message == "no usable model: the log says why"
    first = json.loads(log[0])  # at the start, before any request
    assert first["level"] == "ERROR" and (value in first["message"] or name in first["message"])


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("OPERATING_POINT", "0.5", "OPERATING_POINT 0.5: no operating point"),
        ("MODEL", "absent", "MODEL absent"),
        ("LOG_NAMES", "ja", "LOG_NAMES 'ja': expected true or false"),
    ],
)
def test_serve_and_deploy_find_a_wrong_setting_first(
    name: str, value: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for key, text in ((name, value), ("AWS_DEFAULT_REGION", "us-east-1")):
        monkeypatch.setenv(key, text)
    for command in (["serve"], ["aws", "deploy"], ["aws", "deploy", "--plan"]):
        run = run_here(*command)
        assert (run.returncode, run.stderr.count("\n")) == (2, 1), run.stderr
        assert said in run.stderr


def test_a_key_is_asked_for_where_the_model_answers() -> None:
    key = hashlib.sha256(b"secret").hexdigest()
    with serve_app(API_KEY_SHA256=f"{'0' * 64}, {key}", BATCH_LIMIT="2") as url:

        def status(path: str, body: object = None, **headers: str) -> int:
            method = "GET" if body is None else "POST"
            ask = requests.request(method, url + path, json=body, headers=headers, timeout=30)
            return ask.status_code

        one = {"domain": "google.com"}
        assert status(PATH, one) == 401
        assert status(PATH, one, **{"X-Api-Key": "Secret"}) == 401
        assert status(PATH, one, **{"X-Api-Key": "secret"}) == 200
        assert (status("/model"), status("/model", **{"X-Api-Key": "secret"})) == (401, 200)
        assert [status(path) for path in ("/", "/health", "/openapi.json")] == [200, 200, 200]
        three = {"domains": ["a.com", "b.com", "c.com"]}
        assert status(PATH, three, **{"X-Api-Key": "secret"}) == 413


def test_answers_name_the_origin_that_asks_if_it_may() -> None:
    allowed = "https://a.example https://b.example"
    with serve_app(CORS_ORIGINS=allowed, OPERATING_POINT="0.001") as url:
        for origin, named in (
            ("https://b.example", "https://b.example"),
            ("https://evil.example", "https://a.example"),
        ):
            for body in ({"domain": "google.com"}, {}):
                answer = requests.post(
                    url + PATH, json=body, headers={"Origin": origin}, timeout=30
                )
                assert answer.headers["Access-Control-Allow-Origin"] == named
                assert answer.headers["Vary"].startswith("Origin")
        answer = requests.post(url + PATH, json={"domain": "google.com"}, timeout=30)
        assert answer.json()["operating_point"] == 0.001


def test_no_origin_may_read_where_none_is_given() -> None:
    with serve_app(CORS_ORIGINS="") as url:
        answer = requests.post(url + PATH, json={"domain": "google.com"}, timeout=30)
        assert answer.status_code == 200
        assert "Access-Control-Allow-Origin" not in answer.headers


def test_an_operating_point_that_the_model_lacks_is_said_with_503() -> None:
    start, why, line = lines({"domain": "a.com"}, OPERATING_POINT="0.5")
    assert (line["status"], line["Failed"], line["error"]) == (503, 1, "ServiceUnavailableError")
    assert start == why and "no operating point '0.5'" in why["message"]


def test_a_request_is_one_line_without_names() -> None:
    one, many, bad, none = lines(
        {"domain": "plzdonthackmekthxbye"},
        {"domains": ["google.com", "co.uk", "xmqjtoevkbhrw.ru"]},
        {"domain": "secret word.com"},
        "no json",
    )
    assert (one["request_id"], one["status"], one["model"]) == ("r-1", 200, "language")
    assert (one["names"], one["malicious"], one["legitimate"], one["refused"]) == (1, 1, 0, 0)
    assert (many["names"], many["malicious"], many["legitimate"], many["refused"]) == (3, 1, 1, 1)
    assert 0 < many["milliseconds"] < 1000 * slowness()
    assert (bad["status"], bad["error"]) == (422, "UnprocessableEntityError")
    assert (none["status"], none["error"], none["level"]) == (400, "BadRequestError", "INFO")
    text = json.dumps([one, many, bad, none])
    assert not any(name in text for name in ("plzdont", "google", "secret", "xmqj"))


def test_metrics_are_what_cloudwatch_reads_out_of_a_log() -> None:
    """Field by field as the specification of the embedded metric format has it."""
    many, bad = lines({"domains": ["google.com", "co.uk", "xmqjtoevkbhrw.ru"]}, "no json")
    expected = {"Names": 3, "Refused": 1, "FlaggedShare": 50.0, "Failed": 0}
    assert expected.items() <= many.items()
    assert (bad["Names"], bad["Refused"], bad["Failed"]) == (0, 1, 0)
    for line in (many, bad):
        assert line["_aws"]["Timestamp"] > 1.7e12  # milliseconds
        (directive,) = line["_aws"]["CloudWatchMetrics"]
        assert set(directive) == {"Namespace", "Dimensions", "Metrics"}
        assert all(isinstance(line[name], str) for name in directive["Dimensions"][0])
        for metric in directive["Metrics"]:
            assert set(metric) == {"Name", "Unit"}
            assert isinstance(line[metric["Name"]], int | float)
    assert "FlaggedShare" not in {x["Name"] for x in bad["_aws"]["CloudWatchMetrics"][0]["Metrics"]}


def test_names_are_logged_where_that_is_chosen_and_nothing_where_silence_is() -> None:
    bodies = ({"domain": "google.com"}, {"domains": ["co.uk"]}, {"domain": "co.uk"})
    one, many, bad = lines(*bodies, LOG_NAMES="true")
    assert (one["domains"], many["domains"]) == ([["google.com", 0]], [["co.uk", None]])
    assert "co.uk" in bad["message"]
    assert lines(*bodies, LOG_LEVEL="warning") == []


def test_zones_and_known_names_of_a_stage(tmp_path: Path) -> None:
    allow = tmp_path / "allow.npy"
    AllowList.from_entries(["qqxqxqwwq.com"]).save(allow)
    zones = {"ZONES_CHOSEN": "dyn.example.com", "ZONES_ASSIGNED": "edge-cdn.net"}
    with serve_app(None, **zones, ALLOW=str(allow)) as url:

        def judged(host: str) -> dict[str, Any]:
            answer = requests.post(url + PATH, json={"domain": host}, timeout=30)
            found: dict[str, Any] = answer.json()
            return found

        chosen = judged("xmqjtoevkbhrw.dyn.example.com")
        assert (chosen["name"], chosen["label"], chosen["allowed"]) == ("xmqjtoevkbhrw", 1, None)
        assigned = judged("d111111abcdef8.edge-cdn.net")
        assert (assigned["name"], assigned["assigned"]) == ("edge-cdn", "edge-cdn.net")
        allowed = judged("www.qqxqxqwwq.com")
        assert (allowed["label"], allowed["allowed"]) == (0, "qqxqxqwwq.com")
        assert allowed["class1Prob"] > allowed["threshold"]  # it is still told


@pytest.mark.slow
def test_an_index_and_an_allow_list_may_be_in_s3(bucket: str, tmp_path: Path) -> None:
    made, allowed = FAMILIES["banjori"].variants[0], "xmqjtoevkbhrw.ru"
    host = next(islice(made.generate(date(2026, 11, 24), made.seeds[0]), 5, None))
    days = DayRange.of(date(2026, 11, 24), date(2026, 11, 24))
    build_index(select_generators(["banjori"]), days, 1).save(tmp_path / "known.npz")
    AllowList.from_entries([allowed]).save(tmp_path / "allow.npy")
    s3 = boto3.client("s3")
    for name in ("known.npz", "allow.npy"):
        s3.upload_file(str(tmp_path / name), bucket, f"lists/{name}")
    there = f"s3://{bucket}/lists"
    with serve_app(None, KNOWN=f"{there}/known.npz", ALLOW=f"{there}/allow.npy") as url:
        both = requests.post(url + PATH, json={"domains": [host, allowed]}, timeout=30).json()
        one, other = both["results"]
        assert (one["label"], one["known"][0]["position"]) == (1, 5)
        assert (other["label"], other["allowed"]) == (0, allowed)
    with serve_app(None, KNOWN=f"{there}/absent.npz") as url:
        answer = requests.post(url + PATH, json={"domain": "google.com"}, timeout=30)
        assert answer.status_code == 503
        assert "absent" not in answer.text
        s3.upload_file(str(tmp_path / "known.npz"), bucket, "lists/absent.npz")
        assert requests.post(url + PATH, json={"domain": host}, timeout=30).json()["label"] == 1


def test_an_allow_list_beside_the_artifact_is_taken(artifact_copy: Path) -> None:
    AllowList.from_entries(["qqxqxqwwq.com"]).save(artifact_copy / "allow.npy")
    with serve_app(artifact_copy) as url:
        answer = requests.post(url + PATH, json={"domain": "qqxqxqwwq.com"}, timeout=30).json()
        assert (answer["label"], answer["allowed"]) == (0, "qqxqxqwwq.com")
    (artifact_copy / "allow.npy").write_bytes(b"rubbish")
    with serve_app(artifact_copy) as url:
        answer = requests.post(url + PATH, json={"domain": "google.com"}, timeout=30)
        assert answer.status_code == 503
        assert str(artifact_copy) not in answer.text
