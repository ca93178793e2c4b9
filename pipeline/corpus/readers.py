"""The sources that a corpus can be mixed from, and the rows of each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import repeat
from pathlib import Path

from tqdm import tqdm

from malicious_domains.dga import sampling, synthetic
from malicious_domains.dga.generators import FAMILIES
from malicious_domains.dga.legitimate_hosts import read_labels
from malicious_domains.inputs.console import print_status

from . import own_data, sources
from .mapping import ReadOptions
from .schema import CLASSES, CorpusError, LabelledName

KNOWN = {  # and the classes that each can hold
    "original": CLASSES,
    "hsts": ("legit",),
    "universities": ("legit",),
    "generators": ("dga",),
    "shapes": ("dga",),
}


@dataclass(frozen=True)
class RowReader:
    """A source of rows: one of KNOWN or the path of a file; kind is a class, "" for both."""

    name: str
    kind: str = ""
    options: ReadOptions = field(default_factory=ReadOptions)  # of a file

    @classmethod
    def parse(cls, text: str, options: ReadOptions | None = None) -> RowReader:
        """Read NAME, NAME:legit or NAME:dga; raises CorpusError if there is no such source."""
        name, _, kind = text.rpartition(":")
        name, kind = (name, kind) if name and kind in CLASSES else (text, "")
        reader = cls(name, kind, options or ReadOptions())
        if reader.name not in KNOWN and not Path(reader.name).is_file():
            raise CorpusError(
                f"no source {text!r}; known are {', '.join(KNOWN)} and files that are there, "
                f"each alone or followed by {' or '.join(f':{c}' for c in CLASSES)}"
            )
        if reader.kind and reader.kind not in KNOWN.get(reader.name, CLASSES):
            raise CorpusError(f"source {text!r}: {reader.name} has no rows of that class")
        return reader

    def rows(self, names: int, seed: int) -> Iterator[LabelledName]:
        """Its rows, always in the same order; so many names of a family, drawn by seed."""
        for row in self._all(names, seed):
            if self.kind in ("", row.kind):
                yield row

    def _all(self, names: int, seed: int) -> Iterator[LabelledName]:
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
        return _own(Path(self.name), self)


def _original() -> Iterator[LabelledName]:
    path = sources.original_or_none("it is left out of the mix")
    rows = own_data.Reading(path) if path else ()
    for row in rows:
        kind = "original" if row.kind == "legit" else row.subclass
        yield row._replace(subclass=kind, group=row.domain)


def _own(path: Path, reader: RowReader) -> Iterator[LabelledName]:
    """The rows of a file, and an empty one for each that is left out; how it is read is said."""
    reading = own_data.Reading(path, reader.options, reader.kind)
    for row in reading:
        yield row if row.group else row._replace(group=row.domain)
    print_status(f"{path}: {reading.taken}")
    left_out = reading.taken.left_out
    if left_out.rows:
        print_status(f"{path}: {left_out}")
    yield from repeat(LabelledName("", "", reader.kind, "", ""), left_out.rows)


def _listed(source: sources.Dataset) -> Iterator[LabelledName]:
    """The hosts of a committed list, all legitimate."""
    for host, label in read_labels(sources.fetch(source)):
        yield LabelledName(host, label, "legit", source.name, label)


def _generated(names: int, seed: int) -> Iterator[LabelledName]:
    for family in tqdm(FAMILIES.values(), desc="generators", unit="family"):
        for key, hosts in sampling.sample_groups(family, names, seed):
            yield from _group(family.name, key, hosts)


def _shaped(names: int, seed: int) -> Iterator[LabelledName]:
    for shape in synthetic.SYNTHETIC_FAMILIES:
        for key, hosts in synthetic.sample_labels(shape, names, seed):
            yield from _group(shape, key, hosts)


def _group(subclass: str, key: str, hosts: list[str]) -> Iterator[LabelledName]:
    for host in hosts:
        yield LabelledName(
            host, host.partition(".")[0], "dga", subclass, f"{subclass} {key}".rstrip()
        )
