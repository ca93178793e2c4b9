"""Files and pipes that people have, one row a case; ids as in names/test_cases.py.

Each is scored by the real command; what comes out is told as name=verdict: 1 or 0, else why not.
"""

from __future__ import annotations

import bz2
import csv
import gzip
import io
import lzma
from pathlib import Path
from typing import NamedTuple

import pytest
import zstandard

from tests.helpers.commands import run_here

DGA = "xmqjtoevkbhrw"
BAD = f"{DGA}=1"
LINES = f"google.com\n{DGA}.ru\n"
ROWS = f"query,client\ngoogle.com,1\n{DGA}.ru,2\n"
BOTH = ["google=0", BAD]
ZEEK = (
    "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\tdns\n"
    "#fields\tts\tuid\tquery\trcode\n#types\ttime\tstring\tstring\tcount\n"
    f"1700000000.1\tC1\tgoogle.com\t0\n1700000000.2\tC2\t{DGA}.ru\t3\n1700000000.3\tC3\t-\t-\n"
    "#close\t2026-11-25-10-00-00\n"
)
EVE = (
    '{"event_type":"flow"}\n'
    '{"event_type":"dns","dns":{"type":"query","rrname":"google.com"}}\n'
    f'{{"event_type":"dns","dns":{{"queries":[{{"rrname":"{DGA}.ru"}}]}}}}\n'
)
UMBRELLA = (
    '"2026-11-25 10:00:00","anna","anna,office","10.0.0.5","203.0.113.5","Allowed","1 (A)",'
    f'"NXDOMAIN","{DGA}.ru.","Malware"\n'
)


class Case(NamedTuple):
    """An input, and the output that it should give."""

    id: str
    arguments: str  # beside the input
    content: str | bytes
    expected: list[str]
    said: str = ""  # a part of what stands on stderr
    status: int = 0


