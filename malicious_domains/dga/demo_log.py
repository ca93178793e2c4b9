"""A made-up DNS log of one day in a small office, in which one computer is infected.

People ask for names of the packaged lists, the malware for a generator's. Each log is the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from itertools import islice
from random import Random

from .generators import FAMILIES
from .legitimate_hosts import LISTS, read_hosts

DAY = date(2026, 11, 24)
CLIENTS = 25
INFECTED = "10.20.0.17"
FAMILY = "zloader"  # a loader, seen in offices; it asks for 32 names a day
_MIDNIGHT = 1_795_478_400  # of DAY, UTC, in seconds since the epoch
_QUERIES = 70  # of each client
_TYPO = 0.02  # of the queries are for names that do not exist
_COLUMNS = "#fields\tts\tuid\tid.orig_h\tid.resp_h\tquery\trcode_name\tanswers\n"

Query = tuple[float, str, str, str]  # seconds of the day, client, name, response code


def write_demo_log() -> str:
    """Return the log, as Zeek writes it.

    >>> write_demo_log().count(f"\\t{INFECTED}\\t")
    102
    """
    queries = sorted([*_ask_as_people(Random(1)), *_ask_as_malware(Random(2))])
    rows = (
        f"{_MIDNIGHT + seconds:.6f}\tC{i:05}\t{client}\t10.20.0.1\t{name}\t{rcode}\t"
        f"{f'198.51.100.{len(name)}' if rcode == 'NOERROR' else '-'}\n"
        for i, (seconds, client, name, rcode) in enumerate(queries)
    )
    return "".join([r"#separator \x09", "\n", _COLUMNS, *rows])


def _ask_as_people(random: Random) -> Iterator[Query]:
    """Yield what people ask for from eight to six: a few sites often, most sites seldom."""
    sites = random.sample([x for x in read_hosts(LISTS[0]) if x.count(".") == 1], 600)
    weights = [1 / (rank + 1) for rank in range(len(sites))]
    for number in range(CLIENTS):
        for site in random.choices(sites, weights, k=_QUERIES):
            typo = random.random() < _TYPO
            name, rcode = (f"w{site}", "NXDOMAIN") if typo else (f"www.{site}", "NOERROR")
            yield random.uniform(8, 18) * 3600, f"10.20.0.{number + 10}", name, rcode


def _ask_as_malware(random: Random) -> Iterator[Query]:
    """Yield what the malware asks for at night, until its controller answers."""
    variant = FAMILIES[FAMILY].variants[0]
    hosts = [*islice(variant.generate(DAY, variant.seeds[0]), 32)]
    seconds = 3.2 * 3600
    for host in hosts:
        seconds += random.uniform(2, 5)
        yield seconds, INFECTED, host, "NOERROR" if host == hosts[-1] else "NXDOMAIN"
