"""Sample names of every family for training, validation and test, which share no seed or date."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from itertools import islice
from random import Random
from typing import NamedTuple

from malicious_domains.dga.generators import FAMILIES
from malicious_domains.dga.generators.family import Family, Variant
from malicious_domains.dga.sampling import SYNTHETIC_FAMILIES, sample_labels
from malicious_domains.names.parse import MAX_LABEL

FIRST, LAST = 2010, 2030  # years
GROUP = 20  # names of one variant, date and seed: what one client asks for
FEW_SEEDS = 6  # fewer seeds cannot be distributed over the parts
_REACH = 1000  # names from the start of a list, from which GROUP are sampled
_SHORT_REACH = {"necurs": 100, "tempedreve": 100, "pykspa": 100}  # slow generators
_PATIENCE = 50  # draws without a new name before a family is given up


class Part(NamedTuple):
    """A third of all months, seeds and positions: those whose number modulo 3 is this one."""

    name: str
    number: int


PARTS = LEARN, VALIDATE, TEST = Part("learn", 0), Part("validate", 1), Part("test", 2)


class Drawn(NamedTuple):
    """Names that one client could ask for."""

    family: str  # or synthetic family
    kind: str  # the family and, if it has several, the variant: "vawtrak v1"
    labels: list[str]


def sample_families(
    part: Part, count: int, families: Collection[str], known: Collection[str]
) -> list[Drawn]:
    """Return up to `count` labels of each family, GROUP per variant, date and seed.

    Dates are in months that no other part has; seeds, if a variant has FEW_SEEDS or more, are the
    part's own, or drawn anew; of names that depend on neither, each part has a third. No label
    comes twice in a family, and none is one of `known`, those of the other parts.

    >>> sample_families(TEST, 2, ["dnschanger"], known=[])
    [Drawn(family='dnschanger', kind='dnschanger', labels=['vacwxuycpl', 'nqfnfljvkt'])]
    """
    drawn = []
    for family in map(FAMILIES.__getitem__, families):
        random, seen = Random(f"{family.name}-{part.name}"), set(known)
        missing, barren = count, 0
        while missing > 0 and barren < _PATIENCE:
            variant = random.choice(family.sampled_variants)
            labels = _sample_labels(family, variant, part, random)
            fresh = [x for x in dict.fromkeys(labels) if x not in seen][:missing]
            seen.update(fresh)
            missing -= len(fresh)
            barren = 0 if fresh else barren + 1
            if fresh:
                drawn.append(Drawn(family.name, f"{family.name} {variant.name}".rstrip(), fresh))
    return drawn


def sample_synthetic(part: Part, count: int) -> list[Drawn]:
    """Return up to `count` labels of each synthetic family, for families that are unknown yet.

    >>> sample_synthetic(TEST, 1)[0]
    Drawn(family='shape-letters', kind='shape-letters', labels=['gdvsbndsixgzedmz'])
    """
    return [
        Drawn(shape, shape, labels[start : start + GROUP])
        for shape in SYNTHETIC_FAMILIES
        for _, labels in sample_labels(shape, count, part.number)
        for start in range(0, len(labels), GROUP)
    ]


def _sample_labels(family: Family, variant: Variant, part: Part, random: Random) -> list[str]:
    month = 3 * random.randint(0, 3) + part.number + 1
    day = date(random.randint(FIRST, LAST), month, random.randint(1, 28))
    seed, apart = _choose_seed(variant, part, random)
    reach = _SHORT_REACH.get(family.name, _REACH)
    labels = [host.partition(".")[0] for host in islice(variant.generate(day, seed), reach)]
    if not (variant.period or apart):
        labels = labels[part.number :: 3]
    chosen = sorted(random.sample(range(len(labels)), min(GROUP, len(labels))))
    return [labels[k] for k in chosen if 0 < len(labels[k]) <= MAX_LABEL]


def _choose_seed(variant: Variant, part: Part, random: Random) -> tuple[str, bool]:
    """Return a seed, and whether no other part has it."""
    if variant.draw and random.random() < 0.5:
        return variant.draw(random), True
    if len(variant.seeds) < FEW_SEEDS:
        return random.choice(variant.seeds), False
    return random.choice(variant.seeds[part.number :: 3]), True
