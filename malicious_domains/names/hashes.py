"""64-bit hashes of names, by which lists of names are kept and searched."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .array_types import Hashes


def hash_name(name: str) -> int:
    """Return the 64-bit BLAKE2b (RFC 7693) of a name.

    >>> hash_name("example.com") == hash_names(["example.com"])[0]
    np.True_
    """
    digest = blake2b(name.encode("ascii", "replace"), digest_size=8).digest()
    return int.from_bytes(digest, "little")


def hash_names(names: Iterable[str]) -> Hashes:
    """Return hash_name() of each of many names, uint64 (n,)."""
    import numpy as np  # one name does not need it

    return np.fromiter(map(hash_name, names), np.uint64)
