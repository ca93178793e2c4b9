"""Our zip where Chalice looks for the package that it made of a project, so that it deploys ours.

Chalice has no option for that. It names a package by a hash of the project and makes a new
one only where there is none of that name.
"""

from __future__ import annotations

import shutil
from importlib.metadata import version
from pathlib import Path

from chalice.config import Config
from chalice.deploy.packager import DependencyBuilder, LambdaDeploymentPackager
from chalice.utils import UI, OSUtils

from malicious_domains.names.errors import MaliciousDomainsError

CHALICE = "1.34.0"  # whose names these are; as in requirements.txt


class ChaliceVersionError(MaliciousDomainsError):
    """A Chalice of which it is not known where it looks for a package."""


def check_version() -> None:
    """Raise ChaliceVersionError unless Chalice is the version that plant() is made for."""
    if (found := version("chalice")) != CHALICE:
        raise ChaliceVersionError(
            f"Chalice is {found}, and the zip is put where {CHALICE} looks for it. Check in its "
            "chalice/deploy/packager.py that create_deployment_package still returns the file "
            "of deployment_package_filename if there is one, then set CHALICE in "
            "pipeline/release/chalice_cache.py"
        )


def plant(zipped: Path, project: Path, config: Config) -> Path:
    """Copy a zip to where Chalice takes a project's package from, with a stage's config.

    Returns the copy. Any change of the project afterwards gives the package another name.
    Raises ChaliceVersionError.
    """
    check_version()
    name = packager(config).deployment_package_filename(str(project), config.lambda_python_version)
    place = Path(name)
    place.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(zipped, place)
    return place


def packager(config: Config) -> LambdaDeploymentPackager:
    """What makes packages in Chalice, for a stage's architecture."""
    system = OSUtils()
    builder = DependencyBuilder(system)
    return LambdaDeploymentPackager(system, builder, UI(), config.lambda_architecture)
