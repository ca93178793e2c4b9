"""Downloads, from a real HTTP server on this machine."""

from __future__ import annotations

import dataclasses
import hashlib
import lzma
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
from english_words import get_english_words_set

from pipeline.corpus import sources
from pipeline.corpus.sources import Dataset, SourceError, fetch_source
from pipeline.training.automaton import compile_words, select_usable

CONTENT = bytes(range(256)) * 1000


class Server(ThreadingHTTPServer):
    """Serves CONTENT at /data.bin; counts what was asked for."""

    asked = 0

    class Handler(BaseHTTPRequestHandler):
        server: Server

        def do_GET(self) -> None:
            self.server.asked += 1
            if self.path != "/data.bin":
                self.send_error(404)
                return
            self.send_response(200)
            self.send_header("Content-Length", str(len(CONTENT)))
            self.end_headers()
            self.wfile.write(CONTENT)

        def log_message(self, *_: object) -> None:
            pass


@pytest.fixture
def server() -> Iterator[Server]:
    with Server(("127.0.0.1", 0), Server.Handler) as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        yield running
        running.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def no_mirror(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DOMAINS_MIRROR", raising=False)


@pytest.fixture
def source(tmp_path: Path, server: Server) -> Dataset:
    url = f"http://127.0.0.1:{server.server_port}/data.bin"
    digest = hashlib.sha256(CONTENT).hexdigest()
    return Dataset("data", tmp_path / "downloads" / "data.bin", digest, 1, "none", url)


def test_a_download_is_verified_and_kept(source: Dataset, server: Server) -> None:
    assert source.state == "absent"
    assert fetch_source(source).read_bytes() == CONTENT
    assert source.state == "downloaded"
    fetch_source(source)
    assert server.asked == 1  # once, not twice
    assert [x.name for x in source.path.parent.iterdir()] == ["data.bin"]


def test_what_an_interrupted_download_left_does_no_harm(source: Dataset) -> None:
    source.path.parent.mkdir()
    source.path.with_name("data.bin.part").write_bytes(b"x" * 1000)
    assert fetch_source(source).read_bytes() == CONTENT


def test_wrong_bytes_are_thrown_away(source: Dataset) -> None:
    wrong = dataclasses.replace(source, sha256="0" * 64)
    with pytest.raises(SourceError, match=r"SHA-256 is .*the download is deleted"):
        fetch_source(wrong)
    assert not list(source.path.parent.iterdir())


def test_a_damaged_file_is_replaced(source: Dataset, server: Server) -> None:
    source.path.parent.mkdir()
    source.path.write_bytes(CONTENT[:-1])
    assert source.state == "damaged"
    assert fetch_source(source).read_bytes() == CONTENT


@pytest.mark.parametrize("kind", ["folder", "url"])
def test_the_mirror_is_asked_first(
    kind: str, source: Dataset, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if kind == "folder":
        (tmp_path / "mirror").mkdir()
        (tmp_path / "mirror" / "data.bin").write_bytes(CONTENT)
    mirror = f"http://127.0.0.1:{server.server_port}/" if kind == "url" else tmp_path / "mirror"
    monkeypatch.setenv("DOMAINS_MIRROR", str(mirror))
    nowhere = Dataset("data", source.path, source.sha256, 1, "none", "http://127.0.0.1:9/data.bin")
    assert fetch_source(nowhere).read_bytes() == CONTENT


def test_a_mirror_without_the_file_is_no_obstacle(
    source: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOMAINS_MIRROR", str(tmp_path))
    assert fetch_source(source).read_bytes() == CONTENT


def test_nowhere_to_be_had(source: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOMAINS_MIRROR", "http://127.0.0.1:9")
    nowhere = Dataset("data", source.path, source.sha256, 1, "none", source.url + ".gone")
    with pytest.raises(SourceError, match=r"(?s)data\.bin .*DOMAINS_MIRROR.*127.0.0.1:9/.*404"):
        fetch_source(nowhere)
    assert not source.path.exists()


def test_what_is_committed_is_whole() -> None:
    committed = [x for x in sources.SOURCES if not x.url]
    assert {x.name for x in committed} == {"hsts", "universities", "web2"}
    assert {x.state for x in committed} == {"committed"}


@pytest.mark.parametrize("source", [sources.HSTS, sources.UNIVERSITIES], ids=lambda s: s.name)
def test_a_committed_list_has_the_promised_hosts(source: Dataset) -> None:
    hosts = lzma.decompress(source.path.read_bytes()).decode("ascii").splitlines()
    assert len(hosts) == source.rows
    assert hosts == sorted(set(hosts))
    assert all(re.fullmatch(r"[a-z0-9-]+(\.[a-z0-9-]+)+", host) for host in hosts)


@pytest.mark.slow
def test_the_committed_lexicon_is_made_of_web2() -> None:
    words = get_english_words_set(["web2"])
    assert len(select_usable(words)) == sources.WEB2.rows
    np.testing.assert_array_equal(compile_words(words), np.load(sources.WEB2.path))
