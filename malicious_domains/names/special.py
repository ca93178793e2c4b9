"""Valid names that the model cannot score, and why."""

from __future__ import annotations

import re
from typing import NoReturn

from .errors import Skipped, quote_text
from .public_suffix import NO_TLD, SPECIAL

PLACEHOLDERS = frozenset(
    ["null", "nan", "none", "nil", "undefined"]  # bare labels; the others are no names
    + ["n/a", "#n/a", "<na>", "(empty)", "(unset)", "*", "?", "\\n"]
    + [f"{a}{word}{b}" for a, b in ("()", "<>", "[]") for word in ("null", "none", "nil")]
)
_SERVICE_LABEL = re.compile(r"(?:^|\.)_[a-z0-9][a-z0-9-]*(?=\.|$)")
# The instance before the service may be any text, blanks included (RFC 6763, 4.1.1).
_INSTANCE = re.compile(r"[^,;\"\t]{1,200}\._[a-z0-9-]+\._(?:tcp|udp)(?:\.local)?\.?")


def is_placeholder(text: str) -> bool:
    """Return whether a stripped text stands for no value; "na" does in capitals only.

    >>> is_placeholder("N/A"), is_placeholder("NA"), is_placeholder("na")
    (True, True, False)
    """
    return text == "NA" or (text != "" and not text.strip("-")) or text.lower() in PLACEHOLDERS


def is_service(text: str) -> bool:
    """Return whether a text in lower case names an instance of a service.

    >>> is_service("printer._ipp._tcp.local")
    True
    """
    return _INSTANCE.fullmatch(text) is not None


def has_service_label(host: str) -> bool:
    """Return whether a host has a service label such as _tcp.

    >>> has_service_label("_dmarc.example.com")
    True
    """
    return _SERVICE_LABEL.search(host) is not None


def skip_suffix(host: str, suffix: str) -> NoReturn:
    """Raise Skipped for a host under a SPECIAL suffix, or an unknown top-level domain."""
    reason = SPECIAL.get(suffix, NO_TLD)
    if reason == "reverse":
        raise Skipped(reason, f"{quote_text(host)} is a reverse look-up: it stands for a number")
    if has_service_label(host):
        skip_service(host)
    what = f".{suffix} is for special use, nobody registers there"
    if reason == NO_TLD:
        what = f"there is no top-level domain .{suffix}, but search suffixes and files end so"
    raise Skipped(reason, f"{quote_text(host)}: {what}")


def skip_service(host: str) -> NoReturn:
    """Raise Skipped for a service without a registrable label."""
    raise Skipped("service", f"{quote_text(host)} names a service, with no registrable label")


def skip_placeholder(text: str) -> NoReturn:
    """Raise Skipped for a placeholder."""
    raise Skipped("placeholder", f"{quote_text(text)} stands for no name")
