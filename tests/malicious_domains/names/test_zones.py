"""Zones: the committed list, and those that a setting adds."""

from __future__ import annotations

import lzma
import re
from pathlib import Path

import pytest
from publicsuffixlist import PublicSuffixList

from malicious_domains.names import public_suffix
from malicious_domains.names.parse import InvalidDomain, Name, parse
from tests.malicious_domains.names.zones import ASSIGNED, CHOSEN, LINES

REFUSED_BY_THE_PSL, REFUSED = 39, 4  # of the committed hosts: suffixes, then those of ICANN's
DATA = Path(__file__).parents[3] / "data"
PSL = PublicSuffixList()
ICANN = PublicSuffixList(only_icann=True)


def test_each_line_is_whole_and_stands_once() -> None:
    for line in LINES:
        assert re.fullmatch(r"([a-z0-9-]+|\*)(\.([a-z0-9-]+|\*))*\.[a-z0-9-]+", line.zone)
        assert line.source
        assert line.reason
    assert len({line.zone for line in LINES}) == len(LINES) == len(ASSIGNED) + len(CHOSEN)


def test_no_zone_is_a_suffix_of_icanns() -> None:
    zones = [line.zone.replace("*", "x") for line in LINES]
    assert [zone for zone in zones if ICANN.publicsuffix(zone) == zone] == []


def test_no_chosen_line_says_what_the_psl_says() -> None:
    """A line may only bring back what an assigned one above it takes."""
    again = {x.zone for x in CHOSEN if PSL.publicsuffix(f"a.{x.zone}") == x.zone}
    above = [line.zone for line in ASSIGNED]
    assert [x for x in again if not any(x.endswith(f".{zone}") for zone in above)] == []


def test_each_line_makes_a_difference() -> None:
    for line in LINES:
        host = f"name.{line.zone.replace('*', 'x')}"
        label, suffix, assigned = public_suffix.split_host(host)
        if line in ASSIGNED:
            assert assigned == line.zone
            assert (label, suffix) == (
                ICANN.privatesuffix(host).partition(".")[0],  # type: ignore[union-attr]
                ICANN.publicsuffix(host),
            )
        else:
            assert (label, suffix, assigned) == ("name", line.zone, "")


def test_the_source_says_whether_the_psl_names_the_zone() -> None:
    psl = [x.removeprefix("*.") for x in PSL._publicsuffix]
    for line in ASSIGNED:
        zone = re.compile(rf"(.*\.)?{line.zone.replace('.', '[.]').replace('*', '[^.]+')}")
        assert any(map(zone.fullmatch, psl)) == line.source.startswith("PSL"), line


@pytest.fixture(scope="module")
def legitimate() -> list[str]:
    files = ("legit-hsts", "legit-universities")
    return [
        host
        for name in files
        for host in lzma.decompress((DATA / f"{name}.txt.xz").read_bytes()).decode("ascii").split()
    ]


