from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

START = "from malicious_domains.inputs.signals import exit_on_signals, temporary_folder\n"
START += "exit_on_signals()\n"

# Python runs what is registered here right after a fork, and drops what it raises.
FORKS = """
import os, signal, time
os.register_at_fork(after_in_parent=lambda: signal.raise_signal({number}))
if not os.fork():
    os._exit(0)
time.sleep(60)
"""


def run(code: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-c", START + code]
    return subprocess.run(command, timeout=60, capture_output=True, env=os.environ | environment)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_the_program_even_where_python_drops_exceptions(
    number: signal.Signals,
) -> None:
    ended = run(FORKS.format(number=int(number)))
    assert (ended.returncode, ended.stderr) == (128 + number, b"")


MAKES_AND_REMOVES = """
import os, random, signal, threading, time
def ring():
    time.sleep(random.random() / 500)
    os.kill(os.getpid(), signal.SIGTERM)
for _ in range(50):
    try:
        threading.Thread(target=ring).start()
        while True:
            with temporary_folder() as folder:
                (folder / "file").touch()
    except SystemExit:
        pass
"""


def test_no_temporary_folder_is_left_half_made_or_half_removed(tmp_path: Path) -> None:
    ended = run(MAKES_AND_REMOVES, TMPDIR=str(tmp_path))
    assert (ended.returncode, ended.stderr, list(tmp_path.iterdir())) == (0, b"", [])


def test_other_exceptions_that_are_dropped_are_shown() -> None:
    ended = run("class Odd:\n    def __del__(self): raise ValueError('odd')\nOdd()")
    assert (ended.returncode, b"ValueError: odd" in ended.stderr) == (0, True)


def test_the_library_installs_no_handlers() -> None:
    code = """
import signal
import malicious_domains.cli, malicious_domains.inputs.atomic
from malicious_domains import Scorer
Scorer.load("classic").score("google.com")
assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
