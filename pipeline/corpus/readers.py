"""The sources that a corpus can be mixed from, and the rows of each."""

from __future__ import annotations

import lzma
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from tqdm import tqdm

from lambda_app.chalicelib.domains.parse import InvalidDomain, parse
from lambda_app.chalicelib.domains.public_suffix import packaged

from ..dga import FAMILIES, sampling, shapes
from . import sources
from .labelled import CLASSES, Corpus, CorpusError, read_rows

KNOWN = {  # and the classes that each can hold
    "original": CLASSES,
    "hsts": ("legit",),
    "universities": ("legit",),
    "generators": ("dga",),
    "shapes": ("dga",),
}

_OWN_SITES = {"cloudns.net"}  # zones that are sites of their owners, too


class Row(NamedTuple):
    """A labelled name, in the order of the columns of a mixed corpus."""

    host: str
    domain: str  # the label; "" or no label at all where there is none to judge
    kind: str  # the class
    subclass: str
    group: str  # what a split must not part


@dataclass(frozen=True)
class RowReader:
    """A source of rows: one of KNOWN or the path of a CSV; kind is a class, "" for both."""

    name: str
    kind: str = ""

    @classmethod
    def parse(cls, text: str) -> RowReader:
        """Read NAME, NAME:legit or NAME:dga; raises CorpusError if there is no such source."""
        name, _, kind = text.rpartition(":")
        reader = cls(name, kind) if name and kind in CLASSES else cls(text)
        if reader.name not in KNOWN and not Path(reader.name).is_file():
            raise CorpusError(
                f"no source {text!r}; known are {', '.join(KNOWN)} and CSV files that are there, "
                f"each alone or followed by {' or '.join(f':{c}' for c in CLASSES)}"
            )
        if reader.kind and reader.kind not in KNOWN.get(reader.name, CLASSES):
            raise CorpusError(f"source {text!r}: {reader.name} has no rows of that class")
        return reader

    def rows(self, names: int, seed: int) -> Iterator[Row]:
        """Its rows, always in the same order; so many names of a family, drawn by seed."""
        for row in self._all(names, seed):
            if self.kind in ("", row.kind):
                yield row

    def _all(self, names: int, seed: int) -> Iterator[Row]:
        match self.name:
            case "original":
                return _original()
            case "hsts":
                return _listed(sources.HSTS)
            case "universities":
                return _listed(sources.UNIVERSITIES)
            case "generators":
                return _generated(names, seed)
            case "shapes":
                return _shaped(names * 3 // 8, seed)
        return _read(Path(self.name))


def _original() -> Iterator[Row]:
    path = sources.original_or_none("it is left out of the mix")
    for row in _read(path) if path else ():
        yield row._replace(subclass="original") if row.kind == "legit" else row


def _read(path: Path) -> Iterator[Row]:
    frame = read_rows(path)
    columns = [frame[name] for name in ("host", "domain", "class", "subclass")]
    groups = Corpus(path.name, path, frame).groups
    return map(Row, *columns, groups)


def _listed(source: sources.Dataset) -> Iterator[Row]:
    """The hosts of a committed list, all legitimate."""
    zones = packaged().rules.keys() - _OWN_SITES  # of bitbucket.io others have the names
    for host in lzma.decompress(sources.fetch(source).read_bytes()).decode("ascii").split():
        try:
            label = "" if host in zones else parse(host).label
        except InvalidDomain:
            label = ""
        yield Row(host, label, "legit", source.name, label)


def _generated(names: int, seed: int) -> Iterator[Row]:
    for family in tqdm(FAMILIES.values(), desc="generators", unit="family"):
        for key, hosts in sampling.batches(family, names, seed):
            yield from _group(family.name, key, hosts)


def _shaped(names: int, seed: int) -> Iterator[Row]:
    for shape in shapes.SHAPES:
        for key, hosts in shapes.batches(shape, names, seed):
            yield from _group(shape, key, hosts)


def _group(subclass: str, key: str, hosts: list[str]) -> Iterator[Row]:
    for host in hosts:
        yield Row(host, host.partition(".")[0], "dga", subclass, f"{subclass} {key}".rstrip())
