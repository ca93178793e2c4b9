"""From a text as people and logs write it to the registrable label, which is scored."""

from __future__ import annotations

import re
from typing import NamedTuple

from . import public_suffix
from .errors import ADDRESS, MAX_HOST, MAX_LABEL, NUMBER, InvalidDomain, Skipped, quote_text
from .public_suffix import SPECIAL, Zones

__all__ = ["MAX_HOST", "MAX_LABEL", "MAX_TEXT", "InvalidDomain", "Name", "Skipped", "Zones"]
__all__ += ["parse"]

MAX_TEXT = 8192  # characters of a URL

_PLAIN = re.compile(r"[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63})*")
_INVISIBLE = "\ufeff\u200b\u200c\u200d\u200e\u200f\u2060"  # copied along with a name
# Few names need it, so it is compiled when one does.
_DATE = r"(?:19|20)[0-9]{2}-[0-9]{1,2}-[0-9]{1,2}|[0-9]{1,2}-[0-9]{1,2}-(?:19|20)[0-9]{2}"


class Name(NamedTuple):
    """A parsed name, lower case, IDNs in their ASCII form (xn--)."""

    host: str
    label: str  # the registrable label, the only part that is scored
    suffix: str  # what it was registered under, "" for a bare label
    provider_zone: str = ""  # the provider zone of the host, as listed: cloudfront.net

    @property
    def bare(self) -> bool:
        """Whether it is a label without a dot, and so no domain name."""
        return not self.suffix

    @property
    def registrable(self) -> str:
        """The registered name: label and suffix, or the bare label."""
        return f"{self.label}.{self.suffix}" if self.suffix else self.label


def parse(text: str, zones: Zones | None = None) -> Name:
    """Find the registrable label in a label, host, URL, or line of a list.

    zones: None for the packaged ones, see public_suffix.add_zones. Raises Skipped for a valid name
    that cannot be scored, else InvalidDomain: a text is never cut down to a part that parses.

    >>> parse("https://user@A.b.Example[.]co.uk:443/x")
    Name(host='a.b.example.co.uk', label='example', suffix='co.uk', provider_zone='')
    >>> for text in ("8.8.8.8.in-addr.arpa", "a.html", "_dmarc.com", "-", "xn--80ak6aa92e.com"):
    ...     try:
    ...         parse(text)
    ...     except Skipped as skipped:
    ...         print(end=f".{skipped.reason}")
    .reverse.no_tld.service.placeholder.script
    """
    host = text if len(text) <= MAX_HOST and _PLAIN.fullmatch(text) else _clean_text(text)
    label, suffix, provider_zone = public_suffix.split_host(host, zones)
    if not label:
        return _parse_bare(host, suffix)
    if suffix in SPECIAL:
        from . import special  # few names need what is imported within a function

        special.skip_suffix(host, suffix)
    if suffix[0] <= "9" and re.fullmatch(NUMBER, suffix):  # no rule ends in a number
        raise InvalidDomain("address", ADDRESS)
    if not public_suffix.is_known(suffix):
        from . import special

        _check_characters(host, "", suffix)
        special.skip_suffix(host, suffix)
    if "_" in host or "\\" in host:
        _check_characters(host, label, suffix)
    if label.startswith("xn--"):
        from . import labels

        labels.check_script(label)
    return Name(host, label, suffix, provider_zone)


def _parse_bare(host: str, suffix: str) -> Name:
    """Return a bare label; raises InvalidDomain for a public suffix by itself."""
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
    _check_characters(host, host, "")
    if host.startswith("xn--"):
        from . import labels

        labels.check_script(host)
    return Name(host, host, "")


def _check_characters(host: str, label: str, suffix: str) -> None:
    """Raise InvalidDomain for an underscore or escape in the label or suffix."""
    for part, what in ((suffix, "a public suffix"), (label, "a registrable label")):
        if "\\" in part:
            message = f"{quote_text(part)}: {what} has no escape such as \\046"
            raise InvalidDomain("escape", message)
        if "_" in part:
            from . import special

            if special.has_service_label(part):
                special.skip_service(host)
            raise InvalidDomain("characters", f"{quote_text(part)}: {what} has no underscore")


def _clean_text(text: str) -> str:
    """Return the host in a text that is more than one, with its labels checked."""
    host = text.strip().lower()
    if len(host) <= MAX_HOST and _PLAIN.fullmatch(host):
        if text.strip() == "NA":
            from . import special

            special.skip_placeholder("NA")
        return host
    from . import labels  # most names do not need it

    return labels.normalize_host(_extract_host(text))


def _extract_host(text: str) -> str:
    """Return the host in a line, a URL, or defanged text."""
    from . import line_formats, url  # most names need neither, and both are slow to load

    text = text.strip().strip(_INVISIBLE).strip()
    if len(text) > MAX_TEXT:
        message = f"{len(text)} characters: a URL has at most {MAX_TEXT} here"
        raise InvalidDomain("text_length", message)
    if not text:
        raise InvalidDomain("empty", "empty: no host name in it")
    if broken := re.search("[\ud800-\udfff]", text):
        shown = f"{quote_text(broken[0])} in {quote_text(text)}"
        message = f"not UTF-8, and so no international name: {shown}"
        raise InvalidDomain("encoding", message)
    return url.extract_host(line_formats.extract_name(text))
