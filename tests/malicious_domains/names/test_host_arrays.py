"""Hosts split in arrays are what parse() makes of each; what is not split is left to parse()."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from malicious_domains.clients.tunnels import find_longest_label, find_parent
from malicious_domains.names.errors import Skipped
from malicious_domains.names.host_arrays import split_plain_hosts
from malicious_domains.names.parse import Name, Zones, parse
from malicious_domains.names.public_suffix import ICANN, add_zones, packaged_zones
from tests.malicious_domains.names.test_cases import JUDGED, REFUSED, SKIPPED

OWN_ZONES = add_zones(provider=["example.com", "lb.*.example.org"], customer=["shop.example.net"])
RULES = [*packaged_zones().rules, *packaged_zones().lookups, "shop.example.net", "example.com"]
ENDS = [
    *RULES,
    *["com", "co.uk", "local", "in-addr.arpa", "12", "0x1", "-", "bit", "contoso", "com.", ""]
    * 300,
]
CHARACTERS = "abz09-" * 10 + "A_.é\n\ud800 \\"


def make_hosts(seed: int, count: int) -> list[str]:
    """Return texts, most of which are hosts: labels of any length before all kinds of suffixes."""
    draw = random.Random(seed)

    def label() -> str:
        size = draw.choice((0, 1, 2, 5, 5, 8, 8, 12, 63, 64))
        return draw.choice(["", "", "", "xn--"]) + "".join(draw.choices(CHARACTERS[:60], k=size))

    hosts = [
        ".".join([*(label() for _ in range(draw.randrange(5))), draw.choice(ENDS)])
        for _ in range(count)
    ]
    return [x + draw.choice(CHARACTERS) if draw.random() < 0.05 else x for x in hosts]


def check_hosts(texts: list[str], zones: Zones | None) -> int:
    """Assert that what is split is what parse() says; return how many texts are."""
    hosts = split_plain_hosts(texts, zones)
    for row, label, suffix, longest, reason in hosts:
        if reason:
            with pytest.raises(Skipped) as skipped:
                parse(texts[row], zones)
            assert skipped.value.reason == reason
            assert not find_parent(texts[row], None, zones)
            continue
        name = parse(texts[row], zones)
        assert name == Name(texts[row], label, suffix)
        parent = find_parent(texts[row], name, zones)
        assert parent == (name.registrable if longest else "")
        assert longest == (find_longest_label(name.host[: -len(parent) - 1]) if parent else "")
    return len(hosts)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 1 << 40), st.sampled_from([None, OWN_ZONES]))
def test_hosts_of_all_kinds(seed: int, zones: Zones | None) -> None:
    assert check_hosts(make_hosts(seed, 200), zones) > 10


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.text(max_size=20) | st.from_regex(r"[a-c.]{0,9}(com|co\\.uk|ck)", fullmatch=True))
)
def test_any_texts(texts: list[str]) -> None:
    check_hosts(texts, None)


def test_the_known_cases() -> None:
    check_hosts([x[1] for x in (*JUDGED, *REFUSED, *SKIPPED)], None)


def test_plain_hosts_are_split() -> None:
    """Else scans would be slow, and nothing would say so."""
    suffixes = [x for x, kind in packaged_zones().rules.items() if kind == ICANN]
    texts = [f"www.example{i}.{x}" for i, x in enumerate(suffixes[:3000])]
    assert check_hosts(texts, None) > 0.95 * len(texts)


def test_equal_hashes_are_no_equal_suffixes(monkeypatch: pytest.MonkeyPatch) -> None:
    from malicious_domains.names import host_arrays

    monkeypatch.setattr(host_arrays, "_POWERS", host_arrays._POWERS * 0)
    host_arrays._list_rules.cache_clear()
    try:
        assert check_hosts(["www.example.com", "a.b.c.de"], None) == 0
    finally:
        host_arrays._list_rules.cache_clear()


def test_what_is_left_out_parse_says_more_about() -> None:
    texts = [
        "me.github.io",
        "x.cloudfront.net",
        "xn--bcher-kva.de",
        "a.12",
        "EXAMPLE.com",
        "bit",
        "",
    ]
    assert split_plain_hosts(texts) == [] == split_plain_hosts([])
