"""Bodies that are more than JSON as it stands: compressed ones, and forms.

Imported only where a request has one.
"""

from __future__ import annotations

import zlib
from typing import Any
from urllib.parse import parse_qsl

from chalice.app import BadRequestError, ChaliceViewError

from .access import PayloadTooLargeError

_GZIP = 16 + zlib.MAX_WBITS  # zlib's way to say: with gzip's head and checksum
_FIELDS = 10_000  # of a form; above all that may be asked at once


class UnsupportedMediaType(ChaliceViewError):
    """A body in a coding that is not read; under the code that Chalice gives to types."""

    STATUS_CODE = 415


def decompress(body: bytes, encoding: str, limit: int) -> bytes:
    """A body as its header Content-Encoding says that it is compressed.

    limit: bytes that body may have before and after; no more are ever made of it. Raises
    PayloadTooLargeError, UnsupportedMediaType, and BadRequestError for a damaged one.
    """
    encoding = encoding.strip().lower()
    if encoding in ("", "identity"):
        return body
    if encoding not in ("gzip", "x-gzip"):
        raise UnsupportedMediaType(
            f"Content-Encoding {encoding[:40]!r} is not read: send gzip, or none"
        )
    if len(body) > limit:
        raise PayloadTooLargeError(f"a body of {len(body)} bytes: at most {limit}")
    unpacker = zlib.decompressobj(_GZIP)
    try:
        unpacked = unpacker.decompress(body, limit + 1)
    except zlib.error as error:
        raise BadRequestError(f"the body is not gzip, as its header says: {error}") from error
    if len(unpacked) > limit:
        raise PayloadTooLargeError(f"a body of over {limit} bytes when unpacked: at most {limit}")
    if not unpacker.eof:
        raise BadRequestError("the body's gzip ends too early")
    if unpacker.unused_data:
        raise BadRequestError("the body goes on behind its gzip")
    return unpacked


def is_form(body: bytes) -> bool:
    """Whether a body under the name of a form is one; jQuery and curl -d send JSON there."""
    return b"=" in body and body.lstrip()[:1] not in (b"{", b"[", b'"')


def read_form(body: bytes) -> dict[str, Any]:
    """The request in a form: `domain`, given several times for a batch, or `domains`.

    Raises BadRequestError.
    """
    try:
        fields = parse_qsl(
            body.decode(), keep_blank_values=True, max_num_fields=_FIELDS, errors="strict"
        )
    except ValueError as error:  # of UTF-8, or too many fields
        raise BadRequestError(f"the form cannot be read: {error}") from error
    request: dict[str, Any] = dict(fields)
    names = [value for key, value in fields if key == "domain"]
    several = [value for key, value in fields if key in ("domains", "domains[]")]  # jQuery's
    if len(names) > 1 and not several:
        del request["domain"]
        several = names
    return request | ({"domains": several} if several else {})
