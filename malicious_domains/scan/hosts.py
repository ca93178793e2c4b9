"""Which host has an address: MAC addresses and names, from lists of DHCP leases."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from ipaddress import IPv6Address, ip_address
from pathlib import Path
from typing import Any, NamedTuple

from ..inputs.streams import open_lines
from ..inputs.zeek_header import ZeekHeader
from ..names.errors import MaliciousDomainsError

_MAC = r"(?:[0-9A-Fa-f]{1,2}[:-]){5}[0-9A-Fa-f]{1,2}"
_NO_MACS = ("00:00:00:00:00:00", "ff:ff:ff:ff:ff:ff")
_NO_NAMES = ("", "-", "*", "(empty)")
# A lease of dnsmasq's log, of ISC dhcpd's log, and of dnsmasq.leases.
_LINES = tuple(
    re.compile(x.replace("MAC", f"(?P<mac>{_MAC})"))
    for x in (
        r"dnsmasq-dhcp(?:\[\d+\])?: (?:\d+ )?DHCP(?:ACK|REPLY)\(\S+?\) (?P<address>\S+) MAC"
        r"(?: (?P<name>\S+))?",
        r"DHCPACK on (?P<address>\S+) to MAC(?: \((?P<name>[^)]*)\))?",
        r"^\d+ MAC (?P<address>[0-9A-Fa-f.:]+) (?P<name>\S+) \S+\s*$",
    )
)


class Lease(NamedTuple):
    """A host that had an address; mac and name may be unknown, ""."""

    address: str
    mac: str
    name: str

    @classmethod
    def of(cls, address: object, mac: object, name: object) -> Lease:
        """Return a lease in the usual spelling.

        >>> Lease.of("::ffff:192.0.2.1", "0-1B-2C-3D-4E-5F", "-")
        Lease(address='192.0.2.1', mac='00:1b:2c:3d:4e:5f', name='')
        """
        text = str(name or "").encode(errors="replace").decode().rstrip(".")
        return cls(
            normalize_address(str(address)),
            normalize_mac(str(mac)),
            "" if text in _NO_NAMES else text,
        )


class Host(NamedTuple):
    """A client, as far as it is known."""

    mac: str  # "" if unknown
    name: str
    addresses: tuple[str, ...]  # the last one first


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


def normalize_mac(text: str) -> str:
    """Return a MAC address in lower case with colons, "" for another text or no host's address."""
    if not re.fullmatch(_MAC, text):
        return ""
    mac = ":".join(x.zfill(2) for x in re.split("[:-]", text.lower()))
    return "" if mac in _NO_MACS else mac


def read_leases(path: Path) -> list[Lease]:
    """Read Zeek's dhcp.log, the log of dnsmasq or of ISC's server, or dnsmasq.leases.

    Raises MaliciousDomainsError for a file of other lines, InputError for one that is damaged.
    """
    with open_lines(path) as lines:
        texts = [x for x in lines if x.strip()]
    leases = [x for x in _parse_lines(texts) if x.mac or x.name]
    if not leases and any(not x.startswith("#") for x in texts):  # a quiet day has no lease
        raise MaliciousDomainsError(
            f"{path}: there is no DHCP lease in it; name Zeek's dhcp.log, dnsmasq's log with "
            "log-dhcp, or dnsmasq.leases"
        )
    return leases


def _parse_lines(lines: Iterable[str]) -> Iterator[Lease]:
    header = ZeekHeader()
    for line in lines:
        if line.startswith("#"):
            header = header.read_line(line)
        elif header.fields:
            cells = line.rstrip("\r\n").split(header.separator)
            yield from _parse_zeek(dict(zip(header.fields, cells, strict=False)))
        elif line.startswith("{"):
            with suppress(ValueError, RecursionError):  # it was cut off, or is no line of Zeek's
                yield from _parse_zeek(json.loads(line))
        else:
            matches = (x.search(line) for x in _LINES)
            yield from (Lease.of(*x.group("address", "mac", "name")) for x in matches if x)


def _parse_zeek(record: dict[str, Any]) -> Iterator[Lease]:
    """Yield the lease of a line of dhcp.log; assigned_ip: before Zeek 2.6."""
    addresses = (record.get(x) for x in ("assigned_addr", "assigned_ip", "client_addr"))
    names = (record.get(x) for x in ("host_name", "client_fqdn"))
    address = next((x for x in addresses if x not in (None, *_NO_NAMES)), None)
    if address:
        name = next((x for x in names if x not in (None, *_NO_NAMES)), "")
        yield Lease.of(address, record.get("mac"), name)