CASES = [
    Case("L01", "--column query", ZEEK, [*BOTH, "'-=placeholder"]),
    Case("L01 gzip", "--column query", gzip.compress(ZEEK.encode()), [*BOTH, "'-=placeholder"]),
    Case("L01 other column", "--column host", ZEEK, [], "no column 'host'", 2),
    Case("L03", "--field query", f'{{"query":"{DGA}.ru"}}\n', [BAD]),
    Case("L04", "--field query", gzip.compress(f'{{"query":"{DGA}.ru"}}\n'.encode()), [BAD]),
    Case("L05", "--field dns.rrname", EVE, ["google=0"], "2 JSON objects have no 'dns.rrname'"),
    Case("L05 v3", "--field dns.queries[].rrname", EVE, [BAD], "2 JSON objects have no"),
    Case("L07", "--field dns.qname", EVE, [], "3 JSON objects have no 'dns.qname': no rows", 3),
    Case("L12", "--field query_name", '{"query_name":"www.google.com."}\n', ["google=0"]),
    Case("L13", "--column 9", UMBRELLA, [BAD]),
    Case("L13 by name", "--column domain", UMBRELLA, [], "no column 'domain'", 2),
    Case("L17", "--field dns.qname", f'{{"dns":{{"qname":"{DGA}.ru"}}}}\n', [BAD]),
    Case("L17 flat", "--field dns.qname", f'{{"dns.qname":"{DGA}.ru"}}\n', [BAD]),
    Case("L18", "--field QH", f'{{"T":"x","QH":"{DGA}.ru","QT":"A"}}\n', [BAD]),
    Case("L20", "", f"*\n(empty)\n{DGA}.ru\n", ["*=placeholder", "(empty)=placeholder", BAD]),
    Case("C01", "--column query", b'\xef\xbb\xbf"query"\ngoogle.com\n', ["google=0"]),
    Case("C01 lines", "", b"\xef\xbb\xbfgoogle.com\n", ["google=0"]),
    Case("C02", "--column query", ROWS.encode("utf-16"), BOTH),
    Case("C02 no mark", "--column query", ROWS.encode("utf-16-le"), BOTH),
    Case("C03", "", LINES.encode("utf-16"), BOTH),
    Case("C03 JSON", "--field q", '{"q":"google.com"}\n'.encode("utf-16"), ["google=0"]),
    Case("C04", "--column query", ROWS.replace(",", ";"), BOTH),
    Case("C04 tab", "--column query", ROWS.replace(",", "\t"), BOTH),
    Case("C04 blank", "--column client", "query, client\n1, google.com\n", ["google=0"]),
    Case("C04 told", "--column query --delimiter :", ROWS.replace(",", ":"), BOTH),
    Case("C04 sep", "--column query", "sep=;\n" + ROWS.replace(",", ";"), BOTH),
    Case("C04 type", "--column query", "#TYPE Selected.X\n" + ROWS, BOTH),
    Case(
        "C07",
        "--column client",
        "query,client\na\n\nb,google.com,c\n",
        ["=invalid", "=invalid", "google=0"],
        status=1,
    ),
    Case(
        "C08",
        "--column query",
        'query,client\ngoogle.com,1\n"evil,2\n' + f"{DGA}.ru,n\n" * 5,
        ["google=0", "=invalid", *[BAD] * 5],
        status=1,
    ),
    Case(
        "C09",
        "--column query",
        'query,client\n"two\nlines",1\ngoogle.com,2\n',
        ["=invalid", "google=0"],
        status=1,
    ),
    Case("C10", "", "bücher.de\n".encode("latin-1"), ["=invalid"], status=1),
    Case("C10 told", "--encoding latin-1", "bücher.de\n".encode("latin-1"), ["xn--bcher-kva=0"]),
    Case("C13", "--column query", "query,client", []),
    Case("C15", "", "x" * 5_000_000 + "\ngoogle.com\n", ["=invalid", "google=0"], status=1),
    Case("C16", "", bz2.compress(LINES.encode()), BOTH),
    Case("C16 xz", "", lzma.compress(LINES.encode()), BOTH),
    Case("C16 zstd", "", zstandard.ZstdCompressor().compress(LINES.encode()), BOTH),
    Case(
        "C18",
        "--field q",
        '[1]\nnull\nNaN\n7\n{"a":1}\n\n{"q":"google.com"}\n',
        ["=invalid"] * 4 + ["google=0"],
        status=1,
    ),
    Case("C19", "--field q", '{"q":"google.com","q":"example.com"}\n', ["example=0"]),
    Case("C21", "--column query", ROWS.replace("query", " Query "), BOTH, "is taken for 'query'"),
    Case(
        "C21 twice",
        "--column query",
        "query,query\na.com,b.com\n",
        [],
        "2 columns are called 'query'",
        2,
    ),
    Case("C22", "", "x y\n", ["=invalid"], "1 invalid", 1),
    Case(
        "P29", "", "# a list\n\n0.0.0.0 google.com  # ours\n", ["=comment", "=comment", "google=0"]
    ),
    Case("P40", "", "null\nN/A\n", ["null=placeholder", "N/A=placeholder"], "2 skipped"),
    Case(
        "D22", "", "7sbvaemscs0mc925tb99.appsync-api.us-west-2.avsvmcloud.com\n", ["avsvmcloud=0"]
    ),
]


def told(output: str) -> list[str]:
    """Return what came out, each row as name=verdict."""
    csv.field_size_limit(10_000_000)
    found = []
    for row in csv.DictReader(io.StringIO(output)):
        verdict = row["label"] if row["status"] == "judged" else row["status"]
        shown = row["name"] if row["status"] == "judged" else row["domain"]
        if row["status"] == "skipped":
            verdict = row["reason"]
            shown = "" if verdict == "comment" else shown
        found.append(f"{'' if row['status'] == 'invalid' else shown}={verdict}")
    return found


@pytest.mark.parametrize("case", CASES, ids=[case.id for case in CASES])
def test_what_people_have_in_files(case: Case, tmp_path: Path) -> None:
    path = tmp_path / "input"
    content = case.content
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    scored = run_here("score", "--input", path, "--format", "csv", *case.arguments.split())
    assert (told(scored.stdout), scored.returncode) == (case.expected, case.status), scored.stderr
    assert case.said in scored.stderr
    assert "Traceback" not in scored.stderr
    assert "anna" not in scored.stderr  # nobody's record is shown


@pytest.mark.parametrize("form", ["csv", "table"])
def test_bytes_that_are_no_text_are_shown_as_they_are(form: str, tmp_path: Path) -> None:
    """C10."""
    (tmp_path / "input").write_bytes(b"b\xfccher.de\n")
    scored = run_here("score", "--input", tmp_path / "input", "--format", form)
    assert r"b\xfccher.de" in scored.stdout.splitlines()[1]
    assert "udc" not in scored.stdout
