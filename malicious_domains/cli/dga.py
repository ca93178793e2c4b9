"""The commands of `dga`: names of generators, an index of them, matches and feeds.

>>> import contextlib, tempfile
>>> from click.testing import CliRunner
>>> runner, index = CliRunner(), ["index", "--family", "zloader", "--from", "2026-11-24"]
>>> runner.invoke(dga, ["goz", "--date", "2014-08-29", "--count", "2"]).stdout.split()
['ylgixkprhtwqowtgjnhtlvof.ru', 'wsxxobbeibbutnfcyofwypyh.com']
>>> with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
...     _ = runner.invoke(dga, [*index, "--jobs", "1", "--out", "known.npz"])
...     feed = [*index[1:], "--days", "1", "--jobs", "1", "--format", "misp", "--out", "feed"]
...     _ = runner.invoke(dga, ["feed", *feed])
...     matched = runner.invoke(dga, ["match", "--index", "known.npz", "tanypfpucoohytmskcjt.com"])
>>> matched.stdout.splitlines()[1][:67]
'tanypfpucoohytmskcjt.com,zloader,,03d5ae30a0bd934a23b6a7f0756aa504,'
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable
from contextlib import nullcontext
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..inputs.console import allow_any_text, print_status
from ..names.errors import MaliciousDomainsError
from .command import DONE, PROGRAM, SOME_INVALID, command, option
from .options import JOBS, log_age, name_option_in_errors
from .score import check_standard_input

if TYPE_CHECKING:
    from ..dga.seeded_generators import DayRange
    from ..inputs.rows import Row
    from ..names.dga_index import DgaIndex

_FORMS = "plain hosts rpz dnsmasq unbound adguard technitium csv stix misp"


class Group(click.Group):
    """A group whose command `names` is meant where none is named."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put `names` in front of what is neither a command nor a wish for help."""
        if not args or args[0] not in (*self.commands, *ctx.help_option_names):
            args = ["names", *args]
        return super().parse_args(ctx, args)


@click.group(
    "dga",
    cls=Group,
    epilog=f"Without a command, `names` is meant.\n\n\b\nexample: {PROGRAM} dga goz",
)
def dga() -> None:
    """List, index, match or predict the domains of known DGAs."""


_families = option(
    "--family FAMILY",
    "Take only this family; may be repeated (default: all).",
    "families",
    multiple=True,
)
_jobs = option(*JOBS, type=click.IntRange(1, 256))


@command("names", "dga names goz --date 2014-08-29")
@click.argument("family", required=False)
@option("--list", "List the families instead.", "wants_list")
@option("--variant V", "Variant of the family (default: its first).")
@option("--date YYYY-MM-DD", "Date that the names are for.", type=str, default="2016-01-01")
@option("--seed SEED", "Seed of the generator (default: the first known one).")
@option("--count N", "Maximum number of names.", type=int, default=25)
def names(
    family: str | None,
    wants_list: bool,
    variant: str | None,
    date: str,
    seed: str | None,
    count: int,
) -> int:
    """Print the names that a malware family generates. FAMILY is one of --list."""
    from ..dga import listing

    if wants_list:
        lines = listing.format_table()
    elif family is None:
        raise MaliciousDomainsError("no family: give one, or --list to see them")
    else:
        lines = listing.first_names(family, variant, date, seed, count)
    for line in lines:
        print(line)
    return DONE


@command("index", "dga index --from 2026-11-01 --to 2026-11-30 --out known.npz")
@option("--from YYYY-MM-DD", "First day (default: yesterday).")
@option("--to YYYY-MM-DD", "Last day (default: 30 days later).")
@_families
@_jobs
@option("-o --out NPZ", "File to write.", required=True)
def index(families: tuple[str, ...], jobs: int | None, out: Path, **days: date | None) -> int:
    """Index the names of a range of days, for `dga match`, `score` and the Lambda."""
    from ..inputs.atomic import replace_file

    if not out.parent.is_dir():
        raise MaliciousDomainsError(f"--out {out}: there is no folder {out.parent}")
    made = _build_index(_make_range(30, days), families, jobs)
    with replace_file(out) as part:
        made.save(part)
    names, size = f"{len(made.hashes):,} names", out.stat().st_size
    print_status(f"{out}: {names} of {made.first} to {made.last}, {size:,} bytes")
    return DONE


@command("match", "dga match --index known.npz evolgsqvdc.com www.example.com")
@click.argument("names", nargs=-1, metavar="[NAME]...")
@option("-i --input FILE", "File of names, one a line.", "file")
@option("--index NPZ", "Index from `dga index`.", "path")
@option("--from YYYY-MM-DD", "First day of the names, without an index (default: yesterday).")
@option("--to YYYY-MM-DD", "Last of these days (default: two days later).")
@_families
@_jobs
def match(
    names: tuple[str, ...],
    file: Path | None,
    path: Path | None,
    families: tuple[str, ...],
    jobs: int | None,
    **days: date | None,
) -> int:
    """Show which names are generated by a known DGA: CSV, one row per name and generator.

    Exit status 1: some rows were no names.
    """
    from ..inputs.streams import InputError
    from ..names.dga_index import DgaIndex

    if names and file:
        raise InputError("names on the command line and an input: choose one")
    if not (names or file):
        check_standard_input()
    if path and (families or any(days.values())):
        message = "--index has its days and families: leave out --from, --to, --family"
        raise click.UsageError(message)
    span = _make_range(2, days)
    known = DgaIndex.load(path) if path else _build_index(span, families, jobs)
    if path:
        log_age(known, str(path))
    allow_any_text(sys.stdout)
    counts = _write_matches(known, names, file)
    print_status(
        f"match: {counts['names']:,} names, {counts['matched']:,} of known generators "
        f"({counts['chance']:,} perhaps by chance), {counts['invalid']:,} refused"
    )
    return SOME_INVALID if counts["invalid"] else DONE


