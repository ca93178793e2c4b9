from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from malicious_domains.inputs.atomic import (
    FolderError,
    replace_file,
    replace_folder,
    write_atomically,
)


def test_a_folder_is_replaced_whole(tmp_path: Path) -> None:
    target = tmp_path / "deep" / "target"
    for content in ("one", "two"):
        with replace_folder(target, ["one"]) as new:
            (new / content).write_text(content)
        assert [x.name for x in target.iterdir()] == [content]
    assert [x.name for x in target.parent.iterdir()] == ["target"]


def test_an_exception_leaves_what_was_there(tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.mkdir()
    (target / "old").touch()
    with pytest.raises(KeyboardInterrupt), replace_folder(target, ["old"]) as new:
        (new / "half").touch()
        raise KeyboardInterrupt
    assert [x.name for x in target.iterdir()] == ["old"]
    assert [x.name for x in tmp_path.iterdir()] == ["target"]


def test_what_a_killed_run_left_is_removed(tmp_path: Path) -> None:
    gone = subprocess.Popen(["true"])
    gone.wait()
    (tmp_path / f".target.new-{gone.pid}-abc").mkdir()
    with replace_folder(tmp_path / "target", []):
        pass
    assert [x.name for x in tmp_path.iterdir()] == ["target"]


def test_a_swap_half_done_is_undone(tmp_path: Path) -> None:
    """As a kill between the two renames leaves it."""
    (tmp_path / ".target.old").mkdir()
    (tmp_path / ".target.old" / "old").touch()
    with pytest.raises(KeyboardInterrupt), replace_folder(tmp_path / "target", ["old"]):
        raise KeyboardInterrupt
    assert [x.name for x in (tmp_path / "target").iterdir()] == ["old"]


def test_two_at_once_leave_each_other_alone(tmp_path: Path) -> None:
    with replace_folder(tmp_path / "target", ["one"]) as first:
        with replace_folder(tmp_path / "target", ["one"]) as second:
            (second / "one").write_text("second")
        (first / "one").write_text("first")
    assert (tmp_path / "target" / "one").read_text() == "first"
    assert [x.name for x in tmp_path.iterdir()] == ["target"]


def test_files_of_the_users_are_not_lost(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").touch()
    for target in (tmp_path, tmp_path / "thesis.tex"):
        with pytest.raises(FolderError, match="choose"), replace_folder(target, ["model.json"]):
            pass
    assert [x.name for x in tmp_path.iterdir()] == ["thesis.tex"]


def test_a_link_stays_and_what_it_leads_to_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    with replace_folder(tmp_path / "link", []) as new:
        (new / "model.json").touch()
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real" / "model.json").exists()


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with (
        pytest.raises(FolderError, match="cannot be made: "),
        replace_folder(tmp_path / "file" / "target", []),
    ):
        pass


def test_a_file_is_replaced_whole(tmp_path: Path) -> None:
    target = tmp_path / "dev.previous.zip"
    for content in (b"one", b"two"):
        write_atomically(target, content)
        assert target.read_bytes() == content
    with replace_file(target) as new:
        new.write_text("three")
        assert target.read_bytes() == b"two"
    assert target.read_text() == "three"
    assert [*tmp_path.iterdir()] == [target]


def test_an_exception_leaves_the_file_that_was_there(tmp_path: Path) -> None:
    target = tmp_path / "mix.csv"
    target.write_text("old")
    with pytest.raises(KeyboardInterrupt), replace_file(target) as new:
        new.write_text("half")
        raise KeyboardInterrupt
    assert target.read_text() == "old"
    assert [*tmp_path.iterdir()] == [target]
    with pytest.raises(OSError, match="Not a directory"):
        write_atomically(target / "deep", b"")


def test_a_link_to_a_file_stays_one(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("real")
    write_atomically(tmp_path / "link", b"new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_bytes() == b"new"


def test_what_is_to_be_kept_comes_along(tmp_path: Path) -> None:
    target = tmp_path / "folder"
    target.mkdir()
    for name in ("old", "mine"):
        (target / name).write_text(name)
    with replace_folder(target, {"old", "new"}, kept=["mine", "absent"]) as folder:
        (folder / "new").touch()
    assert sorted(x.name for x in target.iterdir()) == ["mine", "new"]
    assert (target / "mine").read_text() == "mine"
