"""The columns of a corpus, as in the H2O demo, and how a user's file has them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from malicious_domains.inputs.csv_records import looks_like_header
from malicious_domains.names.errors import MaliciousDomainsError
from malicious_domains.names.parse import MAX_LABEL

COLUMNS = ("host", "domain", "class", "subclass")
GROUP = "group"  # an optional fifth column: rows of one group stay together in a split
FIELDS = (*COLUMNS, GROUP)
CLASSES = ("legit", "dga")
# A label that is learned as it is; one of the H2O demo's has a line feed.
LABEL = re.compile(rf"[a-z0-9\n-]{{1,{MAX_LABEL}}}")
# Usual names of the columns, in lower case without blanks and underscores.
_USUAL = {
    "host": "host hostname fqdn domainname query qname rrname name url",
    "domain": "domain sld",
    "class": "class label isdga dga ismalicious malicious target type verdict",
    "subclass": "subclass family dgafamily malwarefamily",
    "group": "group",
}
_WORDS = {
    "legit": "legit legitimate benign clean normal good safe nondga notdga 0 false f no n",
    "dga": "dga malicious malware bad generated agd 1 true t yes y",
}
_CLASS_OF = {word: kind for kind, words in _WORDS.items() for word in words.split()}
ADVICE = "--map host=COLUMN,class=COLUMN,subclass=COLUMN"
_SHOWN = 40  # characters of a word that a message repeats
_HEADER_SHOWN = 300  # characters of a header that a message repeats


class CorpusError(MaliciousDomainsError):
    """A file that is not a corpus, or options that do not fit it."""


class LabelledName(NamedTuple):
    """A row of a corpus, in the order of its columns."""

    host: str
    domain: str  # the label; "" or no valid label if there is none to score
    kind: str  # the class
    subclass: str
    group: str  # "" if the file has no groups


@dataclass(frozen=True)
class ReadOptions:
    """How to read a user's file.

    columns: the file's column for each of FIELDS by its name, or all by numbers from 1 on where
    there is no header; "" for none. lenient: whether more rows than usual may be left out.
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
        for part in (x for text in texts for x in text.split(",")):
            name, equals, column = (x.strip() for x in part.partition("="))
            if not equals or name not in FIELDS or name in columns:
                wanted = f"expected {ADVICE}, each of {', '.join(FIELDS)} once"
                raise CorpusError(f"--map {part!r}: {wanted}")
            columns[name] = column
        return cls(columns, lenient)

    @property
    def numbered(self) -> bool:
        """True if every column is given by its number; the file then has no header."""
        return {*map(str.isdecimal, filter(None, self.columns.values()))} == {True}


def map_columns(columns: Sequence[str], given: Mapping[str, str], kind: str = "") -> dict[str, str]:
    """Return the file's column for each of FIELDS that is given or has a usual name.

    given: as in ReadOptions; kind: the class of all rows, if any. If there is a single column
    `domain` it holds hosts; beside one of hosts it holds labels. Raises CorpusError if a field
    could be several columns, or there is none of names or classes.

    >>> map_columns(["query", "is_dga", "id"], {})
    {'host': 'query', 'class': 'is_dga'}
    """
    chosen = {name: column for name, column in given.items() if column}
    if missing := [x for x in chosen.values() if x not in columns]:
        raise CorpusError(f"there is no column {missing[0]!r}; {_describe(columns)}")
    free = [column for column in columns if column not in chosen.values()]
    for name in FIELDS:
        if name not in given and (usual := _find_usual(name, free)):
            chosen[name] = usual
            free.remove(usual)
    if "host" not in {*chosen, *given} and "domain" in chosen and "domain" not in given:
        chosen["host"] = chosen.pop("domain")
    is_named = bool(chosen.keys() & {"host", "domain"})
    if not is_named or not (kind or "class" in chosen):
        lacking = "classes" if is_named else "names"
        raise CorpusError(f"no column of {lacking} is known; {_describe(columns)}")
    return {name: chosen[name] for name in FIELDS if name in chosen}


def _describe(columns: Sequence[str]) -> str:
    """Return the columns, and how to map them, for a message; no first row of somebody's data."""
    if all(x.isdigit() for x in columns) or looks_like_header(columns):
        return f"found {', '.join(columns)[:_HEADER_SHOWN]}; say which is which: {ADVICE}"
    return "the first row is no header; if there is none, give numbers: --map host=1,class=2"


def _find_usual(name: str, columns: Sequence[str]) -> str | None:
    """Return the column of that very name, else the only one of a usual name."""
    for names in ([name], _USUAL[name].split()):
        matches = [x for x in columns if re.sub(r"[\W_]+", "", x.casefold()) in names]
        if len(matches) > 1:
            could = f"{' and '.join(map(repr, matches))} could both be {name}"
            raise CorpusError(f"{could}; {_describe(columns)}")
        if matches:
            return matches[0]
    return None


def parse_class(word: str) -> str:
    """Return legit or dga for a usual word, in any case, and for 0.0 and 1.0.

    Raises CorpusError for another word, with all that are known.

    >>> parse_class("Benign"), parse_class("1.0")
    ('legit', 'dga')
    """
    if kind := _CLASS_OF.get(re.sub(r"(?<=[a-z])[_-]|\.0+$", "", word.strip().casefold())):
        return kind
    known = " and ".join(f"{kind} ({words})" for kind, words in _WORDS.items())
    raise CorpusError(f"class {word[:_SHOWN]!r}; known are {known}")