@command("feed", "dga feed --days 7 --format rpz > known.zone")
@option("--from YYYY-MM-DD", "First day (default: today).")
@option("--days N", "Number of days to predict.", "length", type=click.IntRange(1, 3660), default=7)
@option("-f --format", "Output format.", "form", type=_FORMS.split(), default="plain")
@_families
@option("--allow FILE", "List of names to leave out, as for `score --allow`.", multiple=True)
@option(
    "--with-chance",
    "Block lists: also write names that may be legitimate by chance, which other formats mark.",
)
@option("--certain", "Former name of what block lists do anyway.", is_flag=True, hidden=True)
@option("-o --out DIR", "Folder for a feed of MISP: the event, manifest.json and hashes.csv.")
@_jobs
def feed(
    length: int,
    form: str,
    families: tuple[str, ...],
    allow: tuple[Path, ...],
    with_chance: bool,
    certain: bool,
    out: Path | None,
    jobs: int | None,
    **days: date | None,
) -> int:
    """Write the names of coming days for sinkholes and block lists, each once.

    Block lists are hosts, rpz, dnsmasq, unbound, adguard and technitium.
    """
    from ..dga import feed, feed_formats
    from ..dga.seeded_generators import DayRange, select_generators
    from ..inputs.ordered_pool import default_jobs
    from ..names.allow import AllowList

    first = days["from"] or _today()
    with name_option_in_errors():
        allowed = AllowList.load_all(allow)
    span = DayRange.of(first, first + timedelta(days=length - 1))
    if out and form != "misp":
        raise click.UsageError("--out is for --format misp; write others by > FILE")
    jobs, numbers = jobs or default_jobs(), select_generators(families)
    certain = form in feed_formats.BLOCK_LISTS and not with_chance
    with feed.generate_feed(numbers, span, jobs, allowed, certain) as (summary, entries):
        if out:
            feed_formats.save_misp_feed(summary, entries, out)
        else:
            sys.stdout.writelines(feed_formats.FORMATS[form](summary, entries))
            sys.stdout.flush()
    for line in feed_formats.describe_feed(summary)[1:4]:
        print_status(f"feed: {line}")
    return DONE


for part in (names, index, match, feed):
    dga.add_command(part)


def _today() -> date:
    return datetime.now(UTC).date()


def _make_range(length: int, days: dict[str, date | None]) -> DayRange:
    from ..dga.seeded_generators import DayRange

    first = days["from"] or (days["to"] or _today() + timedelta(1)) - timedelta(days=2)
    return DayRange.of(first, days["to"] or first + timedelta(days=length))


def _build_index(span: DayRange, families: Iterable[str], jobs: int | None) -> DgaIndex:
    from ..dga.build_index import build_index
    from ..dga.seeded_generators import select_generators
    from ..inputs.ordered_pool import default_jobs

    return build_index(select_generators(families), span, jobs or default_jobs())


def _write_matches(index: DgaIndex, names: tuple[str, ...], file: Path | None) -> Counter[str]:
    """Write a row a match; return the counts of names, matched, by chance, and invalid."""
    from ..inputs import chunks, rows, streams
    from ..names.dga_index import DgaMatch
    from ..scoring.output_formats import format_csv_line

    print(",".join(("domain", *DgaMatch._fields)))
    counts: Counter[str] = Counter()
    with nullcontext(iter(names)) if names else streams.open_lines(file) as lines:
        for chunk in chunks.split_rows(rows.read_lines(lines)):
            hosts = [*map(_find_host, chunk)]
            matches = index.match([host for host, _ in hosts])
            for at, (row, (_, is_name)) in enumerate(zip(chunk, hosts, strict=True)):
                text, generators = getattr(row, "domain", row), matches.get(at, ())
                counts["names"] += 1
                counts["matched"] += bool(generators)
                counts["chance"] += any(x.chance for x in generators)
                counts["invalid"] += not (generators or is_name)
                for x in generators:
                    values = ("" if y is None else int(y) if isinstance(y, bool) else y for y in x)
                    cells = map(str, values)
                    sys.stdout.write(format_csv_line(False, str(text), *cells))
    sys.stdout.flush()
    return counts


def _find_host(row: Row) -> tuple[str, bool]:
    """Return the host in a row, and whether the row is a name at all.

    Generators ignore what can be registered: abcd.ck is a public suffix, and is queried.
    """
    from ..names.errors import InvalidDomain
    from ..names.parse import parse

    if not isinstance(row, str):
        return "", row.status == "skipped"
    try:
        return parse(row).host, True
    except InvalidDomain as error:
        return row.strip().lower().rstrip("."), error.status == "skipped"
