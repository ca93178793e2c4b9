"""The packaged lists of legitimate hosts, and a filter of legitimate names for feeds."""

from __future__ import annotations

import lzma
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ..inputs.paths import DATA
from ..names.allow import AllowList
from ..names.array_types import Bools
from ..names.errors import InvalidDomain
from ..names.hashes import Hashes, hash_names
from ..names.parse import parse
from ..names.public_suffix import packaged_zones

LISTS = (DATA / "legit-hsts.txt.xz", DATA / "legit-universities.txt.xz")

_OWN_SITES = {"cloudns.net"}  # zones that are sites of their owners as well
_ANY_LABEL = "no-such-label-0"  # stands for any label below a parent


class LegitimateHost(NamedTuple):
    """A host of a list, and its label that is scored; "" where there is none."""

    host: str
    label: str


def read_hosts(path: Path) -> Iterator[str]:
    """Yield the hosts of a list, in its order."""
    yield from lzma.decompress(path.read_bytes()).decode("ascii").split()


def read_labels(path: Path) -> Iterator[LegitimateHost]:
    """Yield each host of a list with its label; a zone in which others choose names has none."""
    zones = packaged_zones().rules.keys() - _OWN_SITES
    for host in read_hosts(path):
        try:
            label = "" if host in zones else parse(host).label
        except InvalidDomain:
            label = ""
        yield LegitimateHost(host, label)


class LegitimateFilter:
    """Finds the names of the packaged lists, and those that an allow list has."""

    def __init__(self, allow: AllowList | None) -> None:
        """Take an allow list; None for the packaged lists alone."""
        self._allow = allow
        lists = [hash_names([*_list_names()])] + ([allow.hashes] if allow else [])
        self._hashes = np.unique(np.concatenate(lists))
        self._allows_below = cache(self._match_below)

    def mark(self, hosts: Sequence[str], hashes: Hashes) -> Bools:
        """Return which hosts (n,), with their hashes, are legitimate."""
        legitimate: Bools = np.isin(hashes, self._hashes)
        if self._allow:
            legitimate |= np.isin(hash_names(f".{host}" for host in hosts), self._hashes)
            parents = [host.partition(".")[2] for host in hosts]
            legitimate |= np.fromiter(map(self._allows_below, parents), np.bool_, len(hosts))
        return legitimate

    def _match_below(self, parent: str) -> bool:
        """Tell whether any label before a parent is allowed, as by the entry .duckdns.org."""
        assert self._allow
        host = f"{_ANY_LABEL}.{parent}"
        try:
            return bool(self._allow.match(host, parse(host).registrable))
        except InvalidDomain:
            return False


def _list_names() -> Iterator[str]:
    """Yield each host of the lists, and what was registered for it."""
    for path in LISTS:
        for host, label in read_labels(path):
            yield host
            _, separator, rest = f".{host}".rpartition(f".{label}.")
            if separator and label:
                yield f"{label}.{rest}"
