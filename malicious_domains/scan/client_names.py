"""Who a client is: its address in one spelling, or the name of a host with several addresses."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path

from ..names.errors import MaliciousDomainsError
from .hosts import Host, Lease, normalize_address, normalize_mac, read_leases

_UNKNOWN = Host("", "", ())


@dataclass(frozen=True)
class ClientNames:
    """names: a host's name by each of its addresses; not_clients: entries; leases: the last last.

    An entry is an address, a network (CIDR), a MAC address, or a client's name.
    """

    names: dict[str, str] = field(default_factory=dict)
    not_clients: tuple[str, ...] = ()
    leases: tuple[Lease, ...] = ()

    @classmethod
    def load(
        cls,
        same_client: Path | str | None = None,
        not_clients: Path | str | None = None,
        hosts: Sequence[Path | str] = (),
    ) -> ClientNames:
        """Read the lists; raises MaliciousDomainsError, with the file and line, and OSError."""
        names = dict(_read_pairs(Path(same_client))) if same_client else {}
        entries = _read_entries(Path(not_clients)) if not_clients else ()
        leases = (x for path in hosts for x in read_leases(Path(path)))
        return cls(names, tuple(entries), tuple(leases))

    def add_leases(self, leases: Iterable[Lease]) -> ClientNames:
        """Return the names with leases of the log, which count less than those that are there."""
        return replace(self, leases=(*leases, *self.leases))

    def name_client(self, address: str) -> str:
        """Return a client's name, by default its host's last address.

        >>> ClientNames({"192.0.2.1": "laptop"}).name_client("::ffff:192.0.2.1")
        'laptop'
        """
        plain = normalize_address(address)
        return self._clients.get(plain, plain)

    def find_host(self, client: str) -> Host | None:
        """Return what the leases know of a client; None for nothing."""
        return self._hosts.get(client)

    # --- hosts that are no clients ---

    def find_entries(self, address: str) -> list[str]:
        """Return the entries of not_clients that an address matches.

        >>> ClientNames(not_clients=("192.0.2.0/24", "192.0.2.9")).find_entries("192.0.2.7")
        ['192.0.2.0/24']
        """
        if not self.not_clients:
            return []
        client = self.name_client(address)
        host = self._hosts.get(client, _UNKNOWN)
        texts = {client, host.mac, host.name, normalize_address(address)} - {""}
        entries = [x for text in texts for x in self._entries.get(text, ())]
        if not self._networks:
            return entries
        try:
            parsed = ip_address(normalize_address(address))
        except ValueError:
            return entries
        return entries + [x for x, network in self._networks.items() if parsed in network]

    def find_unmatched(self, addresses: Iterable[str]) -> list[str]:
        """Return the entries of not_clients that none of the addresses matches."""
        matched = {entry for x in addresses for entry in self.find_entries(x)}
        return [x for x in self.not_clients if x not in matched]

    @cached_property
    def _entries(self) -> dict[str, list[str]]:
        """The entries by the client, address, MAC address or name that they stand for."""
        entries: dict[str, list[str]] = {}
        for x in self.not_clients:
            text = normalize_mac(x) or normalize_address(x)
            entries.setdefault(self._clients.get(text, text), []).append(x)
        return entries

    @cached_property
    def _networks(self) -> dict[str, IPv4Network | IPv6Network]:
        return {x: ip_network(x, strict=False) for x in self.not_clients if "/" in x}

    # --- hosts of several addresses ---

    @cached_property
    def _clients(self) -> dict[str, str]:
        hosts = {x: name for name, host in self._hosts.items() for x in host.addresses}
        return hosts | self.names

    @cached_property
    def _hosts(self) -> dict[str, Host]:
        """The clients as they are known: addresses of one MAC address are one client."""
        latest: dict[str, Lease] = {}
        for lease in self.leases:
            latest.pop(lease.address, None)  # so that the last lease comes last
            latest[lease.address] = lease
        by_host: dict[str, list[Lease]] = {}
        for lease in reversed(latest.values()):
            by_host.setdefault(lease.mac or lease.address, []).append(lease)
        hosts = {}
        for leases in by_host.values():
            addresses = tuple(x.address for x in leases)
            name = next((x.name for x in leases if x.name), "")
            hosts[self._choose_name(addresses)] = Host(leases[0].mac, name, addresses)
        return hosts

    def _choose_name(self, addresses: Sequence[str]) -> str:
        """Return the name that the user gives a host, or its last address, IPv4 before IPv6."""
        given = {self.names[x] for x in addresses if x in self.names}
        return given.pop() if len(given) == 1 else min(addresses, key=lambda x: ":" in x)


def _read_entries(path: Path) -> Iterator[str]:
    for number, line in _read_lines(path):
        entry = line.split()[0]
        if "/" in entry:
            try:
                ip_network(entry, strict=False)
            except ValueError as error:
                raise MaliciousDomainsError(
                    f"{path}, line {number}: {entry!r} is not a network; write it as 192.0.2.0/24"
                ) from error
        yield entry


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
