"""Commands in processes that start at once, to be killed at moments of choice.

As a program it runs a command for each line of its input in a fork of itself,
which has imported everything already. The fork is its child, so it is sure whom it kills.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


class Forks:
    """Commands of `python -m pipeline`, one after the other."""

    def __init__(self, process: subprocess.Popen[str], log: Path) -> None:
        self._process: Any = process
        self.log = log  # what the last command has said

    def run(
        self, *arguments: object, kill: float | None = None, after: str = ""
    ) -> tuple[int, float]:
        """Return a command's exit status, and how long it took, in seconds.

        kill: kill -9 so many seconds after it has said something, or has started.
        """
        line = json.dumps([[str(x) for x in arguments], kill, after, str(self.log)])
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()
        status, seconds = json.loads(self._process.stdout.readline())
        return int(status), float(seconds)


@contextmanager
def forks(log: Path) -> Iterator[Forks]:
    """Forks for the with block."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.helpers.forking"],
        cwd=Path(__file__).parents[2],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        yield Forks(process, log)


def _serve() -> None:
    from malicious_domains.cli import main

    for line in sys.stdin:
        print(json.dumps(_run(main, *json.loads(line))), flush=True)


def _run(
    command: Any, arguments: list[str], kill: float | None, after: str, log: str
) -> tuple[int, float]:
    start = time.monotonic()
    Path(log).touch()
    pid = os.fork()
    if pid == 0:
        said = os.open(log, os.O_WRONLY | os.O_TRUNC)
        for number, source in ((0, os.open(os.devnull, os.O_RDONLY)), (1, said), (2, said)):
            os.dup2(source, number)
        os._exit(command(arguments))
    deadline = None if kill is None or after else start + kill
    while True:
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status), time.monotonic() - start
        if kill is not None and deadline is None and after in Path(log).read_text():
            deadline = time.monotonic() + kill
        if deadline is not None and time.monotonic() >= deadline:
            os.kill(pid, signal.SIGKILL)
        time.sleep(0.002)


if __name__ == "__main__":
    _serve()
