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
from .public_suffix import ICANN, NO_TLD, OTHER_ROOTS, SPECIAL, Zones, packaged_zones

_DOT = ord(".")
_NUMBERS = ":"  # it follows the digits: what is less may be a number
_IS_PLAIN = np.isin(np.arange(256), [*b"abcdefghijklmnopqrstuvwxyz0123456789-."])
# By the distance from a text's end; arithmetic is modulo 2**64.
_POWERS = np.cumprod(np.full(256, 0x9E3779B97F4A7C15, np.uint64))

# The text's number, label, suffix, the longest label before these or "", and why parse() skips it
# or "".
Host = tuple[int, str, str, str, str]


def split_plain_hosts(texts: Sequence[str], zones: Zones | None = None) -> list[Host]:
    """Return the plain hosts among texts with their registrable labels; zones: None for packaged.

    Left out is what parse() must look at: a text that is no host in lower case and ASCII, or has no
    label before a suffix; a host that a zone has a say in, or that ends in a number; an IDN.

    >>> split_plain_hosts(["me.github.io", "www.example.co.uk", "a b", "pc.local"])
    [(1, 'example', 'co.uk', 'www', ''), (3, 'pc', 'local', '', 'special_use')]
    """
    if not texts:
        return []
    labels = _find_labels(texts)
    rules = _list_rules(zones or packaged_zones())
    first, places = labels.first, np.arange(len(labels.start))
    at = np.minimum(np.searchsorted(rules.hashes, labels.tail), len(rules.hashes) - 1)
    is_rule = rules.hashes[at] == labels.tail
    at[~is_rule] = -1
    # The longest rule of a host comes first in it, else its last label stands for one; other rules
    # must not have a say.
    last = np.append(first[1:], len(places)) - 1
    starts = np.where(is_rule, places, len(places))
    suffix = np.minimum(np.minimum.reduceat(starts, first), last)
    other = np.logical_or.reduceat(rules.is_other[at], first)
    row = np.flatnonzero(labels.is_plain & ~other & (suffix > first))
    own, longest = suffix[row] - 1, _find_longest(labels, suffix - 1)[row]
    stop = np.where(own > first[row], labels.stop[longest], 0)  # 0: the slice is empty
    begin = labels.start[first[row]]
    ends = labels.start[own], labels.stop[own], labels.start[longest], stop
    spans = (np.maximum(x - begin, 0).tolist() for x in ends)
    listed = [(rules.texts[i], rules.reasons[i]) for i in at[suffix[row]].tolist()]
    # Texts of one hash need not be the same.
    return [
        (i, text[start:stop], end, text[low:high], reason)
        for i, (rule, reason), start, stop, low, high in zip(
            row.tolist(), listed, *spans, strict=True
        )
        if (end := (text := texts[i])[stop + 1 :]) == rule or (not rule and end > _NUMBERS)
        if not text.startswith(IDNA, start)
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


class _Rules(NamedTuple):
    """Rules by their hashes, ascending, (rules,) each; the last row, without a hash, is of none."""

    hashes: Hashes
    texts: list[str]
    reasons: list[str]  # why names under each are skipped, or ""
    is_other: Bools  # whether parse() has to look at such names


@lru_cache(4)
def _list_rules(zones: Zones) -> _Rules:
    other = {x for x, kind in zones.rules.items() if kind != ICANN} | zones.lookups | {*OTHER_ROOTS}
    texts = [*{**zones.rules, **dict.fromkeys(other), **SPECIAL}]
    labels = _find_labels(texts)
    hashes = labels.tail[labels.first]
    order = np.argsort(hashes)
    in_order = [*(texts[i] for i in order.tolist()), ""]
    reasons = [*(SPECIAL.get(x, "") for x in in_order[:-1]), NO_TLD]
    return _Rules(hashes[order], in_order, reasons, np.array([x in other for x in in_order]))


def _find_longest(labels: _Labels, own: Ints) -> Ints:
    """Return the longest label before the registrable one, the first of equal ones, (texts,)."""
    places, count = np.arange(len(labels.start)), len(labels.start)
    ranks = (labels.stop - labels.start) * count + count - 1 - places
    before = np.where(places < own[labels.owner], ranks, 0)
    longest: Ints = count - 1 - np.maximum.reduceat(before, labels.first) % count
    return longest
