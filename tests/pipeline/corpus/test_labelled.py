from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pipeline.corpus import labelled, sources
from pipeline.corpus.columns import CorpusError
from pipeline.corpus.labelled import Corpus

HEADER = "host,domain,class,subclass\n"
GOOD = "a.com,a,legit,legit\nq.ru,q,dga,goz\n"


def test_the_original_is_read_whole(original: Corpus) -> None:
    counts = original.frame["subclass"].value_counts().to_dict()
    assert counts == {"legit": 81_261, "cryptolocker": 34_319, "newgoz": 10_999, "goz": 7_347}
    assert int(original.malicious.sum()) == 52_665
    assert sum("\n" in label for label in original.labels) == 1  # one record, not two
    independent = pd.read_csv(original.path, dtype=str, keep_default_na=False)
    pd.testing.assert_frame_equal(original.frame, independent)
    assert original.source() == {
        "name": "original", "sha256": sources.ORIGINAL.sha256, "rows": 133_926
    }  # fmt: skip


@pytest.mark.slow
def test_the_original_given_as_ones_own_has_the_same_rows(original: Corpus) -> None:
    own = labelled.read_corpus(original.path)
    assert own.frame.equals(original.frame)
    assert own.reading is None  # so that H2O draws the same split on it
    assert own.source()["sha256"] == sources.ORIGINAL.sha256


def test_the_embedded_corpus_is_always_the_same(embedded: Corpus) -> None:
    assert sources.sha256_of(embedded.path) == (
        "1b2eb1668183be2c5ac6a8eca2dff3c6165ad081b686e41dec1618150524687e"
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the file is empty"),
        (HEADER, "0 rows; rows of both classes are needed"),
        (HEADER + "a.com,a,legit,legit\n", "1 rows; rows of both classes"),
        ("host,domain,subclass\na.com,a,legit\n", "no column of classes is known; found host, dom"),
        ("a.com\n", "no column of names is known; the first row is no header"),
        (HEADER + GOOD + "x.com,x,spam,spam\n", "record 3 has class 'spam'; known are legit "),
        (HEADER + GOOD + "x.com,x,,\n", "1 of 3 rows left out\n  1 no_class: record 3 'x.com'"),
        (
            HEADER + GOOD + ".com,,dga,goz\n",
            "1 of 3 rows left out\n  1 suffix: record 3 '.com'",
        ),
        (HEADER + GOOD + '"x.com,x,dga,goz\n', "1 unquoted_value: line 4 .*: Value with unterm"),
        (
            HEADER + GOOD + "x,x,dga,goz,5,6,7\n",
            "1 too_many_columns: line 4 .*: Expected Number of Columns: 4 Found: 5",
        ),
    ],
)
def test_a_csv_that_is_no_corpus_is_told_why(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "rows.csv"
    path.write_text(text)
    with pytest.raises(CorpusError, match=rf"(?s)rows\.csv: .*{message}"):
        labelled.read_corpus(path)


def test_binary_rubbish(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_bytes(b"\xff\xfe\x00\x80")
    with pytest.raises(CorpusError, match=r"rows\.csv: no column of names is known"):
        labelled.read_corpus(tmp_path / "rows.csv")


def test_names_that_look_like_missing_values_stay_names(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text(HEADER + "nan.com,nan,legit,legit\nnull.ru,null,dga,goz\n")
    assert [*labelled.read_corpus(path).labels] == ["nan", "null"]


def test_groups_are_the_labels_unless_a_column_tells_them(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text(HEADER + GOOD)
    assert [*labelled.read_corpus(path).groups] == ["a", "q"]
    path.write_text("host,domain,class,subclass,group\na.com,a,legit,x,\nq.ru,q,dga,goz,goz 1\n")
    read = labelled.read_corpus(path)
    assert ([*read.labels], [*read.groups]) == (["a", "q"], ["a", "goz 1"])


def test_rows_of_one_class_are_not_learned_from(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text(HEADER + "a.com,a,legit,legit\n")
    with pytest.raises(CorpusError, match="rows of both classes are needed"):
        labelled.read_corpus(path)


def test_how_ones_own_file_was_read_is_recorded(tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    path.write_text("domain,label,family\nb.com,0,\n" + "a.com,1,goz\n" * 120 + "co.uk,0,\n")
    corpus = labelled.read_corpus(path)
    assert list(corpus.frame.columns) == ["host", "domain", "class", "subclass"]
    assert corpus.source() == {
        "name": "mine.csv",
        "sha256": sources.sha256_of(path),
        "rows": 121,
        "columns": {"host": "domain", "class": "label", "subclass": "family"},
        "classes": {"0": "legit", "1": "dga"},
        "left_out": {"suffix": 1},
    }


def test_rows_are_grouped_counted_and_selected(tmp_path: Path) -> None:
    """A row without a group is a group by its label; groups are numbered in their order."""
    path = tmp_path / "rows.csv"
    rows = ["b,b,legit,x,", "c,c,dga,goz,g", "b,b,legit,y,", "d,d,dga,goz,g", "a,a,dga,z,a"]
    path.write_text("host,domain,class,subclass,group\n" + "\n".join(rows) + "\n")
    corpus = labelled.read_corpus(path)
    assert corpus.groups == ["b", "g", "b", "g", "a"]
    assert corpus.number_groups().tolist() == [1, 2, 1, 2, 0]
    assert corpus.family_sizes().tolist() == [1, 2, 1, 2, 1]
    assert corpus.first_rows("legit").tolist() == [0]
    some = corpus.select(np.array([False, True, True, True, False]))
    assert (len(some), some.labels, some.first_rows("dga").tolist()) == (3, ["c", "b", "d"], [0, 2])
