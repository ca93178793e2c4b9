"""Read compressed bodies and forms; imported only for a request that has one."""

from __future__ import annotations

import gzip
import io
import re
import zlib
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import parse_qsl

from chalice.app import BadRequestError, ChaliceViewError

from .access import PayloadTooLargeError

_MAX_FIELDS = 10_000  # of a form; more than the names of one request


class UnsupportedMediaType(ChaliceViewError):
    """The body has an encoding that is not read; Chalice uses this code for content types."""

    STATUS_CODE = 415


def decompress(body: bytes, encoding: str, limit: int) -> bytes:
    """Decompress a body; encoding: its header Content-Encoding.

    limit: bytes that the body may have, compressed and not; no more are ever unpacked. Raises
    PayloadTooLargeError, UnsupportedMediaType, and BadRequestError for a damaged body.

    >>> decompress(b"{}", "identity", 10)
    b'{}'
    """
    encoding = encoding.strip().lower()
    if encoding in ("", "identity"):
        return body
    if encoding not in ("gzip", "x-gzip"):
        message = f"Content-Encoding {encoding[:40]!r} is not read: send gzip, or none"
        raise UnsupportedMediaType(message)
    if len(body) > limit:
        raise PayloadTooLargeError(f"a body of {len(body)} bytes: at most {limit}")
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(body)) as file:  # of one member or several
            unpacked = file.read(limit + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise BadRequestError(f"the body is not gzip, as its header says: {error}") from error
    if len(unpacked) > limit:
        raise PayloadTooLargeError(f"a body of over {limit} bytes when unpacked: at most {limit}")
    return unpacked


def read_form(body: bytes, content_type: str) -> dict[str, Any] | None:
    """Read the request in a form: `domain`, several times for a batch, or `domains`.

    Returns None for JSON under a form's type, as of curl -d. Raises BadRequestError.

    >>> read_form(b"domain=a.example&domain=b.example", "application/x-www-form-urlencoded")
    {'domains': ['a.example', 'b.example']}
    """
    try:
        if content_type.lower().startswith("multipart/"):
            return _gather([(k, v.decode()) for k, v in _split_parts(body, content_type)])
        if b"=" not in body or body.lstrip()[:1] in (b"{", b"[", b'"'):
            return None
        text = body.decode()
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=_MAX_FIELDS, errors="strict")
    except ValueError as error:  # no UTF-8, or too many fields
        raise BadRequestError(f"the form cannot be read: {error}") from error
    return _gather(pairs)


def _split_parts(body: bytes, content_type: str) -> Iterator[tuple[str, bytes]]:
    """Yield the fields of a form as `curl -F domain=example.com` sends it (RFC 7578)."""
    boundary = re.search(r'boundary="?([^";,]{1,70})', content_type, re.IGNORECASE)
    if not boundary:
        raise BadRequestError("the content type of the form lacks its boundary")
    for part in body.split(b"--" + boundary[1].encode(), _MAX_FIELDS)[1:]:
        head, _, value = part.partition(b"\r\n\r\n")
        if name := re.search(rb'[ ;]name="?([^";\r\n]{1,80})', head):
            yield name[1].decode("latin-1"), value.removesuffix(b"\r\n")


def _gather(fields: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """Make the request of a form's fields: one name, or several."""
    request: dict[str, Any] = {k: v for k, v in fields if k != "domains[]"}
    names = [value for key, value in fields if key == "domain"]
    several = [value for key, value in fields if key in ("domains", "domains[]")]  # [] by jQuery
    if len(names) > 1 and not several:
        del request["domain"]
        several = names
    return request | ({"domains": several} if several else {})
