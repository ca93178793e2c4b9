"""The zip is where Chalice itself looks for it."""

from __future__ import annotations

from pathlib import Path

import pytest
from chalice.config import Config

from pipeline.release import chalice_cache
from pipeline.release.chalice_cache import ChaliceVersionError

CONFIG = Config("dev", config_from_disk={"stages": {"dev": {}}})


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "app"
    (folder / "chalicelib").mkdir(parents=True)
    for name in ("app.py", "chalicelib/__init__.py"):
        (folder / name).touch()
    (folder / "requirements.txt").write_text("no-such-package\n")  # Chalice cannot make its own
    return folder


def test_chalice_takes_what_was_planted(project: Path, tmp_path: Path) -> None:
    zipped = tmp_path / "ours.zip"
    zipped.write_bytes(b"ours")
    planted = chalice_cache.plant(zipped, project, CONFIG)
    found = chalice_cache.packager(CONFIG).create_deployment_package(
        str(project), CONFIG.lambda_python_version
    )
    assert found == str(planted)
    assert planted.read_bytes() == b"ours"


def test_another_chalice_is_not_trusted(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chalice_cache, "CHALICE", "1.33.0")
    with pytest.raises(ChaliceVersionError, match=r"1\.33\.0 looks for it. Check in its chalice/"):
        chalice_cache.plant(tmp_path / "ours.zip", project, CONFIG)
    assert not (project / ".chalice").exists()
