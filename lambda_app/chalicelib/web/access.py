"""Check API keys and request sizes, and decide whose pages may read an answer (CORS)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence

from chalice.app import ChaliceViewError, CORSConfig, UnauthorizedError

KEY_HEADER = "x-api-key"
# Headers that a page may send beside Chalice's: for gzip, and for signatures of the body.
_ALLOWED = ("Content-Encoding", "X-Amz-Content-Sha256")


class PayloadTooLargeError(ChaliceViewError):
    """A request, or the answer to it, is too large."""

    STATUS_CODE = 413


def check_key(headers: Mapping[str, str], keys: Sequence[str]) -> None:
    """Raise UnauthorizedError unless there are no keys (SHA-256), or the request has one of them.

    >>> check_key({"x-api-key": "secret"}, [hashlib.sha256(b"secret").hexdigest()])
    """
    if not keys:
        return
    import hmac  # few stages need it

    given = hashlib.sha256(headers.get(KEY_HEADER, "").encode("utf-8", "surrogatepass")).hexdigest()
    if not any(hmac.compare_digest(given, key) for key in keys):
        raise UnauthorizedError(f"the header {KEY_HEADER} has no key that may call this")


class Origins(CORSConfig):
    """CORS headers for several origins, although an answer may name only one.

    API Gateway answers preflights by itself, with * for several origins. The answers to requests
    name the request's origin if it is allowed, so a browser shows them to no other page.
    """

    def __init__(self, origins: Sequence[str], headers: Callable[[], Mapping[str, str]]) -> None:
        """Take the origins, and a function that returns the current request's headers, or {}."""
        origin = origins[0] if len(origins) == 1 else "*"
        super().__init__(allow_origin=origin, allow_headers=_ALLOWED, max_age=86_400)
        self._origins = origins
        self._headers = headers

    def get_access_control_headers(self) -> dict[str, str]:
        """Return the CORS headers for the request that is being answered."""
        return self.headers_for(self._headers())

    def headers_for(self, headers: Mapping[str, str]) -> dict[str, str]:
        """Return the CORS headers for a request; headers: its own, by name in lower case."""
        answer: dict[str, str] = super().get_access_control_headers()
        if len(self._origins) > 1 and headers:
            origin = headers.get("origin", "")
            allowed = origin if origin in self._origins else self._origins[0]
            answer |= {"Access-Control-Allow-Origin": allowed, "Vary": "Origin"}
        return answer
