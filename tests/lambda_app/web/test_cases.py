"""Requests as clients send them, one row a case; ids as in lambda_app/domains/test_cases.py."""

from __future__ import annotations

import json

import pytest
import requests

PATH = "/malicious-domain-classifier"
ONE = b'{"domain":"google.com"}'
JSON = "application/json"

ANSWERS = [
    ("H01 charset", ONE, "application/json; charset=utf-8", 200, "google"),
    ("H01 upper case", ONE, "Application/JSON", 200, "google"),
    ("H01 mark", b"\xef\xbb\xbf" + ONE, JSON, 200, "google"),
    ("H13", b'{"domain":"google.com","operating_point":"0.0001"}', JSON, 200, "0.0001"),
    ("H13 number", b'{"domain":"google.com","operating_point":0.0001}', JSON, 200, "0.0001"),
    ("H13 list", b'{"domain":"google.com","operating_point":[1]}', JSON, 400, "is an array"),
    ("H15", b'{"domains":["a.com",null]}', JSON, 400, "domains[1] is null"),
    ("H15 NaN", b'{"domains":["a.com",NaN]}', JSON, 400, "domains[1] is a number"),
    ("H16 many", json.dumps({"domains": ["a.com"] * 1001}).encode(), JSON, 413, "at most 1000"),
    ("H16 large", b'{"domain":"' + b"a" * 1_100_000 + b'"}', JSON, 413, "at most 1000000"),
    ("H16 brackets", b"[" * 100_000, JSON, 400, "not JSON"),
    ("H16 both keys", b'{"domain":"a.com","domains":["a.com"]}', JSON, 400, "one of the keys"),
    ("H16 surrogate", b'{"domain":"\\ud800.com"}', JSON, 422, ""),
    ("H16 NUL", b'{"domain":"a\\u0000b.com"}', JSON, 422, ""),
    ("P31", b'{"domain":"1.0.0.10.in-addr.arpa"}', JSON, 422, "reverse"),
    ("P40", b'{"domain":"N/A"}', JSON, 422, "placeholder"),
]


@pytest.mark.parametrize(
    ("body", "kind", "status", "part"), [x[1:] for x in ANSWERS], ids=[x[0] for x in ANSWERS]
)
def test_what_clients_send(body: bytes, kind: str, status: int, part: str, app_url: str) -> None:
    answer = requests.post(app_url + PATH, body, headers={"Content-Type": kind}, timeout=30)
    assert (answer.status_code, part in answer.text) == (status, True), answer.text[:500]


def test_a_batch_keeps_what_is_skipped_and_what_is_invalid_in_its_place(app_url: str) -> None:
    asked = ["google.com", "1.0.0.10.in-addr.arpa", "no name", "N/A"]
    answer = requests.post(app_url + PATH, json={"domains": asked}, timeout=30).json()
    found = answer["results"]
    assert [x["domain"] for x in found] == asked
    assert [x["status"] for x in found] == ["judged", "skipped", "invalid", "skipped"]
    assert [x["reason"] for x in found[1:]] == ["reverse", "characters", "placeholder"]
    assert all(x["error"] for x in found[1:])
