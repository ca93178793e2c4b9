"""The corpus that needs no download: committed legitimate names, and what our generators make."""

from __future__ import annotations

import csv
import lzma
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

from malicious_domains.dga.generators import cryptolocker, goz, newgoz

from . import sources
from .schema import COLUMNS


def write(path: Path) -> None:
    """Write it: HSTS names and generated ones.

    A label stands once, and not at all where it is both legitimate and generated.
    """
    legit = {label: row for label, *row in _labelled(_hsts(), "legit")}
    generated = {label: row for label, *row in _labelled(_generated(), "dga")}
    both = legit.keys() & generated.keys()
    with path.open("w", newline="", encoding="ascii") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        for rows in (legit, generated):
            for label, (host, kind, family) in rows.items():
                if label not in both:
                    writer.writerow((host, label, kind, family))


def _labelled(hosts: Iterator[tuple[str, str]], kind: str) -> Iterator[tuple[str, str, str, str]]:
    for host, family in hosts:
        yield host.partition(".")[0], host, kind, family


def _hsts() -> Iterator[tuple[str, str]]:
    for host in lzma.decompress(sources.HSTS.path.read_bytes()).decode("ascii").split():
        yield host, "legit"


def _generated() -> Iterator[tuple[str, str]]:
    """The names from which the original's malicious rows were taken.

    All but one of its 52,665 are among these: cryptolocker and goz under .ru,
    newgoz of 29 August 2014.
    """
    for day in _days(date(2014, 5, 1), date(2014, 12, 31)):
        for index in range(cryptolocker.TLDS.index("ru"), cryptolocker.COUNT, 7):
            yield cryptolocker.domain(day, index), "cryptolocker"
    for month in range(4, 13):
        for day_of_month in (1, 7, 14, 21, 28):
            for index in range(0, goz.COUNT, 6):  # those under .ru
                yield goz.domain(date(2014, month, day_of_month), index), "goz"
    for salt, count in newgoz.SALTS.items():
        for index in range(count):
            yield newgoz.domain(date(2014, 8, 29), index, salt), "newgoz"


def _days(first: date, last: date) -> Iterator[date]:
    for number in range((last - first).days + 1):
        yield first + timedelta(days=number)
