"""The library's errors.

MaliciousDomainsError            what a user can fix: the message says what, where and how
├── InvalidDomain                also a ValueError: a text that is not one domain name
│   └── Skipped                  a valid name that the model cannot score
├── ArtifactError                also a ValueError: a model that is missing or damaged
├── UnknownOperatingPoint        also a ValueError: a false-positive rate the model does not list
├── AllowListError               also a ValueError: an allow list that cannot be read
├── DgaIndexError                also a ValueError: an index of generated names that cannot be used
├── ZoneError                    also a ValueError: a text that is not a zone
└── SuffixListError              also an OSError: the list of public suffixes is damaged

The rooms that read files and run engines (inputs, scan, spark, dga) add their own below the base.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from .dga_index import DgaMatch

MAX_HOST = 253  # characters (RFC 1035, 2.3.4, without the root's dot)
MAX_LABEL = 63
ADDRESS = "an IP address or a number, not a domain name"
NUMBER = r"[0-9]+|0x[0-9a-f]*"  # a label that a browser takes for an address
MAX_QUOTED = 60  # characters of a text that a message repeats


class MaliciousDomainsError(Exception):
    """Base class of the library's errors; the message says what is wrong, where and what to do."""


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
    """A valid name that the model cannot score.

    `reason` is one of reverse, special_use, no_tld, service, script, placeholder, comment.
    """

    status = "skipped"


def quote_text(text: str) -> str:
    """Return the beginning of a text in quotes; bytes that are not UTF-8 become \\xNN.

    >>> quote_text("a b")
    "'a b'"
    """
    shown = text if len(text) <= MAX_QUOTED else text[: MAX_QUOTED - 1] + "…"
    return re.sub(r"\\udc([89a-f][0-9a-f])", r"\\x\1", repr(shown))


class ArtifactError(MaliciousDomainsError, ValueError):
    """An artifact that is missing, damaged or not understood; names the file and the problem."""

    def __init__(self, path: Path | str, problem: str = "") -> None:
        super().__init__(f"{path}: {problem}" if problem else str(path))


class UnknownOperatingPoint(MaliciousDomainsError, ValueError):
    """An operating point that an artifact does not have; the message lists those it has."""


_NONE: Any = None  # the value of most fields of an Invalid


class ScoreFields(NamedTuple):
    """The fields of a Score and of an Invalid: a table of both has one set of columns."""

    domain: str  # as it was given
    name: str = _NONE  # the registrable label, which is scored
    label: int = _NONE  # 1 malicious, 0 legitimate
    probability: float = _NONE  # P(malicious)
    log_odds: float = _NONE
    threshold: float = _NONE  # label is 1 if probability >= threshold, unless the name is allowed
    operating_point: str | float = _NONE  # of the threshold: "max_f1" or a false-positive rate
    intercept: float = _NONE
    contributions: Mapping[str, float] = _NONE  # by term; with the intercept they sum to log_odds
    groups: Any = None  # the same in four sums: length, entropy, vowels, words
    segmentation: str | None = None  # "face|book"; None if the model has no words
    unlikely: str | None = None  # the least likely substring; None for the same reason
    bare: bool = _NONE  # whether it is a label without a dot
    assigned: str | None = None  # the provider zone, whose provider's own label is scored
    allowed: str | None = None  # the entry of the allow list that makes the label 0
    # The generators of the name, None without an index. They make the label 1, unless the name is
    # allowed or the match may be by chance: see DgaIndex.is_certain.
    known: tuple[DgaMatch, ...] | None = None
    status: str = "judged"
    error: Any = None
    reason_code: Any = None


class Invalid(ScoreFields):
    """A text without a verdict, and why."""

    __slots__ = ()
    error: str  # a sentence for people
    status: str  # "invalid", or "skipped": a valid name that the model cannot score
    reason_code: str  # see InvalidDomain and Skipped

    def __new__(
        cls, domain: str, error: str, status: str = "invalid", reason: str = "characters"
    ) -> Invalid:
        """Take what an Invalid has; the other fields are None."""
        return super().__new__(cls, domain, status=status, error=error, reason_code=reason)

    def __getnewargs__(self) -> tuple[str, str, str, str]:
        return self.domain, self.error, self.status, self.reason_code

    def __repr__(self) -> str:
        return f"Invalid({', '.join(f'{key}={value!r}' for key, value in self._asdict().items())})"

    @property
    def reason(self) -> str:
        """The code of the reason."""
        return self.reason_code

    def _asdict(self) -> dict[str, Any]:
        """Return the four fields that an Invalid has a value of, as in JSON."""
        keys = ("domain", "error", "status", "reason")
        return dict(zip(keys, self.__getnewargs__(), strict=True))


class AllowListError(MaliciousDomainsError, ValueError):
    """An allow list that cannot be read; the message names the file or the entry."""


class DgaIndexError(MaliciousDomainsError, ValueError):
    """An index of generated names that cannot be read; the message names the file."""


class ZoneError(MaliciousDomainsError, ValueError):
    """A text that is not a zone; the message says how to write one."""


class SuffixListError(MaliciousDomainsError, OSError):
    """A list of public suffixes that is missing or damaged; the message names the file."""
