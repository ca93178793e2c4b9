"""Versions of artifacts in S3, which is moto's here, over HTTP."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import boto3
import pytest

from malicious_domains.cli import main
from malicious_domains.model.artifact import PACKAGED
from malicious_domains.names.errors import MaliciousDomainsError
from pipeline.release import ReleaseError, versions
from pipeline.release.aws import Storage
from pipeline.release.versions import name_version
from pipeline.training.export import write_metadata


@pytest.fixture
def storage(bucket: str) -> Storage:
    return Storage(f"s3://{bucket}/some/models")


@pytest.fixture
def version(storage: Storage) -> str:
    """Return the classic model, published."""
    return versions.publish(storage, PACKAGED / "classic")[0]


def contents(folder: Path) -> dict[str, bytes]:
    return {x.name: x.read_bytes() for x in folder.iterdir()}


def objects(storage: Storage) -> dict[str, bytes]:
    s3 = boto3.client("s3")
    listed = s3.list_objects_v2(Bucket=storage.bucket).get("Contents", [])
    return {
        x["Key"]: s3.get_object(Bucket=storage.bucket, Key=x["Key"])["Body"].read() for x in listed
    }


def overwrite(storage: Storage, name: str, body: bytes) -> None:
    boto3.client("s3").put_object(Bucket=storage.bucket, Key=f"some/models/{name}", Body=body)


def forge(storage: Storage, folder: Path) -> str:
    """Return a version whose hashes are right, whatever its files say."""
    version = name_version((folder / "model.json").read_bytes())
    for name, body in contents(folder).items():
        overwrite(storage, f"versions/{version}/{name}", body)
    return version


def retrained(folder: Path, created: str) -> None:
    """As good as another model: another version."""
    metadata = json.loads((folder / "model.json").read_text()) | {"created": created}
    write_metadata(folder, metadata)


def test_from_training_to_another_machine(
    bucket: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The commands, one after the other."""
    place, report, out = f"s3://{bucket}/x", tmp_path / "report", tmp_path / "there"
    report.mkdir()
    (report / "index.html").write_text("<p>A report.</p>")
    (report / "report.json").write_text("{}")
    assert main(["versions", "--from", place]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 1
    assert main(["publish", "--to", place, "--report", str(report)]) == 0
    version = capsys.readouterr().out.strip()
    assert version.startswith("language-")
    assert main(["promote", version, "--in", place]) == 0
    assert main(["publish", "--to", place, "--model", "classic"]) == 0
    capsys.readouterr()
    assert main(["versions", "--from", place]) == 0
    rows = capsys.readouterr().out.splitlines()[1:]
    assert sorted(row[:3] for row in rows) == ["  c", "* l"]
    classic = next(row for row in rows if row.startswith("  "))
    assert classic.split()[-3:] == ["560", "26,593", "0.9972"]
    assert main(["pull", "current", "--from", place, "--out", str(out)]) == 0
    assert capsys.readouterr().out == f"{out}\n"
    assert contents(out) == contents(PACKAGED / "language")
    body = boto3.client("s3").get_object(
        Bucket=bucket, Key=f"x/versions/{version}/report/index.html"
    )["Body"]
    assert body.read() == b"<p>A report.</p>"


def test_a_version_never_changes(storage: Storage, version: str) -> None:
    before = objects(storage)
    again = versions.publish(storage, PACKAGED / "classic")
    assert again == (version, False)
    assert objects(storage) == before


def test_of_two_publishers_at_once_one_wins(storage: Storage) -> None:
    def publish(_: int) -> tuple[str, bool]:
        return versions.publish(storage, PACKAGED / "classic")

    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(publish, range(4)))
    assert sum(is_new for _, is_new in results) == 1
    assert {version for version, _ in results} == {x for x, _ in versions.list_versions(storage)}


