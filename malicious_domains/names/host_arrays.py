"""The registrable labels of many plain hosts at once, in arrays.

It is a fast path: parse() stays the definition, says the same of these hosts, and gets all others.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from .array_types import Bools, Hashes, Ints
from .encoding import IDNA
from .errors import MAX_HOST, MAX_LABEL
from .public_suffix import ICANN, SPECIAL, Zones, packaged_zones

_DOT = ord(".")
_IS_PLAIN = np.isin(np.arange(256), [*b"abcdefghijklmnopqrstuvwxyz0123456789-."])
# By the distance from a text's end; arithmetic is modulo 2**64.
_POWERS = np.cumprod(np.full(256, 0x9E3779B97F4A7C15, np.uint64))

Host = tuple[int, str, str, str]  # the text's number, label, suffix, longest label before it or ""


def split_plain_hosts(texts: Sequence[str], zones: Zones | None = None) -> list[Host]:
    """Return the plain hosts among texts with their registrable labels; zones: None for packaged.

    Left out is what parse() must look at: a text that is no host in lower case and ASCII, or has no
    label before a public suffix; a host that a zone has a say in; an IDN.

    >>> split_plain_hosts(["me.github.io", "www.example.co.uk", "a b"])
    [(1, 'example', 'co.uk', 'www')]
    """
    if not texts:
        return []
    labels = _find_labels(texts)
    hashes, rules, is_suffix = _list_rules(zones or packaged_zones())
    first, places = labels.first, np.arange(len(labels.start))
    at = np.minimum(np.searchsorted(hashes, labels.tail), len(hashes) - 1)
    is_rule = hashes[at] == labels.tail
    # The longest rule of a host comes first in it; other rules must not have a say.
    suffix = np.minimum.reduceat(np.where(is_rule, places, len(places)), first)
    other = np.logical_or.reduceat(is_rule & ~is_suffix[at], first)
    row = np.flatnonzero(labels.is_plain & ~other & (suffix > first) & (suffix < len(places)))
    own, longest = suffix[row] - 1, _find_longest(labels, suffix - 1)[row]
    stop = np.where(own > first[row], labels.stop[longest], 0)  # 0: the slice is empty
    begin = labels.start[first[row]]
    ends = labels.start[own], labels.stop[own], labels.start[longest], stop
    spans = (np.maximum(x - begin, 0).tolist() for x in ends)
    listed = [rules[i] for i in at[suffix[row]].tolist()]
    # Texts of one hash need not be the same.
    return [
        (i, text[start:stop], rule, text[low:high])
        for i, rule, start, stop, low, high in zip(row.tolist(), listed, *spans, strict=True)
        if (text := texts[i])[stop + 1 :] == rule and not text.startswith(IDNA, start)
    ]


class _Labels(NamedTuple):
    """The labels of texts, one text after the other, (labels,) or (texts,) each."""

    start: Ints  # in the texts joined by dots
    stop: Ints
    tail: Hashes  # the hash of what a text has from a label on
    owner: Ints  # the text of each label
    first: Ints  # the first label of each text
    is_plain: Bools  # whether a text is a host in lower case and ASCII


def _find_labels(texts: Sequence[str]) -> _Labels:
    # latin-1 gives each code point one byte; those it lacks become "?".
    raw = np.frombuffer(".".join([*texts, ""]).encode("latin-1", "replace"), np.uint8)
    lengths = np.fromiter(map(len, texts), np.int64, len(texts))
    ends = np.cumsum(lengths + 1) - 1
    stop = np.flatnonzero(raw == _DOT)
    start = np.append(0, stop[:-1] + 1)
    first = np.searchsorted(stop, ends - lengths)
    counts = np.diff(np.append(first, len(stop)))
    owner = np.repeat(np.arange(len(texts)), counts)
    sizes = stop - start
    plain = np.logical_and.reduceat(_IS_PLAIN[raw], ends - lengths) & (lengths <= MAX_HOST)
    plain &= np.logical_and.reduceat((sizes > 0) & (sizes <= MAX_LABEL), first)
    distances = np.minimum(np.repeat(ends, lengths + 1) - np.arange(len(raw)), len(_POWERS) - 1)
    sums = np.append(np.uint64(0), np.cumsum(_POWERS[distances] * raw))
    tail = sums[ends[owner]] - sums[start]
    return _Labels(start, stop, tail, owner, first, plain)


@lru_cache(4)
def _list_rules(zones: Zones) -> tuple[Hashes, list[str], Bools]:
    """Return the hashes of rules, ascending, their texts, and whether names stand under each."""
    rules = dict(zones.rules) | dict.fromkeys(zones.lookups, -1) | dict.fromkeys(SPECIAL, -1)
    labels, kinds, texts = _find_labels([*rules]), np.array([*rules.values()]), [*rules]
    hashes = labels.tail[labels.first]
    order = np.argsort(hashes)
    in_order = [texts[i] for i in order.tolist()]
    return hashes[order], in_order, kinds[order] == ICANN


def _find_longest(labels: _Labels, own: Ints) -> Ints:
    """Return the longest label before the registrable one, the first of equal ones, (texts,)."""
    places, count = np.arange(len(labels.start)), len(labels.start)
    ranks = (labels.stop - labels.start) * count + count - 1 - places
    before = np.where(places < own[labels.owner], ranks, 0)
    longest: Ints = count - 1 - np.maximum.reduceat(before, labels.first) % count
    return longest
