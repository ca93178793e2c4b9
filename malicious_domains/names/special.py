"""Names that are valid, and about which the model has nothing to say."""

from __future__ import annotations

import re
from typing import NoReturn

from .errors import Skipped, quote_text
from .public_suffix import SPECIAL

PLACEHOLDERS = frozenset(
    ["null", "nan", "none", "nil", "undefined"]  # as bare labels; the others are no names anyway
    + ["n/a", "#n/a", "<na>", "(empty)", "(unset)", "*", "?", "\\n"]
    + [f"{a}{word}{b}" for a, b in ("()", "<>", "[]") for word in ("null", "none", "nil")]
)
_SERVICE_LABEL = re.compile(r"(?:^|\.)_[a-z0-9][a-z0-9-]*(?=\.|$)")
# What stands before the service may be any text (RFC 6763, 4.1.1), blanks included.
_INSTANCE = re.compile(r"[^,;\"\t]{1,200}\._[a-z0-9-]+\._(?:tcp|udp)(?:\.local)?\.?")


def is_placeholder(text: str) -> bool:
    """Whether a stripped text stands for nothing: -, N/A, null.

    In lower case "na" may be a label, so that it must be in capitals.
    """
    return text == "NA" or (text != "" and not text.strip("-")) or text.lower() in PLACEHOLDERS


def is_service(text: str) -> bool:
    """Whether a text in lower case names an instance of a service: x._ipp._tcp.local."""
    return _INSTANCE.fullmatch(text) is not None


def has_service_label(host: str) -> bool:
    """Whether a label of it is as _tcp."""
    return _SERVICE_LABEL.search(host) is not None


def skip_suffix(host: str, suffix: str) -> NoReturn:
    """Say why a host under one of SPECIAL is skipped."""
    if SPECIAL[suffix] == "reverse":
        raise Skipped("reverse", f"{quote_text(host)} is a reverse look-up: it stands for a number")
    if has_service_label(host):
        skip_service(host)
    raise Skipped(
        "special_use", f"{quote_text(host)}: .{suffix} is for special use, nobody registers there"
    )


def skip_service(host: str) -> NoReturn:
    """Say that there is a service and no registrable label."""
    raise Skipped("service", f"{quote_text(host)} names a service, with no registrable label")


def skip_placeholder(text: str) -> NoReturn:
    """Say that a text stands for nothing."""
    raise Skipped("placeholder", f"{quote_text(text)} stands for no name")
