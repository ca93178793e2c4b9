"""The name in a line of a block list, a zone file or a log, in known formats.

Any other text with blanks, commas, quotes or control characters is not one name; the error has a
hint. A text is never cut down to a part that happens to be a name.
"""

from __future__ import annotations

import re
from typing import NoReturn

from . import special
from .errors import InvalidDomain, Skipped, quote_text
from .public_suffix import ICANN, SPECIAL, packaged_zones

_PAIRS = dict(zip("\"'`<([“‘«", "\"'`>)]”’»", strict=True))
_COMMENT = re.compile(
    r"[#!;].*|//\s.*|//|\[(?:adblock|ublock|adguard)[^\]]*\]|\$(?:ttl|origin|include)\s.*",
    re.DOTALL,
)
_TRAILING = re.compile(r"\s(#|;|//)")
_COSMETIC = re.compile(r"#[@?$%]*#")
_TOKEN = r"[^\s\"'`,;|^$]+"
_DOTTED = rf"(?=\S*\.)({_TOKEN})"
_DOT = r"(?:\s*[\[({<]\s*(?:\.|dot)\s*[\])}>]\s*|\s+(?:dot|\.)\s+)"
_WORDS = re.compile(
    rf"([\w.+-]+(?:\s*[\[({{<]\s*(?:@|at)\s*[\])}}>]\s*|\s+at\s+))?([\w-]+(?:(?:{_DOT}|\.)[\w-]+)+)"
)
_IPV4 = r"\d{1,3}(?:\.\d{1,3}){3}"
# 10:00:00 is a time, no address.
_IPV6 = r"(?=\S*::|(?:\S+:){7})[0-9a-f:.]+(?:%\w+)?"
_HOSTS = re.compile(rf"(?:{_IPV4}|{_IPV6})\s+(\S.*)")
_ADDRESS = rf"(?:{_IPV4}|\d{{1,3}}(?:\[\.\]\d{{1,3}}){{3}}|{_IPV6})"
# A comparison of a STIX pattern: an object's path, a comparison operator, a value.
_STIX = re.compile(
    r"\[?\s*[a-z0-9-]+:[a-z0-9_.'\[\]*-]+\s*(?:not\s+)?"
    r"(?:[!<>]?=|<>|[<>]|(?:in|like|matches|issubset|issuperset|exists)\b).*'.*",
    re.DOTALL,
)
_STIX_NAME = re.compile(r"\b(?:domain-name|url|email-addr):value\s*(?:=\s*'((?:[^'\\]|\\.)*)')?")
_NAMELESS_RULE = re.compile(r"(?:@@)?(?:/(?=\S*?[\\^$*+?()|\[\]])\S*/(?:\$\S*)?|\*?\$[~a-z].*)")
_DNSMASQ = re.compile(r"-{0,2}(?:address|server|local|ipset|nftset|rebind-domain-ok)=/(.*)/[^/]*")
_WINDOWS = re.compile(r"(?:\(\d+\)[^()\s]+)*\(0\)")
_RPZ_TRIGGER = re.compile(r".*\.rpz-(?:client-ip|ip|nsip|nsdname)")
_TTL = r"(?:\d+[smhdw]?\s+)?"
# How a line of a log begins: Jul  7 19:39, 2026-11-25T10:00 or 25/11/2026 10:00
_STAMP = (
    r"(?:[a-z]{3},? )?[a-z]{3} +\d+ \d\d:|\d{1,4}[-/.](?:\d\d?|[a-z]{3})[-/.]\d{1,4}.?[t ]?\d?\d:"
)
_FORMATS = tuple(
    re.compile(form)
    for form in (
        rf"(?:@@)?\|\|?({_TOKEN})(?:\^\S*?)?\|?(?:\$.*)?",  # ||x^$third-party of ad blockers
        rf"(?:@@)?({_TOKEN})\^\|?(?:\$.*)?",
        rf"(?:@@)?{_DOTTED}\$~?[a-z][a-z0-9_-]*(?:[=,].*)?",
        rf"{_DOTTED}\s*\|\s*(?:{_ADDRESS}|\d{{1,5}})",  # MISP's domain|ip, hostname|port
        rf"{_ADDRESS}\s*\|\s*{_DOTTED}",
        rf"local-zone:\s*[\"']?({_TOKEN})[\"']?(?:\s+[a-z_]+)?",  # Unbound
        rf"local-data:\s*[\"']({_TOKEN})\s[^\"']*[\"']",
        rf"domain-insecure:\s*[\"']?({_TOKEN})[\"']?",
        rf"zone\s+[\"']({_TOKEN})[\"'](?:\s+in)?\s*(?:\{{.*)?;?",  # BIND
        rf"{_DOTTED}\s+{_TTL}(?:in\s+)?{_TTL}"  # zone files, RPZ and dig
        rf"(?:(?:cname|dname|ns|ptr|mx\s+\d+)\s+{_TOKEN}|a\s+{_IPV4}|aaaa\s+[0-9a-f:.]+)",
        rf"{_DOTTED}\s+{_TTL}in\s+(?:txt|soa|srv|caa|https|svcb|ds)\s+\S.*",
        rf"[-*•]\s+[\"']?{_DOTTED}[\"']?",  # Markdown, YAML
        r"\[[^\][]*\]\(<?(?=\S*\.)(\S+?)>?(?:\s.*)?\)",  # a link in Markdown
        r"([a-z+]+:/[^\s|]+)\|[^|]*",  # and in Slack
        # dnsmasq and Pi-hole, with log-queries=extra, too
        rf".{{0,80}}\b(?:dnsmasq|pihole-ftl)\[\d+\]: (?:\d+ \S+ )?query\[[\w=]{{1,20}}\] "
        rf"({_TOKEN}) from \S+",
        rf"(?:domain|host)-suffix,({_TOKEN})(?:,[\w-]+)*",  # Surge, Clash
        rf"(?:full|domain):({_TOKEN})",  # V2Ray
    )
)
_HINTS = tuple(
    (re.compile(pattern, re.DOTALL), reason, hint)
    for pattern, reason, hint in (
        (r"[\[{].*[:\"].*", "json", "JSON: use --field"),
        (
            r".*\b(?:dnsmasq|pihole)\b.*|.*\bquery\[.*|.*\bclient\b.*\bquery: .*|.*\bnamed\[.*|"
            r".*\b(?:udp|tcp) (?:snd|rcv)\b.*|\d{9,}\.\d+\t.*|.*\[\*\*\].*|"
            rf"(?:<\d+>|{_STAMP}).*|.*\b\w+\[\d+\]: .*",
            "log_line",
            "a log line: see scan",
        ),
        (r".*[,;\t|].*", "csv_row", "a CSV row: use --column"),
    )
)


