"""Weights of sub-domains and the alarms of what stands below registrable names."""

from __future__ import annotations

import numpy as np
import pytest

from malicious_domains.clients import tunnels
from malicious_domains.clients.tunnels import SubDomainGroup, SubDomains
from malicious_domains.names.parse import InvalidDomain, parse

A, TXT, NULL, SRV = tunnels.OTHER_TYPE, 1, 2, 64


def below(
    parent: str,
    texts: list[str],
    z: float = 9.0,
    qtype: int = A,
    last: float = 0.0,
    number: int = 0,
) -> SubDomainGroup:
    n = len(texts)
    flags, times = np.zeros(n, np.bool_), np.zeros(n)
    rows = SubDomains(texts, np.full(n, qtype), flags, times, times + last, np.full(n, z))
    return SubDomainGroup(parent, number or n, rows, tunnels.weigh_sub_domains(rows))


def weigh(text: str, z: float, qtype: int = A, nxdomain: bool = False, last: float = 0.0) -> float:
    first = np.zeros(1)
    flags = np.array([nxdomain])
    rows = SubDomains([text], np.array([qtype]), flags, first, first + last, np.array([z]))
    return float(tunnels.weigh_sub_domains(rows)[0])


def kinds(groups: list[SubDomainGroup]) -> dict[str, str]:
    return {x.alarm.kind: x.alarm.confidence for x in tunnels.judge_client_day(groups)}


@pytest.mark.parametrize(
    ("query", "parent"),
    [
        ("q+z8anwaba==.hidemyself.org", "hidemyself.org"),
        (r"\xe3\x81.k\046x.example.co.uk.", "example.co.uk"),
        ("a b/c.de.example.com", "example.com"),
        ("abc.de/xyz.example.com", "example.com"),
        ("x" * 700 + ".example.com", "example.com"),
        ("me.github.io", ""),
        ("k3jd9.me.github.io", "me.github.io"),
        ("example.com", ""),
        ("d111111abcdef8.cloudfront.net", ""),
        ("x+y.d111111abcdef8.cloudfront.net", ""),
        ("4z9p5tjmcbnblehp.avqs.mcafee.com", ""),
        ("www.mcafee.com", "mcafee.com"),
        ("5.2.0.192.in-addr.arpa", ""),
        ("x+y.lan", ""),
        ("dnscat.0a1b.2c3d", ""),
        ("+.com", ""),
        ("", ""),
        ("...", ""),
    ],
)
def test_a_name_stands_below_what_its_last_labels_say(query: str, parent: str) -> None:
    try:
        name = parse(query)
    except InvalidDomain:
        name = None
    assert tunnels.find_parent(query, name) == parent


def test_a_weight_is_the_length_of_what_looks_made_up() -> None:
    assert weigh("x" * 30, 9.0) == 30
    assert weigh("x" * 200, 9.0) == tunnels.LONGEST
    assert weigh("www", -9.0) == -2
    assert weigh("x" * 20 + "." + "y" * 20, 9.0) == 40
    assert weigh("==", np.nan) == 0


def test_types_that_carry_data_count_twice_and_counters_at_least_eight() -> None:
    assert weigh("x" * 30, 9.0, TXT) == weigh("x" * 30, 9.0, TXT | NULL) == 60
    assert weigh("x" * 30, 9.0, TXT | A) == weigh("x" * 30, 9.0, 0) == 30
    assert weigh("252.172209439", -9.0, TXT) == weigh("252.172209439", -9.0, SRV) == 8
    assert weigh("_dmarc", -9.0, TXT) < 0


def test_a_probe_and_a_name_that_is_asked_for_again_are_no_tunnel() -> None:
    assert weigh("x" * 30, 9.0, nxdomain=True) == 15
    assert weigh("qwxkzjhv", 9.0, nxdomain=True) == 0
    assert weigh("x" * 30, 9.0, last=59) == 30
    assert weigh("x" * 30, 9.0, last=61) == 0


def test_ten_long_names_are_a_tunnel_and_nine_of_two_domains_are_not() -> None:
    names = [f"{i:02}{'x' * 34}" for i in range(10)]
    assert kinds([below("a.com", names)]) == {"tunnel": "high"}
    assert kinds([below("a.com", names[:5]), below("b.com", names[5:])]) == {}
    assert kinds([below("a.com", names, last=3600)]) == {}


def test_the_reason_names_the_domain_the_type_and_the_longest_names() -> None:
    (alarm,) = tunnels.judge_client_day(
        [below("x.com", [f"{i}" * 60 for i in range(10)], qtype=TXT)]
    )
    assert alarm.why.startswith(
        "10 names below x.com carry about 600 characters, 10 of them by TXT"
    )
    assert alarm.parents == ("x.com",)
    assert len(alarm.names) == 10


def test_many_ordinary_names_below_one_name_are_an_alarm_of_low_confidence() -> None:
    names = [f"word{i}" for i in range(300)]
    assert kinds([below("a.com", names, z=-9.0)]) == {"many-below": "low"}
    assert kinds([below("a.com", names[:299], z=-9.0)]) == {}
    assert kinds([below("a.com", names, z=-9.0, last=3600)]) == {}


def test_a_sample_stands_for_all_that_was_asked_for() -> None:
    names = [f"{i:04}xyz" for i in range(100)]
    assert below("a.com", names, number=1000).points == 10 * 800 - 32
    assert kinds([below("a.com", names, z=-9, last=3600, number=6000)]) == {"many-below": "low"}


def test_the_order_of_the_rows_changes_nothing() -> None:
    names = [f"{'k' * (i % 50)}{i}" for i in range(200)]
    one, other = below("a.com", names, z=1.3), below("a.com", names[::-1], z=1.3)
    assert one.points == other.points
    assert tunnels.judge_client_day([one]) == tunnels.judge_client_day([other])


def test_what_three_clients_ask_for_is_reported_once_and_hides_nobody() -> None:
    names = [f"{i:02}{'x' * 34}" for i in range(10)]
    days = {(f"c{i}", 1): [below("shared.com", names)] for i in range(3)}
    days["c2", 1].append(below("own.com", names))
    days["c3", 1] = [below("other.com", names)]
    judged = tunnels.judge_tunnels(days, 10)
    assert {client for client, _ in judged.days} == {"c2", "c3"}
    (shared,) = judged.shared
    assert (shared.clients, shared.parents) == (("c0", "c1"), ("shared.com",))
    assert shared.alarm.confidence == "high"
    assert len(tunnels.judge_tunnels({**days, ("c2", 1): []}, 10).days) == 3


def test_what_most_clients_ask_for_belongs_to_the_network() -> None:
    names = [f"{i:02}{'x' * 34}" for i in range(10)]
    days = {(f"c{i}", 1): [below("service.com", names)] for i in range(8)}
    assert tunnels.judge_tunnels(days, 10).shared[0].alarm.confidence == "low"
    assert tunnels.judge_tunnels(days, 100).shared[0].alarm.confidence == "high"
