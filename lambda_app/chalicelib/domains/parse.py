"""From what a person or a log holds to the one label that is judged.

`parse("https://user@A.b.Example[.]co.uk:443/x")` gives host
``a.b.example.co.uk``, label ``example`` and suffix ``co.uk``.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from . import public_suffix

MAX_HOST = 253  # characters (RFC 1035, 2.3.4, without the root's dot)
MAX_LABEL = 63
MAX_TEXT = 8192  # characters of a whole URL; what is longer is not looked at

_PLAIN = re.compile(r"[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63})*")
# However many slashes of whichever kind: what a browser would take, and JSON's \/.
_SCHEME = re.compile(r"[a-z][a-z0-9+-]*:[/\\]+|[/\\]{2,}", re.ASCII)
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*", re.ASCII)
_IPV6 = re.compile(r"[0-9a-f]*:[0-9a-f]*:[0-9a-f:.%]*", re.ASCII)
_ADDRESS = "an IP address or a number, not a domain name"
_DEFANGED = re.compile(r"\[\.\]|\(\.\)|\{\.\}|\[dot\]|\(dot\)|[\u3002\uff0e\uff61]")


class InvalidDomain(ValueError):
    """A text that is no domain name; its message says why."""


class Name(NamedTuple):
    """A parsed name, lower case, IDNs in their ASCII form (xn--)."""

    host: str
    label: str  # the registrable label, the only part that is judged
    suffix: str  # the public suffix after it, "" for a bare label


def parse(text: str) -> Name:
    """Find the registrable label of a label, host or URL.

    Public suffixes are those of publicsuffix.org, private ones (ddns.net)
    included. Raises InvalidDomain.
    """
    host = text if len(text) <= MAX_HOST and _PLAIN.fullmatch(text) else _cleaned(text)
    if len(host) > MAX_HOST:
        raise InvalidDomain(f"{len(host)} characters: a host has at most {MAX_HOST}")
    label, suffix = public_suffix.split(host)
    if not label:
        if "." in host:
            raise InvalidDomain(f"{host} is a public suffix with no registrable label before it")
        label, suffix = host, ""
    elif suffix[0] <= "9" and _NUMBER.fullmatch(suffix):  # no rule ends in a number
        raise InvalidDomain(_ADDRESS)
    elif "_" in suffix:
        raise InvalidDomain(f"{suffix!r}: a public suffix has no underscore")
    if "_" in label:
        raise InvalidDomain(f"{label!r}: a registrable label has no underscore")
    if label.startswith("xn--"):
        _check_script(label)
    return Name(host, label, suffix)


def _cleaned(text: str) -> str:
    """The host in a text that is not one as it stands, its labels checked."""
    host = text.strip().lower()
    if len(host) > MAX_HOST or not _PLAIN.fullmatch(host):
        host = _host(host)
    return host if _PLAIN.fullmatch(host) else _ascii(host)


def _host(text: str) -> str:
    """The host of a URL or of a defanged name, one trailing dot removed."""
    if len(text) > MAX_TEXT:
        raise InvalidDomain(f"{len(text)} characters: a URL has at most {MAX_TEXT} here")
    text = _DEFANGED.sub(".", text)
    scheme = _SCHEME.match(text)
    text = re.split(r"[/?#\\]", text[scheme.end() :] if scheme else text, maxsplit=1)[0]
    host = text.rpartition("@")[2]
    if host.startswith("[") or _IPV6.fullmatch(host):
        raise InvalidDomain(_ADDRESS)
    host, _, port = host.partition(":")
    if port and not (port.isascii() and port.isdigit() and int(port[:6]) < 65536):
        raise InvalidDomain(f"the port is no number up to 65535: {port[:20]!r}")
    host = host.removesuffix(".")
    if not host:
        raise InvalidDomain("empty: no host name in it")
    if scheme and _NUMBER.fullmatch(host):  # http://2130706433/ is 127.0.0.1
        raise InvalidDomain(_ADDRESS)
    return host


def _ascii(host: str) -> str:
    """Labels checked one by one, IDNs in ASCII form."""
    if len(host) > 4 * MAX_HOST:
        raise InvalidDomain(f"{len(host)} characters: a host has at most {MAX_HOST}")
    labels: list[str] = []
    room = MAX_HOST + 1
    for label in map(_ascii_label, host.split(".")):
        labels.append(label)
        room -= len(label) + 1
        if room < 0:  # the rest is not worth the time
            raise InvalidDomain(f"too long in ASCII form: a host has at most {MAX_HOST} characters")
    return ".".join(labels)


def _ascii_label(label: str) -> str:
    if not label.isascii() and len(label) <= MAX_LABEL:
        try:
            label = _to_ascii(label)
        except UnicodeError as error:
            raise InvalidDomain(f"not a valid international name: {label!r}") from error
    if not label:
        raise InvalidDomain("an empty label: two dots together or a dot in front")
    if len(label) > MAX_LABEL:
        raise InvalidDomain(f"a label of {len(label)} characters: at most {MAX_LABEL}")
    # Service labels such as _dmarc have an underscore (RFC 8552); a registrable
    # label never has, and parse refuses it there.
    for found in re.finditer(r"[^a-z0-9_-]", label):
        raise InvalidDomain(f"the character {found[0]!r}: only letters, digits and hyphens may be")
    return label


def _to_ascii(label: str) -> str:
    """Nameprep and Punycode (RFC 3491, 3492), but ß stays, as in IDNA 2008."""
    import unicodedata
    from encodings.idna import nameprep  # few requests need it, and it is slow to load

    # A character may become 18, and the work on a long text is not linear.
    if len(unicodedata.normalize("NFKC", label)) > MAX_LABEL:
        raise UnicodeError("too long")
    text = "ß".join(map(nameprep, label.split("ß")))
    return text if text.isascii() else "xn--" + text.encode("punycode").decode("ascii")


def _check_script(label: str) -> None:
    """The model has learned from names in Latin script and judges no other."""
    import unicodedata

    try:
        text = label[4:].encode("ascii").decode("punycode")
    except UnicodeError as error:
        raise InvalidDomain(f"{label!r} is no valid international name") from error
    for character in text:
        name = unicodedata.name(character, "UNNAMED")
        if not (character.isascii() or character == "·" or name.startswith("LATIN ")):
            raise InvalidDomain(
                f"{text!r} has {character!r} ({name}): the model knows Latin script only"
            )
