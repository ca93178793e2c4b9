"""What the tests ask the app, and the keys of its answers."""

from __future__ import annotations

import json

import requests
from hypothesis import strategies as st

PATH = "/malicious-domain-classifier"
PARTS = ["intercept", "length", "entropy", "proVowels", "numWords"]
EIGHT = ["label", "class0Prob", "class1Prob", *PARTS]


def post(url: str, body: object, **headers: str) -> requests.Response:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {"Content-Type": "application/json", "Origin": "https://front.example"} | headers
    return requests.post(url + PATH, data=data, headers=headers, timeout=30)


BAD: list[tuple[object, int, str]] = [
    (b"", 400, "not JSON"),
    (b"domain=example.com", 400, "not JSON"),
    (b"\xff\xfe\x00", 400, "not JSON"),
    (b"[" * 50_000, 400, "not JSON"),
    (b'{"domain": ' + b"9" * 5_000 + b"}", 400, "not JSON"),
    ("example.com", 400, "a string, expected an object"),
    (["example.com"], 400, "an array, expected an object"),
    (None, 400, "null, expected an object"),
    ({}, 400, '"domain" and "domains"'),
    ({"name": "example.com"}, 400, '"domain" and "domains"'),
    ({"domain": "a.com", "domains": ["a.com"]}, 400, '"domain" and "domains"'),
    (5, 400, "the body is a number, expected an object"),
    ({"domain": 5}, 400, "domain is a number, expected a string"),
    ({"domain": 0.5}, 400, "domain is a number, expected a string"),
    ({"domain": False}, 400, "domain is a boolean, expected a string"),
    ({"domain": None}, 400, "domain is null, expected a string"),
    ({"domain": ["a.com"]}, 400, "domain is an array, expected a string"),
    ({"domain": {"a": 1}}, 400, "domain is an object, expected a string"),
    ({"domains": []}, 400, "domains is an empty array, expected an array of 1 to 1,000 strings"),
    ({"domains": "a.com"}, 400, "domains is a string, expected an array of 1 to 1,000 strings"),
    ({"domains": None}, 400, "domains is null, expected an array"),
    ({"domains": {}}, 400, "domains is an object, expected an array"),
    ({"domains": ["a.com", True]}, 400, "domains[1] is a boolean, expected a string"),
    ({"domains": [1]}, 400, "domains[0] is a number, expected a string"),
    ({"domains": ["a.com", "b.com", None]}, 400, "domains[2] is null, expected a string"),
    ({"domains": [["a.com"]]}, 400, "domains[0] is an array, expected a string"),
    ({"domains": ["a.com", {}]}, 400, "domains[1] is an object, expected a string"),
    ({"domain": "a.com", "operating_point": None}, 400, "operating_point is null, expected"),
    ({"domain": "a.com", "hint": "true"}, 400, "hint is a string, expected true or false"),
    ({"domains": ["a.com"] * 1001}, 413, "1001 domains: at most 1000"),
    ({"domain": "x" * 2_000_000}, 413, "at most 1000000"),
    ({"domain": ""}, 422, "empty"),
    ({"domain": "x" * 64}, 422, "64 characters"),
    ({"domain": "abcdefghi." * 30 + "com"}, 422, "at most 253"),
    ({"domain": "two words.com"}, 422, "' '"),
    ({"domain": "1.2.3.4"}, 422, "IP address"),
    ({"domain": "💩.la"}, 422, "PILE OF POO"),
    ({"domain": "nul\0.com"}, 422, "'\\x00'"),
    ({"domain": "\ud800.com"}, 422, "domain"),
    ({"domain": "co.uk"}, 422, "public suffix"),
]

# Any JSON at all, and JSON that looks more like a request.
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)
REQUESTS = st.dictionaries(
    st.sampled_from(["domain", "domains", "x"]), st.text() | st.lists(st.text()) | JSON
)
