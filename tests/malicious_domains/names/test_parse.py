from __future__ import annotations

import contextlib
import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from malicious_domains.names.parse import InvalidDomain, Name, parse
from tests.helpers.clock import slowness


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("plzdonthackmekthxbye", "plzdonthackmekthxbye"),
        ("google", "google"),  # a label, although .google is a TLD
        ("example.com", "example"),
        ("a.b.foo.co.uk", "foo"),
        ("evil.ddns.net", "evil"),  # a zone where strangers choose a label
        ("ddns.net", "ddns"),  # the zone itself is a name under .net
        (".example.com", "example"),  # as in lists
        ("www.ck", "www"),  # an exception of the list: !www.ck
        ("EXAMPLE.Com", "example"),
        ("example.com.", "example"),
        ("  example.com\n", "example"),
        ("https://user:pass@www.example.com:8443/path?q=a@b#c", "example"),
        ("//example.com/x", "example"),
        ("example.com:443", "example"),
        ("example.com/a:b", "example"),
        ("user@example.com", "example"),
        ("example[.]com", "example"),
        ("hxxps://example(.)com", "example"),
        ("example[dot]com", "example"),
        ("example。com", "example"),
        ("bücher.de", "xn--bcher-kva"),
        ("xn--bcher-kva.de", "xn--bcher-kva"),
        ("BÜCHER.de", "xn--bcher-kva"),
        ("straße.de", "xn--strae-oqa"),  # as in IDNA 2008
        ("xn--strae-oqa.de", "xn--strae-oqa"),
        ("col·legi.cat", "xn--collegi-xma"),
        ("http:/example.com", "example"),
        (r"https:\\example.com", "example"),
        (r"http:\/\/example.com\/a", "example"),
        ("12306", "12306"),
        ("12306.cn", "12306"),
        ("example.рф", "example"),  # only the judged label must be Latin
        ("почта.example.com", "example"),
        ("_dmarc.example.com", "example"),
        ("r3---sn-4g5e6nz7.googlevideo.com", "googlevideo"),
        ("a" * 63, "a" * 63),
    ],
)
def test_finds_the_registrable_label(text: str, label: str) -> None:
    assert parse(text).label == label


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "empty"),
        ("   ", "empty"),
        (".", "empty"),
        ("http://", "empty"),
        ("a" * 64, "64 characters"),
        ("a" * 64 + ".com", "64 characters"),
        ("é" * 64 + ".com", "64 characters"),
        ("a." * 140 + "example.com", "at most 253"),
        ("x" * 10_000, "10000 characters"),
        ("two words.com", "' '"),
        ("1.2.3.4", "IP address"),
        ("http://1.2.3.4:80/x", "IP address"),
        ("[::1]", "IP address"),
        ("http://[2001:db8::1]:80/", "IP address"),
        ("2001:db8::1", "IP address"),
        ("0x7f.1", "IP address or a number"),
        ("http://2130706433/", "IP address or a number"),
        ("http://0x7f000001", "IP address or a number"),
        ("evil.com:80:90", "port"),
        ("http:example.com", "port"),
        ("foo.co_m", "underscore"),
        ("shop.example.unknowntld", "no top-level domain .unknowntld"),
        ("\udcff.com", "international"),
        ("example.com:http", "port"),
        ("example.com:99999", "port"),
        ("a..b", "empty label"),
        ("..example.com", "empty label"),
        ("\u00ad.example.com", "empty label"),  # a soft hyphen, which is mapped to nothing
        ("é" * 40 + "." + "é" * 60 + ".com", "at most 63"),
        (("é" * 40 + ".") * 6 + "com", "at most 253"),
        ("\ufdfa" * 63 + ".com", "international"),  # each would become 18 characters
        ("co.uk", "public suffix"),
        ("exa_mple.com", "underscore"),
        ("exam\0ple.com", r"\x00"),
        ("exam%70le.com", "'%'"),
        ("💩.la", "PILE OF POO"),
        ("xn--ls8h.la", "PILE OF POO"),
        ("пример.рф", "CYRILLIC"),
        ("pаypal.com", "CYRILLIC"),  # its first a is Cyrillic
        ("例え.jp", "CJK"),
        ("xn--a\u0080.com", "international"),
        ("xn--99999999.com", "international"),
        ("xn--google.com", "CJK"),
    ],
)
def test_refuses_with_the_reason(text: str, reason: str) -> None:
    with pytest.raises(InvalidDomain, match=re.escape(reason)) as caught:
        parse(text)
    assert len(str(caught.value)) < 500


def test_host_and_suffix() -> None:
    assert parse("A.b.Foo.co.uk.") == Name("a.b.foo.co.uk", "foo", "co.uk")
    assert parse("foo") == Name("foo", "foo", "")


@settings(max_examples=40)
@given(st.text() | st.text("abcxn-.:/@[]%0123456789ñж。 ", max_size=80))
def test_any_text_gives_a_label_or_a_reason(text: str) -> None:
    try:
        name = parse(text)
    except InvalidDomain as error:
        assert str(error)
    else:
        assert 1 <= len(name.label) <= 63
        assert set(name.label) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")
        assert parse(name.host) == name


@pytest.mark.parametrize("piece", [".", "[.]", "a.", "xn--", "ж", "@", "http://", "\ud800"])
def test_long_texts_take_no_long_time(piece: str) -> None:
    start = time.process_time()
    for size in (1_000, 300_000):
        with contextlib.suppress(InvalidDomain):
            parse(piece * size)
    assert time.process_time() - start < slowness()
