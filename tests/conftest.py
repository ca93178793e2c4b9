"""What several test modules share: data, a running H2O, the served app."""

from __future__ import annotations

import os
import shutil
import uuid
import zipfile
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from hypothesis import settings

from lambda_app.chalicelib.model import artifact
from lambda_app.chalicelib.model.scorer import Scorer
from pipeline.corpus import labelled, sources
from pipeline.deploy import package
from pipeline.deploy.local_server import served
from pipeline.jvm.cluster import Cluster, cluster
from tests.helpers import aws_server

# The first example of a test pays for loading what the others share.
settings.register_profile("project", deadline=None)
settings.load_profile("project")


def _fetched(source: sources.Dataset) -> Path:
    """A file of the original's; without network or mirror there is none to test against."""
    try:
        return sources.fetch(source)
    except sources.SourceError as error:
        if os.environ.get("DOMAINS_MIRROR"):
            raise
        pytest.skip(f"needs the original's data: {error}")


@pytest.fixture(scope="session")
def original() -> labelled.Corpus:
    return labelled.read(_fetched(sources.ORIGINAL), "original")


@pytest.fixture(scope="session")
def words_txt() -> Path:
    return _fetched(sources.ORIGINAL_WORDS)


@pytest.fixture(scope="session")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> labelled.Corpus:
    path = tmp_path_factory.mktemp("corpus") / "embedded.csv"
    labelled.write_embedded(path)
    return labelled.read(path, "embedded")


@pytest.fixture(scope="session")
def small_csv(embedded: labelled.Corpus, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every 80th row of the embedded corpus: enough to train on in a second."""
    path = tmp_path_factory.mktemp("corpus") / "small.csv"
    embedded.frame.iloc[::80].to_csv(path, index=False)
    return path


@pytest.fixture(scope="session")
def h2o_cluster() -> Iterator[Cluster]:
    with cluster() as running:
        yield running


@pytest.fixture(scope="session")
def app_url() -> Iterator[str]:
    with served() as url:
        yield url


@pytest.fixture(scope="session")
def classic_url() -> Iterator[str]:
    with served(artifact.PACKAGED / "classic") as url:
        yield url


@pytest.fixture(scope="session")
def packages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The deployment zip of each architecture, made once."""
    folder = tmp_path_factory.mktemp("packages")
    return {name: package.package(folder / name, name) for name in package.ARCHITECTURES}


@pytest.fixture(scope="session")
def unpacked(packages: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package for x86_64, in a folder as in the Lambda."""
    folder = tmp_path_factory.mktemp("unpacked")
    zipfile.ZipFile(packages[package.X86_64]).extractall(folder)
    return folder


@pytest.fixture(scope="session")
def classic() -> Scorer:
    return Scorer.load("classic")


@pytest.fixture(scope="session")
def language() -> Scorer:
    return Scorer.load("language")


@pytest.fixture(scope="session", params=["classic", "language"])
def scorer(request: pytest.FixtureRequest) -> Scorer:
    """Each of the packaged models."""
    return Scorer.load(request.param)


@pytest.fixture
def artifact_copy(tmp_path: Path) -> Path:
    """The simpler of the packaged artifacts, to be damaged."""
    folder = tmp_path / "classic"
    shutil.copytree(artifact.PACKAGED / "classic", folder)
    return folder


@pytest.fixture
def language_copy(tmp_path: Path) -> Path:
    """The other one, likewise."""
    folder = tmp_path / "language"
    shutil.copytree(artifact.PACKAGED / "language", folder)
    return folder


@pytest.fixture(scope="session")
def aws_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with aws_server.running(tmp_path_factory.mktemp("aws") / "log") as url:
        yield url


@pytest.fixture
def aws(aws_url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The URL of a local AWS, which boto3 and child processes use for the test."""
    for name, value in (aws_server.CREDENTIALS | {"AWS_ENDPOINT_URL": aws_url}).items():
        monkeypatch.setenv(name, value)
    return aws_url


@pytest.fixture
def bucket(aws: str) -> str:
    """A new bucket's name."""
    name = f"models-{uuid.uuid4().hex}"
    boto3.client("s3").create_bucket(Bucket=name)
    return name
