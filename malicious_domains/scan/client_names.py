"""Who a client is: its address in one spelling, and the name of a host with several addresses."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass, field
from ipaddress import IPv6Address, ip_address
from pathlib import Path

from ..names.errors import MaliciousDomainsError


@dataclass(frozen=True)
class ClientNames:
    """names: a host's name by each of its addresses; left_out: names that are not clients."""

    names: dict[str, str] = field(default_factory=dict)
    left_out: frozenset[str] = frozenset()

    @classmethod
    def load(
        cls, same_client: Path | str | None = None, not_clients: Path | str | None = None
    ) -> ClientNames:
        """Read the lists; raises MaliciousDomainsError, with the file and line, and OSError."""
        names = dict(_read_pairs(Path(same_client))) if same_client else {}
        lines = _read_lines(Path(not_clients)) if not_clients else ()
        addresses = (normalize_address(line.split()[0]) for _, line in lines)
        return cls(names, frozenset(names.get(x, x) for x in addresses))

    def name_client(self, address: str) -> str:
        """Return a client's name, by default its address.

        >>> ClientNames({"192.0.2.1": "laptop"}).name_client("::ffff:192.0.2.1")
        'laptop'
        """
        plain = normalize_address(address)
        return self.names.get(plain, plain)

    def identify(self, client: str) -> str:
        """Return what stays the same of a client when its address changes."""
        return client


def normalize_address(address: str) -> str:
    """Return an IP address in its usual spelling, IPv4 within IPv6 as IPv4; a name unchanged.

    >>> normalize_address("2001:DB8:0::1%eth0")
    '2001:db8::1'
    """
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    inner = parsed.ipv4_mapped if isinstance(parsed, IPv6Address) else None
    return str(inner or parsed)


def _read_pairs(path: Path) -> Iterator[tuple[str, str]]:
    """Yield the address and the client of each line: two words, or two cells of CSV."""
    for number, line in _read_lines(path):
        cells = next(csv.reader([line])) if "," in line else line.split(maxsplit=1)
        words = [x.strip() for x in cells]
        if len(words) < 2 or not (words[0] and words[1]):
            raise MaliciousDomainsError(
                f"{path}, line {number}: expected an address and a client's name"
            )
        if (words[0].lower(), words[1].lower()) != ("address", "client"):  # a header
            yield normalize_address(words[0]), normalize_address(words[1])


def _read_lines(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the lines with their numbers, without comments and blank ones."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise MaliciousDomainsError(f"{path}: not a text in UTF-8") from error
    for number, line in enumerate(text.splitlines(), 1):
        if content := line.partition("#")[0].strip():
            yield number, content
