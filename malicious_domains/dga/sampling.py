"""Samples of a family's names over many dates and seeds, in groups by which a corpus is split."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from itertools import islice
from random import Random

from ..names.parse import MAX_LABEL
from .generators.family import Family, Variant

FIRST, LAST = date(2010, 1, 1), date(2020, 12, 31)
_GROUP = 40  # names of one variant, date and seed
_REACH = 1000  # a group is sampled from so many first names
_SHORT_REACH = {"necurs": 100, "tempedreve": 100}  # whose names take long to make
_PATIENCE = 50  # groups in a row without a new label


def sample_groups(family: Family, count: int, seed: int) -> Iterator[tuple[str, list[str]]]:
    """Yield up to `count` hosts in groups, each with a key of variant, date and seed.

    A key may come again, a label may not.
    """
    random = Random(f"{family.name}-{seed}")
    seen: set[str] = set()
    missing, barren = count, 0
    while missing and barren < _PATIENCE:
        key, hosts = _sample_group(family, random)
        fresh = _select_fresh(hosts, seen)[:missing]
        missing -= len(fresh)
        barren = 0 if fresh else barren + 1
        if fresh:
            yield key, fresh


def _sample_group(family: Family, random: Random) -> tuple[str, list[str]]:
    variant = random.choice(family.sampled_variants)
    day = FIRST + timedelta(days=random.randint(0, (LAST - FIRST).days))
    seed = _draw_seed(variant, random)
    reach = _SHORT_REACH.get(family.name, _REACH)
    hosts = list(islice(variant.generate(day, seed), reach))
    positions = sorted(random.sample(range(len(hosts)), min(_GROUP, len(hosts))))
    parts = (variant.name, day.isoformat() if variant.period else "", seed)
    return " ".join(filter(None, parts)), [hosts[k] for k in positions]


def _draw_seed(variant: Variant, random: Random) -> str:
    if variant.draw and random.random() < 0.5:
        return variant.draw(random)
    return random.choice(variant.seeds)


def _select_fresh(hosts: list[str], seen: set[str]) -> list[str]:
    """Return the first host of each label that was not seen before."""
    fresh = []
    for host in hosts:
        label = host.partition(".")[0]
        if 0 < len(label) <= MAX_LABEL and ".." not in host and label not in seen:
            seen.add(label)
            fresh.append(host)
    return fresh
