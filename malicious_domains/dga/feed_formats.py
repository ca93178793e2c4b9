"""Write a feed in the formats that resolvers and threat-intelligence platforms read."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from functools import partial
from hashlib import md5
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from ..inputs.atomic import replace_folder
from ..names.dga_index import ALWAYS
from .feed import FeedEntry, FeedSummary

LICENCE = "Apache-2.0, as the program that made it"
_TITLE = "Names that known generators of malware will ask for"
_NAMESPACE = uuid5(NAMESPACE_URL, "malicious-domains/known")  # so that a name keeps its id
_CREATED = "2020-01-01T00:00:00.000Z"  # of every object of STIX, whose versions share it
_CONFIDENCE = {False: 95, True: 30}  # of STIX, by whether a name may be legitimate by chance
_AUTHOR = {"name": "malicious-domains", "uuid": str(_NAMESPACE)}  # of a MISP event
_MANIFEST, _HASHES = "manifest.json", "hashes.csv"  # of a MISP feed, with its events
_EVENT = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\.json")
_ZONE = """$TTL 3600
@ SOA localhost. root.localhost. {:%Y%m%d}00 3600 600 604800 3600
@ NS localhost.
"""
# A line for each name, by format: how a comment begins, the line, and what stands before all.
_LINES = {
    "plain": ("#", "{}\n", ""),
    "hosts": ("#", "0.0.0.0 {}\n", ""),
    "rpz": (";", "{} CNAME .\n", _ZONE),  # a response policy zone: the names do not exist
    "dnsmasq": ("#", "local=/{}/\n", ""),
    "unbound": ("#", 'local-zone: "{}." always_nxdomain\n', "server:\n"),
    "adguard": ("!", "||{}^\n", ""),
    "technitium": ("#", "{}\n", ""),  # which blocks what is below a name, too
}
BLOCK_LISTS = frozenset(_LINES) - {"plain"}  # formats that break what they have by chance

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


def _write_lines(form: str, summary: FeedSummary, entries: Iterable[FeedEntry]) -> Iterator[str]:
    """Write a header in comments, what stands before all, and a line for each name."""
    comment, line, first = _LINES[form]
    yield from (f"{comment} {text}\n" for text in describe_feed(summary))
    yield first.format(summary.span.first)
    yield from (line.format(entry.host) for entry in entries)


def _write_csv(summary: FeedSummary, entries: Iterable[FeedEntry]) -> Iterator[str]:
    """Write comma-separated values after a header in comments."""
    yield from (f"# {line}\n" for line in describe_feed(summary))
    yield "domain,family,variant,seed,date,last,position,chance\n"
    for entry in entries:
        family, variant, seed = entry.generator
        days = f"{_format_day(entry.first)},{_format_day(entry.last)}"
        made_by = f"{family},{variant.name},{seed},{days},{entry.position}"
        yield f"{entry.host},{made_by},{int(entry.chance)}\n"


def _write_stix(summary: FeedSummary, entries: Iterable[FeedEntry]) -> Iterator[str]:
    """Write a STIX 2.1 bundle: its author, always the same, and an indicator for each name."""
    author = {
        "type": "identity",
        "spec_version": "2.1",
        "id": f"identity--{_NAMESPACE}",
        "created": _CREATED,
        "modified": _CREATED,
        "name": "malicious-domains",
        "identity_class": "system",
        "description": f"{_TITLE}. Licence: {LICENCE}",
    }
    bundle = uuid5(_NAMESPACE, " ".join(describe_feed(summary)))
    yield f'{{"type": "bundle", "id": "bundle--{bundle}", "objects": [\n{json.dumps(author)}'
    yield from (f",\n{json.dumps(_make_indicator(entry))}" for entry in entries)
    yield "\n]}\n"


def _make_indicator(entry: FeedEntry) -> dict[str, object]:
    family, _, seed = entry.generator
    dated = entry.first != ALWAYS
    valid_from = f"{_format_day(entry.first)}T00:00:00.000Z" if dated else _CREATED
    indicator: dict[str, object] = {
        "type": "indicator",
        "spec_version": "2.1",
        "id": f"indicator--{uuid5(_NAMESPACE, f'{entry.host} {family} {seed}')}",
        "created_by_ref": f"identity--{_NAMESPACE}",
        "created": _CREATED,
        "modified": max(_CREATED, valid_from),
        "name": entry.host,
        "description": _describe_entry(entry),
        "indicator_types": ["malicious-activity"],
        "pattern": f"[domain-name:value = '{entry.host}']",
        "pattern_type": "stix",
        "valid_from": valid_from,
        "labels": [family, *["chance"] * entry.chance],
        "confidence": _CONFIDENCE[entry.chance],
    }
    if entry.last != ALWAYS:
        indicator["valid_until"] = f"{_format_day(entry.last + 1)}T00:00:00.000Z"
    return indicator


# --- MISP ---


def _write_misp(summary: FeedSummary, entries: Iterable[FeedEntry]) -> Iterator[str]:
    """Write a MISP event with an attribute for each name."""
    event, text = _make_event(summary), " ".join(describe_feed(summary))
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


def save_misp_feed(summary: FeedSummary, entries: Iterable[FeedEntry], out: Path) -> None:
    """Write a folder that MISP reads as a feed: manifest.json, hashes.csv and the event.

    It takes the place of an earlier one; raises FolderError for a folder that holds more.
    """
    event = _make_event(summary)
    uuid = str(event["uuid"])
    former = [x.name for x in out.glob("*.json") if _EVENT.fullmatch(x.name)]
    kept = ("info", "date", "analysis", "threat_level_id", "timestamp", "Orgc")
    described = {uuid: {key: event[key] for key in kept} | {"Tag": []}}

    def hashed(hashes: Any) -> Iterator[FeedEntry]:
        for entry in entries:
            hashes.write(f"{md5(entry.host.encode()).hexdigest()},{uuid}\n")
            yield entry

    with replace_folder(out, [_MANIFEST, _HASHES, *former]) as folder:
        with (folder / f"{uuid}.json").open("w") as file, (folder / _HASHES).open("w") as hashes:
            file.writelines(_write_misp(summary, hashed(hashes)))
        (folder / _MANIFEST).write_text(json.dumps(described))


def _make_event(summary: FeedSummary) -> dict[str, Any]:
    first, last = summary.span
    midnight = datetime(first.year, first.month, first.day, tzinfo=UTC)
    return {
        "uuid": str(uuid5(_NAMESPACE, " ".join(describe_feed(summary)))),
        "info": f"{_TITLE}, {first} to {last}",
        "date": str(first),
        "timestamp": str(int(midnight.timestamp())),
        "threat_level_id": "2",
        "analysis": "2",
        "distribution": "0",
        "published": False,
        "Orgc": _AUTHOR,
    }


def _describe_entry(entry: FeedEntry) -> str:
    family, variant, seed = entry.generator
    parts = [f"{family} {variant.name}".rstrip(), *[f"seed {seed}"] * bool(seed)]
    parts += [f"of {_format_day(entry.first)}"] * (entry.first != ALWAYS)
    parts += ["a legitimate name may be the same by chance"] * entry.chance
    return ", ".join(parts)


def _format_day(number: int) -> str:
    return "" if number == ALWAYS else str(date(1970, 1, 1) + timedelta(days=number))


FORMATS: dict[str, Writer] = {form: partial(_write_lines, form) for form in _LINES}
FORMATS |= {"csv": _write_csv, "stix": _write_stix, "misp": _write_misp}
