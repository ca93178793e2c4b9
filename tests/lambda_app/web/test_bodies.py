"""Bodies that are compressed, and forms, by a served app."""

from __future__ import annotations

import gzip
import itertools
import json
import time
import tracemalloc
import zlib
from typing import Any

import pytest
import requests
from chalice.app import BadRequestError

from lambda_app.chalicelib.web.access import PayloadTooLargeError
from lambda_app.chalicelib.web.api import MAX_BODY
from lambda_app.chalicelib.web.bodies import decompress
from tests.helpers.api import PATH, post

BODY = b'{"domain": "plzdonthackmekthxbye"}'
FORM = "application/x-www-form-urlencoded; charset=UTF-8"


def form(url: str, body: bytes | str) -> requests.Response:
    return requests.post(url + PATH, data=body, headers={"Content-Type": FORM}, timeout=30)


def packed(url: str, body: bytes, encoding: str = "gzip") -> requests.Response:
    return post(url, body, **{"Content-Encoding": encoding})


@pytest.mark.parametrize("encoding", ["gzip", "GZIP", "x-gzip"])
def test_a_body_in_gzip_is_judged(app_url: str, encoding: str) -> None:
    answer = packed(app_url, gzip.compress(BODY), encoding)
    assert answer.json() == post(app_url, BODY).json()
    assert answer.json()["name"] == "plzdonthackmekthxbye"


@pytest.mark.parametrize("sizes", [(10, 24), (1, 1, 32), (34, 0, 0)])
def test_gzip_of_several_members_is_one_body(app_url: str, sizes: tuple[int, ...]) -> None:
    """As `cat a.gz b.gz` and tools that compress in parallel make it."""
    ends = [sum(sizes[:i]) for i in range(len(sizes) + 1)]
    body = b"".join(gzip.compress(BODY[a:b]) for a, b in itertools.pairwise(ends))
    assert packed(app_url, body).json()["name"] == "plzdonthackmekthxbye"


def test_ten_thousands_of_members_take_no_time() -> None:
    member = gzip.compress(b"", mtime=0)
    started = time.process_time()
    assert decompress(member * (MAX_BODY // len(member)), "gzip", MAX_BODY) == b""
    assert time.process_time() - started < 3


def test_a_batch_in_gzip(app_url: str) -> None:
    body = json.dumps({"domains": [f"name{i}.com" for i in range(1000)]}).encode()
    found = packed(app_url, gzip.compress(body)).json()["results"]
    assert [x["name"] for x in found] == [f"name{i}" for i in range(1000)]


def test_identity_says_nothing(app_url: str) -> None:
    assert packed(app_url, BODY, "identity").status_code == 200


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (BODY, "is not gzip"),
        (b"", "not JSON"),
        (gzip.compress(BODY)[:-9], "ended before"),
        (gzip.compress(BODY)[:-8] + bytes(8), "CRC check failed"),
        (zlib.compress(BODY), "is not gzip"),
        (gzip.compress(BODY) + b"more", "is not gzip"),
        (gzip.compress(BODY) * 2, "not JSON"),
        (gzip.compress(b"[" * 9), "not JSON"),
    ],
)
def test_broken_gzip_is_400(app_url: str, body: bytes, message: str) -> None:
    answer = packed(app_url, body)
    assert (answer.status_code, answer.json()["Code"]) == (400, "BadRequestError")
    assert message in answer.json()["Message"]


@pytest.mark.parametrize("encoding", ["br", "deflate", "zstd", "gzip, gzip", "x" * 500])
def test_other_encodings_are_415(app_url: str, encoding: str) -> None:
    answer = packed(app_url, gzip.compress(BODY), encoding)
    assert (answer.status_code, answer.json()["Code"]) == (415, "UnsupportedMediaType")
    assert "send gzip" in answer.json()["Message"] and len(answer.text) < 300
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


