"""Allow lists: names that are harmless, whatever a model says.

A list has one entry in a line, or is a CSV `rank,name` of Tranco or Umbrella, plain, gzipped or in
a ZIP. `example.com` stands for that host and all beneath it; `.example.com` or `*.example.com` for
all beneath it, even where customers choose the labels (`.duckdns.org`). A compiled list is a sorted
array of 64-bit hashes: with 100,000 entries, a false match has a probability under 1e-12.
"""

from __future__ import annotations

import itertools
import re
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from io import TextIOWrapper
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
_SAMPLE = 1024  # hashes of a list that are checked to ascend


class AllowList:
    """Allowed names; read-only, safe to share by threads."""

    def __init__(self, hashes: Numbers) -> None:
        """Take hashes by hash_name, uint64 (n,), ascending and each once; else raises ValueError.

        Of a long list that is looked at in some thousand places, as a million would take too long.
        """
        self.hashes = npy.view_numbers(hashes, "hashes", npy.UINT64)
        some = self.hashes[:: max(len(self.hashes) // _SAMPLE, 1)].tolist()
        if not all(map(lt, some, some[1:])):
            raise ValueError("the hashes do not ascend")

    @classmethod
    def from_entries(cls, entries: Iterable[str | Path]) -> AllowList:
        """Build a list from entries, and from files of entries where one is a Path.

        Raises AllowListError for what is no entry or cannot be read, TypeError for a single str.

        >>> AllowList.from_entries(["example.com"]).match("www.example.com", "example.com")
        'example.com'
        """
        if isinstance(entries, str | bytes):
            raise TypeError(f"expected a list of names, not {entries!r}; write [{entries!r}]")
        hashes: set[int] = set()
        for entry in entries:
            if isinstance(entry, Path):
                hashes.update(cls.load(entry).hashes)
            elif parsed := _parse_entry(entry):
                hashes.add(hash_name(parsed))
            else:
                raise AllowListError(
                    f"{entry[:80]!r} is not an entry of an allow list; write it as example.com, "
                    "or as .example.com for what lies beneath"
                )
        return cls(_sorted(hashes))

    @classmethod
    def load(cls, path: Path, top: int | None = None) -> AllowList:
        """Read a compiled list (.npy), or `top` entries of a text; raises AllowListError."""
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
        """Read several lists as one, None if there are none; raises AllowListError.

        >>> from tempfile import TemporaryDirectory
        >>> with TemporaryDirectory() as folder:
        ...     text, compiled = Path(folder, "allow.txt"), Path(folder, "allow.npy")
        ...     _ = text.write_text("example.com")
        ...     AllowList.from_entries([".example.org"]).save(compiled)
        ...     AllowList.load_all([text, compiled]).match("a.example.org", "example.org")
        '.example.org'
        """
        lists = [cls.load(path, top) for path in paths]
        if len(lists) > 1:
            return cls.merge(lists)
        return lists[0] if lists else None

    @classmethod
    def merge(cls, lists: Iterable[AllowList]) -> AllowList:
        """Return several lists as one."""
        return cls(_sorted(itertools.chain(*(x.hashes for x in lists))))

    def save(self, path: Path) -> None:
        """Write the compiled list, 8 bytes for each name."""
        import numpy as np  # only compiling needs it

        with path.open("wb") as file:  # np.save would change the ending of a path
            np.save(file, self.hashes, allow_pickle=False)

    def match(self, host: str, registrable: str) -> str:
        """Return the entry that allows a host, "" if none does.

        registrable: the host's label and suffix; a plain entry above it (com, or duckdns.org for
        x.duckdns.org) allows nothing.
        """
        return next(filter(self._has, _candidates(host, registrable)), "")

    def _has(self, entry: str) -> bool:
        hashed = hash_name(entry)
        at = bisect_left(self.hashes, hashed)
        return at < len(self.hashes) and self.hashes[at] == hashed


def _sorted(hashes: Iterable[int]) -> array[int]:
    return array(npy.UINT64, sorted(set(hashes)))


def _candidates(host: str, registrable: str) -> Iterator[str]:
    """Yield every entry that would allow a host, the nearest first."""
    parent = host
    while True:
        if len(parent) >= len(registrable):
            yield parent
        yield f".{parent}"
        _, dot, parent = parent.partition(".")
        if not dot:
            return


def read_entries(path: Path, top: int | None = None) -> Iterator[str]:
    """Yield the first `top` entries of a list as text; raises OSError, EOFError or ValueError."""
    from .file_kinds import decompress  # seldom needed

    remaining = -1 if top is None else top
    with path.open("rb") as file, TextIOWrapper(decompress(file), "utf-8-sig") as lines:
        for line in lines:
            if remaining == 0:
                return
            if entry := _parse_entry(line):
                remaining -= 1
                yield entry


def _parse_entry(line: str) -> str:
    """Return the entry in a line, "" if there is none; the name of `rank,name`."""
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
