"""Completion in shells, and short names of options."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from malicious_domains.cli import group, main
from tests.helpers.commands import run_here

# What each shell sends for the words typed so far, and how it reads a suggestion.
SHELLS = {
    "bash": ({"COMP_WORDS": "malicious-domains {}", "COMP_CWORD": "{n}"}, "plain,{}\n"),
    "zsh": ({"COMP_WORDS": "malicious-domains {}", "COMP_CWORD": "{n}"}, "plain\n{}\n"),
    "fish": ({"COMP_WORDS": "malicious-domains {}", "COMP_CWORD": "{last}"}, "plain,{}"),
}
WORDS = {"sc": "score", "score --operat": "--operating-point", "scan --format oc": "ocsf"}
WORDS |= {"dga feed --with": "--with-chance", "alarms ackn": "acknowledge"}


@pytest.mark.parametrize("shell", SHELLS)
def test_a_shell_gets_a_script_and_suggestions(
    shell: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(group.COMPLETE, f"{shell}_source")
    assert main([]) == 0
    assert f"{group.COMPLETE}={shell}_complete" in capsys.readouterr().out
    monkeypatch.setenv(group.COMPLETE, f"{shell}_complete")
    settings, suggestion = SHELLS[shell]
    for words, expected in WORDS.items():
        for key, value in settings.items():
            last = words.rpartition(" ")[2]
            monkeypatch.setenv(key, value.format(words, n=len(words.split()), last=last))
        assert main([]) == 0
        assert suggestion.format(expected) in capsys.readouterr().out


def test_bash_completes_by_the_script(tmp_path: Path) -> None:
    program = tmp_path / "malicious-domains"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m malicious_domains "$@"\n')
    program.chmod(0o755)
    script = (
        f'eval "$({group.COMPLETE}=bash_source malicious-domains)"\n'
        "COMP_WORDS=(malicious-domains score --inp) COMP_CWORD=2\n"
        "_malicious_domains_completion malicious-domains\n"
        'echo "${COMPREPLY[@]}"\n'
    )
    path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-c", script], env={**os.environ, "PATH": path}, capture_output=True, text=True
    )
    assert (done.stdout, done.returncode) == ("--input\n", 0), done.stderr


def test_frequent_options_have_short_names(tmp_path: Path) -> None:
    path = tmp_path / "dns.csv"
    path.write_text("client,query\n10.0.0.1,google.com\n")
    short = run_here("score", "-i", path, "-c", "query", "-f", "csv", "-j", "1")
    long = ("score", "--input", path, "--column", "query", "--format", "csv", "--jobs", "1")
    assert short.stdout == run_here(*long).stdout != ""
    for command in (["score"], ["scan"], ["dga", "feed"], ["alarms", "list"]):
        assert "-f, --format" in run_here(*command, "--help").stdout


@pytest.mark.slow
def test_the_demo_finds_the_infected_client_of_its_made_up_log(tmp_path: Path) -> None:
    """The same at every call; a log of one's own beside it is refused."""
    first = run_here("scan", "--demo", "-f", "csv", "-j", "1")
    again = run_here("scan", "--demo", "-f", "csv", "-j", "1", "-o", tmp_path / "report")
    assert first.returncode == again.returncode == 1
    assert first.stdout == again.stdout
    assert {line.partition(",")[0] for line in first.stdout.splitlines()[1:]} == {"10.20.0.17"}
    assert "made up" in first.stderr and "25 clients" in first.stderr
    assert (tmp_path / "report" / "index.html").stat().st_size > 10_000
    assert run_here("scan").returncode == run_here("scan", "--demo", "dns.log").returncode == 2


def test_the_first_sentence_says_what_it_detects_and_what_not() -> None:
    for words in ([], ["scan"]):
        text = " ".join(run_here(*words, "--help").stdout.split())
        assert "algorithmically generated names (DGA)" in text
        assert "not phishing, typosquats or hacked sites" in text
