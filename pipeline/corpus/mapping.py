"""Which column of somebody's file is which of ours: as it is told, or by its usual names."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from .schema import COLUMNS, GROUP, CorpusError

FIELDS = (*COLUMNS, GROUP)
# What the columns are called elsewhere, without case, blanks and underscores.
USUAL = {
    "host": ["host", "hostname", "fqdn", "domainname", "query", "qname", "rrname", "name", "url"],
    "domain": ["domain", "sld"],
    "class": [
        *("class", "label", "isdga", "dga", "ismalicious", "malicious"),
        *("target", "type", "verdict"),
    ],
    "subclass": ["subclass", "family", "dgafamily", "malwarefamily"],
    "group": ["group"],
}
ADVICE = "--map host=COLUMN,class=COLUMN,subclass=COLUMN"
_PART = re.compile(rf",(?=\s*(?:{'|'.join(FIELDS)})\s*=)")


@dataclass(frozen=True)
class ReadOptions:
    """How a file of somebody's own is read.

    columns: their column for ours, by its name or, from 1 on, its number; "" says that there is
    none. lenient: whether more rows than usual may be left out.
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    lenient: bool = False

    @classmethod
    def parse(cls, texts: Sequence[str], lenient: bool = False) -> ReadOptions:
        """Read what --map was given: host=…,class=…, once or several times.

        Raises CorpusError for another form, a column that is none of ours, or one given twice.
        """
        columns: dict[str, str] = {}
        for part in (x for text in texts for x in _PART.split(text)):
            ours, equals, theirs = (x.strip() for x in part.partition("="))
            if not equals or ours not in FIELDS:
                raise CorpusError(f"--map {part!r}: expected {ADVICE}; or {', '.join(FIELDS)}")
            if ours in columns:
                raise CorpusError(f"--map: {ours} is given twice")
            columns[ours] = theirs
        return cls(columns, lenient)

    @property
    def numbered(self) -> bool:
        """Whether all columns are given by number, so that the first row is no header."""
        given = [x for x in self.columns.values() if x]
        return bool(given) and all(x.isascii() and x.isdigit() for x in given)


def choose(
    columns: Sequence[str], told: Mapping[str, str], find: Callable[[str], str]
) -> dict[str, str]:
    """Their column for each of ours that there is.

    told: as ReadOptions has it; find: their column of a name that was told, CorpusError if there
    is none. A single column `domain` has hosts, beside one of hosts it has labels. Raises
    CorpusError where several could be meant.
    """
    chosen = {ours: find(theirs) for ours, theirs in told.items() if theirs}
    free = [name for name in columns if name not in chosen.values()]
    for ours in FIELDS:
        if ours not in told and (found := _usual(ours, free)):
            chosen[ours] = found
            free.remove(found)
    if "host" not in {*chosen, *told} and "domain" in chosen and "domain" not in told:
        chosen["host"] = chosen.pop("domain")
    return {ours: chosen[ours] for ours in FIELDS if ours in chosen}


def usual_names(cells: Sequence[str]) -> int:
    """How many cells are usual names of columns."""
    known = {name for names in USUAL.values() for name in names}
    return sum(_plain(cell) in known for cell in cells)


def _usual(ours: str, columns: Sequence[str]) -> str | None:
    """The column that is called as ours is, else the only one of a usual name."""
    for names in ([ours], USUAL[ours]):
        found = [name for name in columns if _plain(name) in names]
        if len(found) > 1:
            raise CorpusError(f"{' and '.join(map(repr, found))} could both be {ours}")
        if found:
            return found[0]
    return None


def _plain(name: str) -> str:
    return re.sub(r"[\W_]+", "", name.casefold())
