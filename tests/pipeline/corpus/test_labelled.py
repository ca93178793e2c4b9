from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.corpus import labelled, sources
from pipeline.corpus.labelled import Corpus, CorpusError

HEADER = "host,domain,class,subclass\n"
GOOD = "a.com,a,legit,legit\nq.ru,q,dga,goz\n"


def test_the_original_is_read_whole(original: Corpus) -> None:
    counts = original.frame["subclass"].value_counts().to_dict()
    assert counts == {"legit": 81_261, "cryptolocker": 34_319, "newgoz": 10_999, "goz": 7_347}
    assert int(original.malicious.sum()) == 52_665
    assert sum("\n" in label for label in original.labels) == 1  # one record, not two


def test_the_embedded_corpus_is_always_the_same(embedded: Corpus, tmp_path: Path) -> None:
    again = tmp_path / "again.csv"
    labelled.write_embedded(again)
    assert sources.sha256_of(again) == sources.sha256_of(embedded.path)
    counts = embedded.frame["subclass"].value_counts().to_dict()
    assert counts == {"legit": 112_029, "cryptolocker": 35_035, "newgoz": 11_000, "goz": 7_515}
    assert embedded.frame["domain"].is_unique
    assert not embedded.frame["host"].str.fullmatch(r".*\.(tk|ga|ml|cf|gq)").any()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "cannot be read as CSV: No columns"),
        (HEADER, "0 rows; rows of both classes are needed"),
        (HEADER + "a.com,a,legit,legit\n", "1 rows; rows of both classes"),
        ("host,domain,subclass\na.com,a,legit\n", "no column class; expected .*found host,domain"),
        ("a.com\n", "no column host, domain, class, subclass"),
        (HEADER + GOOD + "x.com,x,spam,spam\n", "record 3 has class 'spam'; known are legit and"),
        (HEADER + GOOD + "x.com,x,,\n", "record 3 has class ''"),
        (HEADER + GOOD + f"x.com,{'x' * 64},dga,goz\n", "record 3 has domain 'xxx"),
        (HEADER + GOOD + ".com,,dga,goz\n", "record 3 has domain ''"),
        (
            HEADER + GOOD + "x.com,x.com,dga,goz\n",
            "record 3 has domain 'x.com'; expected the regist",
        ),
        (HEADER + GOOD + "X.com,X,dga,goz\n", "record 3 has domain 'X'"),
        (HEADER + GOOD + '"x.com,x,dga,goz\n', "cannot be read as CSV"),
        (HEADER + GOOD + "x,x,dga,goz,5,6,7\n", "cannot be read as CSV"),
    ],
)
def test_a_csv_that_is_no_corpus_is_told_why(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "rows.csv"
    path.write_text(text)
    with pytest.raises(CorpusError, match=rf"rows\.csv: .*{message}"):
        labelled.read(path)


def test_binary_rubbish_and_missing_files(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_bytes(b"\xff\xfe\x00\x80")
    for name in ("rows.csv", "absent.csv"):
        with pytest.raises(CorpusError, match=rf"{name}: cannot be read as CSV"):
            labelled.read(tmp_path / name)


def test_names_that_look_like_missing_values_stay_names(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text(HEADER + "nan.com,nan,legit,legit\nnull.ru,null,dga,goz\n")
    assert labelled.read(path).labels == ["nan", "null"]


def test_groups_are_the_labels_unless_a_column_tells_them(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text(HEADER + GOOD)
    assert labelled.read(path).groups == ["a", "q"]
    path.write_text("host,domain,class,subclass,group\na.com,a,legit,x,\nq.ru,q,dga,goz,goz 1\n")
    read = labelled.read(path)
    assert (read.labels, read.groups) == (["a", "q"], ["a", "goz 1"])


def test_rows_of_one_class_can_be_read_but_not_learned_from(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text(HEADER + "a.com,a,legit,legit\n")
    assert len(labelled.read_rows(path)) == 1
    with pytest.raises(CorpusError, match="rows of both classes are needed"):
        labelled.read(path)