@pytest.mark.slow
def test_of_two_publishing_commands_at_once_one_is_told(aws: str, storage: Storage) -> None:
    place = f"s3://{storage.bucket}/some/models"
    command = [sys.executable, "-m", "pipeline", "publish", "--to", place, "--model", "classic"]
    runs = [
        subprocess.Popen(command, cwd=Path(__file__).parents[3], stdout=-1, stderr=-1, text=True)
        for _ in range(2)
    ]
    said = [run.communicate(timeout=60) for run in runs]
    assert [run.returncode for run in runs] == [0, 0]
    assert said[0][0] == said[1][0]
    told = sorted(err.split(";")[0] for _, err in said)
    assert told == ["is there already", "published"], said


class Overtaken(Storage):
    """The storage of a command that another overtakes just before it writes."""

    def __init__(self, storage: Storage, other: Callable[[], str]) -> None:
        super().__init__(storage.url(""))
        self.other = other

    def put(self, name: str, body: bytes, **condition: str) -> bool:
        """Write, once the other command has come and gone."""
        self.other()
        return super().put(name, body, **condition)


def test_of_two_promotions_at_once_one_wins(storage: Storage, version: str, tmp_path: Path) -> None:
    published = [version]
    for day in (1, 2):
        shutil.copytree(PACKAGED / "classic", tmp_path / str(day))
        retrained(tmp_path / str(day), f"2026-11-2{day}T00:00:00+00:00")
        published.append(versions.publish(storage, tmp_path / str(day))[0])
    # At first there is no pointer yet, then both have read the same one.
    for first, second in ((published[1], version), (published[2], version)):
        overtaken = Overtaken(storage, partial(versions.promote, storage, first))
        with pytest.raises(ReleaseError, match=f"was moved meanwhile, to {first}"):
            versions.promote(overtaken, second)
        assert versions.read_pointers(storage)["classic"][0] == first
    assert versions.read_pointers(storage) == {"classic": [published[2], published[1]]}


def test_rollbacks_go_further_and_further_back(storage: Storage, tmp_path: Path) -> None:
    names = []
    shutil.copytree(PACKAGED / "classic", tmp_path / "model")
    for day in (1, 2, 3):
        retrained(tmp_path / "model", f"2026-12-0{day}T00:00:00+00:00")
        names.append(versions.publish(storage, tmp_path / "model")[0])
        versions.promote(storage, names[-1])
    versions.promote(storage, names[-1])  # once more: nothing to go back to in between
    assert versions.roll_back(storage) == names[1]
    assert versions.roll_back(storage) == names[0]
    with pytest.raises(ReleaseError, match="no version of classic was current before"):
        versions.roll_back(storage)
    assert versions.read_pointers(storage) == {"classic": [names[0]]}


def test_each_model_has_a_current_version(
    storage: Storage, version: str, tmp_path: Path, artifact_copy: Path
) -> None:
    language = versions.publish(storage, PACKAGED / "language")[0]
    out = tmp_path / "out"
    versions.promote(storage, language)
    assert versions.pull(storage, "current", out)[0] == language
    before = contents(artifact_copy)
    for wanted in ("current", "language", language):
        with pytest.raises(ReleaseError, match=r"holds the model classic, and language-.*--out"):
            versions.pull(storage, wanted, artifact_copy)
    assert contents(artifact_copy) == before
    versions.promote(storage, version)  # which leaves that of the other model
    pointers = {"classic": [version], "language": [language]}
    assert versions.read_pointers(storage) == pointers
    assert versions.pull(storage, "current", artifact_copy)[0] == version
    assert versions.pull(storage, "current", out)[0] == language
    for ask in (versions.roll_back, lambda x: versions.pull(x, "current", tmp_path / "new")):
        with pytest.raises(ReleaseError, match="classic and language have current versions"):
            ask(storage)
    assert versions.pull(storage, "classic", tmp_path / "new")[0] == version
    with pytest.raises(ReleaseError, match="no version of language was current before"):
        versions.roll_back(storage, "language")


