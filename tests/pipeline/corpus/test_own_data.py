"""Labelled names as people have them."""

from __future__ import annotations

import bz2
import gzip
import lzma
import time
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
import zstandard

from malicious_domains.names.errors import MaliciousDomainsError
from pipeline.corpus.columns import CLASSES, CorpusError, LabelledName, ReadOptions
from pipeline.corpus.own_data import Reading, ReadReport

KAGGLE = (
    "isDGA,domain,host,subclass\n"
    "legit,google,google.com,alexa\n"
    "dga,xmqjtoevkbhrw,xmqjtoevkbhrw.ru,goz\n"
    "legit,33132a.com,33132a.com,alexa\n"
)
WHOLE = "domain,label\nwww.google.co.uk,0\nxmqjtoevkbhrw.ru,1\n"
ROWS = [("google", "legit"), ("xmqjtoevkbhrw", "dga")]  # of WHOLE, and of what is made like it

Load = Callable[..., tuple[list[LabelledName], ReadReport]]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """Return a function that writes a file and loads it."""

    def write(
        content: str | bytes, *maps: str, kind: str = "", lenient: bool = False
    ) -> tuple[list[LabelledName], ReadReport]:
        path = tmp_path / "mine"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return load_file(path, ReadOptions.parse(maps, lenient), kind)

    return write


def load_file(
    path: Path, options: ReadOptions | None = None, kind: str = ""
) -> tuple[list[LabelledName], ReadReport]:
    reading = Reading(path, options, kind)
    rows = [*reading]
    return rows, reading.report


def labels(loaded: tuple[list[LabelledName], ReadReport]) -> list[tuple[str, str]]:
    return [(row.domain, row.kind) for row in loaded[0]]


def parquet(path: Path, select: str) -> Path:
    name = str(path).replace("'", "''")
    duckdb.connect().execute(f"COPY ({select}) TO '{name}' (FORMAT parquet)")
    return path


# --- columns ---


def test_the_header_of_kaggle_and_a_whole_host_where_a_label_should_be(load: Load) -> None:
    rows, taken = load(KAGGLE)
    assert rows == [
        ("google.com", "google", "legit", "alexa", ""),
        ("xmqjtoevkbhrw.ru", "xmqjtoevkbhrw", "dga", "goz", ""),
        ("33132a.com", "33132a", "legit", "alexa", ""),
    ]
    assert str(taken) == (
        "host from 'host', domain from 'domain', class from 'isDGA', subclass from 'subclass'"
    )


def test_a_domain_alone_is_a_host_and_the_class_stands_for_the_family(load: Load) -> None:
    rows, taken = load("domain,label,family\nwww.google.co.uk,0,\nxmqjtoevkbhrw.ru,1,goz\n")
    assert rows == [
        ("www.google.co.uk", "google", "legit", "legit", ""),
        ("xmqjtoevkbhrw.ru", "xmqjtoevkbhrw", "dga", "goz", ""),
    ]
    assert str(taken) == (
        "host from 'domain', class from 'label', subclass from 'family', "
        "'0' is legit, '1' is dga, the label from the host"
    )


def test_a_label_stands_as_it_is_beside_its_host(load: Load) -> None:
    """As it did: no rule of ours says that the original's labels are wrong."""
    rows, _ = load('host,domain,class,subclass\nwww.gov.uk,gov,legit,x\n"a\nb.ru","a\nb",dga,x\n')
    assert [row.domain for row in rows] == ["gov", "a\nb"]


@pytest.mark.parametrize("header", ["host,class", "FQDN,Target", "Host Name,is_dga", "query,type"])
def test_usual_names(load: Load, header: str) -> None:
    assert labels(load(WHOLE.replace("domain,label", header))) == ROWS


@pytest.mark.parametrize(
    ("header", "told"),
    [
        ("a,b", ["host=a,class=b"]),
        ("a,b", ["host=a", "class=b"]),
        ("Who,What=", ["class=What=", "host=Who"]),
        ("domain,class", ["domain=domain"]),
    ],
)
def test_columns_that_are_told(load: Load, header: str, told: list[str]) -> None:
    assert labels(load(WHOLE.replace("domain,label", header), *told)) == ROWS


