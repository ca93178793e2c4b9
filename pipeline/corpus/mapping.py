"""Recognise the columns of a user's file, and its words for the two classes."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from .schema import COLUMNS, GROUP, CorpusError

FIELDS = (*COLUMNS, GROUP)
# Usual names of the columns, in lower case without blanks and underscores.
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
WORDS = {
    "legit": [
        *("legit", "legitimate", "benign", "clean", "normal", "good", "safe"),
        *("non-dga", "non_dga", "nondga", "not_dga", "0", "false", "f", "no", "n"),
    ],
    "dga": [
        *("dga", "malicious", "malware", "bad", "generated", "agd"),
        *("1", "true", "t", "yes", "y"),
    ],
}
ADVICE = "--map host=COLUMN,class=COLUMN,subclass=COLUMN"
_PART = re.compile(rf",(?=\s*(?:{'|'.join(FIELDS)})\s*=)")
_CLASS_OF = {word: kind for kind, words in WORDS.items() for word in words}
_SHOWN = 40  # characters of a word that a message repeats


@dataclass(frozen=True)
class ReadOptions:
    """How to read a user's file.

    columns: the file's column for each of FIELDS, by its name or its number from 1 on; "" if it
    has none. lenient: whether more rows than usual may be left out.
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    lenient: bool = False

    @classmethod
    def parse(cls, texts: Sequence[str], lenient: bool = False) -> ReadOptions:
        """Read the values of --map: host=...,class=..., once or several times.

        Raises CorpusError for another form, an unknown column, or one given twice.

        >>> ReadOptions.parse(["host=fqdn,class=2"]).columns
        {'host': 'fqdn', 'class': '2'}
        """
        columns: dict[str, str] = {}
        for part in (x for text in texts for x in _PART.split(text)):
            name, equals, column = (x.strip() for x in part.partition("="))
            if not equals or name not in FIELDS:
                raise CorpusError(f"--map {part!r}: expected {ADVICE}; or {', '.join(FIELDS)}")
            if name in columns:
                raise CorpusError(f"--map: {name} is given twice")
            columns[name] = column
        return cls(columns, lenient)

    @property
    def numbered(self) -> bool:
        """Whether all columns are given by number, so that the first row is no header."""
        given = [x for x in self.columns.values() if x]
        return bool(given) and all(x.isascii() and x.isdigit() for x in given)


def map_columns(
    columns: Sequence[str], given: Mapping[str, str], find: Callable[[str], str]
) -> dict[str, str]:
    """Return the file's column for each of FIELDS that it has.

    given: as in ReadOptions; find: returns the column of a given name, or raises CorpusError. If
    there is a single column `domain` it holds hosts; beside one of hosts it holds labels. Raises
    CorpusError if a field could be several columns.

    >>> map_columns(["query", "is_dga", "id"], {}, str)
    {'host': 'query', 'class': 'is_dga'}
    """
    chosen = {name: find(column) for name, column in given.items() if column}
    free = [column for column in columns if column not in chosen.values()]
    for name in FIELDS:
        if name not in given and (usual := _find_usual(name, free)):
            chosen[name] = usual
            free.remove(usual)
    if "host" not in {*chosen, *given} and "domain" in chosen and "domain" not in given:
        chosen["host"] = chosen.pop("domain")
    return {name: chosen[name] for name in FIELDS if name in chosen}


def count_usual(cells: Sequence[str]) -> int:
    """Count the cells that are usual names of columns.

    >>> count_usual(["Domain_Name", "Class", "17"])
    2
    """
    known = {name for names in USUAL.values() for name in names}
    return sum(_simplify(cell) in known for cell in cells)


def _find_usual(name: str, columns: Sequence[str]) -> str | None:
    """Return the column of that very name, else the only one of a usual name."""
    for names in ([name], USUAL[name]):
        matches = [column for column in columns if _simplify(column) in names]
        if len(matches) > 1:
            raise CorpusError(f"{' and '.join(map(repr, matches))} could both be {name}")
        if matches:
            return matches[0]
    return None


def _simplify(name: str) -> str:
    return re.sub(r"[\W_]+", "", name.casefold())


def parse_class(word: str) -> str:
    """Return legit or dga for any of WORDS, in any case, and for 0.0 and 1.0.

    Raises CorpusError for another word, with all that are known.

    >>> parse_class("Benign"), parse_class("1.0")
    ('legit', 'dga')
    """
    plain = word.strip().casefold()
    whole, _, decimals = plain.partition(".")
    if kind := _CLASS_OF.get(plain) or (not decimals.strip("0") and _CLASS_OF.get(whole)):
        return kind
    known = " and ".join(f"{kind} ({', '.join(words)})" for kind, words in WORDS.items())
    raise CorpusError(f"class {word[:_SHOWN]!r}; known are {known}")
