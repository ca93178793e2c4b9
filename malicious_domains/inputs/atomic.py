"""Files and folders that are replaced whole or not at all."""

from __future__ import annotations

import ctypes
import os
import shutil
import tempfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ..names.errors import MaliciousDomainsError

_AT_FDCWD = -100
_RENAME_EXCHANGE = 2  # renameat2(2), Linux 3.15 and glibc 2.28


class FolderError(MaliciousDomainsError):
    """A place that no folder of ours may take."""


def _check_place(target: Path, known: Collection[str]) -> None:
    """Raise FolderError unless target is free or a folder that holds known names only."""
    if not target.exists() and not target.is_symlink():
        return
    if not target.is_dir():
        raise FolderError(f"{target} is not a folder; choose another with --out")
    if other := sorted(x.name for x in target.iterdir() if x.name not in known):
        raise FolderError(
            f"{target} holds {other[0]!r}, which would be lost; choose another folder with --out"
        )


@contextmanager
def replace_folder(
    target: Path, known: Collection[str], kept: Collection[str] = ()
) -> Iterator[Path]:
    """A new folder that takes target's place at the end of the with block.

    Until then, and if the block raises, target stays as it was. Files of it that are named in
    kept come along; those in known do not. What an earlier run that was killed left beside it is
    removed. Raises FolderError if target holds anything else, or cannot be written.
    """
    target = target.resolve()
    _check_place(target, {*known, *kept})
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _tidy(target)
        new = Path(tempfile.mkdtemp(prefix=f"{_prefix(target)}{os.getpid()}-", dir=target.parent))
    except OSError as error:
        raise FolderError(f"{target} cannot be made: {error.strerror}") from error
    try:
        new.chmod(0o755)
        yield new
        for path in filter(Path.is_file, (target / name for name in kept)):
            shutil.copy2(path, new)
        _flush(new)
        _put(new, target)
    finally:
        shutil.rmtree(new, ignore_errors=True)


def _tidy(target: Path) -> None:
    """Mend what a killed run left: its half-made folders, or a swap half done."""
    old = _old(target)
    if old.exists() and not target.exists():
        old.rename(target)
    for left in target.parent.iterdir():
        pid, _, _ = left.name.removeprefix(_prefix(target)).partition("-")
        if left.name.startswith(_prefix(target)) and pid.isdigit() and not _alive(int(pid)):
            shutil.rmtree(left, ignore_errors=True)


def _alive(pid: int) -> bool:
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


def _flush(folder: Path) -> None:
    for path in (*folder.iterdir(), folder):
        _flush_one(path)


def _flush_one(path: Path) -> None:
    """Wait until a file, or the names in a folder, are on the disk."""
    handle = os.open(path, os.O_RDONLY)
    os.fsync(handle)
    os.close(handle)


def _put(new: Path, target: Path) -> None:
    """Put new in target's place; afterwards new holds what was there, if anything."""
    if not target.exists():
        new.rename(target)
    elif not _exchange(new, target):  # not Linux: for an instant there is no target
        old = _old(target)
        shutil.rmtree(old, ignore_errors=True)
        target.rename(old)
        new.rename(target)
        shutil.rmtree(old)


def _exchange(one: Path, other: Path) -> bool:
    """Swap two folders in one step; False where the system cannot."""
    rename = getattr(ctypes.CDLL(None), "renameat2", None)
    paths = (_AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other))
    return rename is not None and rename(*paths, _RENAME_EXCHANGE) == 0


@contextmanager
def replace_file(target: Path) -> Iterator[Path]:
    """Where to write a file that takes target's place at the end of the with block.

    Until then, and if the block raises, target stays as it was. A link stays one: what it
    leads to is replaced. Raises OSError.
    """
    target = target.resolve()
    new = target.with_name(f"{_prefix(target)}{os.getpid()}")
    try:
        yield new
        _flush_one(new)
        new.replace(target)
    finally:
        with suppress(OSError):  # it was moved, or never made
            new.unlink()


def write_atomically(target: Path, content: bytes) -> None:
    """Write a file that takes target's place in one step; raises OSError."""
    with replace_file(target) as new:
        new.write_bytes(content)
