"""Deploy to a stage, with a check of the models before, a smoke test after, and rollback.

Chalice deploys the very zip that was packaged; Lambda's hash of the code shows that it did.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

from malicious_domains.inputs.atomic import write_atomically
from malicious_domains.inputs.console import print_status
from malicious_domains.model import artifact
from malicious_domains.model.scorer import Scorer

from . import ReleaseError, deployed_stage
from .deployed_stage import find_api, hash_code, read_code, read_deployed_hash
from .local_server import APP, copy_project, run_chalice
from .smoke import WAIT, SmokeError, read_key, smoke_test
from .stage_settings import read_config, read_stage
from .verify import verify_artifact

STATE = APP / ".chalice" / "deployed"
_NO_WAY = (
    "there is no previous version to go back to: what was made is left as it is; "
    "`chalice --project-dir lambda_app delete --stage {}` removes it"
)
LOGS = "LOG_BUCKET"  # the environment variable that makes app.py define the functions for logs


def check_models() -> list[str]:
    """Check that every packaged artifact has its MOJO's equation; return their names.

    Raises MaliciousDomainsError for the first that has not.

    >>> check_models()
    ['classic', 'language']
    """
    folders = sorted(x for x in artifact.PACKAGED.iterdir() if x.is_dir())
    for folder in folders:
        verify_artifact(folder)
    return [x.name for x in folders]


def deploy_stage(
    stage: str,
    zipped: Path,
    url: str | None = None,
    state: Path = STATE,
    wait: float = WAIT,
    any_model: bool = False,
) -> str:
    """Deploy a zip to a stage, smoke-test it, and roll back if that fails; return the URL.

    url: where it answers, if not where API Gateway says (a custom domain). state: the folder of
    Chalice's record of deployments, and ours. wait: seconds that a new URL may take until it
    answers. any_model: the zip has perhaps another model than the checkout. Raises ArtifactError or
    ReleaseError before anything is changed; afterwards ReleaseError, which says what is deployed.
    """
    _check_no_logs(stage)
    settings, scorer = read_stage(stage)
    read_key(settings)  # without it the smoke test would fail

    def deploy(code: bytes, expected: Scorer | None) -> str:
        _run_chalice_deploy(code, stage, state)
        print_status(f"gateway  {deployed_stage.protect_api(state, stage, settings.origins)}")
        address = url or find_api(state, stage)["rest_api_url"].rstrip("/")
        print_status(f"smoke    {smoke_test(address, expected, wait, settings)}")
        return address

    state.mkdir(parents=True, exist_ok=True)
    before, code = read_code(state, stage), zipped.read_bytes()
    try:
        address = deploy(code, None if any_model else scorer)
    except BaseException as error:  # Ctrl-C too
        now = _restore(stage, lambda: deploy(before, None)) if before else _NO_WAY.format(stage)
        raise ReleaseError(f"{str(error) or type(error).__name__}; {now}") from error
    if before:
        write_atomically(state / f"{stage}.previous.zip", before)
    write_atomically(state / f"{stage}.zip", code)  # for the next rollback
    return address


def roll_back(stage: str, url: str | None = None, state: Path = STATE, wait: float = WAIT) -> str:
    """Deploy again what a stage ran before its last deployment; return the URL.

    A second call undoes the first. Arguments, errors and settings are those of deploy_stage().
    """
    previous = state / f"{stage}.previous.zip"
    if not previous.is_file():
        advice = "the second successful deployment keeps the first"
        raise ReleaseError(f"{previous}: no previous version of {stage} was kept here; {advice}")
    return deploy_stage(stage, previous, url, state, wait, any_model=True)


def list_changes(stage: str, zipped: Path, state: Path = STATE) -> Iterator[str]:
    """Yield what a deployment would change, a line each; raises ArtifactError or ReleaseError."""
    _check_no_logs(stage)
    config, model = read_config(stage), read_stage(stage)[1].artifact
    yield f"function      {deployed_stage.name_function(stage)}"
    yield f"model         {model.name}, trained {model.metadata['created']}"
    function, code = deployed_stage.read_function(stage), read_code(state, stage)
    if function is None:
        yield "nothing is deployed: function, role, API and API stage would be made"
    yield f"code          {_summarize(code)} -> {_summarize(zipped.read_bytes())}"
    was = function["Configuration"] if function else {}
    for name, new in (
        ("MemorySize", config.lambda_memory_size),
        ("Timeout", config.lambda_timeout),
        ("Runtime", config.lambda_python_version),
        ("Environment", {"Variables": config.environment_variables}),
    ):
        old = was.get(name)
        yield f"{name:<13} {new if old == new else f'{old} -> {new}'}"


def _check_no_logs(stage: str) -> None:
    """Refuse a stage with functions for logs: rollback and smoke test are for the API alone."""
    if LOGS in read_config(stage).environment_variables or os.environ.get(LOGS):
        raise ReleaseError(
            f"{LOGS} is set: the functions that read logs are deployed by CloudFormation, with "
            "their table, topic and bucket; see docs/operations.md"
        )


def _run_chalice_deploy(code: bytes, stage: str, state: Path) -> None:
    """Run `chalice deploy` on a copy of the project with a zip; raise ReleaseError.

    Chalice has no option for a zip that exists, and CloudFormation would give a stage that was made
    by `chalice deploy` another URL: so it runs with a packager that returns the zip.
    """
    with copy_project() as copy:
        (copy / ".chalice" / "deployed").symlink_to(state.absolute())
        zipped = copy.with_name("deployment.zip")
        zipped.write_bytes(code)
        output = run_chalice(copy, "deploy", "--stage", stage, package=zipped)
    for line in output.splitlines():
        print_status(f"chalice  {line}")
    if read_deployed_hash(stage) != hash_code(code):
        raise ReleaseError("Lambda does not run the zip that was packaged")


def _restore(stage: str, deploy: Callable[[], str]) -> str:
    """Deploy what ran before; return what is deployed now."""
    try:
        deploy()
        return "back to the previous version, which answers"
    except SmokeError as failure:
        return f"back to the previous version, which does not answer either: {failure}"
    except Exception as failure:  # whatever it is, the user must know what runs
        return f"and going back failed: {failure}; {stage} is in an unknown state"


def _summarize(code: bytes) -> str:
    return f"{hash_code(code)[:12]} ({len(code) / 1e6:.1f} MB)" if code else "nothing"
