"""One name in a line of a block list, a zone file or a log: the forms that are known.

Anything else with blanks, commas, quotes or control characters inside is not one name, and is
refused with a hint. It is never cut down to a piece that happens to be a name.
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
_DNSMASQ = re.compile(r"-{0,2}(?:address|server|local|ipset|nftset|rebind-domain-ok)=/(.*)/[^/]*")
_WINDOWS = re.compile(r"(?:\(\d+\)[^()\s]+)*\(0\)")
_RPZ_TRIGGER = re.compile(r".*\.rpz-(?:client-ip|ip|nsip|nsdname)")
_TTL = r"(?:\d+[smhdw]?\s+)?"
# How a line of a log begins: Jul  7 19:39, 2026-11-25T10:00 or 25/11/2026 10:00
_STAMP = (
    r"(?:[a-z]{3},? )?[a-z]{3} +\d+ \d\d:|\d{1,4}[-/.](?:\d\d?|[a-z]{3})[-/.]\d{1,4}.?[t ]?\d?\d:"
)
_FORMS = tuple(
    re.compile(form)
    for form in (
        rf"(?:@@)?\|\|?({_TOKEN})\^?\|?(?:\$\S*)?",  # ||x^$third-party of ad blockers
        rf"(?:@@)?({_TOKEN})\^\|?(?:\$\S*)?",
        rf"local-zone:\s*[\"']?({_TOKEN})[\"']?(?:\s+[a-z_]+)?",  # Unbound
        rf"local-data:\s*[\"']({_TOKEN})\s[^\"']*[\"']",
        rf"domain-insecure:\s*[\"']?({_TOKEN})[\"']?",
        rf"zone\s+[\"']({_TOKEN})[\"'](?:\s+in)?\s*(?:\{{.*)?;?",  # BIND
        rf"{_DOTTED}\s+{_TTL}(?:in\s+)?{_TTL}"  # zone files, RPZ and dig
        rf"(?:(?:cname|dname|ns|ptr|mx\s+\d+)\s+{_TOKEN}|a\s+{_IPV4}|aaaa\s+[0-9a-f:.]+)",
        rf"{_DOTTED}\s+{_TTL}in\s+(?:txt|soa|srv|caa|https|svcb|ds)\s+\S.*",
        rf"[-*•]\s+[\"']?{_DOTTED}[\"']?",  # Markdown, YAML
        rf"(?:domain|host)-suffix,({_TOKEN})(?:,[\w-]+)*",  # Surge, Clash
        rf"(?:full|domain):({_TOKEN})",  # V2Ray
    )
)
_HINTS = tuple(
    (re.compile(pattern, re.DOTALL), reason, hint)
    for pattern, reason, hint in (
        (r"[\[{].*[:\"].*", "json", "JSON: use --field"),
        (
            r".*\b(?:dnsmasq|pihole)\b.*|.*\bquery\[.*",
            "log_line",
            "a log line of dnsmasq: see scan",
        ),
        (r".*\bclient\b.*\bquery: .*|.*\bnamed\[.*", "log_line", "a log line of BIND: see scan"),
        (r".*\b(?:udp|tcp) (?:snd|rcv)\b.*", "log_line", "a log line of Windows' DNS: see scan"),
        (r"\d{9,}\.\d+\t.*", "log_line", "a row of Zeek's log: see scan, or use --column"),
        (r".*\[\*\*\].*", "log_line", "a log line of Suricata: see scan"),
        (rf"(?:<\d+>|{_STAMP}).*|.*\b\w+\[\d+\]: .*", "log_line", "a log line: see scan"),
        (r".*[,;\t|].*", "csv_row", "a CSV row: use --column"),
    )
)


def extract_name(text: str) -> str:
    """The name, host or URL in a stripped line, in lower case and without blanks.

    Raises Skipped for a comment or a placeholder, else InvalidDomain.
    """
    lower = text.lower()
    if special.is_placeholder(text.removesuffix(".") or text):
        special.skip_placeholder(text)
    if _COMMENT.fullmatch(lower):
        raise Skipped("comment", f"a comment: {quote_text(text)}")
    if special.is_placeholder(_unwrapped(text)):
        special.skip_placeholder(text)
    found = _unwrapped(lower)
    if special.is_service(found):
        special.skip_service(text)
    if _WINDOWS.fullmatch(lower):
        return _of_windows(lower)
    found = _unwrapped(_without_form(_without_comment(found)))
    if not _is_one(found):
        _refuse(text, found)
    return found


def _unwrapped(text: str) -> str:
    """Without quotes and brackets around, and without a comma or semicolon at the end."""
    while True:
        text = text.strip().rstrip(",;").rstrip()
        end = _PAIRS.get(text[:1])
        if end is not None and text[-2:] == end + ".":
            text = text[:-1]
        inner = text[1:-1]
        if len(text) < 2 or text[-1] != end or text[0] in inner or end in inner:
            return text
        text = inner


def _without_comment(text: str) -> str:
    """Without " # ..." at the end. "a.com ; b.com" are two names and stay."""
    found = _TRAILING.search(text)
    if found is None:
        return text
    comment = text[found.end() :].strip()
    if found[1] != "#" and re.fullmatch(r"[^\s.]+\.\S+", comment):
        return text
    return text[: found.start()].rstrip()


def _without_form(text: str) -> str:
    """The name in one of the known forms, or the text as it is."""
    if _COSMETIC.search(text):
        raise InvalidDomain("list_row", f"a rule that hides parts of pages: {quote_text(text)}")
    if hosts := _HOSTS.fullmatch(text):
        return _of_hosts_file(hosts[1].split())
    if dnsmasq := _DNSMASQ.fullmatch(text):
        return _within_zone(_only(dnsmasq[1].split("/")))
    for form in _FORMS:
        if found := form.fullmatch(text):
            return _within_zone(found[1])
    if (words := _WORDS.fullmatch(text)) and " " in text:
        return _of_words(words[2]) or text
    return text


def _of_hosts_file(names: list[str]) -> str:
    if all(re.fullmatch(r"[\w-]+", name) for name in names):
        message = f"{quote_text(' '.join(names))}: a name of the local network alone"
        raise Skipped("special_use", message)
    local = [x for x in names if "." not in x or x.rpartition(".")[2] in SPECIAL]
    return names[0] if len(local) == len(names) else _only(names)


def _only(names: list[str]) -> str:
    if len(names) != 1:
        message = f"{len(names)} names, not one: {quote_text(' '.join(names))}"
        raise InvalidDomain("several", message)
    return names[0]


def _within_zone(name: str) -> str:
    """Rules of lists are for domains: .zip and ||zip^ are a whole top-level domain's."""
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


