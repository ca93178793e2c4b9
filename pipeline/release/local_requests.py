"""Requests to Chalice's local server, read as a proxy in front of a Lambda would read them.

Chalice's own handler takes a body for the next request where its length is not plainly told.
Here a body is read as HTTP/1.1 (RFC 9112) says, or the request is refused and the connection
closed. Run by its path, from chalice_cli.
"""

from __future__ import annotations

import json
import re
from contextlib import suppress
from typing import Any

from chalice import local
from chalice.app import Chalice
from chalice.config import Config

LIMIT = 10_000_000  # bytes of a body, as at API Gateway
_LINE = 8_192  # bytes of a chunk's size, or of a line behind the last
_TRAILERS = 100  # lines behind the last chunk, which are dropped
_DRAIN = 1.0  # seconds for which what is refused is still taken
_SIZE = re.compile(rb"([0-9A-Fa-f]{1,8})[ \t]*(;[^\r\n]*)?\r?\n")


class RefusedError(Exception):
    """A request that is not read to its end; after its answer the connection is of no use."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Handler(local.ChaliceRequestHandler):
    """Chalice's handler, with bodies read strictly, and HEAD."""

    def handle_expect_100(self) -> bool:
        """Tell a client that waits before it sends a large body to go on."""
        going: bool = super().handle_expect_100()
        self.wfile.flush()
        return going

    def _handle(self) -> None:
        try:
            self._generic_handle()
        except RefusedError as error:
            self._refuse(error)

    do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = do_PATCH = do_OPTIONS = _handle  # noqa: N815

    def _parse_payload(self) -> tuple[dict[str, str], bytes | None]:
        body = self._chunks() if "transfer-encoding" in self.headers else self._sized()
        headers = {k: v for k, v in self.headers.items() if k.lower() != "transfer-encoding"}
        return headers, body or None

    def _sized(self) -> bytes:
        told = set(self.headers.get_all("content-length", ["0"]))
        text = told.pop().strip()
        if told or not (text.isascii() and text.isdigit()):
            raise RefusedError(400, "Content-Length: expected one number of bytes")
        if len(text) > 12 or int(text) > LIMIT:
            raise RefusedError(413, f"a body of {text[:40]} bytes: at most {LIMIT}")
        return self._exactly(int(text))

    def _chunks(self) -> bytes:
        coding = ", ".join(self.headers.get_all("transfer-encoding"))
        if coding.strip().lower() != "chunked":
            raise RefusedError(501, f"Transfer-Encoding {coding[:40]!r} is not read: send chunked")
        if "content-length" in self.headers or self.request_version == "HTTP/1.0":
            raise RefusedError(400, "Transfer-Encoding: not with Content-Length, nor in HTTP/1.0")
        body = bytearray()
        while size := self._chunk_size():
            if len(body) + size > LIMIT:
                raise RefusedError(413, f"a body of over {LIMIT} bytes: at most {LIMIT}")
            body += self._exactly(size)
            if self.rfile.readline(3) not in (b"\r\n", b"\n"):
                raise RefusedError(400, "a chunk is longer than its size says")
        self._skip_trailers()
        return bytes(body)

    def _chunk_size(self) -> int:
        found = _SIZE.fullmatch(self.rfile.readline(_LINE))
        if not found:
            raise RefusedError(400, "expected the size of a chunk, in hexadecimal digits")
        return int(found[1], 16)

    def _skip_trailers(self) -> None:
        for _ in range(_TRAILERS):
            line = self.rfile.readline(_LINE)
            if line in (b"\r\n", b"\n"):
                return
            if not line.endswith(b"\n"):
                break
        raise RefusedError(400, "the chunks have no end")

    def _exactly(self, size: int) -> bytes:
        data: bytes = self.rfile.read(size)
        if len(data) < size:
            raise RefusedError(400, f"the body ends after {len(data)} of {size} bytes")
        return data

    def _refuse(self, error: RefusedError) -> None:
        self.close_connection = True
        body = json.dumps({"message": str(error)})  # as API Gateway's own
        self._send_http_response(error.status, {"Connection": "close"}, body)
        self.wfile.flush()
        # A connection closed on bytes that nobody read takes the answer away with it.
        with suppress(OSError):
            self.connection.settimeout(_DRAIN)
            for _ in range(LIMIT // 65_536):
                if not self.rfile.read1(65_536):
                    break

    def _send_http_response_with_body(
        self, code: int, headers: dict[str, Any], body: str | bytes
    ) -> None:
        if self.command != "HEAD":
            super()._send_http_response_with_body(code, headers, body)
            return
        # No body, nor the length of one: it would have to be that of GET's.
        self.send_response(code)
        self._send_headers({"Content-Type": "application/json"} | headers)


class Server(local.LocalDevServer):
    """Chalice's server, with that handler."""

    def __init__(self, app: Chalice, config: Config, host: str, port: int) -> None:
        super().__init__(app, config, host, port, handler_cls=Handler)


def install() -> None:
    """Have Chalice's `local` start such a server."""
    local.LocalDevServer = Server  # type: ignore[assignment, misc]
