"""How likely a legitimate name is one that a generator makes, by chance.

A model of legitimate names, learned from the lists that come with the program, gives each name of
an index a probability: that a legitimate name whose first label has that length is this one.
Their sum over an index's names of one length is the probability that a legitimate name of that
length is in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np

from ..features.array_types import Floats, Ints
from ..features.encoding import SIZE, encode_labels
from ..names.parse import MAX_LABEL
from .legitimate_hosts import LISTS, read_labels

_BACKING = 5.0  # observations that the shorter context counts for
_RANDOM = 0.1  # share of legitimate names that are letters at random, as abbreviations are
_START = SIZE  # stands before a label
_WIDTH = SIZE + 1


class LegitimateNames:
    """Labels by the two characters before each, and suffixes by how often they are."""

    def __init__(self, labels: Sequence[str], suffixes: Sequence[str]) -> None:
        """Learn from labels, and the suffix after each of them."""
        self._log = np.log(_conditional(*_triples(labels)[0]))
        names, counts = np.unique(np.array(suffixes), return_counts=True)
        total = len(suffixes) + len(names) + 1
        self._unseen = 1 / total
        self._suffixes = dict(zip(names.tolist(), ((counts + 1) / total).tolist(), strict=True))

    def probability(self, hosts: Sequence[str]) -> Floats:
        """Of each host (n,), that a legitimate name with a first label so long is this one."""
        parts = [host.partition(".") for host in hosts]
        (before, last, codes), owner = _triples([label for label, _, _ in parts])
        logs = np.bincount(owner, self._log[before, last, codes], minlength=len(hosts))
        suffix = [self._suffixes.get(x, self._unseen) for _, _, x in parts]
        lengths = np.fromiter((len(label) for label, _, _ in parts), np.int64, len(parts))
        label = (1 - _RANDOM) * np.exp(logs) + _RANDOM * 26.0**-lengths
        found: Floats = label * np.array(suffix)
        return found


@cache
def committed() -> LegitimateNames:
    """The model of the lists that come with the program."""
    labels, suffixes = [], []
    for path in LISTS:
        for host, registered in read_labels(path):
            label, _, suffix = host.partition(".")
            if label == registered and suffix:
                labels.append(label)
                suffixes.append(suffix)
    return LegitimateNames(labels, suffixes)


def by_length(lengths: Ints, probability: Floats) -> list[float]:
    """The sums of the probabilities (n,) of an index's names, by the length of the first label."""
    sums = np.bincount(lengths, probability, minlength=MAX_LABEL + 1)
    return [float(x) for x in np.minimum(sums, 1.0)]


def _triples(labels: Sequence[str]) -> tuple[tuple[Ints, Ints, Ints], Ints]:
    """Each character's code after the two before it, (characters,), and whose it is."""
    codes, _, lengths = encode_labels(labels)
    owner = np.repeat(np.arange(len(labels)), lengths + 1)  # encode() puts a mark after each
    code = np.concatenate([[_START, _START], codes[: len(owner)]]).astype(np.int64)
    first = np.diff(owner, prepend=-1) > 0
    second = np.concatenate([[False], first])[: len(owner)]
    last = np.where(first, _START, code[1:-1])
    earlier = np.where(first | second, _START, code[:-2])
    kept = np.diff(owner, append=len(labels)) == 0
    return (earlier[kept], last[kept], code[2:][kept]), owner[kept]


def _conditional(earlier: Ints, last: Ints, codes: Ints) -> Floats:
    """P(character | two before it), (_WIDTH, _WIDTH, SIZE): each context backs on a shorter one."""
    shape = (_WIDTH, _WIDTH, SIZE)
    counts = np.zeros(shape)
    np.add.at(counts, (earlier, last, codes), 1.0)
    zero = (counts.sum((0, 1)) + 1.0) / (counts.sum() + SIZE)
    pairs = counts.sum(0)
    one = (pairs + _BACKING * zero) / (pairs.sum(1, keepdims=True) + _BACKING)
    two: Floats = (counts + _BACKING * one) / (counts.sum(2, keepdims=True) + _BACKING)
    return two
