"""The command dga."""

from __future__ import annotations

import click

from .command import DONE, command


@command("dga", "dga goz --date 2014-08-29")
@click.argument("family", required=False)
@click.option("--list", "wants_list", is_flag=True, help="List the families instead.")
@click.option("--variant", metavar="V", help="Of the family (default: its first).")
@click.option(
    "--date", default="2016-01-01", metavar="YYYY-MM-DD", help="Of the names, if they change."
)
@click.option(
    "--seed", metavar="SEED", help="As in the family's source (default: the first known)."
)
@click.option("--count", type=int, default=25, metavar="N", help="How many names at most.")
def dga(
    family: str | None,
    wants_list: bool,
    variant: str | None,
    date: str,
    seed: str | None,
    count: int,
) -> int:
    """Print the names a malware family makes. FAMILY is one of --list."""
    from ..dga import listing

    if wants_list:
        lines = listing.table()
    elif family is None:
        raise listing.UnknownError("no family: give one, or --list to see them")
    else:
        lines = listing.names(family, variant, date, seed, count)
    for line in lines:
        print(line)
    return DONE
