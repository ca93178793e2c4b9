"""kill -9 at random moments of export, publish, promote and pull; test_cli.py has training.

Each time what was there before, or what should have come, is there, whole, and
the command can be repeated.
"""

from __future__ import annotations

import json
import random
import shutil
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import boto3
import pytest

from malicious_domains.model.artifact import PACKAGED
from pipeline.h2o_cluster.cluster import Cluster
from pipeline.release import versions
from pipeline.release.aws import Storage
from pipeline.release.verify import verify_artifact
from pipeline.training.export import write_metadata
from tests.helpers import aws_server
from tests.helpers.forking import Forks, forks

EXPORT, PUBLISH, PROMOTE, PULL = 1, 3, 2, 3  # a training before each export takes seconds
DELAY = 0.03  # seconds of each request, so that some are hit

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def slow_aws_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with aws_server.running(tmp_path_factory.mktemp("aws") / "log", DELAY) as url:
        yield url


@pytest.fixture
def storage(slow_aws_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Storage:
    """Return a registry with the classic model as its current version."""
    environment = aws_server.CREDENTIALS | {"AWS_ENDPOINT_URL": slow_aws_url}
    for name, value in (environment | {"TMPDIR": str(tmp_path)}).items():
        monkeypatch.setenv(name, value)
    bucket = f"models-{uuid.uuid4().hex}"
    boto3.client("s3").create_bucket(Bucket=bucket)
    monkeypatch.setenv("REGISTRY", f"s3://{bucket}/x")
    made = Storage(f"s3://{bucket}/x")
    versions.promote(made, versions.publish(made, PACKAGED / "classic")[0])
    return made


def killed(
    run: Forks,
    count: int,
    seed: int,
    command: Callable[[int], list[object]],
    after: str = "",
    within: float = 0,
) -> Iterator[int]:
    """Run a command until it was killed at so many random moments; yields after each run.

    command: what it takes the i-th time; after: what it says before it may be killed; within so
    many seconds, by default those that it takes.
    """
    draw, done = random.Random(seed), 0
    whole = within
    if not within:
        status, whole = run.run(*command(0))
        assert status == 0, run.log.read_text()
    for i in range(1, 6 * count):
        status, took = run.run(*command(i), kill=draw.uniform(0, whole), after=after)
        assert status in (0, -9), run.log.read_text()
        done += status == -9
        whole = whole if status or within else took
        yield i
        if done == count:
            return
    raise AssertionError(f"killed {done} times only")


def retrain(folder: Path, i: int) -> None:
    """As good as another model: another version."""
    metadata = json.loads((folder / "model.json").read_text())
    write_metadata(folder, metadata | {"created": f"2026-12-01T00:00:{i:02d}+00:00"})


def listed(storage: Storage) -> list[str]:
    """Return the versions; none may be damaged."""
    rows = list(versions.list_versions(storage))
    assert all(isinstance(model, dict) for _, model in rows)
    return [name for name, _ in rows]


def test_publishing(storage: Storage, artifact_copy: Path, tmp_path: Path) -> None:
    """Whatever is listed is whole; the current version is what it was."""
    before = versions.read_pointers(storage)
    publish = ["publish", "--model", artifact_copy]

    def another(i: int) -> list[object]:
        retrain(artifact_copy, i)
        return [*publish]

    with forks(tmp_path / "log") as run:
        for i in killed(run, PUBLISH, 1, another):
            assert versions.read_pointers(storage) == before
            versions.pull(storage, listed(storage)[-1], tmp_path / "there")
            if i % 5 == 0:
                assert run.run(*publish)[0] == 0, run.log.read_text()
                assert versions.name_version((artifact_copy / "model.json").read_bytes()) in listed(
                    storage
                )


def test_pulling_and_promoting(storage: Storage, artifact_copy: Path, tmp_path: Path) -> None:
    [[first]] = versions.read_pointers(storage).values()
    retrain(artifact_copy, 1)
    both = [first, versions.publish(storage, artifact_copy)[0]]
    out = tmp_path / "place" / "model"
    with forks(tmp_path / "log") as run:
        for _ in killed(run, PULL, 2, lambda i: ["pull", both[i % 2], "--out", out]):
            assert versions.name_version((out / "model.json").read_bytes()) in both
            verify_artifact(out)
        for _ in killed(run, PROMOTE, 3, lambda i: ["promote", both[i % 2]]):
            [pointer] = versions.read_pointers(storage).values()
            assert pointer[0] in both
        assert run.run("promote", both[1])[0] == 0, run.log.read_text()
        assert run.run("pull", "current", "--out", out)[0] == 0, run.log.read_text()
    assert versions.name_version((out / "model.json").read_bytes()) == both[1]
    assert [x.name for x in out.parent.iterdir()] == ["model"]


def test_exporting(
    h2o_cluster: Cluster, small_csv: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    out = tmp_path / "place" / "model"
    train: list[object] = ["train", "--features", "classic", "--h2o-url", h2o_cluster.url]
    train += ["--data", small_csv, "--out", out]
    shutil.copytree(PACKAGED / "classic", out)
    with forks(tmp_path / "log") as run:
        for _ in killed(run, EXPORT, 5, lambda _: train, after="exporting", within=0.5):
            verify_artifact(out)
        assert run.run(*train)[0] == 0, run.log.read_text()
    verify_artifact(out)
    assert [x.name for x in out.parent.iterdir()] == ["model"]
