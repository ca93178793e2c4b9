"""What AWS gives a function of memory and processor, by control groups of Linux."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

WHOLE = 1769  # MB at which a function has a whole core, as AWS documents it
_GROUPS = Path("/sys/fs/cgroup")  # version 1: a folder for each kind of limit
_PERIOD = 100_000  # microseconds, of which a group gets a share
_TRIES = 50  # of removing a group whose processes are about to end


@contextmanager
def share(pid: int, megabytes: int) -> Iterator[bool]:
    """Hold a process, and what it will start, to the share of so many MB for the with block.

    Yields whether it is held: that takes root, and control groups of version 1.
    """
    share = {"cpu.cfs_period_us": _PERIOD, "cpu.cfs_quota_us": _PERIOD * megabytes // WHOLE}
    with ExitStack() as made:
        try:
            _limit(made.enter_context(_group("cpu")), share, pid)
            memory = made.enter_context(_group("memory"))
            _limit(memory, {"memory.limit_in_bytes": megabytes << 20}, pid)
            held = True
        except OSError:
            held = False
        yield held


def _limit(group: Path, limits: Mapping[str, int], pid: int) -> None:
    for name, value in limits.items():
        (group / name).write_text(str(value))
    (group / "cgroup.procs").write_text(str(pid))


@contextmanager
def _group(kind: str) -> Iterator[Path]:
    """A new group for the with block, by the end of which its processes are ending."""
    path = _GROUPS / kind / f"benchmark-{secrets.token_hex(4)}"
    path.mkdir()
    try:
        yield path
    finally:
        for _ in range(_TRIES):
            try:
                path.rmdir()
                break
            except OSError:
                time.sleep(0.1)