def extract_name(text: str) -> str:
    """Return the name, host or URL in a stripped line, in lower case; raises InvalidDomain.

    >>> extract_name("||ads.example.com^$third-party"), extract_name("0.0.0.0 example.com # ads")
    ('ads.example.com', 'example.com')
    """
    lower = text.lower()
    if special.is_placeholder(text.removesuffix(".") or text):
        special.skip_placeholder(text)
    if _COMMENT.fullmatch(lower):
        raise Skipped("comment", f"a comment: {quote_text(text)}")
    if special.is_placeholder(_unwrap(text)):
        special.skip_placeholder(text)
    name = _unwrap(lower)
    if special.is_service(name):
        special.skip_service(text)
    if _WINDOWS.fullmatch(lower):
        return _read_windows_name(lower)
    name = _unwrap(_match_format(_strip_comment(name)))
    if not _is_one_name(name):
        _raise_invalid(text, name)
    return name


def _unwrap(text: str) -> str:
    """Remove quotes and brackets around a text, and a final comma or semicolon."""
    while True:
        text = text.strip().rstrip(",;").rstrip()
        end = _PAIRS.get(text[:1])
        if end is not None and text[-2:] == end + ".":
            text = text[:-1]
        inner = text[1:-1]
        if len(text) < 2 or text[-1] != end or text[0] in inner or end in inner:
            return text
        text = inner


def _strip_comment(text: str) -> str:
    """Remove a comment from the end; "a.com ; b.com" are two names and stay."""
    mark = _TRAILING.search(text)
    if mark is None:
        return text
    comment = text[mark.end() :].strip()
    if mark[1] != "#" and re.fullmatch(r"[^\s.]+\.\S+", comment):
        return text
    return text[: mark.start()].rstrip()


def _match_format(text: str) -> str:
    """Return the name in a text of a known format, or the text as it is."""
    if _COSMETIC.search(text):
        raise InvalidDomain("list_row", f"a rule that hides parts of pages: {quote_text(text)}")
    if _NAMELESS_RULE.fullmatch(text):
        raise InvalidDomain("list_row", f"a rule without a host name: {quote_text(text)}")
    if _STIX.fullmatch(text):
        return _read_stix_pattern(text)
    if hosts := _HOSTS.fullmatch(text):
        return _read_hosts_line(hosts[1].partition("#")[0].split())
    if dnsmasq := _DNSMASQ.fullmatch(text):
        return _check_rule(_check_single(dnsmasq[1].split("/")))
    for form in _FORMATS:
        if match := form.fullmatch(text):
            return _check_rule(match[1])
    if (words := _WORDS.fullmatch(text)) and " " in text:
        return _read_words(words[2]) or text
    return text