def test_numbers_for_a_file_without_a_header(load: Load) -> None:
    rows, _ = load("legit,alexa,google.com\ndga,goz,xmqjtoevkbhrw.ru\n", "host=3,class=1")
    assert [(row.domain, row.kind) for row in rows] == ROWS


def test_our_own_names_go_before_others_and_an_empty_one_is_none(load: Load) -> None:
    text = "host,query,class,type,family\ngoogle.com,x.com,0,A,spam\nxmqjtoevkbhrw.ru,,1,A,spam\n"
    rows, taken = load(text, "subclass=")
    assert [(row.domain, row.kind) for row in rows] == ROWS
    assert taken.columns == {"host": "host", "class": "class"}
    assert [row.subclass for row in rows] == ["legit", "dga"]


@pytest.mark.parametrize(
    ("text", "told", "message"),
    [
        (
            "fqdn,query,label\na.com,b.com,1\n",
            "",
            r"'fqdn' and 'query' could both be host; found fqdn, query, label",
        ),
        ("domain,label,target\na.com,1,1\n", "", "'label' and 'target' could both be class"),
        (
            "a,b\na.com,1\n",
            "",
            "no column of names is known; found a, b; say which",
        ),
        ("domain,b\na.com,1\n", "", r"no column of classes is .*--map host=COLUMN,class=COLUMN"),
        ("a,b\na.com,1\n", "host=a,class=c", "there is no column 'c'; found a, b"),
        (
            "a.com,1\nb.com,0\n",
            "",
            r"the first row is no header; .* give numbers: --map host=1,class=2",
        ),
        ("host,host,class\na.com,b.com,1\n", "", "no column of names is known; found 1, 2, 3; say"),
        ("a.com,1\n", "host=1,class=3", "no column '3'; found 1, 2"),
        ("a,b\n", "hosts=a", "--map 'hosts=a': expected --map host=COLUMN"),
        ("a,b\n", "host", "--map 'host': expected"),
        ("a,b\n", "host=a,host=b", "each of host, domain, class, subclass, group once"),
        ('{"a": "a.com"}\n', "host=b.c", "there is no column 'b.c'; found a"),
    ],
)
def test_columns_that_are_not_clear(load: Load, text: str, told: str, message: str) -> None:
    with pytest.raises(CorpusError, match=message):
        load(text, *filter(None, [told]))


def test_a_first_row_of_somebodys_data_is_not_shown(load: Load) -> None:
    with pytest.raises(CorpusError) as caught:
        load("2026-11-25,jane.doe@example.com,a.com\n")
    assert "jane" not in str(caught.value)


# --- classes ---


@pytest.mark.parametrize(
    ("legit", "dga"),
    [
        ("0", "1"),
        ("0.0", "1.0"),
        ("legit", "dga"),
        ("benign", "malicious"),
        ("False", "True"),
        (" Benign ", "MALWARE"),
        ("no", "yes"),
        ("not_dga", "DGA"),
        ("non-dga", "dga"),
    ],
)
def test_words_for_the_classes(load: Load, legit: str, dga: str) -> None:
    loaded = load(f"host,class\ngoogle.com,{legit}\nxmqjtoevkbhrw.ru,{dga}\n")
    assert labels(loaded) == ROWS
    assert sorted(loaded[1].classes.values()) == sorted(CLASSES)


@pytest.mark.parametrize("word", ["spam", "2", "0.5", "-1", "goz"])
def test_another_word_is_refused_with_its_place(load: Load, word: str) -> None:
    with pytest.raises(
        CorpusError, match=rf"'label', record 3 has class '{word}'; known are legit"
    ):
        load(f"{WHOLE}a.com,{word}\n", lenient=True)


def test_a_class_for_a_file_without_one_and_one_class_of_two(load: Load) -> None:
    rows, taken = load("host\ngoogle.com\nexample.com\n", kind="legit")
    assert {(row.kind, row.subclass) for row in rows} == {("legit", "legit")}
    assert str(taken) == "host from 'host', the label from the host, every row is legit"
    loaded = load(WHOLE + "co.uk,1\n" * 50, kind="legit")
    assert labels(loaded) == ROWS[:1]  # what is wrong with the other class is not asked
    assert labels(load("host,type\ngoogle.com,A\n", "class=", kind="legit")) == ROWS[:1]


