import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

# Python runs what is registered here right after a fork, and drops what it raises.
CODE = """
import os, signal, time
from malicious_domains.cli.signals import exit_on_signals
exit_on_signals()
os.register_at_fork(after_in_parent=lambda: signal.raise_signal({number}))
if not os.fork():
    os._exit(0)
time.sleep(60)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_the_program_even_where_python_drops_exceptions(
    number: signal.Signals,
) -> None:
    code = CODE.format(number=int(number))
    ended = subprocess.run([sys.executable, "-c", code], timeout=30, capture_output=True)
    assert (ended.returncode, ended.stderr) == (128 + number, b"")


MAKES_AND_REMOVES = """
import os, random, signal, tempfile, threading, time
from malicious_domains.cli.signals import exit_on_signals
exit_on_signals()
def ring():
    time.sleep(random.random() / 500)
    os.kill(os.getpid(), signal.SIGTERM)
for _ in range(50):
    try:
        threading.Thread(target=ring).start()
        while True:
            with tempfile.TemporaryDirectory() as folder:
                open(folder + "/file", "w").close()
    except SystemExit:
        pass
"""


def test_no_temporary_folder_is_left_half_made_or_half_removed(tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", MAKES_AND_REMOVES],
        env={**os.environ, "TMPDIR": str(tmp_path)},
        timeout=60,
        capture_output=True,
    )
    assert (ended.returncode, ended.stderr, list(tmp_path.iterdir())) == (0, b"", [])


def test_other_exceptions_that_are_dropped_are_told() -> None:
    code = (
        "from malicious_domains.cli.signals import exit_on_signals\n"
        "exit_on_signals()\n"
        "class Odd:\n"
        "    def __del__(self): raise ValueError('odd')\n"
        "Odd()"
    )
    ended = subprocess.run([sys.executable, "-c", code], timeout=30, capture_output=True)
    assert (ended.returncode, b"ValueError: odd" in ended.stderr) == (0, True)
