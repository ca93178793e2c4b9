"""Lists of known names: what an entry allows, how lists are read, and how they are kept."""

from __future__ import annotations

import gzip
import time
import timeit
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from malicious_domains.names.allow import AllowList, AllowListError, hash_name, read_entries
from tests.helpers.clock import slowness

LIST = AllowList.from_entries(["example.com", "www.only.org", ".duckdns.org", "github.io", "com"])


@pytest.mark.parametrize(
    ("host", "registrable", "expected"),
    [
        ("example.com", "example.com", "example.com"),
        ("a.b.example.com", "example.com", "example.com"),
        ("other.com", "other.com", ""),  # a top level in a list of the web allows nothing
        ("www.only.org", "only.org", "www.only.org"),
        ("only.org", "only.org", ""),
        ("xmqjtoevkbhrw.duckdns.org", "xmqjtoevkbhrw.duckdns.org", ".duckdns.org"),
        ("xmqjtoevkbhrw.github.io", "xmqjtoevkbhrw.github.io", ""),
        ("github.io", "github.io", "github.io"),
        ("notexample.com", "notexample.com", ""),
        ("label", "label", ""),
    ],
)
def test_what_an_entry_allows(host: str, registrable: str, expected: str) -> None:
    assert LIST.match(host, registrable) == expected


@pytest.mark.parametrize(
    ("text", "entries"),
    [
        ("1,google.com\n2,www.Example.COM.\n", ["google.com", "www.example.com"]),
        ('"1","google.com"\r\n', ["google.com"]),
        ("# ours\n\nintra.example  # a comment\n*.cdn.example\n.x.example\n", None),
        ("bücher.de\n", ["xn--bcher-kva.de"]),
        ("what is this?\nexample.com\n", ["example.com"]),
        ("name,note\nexample.com,seen\n", ["name", "example.com"]),
    ],
)
def test_lists_are_read_as_they_come(tmp_path: Path, text: str, entries: list[str] | None) -> None:
    plain, packed = tmp_path / "list.csv", tmp_path / "list.csv.gz"
    plain.write_text(text, encoding="utf-8")
    packed.write_bytes(gzip.compress(text.encode()))
    with zipfile.ZipFile(tmp_path / "list.zip", "w") as archive:
        archive.write(plain, "list.csv")
    expected = entries or ["intra.example", ".cdn.example", ".x.example"]
    assert [*read_entries(plain)] == [*read_entries(packed)] == expected
    assert [*read_entries(tmp_path / "list.zip")] == expected
    assert [*read_entries(plain, top=1)] == expected[:1]


def test_a_compiled_list_is_small_and_allows_the_same(tmp_path: Path) -> None:
    names = [f"name{i}.example" for i in range(20_000)]
    path = tmp_path / "allow.npy"
    AllowList.from_entries(names).save(path)
    assert path.stat().st_size < 200_000
    loaded = AllowList.load(path)
    assert all(loaded.match(name, name) == name for name in names[::1000])
    assert not any(loaded.match(f"x{name}", f"x{name}") for name in names[::100])


def test_a_compiled_list_is_there_in_two_milliseconds(tmp_path: Path) -> None:
    path = tmp_path / "allow.npy"
    AllowList.from_entries(f"name{i}.example" for i in range(100_000)).save(path)
    took = timeit.repeat(lambda: AllowList.load(path), time.process_time, number=1, repeat=20)
    assert min(took) < 2e-3 * slowness()


@pytest.mark.parametrize(
    "hashes",
    [np.arange(3), np.array([2, 1], np.uint64), np.ones(2, np.uint64), np.ones((1, 1), np.uint64)],
)
def test_another_array_is_refused(tmp_path: Path, hashes: NDArray[Any]) -> None:
    np.save(tmp_path / "allow.npy", hashes)
    with pytest.raises(AllowListError, match=r"allow\.npy: no allow list: (hashes|the hashes)"):
        AllowList.load(tmp_path / "allow.npy")


def test_a_long_list_that_does_not_ascend_is_refused() -> None:
    hashes = np.arange(100_000, dtype=np.uint64)
    AllowList(hashes)
    with pytest.raises(ValueError, match="do not ascend"):
        AllowList(np.roll(hashes, 1000))


def test_several_lists_are_one(tmp_path: Path) -> None:
    paths = [tmp_path / "a.txt", tmp_path / "b.npy"]
    paths[0].write_text("a.example\nb.example\n")
    AllowList.from_entries(["b.example", "c.example"]).save(paths[1])
    both = AllowList.load_all(paths)
    assert both is not None
    assert len(both.hashes) == 3
    assert [bool(both.match(f"{x}.example", f"{x}.example")) for x in "abcd"] == [True] * 3 + [
        False
    ]


def test_what_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "list.gz").write_bytes(gzip.compress(b"1,google.com\n")[:-6])
    for name in ("absent", "list.gz"):
        with pytest.raises(AllowListError, match=name):
            AllowList.load(tmp_path / name)


@settings(max_examples=30)
@given(st.text(max_size=40))
def test_any_entry_has_a_hash_of_64_bits(text: str) -> None:
    assert 0 <= hash_name(text) < 2**64
