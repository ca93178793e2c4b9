"""Make the names that are measured with: a million different ones, always the same."""

from __future__ import annotations

import lzma
from collections.abc import Iterator
from contextlib import suppress
from datetime import date, timedelta
from functools import cache
from itertools import count, cycle, islice, takewhile
from random import Random

from malicious_domains.dga.generators import FAMILIES
from malicious_domains.dga.listing import LAST
from malicious_domains.model.scorer import Scorer
from malicious_domains.names.parse import MAX_LABEL, InvalidDomain, Name, parse
from pipeline.corpus import sources

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


def list_legitimate() -> list[str]:
    """Return the labels of the committed lists of legitimate hosts."""
    labels = []
    for source in (sources.HSTS, sources.UNIVERSITIES):
        for host in lzma.decompress(source.path.read_bytes()).decode("ascii").split():
            with suppress(InvalidDomain):
                labels.append(parse(host).label)
    return labels


@cache
def _make_million() -> list[str]:
    labels: dict[str, None] = {}
    _add_labels(labels, _iterate_legitimate(), (TOTAL + _SPARE) // 2)
    _add_labels(labels, _iterate_generated(), TOTAL + _SPARE)
    shuffled = list(labels)
    Random(1).shuffle(shuffled)
    return shuffled


def _add_labels(labels: dict[str, None], source: Iterator[str], until: int) -> None:
    """Add labels from a source until there are `until` different ones."""
    for label in source:
        if len(labels) == until:
            return
        labels[label] = None


def _iterate_legitimate() -> Iterator[str]:
    """Yield the labels of the committed lists, then the same with a number at the end."""
    listed = list_legitimate()
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
