"""Who a client is: its address in one spelling, and the name of a host with several."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass, field
from ipaddress import IPv6Address, ip_address
from pathlib import Path

from ..names.errors import MaliciousDomainsError


class ClientsError(MaliciousDomainsError):
    """A list of clients that cannot be read, with the file and the line."""


@dataclass(frozen=True)
class Names:
    """same: the name of a host by each of its addresses; left_out: names that are no clients."""

    same: dict[str, str] = field(default_factory=dict)
    left_out: frozenset[str] = frozenset()

    @classmethod
    def of(cls, same: Path | None = None, left_out: Path | None = None) -> Names:
        """Read the lists; raises ClientsError and OSError."""
        names = dict(_pairs(same)) if same else {}
        found = (names.get(x, x) for x in _first_words(left_out)) if left_out else ()
        return cls(names, frozenset(found))

    def client(self, address: str) -> str:
        """What a client is called."""
        plain = normal(address)
        return self.same.get(plain, plain)


def normal(address: str) -> str:
    """An IP address in its usual spelling, an IPv4 one within IPv6 as itself; a name as it is."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    inner = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return str(inner or found)


def _pairs(path: Path) -> Iterator[tuple[str, str]]:
    """(address, client) of each line: two words, or two cells of CSV."""
    for number, line in _lines(path):
        cells = next(csv.reader([line])) if "," in line else line.split(maxsplit=1)
        words = [x.strip() for x in cells]
        if len(words) < 2 or not (words[0] and words[1]):
            raise ClientsError(f"{path}, line {number}: expected an address and a client's name")
        if (words[0].lower(), words[1].lower()) != ("address", "client"):  # a header
            yield normal(words[0]), normal(words[1])


def _first_words(path: Path) -> Iterator[str]:
    return (normal(line.split()[0]) for _, line in _lines(path))


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    """Lines with their numbers, without comments and without those that are blank."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise ClientsError(f"{path}: not a text in UTF-8") from error
    for number, whole in enumerate(text.splitlines(), 1):
        if line := whole.partition("#")[0].strip():
            yield number, line
