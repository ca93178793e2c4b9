from __future__ import annotations

import re
from pathlib import Path
from random import Random

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.corpus.columns import COLUMNS, GROUP, LabelledName
from pipeline.corpus.edits import EDITS, edit_rows, list_words
from pipeline.corpus.labelled import Corpus

ROWS = [
    LabelledName(f"{x}.ru", x, kind, family, f"{family} 1")
    for kind, family, labels in (
        ("dga", "one", ("xqzjkvw", "pqmrtzzk")),
        ("dga", "two", ("abcdefgh",)),
        ("legit", "list", ("facebook",)),
    )
    for x in labels
]


@pytest.mark.parametrize(
    ("name", "pattern"),
    [
        ("hyphen", r"[a-z]+-[a-z]+"),
        ("two hyphens", r"[a-z]+-[a-z]*-[a-z]*"),
        ("many hyphens", "xqzj-kvw"),
        ("word before", "[a-z]{3,8}-?xqzjkvw"),
        ("word behind", "xqzjkvw-?[a-z]{3,8}"),
        ("words around", "[a-z]{3,8}-?xqzjkvw-?[a-z]{3,8}"),
        ("digits before", "[0-9]{1,4}xqzjkvw"),
        ("digits behind", "xqzjkvw[0-9]{1,4}"),
        ("doubled", r"[a-z]*([a-z])\1[a-z]*"),
        ("swapped", "[xqzjkvw]{7}"),
        ("replaced", "[a-z]{7}"),
        ("vowel", "x[a-z]*[aeiou][a-z]*w"),
        ("truncated", "xqzjkv"),
        ("joined", "xqzjkvw-?other"),
    ],
)
def test_what_an_edit_does(name: str, pattern: str) -> None:
    for seed in range(20):
        edited_label = EDITS[name]("xqzjkvw", "other", Random(seed))
        assert re.fullmatch(pattern, edited_label), edited_label


def test_every_edit_is_tested_above() -> None:
    marks = test_what_an_edit_does.pytestmark  # type: ignore[attr-defined]
    assert [case[0] for case in marks[0].args[1]] == list(EDITS)


@given(label=st.text("ab1-", min_size=1, max_size=4), seed=st.integers())
def test_short_labels_are_edited_too(label: str, seed: int) -> None:
    for edit in EDITS.values():
        assert edit(label, label, Random(seed))


def test_edited_rows_stay_with_family_and_group() -> None:
    rows = list(edit_rows(ROWS, 1, share=1.0))
    assert [(x.host, x.kind, x.subclass, x.group) for x in rows] == [
        (x.host, x.kind, x.subclass, x.group) for x in ROWS if x.kind == "dga"
    ]
    assert rows == list(edit_rows(ROWS, 1, share=1.0))
    assert not list(edit_rows(ROWS, 1, share=0.0))


def test_edited_rows_are_recognised_by_their_host() -> None:
    rows = [*ROWS, *edit_rows(ROWS, 1, 1.0, without=["swapped", "replaced"])]
    frame = pd.DataFrame(rows, columns=[*COLUMNS, GROUP])
    corpus = Corpus("some", Path("some.csv"), frame)
    assert corpus.edited.tolist() == [False] * 4 + [True] * 3


def test_an_edit_can_be_left_out() -> None:
    others = [name for name in EDITS if name != "digits behind"]
    labels = {x.domain for seed in range(20) for x in edit_rows(ROWS, seed, 1.0, without=others)}
    assert all(x[-1].isdigit() for x in labels)


def test_words_are_frequent_and_short() -> None:
    assert len(list_words()) == 1000
    assert list_words()[0] == "the"
    assert {len(x) for x in list_words()} == set(range(3, 9))
