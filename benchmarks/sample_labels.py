"""Make the names that are measured with: a million different ones, always the same."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from functools import cache
from itertools import chain, count, cycle, islice
from random import Random

from malicious_domains.dga.generators import FAMILIES
from malicious_domains.dga.legitimate_hosts import LISTS, read_hosts
from malicious_domains.model.scorer import Scorer
from malicious_domains.names.parse import MAX_LABEL, Name

from .measure import sized

TOTAL = sized(1_000_000, 1000)
SUFFIXES = ("com", "net", "org", "de", "co.uk", "ru", "info", "com.br")
_DAY, _NAMES = date(2020, 1, 1), sized(10_000, 100)  # of a family's variant


def distinct_labels(number: int) -> list[str]:
    """Return the first `number` of a million different labels: half legitimate, half generated."""
    return _make_million()[:number]


def iterate_hosts(number: int) -> Iterator[str]:
    """Yield the same labels as hosts under common suffixes, every other one with a www.

    The few that are public suffixes themselves, such as eu.com, are left out.
    """
    parts = zip(cycle(("", "www.")), _make_million(), cycle(SUFFIXES), strict=False)
    hosts = (f"{www}{label}.{suffix}" for www, label, suffix in parts)
    try_parse = Scorer.load().try_parse
    return islice((x for x in hosts if isinstance(try_parse(x), Name)), number)


@cache
def _make_million() -> list[str]:
    hosts = islice(chain(*map(read_hosts, LISTS)), TOTAL)
    listed = [x.label for x in map(Scorer.load().try_parse, hosts) if isinstance(x, Name)]
    variants = [x for family in FAMILIES.values() for x in family.variants]
    names = (islice(x.generate(_DAY, x.seeds[0]), _NAMES) for x in variants)
    generated = [host.partition(".")[0][:MAX_LABEL] for host in chain(*names)]
    halves = (islice(_repeat(x), TOTAL * 3 // 5) for x in (listed, generated))
    shuffled = list(dict.fromkeys(chain(*halves)))
    Random(1).shuffle(shuffled)
    return shuffled


def _repeat(labels: list[str]) -> Iterator[str]:
    """Yield labels, then the same with a number at the end."""
    yield from labels
    for number in count(1):
        yield from (f"{x[: MAX_LABEL - 2]}{number}" for x in labels if not x.startswith("xn--"))
