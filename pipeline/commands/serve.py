"""The commands serve and package: the app on this machine, and the zip that is deployed."""

from __future__ import annotations

from pathlib import Path

import click

from malicious_domains.cli.command import DONE, Choice, command


@command("serve", "serve --port 8000", extra="aws")
@click.option("--port", type=int, default=8000, metavar="PORT", help="Where to listen.")
def serve(port: int) -> int:
    """Serve the app on 127.0.0.1 until it is stopped."""
    from ..release import local_server

    local_server.run_app(port)


@command("package", "package --out build/package", extra="aws")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default="build/package",
    metavar="DIR",
    help="The folder for the zip and its template.",
)
@click.option(
    "--architecture",
    type=Choice(["x86_64", "arm64"]),
    default="x86_64",
    help="Of the Lambda.",
)
def package(out: Path, architecture: str) -> int:
    """Make the deployment zip."""
    from ..release import package as packaging

    zipped = packaging.build_package(out, architecture)
    print(f"{zipped}: {architecture}, {packaging.describe_zip(zipped)}")
    return DONE
