"""The command score, as a person or a script calls it."""

from __future__ import annotations

import csv
import gzip
import io
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import duckdb
import pytest

from malicious_domains.inputs.chunks import CHUNK_ROWS
from malicious_domains.model.scorer import Scorer
from malicious_domains.names.errors import Invalid
from malicious_domains.scoring.output_formats import CSV_COLUMNS
from tests.helpers.commands import run_here

ROOT = Path(__file__).parents[3]


def score(*arguments: str | Path, stdin: bytes = b"") -> subprocess.CompletedProcess[str]:
    return run_here("score", *arguments, stdin=stdin)


def rows(run: subprocess.CompletedProcess[str]) -> list[dict[str, str]]:
    csv.field_size_limit(10**6)
    return list(csv.DictReader(io.StringIO(run.stdout)))


def test_names_as_arguments() -> None:
    run = score("google.com", "xmqjtoevkbhrw.ru")
    assert (run.returncode, run.stderr) == (0, "")
    assert [(x["domain"], x["label"]) for x in rows(run)] == [
        ("google.com", "0"),
        ("xmqjtoevkbhrw.ru", "1"),
    ]


def test_a_row_for_each_row_whatever_it_holds(tmp_path: Path) -> None:
    path = tmp_path / "names.txt"
    path.write_bytes(
        b"\xef\xbb\xbfgoogle.com\r\n\r\nbad name\n\xff\xfe\nnul\0.com\nco.uk\nbbc.co.uk"
    )
    run = score("--input", path)
    assert run.returncode == 1
    assert run.stderr == "score: 2 judged (0 flagged), 1 skipped (1 comment), 4 invalid\n"
    assert [x["status"] for x in rows(run)] == [
        *("judged", "skipped", "invalid", "invalid", "invalid", "invalid", "judged")
    ]
    assert all(bool(x["reason"]) != (x["status"] == "judged") for x in rows(run))
    assert rows(run)[0]["domain"] == "google.com"
    assert rows(run)[-1]["name"] == "bbc"


def test_standard_input() -> None:
    assert rows(score(stdin="bücher.de\n".encode()))[0]["name"] == "xn--bcher-kva"


