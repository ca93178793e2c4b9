"""The lists of legitimate hosts that come with the program, and the label of each that is scored."""

from __future__ import annotations

import lzma
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from ..inputs.paths import DATA
from ..names.errors import InvalidDomain
from ..names.parse import parse
from ..names.public_suffix import packaged_zones

HSTS = DATA / "legit-hsts.txt.xz"
UNIVERSITIES = DATA / "legit-universities.txt.xz"
LISTS = (HSTS, UNIVERSITIES)

_OWN_SITES = {"cloudns.net"}  # zones that are sites of their owners, too


class LegitimateHost(NamedTuple):
    """A host of a list, and its label that is scored; "" where there is none."""

    host: str
    label: str


def read_hosts(path: Path) -> Iterator[str]:
    """Yield the hosts of a list, in its order."""
    yield from lzma.decompress(path.read_bytes()).decode("ascii").split()


def read_labels(path: Path) -> Iterator[LegitimateHost]:
    """Yield each host of a list with its label; a zone below which others choose names has none."""
    zones = packaged_zones().rules.keys() - _OWN_SITES  # of bitbucket.io others have the names
    for host in read_hosts(path):
        try:
            label = "" if host in zones else parse(host).label
        except InvalidDomain:
            label = ""
        yield LegitimateHost(host, label)
