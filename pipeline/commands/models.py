"""The commands of `models`: the registry of published versions."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from malicious_domains.cli.command import DONE, SOME_INVALID, command, group, option
from malicious_domains.inputs.console import print_status

_registry = option(
    "--registry s3://BUCKET/PREFIX",
    "Registry of the versions.",
    envvar="REGISTRY",
    show_envvar=True,
    required=True,
)


@command("list", "models list --registry s3://bucket/models", extra="aws")
@_registry
def list_versions(registry: str) -> int:
    """List the published versions; a star marks the current one of each model."""
    from ..release import versions

    storage = versions.Storage(registry)
    current = {x[0] for x in versions.read_pointers(storage).values()}
    status = DONE
    print(f"  {'version':<36} {'trained':<20} {'errors':>8} {'of':>9} {'AUC':>8}")
    for name, model in versions.list_versions(storage):
        if isinstance(model, dict):
            print(f"{'*' if name in current else ' '} {name:<36} {_format_model(model)}")
        else:
            print(f"{click.get_current_context().info_name}: {model}", file=sys.stderr)
            status = SOME_INVALID
    return status


@command(
    "publish",
    "models publish --registry s3://bucket/models --model build/language --report report",
    extra="all",
)
@_registry
@option("--model MODEL", "Name of a packaged model, or artifact folder.")
@option("--report DIR", "Report folder from `evaluate` to publish with the model.")
def publish(registry: str, model: str | None, report: Path | None) -> None:
    """Upload an artifact as a version that never changes; print the version."""
    from malicious_domains.model.artifact import locate_artifact

    from ..release import versions

    version, new = versions.publish(versions.Storage(registry), locate_artifact(model), report)
    print_status("published; promote makes it current" if new else "is there already; unchanged")
    print(version)


@command("pull", "models pull current --out malicious_domains/artifacts/language", extra="all")
@click.argument("version")
@_registry
@option("--out DIR", "Folder to install to (default: build/MODEL).")
def pull(version: str, registry: str, out: Path | None) -> None:
    """Verify and install a version; print the folder.

    VERSION is one of `models list`, or a model's name for its current one. The word current stands
    for the model in the folder, or for the only one with a current version.
    """
    from ..release import versions

    pulled, target = versions.pull(versions.Storage(registry), version, out)
    print_status(f"{pulled} is verified: its hashes, and its equation by its MOJO")
    print(target)


@command("promote", "models promote language-20261123-0a1b2c3d4e5f", extra="aws")
@click.argument("version")
@_registry
def promote(version: str, registry: str) -> None:
    """Make a version the current one of its model. VERSION is one of `models list`."""
    from ..release import versions

    _print_current(versions.promote(versions.Storage(registry), version))


@command("rollback", "models rollback --registry s3://bucket/models", extra="aws")
@click.argument("model", default="")
@_registry
def rollback(model: str, registry: str) -> None:
    """Make the version before current again; once more goes further back.

    MODEL may be left out where only one has a current version.
    """
    from ..release import versions

    _print_current(versions.roll_back(versions.Storage(registry), model))


models = group(
    "models",
    "List, publish, pull, promote or roll back versions of models in S3.",
    "models list --registry s3://bucket/models",
    *(list_versions, publish, pull, promote, rollback),
)


def _print_current(version: str) -> None:
    print_status("current is now")
    print(version)


def _format_model(metadata: dict[str, Any]) -> str:
    numbers = ("false_positive", "false_negative", "validation_rows", "auc")
    wrong, missed, rows, auc = (metadata["metrics"][name] for name in numbers)
    return f"{metadata['created'][:19]:<20} {wrong + missed:>8,} {rows:>9,} {auc:>8.4f}"