def test_what_the_zones_change_for_legitimate_names(legitimate: list[str]) -> None:
    """By the PSL alone, some would be refused; of the others none has another label."""
    before = {host: (PSL.privatesuffix(host) or "").partition(".")[0] for host in legitimate}
    now = {host: public_suffix.split_host(host)[0] for host in legitimate}
    assert [host for host in legitimate if before[host] and now[host] != before[host]] == []
    assert sum(not label for label in before.values()) == REFUSED_BY_THE_PSL
    assert sum(not label for label in now.values()) == REFUSED


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("d15k2d11r6t6rl.cloudfront.net", ("cloudfront", "net", "cloudfront.net")),
        (
            "x7k2.execute-api.us-east-1.amazonaws.com",
            ("amazonaws", "com", "execute-api.*.amazonaws.com"),
        ),
        (
            "x7k2.execute-api.xx-new-9.amazonaws.com",
            ("amazonaws", "com", "execute-api.*.amazonaws.com"),
        ),
        ("web-77ab.elb.eu-west-1.amazonaws.com", ("amazonaws", "com", "elb.*.amazonaws.com")),
        ("web-77ab.eu-west-1.elb.amazonaws.com", ("amazonaws", "com", "elb.amazonaws.com")),
        (
            "ec2-203-0-113-5.compute-1.amazonaws.com",
            ("amazonaws", "com", "compute-1.amazonaws.com"),
        ),
        ("svc-k3j5h6-uc.a.run.app", ("run", "app", "run.app")),
        ("mmd-fd-ls-prod.azurefd.net", ("azurefd", "net", "azurefd.net")),
        ("c1usw2.blob.core.windows.net", ("windows", "net", "blob.core.windows.net")),
        ("app-x1.eastus-01.azurewebsites.net", ("azurewebsites", "net", "azurewebsites.net")),
        ("bucket.s3.amazonaws.com", ("bucket", "s3.amazonaws.com", "")),
        ("bucket.s3.us-east-1.amazonaws.com", ("bucket", "s3.us-east-1.amazonaws.com", "")),
        ("xmqjtoevkbhrw.mooo.com", ("xmqjtoevkbhrw", "mooo.com", "")),
        ("www.xmqjtoevkbhrw.duckdns.org", ("xmqjtoevkbhrw", "duckdns.org", "")),
        ("a.xmqjtoevkbhrw.yi.org", ("xmqjtoevkbhrw", "yi.org", "")),
        ("xmqjtoevkbhrw.github.io", ("xmqjtoevkbhrw", "github.io", "")),
        # Zones themselves, and their owners' sites.
        ("cloudfront.net", ("cloudfront", "net", "")),
        ("akamai.net", ("akamai", "net", "")),
        ("blogspot.com", ("blogspot", "com", "")),
        ("www.blogspot.com", ("blogspot", "com", "")),
        ("_dmarc.blogspot.com", ("blogspot", "com", "")),
        ("s3.amazonaws.com", ("amazonaws", "com", "")),
        ("s3.eu-west-1.amazonaws.com", ("amazonaws", "com", "")),
        ("amazonaws.com", ("amazonaws", "com", "")),
        ("mooo.com", ("mooo", "com", "")),
        ("de.eu.org", ("eu", "org", "")),
        ("uk.com", ("uk", "com", "")),
        ("www.gov.uk", ("www", "gov.uk", "")),
    ],
)
def test_what_is_judged(host: str, name: tuple[str, str, str]) -> None:
    assert parse(host) == Name(host, *name)
    assert not parse(host).bare


def test_zones_of_a_setting() -> None:
    zones = public_suffix.add_zones(
        provider=["Lb.Example.com.", "node.*.example.org", "*.workers.dev"],
        customer=["herokuapp.com", "*.example.net", "corp.internal", "free.lb.example.com"],
    )
    for host, label, assigned in [
        ("a1b2.lb.example.com", "example", "lb.example.com"),
        ("lb.example.com", "example", ""),
        ("me.free.lb.example.com", "me", ""),
        ("a.node.x1.example.org", "example", "node.*.example.org"),
        ("node.x1.example.org", "example", ""),
        ("b.a.workers.dev", "workers", "workers.dev"),
        ("me.herokuapp.com", "me", ""),
        ("b.a.example.net", "b", ""),
        ("a.example.net", "example", ""),
        ("me.corp.internal", "me", ""),
        ("d1.cloudfront.net", "cloudfront", "cloudfront.net"),
    ]:
        name = parse(host, zones)
        assert (name.label, name.provider_zone) == (label, assigned)
    assert parse("b.a.workers.dev").label == "a"  # the packaged ones are as they were
    with pytest.raises(InvalidDomain, match="special use"):
        parse("me.corp.internal")


@pytest.mark.parametrize(
    "zone", ["", "com", "co.uk", "*.uk", "a b.com", "*", "x.*", "a..b", "bücher.de"]
)
def test_what_is_no_zone(zone: str) -> None:
    with pytest.raises(ValueError, match="is not a zone"):
        public_suffix.add_zones(provider=[zone])
    with pytest.raises(ValueError, match="is not a zone"):
        public_suffix.add_zones(customer=[zone])


def test_a_chosen_zone_has_its_star_in_front() -> None:
    with pytest.raises(ValueError, match="in front only"):
        public_suffix.add_zones(customer=["a.*.example.com"])
