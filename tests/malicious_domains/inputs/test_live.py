"""Inputs that go on: each row is answered while the writer waits."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Empty, Queue

import pytest

from tests.helpers.commands import PIPELINE, ROOT

SECONDS = 20.0  # that an answer may take on a busy machine; it comes at once or never


class Lines:
    """The lines of a stream as they come."""

    def __init__(self, stream: Iterator[str]) -> None:
        self._queue: Queue[str] = Queue()
        threading.Thread(target=lambda: [*map(self._queue.put, stream)], daemon=True).start()

    def next(self, seconds: float = 30) -> str:
        """Return the next one; raises Empty if it takes longer."""
        return self._queue.get(timeout=seconds)


@contextmanager
def scoring(*arguments: str, source: int | None = None) -> Iterator[subprocess.Popen[str]]:
    command = [*PIPELINE, "score", "--format", "csv", *arguments]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=source or -1, stdout=-1, stderr=-1, text=True, bufsize=1
    ) as process:
        yield process
        process.kill()


@pytest.mark.parametrize(
    ("arguments", "line", "label"),
    [
        ([], "xmqjtoevkbhrw.ru\n", "1"),
        ([], "google.com\n", "0"),
        (["--field", "dns.rrname"], '{"dns":{"rrname":"xmqjtoevkbhrw.ru"}}\n', "1"),
        (["--column", "query"], "10.0.0.1,xmqjtoevkbhrw.ru\n", "1"),
    ],
)
def test_a_row_is_answered_while_the_writer_waits(
    arguments: list[str], line: str, label: str
) -> None:
    """L21."""
    with scoring(*arguments) as process:
        assert process.stdin
        assert process.stdout
        answers = Lines(process.stdout)
        if "--column" in arguments:
            process.stdin.write("client,query\n")
        process.stdin.write(line)
        assert answers.next().startswith("domain,name")
        assert answers.next().split(",")[2] == label
        for _ in range(3):
            process.stdin.write(line)
            assert answers.next(SECONDS).split(",")[2] == label
        with pytest.raises(Empty):
            answers.next(0.01)


def test_a_log_that_grows(tmp_path: Path) -> None:
    log = tmp_path / "names.log"
    log.write_text("google.com\n")
    with (
        subprocess.Popen(["tail", "-F", "-n", "+1", str(log)], stdout=-1) as tail,
        scoring(source=tail.stdout.fileno() if tail.stdout else None) as process,
    ):
        assert process.stdout
        answers = Lines(process.stdout)
        answers.next()
        assert answers.next().startswith("google.com,google,0,")
        with log.open("a") as file:
            file.write("xmqjtoevkbhrw.ru\n")
        assert answers.next(SECONDS).split(",")[2] == "1"  # tail looks once a second
        tail.kill()