def _read_hosts_line(names: list[str]) -> str:
    if all(re.fullmatch(r"[\w-]+", name) for name in names):
        message = f"{quote_text(' '.join(names))}: a name of the local network alone"
        raise Skipped("special_use", message)
    names = list(dict.fromkeys(name.removesuffix(".") for name in names))
    local = [x for x in names if "." not in x or x.rpartition(".")[2] in SPECIAL]
    if len(local) == len(names):
        return max(names, key=lambda name: "." in name)
    full = [name for name in names if name not in local]
    aliases = all(x.partition(".")[0] == full[0].partition(".")[0] for x in local)
    return _check_single(full if aliases else names)


def _read_stix_pattern(text: str) -> str:
    """Return the one name, URL or address of mail that a STIX pattern compares with."""
    names = dict.fromkeys(match[1] for match in _STIX_NAME.finditer(text))
    if len(names) > 1:
        message = f"a STIX pattern of {len(names)} names, not one: {quote_text(text)}"
        raise InvalidDomain("several", message)
    (name,) = names or (None,)
    if name is None:
        message = f"a STIX pattern that no single name equals: {quote_text(text)}"
        raise InvalidDomain("list_row", message)
    url = re.match(r"\S+?://[^/?#]+", name)  # its path may have quotes
    return url[0] if url else name


def _check_single(names: list[str]) -> str:
    if len(names) != 1:
        message = f"{len(names)} names, not one: {quote_text(' '.join(names))}"
        raise InvalidDomain("several", message)
    return names[0]


def _check_rule(name: str) -> str:
    """Return the name of a rule; raises InvalidDomain for a top-level domain such as ||zip^."""
    bare = name.removesuffix(".")
    if _RPZ_TRIGGER.fullmatch(bare):
        message = f"a rule for addresses or servers, not for a name: {quote_text(name)}"
        raise InvalidDomain("list_row", message)
    if "." in bare or ":" in bare:
        return name
    if bare in SPECIAL:
        special.skip_suffix(bare, bare)
    message = f"{quote_text(name)}: a rule for a whole top-level domain, not for a name"
    raise InvalidDomain("suffix", message)


def _read_windows_name(text: str) -> str:
    r"""Read (13)xmqjtoevkbhrw(2)ru(0): each label after its length; a dot in one becomes \046."""
    pairs = re.findall(r"\((\d+)\)([^()]+)", text)
    for length, label in pairs:
        if int(length[:4]) != len(label):
            message = f"{quote_text(label)} has {len(label)} characters, not {length[:4]}"
            raise InvalidDomain("label_length", message)
    return ".".join(label.replace(".", "\\046") for _, label in pairs)


def _read_words(words: str) -> str | None:
    """Read "example dot com" if it ends in an existing top-level domain, else return None."""
    name = re.sub(_DOT, ".", words)
    known = packaged_zones().rules.get(name.rpartition(".")[2])
    return name if known == ICANN and " " not in name else None


def _is_one_name(text: str) -> bool:
    """Return whether a text has no blanks, and commas and quotes only in the path of a URL."""
    if re.search(r"[\s\x00-\x1f\x7f]", text):
        return False
    if not re.search(r"[,;\"'`]", text):
        return True
    before, *pieces = re.split(r"[,;\"'`]", text)
    in_path = re.match(r"[^/\\]+:(?:\[?[/\\]\]?)+[^/\\]+[/\\?#]", before) is not None
    # A host in a later part: this is rather a row whose first cell is a URL.
    return in_path and not any(re.fullmatch(r"\S+\.\S+|\d*", piece) for piece in pieces)


def _raise_invalid(text: str, name: str) -> NoReturn:
    """Raise InvalidDomain with what the first characters look like: matching costs time."""
    for pattern, reason, hint in _HINTS:
        if pattern.fullmatch(text[:300].lower()):
            raise InvalidDomain(reason, f"not one name; this looks like {hint}: {quote_text(text)}")
    other = re.search(r"[\s\x00-\x1f\x7f,;\"'`]", name)
    character = repr(other[0]) if other else "a blank"
    message = f"not one name: the character {character} in {quote_text(text)}"
    raise InvalidDomain("characters", message)
