"""The names that are measured with: as many different ones as asked for, always the same."""

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
from malicious_domains.features.encoding import ALPHABET, BASE_BIT, CODE_MASK, WORD_BIT
from malicious_domains.features.language_tables import Lexicon
from malicious_domains.model.scorer import Scorer
from malicious_domains.names.parse import MAX_LABEL, InvalidDomain, Name, parse
from pipeline.corpus import sources

from .measure import sized

TOTAL = sized(1_000_000, 1000)
SUFFIXES = ("com", "net", "org", "de", "co.uk", "ru", "info", "com.br")
_SPARE = 100  # more than hosts() leaves out
_FIRST = date(2010, 1, 1)
_STEP = timedelta(days=31)  # most families have new names by then
_REACH = 300  # first names of a family's variant on one day


def distinct(number: int) -> list[str]:
    """The first so many of a million labels, no two alike: half legitimate, half generated."""
    return _million()[:number]


def hosts(number: int) -> Iterator[str]:
    """The same as hosts under common suffixes, every other one with a www.

    The few that are suffixes themselves, as eu.com, are left out.
    """
    parts = zip(cycle(("", "www.")), _million(), cycle(SUFFIXES), strict=False)
    texts = (f"{www}{label}.{suffix}" for www, label, suffix in parts)
    try_parse = Scorer.load().try_parse
    return islice((x for x in texts if isinstance(try_parse(x), Name)), number)


def words(lexicon: Lexicon) -> set[str]:
    """All words of an automaton, by walking it."""
    cells, found = lexicon.cells.tolist(), set()
    states = [("", cells[0])]
    while states:
        prefix, base = states.pop()
        for code, character in enumerate(ALPHABET):
            cell = cells[base + code]
            if base and cell & CODE_MASK == code:
                if cell >> WORD_BIT & 1:
                    found.add(prefix + character)
                states.append((prefix + character, cell >> BASE_BIT))
    return found


@cache
def _million() -> list[str]:
    labels: dict[str, None] = {}
    _take(labels, _legitimate(), (TOTAL + _SPARE) // 2)
    _take(labels, _generated(), TOTAL + _SPARE)
    shuffled = list(labels)
    Random(1).shuffle(shuffled)
    return shuffled


def _take(labels: dict[str, None], source: Iterator[str], until: int) -> None:
    """Add labels from a source until there are so many."""
    for label in source:
        if len(labels) == until:
            return
        labels[label] = None


def _legitimate() -> Iterator[str]:
    """Those of the committed lists, then again and again with a number at the end."""
    listed = [label for source in (sources.HSTS, sources.UNIVERSITIES) for label in _listed(source)]
    yield from listed
    for number in count(1):
        yield from (f"{x[: MAX_LABEL - 2]}{number}" for x in listed if not x.startswith("xn--"))


def _listed(source: sources.Dataset) -> Iterator[str]:
    for host in lzma.decompress(source.path.read_bytes()).decode("ascii").split():
        with suppress(InvalidDomain):
            yield parse(host).label


def _generated() -> Iterator[str]:
    """The first names of all families month after month."""
    for day in takewhile(lambda day: day <= LAST, (_FIRST + _STEP * k for k in count())):
        for family in FAMILIES.values():
            for variant in family.variants:
                for host in islice(variant.generate(day, variant.seeds[0]), _REACH):
                    yield host.partition(".")[0][:MAX_LABEL]