# --- rows ---

LEFT_OUT = """\
co.uk,0
1.2.3.4,0
4.3.2.1.in-addr.arpa,0
null,1
,1
a b,1
a.com,
a.com
domain,label
a.com,0,x,y
"a.com,0
"""


def test_what_cannot_be_learned_from_is_counted_and_shown(load: Load) -> None:
    rows, taken = load(WHOLE + LEFT_OUT, lenient=True)
    assert [(row.domain, row.kind) for row in rows] == ROWS
    assert taken.left_out == {
        **{"suffix": 1, "address": 1, "reverse": 1, "placeholder": 1, "empty": 1},
        **{"characters": 1, "no_class": 2, "missing_columns": 1, "too_many_columns": 1},
        "unquoted_value": 1,
    }
    said = taken.describe_left_out().splitlines()
    assert said[0] == "11 of 13 rows left out"
    assert said[1] == "  2 no_class: record 9 'a.com': no class; record 10 'domain'"
    assert "  1 suffix: record 3 'co.uk': co.uk is a public suffix with no registrable" in said[2]


def test_one_per_cent_may_be_left_out(load: Load) -> None:
    good = "domain,label\n" + "google.com,0\n" * 99
    assert len(load(good + "co.uk,0\n")[0]) == 99
    with pytest.raises(
        CorpusError, match=r"(?s)mine: 2 of 101 rows left out.*2 suffix: .*--lenient"
    ):
        load(good + "co.uk,0\n" * 2)
    assert len(load(good + "co.uk,0\n" * 2, lenient=True)[0]) == 99


def test_bytes_that_are_no_text_are_left_out(load: Load) -> None:
    text = b"domain,label,family\na.com,1,b\xfccher\nb\xfccher.de,0,\nb.com,1,x\n"
    rows, taken = load(text, lenient=True)
    assert [row.subclass for row in rows] == ["x"]
    assert "2 invalid_encoding: line 2 'a.com,1,b?cher': Invalid uni" in taken.describe_left_out()
    assert taken.describe_left_out().encode()


def test_huge_fields_and_empty_lines_harm_no_other_row(load: Load) -> None:
    huge = f"{'x' * 5_000_000}.com,0\n"
    loaded = load(WHOLE.replace("\n", "\n\n") + huge, lenient=True)
    assert labels(loaded) == ROWS
    assert sum(loaded[1].left_out.values()) == 1
    assert len(loaded[1].describe_left_out()) < 300


# --- kinds of files ---


@pytest.mark.parametrize(
    "content",
    [
        WHOLE.replace(",", ";"),
        WHOLE.replace(",", "\t").replace("\n", "\r\n"),
        b"\xef\xbb\xbf" + WHOLE.encode(),
        WHOLE.encode("utf-16"),
        WHOLE.encode("utf-16-le"),
        gzip.compress(WHOLE.encode()),
        bz2.compress(WHOLE.encode()),
        lzma.compress(WHOLE.encode()),
        zstandard.compress(WHOLE.encode()),
        '{"domain": "google.com", "label": 0}\n\n{"domain": "xmqjtoevkbhrw.ru", "label": 1.0}\n',
        '[{"domain": "google.com", "label": false},\n'
        '{"domain": "xmqjtoevkbhrw.ru", "label": true}]',
        '[\n  {"label": "0", "domain": "google.com"},\n {"label": "dga", "domain": '
        '"xmqjtoevkbhrw.ru"}\n]\n',
        gzip.compress(
            b'{"label":0,"domain":"google.com"}\n{"domain":"xmqjtoevkbhrw.ru","label":1}'
        ),
    ],
)
def test_files_as_people_have_them(load: Load, content: str | bytes) -> None:
    assert labels(load(content)) == ROWS


def test_a_json_array_may_be_one_long_line(load: Load) -> None:
    some = '{"label": "dga", "domain": "xmqjtoevkbhrw.ru"}, ' * 30_000
    rows, _ = load(f'[{some}{{"label": 0, "domain": "google.com"}}]')
    assert len(rows) == 30_001


