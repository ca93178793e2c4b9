"""Names that are known to be harmless, whatever a model says of them.

A list has names and suffixes, one a line, or Tranco's and Umbrella's CSVs as they come
(`rank,name`), plain or gzipped. `example.com` stands for that host and all under it; `.example.com`
or `*.example.com` for all under it even where strangers choose the labels (`.duckdns.org`).
Compiled, it is a sorted array of 64-bit hashes: a name that is in no list of 100,000 is taken for
one that is with a probability of 100,000 / 2**64 for each of its few suffixes, under 1e-12.
"""

from __future__ import annotations

import itertools
import re
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from operator import lt
from pathlib import Path
from typing import TYPE_CHECKING

from . import npy
from .errors import AllowListError
from .hashes import hash_name

if TYPE_CHECKING:
    from .npy import Numbers

__all__ = ["AllowList", "AllowListError", "hash_name", "read_entries"]

_ENTRY = re.compile(r"\.?[a-z0-9_-]+(?:\.[a-z0-9_-]+)*")
_GZIP = b"\x1f\x8b"
_LOOKED_AT = 1024  # places of a list, to see whether it ascends


class AllowList:
    """Known names; read-only, safe to share by threads."""

    def __init__(self, hashes: Numbers) -> None:
        """Take hashes as hash_of gives them, uint64 (n,), ascending and each once.

        Raises ValueError for another type or shape, and where they do not ascend; of a long
        list that is looked at in some thousand places, as a million would take too long.
        """
        self.hashes = npy.view_numbers(hashes, "hashes", npy.UINT64)
        some = self.hashes[:: max(len(self.hashes) // _LOOKED_AT, 1)].tolist()
        if not all(map(lt, some, some[1:])):
            raise ValueError("the hashes do not ascend")

    @classmethod
    def from_entries(cls, entries: Iterable[str | Path]) -> AllowList:
        """Build a list from entries, and from files of entries where one is a Path.

        Raises AllowListError for a text that is no entry and for a file that cannot be read,
        TypeError for a single str.

        >>> AllowList.from_entries(["example.com"]).match("www.example.com", "example.com")
        'example.com'
        """
        if isinstance(entries, str | bytes):
            raise TypeError(f"expected a list of names, not {entries!r}; write [{entries!r}]")
        hashes: set[int] = set()
        for entry in entries:
            if isinstance(entry, Path):
                hashes.update(cls.load(entry).hashes)
            elif parsed := _entry(entry):
                hashes.add(hash_name(parsed))
            else:
                raise AllowListError(
                    f"{entry[:80]!r} is not an entry of an allow list; write it as example.com, "
                    "or as .example.com for what lies beneath"
                )
        return cls(_sorted(hashes))

    @classmethod
    def load(cls, path: Path, top: int | None = None) -> AllowList:
        """Read a list, compiled (.npy) or as text, of that the first top; raises AllowListError."""
        try:
            if path.suffix != ".npy":
                return cls(_sorted(map(hash_name, read_entries(path, top))))
            if top is not None:
                raise ValueError("it is compiled, and has no first names any more")
            return cls(npy.read_numbers(path.read_bytes(), "hashes", npy.UINT64))
        except (OSError, ValueError, EOFError) as error:
            raise AllowListError(f"{path}: no allow list: {error}") from error

    @classmethod
    def load_all(cls, paths: Iterable[Path], top: int | None = None) -> AllowList | None:
        """The names of several lists together, None of no list; raises AllowListError."""
        lists = [cls.load(path, top).hashes for path in paths]
        if len(lists) > 1:
            return cls(_sorted(itertools.chain(*lists)))
        return cls(lists[0]) if lists else None

    def save(self, path: Path) -> None:
        """Write the compiled list, 8 bytes a name."""
        import numpy as np  # for those alone who compile one

        with path.open("wb") as file:  # of a path, np.save would change the ending
            np.save(file, self.hashes, allow_pickle=False)

    def match(self, host: str, registrable: str) -> str:
        """The entry that allows a host, "" if none does.

        registrable: the host's end that its registrant chose, label and suffix: a plain entry
        above it (com, or duckdns.org for x.duckdns.org) allows nothing.
        """
        return next(filter(self._has, _candidates(host, registrable)), "")

    def _has(self, entry: str) -> bool:
        wanted = hash_name(entry)
        at = bisect_left(self.hashes, wanted)
        return at < len(self.hashes) and self.hashes[at] == wanted


def _sorted(hashes: Iterable[int]) -> array[int]:
    return array(npy.UINT64, sorted(set(hashes)))


def _candidates(host: str, registrable: str) -> Iterator[str]:
    """Every entry that would allow a host, the nearest first."""
    parent = host
    while True:
        if len(parent) >= len(registrable):
            yield parent
        yield f".{parent}"
        _, dot, parent = parent.partition(".")
        if not dot:
            return


def read_entries(path: Path, top: int | None = None) -> Iterator[str]:
    """The entries of a list as text: its first `top` ones, all where that is None.

    Blank lines, comments and what is no name are passed over. Raises OSError, EOFError or
    UnicodeDecodeError.
    """
    import gzip  # the Lambda starts without it

    with path.open("rb") as file:
        packed = file.read(2) == _GZIP
    left = -1 if top is None else top
    with (
        gzip.open(path, "rt", encoding="utf-8") if packed else path.open(encoding="utf-8") as lines
    ):
        for line in lines:
            if left == 0:
                return
            if entry := _entry(line):
                left -= 1
                yield entry


def _entry(line: str) -> str:
    """The entry of a line, "" if there is none: of `rank,name` the name."""
    text = line.partition("#")[0].strip().strip('"').lower()
    rank, comma, name = text.partition(",")
    if comma:
        text = name.strip().strip('"') if rank.strip('"').isdigit() else rank
    text = text.removeprefix("*").removesuffix(".")
    if not text.isascii():
        from .labels import to_ascii  # lists of the web are ASCII

        try:
            text = ".".join(map(to_ascii, text.split(".")))
        except UnicodeError:
            return ""
    return text if _ENTRY.fullmatch(text) else ""