def test_pointers_that_are_none_are_told(storage: Storage, version: str) -> None:
    for body in (b"", b"{", b"language-20261123-0a1b2c3d4e5f"):
        overwrite(storage, "current/classic", body)
        with pytest.raises(ReleaseError, match="does not hold versions of classic"):
            versions.promote(storage, version)


@pytest.mark.parametrize("name", ["model.json", "lexicon.npy", "mojo.zip", "model.sha256"])
def test_a_flipped_byte_is_refused(
    storage: Storage, version: str, name: str, artifact_copy: Path
) -> None:
    place = f"versions/{version}/{name}"
    found = storage.get(place, 10**9)
    assert found
    body = bytearray(found[0])
    body[body.index(b"e")] ^= 1
    overwrite(storage, place, bytes(body))
    before = contents(artifact_copy)
    with pytest.raises(MaliciousDomainsError, match=r"SHA-256|created is not a date"):
        versions.pull(storage, version, artifact_copy)
    assert contents(artifact_copy) == before
    assert [x.name for x in artifact_copy.parent.iterdir()] == ["classic"]


def test_a_missing_or_longer_file_is_refused(
    storage: Storage, version: str, artifact_copy: Path
) -> None:
    before = contents(artifact_copy)
    overwrite(storage, f"versions/{version}/lexicon.npy", bytes(2_000_000))
    with pytest.raises(ReleaseError, match=r"refused, .* stays as it was: .*lexicon\.npy"):
        versions.pull(storage, version, artifact_copy)
    key = f"some/models/versions/{version}/lexicon.npy"
    boto3.client("s3").delete_object(Bucket=storage.bucket, Key=key)
    with pytest.raises(ReleaseError, match=r"lexicon\.npy is missing"):
        versions.pull(storage, version, artifact_copy)
    assert contents(artifact_copy) == before


