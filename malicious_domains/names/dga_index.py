"""Names that known generators make: of which family, for which date and seed.

An index is an .npz file of four arrays: `about`, a description in JSON (uint8), `prefilter`
(uint8), the `hashes` of full names (uint64, ascending) and `records`, one for each. It is data,
read without pickle, and verified. A file of an earlier version, .npy, has the same arrays one after
the other. Of n names in it, a name that is none of them is taken for one with a probability of
n / 2**64, under 1e-12 for ten million.

The prefilter has a bit for each value of the upper bits of a name's CRC-32, set where a name in the
index has it (a Bloom filter of one hash). It is quick, and leaves one name in sixteen or fewer that
has to be hashed.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from tokenize import TokenError
from typing import TYPE_CHECKING, Any, NamedTuple
from zipfile import BadZipFile

import numpy as np

from .errors import DgaIndexError
from .hashes import hash_names

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .hashes import Hashes

    Records = NDArray[np.void]
    Sieve = NDArray[np.uint8]
    Marks = NDArray[np.uint32]
else:
    Records = Sieve = Marks = Any

__all__ = ["ALWAYS", "CHANCE", "RECORD", "DgaIndex", "DgaIndexError", "DgaMatch"]
__all__ += ["build_prefilter", "checksum_names"]

FORMAT, VERSION = "malicious-domains known names", 1
CHANCE = 1e-9  # a match is certain where a legitimate name's probability is below
ALWAYS = 0xFFFF  # instead of a date: the name has none
# series: which entry of the description's list; date: the first day of the name's period, and
# last: the last on which it is asked for, in days since 1970; position: from 0 in the generator's
# order.
RECORD = np.dtype([("series", "<u2"), ("date", "<u2"), ("last", "<u2"), ("position", "<u2")])
_EPOCH = date(1970, 1, 1)
# What a file that is no index makes NumPy, JSON and this module raise.
_DAMAGED: tuple[type[Exception], ...] = (
    *(OSError, ValueError, EOFError, KeyError, TypeError, AttributeError),
    *(TokenError, SyntaxError, MemoryError, BadZipFile, RuntimeError),
)
_MEMBERS = ("about", "prefilter", "hashes", "records")
_ROOM = 16  # bits of the sieve a name, at least


class DgaMatch(NamedTuple):
    """A generator that makes a name."""

    family: str
    variant: str  # "" where the family has one
    seed: str  # "" where it takes none
    date: str | None  # the first day of the name's period, YYYY-MM-DD; None: it has no date
    first: str | None  # the days on which the malware asks for it, both of them included
    last: str | None
    position: int  # from 0 in the generator's order
    chance: bool  # whether a legitimate name may be the same by chance
    chance_probability: float  # that a legitimate name of that length is in the index

    def __str__(self) -> str:
        """As a person reads it: "conficker of 2026-11-24, position 17 (chance)"."""
        name = f"{self.family} {self.variant}".rstrip()
        dated = f" of {self.date}" if self.date else ""
        seed = f", seed {self.seed}" if self.seed else ""
        return f"{name}{dated}{seed}, position {self.position}" + " (chance)" * self.chance


class DgaIndex:
    """An index; read-only, safe to share by threads."""

    def __init__(
        self, about: Mapping[str, Any], sieve: Sieve, hashes: Hashes, records: Records
    ) -> None:
        """Take a description, sieve_of() the names, hashes (n,) that ascend, and RECORDs (n,).

        Raises ValueError for what does not fit together.
        """
        if sieve.dtype != np.uint8 or sieve.ndim != 1 or len(sieve).bit_count() != 1:
            raise ValueError(f"a sieve of {sieve.dtype} {sieve.shape}, not uint8 (2**n,)")
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
        self.about, self.sieve, self.hashes, self.records = about, sieve, hashes, records
        self._shift = 32 - (8 * len(sieve)).bit_length() + 1

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
        """Write the index, 16 bytes a name, a sieve of two to four more, and its description."""
        arrays = (self.sieve, self.hashes, self.records)
        about = dict(self.about, format=FORMAT, version=VERSION, sha256=_checksum(*arrays))
        text = np.frombuffer(json.dumps(about).encode(), np.uint8)
        with path.open("wb") as file:  # as np.savez would add an ending to a path
            np.savez(
                file, about=text, prefilter=self.sieve, hashes=self.hashes, records=self.records
            )

    def out_of_date(self, day: date) -> str:
        """What is to be said of an index that was not made for a day, "" if it was."""
        if self.first <= day <= self.last:
            return ""
        return f"out of date: it knows the names of {self.first} to {self.last}, not of {day}"

    def match(self, hosts: Sequence[str]) -> dict[int, tuple[DgaMatch, ...]]:
        """Who makes the hosts (n,), by their index; those that nobody makes are left out.

        hosts are lower case, without a dot at the end, as the parser gives them.
        """
        likely = self._likely(hosts)
        wanted = hash_names(hosts[i] for i in likely)
        at = self.hashes.searchsorted(wanted)
        inside = at < len(self.hashes)
        hit = np.flatnonzero(inside)[self.hashes[at[inside]] == wanted[inside]]
        return {likely[i]: self._known(hosts[likely[i]], int(at[i])) for i in hit.tolist()}

    def match_host(self, host: str) -> tuple[DgaMatch, ...]:
        """Return the generators of one host, () if there are none."""
        return self.match([host]).get(0, ())

    @staticmethod
    def is_certain(matches: Iterable[DgaMatch]) -> bool:
        """Return whether a name with these matches is malicious whatever a model says.

        Names of a known generator are, unless a legitimate name may be the same by chance.
        """
        return any(not match.chance for match in matches)

    def _likely(self, hosts: Sequence[str]) -> list[int]:
        """Which hosts the sieve leaves."""
        bit = checksum_names(hosts) >> self._shift
        left: list[int] = np.flatnonzero(self.sieve[bit >> 3] >> (bit & 7) & 1).tolist()
        return left

    def _known(self, host: str, at: int) -> tuple[DgaMatch, ...]:
        probability = self._probability(host)
        found = []
        end = int(self.hashes.searchsorted(self.hashes[at], "right"))
        for number, day, last, position in self.records[at:end].tolist():
            series = self.series[number]
            dated = day != ALWAYS
            found.append(
                DgaMatch(
                    series["family"],
                    series["variant"],
                    series["seed"],
                    _iso(day) if dated else None,
                    _iso(day - series["before"]) if dated else None,
                    _iso(last) if dated else None,
                    position,
                    probability >= CHANCE,
                    probability,
                )
            )
        return tuple(found)

    def _probability(self, host: str) -> float:
        length = len(host.partition(".")[0])
        return self.chance[length] if length < len(self.chance) else 0.0


def checksum_names(names: Iterable[str]) -> Marks:
    """The CRC-32 of each name, uint32 (n,)."""
    return np.fromiter((zlib.crc32(x.encode("ascii", "replace")) for x in names), np.uint32)


def build_prefilter(marks: Marks) -> Sieve:
    """The sieve of the names that have these marks (n,)."""
    bits = max(8, 1 << (_ROOM * len(marks) - 1).bit_length())
    wanted = np.zeros(min(bits, 1 << 32), np.bool_)
    wanted[marks >> 32 - len(wanted).bit_length() + 1] = True
    return np.packbits(wanted, bitorder="little")


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


def _iso(number: int) -> str:
    return str(_EPOCH + timedelta(days=max(number, 0)))
