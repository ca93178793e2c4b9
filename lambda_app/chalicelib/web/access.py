"""Who may call, with how much at once, and whose pages may read the answer."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence

from chalice.app import ChaliceViewError, CORSConfig, UnauthorizedError

KEY_HEADER = "x-api-key"
# What a page may send beside Chalice's: bodies in gzip, and signatures that cover the body.
_ALLOWED = ("Content-Encoding", "X-Amz-Content-Sha256")


class PayloadTooLargeError(ChaliceViewError):
    """A request, or the answer to it, is larger than the service takes at once."""

    STATUS_CODE = 413


def check_key(headers: Mapping[str, str], keys: Sequence[str]) -> None:
    """Raise UnauthorizedError unless there are no keys or the request has one of them.

    Only sums of keys are known here, and they are compared in constant time.
    """
    if not keys:
        return
    import hmac  # for those alone who ask for keys

    given = hashlib.sha256(headers.get(KEY_HEADER, "").encode("utf-8", "surrogatepass")).hexdigest()
    if not any(hmac.compare_digest(given, key) for key in keys):
        raise UnauthorizedError(f"the header {KEY_HEADER} has no key that may call this")


class Origins(CORSConfig):  # type: ignore[misc]
    """CORS headers for several origins, of which an answer may name only one.

    API Gateway answers preflights from what is known when it is set up, for
    every origin alike; the answers themselves name the request's origin, if it
    is allowed, and a browser shows them to no other page.
    """

    def __init__(self, origins: Sequence[str], headers: Callable[[], Mapping[str, str]]) -> None:
        """Take the origins and what gives the headers of the present request, {} for none."""
        origin = origins[0] if len(origins) == 1 else "*"
        super().__init__(allow_origin=origin, allow_headers=_ALLOWED, max_age=86_400)
        self._origins = origins
        self._headers = headers

    def get_access_control_headers(self) -> dict[str, str]:
        """The headers by name, for the request that is being answered."""
        return self.headers_for(self._headers())

    def headers_for(self, headers: Mapping[str, str]) -> dict[str, str]:
        """The headers by name, for a request with such headers by name in lower case."""
        answer: dict[str, str] = super().get_access_control_headers()
        if len(self._origins) > 1 and headers:
            origin = headers.get("origin", "")
            allowed = origin if origin in self._origins else self._origins[0]
            answer |= {"Access-Control-Allow-Origin": allowed, "Vary": "Origin"}
        return answer
