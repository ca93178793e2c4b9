"""Read the rows of each source that a corpus can be mixed from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import repeat
from pathlib import Path

from tqdm import tqdm

from malicious_domains.dga import sampling
from malicious_domains.dga.generators import FAMILIES
from malicious_domains.dga.legitimate_hosts import read_labels
from malicious_domains.inputs.console import print_status
from malicious_domains.names.encoding import remove_hyphens

from . import own_data, sources
from .columns import CLASSES, CorpusError, LabelledName, ReadOptions

EDITS = "edits"  # edited forms of the generated rows before it, which the mixture makes
KNOWN = {"original": CLASSES} | {  # sources, and the classes of each
    **dict.fromkeys(("hsts", "universities"), ("legit",)),
    **dict.fromkeys(("generators", "shapes", EDITS), ("dga",)),
}


@dataclass(frozen=True)
class RowReader:
    """A source of rows: one of KNOWN or the path of a file; kind is a class, "" for both."""

    name: str
    kind: str = ""

    @classmethod
    def parse(cls, text: str) -> RowReader:
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
        return cls(name, kind)

    def rows(self, names: int, seed: int, options: ReadOptions) -> Iterator[LabelledName]:
        """Yield the rows, in one order; `names` of each family, by seed; options: of a file."""
        known: dict[str, Callable[[], Iterator[LabelledName]]] = {
            "original": _read_demo,
            "hsts": partial(_read_list, sources.HSTS),
            "universities": partial(_read_list, sources.UNIVERSITIES),
            "generators": partial(_generate_names, names, seed),
            "shapes": partial(_generate_synthetic, names // 2, seed),
        }
        read = known.get(self.name) or partial(_read_file, Path(self.name), options, self.kind)
        return (x for x in read() if self.kind in ("", x.kind))


def _read_demo() -> Iterator[LabelledName]:
    path = sources.fetch_demo_data("it is left out of the corpus")
    for row in own_data.Reading(path) if path else ():
        kind = "original" if row.kind == "legit" else row.subclass
        yield row._replace(subclass=kind, group=remove_hyphens(row.domain))


def _read_file(path: Path, options: ReadOptions, kind: str) -> Iterator[LabelledName]:
    """Yield the rows of a file, and an empty one for each left out; print how it is read."""
    reading = own_data.Reading(path, options, kind)
    for row in reading:
        yield row if row.group else row._replace(group=remove_hyphens(row.domain))
    report = reading.report
    for line in filter(None, (str(report), report.describe_left_out())):
        print_status(f"{path}: {line}")
    yield from repeat(LabelledName("", "", kind, "", ""), report.left_out.total())


def _read_list(source: sources.Dataset) -> Iterator[LabelledName]:
    """Yield the hosts of a committed list, all of them legitimate."""
    for host, label in read_labels(sources.fetch_source(source)):
        yield LabelledName(host, label, "legit", source.name, remove_hyphens(label))


def _generate_names(names: int, seed: int) -> Iterator[LabelledName]:
    for family in tqdm(FAMILIES.values(), desc="generators", unit="family"):
        yield from _make_rows(family.name, sampling.sample_groups(family, names, seed))


def _generate_synthetic(names: int, seed: int) -> Iterator[LabelledName]:
    for shape in sampling.SYNTHETIC_FAMILIES:
        yield from _make_rows(shape, sampling.sample_labels(shape, names, seed))


def _make_rows(subclass: str, groups: Iterable[tuple[str, list[str]]]) -> Iterator[LabelledName]:
    for key, hosts in groups:
        group = f"{subclass} {key}".rstrip()
        for host in hosts:
            yield LabelledName(host, host.partition(".")[0], "dga", subclass, group)