def bomb(megabytes: int) -> bytes:
    """So many megabytes of blanks, in a thousandth of their size."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    parts = [packer.compress(b" " * 2**20) for _ in range(megabytes)]
    return b"".join([*parts, packer.flush()])


def test_a_bomb_is_413(app_url: str) -> None:
    fits = gzip.compress(BODY.ljust(MAX_BODY))
    assert packed(app_url, fits).status_code == 200
    for body in (gzip.compress(BODY.ljust(MAX_BODY + 1)), bomb(20)):
        answer = packed(app_url, body)
        assert (answer.status_code, answer.json()["Code"]) == (413, "PayloadTooLargeError")
        assert "when unpacked: at most 1000000" in answer.json()["Message"]


def test_a_bomb_is_never_unpacked() -> None:
    body = bomb(20)
    tracemalloc.start()
    try:
        with pytest.raises(PayloadTooLargeError):
            decompress(body, "gzip", MAX_BODY)
        assert tracemalloc.get_traced_memory()[1] < 5 * MAX_BODY
    finally:
        tracemalloc.stop()


def test_a_body_too_large_is_not_even_looked_into() -> None:
    with pytest.raises(PayloadTooLargeError):
        decompress(bytes(MAX_BODY + 1), "gzip", MAX_BODY)
    with pytest.raises(BadRequestError):
        decompress(bytes(MAX_BODY), "gzip", MAX_BODY)


@pytest.mark.parametrize(
    ("body", "name"),
    [
        ("domain=google.com", "google"),
        ("domain=https%3A%2F%2Fwww.example.co.uk%2Fa%3Db&x=1", "example"),
        ("x=1&domain=b%C3%BCcher.de", "xn--bcher-kva"),
        ("domain=two+words.com", None),
        ("domain=", None),
        (' {"domain": "a=b.com"}', None),
        ('{"domain": "google.com"}', "google"),
        ('\n{"domain": "google.com", "x": "a=b"}', "google"),
    ],
)
def test_a_form_is_judged_and_json_under_its_name(
    app_url: str, body: str, name: str | None
) -> None:
    answer = form(app_url, body)
    assert answer.status_code == (200 if name else 422), answer.text
    assert answer.json().get("name") == name


def test_a_form_of_several_names_is_a_batch(app_url: str) -> None:
    expected = post(app_url, {"domains": ["google.com", "co.uk"], "operating_point": 0.001}).json()
    for body in (
        "domain=google.com&domain=co.uk",
        "domains=google.com&domains=co.uk",
        "domains%5B%5D=google.com&domains%5B%5D=co.uk",  # jQuery's, of an array
    ):
        assert form(app_url, body + "&operating_point=0.001").json() == expected
    one = form(app_url, "domains=google.com").json()
    assert [x["name"] for x in one["results"]] == ["google"]


def test_a_form_in_gzip(app_url: str) -> None:
    headers = {"Content-Type": FORM, "Content-Encoding": "gzip"}
    body = gzip.compress(b"domain=google.com")
    answer = requests.post(app_url + PATH, data=body, headers=headers, timeout=30)
    assert answer.json()["name"] == "google"


@pytest.mark.parametrize(
    ("body", "status", "message"),
    [
        (b"name=google.com", 400, '"domain" and "domains"'),
        (b"domain=a.com&domains=b.com", 400, '"domain" and "domains"'),
        (b"domain=a.com&operating_point=0.5", 400, "no operating point"),
        (b"domain=\xff", 400, "the form cannot be read"),
        (b"domain=%ff", 400, "the form cannot be read"),
        (b"domain=a.com" + b"&x=" * 20_000, 400, "Max number of fields"),
        (b"domain=a.com&" * 1001, 413, "1001 domains: at most 1000"),
        (b"domain=" + b"a" * MAX_BODY, 413, "at most 1000000"),
        (b"google.com", 400, "not JSON"),
        (b"", 400, "not JSON"),
    ],
)
def test_bad_forms_are_told_why(app_url: str, body: bytes, status: int, message: str) -> None:
    answer = form(app_url, body)
    assert (answer.status_code, answer.json().get("Status")) == (status, None)
    assert message in answer.json()["Message"]


def test_a_form_under_another_type_is_none(app_url: str) -> None:
    for kind in ("application/json", "text/plain"):
        answer: Any = post(app_url, b"domain=google.com", **{"Content-Type": kind})
        assert answer.status_code == 400 and "not JSON" in answer.json()["Message"]


@pytest.mark.parametrize(
    ("fields", "answered"),
    [
        ([("domain", "google.com")], ["google"]),
        ([("domain", "google.com"), ("domain", "bücher.de")], ["google", "xn--bcher-kva"]),
        ([("x", "1"), ("domains[]", "a--b.com"), ("operating_point", "0.001")], ["a--b"]),
    ],
)
def test_a_multipart_form_is_read(
    app_url: str, fields: list[tuple[str, str]], answered: list[str]
) -> None:
    """As curl -F sends it."""
    files = [(name, (None, value)) for name, value in fields]
    answer = requests.post(app_url + PATH, files=files, timeout=30).json()
    assert [x["name"] for x in answer.get("results", [answer])] == answered


@pytest.mark.parametrize(
    ("kind", "body", "message"),
    [
        ("multipart/form-data", b"--x", "lacks its boundary"),
        ("multipart/form-data; boundary=x", b"", 'keys "domain" and "domains"'),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="domain"\r\n\r\n\xff\r\n--x--',
            "cannot be read",
        ),
    ],
)
def test_a_damaged_multipart_form_is_400(
    app_url: str, kind: str, body: bytes, message: str
) -> None:
    answer = post(app_url, body, **{"Content-Type": kind})
    assert answer.status_code == 400 and message in answer.json()["Message"]


@pytest.mark.parametrize("kind", ["application/xml", "text/csv", "image/png"])
def test_415_says_what_is_taken(app_url: str, kind: str) -> None:
    answer = post(app_url, BODY, **{"Content-Type": kind})
    assert answer.status_code == 415
    assert answer.json()["Message"] == (
        f"Unsupported media type: {kind}; send application/json, "
        "application/x-www-form-urlencoded, text/plain, multipart/form-data"
    )
