from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from malicious_domains.cli import main
from malicious_domains.inputs.ordered_pool import map_ordered
from malicious_domains.inputs.signals import ENDING, restore_exit

START = "from malicious_domains.inputs.signals import exit_on_signals, temporary_folder\n"
START += "program = exit_on_signals()\nprogram.__enter__()\n"

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
before = [signal.getsignal(x) for x in (signal.SIGINT, signal.SIGTERM)]  # of who started it
import malicious_domains.cli, malicious_domains.inputs.atomic
from malicious_domains import Scorer
Scorer.load("classic").score("google.com")
assert [signal.getsignal(x) for x in (signal.SIGINT, signal.SIGTERM)] == before
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


QUERY = """
import duckdb, os, signal, threading
from malicious_domains.inputs.signals import restore_exit
threading.Timer(0.3, os.kill, (os.getpid(), {number})).start()
with restore_exit():
    try:
        duckdb.connect().execute({query!r})
    except duckdb.Error as error:
        raise ValueError(error)
"""


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_the_program_while_duckdb_reads(
    number: signal.Signals, tmp_path: Path
) -> None:
    path = tmp_path / "log.json"
    path.write_text('{"client": "10.0.0.1", "query": "www.example.com"}\n' * 200_000)
    query = f"SELECT count(*) FROM read_json({[str(path)] * 50}) WHERE query = 'x'"
    ended = run(QUERY.format(number=int(number), query=query))
    assert (ended.returncode, ended.stderr) == (128 + number, b"")


def test_an_error_without_a_signal_stays_what_it_is() -> None:
    with pytest.raises(RuntimeError, match="Query interrupted"), restore_exit():
        raise RuntimeError("Query interrupted")


def test_handlers_and_hooks_are_as_they_were_after_a_command(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """So that the commands can be called by another program, in any of its threads."""
    handlers = [signal.getsignal(x) for x in ENDING]
    hooks = sys.unraisablehook, sys.excepthook, threading.excepthook
    environment = dict(os.environ)
    statuses = [main(["score", "google.com"])]
    thread = threading.Thread(target=lambda: statuses.append(main(["score", "google.com"])))
    thread.start()
    thread.join()
    assert [*map_ordered(len, ["a"] * 5, jobs=2)] == [1] * 5
    assert statuses == [0, 0]
    assert capsys.readouterr().out.count("google.com") == 2
    assert [signal.getsignal(x) for x in ENDING] == handlers
    assert (sys.unraisablehook, sys.excepthook, threading.excepthook) == hooks
    assert dict(os.environ) == environment
