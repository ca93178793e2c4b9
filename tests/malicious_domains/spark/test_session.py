"""The Java that Spark starts on, and what is told of its errors."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from malicious_domains.names.errors import MaliciousDomainsError
from malicious_domains.spark import session
from tests.helpers.commands import fake_java


def java(home: Path, module: str) -> Path:
    """Return the home of a Java that has a module."""
    fake_java(home, f"echo java.base@17\necho {module}")
    return home


def test_a_java_without_vectors_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = java(tmp_path / "old", "jdk.incubator.vector@25.0.1")
    bare = java(tmp_path / "bare", "java.sql@17.0.9")
    monkeypatch.setenv("JAVA_HOME", str(old))
    monkeypatch.setenv("PATH", f"{bare / 'bin'}:{os.environ['PATH'].partition(':')[0]}")
    monkeypatch.setattr(session, "_INSTALLED", tmp_path / "jvm")
    with pytest.raises(MaliciousDomainsError, match="apt-get install openjdk-17-jre-headless"):
        session.find_java()
    good = java(tmp_path / "jvm" / "good", "jdk.incubator.vector@21.0.2")
    assert session.find_java() == good


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "Job aborted\nTraceback:\nModuleNotFoundError: No module named 'malicious_domains'\n",
            "executors",
        ),
        ("Caused by: CSV header does not conform to the schema.\n Header: a", "different headers"),
        (
            "An exception:\n  File x\nValueError: what is wrong\nat org.apache",
            "ValueError: what is",
        ),
        ("[PATH] no such path\nat org.apache", "[PATH] no such path"),
        ("", "Exception"),
    ],
)
def test_what_spark_says_is_told_in_a_line(text: str, told: str) -> None:
    assert told in session.summarize_error(Exception(text))
    assert "\n" not in session.summarize_error(Exception(text))