def _of_windows(text: str) -> str:
    r"""(13)xmqjtoevkbhrw(2)ru(0): the length of each label before it; a dot in one is \046."""
    pairs = re.findall(r"\((\d+)\)([^()]+)", text)
    for length, label in pairs:
        if int(length[:4]) != len(label):
            message = f"{quote_text(label)} has {len(label)} characters, not {length[:4]}"
            raise InvalidDomain("label_length", message)
    return ".".join(label.replace(".", "\\046") for _, label in pairs)


def _of_words(words: str) -> str | None:
    """example dot com, where it ends in a top-level domain that there is."""
    name = re.sub(_DOT, ".", words)
    known = packaged_zones().rules.get(name.rpartition(".")[2])
    return name if known == ICANN and " " not in name else None


def _is_one(text: str) -> bool:
    """No blanks and control characters, and commas and quotes only in the path of a URL."""
    if re.search(r"[\s\x00-\x1f\x7f]", text):
        return False
    found = re.search(r"[,;\"'`]", text)
    if found is None:
        return True
    before, *pieces = re.split(r"[,;\"'`]", text)
    in_path = re.match(r"[^/\\]+:(?:\[?[/\\]\]?)+[^/\\]+[/\\?#]", before) is not None
    # A host in a later piece: it is rather a row of which the first cell is a URL.
    return in_path and not any(re.fullmatch(r"\S+\.\S+|\d*", piece) for piece in pieces)


def _refuse(text: str, found: str) -> NoReturn:
    """Say what the text looks like, by its first characters: matching costs time."""
    for pattern, reason, hint in _HINTS:
        if pattern.fullmatch(text[:300].lower()):
            raise InvalidDomain(reason, f"not one name; this looks like {hint}: {quote_text(text)}")
    odd = re.search(r"[\s\x00-\x1f\x7f,;\"'`]", found)
    character = repr(odd[0]) if odd else "a blank"
    raise InvalidDomain(
        "characters", f"not one name: the character {character} in {quote_text(text)}"
    )
