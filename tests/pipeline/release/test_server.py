"""The local server, byte by byte: where a request ends, and what becomes of it."""

from __future__ import annotations

import json
import os
import socket
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path

import pytest
import requests

from pipeline.h2o_cluster.local_servers import find_free_port, start_server, wait_for_server
from tests.helpers.api import PATH, post
from tests.helpers.commands import run_here

HEAD = b"POST /malicious-domain-classifier HTTP/1.1\r\nHost: x\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n"
BODY = b'{"domain": "google.com"}'
NEXT = b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n"


class Answers:
    """A connection, and the answers that come back on it."""

    def __init__(self, connection: socket.socket, file: BufferedReader) -> None:
        self.connection, self.file = connection, file

    def next(self, has_body: bool = True) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body of the next answer."""
        status = int(self.file.readline().split()[1])
        headers = {}
        while (line := self.file.readline().decode().strip()) != "":
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        size = int(headers["content-length"]) if has_body else 0
        return status, headers, self.file.read(size)

    def closed(self) -> bool:
        """Whether the server has nothing more to say."""
        return self.file.read() == b""


@contextmanager
def sent(url: str, *parts: bytes) -> Iterator[Answers]:
    host, port = url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=30) as connection:
        for part in parts:
            connection.sendall(part)
        with connection.makefile("rb") as file:
            yield Answers(connection, file)


def chunks(body: bytes, size: int) -> bytes:
    parts = [body[i : i + size] for i in range(0, len(body), size)]
    return b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


@pytest.mark.parametrize(
    "body",
    [
        chunks(BODY, 5),
        chunks(BODY, 1),
        chunks(BODY, 999),
        b"18;name=value\r\n" + BODY + b"\r\n00\r\nX-Sum: 1\r\nX-More: 2\r\n\r\n",
    ],
)
def test_chunks_are_read_and_the_next_request_is_the_next(app_url: str, body: bytes) -> None:
    """H10."""
    with sent(app_url, CHUNKED + b"\r\n" + body + NEXT) as answers:
        status, _, answer = answers.next()
        assert status == 200 and json.loads(answer)["name"] == "google"
        assert answers.next()[2] == b'{"status":"ok"}'


def test_a_client_that_streams(app_url: str) -> None:
    parts = iter([BODY[:9], BODY[9:]])
    headers = {"Content-Type": "application/json"}
    answer = requests.post(app_url + PATH, data=parts, headers=headers, timeout=30)
    assert answer.json()["name"] == "google"


SMUGGLED = b"GET /model HTTP/1.1\r\nHost: x\r\n\r\n"
LONG = b"Content-Length: %d\r\n\r\n"


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (CHUNKED + b"\r\nx\r\n" + SMUGGLED, 400),
        (CHUNKED + b"\r\n-5\r\n" + SMUGGLED, 400),
        (CHUNKED + b"\r\n0x5\r\n" + SMUGGLED, 400),
        (CHUNKED + b"\r\n018\n" + BODY + b"\n0\n\n" + SMUGGLED, 400),
        (CHUNKED + b"\r\n5\r\n" + BODY + b"\r\n0\r\n\r\n" + SMUGGLED, 400),
        (CHUNKED + b"\r\n0\r\n" + b"X: 1\r\n" * 200 + SMUGGLED, 400),
        (HEAD + b"Transfer-Encoding: gzip, chunked\r\n\r\n" + SMUGGLED, 501),
        (HEAD + b"Transfer-Encoding: identity\r\n\r\n" + SMUGGLED, 501),
        (HEAD + b"Content-Length: -5\r\n\r\n" + SMUGGLED, 400),
        (HEAD + b"Content-Length: five\r\n\r\n" + SMUGGLED, 400),
        (HEAD + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\n" + SMUGGLED, 400),
        (HEAD + LONG % 10_000_001 + SMUGGLED, 413),
        (HEAD + LONG % 10**30 + SMUGGLED, 413),
        (CHUNKED + b"\r\nFFFFFFFF\r\n" + SMUGGLED, None),  # the client hangs up before its end
        (CHUNKED + b"\r\n18\r\n{", None),
        (HEAD + LONG % 99 + SMUGGLED, None),
    ],
)
def test_what_has_no_plain_end_is_never_taken_for_the_next_request(
    app_url: str, request_: bytes, status: int | None
) -> None:
    with sent(app_url, request_) as answers:
        answers.connection.shutdown(socket.SHUT_WR)
        if status is not None:
            assert answers.next()[0] == status
        assert answers.closed()


def test_a_large_body_under_the_limit_gets_the_app_s_own_answer(app_url: str) -> None:
    with sent(app_url, CHUNKED + b"\r\n", chunks(b" " * 2_000_000, 65_536)) as answers:
        status, _, body = answers.next()
        assert status == 413 and "at most 1000000" in json.loads(body)["Message"]


def test_a_client_that_asks_before_it_sends_is_told_to_go_on(app_url: str) -> None:
    """As curl does for a large body."""
    with sent(app_url, HEAD + b"Expect: 100-continue\r\n" + LONG % len(BODY)) as answers:
        assert answers.next(has_body=False)[0] == 100
        answers.connection.sendall(BODY)
        assert answers.next()[0] == 200


def test_head_has_no_body(app_url: str) -> None:
    """Else the next answer on the connection would begin with it."""
    for path in (b"/", b"/page.css", b"/model", b"/health", b"/openapi.json", b"/health/"):
        head = b"HEAD " + path + b" HTTP/1.1\r\nHost: x\r\n\r\n"
        get = NEXT.replace(b"/health", path)
        with sent(app_url, head + get + NEXT) as answers:
            status, headers, _ = answers.next(has_body=False)
            other, expected, body = answers.next()
            assert status == other == 200 and body
            assert int(expected.pop("content-length")) == len(body)
            assert headers.pop("content-length") == "0"
            assert headers | {"date": ""} == expected | {"date": ""}
            assert answers.next()[2] == b'{"status":"ok"}'


def test_head_on_other_paths(app_url: str) -> None:
    for path, status in (("/nowhere", 404), (PATH, 405)):
        answer = requests.head(app_url + path, timeout=30)
        assert (answer.status_code, answer.content) == (status, b"")


def test_a_slash_at_the_end_changes_nothing(app_url: str) -> None:
    assert requests.get(app_url + "/health/", timeout=30).json() == {"status": "ok"}
    answer = requests.post(f"{app_url}{PATH}/", json={"domain": "google.com"}, timeout=30)
    assert answer.json() == post(app_url, {"domain": "google.com"}).json()


def test_long_answers_are_compressed_where_the_client_takes_gzip(app_url: str) -> None:
    body = {"domains": [f"name{i}.com" for i in range(300)]}
    plain, packed = (
        requests.post(app_url + PATH, json=body, headers={"Accept-Encoding": x}, timeout=30)
        for x in ("identity", "gzip, br")
    )
    assert packed.json() == plain.json()
    assert (packed.headers["Content-Encoding"], packed.headers["Vary"]) == (
        "gzip",
        "Accept-Encoding",
    )
    assert int(packed.headers["Content-Length"]) < len(plain.content) / 5
    assert "Content-Encoding" not in plain.headers
    health = requests.get(app_url + "/health", headers={"Accept-Encoding": "gzip"}, timeout=30)
    assert "Content-Encoding" not in health.headers


def processor_time(pid: int) -> float:
    """Return the seconds that a process has worked."""
    cells = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(cells[11]) + int(cells[12])) / os.sysconf("SC_CLK_TCK")


def test_a_stop_answers_what_was_asked_and_other_addresses_are_served(tmp_path: Path) -> None:
    """As systemd and a container stop it; on every address of the machine."""
    port = find_free_port()
    command = [sys.executable, "-m", "pipeline", "serve", "--host", "0.0.0.0", "--port", str(port)]
    log = tmp_path / "log"
    process = start_server(command, log)
    wait_for_server(process, f"http://127.0.0.1:{port}/ready", log, 60)
    before = processor_time(process.pid)
    with ThreadPoolExecutor() as pool:
        names = {"domains": [f"name{i}.com" for i in range(1000)]}
        asked = pool.submit(requests.post, f"http://127.0.0.1:{port}{PATH}", json=names, timeout=30)
        while not asked.done() and processor_time(process.pid) < before + 0.02:
            time.sleep(0.001)  # until the server works on it
        process.terminate()
        assert len(asked.result().json()["results"]) == 1000
    assert process.wait(60) == 0
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert [x["path"] for x in lines if "path" in x][-1] == PATH
    assert all(len(x["request_id"]) == 32 for x in lines)


def test_a_port_that_is_taken_is_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        run = run_here("serve", "--port", str(taken.getsockname()[1]))
    assert run.returncode == 2 and "is in use or not allowed" in run.stderr
    assert run.stderr.count("\n") == 1 and "make serve PORT=" in run.stderr
    assert "no-such-host" in run_here("serve", "--host", "no-such-host.invalid").stderr
