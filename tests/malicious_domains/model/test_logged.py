"""Which names of a log are judged."""

from __future__ import annotations

import pytest

from malicious_domains.model.eligible import is_discovery, skip_reason
from malicious_domains.model.scorer import Scorer


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("www.example.com", ""),
        ("example.co.uk", ""),
        ("example.duckdns.org", ""),
        ("qxkzjwv.bit", ""),  # a root of its own, which malware uses
        ("google.com.contoso", "no_tld"),
        ("example.qwzxk", "no_tld"),
        ("qxkzjwv", "bare"),
        ("a b", "no_name"),
        ("printer.local", "special_use"),
        ("1.0.0.10.in-addr.arpa", "reverse"),
    ],
)
def test_why_a_name_is_left_out(text: str, reason: str) -> None:
    assert skip_reason(Scorer.load("classic").try_parse(text)) == reason


@pytest.mark.parametrize(
    ("host", "is_one"),
    [
        ("wpad.example.com", True),
        ("autodiscover.example.com", True),
        ("wpad", False),  # a label by itself is left out anyhow
        ("wpadx.example.com", False),
        ("www.wpad.com", False),
    ],
)
def test_what_programs_ask_for_by_themselves(host: str, is_one: bool) -> None:
    assert is_discovery(host) == is_one