def test_a_csv_column_with_quotes_and_short_rows(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text('time,query\n1,google.com\n2,"a\nb.com"\n3\n4,xmqjtoevkbhrw.ru\n')
    run = score("--input", path, "--column", "query")
    assert [x["label"] for x in rows(run)] == ["0", "", "", "1"]
    assert run.returncode == 1


def test_a_missing_column_is_told_with_those_that_are_there(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text("time,query\n1,google.com\n")
    run = score("--input", path, "--column", "name")
    assert run.returncode == 2
    assert "no column 'name'; the header is 'time,query'" in run.stderr


@pytest.mark.parametrize(
    ("text", "option", "message"),
    [
        ("", "--column", "empty; see whether what writes it runs"),
        ("# a comment\n", "--column", "empty"),
        ("", "--field", "empty"),
        ('{"a": 1}\n{"b": 2}\n', "--field", "has the key 'query'; name another by --field"),
    ],
)
def test_where_nothing_was_read_the_status_is_3(
    text: str, option: str, message: str, tmp_path: Path
) -> None:
    path = tmp_path / "log"
    path.write_text(text)
    run = score("--input", path, option, "query")
    assert run.returncode == 3
    assert run.stderr.splitlines()[-1].startswith("score: nothing was scored: ")
    assert message in run.stderr


def test_a_header_alone_is_no_error(tmp_path: Path) -> None:
    """C13."""
    path = tmp_path / "log.csv"
    path.write_text("query,client")
    assert score("--input", path, "--column", "query").returncode == 0


def test_columns_are_kept_behind_the_documented_ones(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text('reason,query,"a,b"\n=1,google.com,"x\ry"\n2,no name,\n')
    plain = score("--input", path, "--column", "query", "--format", "csv").stdout.splitlines()
    kept = score("--input", path, "--column", "query", "--keep").stdout.split("\n")
    assert kept[0] == ",".join(CSV_COLUMNS) + ',input_reason,"a,b"'
    assert kept[1] == f'{plain[1]},\'=1,"x\ry"'
    assert kept[2] == f"{plain[2]},2,"
    run = score("--input", path, "--column", "query", "--keep", "--format", "json")
    lines = [json.loads(line) for line in run.stdout.splitlines()]
    assert [(x["input_reason"], x["a,b"]) for x in lines] == [("=1", "x\ry"), ("2", "")]


def test_codes_stand_in_the_last_column_and_json_names_the_groups() -> None:
    names = ("google.com", "co.uk", "printer.local", "a b.com", "")
    rows = [*csv.DictReader(io.StringIO(score("--format", "csv", *names).stdout))]
    assert [*rows[0]][-1] == "reason_code"
    codes = [row["reason_code"] for row in rows]
    assert codes == ["", "suffix", "special_use", "characters", "empty"]
    assert rows[2]["reason"] == "special_use"  # for what is skipped as before
    (line,) = score("--format", "jsonl", "google.com").stdout.splitlines()
    x = json.loads(line)
    assert [*x["groups"]] == [*x["contribution_groups"]] == ["length", "entropy", "vowels", "words"]
    for group, terms in x["contribution_groups"].items():
        total = sum(x["contributions"][term] for term in terms)
        assert x["groups"][group] == pytest.approx(total)


def test_three_verdicts_at_the_point_that_a_log_needs() -> None:
    """The library keeps max. F1; what an allow list has is never unclear."""
    strict = Scorer.load(operating_point=0.001)
    names = [f"{x}.com" for x in ("google", "xmqjtoevkbhrw", "qwrtzp", "trvlpt")]
    lines = score("--format", "table", *names).stdout.splitlines()[1:]
    words = [line[:13].strip() for line in lines]
    assert {"generated", "not generated", "unclear"} == {*words}
    for name, word in zip(names, words, strict=True):
        x = strict.score(name)
        below = "unclear" if x.log_odds > 0 else "not generated"
        assert word == x.verdict == ("generated" if x.label else below)
        assert strict.allowing([name]).score(name).verdict == "not generated"
    (line,) = score("--format", "jsonl", "google.com").stdout.splitlines()
    assert json.loads(line)["operating_point"] == 0.001
    assert Scorer.load().operating_point == "max_f1"


def test_keys_of_json_lines_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "log.json"
    path.write_text(
        '{"q": "google.com", "label": 7, "c": {"d": [1]}}\nbroken\n{"q": null, "e": 1}\n'
    )
    options = ("--input", path, "--field", "q", "--keep")
    run = score(*options, "--format", "jsonl")
    first, broken, last = map(json.loads, run.stdout.splitlines())
    assert (first["label"], first["input_label"], first["c"]) == (0, 7, {"d": [1]})
    assert (broken["status"], last["status"], last["e"]) == ("invalid", "skipped", 1)
    table = rows(score(*options, "--format", "csv"))
    assert [x["input"] for x in table] == ['{"label": 7, "c": {"d": [1]}}', "", '{"e": 1}']


def test_parquet_is_read(tmp_path: Path) -> None:
    """NC13."""
    path = tmp_path / "names.parquet"
    duckdb.sql(  # type: ignore[union-attr]
        "SELECT * FROM (VALUES ('google.com', 1, {'q': 'a.com'}, 'b.com'::BLOB), "
        "(NULL, 2, NULL, NULL))"
        " t(name, n, dns, raw) LIMIT 2"
    ).write_parquet(str(path))
    run = score("--input", path, "--column", "name", "--keep")
    assert [(x["name"], x["status"], x["n"]) for x in rows(run)] == [
        ("google", "judged", "1"),
        ("", "skipped", "2"),
    ]
    assert rows(score("--input", path, "--column", "dns.q"))[0]["name"] == "a"
    assert rows(score("--input", path, "--column", "raw"))[0]["name"] == "b"
    for column, message in [
        ((), "columns name, n, dns, raw: choose one, --column NAME"),
        (("--column", "absent"), "there is no column 'absent'"),
        (("--column", "dns.x"), "no 'dns.x': "),
        (("--column", "n"), "holds numbers alone"),
    ]:
        run = score("--input", path, *column)
        assert (run.returncode, run.stdout) == (2, "")
        assert message in run.stderr


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("top.csv.zip", ""),
        ("of-gzip.zip", ""),
        ("two.zip", "a ZIP of 2 files (a, b): unpack it, and give one"),
        ("book.xlsx", "an Excel or Word file: save it as CSV"),
        ("cut.zip", "a ZIP that cannot be read"),
        ("data.db", "an SQLite database: export its table as CSV"),
        ("x.7z", "a 7z archive: unpack it"),
        ("x.tar.gz", "a tar archive: unpack it"),
        ("x.parquet.gz", "Parquet, which is read from a plain file"),
    ],
)
@pytest.mark.parametrize("piped", [False, True])
def test_kinds_are_seen_by_first_bytes(
    name: str, message: str, piped: bool, tmp_path: Path
) -> None:
    """NC15."""
    text = b"1,google.com\r\n2,xmqjtoevkbhrw.ru\r\n"
    data = {
        "top.csv.zip": make_zip({"__MACOSX/._top.csv": b"x", "top.csv": text}),
        "of-gzip.zip": make_zip({"top.csv.gz": gzip.compress(text)}),
        "two.zip": make_zip({"a": text, "b": text}),
        "book.xlsx": make_zip({"[Content_Types].xml": b"<x/>", "xl/a": b"x"}),
        "cut.zip": make_zip({"top.csv": text})[:-30],
        "data.db": b"SQLite format 3\0" + bytes(100),
        "x.7z": b"7z\xbc\xaf\x27\x1c" + bytes(100),
        "x.tar.gz": gzip.compress(b"top.csv".ljust(257, b"\0") + b"ustar" + bytes(250)),
        "x.parquet.gz": gzip.compress(b"PAR1" + bytes(100)),
    }[name]
    path = tmp_path / name
    path.write_bytes(data)
    source, stdin = ("-", data) if piped else (path, b"")
    run = score("--input", source, "--column", "2", stdin=stdin)
    if message:
        assert (run.returncode, run.stdout) == (2, "")
        assert message in run.stderr
        assert run.stderr.count("\n") == 1
    else:
        assert [x["label"] for x in rows(run)] == ["0", "1"]


def make_zip(members: dict[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return packed.getvalue()


def test_hints_for_what_was_meant(tmp_path: Path) -> None:
    path = tmp_path / "dns.csv"
    path.write_text("google.com\n")
    assert f"score: {path} is a file here" in score(path).stderr
    assert score("--format", "json", "google.com").stdout.startswith('{"domain": "google.com"')
    run = run_here("google.com")
    assert run.returncode == 2
    assert "to score it: malicious-domains score google.com" in run.stderr
    assert score("--keep", stdin=b"google.com").returncode == 2
    assert score("--keep", "--format", "table", "--column", "1").returncode == 2


def test_a_field_longer_than_csv_usually_allows(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text("q\na.com\n" + "x" * 200_000 + "\nb.com\n")
    assert [x["label"] for x in rows(score("--input", path, "--column", "q"))] == ["0", "", "0"]


@pytest.mark.parametrize("form", ["csv", "jsonl", "table"])
def test_what_no_encoding_can_hold_costs_no_other_row(form: str) -> None:
    stdin = b'{"q": "\\ud800.com"}\n{"q": "a.com"}\n{"q": "\xff.com"}\n'
    run = score("--field", "q", "--format", form, stdin=stdin)
    assert (run.returncode, run.stderr) == (
        1,
        "score: 1 judged (0 flagged), 0 skipped, 2 invalid\n",
    )
    assert len(run.stdout.splitlines()) == (3 if form == "jsonl" else 4)


def test_json_lines(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    path.write_text('{"q": "google.com"}\n[]\n{"q": 5}\nnot json\n{"x": 1}\n{"q": ""}\n')
    run = score("--input", path, "--field", "q", "--format", "jsonl")
    results = [json.loads(line) for line in run.stdout.splitlines()]
    assert [x.get("label") for x in results] == [0, None, None, None, None]
    assert "1 JSON objects have no 'q': no rows" in run.stderr
    assert set(results[1]) == {"domain", "error", "status", "reason"}
    first = results[0]
    total = first["intercept"] + sum(first["contributions"].values())
    assert total == pytest.approx(first["log_odds"], abs=1e-9)


def test_a_table_keeps_control_characters_from_the_screen() -> None:
    """C24."""
    run = score("--format", "table", "http://example.com/\x1b[2J")
    assert "\x1b" not in run.stdout
    assert "invalid" in run.stdout


@pytest.mark.slow
def test_more_rows_than_a_chunk_keep_their_order(tmp_path: Path) -> None:
    names = [f"name{i}.com" for i in range(25_001)]
    (tmp_path / "names.txt").write_text("\n".join(names) + "\n")
    assert [x["domain"] for x in rows(score("--input", tmp_path / "names.txt"))] == names


NASTY = [
    *("", " ", "google.com", "GOOGLE.com", "google.com.", " google.com ", "www.bbc.co.uk"),
    *("http://a.com/?q=1,2", 'a"b.com', "user,name@a.com", "tab\tname.com", "a,b", '"', "'"),
    *("bücher.de", "xn--bcher-kva.de", "пример.рф", "example。com", "例え.jp", "\u2028.com"),
    *("nul\0.com", "\x85", "a\x0bb.com", "a\x1cb.com", "a" * 64 + ".com", "a." * 140 + "com"),
    *("x" * 20_000, "co.uk", "1.2.3.4", "[::1]", "_dmarc.a.com", "exa_mple.com", "12306"),
    *("plzdonthackmekthxbye", "\udcff.com", "=1+1", "a..b", "-.-", "💩.la"),
]


def guarded(cell: str) -> str:
    """As a spreadsheet does not run it."""
    return f"'{cell}" if cell[:1] in {*"=+-@"} else cell


def plainly(scorer: Scorer, names: list[str]) -> bytes:
    """Return the CSV as it is defined: by Python's csv, of what score_many says."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(CSV_COLUMNS)
    for x in scorer.score_many(names):
        cell = guarded(x.domain)
        if not x.domain.strip():  # an empty line of a list
            writer.writerow((cell, "", "", "", "skipped", "comment", "comment"))
        elif isinstance(x, Invalid):
            why = x.reason if x.status == "skipped" else x.error
            writer.writerow((cell, "", "", "", x.status, why, x.reason))
        else:
            writer.writerow((cell, guarded(x.name), x.label, x.probability, "judged", "", ""))
    text = stream.getvalue().replace("\udcff", r"\xff")  # a byte that was no UTF-8
    return text.encode()


@pytest.mark.slow
@pytest.mark.parametrize("jobs", [1, 3])
def test_csv_is_what_the_csv_module_writes(jobs: int, language: Scorer, tmp_path: Path) -> None:
    names = [*NASTY, *(f"name{i}.com" for i in range(2 * CHUNK_ROWS)), *NASTY * 200]
    path = tmp_path / "names.txt"
    ends = ["\n", "\r\n", "\r"]
    text = "".join(f"{name}{ends[i % 3]}" for i, name in enumerate(names[:-1])) + names[-1]
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    command = [sys.executable, "-m", "pipeline", "score", "--input", str(path)]
    command += ["--jobs", str(jobs)]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, check=False)
    assert run.returncode == 1
    assert run.stdout == plainly(language, names)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--input", "absent.txt"], "score: absent.txt: No such file or directory"),
        (["--input", "."], "score: .: Is a directory"),
        (["a.com", "--input", "x"], "choose one"),
        (["a.com", "--model", "absent"], "absent: no such model; there are classic, language"),
        (["--format", "xml"], "is not one of"),
        (["--jobs", "0"], "0 is not in the range 1<=x<=256"),
    ],
)
def test_what_cannot_run_exits_with_2(arguments: list[str], message: str) -> None:
    run = score(*arguments)
    assert (run.returncode, run.stdout) == (2, "")
    assert message in run.stderr


def test_a_reader_that_stops_early_is_no_error() -> None:
    """C14."""
    command = f"yes google.com | head -200000 | {sys.executable} -m pipeline score | head -1"
    run = subprocess.run(command, shell=True, cwd=ROOT, capture_output=True, text=True, check=True)
    assert run.stdout == "domain,name,label,probability,status,reason,reason_code\n"
    assert "Traceback" not in run.stderr


@pytest.mark.parametrize("arguments", [["score", "google.com"], ["--version"], ["score", "-h"]])
def test_a_full_disk_ends_with_2_and_one_line(arguments: list[str]) -> None:
    command = [sys.executable, "-m", "malicious_domains", *arguments]
    with Path("/dev/full").open("w") as full:
        run = subprocess.run(command, cwd=ROOT, stdout=full, stderr=subprocess.PIPE, check=False)
    assert (run.returncode, run.stderr.count(b"\n")) == (2, 1), run.stderr
    assert b"No space left on device" in run.stderr
