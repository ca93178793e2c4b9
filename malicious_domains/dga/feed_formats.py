"""A feed in the forms that resolvers and threat-intelligence platforms read."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from datetime import date, timedelta
from uuid import NAMESPACE_URL, uuid5

from ..names.dga_index import ALWAYS
from .feed import Entry, Summary
from .seeded_generators import all_series

LICENCE = "Apache-2.0, as the program that made it"
_TITLE = "Names that known generators of malware will ask for"
_NAMESPACE = uuid5(NAMESPACE_URL, "malicious-domains/known")  # the same name, the same id

Form = Callable[[Summary, Iterable[Entry]], Iterator[str]]


def header(summary: Summary) -> list[str]:
    """What a feed holds, in lines."""
    families = summary.families
    made = [f"{family} {count:,}" for family, count in families.items() if count]
    left_out = f"{summary.repeated:,} repeated, {summary.legitimate:,} legitimate"
    if summary.uncertain:
        left_out += f", {summary.uncertain:,} that a legitimate name may be by chance"
    return [
        _TITLE,
        f"days: {summary.span.first} to {summary.span.last} (UTC)",
        f"names: {families.total():,}, {summary.chance:,} of them perhaps legitimate by chance",
        f"left out: {left_out}",
        f"families ({len(made)}): {', '.join(made)}",
        f"licence: {LICENCE}",
    ]


def _lines(before: str, name: Callable[[str], str], *first: str) -> Form:
    """A form with a header in comments, some first lines, and a line a name."""

    def write(summary: Summary, entries: Iterable[Entry]) -> Iterator[str]:
        yield from (f"{before} {line}\n" for line in header(summary))
        yield from first
        yield from (name(entry.host) for entry in entries)

    return write


def rpz(summary: Summary, entries: Iterable[Entry]) -> Iterator[str]:
    """A response policy zone, which answers that the names do not exist."""
    yield from (f"; {line}\n" for line in header(summary))
    serial = f"{summary.span.first:%Y%m%d}00"
    yield f"$TTL 3600\n@ SOA localhost. root.localhost. {serial} 3600 600 604800 3600\n"
    yield "@ NS localhost.\n"
    yield from (f"{entry.host} CNAME .\n" for entry in entries)


def to_csv(summary: Summary, entries: Iterable[Entry]) -> Iterator[str]:
    """Comma-separated values, after a header in comments."""
    yield from (f"# {line}\n" for line in header(summary))
    yield "domain,family,variant,seed,date,last,position,chance\n"
    for entry in entries:
        family, variant, seed = all_series()[entry.series]
        place = (family, variant.name, seed, _day(entry.date), _day(entry.last), entry.position)
        yield f"{entry.host},{','.join(map(str, place))},{int(entry.chance)}\n"


def stix(summary: Summary, entries: Iterable[Entry]) -> Iterator[str]:
    """A bundle of STIX 2.1: who made it, and an indicator a name."""
    start = f"{summary.span.first}T00:00:00.000Z"
    author = {
        "type": "identity",
        "spec_version": "2.1",
        "id": f"identity--{_NAMESPACE}",
        "created": start,
        "modified": start,
        "name": "malicious-domains",
        "identity_class": "system",
        "description": "\n".join(header(summary)),
    }
    bundle = uuid5(_NAMESPACE, " ".join(header(summary)))
    yield f'{{"type": "bundle", "id": "bundle--{bundle}", "objects": [\n{json.dumps(author)}'
    for entry in entries:
        yield f",\n{json.dumps(_indicator(entry, start, author['id']))}"
    yield "\n]}\n"


def _indicator(entry: Entry, start: str, author: str) -> dict[str, object]:
    known: dict[str, object] = {
        "type": "indicator",
        "spec_version": "2.1",
        "id": f"indicator--{uuid5(_NAMESPACE, f'{entry.host} {start}')}",
        "created_by_ref": author,
        "created": start,
        "modified": start,
        "name": entry.host,
        "description": _told(entry),
        "indicator_types": ["malicious-activity"],
        "pattern": f"[domain-name:value = '{entry.host}']",
        "pattern_type": "stix",
        "valid_from": start if entry.date == ALWAYS else f"{_day(entry.date)}T00:00:00Z",
        "labels": [all_series()[entry.series].family, *["chance"] * entry.chance],
    }
    if entry.last != ALWAYS:
        known["valid_until"] = f"{_day(entry.last + 1)}T00:00:00Z"
    return known


def misp(summary: Summary, entries: Iterable[Entry]) -> Iterator[str]:
    """An event of MISP with an attribute a name."""
    text = " ".join(header(summary))
    event = {
        "uuid": str(uuid5(_NAMESPACE, text)),
        "info": f"{_TITLE}, {summary.span.first} to {summary.span.last}",
        "date": str(summary.span.first),
        "threat_level_id": "2",
        "analysis": "2",
        "distribution": "0",
        "published": False,
    }
    note = {"type": "comment", "category": "Other", "to_ids": False, "value": text}
    yield f'{{"Event": {json.dumps(event)[:-1]}, "Attribute": [\n{json.dumps(note)}'
    for entry in entries:
        attribute = {
            "uuid": str(uuid5(_NAMESPACE, f"{entry.host} {event['uuid']}")),
            "type": "domain",
            "category": "Network activity",
            "to_ids": not entry.chance,
            "value": entry.host,
            "comment": _told(entry),
        }
        yield f",\n{json.dumps(attribute)}"
    yield "\n]}}\n"


def _told(entry: Entry) -> str:
    family, variant, seed = all_series()[entry.series]
    parts = [f"{family} {variant.name}".rstrip(), *[f"seed {seed}"] * bool(seed)]
    parts += [f"of {_day(entry.date)}"] * (entry.date != ALWAYS)
    parts += ["a legitimate name may be the same by chance"] * entry.chance
    return ", ".join(parts)


def _day(number: int) -> str:
    return "" if number == ALWAYS else str(date(1970, 1, 1) + timedelta(days=number))


FORMS: dict[str, Form] = {
    "plain": _lines("#", "{}\n".format),
    "hosts": _lines("#", "0.0.0.0 {}\n".format),
    "rpz": rpz,
    "dnsmasq": _lines("#", "local=/{}/\n".format),
    "unbound": _lines("#", 'local-zone: "{}." always_nxdomain\n'.format, "server:\n"),
    "csv": to_csv,
    "stix": stix,
    "misp": misp,
}
