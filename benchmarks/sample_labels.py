"""Make the names that are measured with: a million different ones, always the same."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from functools import cache
from itertools import chain, count, cycle, islice, takewhile
from random import Random

from malicious_domains.dga.generators import FAMILIES
from malicious_domains.dga.legitimate_hosts import LISTS, read_hosts
from malicious_domains.dga.listing import LAST
from malicious_domains.model.scorer import Scorer
from malicious_domains.names.parse import MAX_LABEL, Name

from .measure import sized

TOTAL = sized(1_000_000, 1000)
SUFFIXES = ("com", "net", "org", "de", "co.uk", "ru", "info", "com.br")
_SPARE = 100  # more than iterate_hosts() leaves out
_FIRST, _STEP = date(2010, 1, 1), timedelta(days=31)  # most families have new names by then
_NAMES_A_DAY = 300  # of a family's variant


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
    labels: dict[str, None] = {}
    until = (TOTAL + _SPARE) // 2
    for source in (_iterate_legitimate(), _iterate_generated()):
        while len(labels) < until:
            labels[next(source)] = None
        until = TOTAL + _SPARE
    shuffled = list(labels)
    Random(1).shuffle(shuffled)
    return shuffled


def _iterate_legitimate() -> Iterator[str]:
    """Yield the labels of the committed lists, then the same with a number at the end."""
    hosts = [*chain(*map(read_hosts, LISTS))]
    listed = [x.label for x in map(Scorer.load().try_parse, hosts) if isinstance(x, Name)]
    yield from listed
    for number in count(1):
        yield from (f"{x[: MAX_LABEL - 2]}{number}" for x in listed if not x.startswith("xn--"))


def _iterate_generated() -> Iterator[str]:
    """Yield the first names of all families, month after month."""
    for day in takewhile(lambda day: day <= LAST, (_FIRST + _STEP * k for k in count())):
        for family in FAMILIES.values():
            for variant in family.variants:
                for host in islice(variant.generate(day, variant.seeds[0]), _NAMES_A_DAY):
                    yield host.partition(".")[0][:MAX_LABEL]
