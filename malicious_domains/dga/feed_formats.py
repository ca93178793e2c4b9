"""Write a feed in the formats that resolvers and threat-intelligence platforms read."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from datetime import date, timedelta
from uuid import NAMESPACE_URL, uuid5

from ..names.dga_index import ALWAYS
from .feed import FeedEntry, FeedSummary

LICENCE = "Apache-2.0, as the program that made it"
_TITLE = "Names that known generators of malware will ask for"
_NAMESPACE = uuid5(NAMESPACE_URL, "malicious-domains/known")  # so that a name keeps its id

Writer = Callable[[FeedSummary, Iterable[FeedEntry]], Iterator[str]]


def describe_feed(summary: FeedSummary) -> list[str]:
    """Return what a feed holds, in lines."""
    families = summary.families
    counts = [f"{family} {count:,}" for family, count in families.items() if count]
    left_out = f"{summary.repeated:,} repeated, {summary.legitimate:,} legitimate"
    if summary.uncertain:
        left_out += f", {summary.uncertain:,} that a legitimate name may be by chance"
    return [
        _TITLE,
        f"days: {summary.span.first} to {summary.span.last} (UTC)",
        f"names: {families.total():,}, {summary.chance:,} of them perhaps legitimate by chance",
        f"left out: {left_out}",
        f"families ({len(counts)}): {', '.join(counts)}",
        f"licence: {LICENCE}",
    ]


def _line_format(comment: str, name: Callable[[str], str], *first: str) -> Writer:
    """Return a format with a header in comments, some first lines, and a line for each name."""

    def write(summary: FeedSummary, entries: Iterable[FeedEntry]) -> Iterator[str]:
        yield from (f"{comment} {line}\n" for line in describe_feed(summary))
        yield from first
        yield from (name(entry.host) for entry in entries)

    return write


def write_rpz(summary: FeedSummary, entries: Iterable[FeedEntry]) -> Iterator[str]:
    """Write a response policy zone, which answers that the names do not exist."""
    yield from (f"; {line}\n" for line in describe_feed(summary))
    serial = f"{summary.span.first:%Y%m%d}00"
    yield f"$TTL 3600\n@ SOA localhost. root.localhost. {serial} 3600 600 604800 3600\n"
    yield "@ NS localhost.\n"
    yield from (f"{entry.host} CNAME .\n" for entry in entries)


def write_csv(summary: FeedSummary, entries: Iterable[FeedEntry]) -> Iterator[str]:
    """Write comma-separated values after a header in comments."""
    yield from (f"# {line}\n" for line in describe_feed(summary))
    yield "domain,family,variant,seed,date,last,position,chance\n"
    for entry in entries:
        family, variant, seed = entry.generator
        days = f"{_format_day(entry.first)},{_format_day(entry.last)}"
        made_by = f"{family},{variant.name},{seed},{days},{entry.position}"
        yield f"{entry.host},{made_by},{int(entry.chance)}\n"


def write_stix(summary: FeedSummary, entries: Iterable[FeedEntry]) -> Iterator[str]:
    """Write a STIX 2.1 bundle: its author, and an indicator for each name."""
    start = f"{summary.span.first}T00:00:00.000Z"
    author = {
        "type": "identity",
        "spec_version": "2.1",
        "id": f"identity--{_NAMESPACE}",
        "created": start,
        "modified": start,
        "name": "malicious-domains",
        "identity_class": "system",
        "description": "\n".join(describe_feed(summary)),
    }
    bundle = uuid5(_NAMESPACE, " ".join(describe_feed(summary)))
    yield f'{{"type": "bundle", "id": "bundle--{bundle}", "objects": [\n{json.dumps(author)}'
    for entry in entries:
        yield f",\n{json.dumps(_indicator(entry, start, author['id']))}"
    yield "\n]}\n"


def _indicator(entry: FeedEntry, start: str, author: str) -> dict[str, object]:
    indicator: dict[str, object] = {
        "type": "indicator",
        "spec_version": "2.1",
        "id": f"indicator--{uuid5(_NAMESPACE, f'{entry.host} {start}')}",
        "created_by_ref": author,
        "created": start,
        "modified": start,
        "name": entry.host,
        "description": _describe_entry(entry),
        "indicator_types": ["malicious-activity"],
        "pattern": f"[domain-name:value = '{entry.host}']",
        "pattern_type": "stix",
        "valid_from": start if entry.first == ALWAYS else f"{_format_day(entry.first)}T00:00:00Z",
        "labels": [entry.generator.family, *["chance"] * entry.chance],
    }
    if entry.last != ALWAYS:
        indicator["valid_until"] = f"{_format_day(entry.last + 1)}T00:00:00Z"
    return indicator


def write_misp(summary: FeedSummary, entries: Iterable[FeedEntry]) -> Iterator[str]:
    """Write a MISP event with an attribute for each name."""
    text = " ".join(describe_feed(summary))
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
            "comment": _describe_entry(entry),
        }
        yield f",\n{json.dumps(attribute)}"
    yield "\n]}}\n"


def _describe_entry(entry: FeedEntry) -> str:
    family, variant, seed = entry.generator
    parts = [f"{family} {variant.name}".rstrip(), *[f"seed {seed}"] * bool(seed)]
    parts += [f"of {_format_day(entry.first)}"] * (entry.first != ALWAYS)
    parts += ["a legitimate name may be the same by chance"] * entry.chance
    return ", ".join(parts)


def _format_day(number: int) -> str:
    return "" if number == ALWAYS else str(date(1970, 1, 1) + timedelta(days=number))


FORMATS: dict[str, Writer] = {
    "plain": _line_format("#", "{}\n".format),
    "hosts": _line_format("#", "0.0.0.0 {}\n".format),
    "rpz": write_rpz,
    "dnsmasq": _line_format("#", "local=/{}/\n".format),
    "unbound": _line_format("#", 'local-zone: "{}." always_nxdomain\n'.format, "server:\n"),
    "csv": write_csv,
    "stix": write_stix,
    "misp": write_misp,
}
