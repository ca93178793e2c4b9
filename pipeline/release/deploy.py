"""Deploy to a stage, with a check of the models before, a smoke test after, and rollback.

Chalice deploys the very zip that was packaged; Lambda's hash of the code shows that it did.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from io import BytesIO
from pathlib import Path

from chalice.config import Config
from chalice.deploy.packager import DependencyBuilder, LambdaDeploymentPackager
from chalice.utils import UI, OSUtils

from malicious_domains.inputs.atomic import write_atomically
from malicious_domains.inputs.console import print_status
from malicious_domains.inputs.signals import temporary_folder
from malicious_domains.model import artifact

from . import ReleaseError, gateway, manifest, snapshot
from .local_server import APP, chalice_command
from .smoke import KEY, WAIT, SmokeError, StageSettings, smoke_test
from .snapshot import StageSnapshot, hash_code
from .stage_settings import ask_app, read_config, read_stage
from .verify import verify_artifact

CHALICE = "1.34.0"  # the version whose package names plant_zip() relies on; see requirements.txt
STATE = APP / ".chalice" / "deployed"
LOGS = "LOG_BUCKET"  # the environment variable that makes app.py define the functions for logs
_SHOWN = 8  # changed files in a dry run


def check_models() -> None:
    """Check that every packaged artifact scores as its MOJO does, or as recorded when published.

    Raises ArtifactError, ClusterError or ReleaseError for the first that does not.
    """
    for folder in sorted(x for x in artifact.PACKAGED.iterdir() if x.is_dir()):
        print_status(f"gate     {folder.name}: {_verify(folder)}")


def deploy_stage(
    stage: str, zipped: Path, url: str | None = None, state: Path = STATE, wait: float = WAIT
) -> str:
    """Deploy a zip to a stage, smoke-test it, and roll back if that fails; return the URL.

    url: where it answers, if not where API Gateway says (a custom domain). state: the folder of
    Chalice's record of deployments, and ours. wait: seconds that a new URL may take until it
    answers. Raises ArtifactError or ReleaseError before anything is changed; afterwards
    ReleaseError, which says what is deployed then.
    """
    _check_no_logs(stage)
    settings, expected = read_stage(stage)
    check_chalice()
    _check_key(stage, settings)
    state.mkdir(parents=True, exist_ok=True)
    before = snapshot.take_snapshot(state, stage)
    try:
        with _copy_project(zipped, stage, state) as project:
            _run_chalice(project, "deploy", "--stage", stage)
        if snapshot.read_deployed_hash(stage) != hash_code(zipped.read_bytes()):
            raise ReleaseError("Lambda does not run the zip that was packaged")
        print_status(f"gateway  {gateway.protect_api(state, stage, settings.origins)}")
        address = url or snapshot.read_url(state, stage)
        print_status(f"smoke    {smoke_test(address, expected, wait, settings)}")
    except BaseException as error:  # Ctrl-C too
        problem = str(error) or type(error).__name__
        raise ReleaseError(f"{problem}; {_restore(before, stage, url, wait)}") from error
    if before:
        snapshot.save_snapshot(before, state, stage)
    write_atomically(state / f"{stage}.zip", zipped.read_bytes())  # for the next rollback
    return address


def roll_back(stage: str, url: str | None = None, state: Path = STATE, wait: float = WAIT) -> str:
    """Restore what a stage ran before its last deployment; return the URL.

    A second call undoes the first. Arguments and errors are those of deploy_stage().
    """
    now = snapshot.take_snapshot(state, stage)
    if now is None:
        raise ReleaseError(f"nothing is deployed to {stage}")
    before = snapshot.load_snapshot(state, stage)
    settings = ask_app(before.environment)
    _check_key(stage, settings)
    try:
        before.restore()
        print_status(f"smoke    {smoke_test(url or before.url, None, wait, settings)}")
    except BaseException as error:  # Ctrl-C too
        problem = str(error) or type(error).__name__
        raise ReleaseError(f"{problem}; {_restore(now, stage, url, wait)}") from error
    snapshot.save_snapshot(now, state, stage)
    write_atomically(state / f"{stage}.zip", before.code)
    return url or before.url


def list_changes(stage: str, zipped: Path, state: Path = STATE) -> Iterator[str]:
    """List what a deployment would change, line by line, without changing anything.

    Raises ArtifactError or ReleaseError.
    """
    _check_no_logs(stage)
    config, model = read_config(stage), read_stage(stage)[1].artifact
    yield f"function      {snapshot.name_function(stage)}"
    yield f"model         {model.name}, trained {model.metadata['created']}"
    before = snapshot.take_snapshot(state, stage)
    if before is None:
        yield "nothing is deployed: function, role, API and API stage would be made"
    code = before.code if before else b""
    yield f"code          {_summarize(code)} -> {_summarize(zipped.read_bytes())}"
    yield from (f"              {line}" for line in _compare_files(code, zipped))
    was = before.settings | {"Concurrency": before.concurrency} if before else {}
    for name, old, new in (
        ("memory, MB", was.get("MemorySize"), config.lambda_memory_size),
        ("timeout, s", was.get("Timeout"), config.lambda_timeout),
        ("concurrency", was.get("Concurrency"), config.reserved_concurrency),
        ("runtime", was.get("Runtime"), config.lambda_python_version),
        ("environment", was.get("Environment", {}).get("Variables"), config.environment_variables),
    ):
        yield f"{name:<13} {new if old == new else f'{old} -> {new}'}"


def _verify(folder: Path) -> str:
    """Verify an artifact by the answers recorded when it was published, or by its MOJO's."""
    path = folder / artifact.MANIFEST
    if not path.exists():
        return verify_artifact(folder)
    body = path.read_bytes()
    published = manifest.parse_manifest(body, json.loads(body).get("version", ""))
    for name in published.artifact_files:
        published.check_file(name, (folder / name).read_bytes())
    return f"{published.version}, {verify_artifact(folder, published.golden)}"


