"""Rows in a database: read in parts, numbered, and never all in memory."""

from __future__ import annotations

import gc
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.corpus import row_store
from pipeline.corpus.labelled import Corpus
from pipeline.corpus.row_store import RowStore
from pipeline.corpus.schema import COLUMNS, GROUP, CorpusError

TEXTS = st.lists(st.text(max_size=5).filter(str.isprintable), min_size=1, max_size=40)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where stores put what memory does not hold."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def made_up(count: int) -> list[str]:
    return [f"{i * 2_654_435_761 % 2**32:x}-{i}" for i in range(count)]


def test_parts_of_a_column_come_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(row_store, "_BLOCK", 7)
    texts = made_up(60)
    column = RowStore(("text",), ([x] for x in texts)).column("text")
    assert [*column] == texts == column[:]
    assert (column[0], column[13], column[-1]) == (texts[0], texts[13], texts[-1])
    for some in (slice(3, 30), slice(0, 0), slice(50, 99), slice(2, 60, 9)):
        assert column[some] == texts[some]
    rows = np.array([0, 6, 7, 7, 41, 59])
    only = column.select(rows)
    assert len(only) == 6
    assert [*only] == [texts[i] for i in rows]
    assert only[1:5] == [texts[i] for i in rows[1:5]]
    assert [*only.select(np.array([1, 4]))] == [texts[6], texts[41]]


def test_what_memory_does_not_hold_stands_on_the_disk_and_goes(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(row_store, "MEMORY", 40)
    texts = made_up(150_000)
    kept = RowStore(("one", "other"), ((x, 4 * x) for x in texts))
    assert sum(x.stat().st_size for x in folder.rglob("*")) > 1_000_000
    assert all(a == 4 * b for a, b in zip(kept.column("other"), texts, strict=True))
    assert kept.number_texts("one")[1] == len(texts)
    del kept
    gc.collect()
    assert [*folder.iterdir()] == []


@settings(max_examples=10, deadline=None)
@given(TEXTS, TEXTS)
def test_rows_are_grouped_counted_and_told_apart(labels: list[str], groups: list[str]) -> None:
    """As Python itself does it; a row without a group is a group by its label."""
    rows = [*zip(labels, groups, strict=False)]
    kinds = ["dga" if len(label) % 2 else "legit" for label, _ in rows]
    of = {
        "host": ["h" for _ in rows],
        "domain": [label for label, _ in rows],
        "class": kinds,
        "subclass": [label[:1] for label, _ in rows],
        GROUP: [group for _, group in rows],
    }
    corpus = Corpus.from_frame("made-up", Path("none"), pd.DataFrame(of, dtype=str))
    keys = [group or label for label, group in rows]
    assert [*corpus.groups] == keys
    places, count = corpus.number_groups()
    assert places.tolist() == [sorted({*keys}).index(key) for key in keys]
    assert count == len({*keys})
    assert corpus.malicious.tolist() == [kind == "dga" for kind in kinds]
    assert corpus.family_sizes().tolist() == [of["subclass"].count(x) for x in of["subclass"]]
    first: dict[str, int] = {}
    for i, (label, _) in enumerate(rows):
        if kinds[i] == "legit":
            first.setdefault(label, i)
    assert corpus.first_rows("legit").tolist() == sorted(first.values())
    chosen = np.arange(len(rows)) % 2 == 0
    assert [*corpus.select(chosen).labels] == of["domain"][::2]


def test_what_cannot_be_asked_is_told() -> None:
    with pytest.raises(CorpusError, match=r"DuckDB: .*nothing"):
        RowStore(("text",), [["a"]]).values("SELECT nothing FROM rows")


READ = """
import sys
from pathlib import Path
from pipeline.corpus import labelled, row_store
row_store.MEMORY = 40
corpus = labelled.read_corpus(Path(sys.argv[1]))
assert corpus.number_groups()[1] == len(corpus) == len(corpus.first_rows("legit")) * 2
status = Path("/proc/self/status").read_text()
print(status.partition("VmHWM:")[2].split()[0])
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="Linux tells how much memory a process had")
def test_memory_does_not_grow_with_the_corpus(tmp_path: Path) -> None:
    """A row leaves some bytes of numbers, where its texts would take six hundred."""
    peaks = []
    for count in (100_000, 300_000):
        path = tmp_path / f"{count}.csv"
        with path.open("w") as file:
            print(*COLUMNS, GROUP, sep=",", file=file)
            for i, label in enumerate(made_up(count)):
                kind = ("legit", "dga")[i % 2]
                print(f"{label}.example.com", label, kind, kind, f"of {label}", sep=",", file=file)
        command = [sys.executable, "-c", READ, str(path)]
        run = subprocess.run(command, capture_output=True, text=True, check=True)
        peaks.append(int(run.stdout) * 1024)
    assert peaks[1] - peaks[0] < 200_000 * 200
