"""Replace files and folders whole or not at all."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ..names.errors import MaliciousDomainsError
from .signals import POSIX, hold_signals


class FolderError(MaliciousDomainsError):
    """A target that is no folder to be replaced, or cannot be written."""


@contextmanager
def replace_folder(
    target: Path, known: Collection[str], kept: Collection[str] = ()
) -> Iterator[Path]:
    """Give a new folder that takes target's place at the end of the with block.

    Until then, and if the block raises, target stays as it was. Its files named in kept are
    copied to the new one; those in known are not. What an earlier run left that was killed is
    put in order first. Raises FolderError if target holds anything else, or cannot be written.
    """
    target = target.resolve()
    new = None
    try:
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            _recover(target)
            _check_target(target, {*known, *kept})
            with hold_signals():
                prefix = f"{_prefix(target)}{os.getpid()}-"
                new = Path(tempfile.mkdtemp(prefix=prefix, dir=target.parent))
        except OSError as error:
            raise FolderError(f"{target} cannot be made: {error.strerror}") from error
        new.chmod(0o755)
        yield new
        for path in filter(Path.is_file, (target / name for name in kept)):
            shutil.copy2(path, new)
        for path in (*new.iterdir(), new):
            _flush(path)
        with hold_signals():
            _swap(new, target)
    finally:
        if new:
            with hold_signals():
                shutil.rmtree(new, ignore_errors=True)


def _check_target(target: Path, known: Collection[str]) -> None:
    """Raise FolderError unless target is free or a folder that holds known names only."""
    if not target.exists():
        return
    if not target.is_dir():
        raise FolderError(f"{target} is not a folder; choose another with --out")
    if other := sorted(x.name for x in target.iterdir() if x.name not in known):
        raise FolderError(
            f"{target} holds {other[0]!r}, which would be lost; choose another folder with --out"
        )


def _swap(new: Path, target: Path) -> None:
    """Put new in target's place; killed between the two renames, _recover undoes the first."""
    old = _old(target)
    if target.exists():
        target.rename(old)
    new.rename(target)
    shutil.rmtree(old, ignore_errors=True)


def _recover(target: Path) -> None:
    """Put in order what a killed run left: half-made folders, or a swap half done."""
    old = _old(target)
    if old.exists() and not target.exists():
        old.rename(target)
    shutil.rmtree(old, ignore_errors=True)
    for left in target.parent.glob(f"{_prefix(target)}*-*"):
        pid = left.name.removeprefix(_prefix(target)).partition("-")[0]
        if pid.isdigit() and not _is_alive(int(pid)):
            shutil.rmtree(left, ignore_errors=True)


def _is_alive(pid: int) -> bool:
    if not POSIX:  # where os.kill() ends a process, whatever the signal
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def _prefix(target: Path) -> str:
    return f".{target.name}.new-"


def _old(target: Path) -> Path:
    return target.with_name(f".{target.name}.old")


def _flush(path: Path) -> None:
    """Wait until a file, or the names in a folder, are on the disk; Windows has no way to ask."""
    if not POSIX:
        return
    handle = os.open(path, os.O_RDONLY)
    os.fsync(handle)
    os.close(handle)


@contextmanager
def replace_file(target: Path) -> Iterator[Path]:
    """Give a path to write to, which takes target's place at the end of the with block.

    Until then, and if the block raises, target stays as it was. A link stays one: what it
    leads to is replaced. Raises OSError.
    """
    target = target.resolve()
    new = target.with_name(f"{_prefix(target)}{os.getpid()}")
    try:
        yield new
        _flush(new)
        new.replace(target)
    finally:
        with suppress(OSError):  # it was moved, or never made
            new.unlink()


def write_atomically(target: Path, content: bytes) -> None:
    """Write a file that takes target's place in one step; raises OSError."""
    with replace_file(target) as new:
        new.write_bytes(content)
