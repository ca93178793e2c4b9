"""From what a person or a log holds to the one label that is judged.

`parse("https://user@A.b.Example[.]co.uk:443/x")` gives host
``a.b.example.co.uk``, label ``example`` and suffix ``co.uk``.
"""

from __future__ import annotations

import re
from typing import NamedTuple, NoReturn

from . import public_suffix
from .errors import ADDRESS, MAX_HOST, MAX_LABEL, NUMBER, InvalidDomain, Skipped, quote_text
from .public_suffix import SPECIAL, Zones

__all__ = ["MAX_HOST", "MAX_LABEL", "MAX_TEXT", "InvalidDomain", "Name", "Skipped", "Zones"]
__all__ += ["parse", "parse_line"]

MAX_TEXT = 8192  # characters of a whole URL; what is longer is not looked at

_PLAIN = re.compile(r"[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63})*")
_INVISIBLE = "\ufeff\u200b\u200c\u200d\u200e\u200f\u2060"  # what copying takes along
# Few names need it, so that it is compiled when one does.
_DATE = r"(?:19|20)[0-9]{2}-[0-9]{1,2}-[0-9]{1,2}|[0-9]{1,2}-[0-9]{1,2}-(?:19|20)[0-9]{2}"


class Name(NamedTuple):
    """A parsed name, lower case, IDNs in their ASCII form (xn--)."""

    host: str
    label: str  # the registrable label, the only part that is judged
    suffix: str  # what it was registered under, "" for a bare label
    assigned: str = ""  # the assigned zone that the host lies in, as it is listed: cloudfront.net

    @property
    def bare(self) -> bool:
        """Whether it is a label by itself: no dot, and so no domain name."""
        return not self.suffix

    @property
    def registrable(self) -> str:
        """What was registered: label and suffix, or the bare label."""
        return f"{self.label}.{self.suffix}" if self.suffix else self.label


def parse(text: str, zones: Zones | None = None) -> Name:
    """Find the label that a registrant chose in a label, host, URL, or line of a list.

    Suffixes and zones are the packaged ones, or those of public_suffix.with_zones. Raises
    Skipped for what is valid but nothing to judge, else InvalidDomain: nothing is cut off
    that a URL, a list or a log does not have around a name.
    """
    host = text if len(text) <= MAX_HOST and _PLAIN.fullmatch(text) else _cleaned(text)
    label, suffix, assigned = public_suffix.split_host(host, zones)
    if not label:
        return _alone(host, suffix)
    if suffix in SPECIAL:
        _skip_suffix(host, suffix)
    if suffix[0] <= "9" and re.fullmatch(NUMBER, suffix):  # no rule ends in a number
        raise InvalidDomain("address", ADDRESS)
    if "_" in host or "\\" in host:
        _check_marks(host, label, suffix)
    if label.startswith("xn--"):
        _check_script(label)
    return Name(host, label, suffix, assigned)


def parse_line(text: str, zones: Zones | None = None) -> Name:
    """parse(text) for a line of a list, where an empty one is skipped as a comment."""
    if not text or text.isspace():
        raise Skipped("comment", "an empty line")
    return parse(text, zones)


def _alone(host: str, suffix: str) -> Name:
    """A bare label, or a public suffix by itself, which is refused."""
    from . import special

    if "." in host:
        if suffix in SPECIAL:
            special.skip_suffix(host, suffix)
        message = f"{host} is a public suffix with no registrable label before it"
        raise InvalidDomain("suffix", message)
    if special.is_placeholder(host):
        special.skip_placeholder(host)
    if host == "localhost":
        special.skip_suffix(host, host)
    if host[0] <= "9" and re.fullmatch(_DATE, host):
        raise InvalidDomain("date", f"a date, not a domain name: {host}")
    _check_marks(host, host, "")
    if host.startswith("xn--"):
        _check_script(host)
    return Name(host, host, "")


def _check_marks(host: str, label: str, suffix: str) -> None:
    """Underscores and escapes may stand before the registrable label, not in it."""
    for part, what in ((suffix, "a public suffix"), (label, "a registrable label")):
        if "\\" in part:
            message = f"{quote_text(part)}: {what} has no escape such as \\046"
            raise InvalidDomain("escape", message)
        if "_" in part:
            from . import special

            if special.has_service_label(part):
                special.skip_service(host)
            raise InvalidDomain("characters", f"{quote_text(part)}: {what} has no underscore")


def _skip_suffix(host: str, suffix: str) -> NoReturn:
    from .special import skip_suffix

    skip_suffix(host, suffix)


def _check_script(label: str) -> None:
    from .labels import check_script

    check_script(label)


def _cleaned(text: str) -> str:
    """The host in a text that is not one as it stands, its labels checked."""
    host = text.strip().lower()
    if len(host) <= MAX_HOST and _PLAIN.fullmatch(host):
        if text.strip() == "NA":
            from . import special

            special.skip_placeholder("NA")
        return host
    from . import labels  # most names need it not

    return labels.normalize_host(_host(text))


def _host(text: str) -> str:
    """The host in a line, a URL, or defanged text."""
    from . import line_formats, url  # most names need neither, and they are slow to load

    text = text.strip().strip(_INVISIBLE).strip()
    if len(text) > MAX_TEXT:
        raise InvalidDomain(
            "text_length", f"{len(text)} characters: a URL has at most {MAX_TEXT} here"
        )
    if not text:
        raise InvalidDomain("empty", "empty: no host name in it")
    if broken := re.search("[\ud800-\udfff]", text):
        message = f"not UTF-8, and so no international name: {quote_text(broken[0])} in {quote_text(text)}"
        raise InvalidDomain("encoding", message)
    return url.extract_host(line_formats.extract_name(text))