def test_what_fails_its_own_proof_is_neither_published_nor_installed(
    storage: Storage, artifact_copy: Path, tmp_path: Path
) -> None:
    """All hashes are right; one coefficient is not the MOJO's."""
    metadata = json.loads((artifact_copy / "model.json").read_text())
    metadata["coefficients"]["length"] += 1e-9
    write_metadata(artifact_copy, metadata)
    with pytest.raises((ReleaseError, MaliciousDomainsError)):
        versions.publish(storage, artifact_copy)
    assert not objects(storage)
    forged = forge(storage, artifact_copy)
    with pytest.raises(ReleaseError, match="coefficients of length are not the artifact's"):
        versions.pull(storage, forged, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_mojo_that_unpacks_to_too_much_is_refused(
    storage: Storage, artifact_copy: Path, tmp_path: Path
) -> None:
    with zipfile.ZipFile(artifact_copy / "mojo.zip", "a", zipfile.ZIP_DEFLATED) as archive:
        for i in range(11):
            archive.writestr(f"domains/bomb{i}.txt", bytes(10_000_000))
    metadata = json.loads((artifact_copy / "model.json").read_text())
    digest = hashlib.sha256((artifact_copy / "mojo.zip").read_bytes()).hexdigest()
    write_metadata(artifact_copy, metadata | {"files": metadata["files"] | {"mojo.zip": digest}})
    forged = forge(storage, artifact_copy)
    with pytest.raises(ReleaseError, match=r"mojo\.zip: it unpacks to more than 100,000,000 bytes"):
        versions.pull(storage, forged, tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", ["../evil", "/etc/passwd", "model.json/../x", "x.py", ""])
def test_file_names_that_are_none_of_ours_are_refused(
    storage: Storage, artifact_copy: Path, tmp_path: Path, name: str
) -> None:
    metadata = json.loads((artifact_copy / "model.json").read_text())
    digest = hashlib.sha256(b"evil").hexdigest()
    write_metadata(artifact_copy, metadata | {"files": metadata["files"] | {name: digest}})
    forged = forge(storage, artifact_copy)
    with pytest.raises(ReleaseError, match="unexpected file"):
        versions.pull(storage, forged, tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("version", ["", "..", "current.json", "a-20261123-0A1b2c3d4e5f", "a/b"])
def test_what_is_no_version(storage: Storage, tmp_path: Path, version: str) -> None:
    with pytest.raises(ReleaseError, match="no version"):
        versions.pull(storage, version, tmp_path / "out")


def test_an_upload_that_was_cut_off_is_no_version_and_can_be_repeated(
    storage: Storage, tmp_path: Path
) -> None:
    version = name_version((PACKAGED / "classic" / "model.json").read_bytes())
    for name in ("lexicon.npy", "model.json"):
        body = (PACKAGED / "classic" / name).read_bytes()
        overwrite(storage, f"versions/{version}/{name}", body)
    assert list(versions.list_versions(storage)) == []
    with pytest.raises(ReleaseError, match="no version"):
        versions.pull(storage, version, tmp_path / "out")
    assert versions.publish(storage, PACKAGED / "classic") == (version, True)
    versions.pull(storage, version, tmp_path / "out")


def test_a_damaged_version_does_not_hide_the_others(
    storage: Storage, version: str, capsys: pytest.CaptureFixture[str]
) -> None:
    damaged = "classic-20261123-000000000000"
    for name in ("model.json", "model.sha256"):
        body = (PACKAGED / "classic" / name).read_bytes()
        overwrite(storage, f"versions/{damaged}/{name}", body)
    place = f"s3://{storage.bucket}/some/models"
    assert main(["versions", "--from", place]) == 1
    said = capsys.readouterr()
    assert version in said.out
    assert said.err.startswith(f"versions: {damaged}: its SHA-256 is not that of model.json")


@pytest.mark.parametrize("place", ["http://x/y", "s3://", "s3://UPPER/x", "bucket/x", "s3:///x"])
def test_places_that_are_none(place: str) -> None:
    with pytest.raises(ReleaseError, match=r"is not in S3; expected s3://bucket/prefix"):
        Storage(place)


def test_what_cannot_be_reached_is_said_in_one_line(
    aws: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def said(*arguments: str) -> str:
        assert main(["versions", *arguments]) == 2
        found = capsys.readouterr()
        assert found.out == ""
        assert len(found.err.splitlines()) == 1
        return found.err

    monkeypatch.delenv("REGISTRY", raising=False)
    assert main(["versions"]) == 2
    assert "Missing option '--registry'" in capsys.readouterr().err
    assert "bucket does not exist" in said("--from", "s3://there-is-none/x")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    assert "s3://a-bucket/current/: Could not connect" in said("--from", "s3://a-bucket")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    assert "Unable to locate credentials (see `aws configure list`)" in said(
        "--from", "s3://a-bucket"
    )
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"created": "yesterday"}, "created is not a date"),
        ({"name": "../x"}, "other characters than a-z, 0-9 and hyphens"),
        ({"files": {"lexicon.npy": None}}, r"does not list mojo\.zip"),
    ],
)
def test_artifacts_that_are_not_published(
    storage: Storage, artifact_copy: Path, change: dict[str, Any], message: str
) -> None:
    metadata = json.loads((artifact_copy / "model.json").read_text())
    if "files" in change:
        change = {"files": {"lexicon.npy": metadata["files"]["lexicon.npy"]}}
    write_metadata(artifact_copy, metadata | change)
    with pytest.raises(MaliciousDomainsError, match=message):
        versions.publish(storage, artifact_copy)
    assert not objects(storage)


def test_a_report_that_is_none_is_not_published(storage: Storage, tmp_path: Path) -> None:
    with pytest.raises(ReleaseError, match=r"index\.html: no such file; .* `evaluate`"):
        versions.publish(storage, PACKAGED / "classic", tmp_path)
