"""Why a text is not judged: one family of errors, each with a status and a reason code."""

from __future__ import annotations

import re

MAX_HOST = 253  # characters (RFC 1035, 2.3.4, without the root's dot)
MAX_LABEL = 63
ADDRESS = "an IP address or a number, not a domain name"
NUMBER = r"[0-9]+|0x[0-9a-f]*"  # a label that a browser takes for an address
MAX_QUOTED = 60  # characters of a text that a message repeats


class MaliciousDomainsError(Exception):
    """Base of the errors that a user can fix; the message says what, where and what to do."""


class InvalidDomain(MaliciousDomainsError, ValueError):
    """A text that is not one domain name; its message says why, in one line.

    `reason` is a short code: address, characters, csv_row, date, empty, empty_label, encoding,
    escape, host_length, idn, json, label_length, list_row, log_line, path, port, several, suffix,
    text_length, url.
    """

    status = "invalid"

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason

    def __reduce__(self) -> tuple[type[InvalidDomain], tuple[str, str]]:
        return type(self), (self.reason, str(self))


class Skipped(InvalidDomain):
    """A text about which the model has nothing to say, although nothing is wrong with it.

    `reason` is one of reverse, special_use, service, script, placeholder, comment.
    """

    status = "skipped"


def quote_text(text: str) -> str:
    """The beginning of a text in quotes; bytes that were no UTF-8 stand as \\xNN."""
    shown = text if len(text) <= MAX_QUOTED else text[: MAX_QUOTED - 1] + "…"
    return re.sub(r"\\udc([89a-f][0-9a-f])", r"\\x\1", repr(shown))


class AllowListError(MaliciousDomainsError, ValueError):
    """An allow list that cannot be read; the message names the file."""


class DgaIndexError(MaliciousDomainsError, ValueError):
    """An index of known names that cannot be read; the message names the file."""
