"""The app as Chalice's own server runs it."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests

import malicious_domains
from malicious_domains.features.registry import REGISTRY
from malicious_domains.model.score import Score
from malicious_domains.model.scorer import Scorer
from pipeline.release.local_server import serve_app
from tests.helpers.api import BAD, EIGHT, PARTS, PATH, post

EACH = 7  # requests of a client among many


def test_one_domain_gets_the_eight_keys_of_the_original(classic_url: str, classic: Scorer) -> None:
    answer = post(classic_url, {"domain": "plzdonthackmekthxbye"}).json()
    assert list(answer)[:8] == EIGHT
    assert all(isinstance(answer[key], int | float) for key in EIGHT)
    assert answer["label"] == 1
    assert answer["class0Prob"] + answer["class1Prob"] == pytest.approx(1)
    score = classic.score("plzdonthackmekthxbye")
    total = sum(answer[key] for key in PARTS)
    assert total == pytest.approx(score.log_odds, abs=1e-12)
    assert answer["contributions"] == score.contributions
    assert (answer["name"], answer["model"]) == ("plzdonthackmekthxbye", "classic")
    assert answer["threshold"] == classic.threshold


def test_the_default_model_answers_with_reasons(app_url: str, language: Scorer) -> None:
    answer = post(app_url, {"domain": "plzdonthackmekthxbye"}).json()
    assert list(answer)[:8] == EIGHT
    assert all(isinstance(answer[key], int | float) for key in EIGHT)
    score = language.score("plzdonthackmekthxbye")
    total = answer["intercept"] + sum(answer["contributions"].values())
    assert total == pytest.approx(score.log_odds, abs=1e-9)
    assert answer["contributions"] == score.contributions
    assert len(answer["contributions"]) == 20
    assert (answer["model"], answer["operating_point"]) == ("language", "max_f1")
    assert (answer["segmentation"], answer["unlikely"]) == (score.segmentation, score.unlikely)


def test_a_request_chooses_its_operating_point(app_url: str, language: Scorer) -> None:
    strict = language.at(0.0001)
    one = post(app_url, {"domain": "google.com", "operating_point": 0.0001}).json()
    many = post(app_url, {"domains": ["google.com"], "operating_point": 0.0001}).json()
    for answer in (one, many, many["results"][0]):
        assert (answer["threshold"], answer["operating_point"]) == (strict.threshold, 0.0001)
    for bad in (0.5, "x", None, True, [0.01], {"a": 1}):
        answer = post(app_url, {"domain": "google.com", "operating_point": bad})
        assert answer.status_code == 400, bad
        assert "operating_point" in answer.json()["Message"].replace(" ", "_")


def test_at_even_the_label_is_the_sign_of_the_sum(scorer: Scorer, app_url: str) -> None:
    """As on the H2O demo's page, whose bars add up to the log-odds."""
    names = [f"{name}{i}" for name in ("qwrtzp", "kt", "mailbox", "zq-") for i in range(25)]
    for score in scorer.at("even").score_many(names):
        assert isinstance(score, Score)
        assert (score.threshold, score.operating_point) == (0.5, "even")
        assert score.label == (score.log_odds >= 0)
    answer = post(app_url, {"domains": names, "operating_point": "even"}).json()
    assert answer["threshold"] == 0.5
    assert all(x["label"] == (sum(x[key] for key in PARTS) >= 0) for x in answer["results"])


@pytest.mark.parametrize(
    "body", [{"domain": "google.com"}, {"domains": ["google.com", "qwrtzp", "co.uk"]}]
)
def test_a_brief_answer_lacks_the_contributions_alone(app_url: str, body: dict[str, Any]) -> None:
    whole, brief = (post(app_url, body | {"fields": x}) for x in ("all", "brief"))
    assert whole.json() == post(app_url, body).json()
    expected = whole.json()
    for answer in expected.get("results", [expected]):
        answer.pop("contributions", None)
    assert brief.json() == expected
    assert len(brief.content) < len(whole.content) / 2