def test_json_that_is_null_or_broken(load: Load) -> None:
    text = '{"q": "google.com", "y": 0}\n{"q": null, "y": 1}\nspam\n{"y": 1}\n[]\n'
    loaded = load(text, "host=q,class=y", lenient=True)
    assert labels(loaded) == ROWS[:1]
    assert loaded[1].left_out == {"empty": 2, "no_class": 2}


@pytest.mark.parametrize(
    ("legit", "dga"), [("false", "true"), ("0", "1"), ("0.0::double", "1::double"), ("'0'", "'1'")]
)
def test_parquet_of_any_type(tmp_path: Path, legit: str, dga: str) -> None:
    path = parquet(
        tmp_path / "a*[1].parquet",
        f'SELECT \'google.com\' AS "Do""main", {legit} AS is_dga, NULL AS family '
        f"UNION ALL SELECT 'xmqjtoevkbhrw.ru', {dga}, 'goz' ORDER BY ALL",
    )
    rows, _ = load_file(path, ReadOptions.parse(['host=Do"main']))
    assert [(row.domain, row.kind) for row in rows] == ROWS
    assert [row.subclass for row in rows] == ["legit", "goz"]


def test_parquet_with_nulls_or_without_a_column(tmp_path: Path) -> None:
    one = "SELECT 'google.com' AS domain, 0 AS label UNION ALL SELECT NULL, 0"
    path = parquet(tmp_path / "a.parquet", f"{one} UNION ALL SELECT 'a.com', NULL")
    with pytest.raises(CorpusError, match=r"(?s)2 of 3 rows left out.*1 empty: .*1 no_class: "):
        load_file(path)
    with pytest.raises(CorpusError, match="there is no column 'host'; found domain, label"):
        load_file(path, ReadOptions.parse(["host=host"]))


def test_the_folders_of_a_parquet_file_are_no_columns(tmp_path: Path) -> None:
    (tmp_path / "class=dga").mkdir()
    path = parquet(tmp_path / "class=dga/a.parquet", "SELECT 'google.com' AS host, 0 AS label")
    assert labels(load_file(path)) == ROWS[:1]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "mine: the file is empty"),
        (b"\n\n", "mine: the file is empty"),
        (b"PAR1 and no more PAR1", "mine: cannot be read: Footer length error"),
        (b"PK\x03\x04", "mine: a ZIP that cannot be read"),
        (gzip.compress(WHOLE.encode() * 99)[:-12], "mine: its compressed data are damaged"),
        (b'{\n"domain": "a.com"\n}', r"mine: no JSON object on a line of its own; `jq -c \.`"),
        (b'[\n{"domain": \n', "mine: cannot be read: .*Malformed JSON, at byte 13"),
        (b'"host,class\na.com,1\n', "mine: no column of names is known"),
    ],
)
def test_files_that_cannot_be_read(load: Load, content: bytes, message: str) -> None:
    with pytest.raises(MaliciousDomainsError, match=message):
        load(content)


def test_places_that_are_no_file(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"not a regular file: give one"):
        load_file(tmp_path)
    with pytest.raises(CorpusError, match=r"absent\.csv: no such file"):
        load_file(tmp_path / "absent.csv")
    with pytest.raises(CorpusError, match=r"/dev/null: not a regular file"):
        load_file(Path("/dev/null"))


def test_time_grows_as_the_rows_do(tmp_path: Path) -> None:
    path = tmp_path / "many.csv"
    took = []
    for count in (10_000, 80_000):
        with path.open("w") as file:
            file.write("domain,label,family\n")
            file.writelines(f"www.example-{i}.co.uk,{i % 2},x\n" for i in range(count))
        started = time.process_time()
        rows, _ = load_file(path)
        took.append(time.process_time() - started)
        assert len(rows) == count
    assert took[1] < 3 * 8 * took[0]


def test_a_column_may_be_called_like_a_class(load: Load) -> None:
    loaded = load("domain,malicious\ngoogle.com,no\nxmqjtoevkbhrw.ru,malicious\n")
    assert labels(loaded) == ROWS
