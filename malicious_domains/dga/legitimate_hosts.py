"""The packaged lists of legitimate hosts, what is in them, and a model of such names.

The model, a character trigram model, gives each name of an index of generated names a probability:
that a legitimate name whose first label has that length is this one. Their sum over an index's
names of one length is the probability that a legitimate name of that length is in it by chance.
"""

from __future__ import annotations

import lzma
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

import numpy as np

from ..inputs.paths import DATA
from ..names.allow import AllowList
from ..names.array_types import Bools, Floats, Hashes, Ints
from ..names.encoding import SIZE, encode_labels
from ..names.errors import InvalidDomain
from ..names.hashes import hash_names
from ..names.parse import parse
from ..names.public_suffix import packaged_zones

LISTS = (DATA / "legit-hsts.txt.xz", DATA / "legit-universities.txt.xz")

_OWN_SITES = {"cloudns.net"}  # zones that are sites of their owners as well


def read_hosts(path: Path) -> Iterator[str]:
    """Yield the hosts of a list, in its order."""
    yield from lzma.decompress(path.read_bytes()).decode("ascii").split()


def read_labels(path: Path) -> Iterator[tuple[str, str]]:
    """Yield each host of a list with its label, "" for a zone in which others choose names."""
    zones = packaged_zones().rules.keys() - _OWN_SITES
    for host in read_hosts(path):
        try:
            label = "" if host in zones else parse(host).label
        except InvalidDomain:
            label = ""
        yield host, label


def mark_legitimate(hosts: Sequence[str], hashes: Hashes, allow: AllowList | None) -> Bools:
    """Return which hosts (n,), with their hashes, are in the lists or on an allow list."""
    legitimate: Bools = np.isin(hashes, _hash_lists())
    for i, host in enumerate(hosts) if allow else ():
        try:
            registrable = parse(host).registrable
        except InvalidDomain:
            registrable = host
        legitimate[i] |= bool(allow and allow.match(host, registrable))
    return legitimate


@cache
def _hash_lists() -> Hashes:
    """Return the hashes of the lists' hosts, and of what was registered for each."""
    names = set()
    for path in LISTS:
        for host, label in read_labels(path):
            names.add(host)
            _, separator, rest = f".{host}".rpartition(f".{label}.")
            if separator and label:
                names.add(f"{label}.{rest}")
    return hash_names(names)


# --- the probability of a name by chance ---

_PRIOR = 5.0  # observations that the shorter context counts for
_RANDOM_SHARE = 0.1  # of legitimate names that are random letters, as abbreviations are
_START = SIZE  # stands before a label
_WIDTH = SIZE + 1


class LegitimateModel:
    """The probability of labels, by the two characters before each, and of suffixes."""

    def __init__(self, labels: Sequence[str], suffixes: Sequence[str]) -> None:
        """Learn from labels and the suffix after each of them."""
        self._log = np.log(_conditional(*_triples(labels)[0]))
        names, counts = np.unique(np.array(suffixes), return_counts=True)
        total = len(suffixes) + len(names) + 1
        self._unseen = 1 / total
        self._suffixes = dict(zip(names.tolist(), ((counts + 1) / total).tolist(), strict=True))

    def probability(self, hosts: Sequence[str]) -> Floats:
        """Return, (n,), the probability that a legitimate name of the host's length is the host."""
        parts = [host.partition(".") for host in hosts]
        (before, last, codes), owner = _triples([label for label, _, _ in parts])
        logs = np.bincount(owner, self._log[before, last, codes], minlength=len(hosts))
        suffix = [self._suffixes.get(x, self._unseen) for _, _, x in parts]
        lengths = np.fromiter((len(label) for label, _, _ in parts), np.int64, len(parts))
        label = (1 - _RANDOM_SHARE) * np.exp(logs) + _RANDOM_SHARE * 26.0**-lengths
        probability: Floats = label * np.array(suffix)
        return probability


@cache
def packaged_model() -> LegitimateModel:
    """Return the model of the packaged lists."""
    labels, suffixes = [], []
    for path in LISTS:
        for host, registered in read_labels(path):
            label, _, suffix = host.partition(".")
            if label == registered and suffix:
                labels.append(label)
                suffixes.append(suffix)
    return LegitimateModel(labels, suffixes)


def _triples(labels: Sequence[str]) -> tuple[tuple[Ints, Ints, Ints], Ints]:
    """Return the two codes before each character and its own, (characters,), and its label."""
    codes, _, lengths = encode_labels(labels)
    owner = np.repeat(np.arange(len(labels)), lengths + 1)  # each has a terminator
    code = np.concatenate([[_START, _START], codes[: len(owner)]]).astype(np.int64)
    first = np.diff(owner, prepend=-1) > 0
    second = np.concatenate([[False], first])[: len(owner)]
    last = np.where(first, _START, code[1:-1])
    earlier = np.where(first | second, _START, code[:-2])
    kept = np.diff(owner, append=len(labels)) == 0
    return (earlier[kept], last[kept], code[2:][kept]), owner[kept]


def _conditional(earlier: Ints, last: Ints, codes: Ints) -> Floats:
    """Return P(character | two before it), (_WIDTH, _WIDTH, SIZE), backed by shorter contexts."""
    shape = (_WIDTH, _WIDTH, SIZE)
    counts = np.zeros(shape)
    np.add.at(counts, (earlier, last, codes), 1.0)
    zero = (counts.sum((0, 1)) + 1.0) / (counts.sum() + SIZE)
    pairs = counts.sum(0)
    one = (pairs + _PRIOR * zero) / (pairs.sum(1, keepdims=True) + _PRIOR)
    two: Floats = (counts + _PRIOR * one) / (counts.sum(2, keepdims=True) + _PRIOR)
    return two
