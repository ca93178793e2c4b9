"""Chalice's command line with a stricter local server; run as a file, see local_server.py.

Chalice's own handler takes a body for the next request if its length is not clear. Here a body is
read as HTTP/1.1 (RFC 9112) says, or the request is refused and the connection closed.
"""

from __future__ import annotations

import json
import re
import socketserver
import sys
from contextlib import suppress
from typing import Any

from chalice import local
from chalice.app import Chalice
from chalice.cli import main as run_chalice
from chalice.config import Config

MAX_BODY = 10_000_000  # bytes, as in API Gateway
_MAX_LINE = 8_192  # bytes of the line with a chunk's size, or of a trailer
_MAX_TRAILERS = 100  # lines after the last chunk, which are dropped
_DRAIN = 1.0  # seconds for which the rest of a refused request is still received
_SIZE = re.compile(rb"([0-9A-Fa-f]{1,8})[ \t]*(;[^\r\n]*)?\r?\n")


class RefusedError(Exception):
    """A request is not read to its end; the connection is of no use after the answer."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Handler(local.ChaliceRequestHandler):
    """Chalice's handler, which also reads bodies strictly, and answers HEAD."""

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
        is_chunked = "transfer-encoding" in self.headers
        body = self._read_chunks() if is_chunked else self._read_sized()
        headers = {k: v for k, v in self.headers.items() if k.lower() != "transfer-encoding"}
        return headers, body or None

    def _read_sized(self) -> bytes:
        sizes = set(self.headers.get_all("content-length", ["0"]))
        text = sizes.pop().strip()
        if sizes or not (text.isascii() and text.isdigit()):
            raise RefusedError(400, "Content-Length: expected one number of bytes")
        if len(text) > 12 or int(text) > MAX_BODY:
            raise RefusedError(413, f"a body of {text[:40]} bytes: at most {MAX_BODY}")
        return self._read_exactly(int(text))

    def _read_chunks(self) -> bytes:
        coding = ", ".join(self.headers.get_all("transfer-encoding"))
        if coding.strip().lower() != "chunked":
            raise RefusedError(501, f"Transfer-Encoding {coding[:40]!r} is not read: send chunked")
        if "content-length" in self.headers or self.request_version == "HTTP/1.0":
            raise RefusedError(400, "Transfer-Encoding: not with Content-Length, nor in HTTP/1.0")
        body = bytearray()
        while size := self._read_chunk_size():
            if len(body) + size > MAX_BODY:
                raise RefusedError(413, f"a body of over {MAX_BODY} bytes: at most {MAX_BODY}")
            body += self._read_exactly(size)
            if self.rfile.readline(3) not in (b"\r\n", b"\n"):
                raise RefusedError(400, "a chunk is longer than its size says")
        self._skip_trailers()
        return bytes(body)

    def _read_chunk_size(self) -> int:
        size = _SIZE.fullmatch(self.rfile.readline(_MAX_LINE))
        if not size:
            raise RefusedError(400, "expected the size of a chunk, in hexadecimal digits")
        return int(size[1], 16)

    def _skip_trailers(self) -> None:
        for _ in range(_MAX_TRAILERS):
            line = self.rfile.readline(_MAX_LINE)
            if line in (b"\r\n", b"\n"):
                return
            if not line.endswith(b"\n"):
                break
        raise RefusedError(400, "the chunks have no end")

    def _read_exactly(self, size: int) -> bytes:
        data: bytes = self.rfile.read(size)
        if len(data) < size:
            raise RefusedError(400, f"the body ends after {len(data)} of {size} bytes")
        return data

    def _refuse(self, error: RefusedError) -> None:
        self.close_connection = True
        body = json.dumps({"message": str(error)})  # in API Gateway's form
        self._send_http_response(error.status, {"Connection": "close"}, body)
        self.wfile.flush()
        # If a connection is closed with unread bytes, the client may never see the answer.
        with suppress(OSError):
            self.connection.settimeout(_DRAIN)
            for _ in range(MAX_BODY // 65_536):
                if not self.rfile.read1(65_536):
                    break

    def _send_http_response_with_body(
        self, code: int, headers: dict[str, Any], body: str | bytes
    ) -> None:
        if self.command != "HEAD":
            super()._send_http_response_with_body(code, headers, body)
            return
        # Without Content-Length, which would have to be that of the answer to GET.
        self.send_response(code)
        self._send_headers({"Content-Type": "application/json"} | headers)


class Server(local.LocalDevServer):
    """Chalice's server with that handler."""

    def __init__(self, app: Chalice, config: Config, host: str, port: int) -> None:
        super().__init__(app, config, host, port, handler_cls=Handler)


def main() -> None:
    """Run Chalice with the arguments of this process; ends by SystemExit."""
    # Python switches threads every 5 ms: among a hundred busy connections, a new one would wait
    # for seconds to be accepted.
    sys.setswitchinterval(0.0005)
    # Chalice's server would let only five connections wait.
    socketserver.TCPServer.request_queue_size = 128
    # It would send an answer in two parts, and the second waits 40 ms for the client's ACK.
    socketserver.StreamRequestHandler.wbufsize = -1
    local.LocalDevServer = Server  # type: ignore[assignment, misc]
    sys.exit(run_chalice())


if __name__ == "__main__":
    main()
