"""The table of the families, and the first names of one, for the command line."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from itertools import chain, islice

from ..names.errors import MaliciousDomainsError
from .generators import ALL_FAMILIES
from .generators.family import Family, Variant

FIRST, LAST = date(1970, 1, 1), date(2105, 12, 31)  # the days that all algorithms can count
_UNNAMED = "default"  # how a variant without a name is shown and chosen


def format_table() -> Iterator[str]:
    """Yield a header and one line a family.

    >>> [line.split()[0] for line in format_table()][:3]
    ['family', 'banjori', 'ccleaner']
    """
    rows: list[tuple[str, ...]] = [("family", "kind", "variants", "period", "seeds", "source")]
    rows += [_format_row(family) for family in ALL_FAMILIES.values()]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    yield from ("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)


def first_names(
    family: str, variant: str | None, day: str, seed: str | None, count: int
) -> Iterator[str]:
    """Return the first hosts of a family; the variant and the seed are its first ones if None.

    Raises MaliciousDomainsError for what does not exist; the message lists what does.

    >>> [*first_names("banjori", None, "2026-11-24", None, 2)]
    ['earnestnessbiophysicalohax.com', 'kwtoestnessbiophysicalohax.com']
    """
    if family not in ALL_FAMILIES:
        raise MaliciousDomainsError(f"no family {family!r}; known are {', '.join(ALL_FAMILIES)}")
    if count < 1:
        raise MaliciousDomainsError(f"--count {count}: give 1 or more")
    chosen = _find_variant(ALL_FAMILIES[family], variant)
    if seed is None:
        seed = chosen.seeds[0]
    elif chosen.seeds == ("",):
        raise MaliciousDomainsError(f"seed {seed!r}: {_full_name(family, chosen)} takes none")
    hosts = chosen.generate(_parse_day(day), seed)
    try:
        first = list(islice(hosts, 1))
    except ValueError as error:
        known = ", ".join(map(repr, chosen.seeds))
        more = ", and any other such" if chosen.draw else ""
        message = f"{error}; known seeds of {_full_name(family, chosen)} are {known}{more}"
        raise MaliciousDomainsError(message) from error
    return islice(chain(first, hosts), min(count, 10**12))


def _format_row(family: Family) -> tuple[str, ...]:
    variants = family.variants
    seeds = {seed for v in variants if v.seeds != ("",) for seed in v.seeds}
    counts = [str(len(seeds))] if seeds else []
    if any(v.draw for v in variants):
        counts.append("any")
    return (
        family.name,
        family.kind,
        ", ".join(map(_variant_name, variants)) if len(variants) > 1 else variants[0].name or "-",
        ", ".join(dict.fromkeys(v.period for v in variants if v.period)) or "-",
        ", ".join(counts) or "-",
        family.source,
    )


def _find_variant(family: Family, name: str | None) -> Variant:
    for variant in family.variants:
        if name in (None, _variant_name(variant)):
            return variant
    known = ", ".join(map(_variant_name, family.variants))
    raise MaliciousDomainsError(f"{family.name} has no variant {name!r}; known are {known}")


def _parse_day(text: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise MaliciousDomainsError(f"date {text!r}: give it as YYYY-MM-DD") from error
    if not FIRST <= day <= LAST:
        raise MaliciousDomainsError(f"date {text!r}: known are the days from {FIRST} to {LAST}")
    return day


def _variant_name(variant: Variant) -> str:
    return variant.name or _UNNAMED


def _full_name(family: str, variant: Variant) -> str:
    return f"{family} {variant.name}".rstrip()
