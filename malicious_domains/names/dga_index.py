"""The index of generated names: the family, the date and the seed of each.

An index is an .npz file of four arrays: `about`, a description in JSON (uint8), `prefilter`
(uint8), the `hashes` of full names (uint64, ascending) and a record for each, read without pickle
and verified. An older file, .npy, has the same arrays one after the other. In an index of n names,
another name matches with a probability of n / 2**64, under 1e-12 for ten million.

The prefilter is a Bloom filter of one hash, a CRC-32's upper bits; at most 1 name in 16 passes.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from tokenize import TokenError
from typing import Any, NamedTuple
from zipfile import BadZipFile

import numpy as np

from .array_types import Bytes, Crcs, Hashes, NDArray, Records
from .errors import DgaIndexError
from .hashes import hash_names

__all__ = ["ALWAYS", "CHANCE", "RECORD", "DgaIndex", "DgaIndexError", "DgaMatch"]
__all__ += ["build_prefilter", "checksum_names"]

FORMAT, VERSION = "malicious-domains known names", 1
CHANCE = 1e-9  # below this probability of a chance match, a match is certain
ALWAYS = 0xFFFF  # in place of a date: the name has none
# series: place in the description's list; date: the first day of the name's period, and last: the
# last on which it is asked for, in days since 1970; position: from 0 in the generator's order.
RECORD = np.dtype([("series", "<u2"), ("date", "<u2"), ("last", "<u2"), ("position", "<u2")])
_EPOCH = date(1970, 1, 1)
# What NumPy, JSON and this module raise for a file that is not an index.
_DAMAGED: tuple[type[Exception], ...] = (
    *(OSError, ValueError, EOFError, KeyError, TypeError, AttributeError),
    *(TokenError, SyntaxError, MemoryError, BadZipFile, RuntimeError),
)
_MEMBERS = ("about", "prefilter", "hashes", "records")
_BITS_PER_NAME = 16  # of the prefilter, at least


class DgaMatch(NamedTuple):
    """A generator of a name."""

    family: str
    variant: str  # "" where the family has one
    seed: str  # "" where it takes none
    date: str | None  # the first day of the name's period, YYYY-MM-DD; None if it has none
    first: str | None  # the first and the last day on which the malware asks for it
    last: str | None
    position: int  # from 0 in the generator's order
    chance: bool  # whether a legitimate name may be the same by chance
    chance_probability: float  # that a legitimate name of that length is in the index

    def __str__(self) -> str:
        """Return a text for people: "conficker of 2026-11-24, position 17 (chance)"."""
        name = f"{self.family} {self.variant}".rstrip()
        dated = f" of {self.date}" if self.date else ""
        seed = f", seed {self.seed}" if self.seed else ""
        return f"{name}{dated}{seed}, position {self.position}" + " (chance)" * self.chance


class DgaIndex:
    """An index; read-only, safe to share by threads.

    >>> from malicious_domains.dga import build_index, seeded_generators
    >>> day = date(2026, 11, 24)
    >>> span = seeded_generators.DayRange.of(day, day)
    >>> index = build_index.build_index(seeded_generators.select_generators(["banjori"]), span, 1)
    >>> matches = index.match(["google.com", "kwtoestnessbiophysicalohax.com"])
    >>> print(*matches[1], index.is_certain(matches[1]), index.out_of_date(day) == "")
    banjori, seed earnestnessbiophysicalohax.com, position 1 True True
    """

    def __init__(
        self, about: Mapping[str, Any], prefilter: Bytes, hashes: Hashes, records: Records
    ) -> None:
        """Take a description, build_prefilter() of the names, ascending hashes (n,), RECORDs (n,).

        Raises ValueError for what does not fit together.
        """
        if prefilter.dtype != np.uint8 or prefilter.ndim != 1 or len(prefilter).bit_count() != 1:
            message = f"a prefilter of {prefilter.dtype} {prefilter.shape}, not uint8 (2**n,)"
            raise ValueError(message)
        if hashes.dtype != np.uint64 or hashes.ndim != 1:
            raise ValueError(f"hashes are {hashes.dtype} {hashes.shape}, not uint64 (n,)")
        if records.dtype != RECORD or records.shape != hashes.shape:
            raise ValueError(f"records are {records.dtype} {records.shape}, not one a hash")
        if not (hashes[1:] >= hashes[:-1]).all():
            raise ValueError("the hashes do not ascend")
        self.series: list[dict[str, Any]] = list(about["series"])
        if len(records) and int(records["series"].max()) >= len(self.series):
            raise ValueError("a record is of a series that is not described")
        self.chance = [float(p) for p in about["chance"]]  # by the first label's length
        self.first, self.last = date.fromisoformat(about["from"]), date.fromisoformat(about["to"])
        self.about, self.prefilter, self.hashes, self.records = about, prefilter, hashes, records
        self._shift = 32 - (8 * len(prefilter)).bit_length() + 1

    @classmethod
    def load(cls, path: Path) -> DgaIndex:
        """Read an index and verify it; raises DgaIndexError."""
        try:
            about, *arrays = _read_arrays(path)
            described = json.loads(about.astype(np.uint8).tobytes())
            if (described.get("format"), described.get("version")) != (FORMAT, VERSION):
                raise ValueError(f"not {FORMAT!r} of version {VERSION}")
            if described["sha256"] != _checksum(*arrays):
                raise ValueError("SHA-256 mismatch: the file is damaged")
            return cls(described, *arrays)
        except _DAMAGED as error:
            raise DgaIndexError(f"{path}: no index of known names: {error}") from error

    def save(self, path: Path) -> None:
        """Write the index: its description, and 18 to 20 bytes for each name."""
        arrays = (self.prefilter, self.hashes, self.records)
        about = dict(self.about, format=FORMAT, version=VERSION, sha256=_checksum(*arrays))
        text = np.frombuffer(json.dumps(about).encode(), np.uint8)
        with path.open("wb") as file:  # as np.savez would add an ending to a path
            np.savez(
                file, about=text, prefilter=self.prefilter, hashes=self.hashes, records=self.records
            )

    def out_of_date(self, day: date) -> str:
        """Return a note if the index was not built for a day, else ""."""
        if self.first <= day <= self.last:
            return ""
        return f"out of date: it knows the names of {self.first} to {self.last}, not of {day}"

    def match(self, hosts: Sequence[str]) -> dict[int, tuple[DgaMatch, ...]]:
        """Return the generators of hosts, in lower case without a final dot, by their index."""
        bit = checksum_names(hosts) >> self._shift
        likely = np.flatnonzero(self.prefilter[bit >> 3] >> (bit & 7) & 1).tolist()
        hashes = hash_names(hosts[i] for i in likely)
        at = self.hashes.searchsorted(hashes)
        inside = at < len(self.hashes)
        hit = np.flatnonzero(inside)[self.hashes[at[inside]] == hashes[inside]]
        return {likely[i]: self._read_records(hosts[likely[i]], int(at[i])) for i in hit.tolist()}

    @staticmethod
    def is_certain(matches: Iterable[DgaMatch]) -> bool:
        """Return whether a name with these matches is malicious whatever a model says.

        Names of a known generator are, unless a legitimate name may be the same by chance.
        """
        return any(not match.chance for match in matches)

    def _read_records(self, host: str, at: int) -> tuple[DgaMatch, ...]:
        length = len(host.partition(".")[0])
        probability = self.chance[length] if length < len(self.chance) else 0.0
        chance, matches = probability >= CHANCE, []
        end = int(self.hashes.searchsorted(self.hashes[at], "right"))
        for number, day, last, position in self.records[at:end].tolist():
            series = self.series[number]
            generator = series["family"], series["variant"], series["seed"]
            days = (day, day - series["before"], last)
            dates = [str(_EPOCH + timedelta(days=max(x, 0))) for x in days]
            start, first, until = dates if day != ALWAYS else [None] * 3
            match = DgaMatch(*generator, start, first, until, position, chance, probability)
            matches.append(match)
        return tuple(matches)


def checksum_names(names: Iterable[str]) -> Crcs:
    """Return the CRC-32 of each name, uint32 (n,).

    >>> checksum_names(["a", "b"]).tolist()
    [3904355907, 1908338681]
    """
    return np.fromiter((zlib.crc32(x.encode("ascii", "replace")) for x in names), np.uint32)


def build_prefilter(crcs: Crcs) -> Bytes:
    """Return the prefilter of names with these CRC-32s (n,), uint8 (2**k,)."""
    size = max(8, 1 << (_BITS_PER_NAME * len(crcs) - 1).bit_length())
    bits = np.zeros(min(size, 1 << 32), np.bool_)
    bits[crcs >> 32 - len(bits).bit_length() + 1] = True
    return np.packbits(bits, bitorder="little")


def _read_arrays(path: Path) -> list[NDArray[Any]]:
    with path.open("rb") as file:
        first = np.load(file, allow_pickle=False)
        if isinstance(first, np.ndarray):  # of an earlier version
            return [first, *(np.load(file, allow_pickle=False) for _ in _MEMBERS[1:])]
        return [first[name] for name in _MEMBERS]


def _checksum(*arrays: NDArray[Any]) -> str:
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(array.tobytes())
    return digest.hexdigest()
