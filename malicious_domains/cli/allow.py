"""The command allow."""

from __future__ import annotations

from pathlib import Path

import click

from ..inputs.console import print_status
from ..names.errors import MaliciousDomainsError
from .command import DONE, Choice, command

_FILE = click.Path(path_type=Path)


@command("allow", "allow build tranco.csv --top 100000 --out allow.npy")
@click.argument("action", type=Choice(["build"]))
@click.argument("lists", nargs=-1, required=True, type=_FILE, metavar="LIST...")
@click.option(
    "--top",
    type=click.IntRange(min=1),
    metavar="N",
    help="Of each list the first N names alone (default: all).",
)
@click.option("--out", type=_FILE, required=True, metavar="NPY", help="The file to write.")
def allow(action: str, lists: tuple[Path, ...], top: int | None, out: Path) -> int:
    """Compile lists of known names, which are legitimate whatever the model says.

    One name a line, or `rank,name` as Tranco and Umbrella write it, plain or gzipped. `score
    --allow`, the setting ALLOW, and an artifact's folder (as allow.npy) take what comes out.
    """
    from ..inputs.atomic import replace_file
    from ..names.allow import AllowList, AllowListError

    if out.suffix != ".npy":
        raise MaliciousDomainsError(f"--out {out}: a compiled list is told by its ending, .npy")
    if not out.parent.is_dir():
        raise MaliciousDomainsError(f"--out {out}: there is no folder {out.parent}")
    try:
        compiled = AllowList.load_all(lists, top)
    except AllowListError as error:
        raise MaliciousDomainsError(str(error)) from error
    if not compiled or not len(compiled.hashes):
        raise MaliciousDomainsError(f"no name in {', '.join(map(str, lists))}")
    with replace_file(out) as part:
        compiled.save(part)
    print_status(f"{out}: {len(compiled.hashes):,} names, {out.stat().st_size:,} bytes")
    return DONE