@pytest.mark.parametrize("body", [{"domain": "x1.com"}, {"domains": ["x1.com", "co.uk"]}])
def test_values_of_features_are_answered_where_asked_for(
    classic_url: str, classic: Scorer, body: dict[str, Any]
) -> None:
    whole, answer = (post(classic_url, body | {"fields": x}).json() for x in ("all", "values"))
    (first, *_), (expected, *_) = (x.get("results", [x]) for x in (answer, whole))
    assert first.pop("values") == {"length": 2, "entropy": 1, "p_vowels": 0, "num_words": 0}
    assert first.keys() == expected.keys() and answer == whole


@pytest.mark.parametrize("value", [None, True, "", "Brief", ["brief"], 5])
def test_other_fields_are_400(app_url: str, value: object) -> None:
    answer = post(app_url, {"domain": "a.com", "fields": value})
    assert answer.status_code == 400 and answer.json()["Message"].startswith("fields is")


@pytest.mark.parametrize(
    ("more", "ignored"),
    [
        ({"operatingPoint": 0.001}, ["operatingPoint"]),
        ({"Hint": True, "\ud800": 1}, ["Hint", "\ud800"]),
        ({"x" * 500: 1}, ["x" * 40]),
        ({f"k{i}": 1 for i in range(99)}, [f"k{i}" for i in range(40)]),
    ],
)
def test_unknown_keys_are_named(app_url: str, more: dict[str, Any], ignored: list[str]) -> None:
    for body in ({"domain": "google.com"}, {"domains": ["google.com"]}):
        answer = post(app_url, body | more).json()
        assert answer.pop("ignored") == ignored
        assert answer == post(app_url, body).json()


def test_a_front_end_of_the_original_on_another_origin(app_url: str) -> None:
    """jQuery posts JSON under the name of a form: a simple request, no preflight."""
    kind = "application/x-www-form-urlencoded; charset=UTF-8"
    answer = post(app_url, {"domain": "google.com"}, **{"Content-Type": kind})
    assert answer.status_code == 200
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.json()["label"] == 0


def test_a_preflight_is_answered(app_url: str) -> None:
    """H07."""
    ask = {"Origin": "https://front.example", "Access-Control-Request-Method": "POST"}
    answer = requests.options(app_url + PATH, headers=ask, timeout=30)
    assert answer.status_code == 200
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "POST" in answer.headers["Access-Control-Allow-Methods"]
    assert "Content-Type" in answer.headers["Access-Control-Allow-Headers"]


def test_curl_as_the_original_documents_it(app_url: str) -> None:
    """curl -X POST -d '{"domain":"x"}' sends these headers."""
    kind = "application/x-www-form-urlencoded"
    answer = requests.post(
        app_url + PATH, data='{"domain":"x"}', headers={"Content-Type": kind, "Accept": "*/*"}
    )
    assert answer.json()["name"] == "x"


def test_a_batch_is_answered_in_order(app_url: str) -> None:
    domains = ["google.com", "co.uk", "xmqjtoevkbhrw.ru"]
    answer = post(app_url, {"domains": domains}).json()
    assert answer["model"] == "language"
    assert [x["domain"] for x in answer["results"]] == domains
    assert [x.get("label") for x in answer["results"]] == [0, None, 1]
    assert set(answer["results"][1]) == {"domain", "error", "status", "reason"}
    assert answer["results"][2] == post(app_url, {"domain": domains[2]}).json()


def test_a_thousand_at_once(app_url: str) -> None:
    answer = post(app_url, {"domains": [f"name{i}.com" for i in range(1000)]})
    assert [x["name"] for x in answer.json()["results"]] == [f"name{i}" for i in range(1000)]


@pytest.mark.parametrize(("body", "status", "message"), BAD)
def test_bad_requests_are_told_why(app_url: str, body: object, status: int, message: str) -> None:
    answer = post(app_url, body)
    assert answer.status_code == status
    assert set(answer.json()) == {"Code", "Message"} | (
        {"Status", "Reason"} if answer.status_code == 422 else set()
    )
    assert message in answer.json()["Message"]
    assert len(answer.text) < 1000
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


