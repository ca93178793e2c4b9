"""Names that are left out of a feed: legitimate ones that generators make by chance."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache

import numpy as np

from ..features.array_types import Bools
from ..names.allow import AllowList
from ..names.hashes import Hashes, hash_names
from ..names.parse import InvalidDomain, parse
from .legitimate_hosts import LISTS, read_labels

_NOBODY = "no-such-label-0"  # stands for any label below a parent


class Legitimate:
    """The names of the lists that come with the program, and those that an allow list knows."""

    def __init__(self, allow: AllowList | None) -> None:
        """allow: None for the program's lists alone."""
        self._allow = allow
        hosts = [*_listed()]
        lists = [hash_names(hosts)] + ([allow.hashes] if allow else [])
        self._hashes = np.unique(np.concatenate(lists))
        self._below = cache(self._allowed_below)

    def among(self, hosts: Sequence[str], hashes: Hashes) -> Bools:
        """Which hosts (n,), with their hashes, are legitimate."""
        found: Bools = np.isin(hashes, self._hashes)
        if self._allow:
            found |= np.isin(hash_names(f".{host}" for host in hosts), self._hashes)
            parents = [host.partition(".")[2] for host in hosts]
            found |= np.fromiter(map(self._below, parents), np.bool_, len(hosts))
        return found

    def _allowed_below(self, parent: str) -> bool:
        """Whether any label before a parent is allowed, as by the entry .duckdns.org."""
        assert self._allow
        host = f"{_NOBODY}.{parent}"
        try:
            return bool(self._allow.match(host, parse(host).registrable))
        except InvalidDomain:
            return False


def _listed() -> Iterator[str]:
    """Each host of the committed lists, and what was registered for it."""
    for path in LISTS:
        for host, label in read_labels(path):
            yield host
            _, found, rest = f".{host}".rpartition(f".{label}.")
            if found and label:
                yield f"{label}.{rest}"