# --- a stage's settings ---


def _check_no_logs(stage: str) -> None:
    """Refuse a stage with functions for logs: rollback and smoke test are for the API alone."""
    if LOGS in read_config(stage).environment_variables or os.environ.get(LOGS):
        raise ReleaseError(
            f"{LOGS} is set: the functions that read logs are deployed by CloudFormation, with "
            "their table, topic and bucket; see docs/operations.md"
        )


def _check_key(stage: str, settings: StageSettings) -> None:
    """Refuse, before anything is changed, a smoke test that would fail for want of a key."""
    if settings.keys and not os.environ.get(KEY):
        raise ReleaseError(f"{stage} asks for a key: set {KEY} to one that it takes, to test it")


# --- Chalice ---


def check_chalice() -> None:
    """Raise ReleaseError unless Chalice has the version that plant_zip() is made for."""
    if (installed := version("chalice")) != CHALICE:
        raise ReleaseError(
            f"Chalice is {installed}, and the zip is put where {CHALICE} looks for it. Check in "
            "its chalice/deploy/packager.py that create_deployment_package still returns the file "
            "of deployment_package_filename if there is one, then set CHALICE in "
            "pipeline/release/deploy.py"
        )


def plant_zip(zipped: Path, project: Path, config: Config) -> Path:
    """Copy a zip to where Chalice looks for the package of a project; return the copy.

    Chalice has no option for a zip that exists, and CloudFormation would give a stage that was
    made by `chalice deploy` another URL. It names a package by a hash of the project, and makes
    one only if there is none of that name: the project must not change afterwards.
    """
    check_chalice()
    packager = make_packager(config)
    name = packager.deployment_package_filename(str(project), config.lambda_python_version)
    Path(name).parent.mkdir(parents=True, exist_ok=True)
    return Path(shutil.copyfile(zipped, name))


def make_packager(config: Config) -> LambdaDeploymentPackager:
    """Make Chalice's packager for a stage's architecture."""
    system = OSUtils()
    builder = DependencyBuilder(system)
    return LambdaDeploymentPackager(system, builder, UI(), config.lambda_architecture)


@contextmanager
def _copy_project(zipped: Path, stage: str, state: Path) -> Iterator[Path]:
    """Copy the project for the with block, such that Chalice deploys the zip from it."""
    with temporary_folder("deploy-") as folder:
        copy = folder / "app"
        ignored = shutil.ignore_patterns("__pycache__", "deployed", "deployments")
        shutil.copytree(APP, copy, ignore=ignored)
        (copy / ".chalice" / "deployed").symlink_to(state.absolute())
        plant_zip(zipped, copy, read_config(stage))
        yield copy


def _run_chalice(project: Path, *arguments: str) -> None:
    """Run Chalice; raise ReleaseError with its output if it fails."""
    command = chalice_command(project, *arguments)
    run = subprocess.run(command, capture_output=True, text=True, check=False, timeout=900)
    if run.returncode:
        raise ReleaseError(f"chalice {arguments[0]} failed: {(run.stdout + run.stderr)[-1000:]}")
    for line in run.stdout.splitlines():
        print_status(f"chalice  {line}")


def _restore(before: StageSnapshot | None, stage: str, url: str | None, wait: float) -> str:
    """Restore an earlier state; return a line that says what is deployed now."""
    if before is None:
        return (
            "there is no previous version to go back to: what was made is left as it is; "
            f"`chalice --project-dir lambda_app delete --stage {stage}` removes it"
        )
    try:
        before.restore()
        smoke_test(url or before.url, None, wait, ask_app(before.environment))
    except SmokeError as error:
        return f"back to the previous version, which does not answer either: {error}"
    except Exception as error:  # whatever it is, the user must know what runs
        return f"and going back failed: {error}; {before.function} is in an unknown state"
    return "back to the previous version, which answers"


# --- the dry run ---


def _compare_files(old: bytes, zipped: Path) -> list[str]:
    """List the files in which two zips differ, by name."""
    before = _read_checksums(BytesIO(old)) if old else {}
    after = _read_checksums(zipped)
    names = sorted(n for n in before.keys() | after.keys() if before.get(n) != after.get(n))
    lines = [f"{_describe_change(n in before, n in after)} {n}" for n in names]
    more = [f"and {len(lines) - _SHOWN:,} more"] if len(lines) > _SHOWN else []
    return [*lines[:_SHOWN], *more] or ["no file differs"]


def _read_checksums(file: BytesIO | Path) -> dict[str, int]:
    with zipfile.ZipFile(file) as archive:
        return {x.filename: x.CRC for x in archive.infolist()}


def _describe_change(before: bool, after: bool) -> str:
    return "changed" if before and after else "new    " if after else "gone   "


def _summarize(code: bytes) -> str:
    return f"{hash_code(code)[:12]} ({len(code) / 1e6:.1f} MB)" if code else "nothing"
