"""Open the corpus to train on: a user's own file, or the default of each model."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path

from malicious_domains.dga.generators import FAMILIES
from malicious_domains.dga.legitimate_hosts import read_hosts
from malicious_domains.inputs.console import print_status
from malicious_domains.inputs.signals import temporary_folder

from . import mixture, sources
from .columns import COLUMNS, CorpusError, ReadOptions
from .labelled import Corpus, read_corpus


@contextmanager
def open_corpus(
    features: str, data: Path | None, options: ReadOptions | None = None
) -> Iterator[Corpus]:
    """Read the file at `data`, or else what a model of these features is trained on by default.

    How a user's file is read goes to stderr. Raises CorpusError, InputError or SourceError.
    """
    if data:
        corpus = read_corpus(data, options=options)
        if report := corpus.reading:
            print_status(f"taken    {report}")
            if left_out := report.describe_left_out():
                print_status(left_out)
        yield corpus
        return
    if options and options.columns:
        raise CorpusError("--map applies to a file: give it as --data")
    with temporary_folder("corpus-") as folder:
        path = folder / "corpus.csv"
        if features != "classic":
            print_status(f"mixed    {mixture.assemble(path)}")
            yield read_corpus(path, "mix")
        elif demo := sources.fetch_demo_data("the embedded corpus is used instead"):
            yield read_corpus(demo, "original")
        else:
            write_embedded(path)
            yield read_corpus(path, "embedded")


def write_embedded(path: Path) -> None:
    """Write the corpus that needs no download: HSTS names, and those of three generators.

    Each label occurs once; one that is both legitimate and generated is left out.
    """
    hosts = read_hosts(sources.HSTS.path)
    legit = {host.partition(".")[0]: (host, "legit", "legit") for host in hosts}
    generated = {host.partition(".")[0]: (host, "dga", x) for host, x in _generate_names()}
    both = legit.keys() & generated.keys()
    with path.open("w", newline="", encoding="ascii") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        for rows in (legit, generated):
            for label, (host, kind, family) in rows.items():
                if label not in both:
                    writer.writerow((host, label, kind, family))


def _generate_names() -> Iterator[tuple[str, str]]:
    """Yield names and families from which the H2O demo's malicious rows were taken.

    They have all but one of its 52,665: cryptolocker and goz under .ru, newgoz of 29 August 2014.
    """
    days = [date(2014, 5, 1) + timedelta(days=number) for number in range(245)]
    weeks = [date(2014, month, day) for month in range(4, 13) for day in (1, 7, 14, 21, 28)]
    for family, dates in (("cryptolocker", days), ("goz", weeks)):
        generate = FAMILIES[family].variants[0].generate
        hosts = (host for day in dates for host in generate(day, ""))
        yield from ((host, family) for host in hosts if host.endswith(".ru"))
    for variant in FAMILIES["newgoz"].variants[:2]:  # with a salt each
        for host in variant.generate(date(2014, 8, 29), variant.seeds[0]):
            yield host, "newgoz"
