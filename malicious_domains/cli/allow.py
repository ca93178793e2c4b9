"""The command `allow build`."""

from __future__ import annotations

from pathlib import Path

import click

from ..inputs.console import print_status
from ..names.errors import MaliciousDomainsError
from .command import DONE, command, group, option

allow = group(
    "allow",
    "Compile allow lists of names that are legitimate regardless of the model.",
    "allow build tranco.csv --top 100000 --out allow.npy",
)


@command("build", "allow build tranco.csv --top 100000 --out allow.npy")
@click.argument(
    "lists", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="LIST..."
)
@option("--top N", "Take only the first N names of each list (default: all).")
@option("-o --out NPY", "File to write.", required=True)
def build(lists: tuple[Path, ...], top: int | None, out: Path) -> int:
    """Compile lists of names that are legitimate regardless of the model.

    One name a line, or `rank,name` as in Tranco's and Umbrella's lists, plain or gzipped. The
    result is for `score --allow`, the setting ALLOW, or an artifact's folder (as allow.npy).
    """
    from ..inputs.atomic import replace_file
    from ..names.allow import AllowList

    if out.suffix != ".npy":
        raise MaliciousDomainsError(f"--out {out}: must end in .npy")
    if not out.parent.is_dir():
        raise MaliciousDomainsError(f"--out {out}: there is no folder {out.parent}")
    compiled = AllowList.load_all(lists, top)
    if not compiled or not len(compiled.hashes):
        raise MaliciousDomainsError(f"no name in {', '.join(map(str, lists))}")
    with replace_file(out) as part:
        compiled.save(part)
    print_status(f"{out}: {len(compiled.hashes):,} names, {out.stat().st_size:,} bytes")
    return DONE


allow.add_command(build)
