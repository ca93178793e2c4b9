"""Check the settings of the app, as the app itself reads them, before anything depends on them."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping

from chalice.config import Config

from malicious_domains.model import artifact
from malicious_domains.model.scorer import Scorer
from malicious_domains.names.errors import MaliciousDomainsError

from . import ReleaseError
from .local_server import APP, ROOT, run_python
from .smoke import StageSettings

_PROGRAM = "chalicelib.web.settings"  # prints the settings of its environment


def read_config(stage: str) -> Config:
    """Read a stage's configuration from .chalice/config.json; raise ReleaseError.

    >>> read_config("dev").lambda_memory_size
    512
    """
    config = json.loads((APP / ".chalice" / "config.json").read_text(encoding="utf-8"))
    if stage not in config["stages"]:
        known = ", ".join(config["stages"])
        raise ReleaseError(f"no stage {stage!r} in .chalice/config.json; it has {known}")
    return Config(stage, config_from_disk=config)


def read_stage(stage: str) -> tuple[StageSettings, Scorer]:
    """Return a stage's settings, and the scorer by which it will answer; raise ReleaseError.

    >>> settings, scorer = read_stage("dev")
    >>> settings.batch_limit, scorer.artifact.name
    (1000, 'language')
    """
    try:
        return check_environment(os.environ | read_config(stage).environment_variables)
    except ReleaseError as error:
        raise ReleaseError(f".chalice/config.json, {stage}: {error}") from error


def check_environment(environment: Mapping[str, str]) -> tuple[StageSettings, Scorer]:
    """Ask the app, in a process of its own, for the settings in a function's environment.

    Returns them, and its scorer without lists and indexes in S3. Raises ReleaseError.
    """
    variables = {**environment, "PYTHONPATH": os.pathsep.join([str(APP), str(ROOT)])}
    answer = json.loads(run_python(["-B", "-m", _PROGRAM], variables))
    values = (answer[name] for name in StageSettings._fields)
    settings = StageSettings._make(tuple(x) if isinstance(x, list) else x for x in values)
    model, point = environment.get("MODEL") or artifact.DEFAULT, settings.operating_point
    try:
        return settings, Scorer.load(model, operating_point=point)
    except MaliciousDomainsError as error:
        raise ReleaseError(f"MODEL {model} at OPERATING_POINT {point}: {error}") from error
