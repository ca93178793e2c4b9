"""The committed rules, against the package and the list of zones that they are made from."""

from __future__ import annotations

import lzma
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from publicsuffixlist import PublicSuffixList

from data.build import build_suffixes
from malicious_domains.names import public_suffix
from malicious_domains.names.errors import SuffixListError
from pipeline.corpus import labelled
from tests.helpers.clock import slowness
from tests.malicious_domains.names.zones import ASSIGNED, CHOSEN, LINES, Line

ROOT = Path(__file__).parents[3]
REFERENCE = PublicSuffixList()
ICANN = PublicSuffixList(only_icann=True)
RULES = sorted(rule for rule in REFERENCE._publicsuffix if rule.isascii())
NAMES = [rule.removeprefix("!").removeprefix("*.") for rule in RULES]
ZONES = [line.zone.replace("*", "eu-west-1") for line in LINES]
LABEL = st.from_regex(r"[a-z0-9_-]{1,5}|xn--[a-z0-9]{1,5}", fullmatch=True)
# By the last two labels: patterns for what stands before a zone, and the zone, the longest first.
MATCHED: dict[str, list[tuple[Line, re.Pattern[str]]]] = {}
for line in sorted(ASSIGNED | CHOSEN, key=lambda line: -line.zone.count(".")):
    zone = line.zone.replace(".", "[.]").replace("*", "[^.]+")
    end = ".".join(line.zone.split(".")[-2:])
    MATCHED.setdefault(end, []).append((line, re.compile(rf"(?:(.+)\.)?({zone})")))


def cut(host: str, suffix: str) -> str:
    return host[: -len(suffix) - 1].rpartition(".")[2]


def expected(host: str) -> tuple[str, str, str]:
    """Said again in other words: the longest zone decides, and lines of ours before the PSL."""
    icann, private = ICANN.publicsuffix(host), REFERENCE.publicsuffix(host)
    assert icann
    assert private
    line, zone = None, ""
    for listed, pattern in MATCHED.get(".".join(host.split(".")[-2:]), []):
        if found := pattern.fullmatch(host):
            line, zone = listed, found[2]
            break
    dropped = line in ASSIGNED and (private == zone or private.endswith(f".{zone}"))
    dropped |= line is not None and f"*.{line.zone}" in REFERENCE._publicsuffix  # replaced
    if private != icann and not dropped and private.count(".") > zone.count("."):
        line, zone = None, private
    before = host[: -len(zone) - 1]
    own = not before or before == "www" or before.rpartition(".")[2].startswith("_")
    if not zone or own:
        return cut(host, icann), icann, ""
    if line and line in ASSIGNED:
        return cut(host, icann), icann, line.zone
    return cut(host, zone), zone, ""


def check(hosts: list[str]) -> None:
    assert len(hosts) > 8
    assert [x for x in hosts if public_suffix.split_host(x) != expected(x)] == []


def test_the_file_is_what_the_pinned_package_gives() -> None:
    assert public_suffix.PACKAGED.read_bytes() == build_suffixes()


@pytest.mark.parametrize("before", ["", "a.", "b.a.", "c.b.a.", "city.", "www.", "a.www."])
def test_every_rule_and_what_stands_under_it(before: str) -> None:
    check([before + name for name in NAMES])


def test_every_host_above_a_rule_and_beside_it() -> None:
    check([name.partition(".")[2] or name for name in NAMES])
    check([f"b.a.{name.partition('.')[2] or name}" for name in NAMES])


@pytest.mark.parametrize("name", ["legit-hsts", "legit-universities"])
def test_the_committed_hosts(name: str) -> None:
    check(lzma.decompress((ROOT / "data" / f"{name}.txt.xz").read_bytes()).decode("ascii").split())


@pytest.mark.slow
def test_the_originals_hosts(original: labelled.Corpus) -> None:
    hosts = original.frame["host"].astype(str).str.lower()
    check([host for host in hosts if host.isascii() and all(host.split("."))])


@pytest.mark.parametrize("before", ["", "a.", "b.a.", "c.b.a.", "www.", "a.www.", "_x."])
def test_every_zone_and_what_stands_under_it(before: str) -> None:
    check([before + name for name in ZONES])


@settings(max_examples=40)
@given(st.lists(LABEL, max_size=4), st.sampled_from(NAMES + ZONES) | LABEL, st.integers(0, 3))
def test_any_labels_before_any_part_of_a_rule(before: list[str], name: str, cut: int) -> None:
    host = ".".join([*before, *name.split(".")[cut:]]) or name
    assert public_suffix.split_host(host) == expected(host)


def test_no_rule_ends_in_a_number_so_that_addresses_are_told_by_their_end() -> None:
    assert [x for x in NAMES if x.rpartition(".")[2][0].isdigit()] == []


def test_the_rules_are_there_at_once() -> None:
    took = []
    for _ in range(5):
        start = time.process_time()
        public_suffix.read_zones(public_suffix.PACKAGED)
        took.append(time.process_time() - start)
    assert min(took) < 0.020 * slowness()


@pytest.mark.parametrize("damage", [b"", b"ru\n", b"// list\n\nru\n", b"\xff"])
def test_a_damaged_file_is_refused(damage: bytes, tmp_path: Path) -> None:
    whole = public_suffix.PACKAGED.read_bytes()
    path = tmp_path / "suffixes.txt"
    for content in (damage, damage + whole[:-1], whole + damage[:1] + b"x"):
        path.write_bytes(content)
        with pytest.raises(SuffixListError, match=r"suffixes\.txt: damaged"):
            public_suffix.read_zones(path)


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(SuffixListError, match="absent: cannot be read: No such file"):
        public_suffix.read_zones(tmp_path / "absent")


def test_without_the_rules_the_command_says_so(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path\n"
        "from malicious_domains.names import public_suffix\n"
        "public_suffix.PACKAGED = Path(sys.argv[1])\n"
        "from malicious_domains.cli import main; sys.exit(main(['score', 'google.com']))"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "absent")]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    message = f"score: {tmp_path / 'absent'}: cannot be read: No such file or directory\n"
    assert (run.returncode, run.stdout, run.stderr) == (2, "", message)
