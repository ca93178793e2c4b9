"""The commands about versions: publish, versions, pull, promote, rollback, deploy."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from malicious_domains.cli.command import DONE, SOME_REFUSED, Handler, command
from malicious_domains.inputs.console import print_status
from malicious_domains.inputs.paths import CHECKOUT
from malicious_domains.inputs.signals import temporary_folder
from malicious_domains.names.errors import MaliciousDomainsError

if TYPE_CHECKING:
    from ..release.manifest import Manifest
    from ..release.s3 import Storage

_REGISTRY = "REGISTRY"  # the environment variable
_FOLDER = click.Path(path_type=Path)


def _registry(flag: str) -> Callable[[Handler], Handler]:
    return click.option(
        flag,
        "registry",
        envvar=_REGISTRY,
        show_envvar=True,
        metavar="s3://BUCKET/PREFIX",
        help="Where the versions are.",
    )


def _storage(registry: str | None) -> Storage:
    from ..release.s3 import Storage

    if not registry:
        raise MaliciousDomainsError(f"where? give s3://bucket/prefix, or set {_REGISTRY}")
    return Storage(registry)


@command(
    "publish",
    "publish --to s3://bucket/models --model build/language --report report",
    extra="all",
)
@_registry("--to")
@click.option("--model", metavar="MODEL", help="A packaged model's name or a folder.")
@click.option("--report", type=_FOLDER, metavar="DIR", help="Of `evaluate`, goes along.")
def publish(registry: str | None, model: str | None, report: Path | None) -> int:
    """Upload an artifact as a version that never changes. Prints the version."""
    from malicious_domains.model.artifact import locate_artifact

    from ..release import versions

    made, new = versions.publish(_storage(registry), locate_artifact(model), report)
    if new:
        size = sum(x["size"] for x in made.files.values()) / 1e6
        print_status(f"published, {len(made.files)} files, {size:.1f} MB; promote makes it current")
    else:
        print_status(f"is there already, published {made.published}; nothing is changed")
    print(made.version)
    return DONE


@command("versions", "versions --from s3://bucket/models", extra="all")
@_registry("--from")
def versions(registry: str | None) -> int:
    """List the published versions. A star marks the current one."""
    from ..release import versions
    from ..release.manifest import Manifest

    storage = _storage(registry)
    pointer = versions.read_pointer(storage)
    status = DONE
    print(_HEAD)
    for found in versions.list_versions(storage):
        if isinstance(found, Manifest):
            mark = "*" if pointer and found.version == pointer.version else ""
            print(_row(found, mark))
        else:
            print(f"versions: {found}", file=sys.stderr)
            status = SOME_REFUSED
    return status


@command(
    "pull",
    "pull current --from s3://bucket/models --out malicious_domains/artifacts/language",
    extra="all",
)
@click.argument("version")
@_registry("--from")
@click.option(
    "--out", type=_FOLDER, metavar="DIR", help="Where to install it (default: build/MODEL)."
)
def pull(version: str, registry: str | None, out: Path | None) -> int:
    """Verify and install a version. VERSION is one of `versions`, or current; prints the folder."""
    from ..release import versions

    found, target = versions.pull(_storage(registry), version, out)
    print_status(f"{found.version} is verified: its hashes, {len(found.golden)} answers, its MOJO")
    print(target)
    return DONE


@command("promote", "promote language-20261123-0a1b2c3d4e5f --in s3://bucket/models", extra="all")
@click.argument("version")
@_registry("--in")
def promote(version: str, registry: str | None) -> int:
    """Make a version the current one. VERSION is one of `versions`."""
    from ..release import versions

    return _moved(versions.promote(_storage(registry), version).version)


@command("rollback", "rollback --in s3://bucket/models", extra="all")
@_registry("--in")
def rollback(registry: str | None) -> int:
    """Make the version before current again. Once more goes further back."""
    from ..release import versions

    return _moved(versions.roll_back(_storage(registry)).version)


def _moved(version: str) -> int:
    print_status("current is now")
    print(version)
    return DONE


@command("deploy", "deploy --stage prod --plan", extra="all")
@click.option("--stage", default="dev", metavar="STAGE", help="Of .chalice/config.json.")
@click.option("--plan", is_flag=True, help="Show what would change, no more.")
@click.option("--back", is_flag=True, help="Back to what ran before the last deployment.")
@click.option("--url", metavar="URL", help="Where the app answers (default: API Gateway's).")
def deploy(stage: str, plan: bool, back: bool, url: str | None) -> int:
    """Deploy the app, or go back. Proves the models, packages, deploys with Chalice and
    smoke-tests; goes back if that fails. Prints the URL.
    """
    if plan and back:
        raise click.UsageError("--plan and --back: choose one")
    if CHECKOUT is None:
        raise MaliciousDomainsError(
            "keeps what it did beside the code: run it in a checkout of the project"
        )
    from ..release import deploy, package
    from ..release.aws import check_region

    check_region()
    if back:
        there = deploy.roll_back(stage, url)
        print_status(f"{stage} runs what it ran before")
        print(there)
        return DONE
    deploy.check_models()
    with temporary_folder("deploy-") as folder:
        zipped = package.build_package(folder, package.read_architecture(stage))
        if plan:
            for line in deploy.list_changes(stage, zipped):
                print(line)
            return DONE
        there = deploy.deploy_stage(stage, zipped, url)
    print_status(f"{stage} is deployed")
    print(there)
    return DONE


_HEAD = f"  {'version':<36} {'trained':<20} {'published':<20} {'errors':>8} {'of':>9} {'AUC':>8}"


def _row(found: Manifest, mark: str) -> str:
    numbers = ("false_positive", "false_negative", "validation_rows", "auc")
    wrong, missed, rows, auc = (found.metrics.get(name) for name in numbers)
    errors = "-" if wrong is None or missed is None else f"{wrong + missed:,}"
    return (
        f"{mark:<1} {found.version:<36} {found.created[:19]:<20} {found.published[:19]:<20} "
        f"{errors:>8} {'-' if rows is None else f'{rows:,}':>9} "
        f"{'-' if auc is None else f'{auc:.4f}':>8}"
    )
