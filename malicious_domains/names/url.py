"""The host of a URL, also of a defanged one.

Defanging is undone by hand: libraries rewrite a whole text, here every part must be explained.
"""

from __future__ import annotations

import re

from .errors import ADDRESS, NUMBER, InvalidDomain, quote_text

IPV6 = re.compile(r"[0-9a-f]*:[0-9a-f]*:[0-9a-f:.%]*", re.ASCII)
_DOTS = str.maketrans("\u3002\uff0e\uff61", "...")
_BRACKETED = re.compile(r"[\[({<]{1,2}\\?([.:/@]+)[\])}>]{1,2}")  # [.] (.) {.} <.> [:] [://] [@]
_WORD = re.compile(r"[\[({<](dot|at)[\])}>]")
_ONE_SIDED = re.compile(r"[\[({<]\\?\.|\\?\.[\])}>]")
# Any slashes, as browsers accept, and JSON's \/; also h**p, h[tt]p, meow, and a lost colon.
_SCHEME = re.compile(
    r"[a-z*\[(][a-z0-9+*_()\[\]-]+:[/\\]+|h[tx*_]{2}ps?[/\\]{2,}|[/\\]{2,}", re.ASCII
)
_NAMELESS = re.compile(
    r"(?:file|data|javascript|about|blob|res|chrome|edge|[a-z-]+-extension):(?![0-9])"
)
# user@host.tld:port or name:port, which may have a path; 11/25/2026 and n/a have none.
_TLD = r"(?:[^\W\d_]{2,}|xn--[a-z0-9-]+|[0-9]+)"
_BEFORE_A_PATH = re.compile(rf"(?:[^@]*@)?(?:.*\.{_TLD}\.?(?::[0-9]+)?|[^.:]+:[0-9]+|\[.*)")
_BACKSLASHES = re.compile(r"(?<!\\)\\+(?=[./])")
_WILDCARD = re.compile(r"(?:\*\.)+|\+\.|\.(?=[^.])")


def extract_host(text: str) -> str:
    """Return the host in a lower-case text without blanks, without its final dot.

    Only the parts of a URL around the host are dropped. Raises InvalidDomain.

    >>> extract_host("hxxp[:]//user@example[.]com:80/x")
    'example.com'
    """
    text = _refang(text)
    authority, has_scheme = _split_authority(text)
    host = authority.rpartition("@")[2]
    if IPV6.match(host.removeprefix("[")):
        raise InvalidDomain("address", ADDRESS)
    host, _, port = host.partition(":")
    if port and not (port.isascii() and port.isdigit() and int(port[:6]) < 65536):
        raise InvalidDomain("port", f"the port is no number up to 65535: {quote_text(port[:20])}")
    host = host.removesuffix(".")
    if not host:
        raise InvalidDomain("empty", "empty: no host name in it")
    if (has_scheme or port) and re.fullmatch(NUMBER, host):  # http://2130706433/ is 127.0.0.1
        raise InvalidDomain("address", ADDRESS)
    return _strip_wildcard(host)


def _strip_wildcard(host: str) -> str:
    """Return what follows the "*.", "+." or "." of a list; it must have two labels.

    >>> _strip_wildcard("*.example.com")
    'example.com'
    """
    prefix = _WILDCARD.match(host)
    if prefix is None:
        return host
    rest = host[prefix.end() :]
    if "." not in rest:
        message = f"{quote_text(host)} stands for a whole top-level domain: no registrable label"
        raise InvalidDomain("suffix", message)
    return rest


def _refang(text: str) -> str:
    """Restore dots, colons, slashes and @, and decide on dots after a backslash."""
    text = text.translate(_DOTS)
    if "[" in text or "(" in text or "{" in text or "<" in text or "]" in text or ")" in text:
        text = _BRACKETED.sub(r"\1", text)
        text = _WORD.sub(lambda word: "." if word[1] == "dot" else "@", text)
        text = _ONE_SIDED.sub(".", text)
    return _resolve_backslashes(text) if "\\" in text else text


def _resolve_backslashes(text: str) -> str:
    r"""Read \. as a dot if the host is defanged (c2\.evil\.ru), else as RFC 1035's escape.

    The last dot decides: google\.com.evil.ru has the label google\.com, written as google\046com.
    """
    text = _BACKSLASHES.sub(r"\\", text).replace("\\/", "/")
    scheme = _SCHEME.match(text)
    start = scheme.end() if scheme else 0
    host = re.split(r"[/?#]|\\(?!\.)" if scheme else r"[/?#]", text[start:], maxsplit=1)[0]
    last = re.search(r"\\?\.(?=[^.]+\.?$)", host.removesuffix("\\."))
    defanged = scheme or (last and last[0] == "\\.")
    restored = host.replace("\\.", "." if defanged else "\\046")
    return text[:start] + restored + text[start + len(host) :]


def _split_authority(text: str) -> tuple[str, bool]:
    """Return user, host and port as one text, and whether a scheme precedes them."""
    if _NAMELESS.match(text):
        raise InvalidDomain("url", f"a URL of this kind has no domain name: {quote_text(text)}")
    scheme = _SCHEME.match(text)
    if scheme:
        return _after_scheme(text[scheme.end() :]), True
    path = re.search(r"[/?#]", text)
    if path is None:
        return text, False
    before = text[: path.start()]
    if not (before and _BEFORE_A_PATH.fullmatch(before)):
        raise InvalidDomain("path", f"a path or a date, not a host: {quote_text(text)}")
    return before, False


def _after_scheme(text: str) -> str:
    authority = re.split(r"[/?#\\]", text, maxsplit=1)[0]
    rest = text[len(authority) :]
    if authority.endswith(":") and rest.startswith("//"):
        raise InvalidDomain("url", f"two schemes: {quote_text(text)}")
    if rest.startswith("\\") and "." not in authority:
        raise InvalidDomain("escape", f"a backslash in the host: {quote_text(text)}")
    return authority
