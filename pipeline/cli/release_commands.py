"""The commands about versions: what they take and what they print."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from ..console import say
from ..errors import PipelineError
from .commands import DONE, SOME_REFUSED

if TYPE_CHECKING:
    from ..registry.manifest import Manifest
    from ..registry.s3 import Storage

Run = Callable[[argparse.Namespace], int]
Add = Callable[[str, str, str, Run], argparse.ArgumentParser]
REGISTRY = "REGISTRY"  # the environment variable


def add_commands(add: Add) -> None:
    """Add publish, versions, pull, promote, rollback and deploy."""
    command = add(
        "publish",
        "Upload an artifact as a version that never changes.",
        "publish --to s3://bucket/models --model build/language --report report",
        publish,
    )
    _registry(command, "--to")
    command.add_argument("--model", metavar="M", help="a packaged model's name or a folder")
    command.add_argument("--report", type=Path, metavar="DIR", help="of `evaluate`, goes along")
    command = add(
        "versions",
        "List the published versions.",
        "versions --from s3://bucket/models",
        versions,
    )
    _registry(command, "--from")
    command = add(
        "pull",
        "Verify and install a version.",
        "pull current --from s3://bucket/models --out lambda_app/chalicelib/artifacts/language",
        pull,
    )
    command.add_argument("version", metavar="VERSION", help="of `versions`, or current")
    _registry(command, "--from")
    command.add_argument("--out", type=Path, metavar="DIR", help="default: build/MODEL")
    command = add(
        "promote",
        "Make a version the current one.",
        "promote language-20261123-0a1b2c3d4e5f --in s3://bucket/models",
        promote,
    )
    command.add_argument("version", metavar="VERSION", help="of `versions`")
    _registry(command, "--in")
    command = add(
        "rollback",
        "Make the version before current again; once more goes further back.",
        "rollback --in s3://bucket/models",
        rollback,
    )
    _registry(command, "--in")
    command = add(
        "deploy",
        "Prove, package, deploy with Chalice, smoke-test; back if that fails.",
        "deploy --stage prod --plan",
        deploy,
    )
    command.add_argument("--stage", default="dev", help="of .chalice/config.json (default: dev)")
    instead = command.add_mutually_exclusive_group()
    instead.add_argument("--plan", action="store_true", help="show what would change, no more")
    instead.add_argument(
        "--back", action="store_true", help="back to what ran before the last deployment"
    )
    command.add_argument("--url", help="where the app answers (default: API Gateway's)")


def _registry(command: argparse.ArgumentParser, flag: str) -> None:
    command.add_argument(
        flag,
        dest="registry",
        default=os.environ.get(REGISTRY),
        metavar="s3://BUCKET/PREFIX",
        help=f"where the versions are (default: the environment variable {REGISTRY})",
    )


def publish(options: argparse.Namespace) -> int:
    """Publish; its version goes to stdout."""
    from lambda_app.chalicelib.model.artifact import locate

    from ..registry import versions

    storage = _storage(options)
    made, new = versions.publish(storage, locate(options.model), options.report)
    if new:
        size = sum(x["size"] for x in made.files.values()) / 1e6
        say(f"published, {len(made.files)} files, {size:.1f} MB; promote makes it current")
    else:
        say(f"is there already, published {made.published}; nothing is changed")
    print(made.version)
    return DONE


def versions(options: argparse.Namespace) -> int:
    """List what is there, the current one marked; those that are damaged are told."""
    from ..registry import versions
    from ..registry.manifest import Manifest

    storage = _storage(options)
    pointer = versions.current(storage)
    status = DONE
    print(_HEAD)
    for found in versions.versions(storage):
        if isinstance(found, Manifest):
            mark = "*" if pointer and found.version == pointer.version else ""
            print(_row(found, mark))
        else:
            print(f"versions: {found}", file=sys.stderr)
            status = SOME_REFUSED
    return status


def pull(options: argparse.Namespace) -> int:
    """Install; the folder goes to stdout."""
    from ..registry import versions

    found, target = versions.pull(_storage(options), options.version, options.out)
    say(f"{found.version} is verified: its hashes, {len(found.golden)} answers, its MOJO")
    print(target)
    return DONE


def promote(options: argparse.Namespace) -> int:
    """Move the pointer to a version."""
    from ..registry import versions

    return _moved(versions.promote(_storage(options), options.version).version)


def rollback(options: argparse.Namespace) -> int:
    """Move the pointer to the version before."""
    from ..registry import versions

    return _moved(versions.rollback(_storage(options)).version)


def deploy(options: argparse.Namespace) -> int:
    """Deploy, or show what would change; the URL goes to stdout."""
    from ..deploy import deploy
    from ..deploy.package import architecture, package

    if options.back:
        url = deploy.back(options.stage, options.url)
        say(f"{options.stage} runs what it ran before")
        print(url)
        return DONE
    deploy.gate()
    with tempfile.TemporaryDirectory(prefix="deploy-") as folder:
        zipped = package(Path(folder), architecture(options.stage))
        if options.plan:
            for line in deploy.plan(options.stage, zipped):
                print(line)
            return DONE
        url = deploy.deploy(options.stage, zipped, options.url)
    say(f"{options.stage} is deployed")
    print(url)
    return DONE


def _moved(version: str) -> int:
    say("current is now")
    print(version)
    return DONE


def _storage(options: argparse.Namespace) -> Storage:
    from ..registry.s3 import Storage

    if not options.registry:
        raise PipelineError(f"where? give s3://bucket/prefix, or set {REGISTRY}")
    return Storage(options.registry)


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