def test_another_content_type_is_415(app_url: str) -> None:
    answer = post(app_url, {"domain": "a.com"}, **{"Content-Type": "application/xml"})
    assert answer.status_code == 415
    assert set(answer.json()) == {"Code", "Message"} | (
        {"Status", "Reason"} if answer.status_code == 422 else set()
    )
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("https://user:pw@WWW.Example.com:8443/path", "example"),
        ("example[.]com", "example"),
        ("EXAMPLE.COM.", "example"),
        ("bücher.de", "xn--bcher-kva"),
        ("xn--bcher-kva.de", "xn--bcher-kva"),
    ],
)
def test_names_in_many_dresses(app_url: str, text: str, name: str) -> None:
    answer = post(app_url, {"domain": text}).json()
    assert (answer["domain"], answer["name"]) == (text, name)


def test_model_health_and_page(app_url: str, language: Scorer) -> None:
    assert requests.get(app_url + "/health", timeout=30).json() == {"status": "ok"}
    assert requests.get(app_url + "/ready", timeout=30).json() == {"status": "ready"}
    model = requests.get(app_url + "/model", timeout=30).json()
    meanings = {name: REGISTRY[name].meaning for name in language.artifact.features}
    more = {"meanings": meanings, "version": malicious_domains.__version__}
    assert model == language.artifact.metadata | more
    page = requests.get(app_url + "/", timeout=30)
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    assert "<title>Malicious-domain classifier</title>" in page.text
    for file in re.findall(r'(?:href|src)="([\w.]+)"', page.text):
        assert requests.get(f"{app_url}/{file}", timeout=30).status_code == 200


def test_many_at_the_same_time(app_url: str) -> None:
    def ask(i: int) -> Any:
        return post(app_url, {"domain": f"name{i}.com"}).json()["name"]

    with ThreadPoolExecutor(20) as pool:
        assert list(pool.map(ask, range(200))) == [f"name{i}" for i in range(200)]


@pytest.mark.slow
def test_a_hundred_threads_with_several_requests_each(app_url: str, language: Scorer) -> None:
    """Requests of several kinds are mixed; each answer belongs to its request."""

    def asks(thread: int) -> list[tuple[int, Any]]:
        with requests.Session() as session:
            return [told(session, thread, i) for i in range(EACH)]

    def told(session: requests.Session, thread: int, i: int) -> tuple[int, Any]:
        name = f"name{thread}x{i}"
        body = ({"domain": name}, {"domains": [name, "co.uk"]}, {"domain": "1.2.3.4"})[i % 3]
        answer = session.post(app_url + PATH, json=body, timeout=60)
        return answer.status_code, answer.json()

    with ThreadPoolExecutor(100) as pool:
        answers = list(pool.map(asks, range(100)))
    names = [f"name{thread}x{i}" for thread in range(100) for i in range(EACH)]
    expected = language.probability(names)
    for i, (status, answer) in enumerate(x for of_thread in answers for x in of_thread):
        kind = i % EACH % 3
        assert status == (422 if kind == 2 else 200), answer
        verdict = answer["results"][0] if kind == 1 else answer
        if kind != 2:
            assert verdict["domain"] == names[i]
            assert verdict["class1Prob"] == pytest.approx(expected[i], abs=1e-12)


@pytest.mark.parametrize("name", ["model.json", "model.sha256", "lexicon.npy", "mojo.zip"])
def test_a_broken_artifact_is_503_and_health_still_answers(artifact_copy: Path, name: str) -> None:
    data = bytearray((artifact_copy / name).read_bytes())
    data[20] ^= 1
    (artifact_copy / name).write_bytes(data)
    with serve_app(artifact_copy) as url:
        for body in ({"domain": "a.com"}, {"domains": ["a.com"]}):
            answer = post(url, body)
            assert answer.status_code == 503
            assert answer.json()["Message"] == "no usable model: the log says why"
        assert requests.get(url + "/model", timeout=30).status_code == 503
        assert requests.get(url + "/ready", timeout=30).status_code == 503
        assert requests.get(url + "/health", timeout=30).status_code == 200
