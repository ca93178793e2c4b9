from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest

from malicious_domains.dga import sampling
from malicious_domains.names.encoding import remove_hyphens
from pipeline.corpus import labelled, sources
from pipeline.corpus.columns import CorpusError, ReadOptions
from pipeline.corpus.labelled import Corpus
from pipeline.corpus.mixture import DEFAULT, Mix, assemble
from pipeline.corpus.readers import KNOWN
from tests.helpers.commands import run_here

HEADER = "host,domain,class,subclass\n"
MINE = HEADER + (
    "www.google.com,google,legit,mine\n"
    "google.ru,google,dga,other\n"
    "co.uk,co.uk,legit,mine\n"
    "qxkvjz.ru,qxkvjz,dga,own\n"
    "qxkvjz.su,qxkvjz,dga,other\n"
    '"Ä, b.com",b,legit,mine\n'
)


@pytest.fixture
def mine(tmp_path: Path) -> str:
    path = tmp_path / "mine.csv"
    path.write_text(MINE, encoding="utf-8")
    return str(path)


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "mix.csv"


@pytest.fixture
def no_original(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("DOMAINS_MIRROR", raising=False)
    nowhere = sources.Dataset("original", tmp_path / "x.csv", "", 1, "", "http://127.0.0.1:9/x")
    monkeypatch.setattr(sources, "ORIGINAL", nowhere)


def mix(chosen: Sequence[str], out: Path, seed: int = 1) -> Mix:
    return assemble(out, chosen, 50, seed, ReadOptions(lenient=True))


def lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines()


def test_a_users_csv_holds_each_label_once_and_in_one_class(mine: str, out: Path) -> None:
    summary = mix([mine], out)
    assert lines(out) == [
        "host,domain,class,subclass,group",
        "qxkvjz.ru,qxkvjz,dga,own,qxkvjz",
        '"Ä, b.com",b,legit,mine,b',
    ]
    assert str(summary) == (
        "2 rows\n  legit: 1 (1 mine)\n  dga: 1 (1 own)\n  "
        "left out: 1 labels in both classes, 1 invalid names, 1 rows that repeat a label"
    )


def test_one_class_of_a_source(mine: str, out: Path) -> None:
    mix([f"{mine}:legit"], out)
    assert [line.split(",")[0] for line in lines(out)[1:]] == ["www.google.com", '"Ä']
    summary = mix([f"{mine}:dga"], out)
    assert str(summary) == (
        "2 rows\n  dga: 2 (1 other, 1 own)\n  "
        "left out: 0 labels in both classes, 0 invalid names, 1 rows that repeat a label"
    )


def test_the_first_source_wins(out: Path, tmp_path: Path) -> None:
    mine = tmp_path / "mine.csv"
    mine.write_text(HEADER + "www.ox.ac.uk,ox,legit,mine\n")
    mix(["universities", f"{mine}:legit"], out)
    assert any(line.endswith(",ox,legit,universities,ox") for line in lines(out))
    mix([f"{mine}:legit", "universities"], out)
    assert lines(out)[1] == "www.ox.ac.uk,ox,legit,mine,ox"
    assert sum(",ox,legit," in line for line in lines(out)) == 1


@pytest.mark.slow
def test_a_mix_is_always_the_same_and_the_seed_changes_it(out: Path, tmp_path: Path) -> None:
    chosen = ["generators", "shapes"]
    summary = mix(chosen, out)
    again, other = tmp_path / "again.csv", tmp_path / "other.csv"
    assert str(mix(chosen, again)) == str(summary)
    mix(chosen, other, seed=2)
    assert again.read_bytes() == out.read_bytes() != other.read_bytes()


@pytest.mark.slow
def test_the_rows_of_the_committed_sources(out: Path, no_original: None) -> None:
    summary = mix(DEFAULT, out)
    frame = labelled.read_corpus(out).frame
    assert list(frame["subclass"].drop_duplicates())[:2] == ["hsts", "universities"]
    counts = frame["subclass"].value_counts()
    assert {*frame["subclass"][frame["class"] == "legit"]} == {"hsts", "universities"}
    assert counts["hsts"] > 111_000
    assert counts["universities"] > 18_000
    assert summary.refused == 287  # labels in other scripts, and what is a suffix or zone itself
    assert len(counts) == 2 + 35 + len(sampling.SYNTHETIC_FAMILIES)
    assert len(frame) == len(summary.kept())
    assert frame["domain"].is_unique
    assert frame["domain"].str.fullmatch(r"[a-z0-9-]{1,63}").all()


def test_groups_are_labels_or_draws(out: Path) -> None:
    mix(["universities", "generators", "shapes"], out)
    read = labelled.read_corpus(out)
    of = dict(zip(read.labels, read.groups, strict=True))
    frame = read.frame[read.malicious]
    assert all(
        of[label] == remove_hyphens(label) for label in read.frame["domain"][~read.malicious]
    )
    assert (frame["group"].str.split(" ").str[0] == frame["subclass"]).all()
    assert not set(frame["group"]) & set(read.labels)
    murofet = set(frame["group"][frame["subclass"] == "murofet"])
    assert all(re.fullmatch(r"murofet v[23] [\d-]{10}( [0-9A-F]{8})?", key) for key in murofet)
    assert frame["group"].nunique() > 90


def test_files_of_other_kinds_and_of_one_class(
    out: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    hosts, dga = tmp_path / "hosts.txt", tmp_path / "dga.jsonl"
    hosts.write_text("www.example.com\nshop.co.uk\n")
    dga.write_text('{"q": "xmqjtoevkbhrw.ru", "family": "goz"}\n')
    options = ReadOptions.parse(["host=1"])
    assemble(out, [f"{hosts}:legit"], options=options)
    assert lines(out)[1:] == [
        "www.example.com,example,legit,legit,example", "shop.co.uk,shop,legit,legit,shop"
    ]  # fmt: skip
    summary = assemble(out, [f"{dga}:dga"], options=ReadOptions.parse(["host=q"]))
    assert lines(out)[1:] == ["xmqjtoevkbhrw.ru,xmqjtoevkbhrw,dga,goz,xmqjtoevkbhrw"]
    assert summary.refused == 0
    said = capsys.readouterr().err
    assert f"{dga}: host from 'q', subclass from 'family', the label from the host, every" in said


def test_a_file_with_too_much_that_is_no_name(mine: str, out: Path) -> None:
    with pytest.raises(CorpusError, match=r"mine\.csv: 1 of 6 rows left out\n  1 suffix: record 3"):
        assemble(out, [mine])
    with pytest.raises(CorpusError, match=r"no column of classes"):
        (Path(mine).parent / "hosts.csv").write_text("host\na.com\n")
        assemble(out, [f"{Path(mine).parent}/hosts.csv"])
    with pytest.raises(CorpusError, match="--map applies to files"):
        assemble(out, ["shapes"], options=ReadOptions.parse(["host=1"]))
    assert not out.exists()


def test_a_group_of_a_users_csv_is_kept(out: Path, tmp_path: Path) -> None:
    path = tmp_path / "grouped.csv"
    path.write_text("host,domain,class,subclass,group\na.ru,a,dga,x,one\nb.ru,b,dga,x,\n")
    mix([str(path)], out)
    assert [line.split(",")[-1] for line in lines(out)] == ["group", "one", "b"]


@pytest.mark.slow
def test_the_original_without_what_is_no_label(original: Corpus, out: Path) -> None:
    summary = mix(["original:legit", "original:dga"], out)
    kept = summary.kept()
    kinds = {(row.kind, row.subclass) for row in kept}
    malicious = {("dga", x) for x in ("cryptolocker", "goz", "newgoz")}
    assert kinds == {("legit", "original"), *malicious}
    assert summary.refused == 1
    assert len(kept) + summary.refused + summary.repeated == len(original)
    read = labelled.read_corpus(out)
    assert [*read.groups] == [remove_hyphens(label) for label in read.labels]


def test_an_original_that_cannot_be_had_is_left_out(
    out: Path, no_original: None, capsys: pytest.CaptureFixture[str]
) -> None:
    mix(["original:legit", "universities"], out)
    assert (
        "H2O demo's data is not available, it is left out of the corpus: "
        in capsys.readouterr().err
    )
    with pytest.raises(CorpusError, match=r"no row to write; the sources were original:dga"):
        mix(["original:dga"], out)


@pytest.mark.parametrize(
    ("chosen", "message"),
    [
        (
            "hst",
            "no source .hst.; known are original, hsts, universities, generators, shapes, edits",
        ),
        ("hsts:spam", r"no source 'hsts:spam'; known are .* followed by :legit or :dga"),
        ("absent.csv", r"no source 'absent\.csv'"),
        ("tests", r"no source 'tests'"),
        ("", r"no source ''"),
        ("hsts:dga", r"source 'hsts:dga': hsts has no rows of that class"),
        ("shapes:legit", r"source 'shapes:legit': shapes has no rows"),
    ],
)
def test_a_source_that_is_none(chosen: str, message: str, out: Path) -> None:
    with pytest.raises(CorpusError, match=message):
        mix([chosen], out)
    assert not out.exists()


def test_too_few_names(out: Path) -> None:
    with pytest.raises(CorpusError, match="2 names a family: give 3 or more"):
        assemble(out, ["shapes"], 2, 1)


def test_an_error_leaves_the_old_file(mine: str, tmp_path: Path) -> None:
    folder = tmp_path / "there"
    folder.mkdir()
    out = folder / "mix.csv"
    out.write_text("the old one")
    (tmp_path / "wrong.csv").write_text(HEADER + "x.com,x,spam,spam\n")
    with pytest.raises(CorpusError, match=r"record 1 has class 'spam'"):
        mix([mine, str(tmp_path / "wrong.csv")], out)
    assert out.read_text() == "the old one"
    assert [x.name for x in folder.iterdir()] == ["mix.csv"]
    mix([mine], out)
    assert len(lines(out)) == 3
    assert [x.name for x in folder.iterdir()] == ["mix.csv"]


def test_what_is_no_regular_file_is_not_overwritten(mine: str, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "fifo")
    for place in (tmp_path / "folder", tmp_path / "fifo", Path(os.devnull)):
        with pytest.raises(CorpusError, match=r"is not a regular file; choose another with --out"):
            mix([mine], place)
    with pytest.raises(OSError, match=r"mine\.csv"):
        mix([mine], Path(mine) / "mix.csv")


def test_a_link_stays_one(mine: str, tmp_path: Path) -> None:
    (tmp_path / "real.csv").touch()
    (tmp_path / "link.csv").symlink_to("real.csv")
    mix([mine], tmp_path / "link.csv")
    assert (tmp_path / "link.csv").is_symlink()
    assert len(lines(tmp_path / "real.csv")) == 3


def test_the_command(mine: str, out: Path) -> None:
    done = run_here(
        "corpus", "--out", out, "--source", mine, "shapes", "--names", "50", "--lenient"
    )
    assert (done.returncode, done.stdout) == (0, "")
    assert f"{out}: 277 rows\n  legit: 1 (1 mine)\n  dga: 276 (1 own, 25 shape-l" in done.stderr
    failed = run_here("corpus", "--out", out, "--source", "spam")
    assert failed.returncode == 2
    assert failed.stderr.startswith("corpus: no source 'spam'; known are original, hsts,")
    assert all(name in failed.stderr for name in KNOWN)


@pytest.mark.parametrize("shape", sampling.SYNTHETIC_FAMILIES)
def test_shapes_are_deterministic_groups_of_labels(shape: str) -> None:
    groups = list(sampling.sample_labels(shape, 100, 7))
    assert groups == list(sampling.sample_labels(shape, 100, 7))
    assert groups != list(sampling.sample_labels(shape, 100, 8))
    assert [(key, len(labels)) for key, labels in groups] == [("7-0", 40), ("7-1", 40), ("7-2", 20)]
    labels = [label for _, group in groups for label in group]
    assert len(set(labels)) == 100
    assert all(re.fullmatch(r"[a-z0-9-]{6,40}", label) for label in labels)


def test_shapes_are_what_they_are_called() -> None:
    patterns = {
        "shape-letters": "[a-z]{7,25}",
        "shape-alphanumeric": "[a-z0-9]{7,32}",
        "shape-hex": "[0-9a-f]{8,40}",
        "shape-digest": "[0-9a-f]{8,40}",
        "shape-base32": "[a-z2-7]{8,40}",
        "shape-separated": "([a-z0-9]{3,8}-){1,3}[a-z0-9]{3,8}",
        "shape-skewed": "[a-z]{8,22}",
        "shape-few-letters": "[a-z]{8,24}",
        "shape-letter-first": "[a-z][a-z0-9]{8,16}",
        "shape-consonants": "[a-z]{7,20}",
        "shape-numbered": "[a-z]{5,12}[0-9]{1,6}",
    }
    assert list(sampling.SYNTHETIC_FAMILIES) == list(patterns)
    for shape, pattern in patterns.items():
        (_, labels), *_ = sampling.sample_labels(shape, 40, 1)
        assert all(re.fullmatch(pattern, label) for label in labels)
    (_, few), *_ = sampling.sample_labels("shape-few-letters", 40, 1)
    assert 6 <= len(Counter("".join(few))) <= 16
