"""Read the rows of each source that a corpus can be mixed from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import repeat
from pathlib import Path

from tqdm import tqdm

from malicious_domains.dga import sampling
from malicious_domains.dga.generators import FAMILIES
from malicious_domains.dga.legitimate_hosts import read_labels
from malicious_domains.inputs.console import print_status
from malicious_domains.names.encoding import remove_hyphens

from . import own_data, sources
from .mapping import ReadOptions
from .schema import CLASSES, CorpusError, LabelledName

EDITS = "edits"  # edited forms of the generated rows before it, which the mixture makes
KNOWN = {  # sources, and the classes of each
    "original": CLASSES,
    "hsts": ("legit",),
    "universities": ("legit",),
    "generators": ("dga",),
    "shapes": ("dga",),
    EDITS: ("dga",),
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
        if name not in KNOWN and not Path(name).is_file():
            raise CorpusError(
                f"no source {text!r}; known are {', '.join(KNOWN)} and files that are there, "
                f"each alone or followed by {' or '.join(f':{c}' for c in CLASSES)}"
            )
        if kind and kind not in KNOWN.get(name, CLASSES):
            raise CorpusError(f"source {text!r}: {name} has no rows of that class")
        return cls(name, kind, options or ReadOptions())

    def rows(self, names: int, seed: int) -> Iterator[LabelledName]:
        """Yield the rows, always in the same order; `names` of each family, drawn by seed."""
        return (x for x in self._read_all(names, seed) if self.kind in ("", x.kind))

    def _read_all(self, names: int, seed: int) -> Iterator[LabelledName]:
        match self.name:
            case "original":
                return _read_demo()
            case "hsts":
                return _read_list(sources.HSTS)
            case "universities":
                return _read_list(sources.UNIVERSITIES)
            case "generators":
                return _generate_names(names, seed)
            case "shapes":
                return _generate_synthetic(names // 2, seed)
        return _read_file(Path(self.name), self)


def _read_demo() -> Iterator[LabelledName]:
    path = sources.fetch_demo_data("it is left out of the corpus")
    for row in own_data.Reading(path) if path else ():
        kind = "original" if row.kind == "legit" else row.subclass
        yield row._replace(subclass=kind, group=remove_hyphens(row.domain))


def _read_file(path: Path, reader: RowReader) -> Iterator[LabelledName]:
    """Yield the rows of a file, and an empty one for each left out; print how it is read."""
    reading = own_data.Reading(path, reader.options, reader.kind)
    for row in reading:
        yield row if row.group else row._replace(group=remove_hyphens(row.domain))
    report = reading.report
    for line in filter(None, (str(report), report.describe_left_out())):
        print_status(f"{path}: {line}")
    yield from repeat(LabelledName("", "", reader.kind, "", ""), report.left_out.total())


def _read_list(source: sources.Dataset) -> Iterator[LabelledName]:
    """Yield the hosts of a committed list, all of them legitimate."""
    for host, label in read_labels(sources.fetch_source(source)):
        yield LabelledName(host, label, "legit", source.name, remove_hyphens(label))


def _generate_names(names: int, seed: int) -> Iterator[LabelledName]:
    for family in tqdm(FAMILIES.values(), desc="generators", unit="family"):
        for key, hosts in sampling.sample_groups(family, names, seed):
            yield from _make_rows(family.name, key, hosts)


def _generate_synthetic(names: int, seed: int) -> Iterator[LabelledName]:
    for shape in sampling.SYNTHETIC_FAMILIES:
        for key, hosts in sampling.sample_labels(shape, names, seed):
            yield from _make_rows(shape, key, hosts)


def _make_rows(subclass: str, key: str, hosts: list[str]) -> Iterator[LabelledName]:
    group = f"{subclass} {key}".rstrip()
    for host in hosts:
        yield LabelledName(host, host.partition(".")[0], "dga", subclass, group)
