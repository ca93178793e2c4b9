"""Merge rows by key, and keep a sample of them by hash, the same in whatever order they come."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from typing import TypeVar

from .records import Row, SubRow

LEVELS = 32  # bits of a hash

AnyRow = TypeVar("AnyRow", Row, SubRow)


def merge_rows(rows: Mapping[str, AnyRow], more: Mapping[str, AnyRow]) -> dict[str, AnyRow]:
    """Merge the rows of one client and day.

    >>> merge_rows({"a": SubRow(0, 1, 5.0, 5.0)}, {"a": SubRow(2, 1, 9.0, 9.0)})
    {'a': SubRow(rcode=2, types=1, first=5.0, last=9.0)}
    """
    merged = dict(rows)
    for key, row in more.items():
        merged[key] = merged[key].merge(row) if key in merged else row
    return merged


def sample_rows(
    rows: Mapping[str, AnyRow], level: int, kept: Collection[str] = ()
) -> dict[str, AnyRow]:
    """Return the rows of one key in 2 ** level, and those of the keys that are kept anyway.

    >>> [*sample_rows(dict.fromkeys("abcdefgh", SubRow(2, 1, 9.0, 9.0)), 1, kept="a")]
    ['a', 'c', 'h']
    """
    if not level:
        return dict(rows)
    end = (1 << LEVELS) >> level
    return {key: row for key, row in rows.items() if key in kept or _hash_key(key) < end}


def _hash_key(key: str) -> int:
    """Hash a key to a number below 2 ** 32, as `scan` does for its samples.

    >>> _hash_key("google")
    3357721014
    """
    text = key.encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.md5(text, usedforsecurity=False).digest()[:4], "big")
