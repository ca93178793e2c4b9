"""Names out of what people have: delimiters, headers, quotes, encodings, nested JSON."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import zstandard

from malicious_domains.inputs.csv_column import Column, read_csv_column
from malicious_domains.inputs.rows import (
    KeptRow,
    Notes,
    Row,
    read_documents,
    read_json_field,
    read_lines,
)
from malicious_domains.inputs.streams import MAX_LINE, InputError, open_lines
from malicious_domains.names.errors import Invalid


def csv_rows(text: str, column: str, **options: str | bool) -> list[Row]:
    lines = iter(io.StringIO(text, newline=""))
    read = read_csv_column(lines, Column(column, **options), Notes())  # type: ignore[arg-type]
    return [row for row in read if not isinstance(row, KeptRow)]


def json_rows(text: str, path: str) -> tuple[list[Row], int]:
    notes = Notes()
    read = read_json_field(iter(io.StringIO(text)), path, notes)
    return [row for row in read if not isinstance(row, KeptRow)], notes.without_field


def errors(rows: list[Row]) -> list[str]:
    return [row.error for row in rows if isinstance(row, Invalid)]


@pytest.mark.parametrize(
    ("text", "column"),
    [
        ("query,client\na.com,1\nb.com,2\n", "query"),
        ("query;client\na.com;1\nb.com;2\n", "query"),
        ("client\tquery\n1\ta.com\n2\tb.com\n", "query"),
        ("client, query\n1, a.com\n2, b.com\n", "query"),
        ("sep=;\nclient;query\n1;a.com\n2;b.com\n", "query"),
        ('#TYPE Selected.Object\r\n"client","query"\r\n"1","a.com"\r\n"2","b.com"\r\n', "query"),
        ("client| Query \n1|a.com\n2|b.com\n", "query"),
        ("QUERY\na.com\nb.com\n", "query"),
        ("1,a.com,x\n2,b.com,x\n", "2"),
        ("1;a.com;x\n2;b.com;x\n", "2"),
        ('"2026-11-25 10:00:00","a.com"\n"2026-11-25 10:00:01","b.com"\n', "2"),
        ('client,query\n"two\nlines",a.com\n3,b.com\n', "query"),
        # NC06: R's write.table, whose header is one cell short
        ('"client" "query"\n"1" "10.0.0.1" "a.com"\n"2" "10.0.0.2" "b.com"\n', "query"),
        ("query\n1,a.com\n2,b.com\n", "query"),
        # NC09: MySQL's escapes, also over lines and at the end of one
        ('query,x\na.com,"say \\"hi, there\\""\nb.com,"\\""\n', "query"),
        ('query,x\na.com,"say \\"hi\nthere\\""\nb.com,"one\ntwo \\"x\\" y"\n', "query"),
        ('query,x\na.com,"C:\\dir\\"\nb.com,"a\\\\"\n', "query"),
        ("query,client\na.com,1,\nb.com,2,\n", "query"),  # one more at the end
        ("query,client\na.com,1,x\nb.com,2,y\n", "query"),
        # a header where the column is a number
        ("ts,client,query\n1,2,a.com\n1,2,b.com\n", "3"),
        ("n,anything\n1,a.com\n2,b.com\n", "2"),
        # NC09: MySQL's escapes
        ('1,"say \\"hi, there\\"",a.com\n2,\\N,b.com\n', "3"),
        ('"\\"x\\", \\\\",a.com\n"C:\\dir\\",b.com\n', "2"),
        # comments above the header, or with the header in them
        ("# made by x, y\n#\nts,query\n1,a.com\n2,b.com\n", "query"),
        ('#####\n# a dump (CSV)\n# id,query\n"1","a.com"\n"2","b.com"\n', "query"),
        ("#query,client\na.com,1\nb.com,2\n", "#query"),
        ("# top domains\n1,a.com\n2,b.com\n", "2"),
        ("#1,a.com\n#2,b.com\n", "2"),
        # NP19, NC02: a delimiter under which the column has names
        ("a.com|spyware,tracking\nb.com|x,y\n", "1"),
        ("x,y\ta.com\tz,z\nx,y\tb.com\tz,z\n", "2"),
    ],
)
def test_a_column_is_found(text: str, column: str) -> None:
    assert csv_rows(text, column) == ["a.com", "b.com"]


def test_the_delimiter_and_the_header_may_be_told() -> None:
    assert csv_rows("q:c\na.com:1\n", "q", delimiter=":") == ["a.com"]
    assert csv_rows("name\na.com\n", "1", header=True) == ["a.com"]
    assert csv_rows("query,client\n", "query") == []


def test_what_is_strange_about_rows_is_told() -> None:
    for text, message in [
        ("query\n1,a.com\n", "the header is one cell short"),
        ("n,query\n1,a.com\n2\n3,b.com,x\n4,c.com\n", "the 2 of the first: 2 (row 3 has 1)"),
        ("n,query\n1,a.com\n", "taken for a header, 'query'; --no-header scores it"),
    ]:
        notes = Notes()
        column = Column("2" if "taken" in message else "query")
        list(read_csv_column(iter(text.splitlines(True)), column, notes))
        assert message in notes.lines[0]


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ("1,google\n2,example\n", ["google", "example"]),  # nothing like a header
        ("1,query\n2,example.com\n", ["query", "example.com"]),
        ("n\n163\n", ["163"]),
        ("n\n163\nexample\n", ["163", "example"]),
        ("1,qq\n2,163\n3,example\n", ["qq", "163", "example"]),
    ],
)
def test_labels_stay_labels(text: str, labels: list[str]) -> None:
    assert csv_rows(text, "n" if text.startswith("n") else "2") == labels


@pytest.mark.parametrize("cells", ["1 2 3", "1700000000.123 1700000001.5", "1  -2", "1e5 2E-3"])
def test_a_column_of_numbers_is_refused(cells: str) -> None:
    text = "\n".join(["n,query", *(f"{cell},a.com" for cell in cells.split(" "))])
    with pytest.raises(InputError, match="column 'n' holds numbers alone, such as '1"):
        csv_rows(text, "n")
    with pytest.raises(InputError, match="column '1' holds numbers alone, such as '1"):
        csv_rows(text.replace("query", "v").replace("a.com", "x"), "1")  # below any header


def test_what_stands_beside_the_names_is_kept() -> None:
    def read(text: str, name: str) -> list[dict[str, str]]:
        lines = iter(text.splitlines(True))
        rows = read_csv_column(lines, Column(name), Notes(), keep=True)
        return [row.rest for row in rows if isinstance(row, KeptRow)]

    assert read("a,query,b\n1,x.com,2\n1\n1,x.com,2,3\n", "query") == [
        {"a": "1", "b": "2"},
        {"a": "1", "b": ""},
        {"a": "1", "b": "2,3"},
    ]
    assert read("query\nr1,x.com\n1,y.com\n", "query") == [{"row_name": "r1"}, {"row_name": "1"}]
    assert read("a,a,query\n1,2,x.com\n", "query") == [{"a": "1", "a_2": "2"}]


def test_a_near_miss_is_told() -> None:
    notes = Notes()
    assert [*read_csv_column(iter([" Query \n", "a.com\n"]), Column("query"), notes)] == ["a.com"]
    assert notes.lines == ["column 'Query ' is taken for 'query'"]


@pytest.mark.parametrize(
    ("text", "column", "message"),
    [
        ("a,b\n", "query", "no column 'query'; the header is 'a,b'; give a name"),
        ("query,x,query\n", "query", "2 columns are called 'query': give its number"),
        ("a,b\n1,2\n", "3", "no column '3'; the header is 'a,b'"),
        ("a,b\n1,2\n", "0", "no column '0'; the header is 'a,b'"),
    ],
)
def test_a_column_that_is_not_there(text: str, column: str, message: str) -> None:
    with pytest.raises(InputError) as raised:
        csv_rows(text, column)
    assert message in str(raised.value)


def test_a_message_shows_no_record_of_somebodys_data() -> None:
    record = '"2026-11-25","jane.doe@example.com","10.0.0.1","xmqjtoevkbhrw.ru"\n'
    with pytest.raises(InputError) as raised:
        csv_rows(record, "query")
    assert "jane" not in str(raised.value)


REPORT = "DNS, of the office\nmade on 24 Nov\n\n"


def test_a_header_stands_below_the_text_of_a_report() -> None:
    text = f"{REPORT}client;query\n10.0.0.1;a.com\n10.0.0.2;b.com\n"
    assert csv_rows(text, "query") == ["a.com", "b.com"]
    with pytest.raises(InputError, match="no column 'name'; the header is 'client,query'"):
        csv_rows(text, "name")
    (broken,) = errors(csv_rows(f'{text}10.0.0.3;c.com\n"10.0.0.4;d.com\n', "query"))
    assert broken.startswith("line 8: ")


def test_a_cell_of_a_row_is_no_header() -> None:
    with pytest.raises(InputError, match="the header is 'client,query'"):
        csv_rows("client,query\n10.0.0.1,a.com\n10.0.0.1,host\n", "host")


def test_an_unclosed_quote_swallows_no_later_row() -> None:
    rows = csv_rows('query,client\na.com,1\n"evil,2\n' + "b.com,3\n" * 200_000, "query")
    assert rows[0] == "a.com"
    assert errors(rows) == ["line 3: a quote is opened and never closed"]
    assert rows[2:] == ["b.com"] * 200_000


def test_an_unclosed_quote_at_the_end_and_a_quote_inside_a_field() -> None:
    assert errors(csv_rows('q\na.com\n"b.com\n', "q")) == [
        "line 3: a quote is opened and never closed"
    ]
    assert csv_rows('q,x\na.com,5" disk\nb.com,y\n', "q") == ["a.com", "b.com"]


def test_ragged_rows_keep_their_place() -> None:
    rows = csv_rows("c,q\n1,a.com\n2\n\n3,b.com\n", "q")
    assert [x for x in rows if isinstance(x, str)] == ["a.com", "b.com"]
    assert errors(rows)[0] == "no column 'q' in this row"


ZEEK = (
    "#separator \\x09\n#set_separator\t,\n#path\tdns\n#fields\tts\tuid\tquery\n"
    '#types\ttime\tstring\tstring\n1.0\tC1\ta.com\n2.0\tC2\t"b.com\n#close\t2026\n'
)


def test_a_zeek_log_has_its_own_header() -> None:
    assert csv_rows(ZEEK, "query") == ["a.com", '"b.com']
    with pytest.raises(InputError, match="this is a Zeek log: name the column, --column query"):
        [*read_lines(iter(io.StringIO(ZEEK)))]


@pytest.mark.parametrize(
    ("document", "path", "expected"),
    [
        ({"query": "a.com"}, "query", ["a.com"]),
        ({"dns": {"rrname": "a.com"}}, "dns.rrname", ["a.com"]),
        ({"dns.qname": "a.com", "dns": {"qname": "b.com"}}, "dns.qname", ["a.com"]),
        ({"dns": {"queries": [{"rrname": "a.com"}, {"rrname": "b.com"}]}}, "dns.queries[].rrname",
         ["a.com", "b.com"]),
        ({"names": ["a.com", "b.com"]}, "names[]", ["a.com", "b.com"]),
        ({"dns": None}, "dns.rrname", []),
        ({"other": 1}, "query", []),
    ],
)  # fmt: skip
def test_dotted_paths_and_arrays(document: object, path: str, expected: list[str]) -> None:
    rows, without = json_rows(json.dumps(document) + "\n", path)
    assert rows == expected
    assert without == (not expected)


def test_events_without_the_field_are_counted_not_repeated() -> None:
    rows, without = json_rows('{"event_type":"flow"}\n' * 5000 + '{"query":"a.com"}\n', "query")
    assert (rows, without) == (["a.com"], 5000)


def test_json_lines_that_hold_no_name() -> None:
    rows, _ = json_rows('[1]\n{"q":null}\n{"q":NaN}\n{"q":7}\n\n{"q":"a.com"}\n{"q"\n', "q")
    told = [(x.status, x.reason) for x in rows if isinstance(x, Invalid)]
    assert told.count(("skipped", "placeholder")) == 2
    assert "a.com" in rows
    assert errors(rows)[-1] == "not a JSON object on one line"


def test_a_json_array_is_read_whatever_its_lines() -> None:
    objects = [{"q": "a.com"}, {"q": "b.com"}]
    for text in (json.dumps(objects), json.dumps(objects, indent=2)):
        assert json_rows(text, "q")[0] == ["a.com", "b.com"]
    rows, _ = json_rows('{\n  "q": "a.com"\n}\n', "q")
    assert "jq -c ." in errors(rows)[0]


def test_an_array_over_several_lines_is_its_items() -> None:
    items = [{"q": "a,b]"}, [], 12.5, "x", None, -3, {"r": [{"s": 1}]}]
    for text in (json.dumps(items, indent=1), " [\n]\n\n"):
        assert [x for x, _ in read_documents(io.StringIO(text))] == json.loads(text)


@pytest.mark.parametrize("end", [", ", "]]", '] {"q": 1}', ' {"q": "c.com"}]', ", nul]"])
def test_an_array_that_is_damaged_is_refused(end: str) -> None:
    lines = iter(['[\n{"q": "a.com"},\n', '{"q": "b.com"}\n', end])
    with pytest.raises(InputError, match="the JSON array is damaged or ends early: "):
        [*read_json_field(lines, "q", Notes())]


TEXT = "a.com\nbücher.de\n"
COMPRESSED: dict[str, Callable[[bytes], bytes]] = {
    "gz": gzip.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "zst": zstandard.compress,
    "gz in gz": lambda x: gzip.compress(gzip.compress(x)),
    "zst in gz": lambda x: gzip.compress(zstandard.compress(x)),
    "xz in zst": lambda x: zstandard.compress(lzma.compress(x)),
}


@pytest.mark.parametrize("kind", COMPRESSED)
def test_compression_is_told_by_content(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "names.txt"  # whatever it is called
    path.write_bytes(COMPRESSED[kind](TEXT.encode()))
    with open_lines(path) as lines:
        assert [*read_lines(lines)] == ["a.com", "bücher.de"]


@pytest.mark.parametrize("kind", COMPRESSED)
def test_what_stands_before_damage_is_read(kind: str, tmp_path: Path) -> None:
    names = [f"name{i * 7919 % 1_000_003}.example" for i in range(80_000)]
    path = tmp_path / "names"
    whole = COMPRESSED[kind]("\n".join(names).encode())
    path.write_bytes(whole[: len(whole) // 2])
    read: list[Row] = []
    with (
        pytest.raises(InputError, match="names: its compressed data are"),
        open_lines(path) as lines,
    ):
        read.extend(read_lines(lines))
    assert kind in ("bz2", "xz", "zst") or len(read) > 10_000


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"]
)
def test_encodings_are_told_by_content(encoding: str, tmp_path: Path) -> None:
    path = tmp_path / "names"
    path.write_bytes(TEXT.encode(encoding))
    with open_lines(path) as lines:
        assert [*read_lines(lines)] == ["a.com", "bücher.de"]


def test_an_encoding_may_be_told(tmp_path: Path) -> None:
    path = tmp_path / "names"
    path.write_bytes(TEXT.encode("latin-1"))
    with open_lines(path, "latin-1") as lines:
        assert [*read_lines(lines)] == ["a.com", "bücher.de"]
    with pytest.raises(InputError, match="--encoding klingon: there is no such"):
        open_lines(path, "klingon").__enter__()
    with pytest.raises(InputError, match="absent: No such file"):
        open_lines(tmp_path / "absent").__enter__()


LONG = "x" * (MAX_LINE - 1) + "," + "a.com" * MAX_LINE


def test_a_line_has_a_limit(tmp_path: Path) -> None:
    """A row out for it, of which no part is scored; an array may stand on one line."""
    path = tmp_path / "names.gz"

    def read(content: str) -> Iterator[str]:
        path.write_bytes(gzip.compress(content.encode(), 1))
        with open_lines(path) as lines:
            yield from lines

    long = f"a line of more than {MAX_LINE:,} characters"
    names = [*read_lines(read(f"a.com\n{LONG}\r\nb.com\n"))]
    assert (names[0], names[2], errors(names)) == ("a.com", "b.com", [long])
    table = [*read_csv_column(read(f"client,query\n1,a.com\n{LONG}\n"), Column("query"), Notes())]
    assert (table[0], errors([x for x in table if isinstance(x, Invalid)])) == ("a.com", [long])
    objects = [*read_json_field(read(f'{{"q": "{LONG}"}}\n{{"q": "a.com"}}\n'), "q", Notes())]
    assert (objects[1], errors([x for x in objects if isinstance(x, Invalid)])) == ("a.com", [long])
    array = json.dumps([{"q": f"{i}.com"} for i in range(100_000)])
    assert len(array) > MAX_LINE
    assert [*read_json_field(read(array), "q", Notes())] == [f"{i}.com" for i in range(100_000)]
