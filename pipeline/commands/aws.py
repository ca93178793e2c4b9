"""The command serve, and those of `aws`: the app on this machine, its zip, its deployment."""

from __future__ import annotations

import os
from pathlib import Path

import click

from malicious_domains.cli.command import command, group, option
from malicious_domains.inputs.console import print_status
from malicious_domains.inputs.signals import temporary_folder


@command("serve", "serve --port 8000", extra="aws")
@option("--host HOST", "Address to listen on; 0.0.0.0 for all.", default="127.0.0.1")
@option("--port PORT", "Port to listen on.", type=click.IntRange(1, 65535), default=8000)
def serve(host: str, port: int) -> None:
    """Serve the app until it is stopped."""
    from ..release import local_server, stage_settings

    stage_settings.check_environment(os.environ)
    local_server.run_app(host, port)


@command("package", "aws package --out build/package", extra="aws")
@option("--out DIR", "Folder for the zip and its template.", default="build/package")
@option(
    "--architecture", "CPU architecture of the Lambda.", type=["x86_64", "arm64"], default="x86_64"
)
def package(out: Path, architecture: str) -> None:
    """Build the deployment zip."""
    from ..release import package as packaging

    zipped = packaging.build_package(out, architecture)
    print(f"{zipped}: {architecture}, {packaging.describe_zip(zipped)}")


@command("deploy", "aws deploy --stage prod --dry-run", extra="all")
@option("--stage STAGE", "Stage, as in lambda_app/.chalice/config.json.", default="dev")
@option("--dry-run", "Show what would change, then exit.")
@option("--rollback", "Restore what ran before the last deployment.")
@option("--url URL", "URL at which the app answers (default: API Gateway's).")
def deploy(stage: str, dry_run: bool, rollback: bool, url: str | None) -> None:
    """Deploy the app, or roll it back; print the URL.

    Verifies the models, packages the app, deploys it with Chalice and smoke-tests it; rolls back
    if that fails.
    """
    if dry_run and rollback:
        raise click.UsageError("--dry-run and --rollback: choose one")
    import boto3

    from ..release import ReleaseError, deploy, package, stage_settings

    if not boto3.Session().region_name:
        raise ReleaseError("no AWS region; set AWS_DEFAULT_REGION, to us-east-1 for example")
    if rollback:
        there, done = deploy.roll_back(stage, url), "runs what it ran before"
    else:
        stage_settings.read_stage(stage)
        print_status(f"check    {', '.join(deploy.check_models())}: each equation is its MOJO's")
        architecture = stage_settings.read_config(stage).lambda_architecture
        with temporary_folder("deploy-") as folder:
            zipped = package.build_package(folder, architecture)
            if dry_run:
                print(*deploy.list_changes(stage, zipped), sep="\n")
                return
            there, done = deploy.deploy_stage(stage, zipped, url), "is deployed"
    print_status(f"{stage} {done}")
    print(there)


@command("protect", "aws protect --stage dev", extra="all")
@option("--stage STAGE", "Stage, as in lambda_app/.chalice/config.json.", default="dev")
def protect(stage: str) -> None:
    """Throttle an API that `chalice deploy` made, and give its own errors CORS headers.

    An unknown path becomes 404. `deploy` does the same after each deployment.
    """
    from ..release import deploy, deployed_stage, stage_settings

    settings, _ = stage_settings.read_stage(stage)
    print(deployed_stage.protect_api(deploy.STATE, stage, settings.origins))


aws = group(
    *("aws", "Package and deploy the app on AWS.", "aws deploy --stage prod --dry-run"),
    *(package, deploy, protect),
)
