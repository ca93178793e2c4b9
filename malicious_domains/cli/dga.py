"""The command dga and its parts: names of generators, an index of them, matches and feeds."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..inputs.console import allow_any_text, print_status
from .command import DONE, PROGRAM, SOME_REFUSED, Choice, Command, command

if TYPE_CHECKING:
    from ..dga.seeded_generators import DayRange
    from ..inputs.rows import Row
    from ..names.dga_index import DgaIndex

_DATE = "YYYY-MM-DD"
_FILE = click.Path(path_type=Path)
_FORMS = ("plain", "hosts", "rpz", "dnsmasq", "unbound", "csv", "stix", "misp")


class Group(click.Group):
    """Commands, of which `names` is meant where none is named."""

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
    """Names of known generators: print, index, match, foretell."""


def _day(_: click.Context, __: click.Parameter, text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise click.BadParameter(f"{text!r}: give it as {_DATE}") from error


def _today() -> date:
    return datetime.now(UTC).date()


def _option(name: str, help: str) -> Callable[..., Command]:
    return click.option(f"--{name}", name, metavar=_DATE, callback=_day, help=help)


_families = click.option(
    "--family", "families", multiple=True, metavar="FAMILY", help="These alone (default: all)."
)
_jobs = click.option(
    "--jobs", type=click.IntRange(1, 64), metavar="N", help="Processes (default: one a core)."
)


@command("names", "dga names goz --date 2014-08-29")
@click.argument("family", required=False)
@click.option("--list", "wants_list", is_flag=True, help="List the families instead.")
@click.option("--variant", metavar="V", help="Of the family (default: its first).")
@click.option("--date", default="2016-01-01", metavar=_DATE, help="Of the names, if they change.")
@click.option(
    "--seed", metavar="SEED", help="As in the family's source (default: the first known)."
)
@click.option("--count", type=int, default=25, metavar="N", help="How many names at most.")
def names(
    family: str | None,
    wants_list: bool,
    variant: str | None,
    date: str,
    seed: str | None,
    count: int,
) -> int:
    """Print the names a malware family makes. FAMILY is one of --list."""
    from ..dga import listing
    from ..names.errors import MaliciousDomainsError

    if wants_list:
        lines = listing.format_table()
    elif family is None:
        raise MaliciousDomainsError("no family: give one, or --list to see them")
    else:
        lines = listing.first_names(family, variant, date, seed, count)
    for line in lines:
        print(line)
    return DONE


@command("index", "dga index --from 2026-11-01 --to 2026-11-30 --out known.npz", "train")
@_option("from", "The first day (default: yesterday).")
@_option("to", "The last day (default: 30 days later).")
@_families
@_jobs
@click.option("--out", type=_FILE, required=True, metavar="NPZ", help="The file to write.")
def index(families: tuple[str, ...], jobs: int | None, out: Path, **days: date | None) -> int:
    """Index the names that are asked for on some days, for match, score and the Lambda."""
    from ..dga.build_index import save_index
    from ..names.errors import MaliciousDomainsError

    if not out.parent.is_dir():
        raise MaliciousDomainsError(f"--out {out}: there is no folder {out.parent}")
    made = _built(_span(30, days), families, jobs)
    save_index(made, out)
    print_status(
        f"{out}: {len(made.hashes):,} names of {made.first} to {made.last}, "
        f"{out.stat().st_size:,} bytes"
    )
    return DONE


@command("match", "dga match --index known.npz evolgsqvdc.com www.example.com", "train")
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option(
    "--input", "file", type=_FILE, metavar="FILE", help="Where the names stand, one a line."
)
@click.option("--index", "path", type=_FILE, metavar="NPZ", help="What `dga index` made.")
@_option("from", "Without an index: the first day that names are made for (default: yesterday).")
@_option("to", "The last of these days (default: two days later).")
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
    """Tell which names a known generator makes: CSV, a row for each generator of a name.

    Exit status 1: some rows were no names.
    """
    from ..inputs import streams

    if names and file:
        raise streams.InputError("names on the command line and an input: choose one")
    if not names and file is None and (sys.stdin is None or sys.stdin.isatty()):
        raise streams.InputError("no names: give some, or --input FILE, or pipe them in")
    if path and (families or any(days.values())):
        raise click.UsageError(
            "--index has its days and families: leave out --from, --to, --family"
        )
    known = _loaded(path) if path else _built(_span(2, days), families, jobs)
    if isinstance(sys.stdout, TextIOWrapper):
        allow_any_text(sys.stdout)
    total, matched, by_chance, refused = _matched(known, names, file)
    print_status(
        f"match: {total:,} names, {matched:,} of known generators "
        f"({by_chance:,} perhaps by chance), {refused:,} refused"
    )
    return SOME_REFUSED if refused else DONE


@command("feed", "dga feed --days 7 --format rpz > known.zone", "train")
@_option("from", "The first day (default: today).")
@click.option(
    "--days", "length", type=click.IntRange(1, 3660), default=7, metavar="N", help="How many."
)
@click.option("--format", "form", type=Choice(_FORMS), default="plain", help="What to write.")
@_families
@click.option(
    "--allow", multiple=True, type=_FILE, metavar="FILE", help="Names to leave out, as of `score`."
)
@click.option("--certain", is_flag=True, help="Leave out what a legitimate name may be by chance.")
@_jobs
def feed(
    length: int,
    form: str,
    families: tuple[str, ...],
    allow: tuple[Path, ...],
    certain: bool,
    jobs: int | None,
    **days: date | None,
) -> int:
    """Write the names to come, for sinkholes and block lists: each once, no legitimate ones."""
    from ..dga import feed, feed_formats
    from ..dga.seeded_generators import DayRange, select_generators
    from ..inputs.ordered_pool import default_jobs
    from ..names.allow import AllowList, AllowListError
    from ..names.errors import MaliciousDomainsError

    first = days["from"] or _today()
    try:
        allowed = AllowList.load_all(allow)
    except AllowListError as error:
        raise MaliciousDomainsError(f"--allow: {error}") from error
    span = DayRange.of(first, first + timedelta(days=length - 1))
    jobs, numbers = jobs or default_jobs(), select_generators(families)
    with feed.generate_feed(numbers, span, jobs, allowed, certain) as (summary, entries):
        sys.stdout.writelines(feed_formats.FORMATS[form](summary, entries))
        sys.stdout.flush()
    for line in feed_formats.describe_feed(summary)[1:4]:
        print_status(f"feed: {line}")
    return DONE


for part in (names, index, match, feed):
    dga.add_command(part)


def _span(length: int, days: dict[str, date | None]) -> DayRange:
    from ..dga.seeded_generators import DayRange

    first = days["from"] or (days["to"] or _today() + timedelta(1)) - timedelta(days=2)
    return DayRange.of(first, days["to"] or first + timedelta(days=length))


def _built(span: DayRange, families: Iterable[str], jobs: int | None) -> DgaIndex:
    from ..dga.build_index import build_index
    from ..dga.seeded_generators import select_generators
    from ..inputs.ordered_pool import default_jobs

    return build_index(select_generators(families), span, jobs or default_jobs())


def _loaded(path: Path) -> DgaIndex:
    """An index; says if it is out of date."""
    from ..names.dga_index import DgaIndex, DgaIndexError
    from ..names.errors import MaliciousDomainsError

    try:
        known = DgaIndex.load(path)
    except DgaIndexError as error:
        raise MaliciousDomainsError(str(error)) from error
    if note := known.out_of_date(_today()):
        print_status(f"{path}: {note}")
    return known


def _matched(
    known: DgaIndex, names: tuple[str, ...], file: Path | None
) -> tuple[int, int, int, int]:
    """Write a row a match; counts names, those matched, those by chance, and the refused."""
    from ..dga.matching import COLUMNS, format_cells, match_rows
    from ..inputs import chunks as feed
    from ..scoring import output_formats

    print(",".join(COLUMNS))
    total = matched = by_chance = refused = 0
    with _rows(names, file) as source:
        for chunk in feed.split_rows(source):
            for text, found in match_rows(known, chunk):
                total += 1
                matched += bool(found)
                by_chance += any(x.chance for x in found or ())
                refused += found is None
                for x in found or ():
                    sys.stdout.write(output_formats.format_csv_line(False, *format_cells(text, x)))
    sys.stdout.flush()
    return total, matched, by_chance, refused


@contextmanager
def _rows(names: tuple[str, ...], file: Path | None) -> Iterator[Iterable[Row]]:
    from ..inputs import rows, streams

    if names:
        yield names
        return
    with streams.open_lines(file) as lines:
        yield rows.read_lines(lines)
