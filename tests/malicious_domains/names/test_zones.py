"""Zones: the committed list, and those that a setting adds."""

from __future__ import annotations

import lzma
import re
from pathlib import Path
from random import Random
from string import ascii_lowercase, digits

import pytest

from malicious_domains import Score, Scorer
from malicious_domains.names import public_suffix
from malicious_domains.names.parse import InvalidDomain, Name, parse
from tests.malicious_domains.names.test_public_suffix import ICANN
from tests.malicious_domains.names.test_public_suffix import REFERENCE as PSL
from tests.malicious_domains.names.zones import ASSIGNED, CHOSEN, LINES, LOOKUP

REFUSED_BY_THE_PSL, REFUSED = 39, 4  # of the committed hosts: suffixes, then those of ICANN's
DATA = Path(__file__).parents[3] / "data"


def test_each_line_is_whole_and_stands_once() -> None:
    for line in LINES:
        assert re.fullmatch(r"([a-z0-9-]+|\*)(\.([a-z0-9-]+|\*))*\.[a-z0-9-]+", line.zone)
        assert line.source
        assert line.reason
    assert len({line.zone for line in LINES}) == len(LINES)
    assert len(LINES) == len(ASSIGNED) + len(CHOSEN) + len(LOOKUP)


def test_no_zone_is_a_suffix_of_icanns() -> None:
    zones = [line.zone.replace("*", "x") for line in LINES]
    assert [zone for zone in zones if ICANN.publicsuffix(zone) == zone] == []


def test_no_chosen_line_says_what_the_psl_says() -> None:
    """A line may only bring back what an assigned one above it takes."""
    again = {x.zone for x in CHOSEN if PSL.publicsuffix(f"a.{x.zone}") == x.zone}
    above = [line.zone for line in ASSIGNED]
    assert [x for x in again if not any(x.endswith(f".{zone}") for zone in above)] == []


def test_each_line_makes_a_difference() -> None:
    for line in ASSIGNED | CHOSEN:
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


def test_a_look_up_zone_is_matched_by_name_and_changes_no_label() -> None:
    for line in LOOKUP:
        host = f"k3jd9x.{line.zone}"
        bare = public_suffix.Zones(
            public_suffix.packaged_zones().rules, public_suffix.packaged_zones().patterns
        )
        assert public_suffix.split_host(host) == public_suffix.split_host(host, bare)
        assert public_suffix.is_lookup(host)
        assert not public_suffix.is_lookup(f"x{line.zone}")
        assert not public_suffix.is_lookup(line.zone.partition(".")[2])
    assert public_suffix.is_lookup("a.plex.direct", public_suffix.add_zones(["lb.example.com"]))


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
    """Some would be invalid with the PSL alone; none of the others has another label."""
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
        ("xmqjtoevkbhrw.eth.limo", ("xmqjtoevkbhrw", "eth.limo", "")),
        ("blog.xmqjtoevkbhrw.user.fm", ("xmqjtoevkbhrw", "user.fm", "")),
        ("bucket.nyc3.digitaloceanspaces.com", ("bucket", "nyc3.digitaloceanspaces.com", "")),
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


HEX, BASE32, BASE36 = (
    "0123456789abcdef",
    "abcdefghijklmnopqrstuvwxyz234567",
    ascii_lowercase + digits,
)
# Hosts as providers make them: {h7} stands for 7 hex digits, {t13} for 13 of base 32, {s12} for 12
# of base 36, {d5} for 5 decimal digits, {w} for a word.
FORMS = [
    "{w}-{s7}-{t13}.eu-2.platformsh.site",
    "www.{w}.{w}-{d4}-{s7}-{t13}.us-4.platformsh.site",
    "{w}-{s7}-{t13}.eu.platform.sh",
    "{w}-{s7}-{t13}.de-2.upsunapp.com",
    "{w}-{s7}-{t13}.eu-5.upsun.app",
    "{w}-{s7}-{t13}.eu-3.magentosite.cloud",
    "{w}-{s7}-{t13}.gra1.webpaas.ovh.net",
    "{w}-production-{h4}.up.railway.app",
    "{w}-{w}-{h8}.koyeb.app",
    "p01--{w}--{s12}.code.run",
    "{w}--{w}--{s12}.addon.database.run",
    "app-{h8}-{h4}-{h4}-{h4}-{h12}.cleverapps.io",
    "b{s19}-mysql.services.clever-cloud.com",
    "{w}-{w}-{s6}.laravel.cloud",
    "{w}-{w}-{s12}.on-vapor.com",
    "sb-{s20}.vercel.run",
    "{w}-{h4}-3000.prg1.zerops.app",
    "{h8}-{h4}-{h4}-{h4}-{h12}.id.repl.co",
    "{h20}.fra.appwrite.run",
    "{w}-{h10}.strapiapp.com",
    "{w}-{w}-{s8}.leapcell.dev",
    "{w}-{h12}.onporter.run",
    "app-{d5}.on-aptible.com",
    "{w}-{w}.{s6}.easypanel.host",
    "{s6}.stackhero-network.com",
    "seed-{h8}.{t20}.fmc.clusters.rdpa.co",
    "{w}-{w}-{h8}.base44.app",
    "app-{t11}.canva-apps.com",
    "{w}--{h32}.web.val.run",
    "staging-{w}-{s4}.encr.app",
    "srv{d6}.hstgr.cloud",
    "s{d9}.live-website.com",
    "home-{d10}.app-ionos.space",
    "{d3}-0-113-{d2}.cprapid.com",
    "{w}-{w}.{d3}-0-113-{d2}.plesk.page",
    "{h16}.dyndns.dappnode.io",
    "{w}.svc.{h8}-{h4}-{h4}-{h4}-{h12}.us-east-1.triton.zone",
    "{h8}-{h4}-{h4}-{h4}-{h12}.fr-par-2.baremetal.scw.cloud",
    "d-{s12}.studio.cn-north-1.sagemaker.com.cn",
    "d{s13}.cloudfront.net",
    "{t16}.myfritz.net",
    "{w}-{h12}.herokuapp.com",
]


def draw_host(form: str, random: Random) -> str:
    """Fill in a form of FORMS."""
    alphabets = {"h": HEX, "t": BASE32, "s": BASE36, "d": digits}

    def fill(match: re.Match[str]) -> str:
        if match[1] == "w":
            return random.choice(["api", "main", "shop", "my-site", "staging", "helpful-owl"])
        return "".join(random.choices(alphabets[match[1]], k=int(match[2])))

    return re.sub(r"\{([a-z])(\d*)\}", fill, form)


@pytest.mark.parametrize("form", FORMS)
def test_no_label_that_a_provider_makes_up_is_flagged(form: str) -> None:
    random = Random(form)
    scores = Scorer.load(operating_point=0.001).score_many(
        draw_host(form, random) for _ in range(300)
    )
    scored = [score for score in scores if isinstance(score, Score)]
    assert len(scored) == 300
    assert [score for score in scored if score.label or not score.assigned] == []


def test_no_provider_is_flagged_by_its_own_name() -> None:
    hosts = [f"x.{line.zone.replace('*', 'x')}" for line in ASSIGNED]
    scores = Scorer.load(operating_point=0.001).score_many(hosts)
    assert [x for x in scores if not isinstance(x, Score) or x.label] == []


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
