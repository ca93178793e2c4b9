"""Deployment with a gate before, a smoke test after, and a way back.

Chalice deploys the very zip that was packaged (see chalice_cache); Lambda's hash of the code
shows that it did.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

from chalice.config import Config

from lambda_app.chalicelib.web.settings import Settings, SettingsError, read
from malicious_domains.inputs.atomic import write_atomically
from malicious_domains.inputs.console import print_status
from malicious_domains.inputs.signals import temporary_folder
from malicious_domains.model import artifact
from malicious_domains.model.scorer import Scorer
from malicious_domains.names.errors import MaliciousDomainsError

from . import chalice_cache, chalice_cli, manifest, snapshot
from .local_server import APP
from .smoke import KEY, WAIT, SmokeError, smoke
from .snapshot import StageSnapshot, code_sha256
from .verify import verify

STATE = APP / ".chalice" / "deployed"
FORMER = APP.parent / ".chalice" / "deployed"  # where it was up to 0.1.0
LOGS = "LOG_BUCKET"  # the environment variable that makes app.py have functions for logs
_SHOWN = 8  # changed files in a plan


class DeployError(MaliciousDomainsError):
    """A deployment that did not happen, or was taken back."""


def adopt(state: Path = STATE, former: Path = FORMER) -> None:
    """Move what an earlier release wrote down about its deployments to where it belongs now."""
    if former.is_dir() and not former.is_symlink() and not state.exists():
        state.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(former, state)
        print_status(f"moved    {former} to {state}")


def gate() -> None:
    """Prove that every packaged artifact scores as its MOJO does, or as was recorded of it.

    Raises ArtifactError, ClusterError, ManifestError or VerificationError for the first that
    does not.
    """
    for folder in sorted(x for x in artifact.PACKAGED.iterdir() if x.is_dir()):
        print_status(f"gate     {folder.name}: {_prove(folder)}")


def deploy(
    stage: str, zipped: Path, url: str | None = None, state: Path = STATE, wait: float = WAIT
) -> str:
    """Deploy a zip to a stage, smoke-test it, go back if that fails; returns the URL.

    url: where it answers, if not where API Gateway says (a domain of one's own).
    state: the folder in which Chalice and we write down what is deployed.
    wait: seconds that a new URL may take until it answers.
    Before anything is changed, raises ArtifactError, AwsError, ChaliceVersionError, DeployError
    or SnapshotError; afterwards DeployError, which says what is deployed then.
    """
    _check_alone(stage)
    expected, settings = _scorer(stage), _settings(stage)
    chalice_cache.check_version()
    _check_key(stage, settings)
    state.mkdir(parents=True, exist_ok=True)
    before = snapshot.look(state, stage)
    try:
        with _project(zipped, stage, state) as project:
            _chalice(project, "deploy", "--stage", stage)
        if snapshot.deployed_sha256(stage) != code_sha256(zipped.read_bytes()):
            raise DeployError("Lambda does not run the zip that was packaged")
        address = url or snapshot.url_of(state, stage)
        print_status(f"smoke    {smoke(address, expected, wait, settings)}")
    except BaseException as error:  # Ctrl-C too
        problem = str(error) or type(error).__name__
        raise DeployError(f"{problem}; {_back(before, stage, url, wait)}") from error
    if before:
        snapshot.keep(before, state, stage)
    write_atomically(state / f"{stage}.zip", zipped.read_bytes())  # for the next way back
    return address


def back(stage: str, url: str | None = None, state: Path = STATE, wait: float = WAIT) -> str:
    """Go back to what a stage ran before its last deployment; returns the URL.

    Called once more, it goes forth again. Arguments are those of deploy(). Raises AwsError or
    SnapshotError before anything is changed, and DeployError, which says what is deployed then.
    """
    now = snapshot.look(state, stage)
    if now is None:
        raise DeployError(f"nothing is deployed to {stage}")
    before = snapshot.load(state, stage)
    _check_key(stage, read(before.environment))
    try:
        before.restore()
        print_status(f"smoke    {smoke(url or before.url, None, wait, read(before.environment))}")
    except BaseException as error:  # Ctrl-C too
        problem = str(error) or type(error).__name__
        raise DeployError(f"{problem}; {_back(now, stage, url, wait)}") from error
    snapshot.keep(now, state, stage)
    write_atomically(state / f"{stage}.zip", before.code)
    return url or before.url


def plan(stage: str, zipped: Path, state: Path = STATE) -> Iterator[str]:
    """What a deployment would change, line by line; changes nothing.

    Raises ArtifactError, AwsError, DeployError or SnapshotError.
    """
    _check_alone(stage)
    config, model = _config(stage), _scorer(stage).artifact
    yield f"function      {snapshot.function_of(stage)}"
    yield f"model         {model.name}, trained {model.metadata['created']}"
    before = snapshot.look(state, stage)
    if before is None:
        yield "nothing is deployed: function, role, API and API stage would be made"
    code = before.code if before else b""
    yield f"code          {_brief(code)} -> {_brief(zipped.read_bytes())}"
    yield from (f"              {line}" for line in _changed_files(code, zipped))
    was = before.settings | {"Concurrency": before.concurrency} if before else {}
    for name, old, new in (
        ("memory, MB", was.get("MemorySize"), config.lambda_memory_size),
        ("timeout, s", was.get("Timeout"), config.lambda_timeout),
        ("concurrency", was.get("Concurrency"), config.reserved_concurrency),
        ("runtime", was.get("Runtime"), config.lambda_python_version),
        ("environment", was.get("Environment", {}).get("Variables"), config.environment_variables),
    ):
        yield f"{name:<13} {new if old == new else f'{old} -> {new}'}"


def _prove(folder: Path) -> str:
    """Prove one: by the answers recorded of it where it was pulled, else by its MOJO's."""
    path = folder / artifact.MANIFEST
    if not path.exists():
        return verify(folder)
    version = json.loads(path.read_bytes()).get("version", "")
    found = manifest.read(path.read_bytes(), version)
    for name in found.artifact_files:
        found.check(name, (folder / name).read_bytes())
    return f"{found.version}, {verify(folder, found.golden)}"


def _config(stage: str) -> Config:
    """A stage's settings from .chalice/config.json; raises DeployError."""
    config = json.loads((APP / ".chalice" / "config.json").read_text(encoding="utf-8"))
    if stage not in config["stages"]:
        known = ", ".join(config["stages"])
        raise DeployError(f"no stage {stage!r} in .chalice/config.json; it has {known}")
    return Config(stage, config_from_disk=config)


def _scorer(stage: str) -> Scorer:
    """The model that the stage will answer by; raises ArtifactError or DeployError."""
    model = _config(stage).environment_variables.get("MODEL", artifact.DEFAULT)
    return Scorer.load(model, operating_point=_settings(stage).operating_point)


def _settings(stage: str) -> Settings:
    """A stage's environment variables as the app reads them; raises DeployError."""
    try:
        return read(_config(stage).environment_variables)
    except SettingsError as error:
        raise DeployError(f".chalice/config.json, {stage}: {error}") from error


@contextmanager
def _project(zipped: Path, stage: str, state: Path) -> Iterator[Path]:
    """A copy of the project, of which Chalice will deploy the zip."""
    with temporary_folder("deploy-") as folder:
        copy = folder / "app"
        ignored = shutil.ignore_patterns("__pycache__", "deployed", "deployments")
        shutil.copytree(APP, copy, ignore=ignored)
        (copy / ".chalice" / "deployed").symlink_to(state.absolute())
        chalice_cache.plant(zipped, copy, _config(stage))
        yield copy


def _chalice(project: Path, *arguments: str) -> None:
    """Run Chalice; raises DeployError with what it says."""
    command = chalice_cli.command(project, *arguments)
    run = subprocess.run(command, capture_output=True, text=True, check=False, timeout=900)
    if run.returncode:
        raise DeployError(f"chalice {arguments[0]} failed: {(run.stdout + run.stderr)[-1000:]}")
    for line in run.stdout.splitlines():
        print_status(f"chalice  {line}")


def _back(before: StageSnapshot | None, stage: str, url: str | None, wait: float) -> str:
    """Go back to what was there; returns a line that says what is deployed now."""
    if before is None:
        return (
            "there is no previous version to go back to: what was made is left as it is; "
            f"`chalice --project-dir lambda_app delete --stage {stage}` removes it"
        )
    try:
        before.restore()
        smoke(url or before.url, None, wait, read(before.environment))
    except SmokeError as error:
        return f"back to the previous version, which does not answer either: {error}"
    except Exception as error:  # whatever it is, the user must know what runs
        return f"and going back failed: {error}; {before.function} is in an unknown state"
    return "back to the previous version, which answers"


def _check_alone(stage: str) -> None:
    """What goes back and is asked here is the API's function: it must be the only one."""
    if LOGS in _config(stage).environment_variables or os.environ.get(LOGS):
        raise DeployError(
            f"{LOGS} is set: the functions that read logs are deployed by CloudFormation, with "
            "their table, topic and bucket; see docs/operations.md"
        )


def _check_key(stage: str, settings: Settings) -> None:
    """Before anything is changed: without a key the smoke test would fail afterwards."""
    if settings.keys and not os.environ.get(KEY):
        raise DeployError(f"{stage} asks for a key: set {KEY} to one that it takes, to test it")


def _changed_files(old: bytes, zipped: Path) -> list[str]:
    """The files that two zips do not share, by name."""
    before = _checksums(BytesIO(old)) if old else {}
    after = _checksums(zipped)
    names = sorted(n for n in before.keys() | after.keys() if before.get(n) != after.get(n))
    signs = [f"{_sign(n in before, n in after)} {n}" for n in names]
    more = [f"and {len(signs) - _SHOWN:,} more"] if len(signs) > _SHOWN else []
    return [*signs[:_SHOWN], *more] or ["no file differs"]


def _checksums(file: BytesIO | Path) -> dict[str, int]:
    """The checksum of each file in a zip, by name."""
    with zipfile.ZipFile(file) as archive:
        return {x.filename: x.CRC for x in archive.infolist()}


def _sign(before: bool, after: bool) -> str:
    return "changed" if before and after else "new    " if after else "gone   "


def _brief(code: bytes) -> str:
    return f"{code_sha256(code)[:12]} ({len(code) / 1e6:.1f} MB)" if code else "nothing"
