"""Names of a family over many dates and seeds, in groups by which a corpus can be split."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from itertools import islice
from random import Random

from ..names.parse import MAX_LABEL
from .generators.family import Family, Variant

FIRST, LAST = date(2010, 1, 1), date(2020, 12, 31)
LEFT_OUT = {
    ("murofet", "v1"),  # the same names as goz's: one label each
    ("cryptolocker", "date-walk"),  # a sketch of the algorithm, not what the malware did
}
_BATCH = 40  # names of one variant, date and seed
_REACH = 1000  # from so many first ones
_SHORT_REACH = {"necurs": 100, "tempedreve": 100}  # names too dear to pass over hundreds
_PATIENCE = 50  # draws in a row that bring nothing new


def sample(family: Family, count: int, seed: int) -> list[str]:
    """Up to so many hosts, no two with the same label."""
    return [host for _, hosts in batches(family, count, seed) for host in hosts]


def batches(family: Family, count: int, seed: int) -> Iterator[tuple[str, list[str]]]:
    """The hosts of `sample`, group by group; a key is variant, date and seed.

    A key may come again, a label may not.
    """
    random = Random(f"{family.name}-{seed}")
    seen: set[str] = set()
    missing, barren = count, 0
    while missing and barren < _PATIENCE:
        key, hosts = _batch(family, random)
        fresh = _fresh(hosts, seen)[:missing]
        missing -= len(fresh)
        barren = 0 if fresh else barren + 1
        if fresh:
            yield key, fresh


def _batch(family: Family, random: Random) -> tuple[str, list[str]]:
    variant = random.choice([v for v in family.variants if (family.name, v.name) not in LEFT_OUT])
    day = FIRST + timedelta(days=random.randint(0, (LAST - FIRST).days))
    seed = _seed(variant, random)
    reach = _SHORT_REACH.get(family.name, _REACH)
    hosts = list(islice(variant.generate(day, seed), reach))
    positions = sorted(random.sample(range(len(hosts)), min(_BATCH, len(hosts))))
    parts = (variant.name, day.isoformat() if variant.period else "", seed)
    return " ".join(filter(None, parts)), [hosts[k] for k in positions]


def _seed(variant: Variant, random: Random) -> str:
    if variant.draw and random.random() < 0.5:
        return variant.draw(random)
    return random.choice(variant.seeds)


def _fresh(hosts: list[str], seen: set[str]) -> list[str]:
    """The first host of each label not seen before; the label is what the first dot ends."""
    fresh = []
    for host in hosts:
        label = host.partition(".")[0]
        if 0 < len(label) <= MAX_LABEL and ".." not in host and label not in seen:
            seen.add(label)
            fresh.append(host)
    return fresh
