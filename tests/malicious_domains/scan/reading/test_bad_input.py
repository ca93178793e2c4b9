"""Logs as they come: cut, damaged, misnamed, empty. Each line is counted, each file named."""

from __future__ import annotations

import gzip
import json
import os
import random
import subprocess
import sys
import zipfile
from collections import Counter
from pathlib import Path

import duckdb
import pytest
import zstandard

from malicious_domains.inputs.paths import DOWNLOADS
from malicious_domains.scan import LOG_FORMATS
from malicious_domains.scan.reading.prepare_input import ReadingError
from malicious_domains.scan.reading.read_logs import FORMATS, Reading, Source, read_logs
from malicious_domains.scan.reading.second_reading import find_broken_lines
from tests.malicious_domains.scan.reading.test_formats import (
    NOON,
    ZEEK,
    Row,
    lines,
    open_duckdb,
    rows,
    written,
)

HEADER = "#fields\tts\tid.orig_h\tquery\trcode_name\n"
LINE = "1764072000\t192.0.2.1\tx.example\tNOERROR\n"
EVENT = {"ts": NOON, "id.orig_h": "192.0.2.1", "query": "x.example", "rcode_name": "NOERROR"}
DNSMASQ = "Nov 25 12:00:00 dnsmasq[1]: query[A] x.example from 192.0.2.1\n"
QUERY: Row = ("192.0.2.1", "x.example", NOON, "NOERROR", None)


def counted(
    *names: Path | str, form: str | None = None
) -> tuple[Reading, dict[str, int], list[tuple[str, int, str]]]:
    """Files read: their lines by why (a query's is "query"), and the first that are broken."""
    with open_duckdb(threads=2) as connection:
        reading = read_logs(Source.of(names, form))
        found = connection.execute(
            "SELECT coalesce(why, 'query'), count(*)::INTEGER "
            f"FROM ({reading.noted_events}) GROUP BY 1"
        ).fetchall()
        broken = find_broken_lines(reading.files)
        reading.close()
    return reading, dict(found), broken


# --- lines ---


def test_a_cut_and_a_merged_line_of_zeek(tmp_path: Path) -> None:
    path = written(
        tmp_path, HEADER + LINE * 3 + LINE[:-1] + "\t" + LINE + LINE + "1764072000\t192.0."
    )
    _, why, broken = counted(path)
    assert why == {"query": 4, "other_event": 1, "broken": 2}
    assert broken == [
        (str(path), 5, "not a line of the format zeek"),
        (str(path), 7, "not a line of the format zeek"),
    ]


def test_a_log_appended_to_one_of_other_fields_is_told(tmp_path: Path) -> None:
    path = written(tmp_path, HEADER + LINE + HEADER + LINE + "#fields\tquery\tts\nx.example\t1\n")
    _, why, broken = counted(path)
    assert why == {"query": 2, "other_event": 2, "broken": 2}
    assert [x[1] for x in broken] == [5, 6]
    assert broken[0][2] == "not a line of the format zeek"


def test_what_is_no_json_among_json(tmp_path: Path) -> None:
    good = lines(EVENT)
    path = written(tmp_path, good + "no JSON\n\n5\n" + good + '{"a": 1}\n' + good.rstrip()[:-9])
    _, why, broken = counted(path)
    assert why == {"query": 2, "broken": 4}
    assert [x[1] for x in broken] == [2, 4, 6, 7]


@pytest.mark.parametrize(
    ("good", "bad"),
    [
        (HEADER + LINE, LINE.encode().replace(b"x.example", b"\xff\xfe.example")),
        (lines(EVENT), lines(EVENT).encode().replace(b"x.example", b"\xff\xfe.example")),
        (DNSMASQ, DNSMASQ.encode().replace(b"x.example", b"\xff\xfe.example")),
    ],
    ids=["tsv", "json", "text"],
)
def test_bytes_that_are_not_utf8(tmp_path: Path, good: str, bad: bytes) -> None:
    path = written(tmp_path, good.encode() + bad + good.encode().splitlines(keepends=True)[-1])
    _, why, broken = counted(path)
    assert (why["query"], why["broken"]) == (2, 1)
    assert broken == [(str(path), len(good.splitlines()) + 1, "not UTF-8")]


def test_names_that_are_utf8_among_bytes_that_are_not(tmp_path: Path) -> None:
    name = "bücher.example"
    bad = LINE.encode().replace(b"x.example", b"\xff.example")
    path = written(tmp_path, HEADER.encode() + LINE.replace("x.example", name).encode() + bad)
    _, found = rows(path)
    assert ("192.0.2.1", name, NOON, "NOERROR", None) in found


@pytest.mark.slow
def test_json_arrays_and_objects_of_several_lines(tmp_path: Path) -> None:
    events = [EVENT, EVENT | {"query": 'it\'s\n"y"\\.example'}]
    expected = sorted([QUERY, (*QUERY[:1], events[1]["query"], *QUERY[2:])], key=str)
    for content in (
        json.dumps(events),
        json.dumps(events, indent=2),
        "\n".join(json.dumps(x, indent=1) for x in events),
    ):
        assert rows(written(tmp_path, content))[1] == expected
    many = json.dumps([EVENT] * 20_000).encode()
    for whole in (many, gzip.compress(many, 1)):
        assert counted(written(tmp_path, whole))[1] == {"query": 20_000}
    with pytest.raises(ReadingError, match=r"some\.log: JSON of several lines .* cut off"):
        rows(written(tmp_path, json.dumps(events, indent=2)[:-20]))


LONG_LINES = """
import sys
import duckdb
from benchmarks.measure import read_peak
from malicious_domains.scan.reading.second_reading import find_broken_lines
from malicious_domains.scan.reading.read_logs import Source, read_logs
with duckdb.connect() as connection:
    connection.execute("SET memory_limit = '200MB'; SET threads = 2")
    for path in sys.argv[1:]:
        reading = read_logs(Source.of([path]))
        rows = f"SELECT count(*) FILTER (why IS NULL), count(*) FILTER (why = 'broken') FROM "
        counts = connection.execute(f"{rows} ({reading.noted_events})").fetchone()
        print(*counts, *find_broken_lines(reading.files)[0][1:], sep="|")
print(read_peak())
"""


@pytest.mark.slow
def test_a_line_of_100_megabytes(tmp_path: Path) -> None:
    """Three kinds of logs, plain and packed, are read by one process."""
    expected, paths = list[str](), list[str]()
    for before, good in ((HEADER, LINE), ("", lines(EVENT)), ("", DNSMASQ)):
        for packed in (False, True):
            path = tmp_path / f"{len(paths)}.log"
            with gzip.open(path, "wb", 1) if packed else path.open("wb") as file:
                file.write((before + good).encode())
                for _ in range(100):
                    file.write(b"x" * 1_000_000)
                file.write(b"\n" + good.encode())
            number = len((before + good).splitlines()) + 1
            expected.append(f"2|1|{number}|longer than 1,048,576 bytes")
            paths.append(str(path))
    done = subprocess.run(
        [sys.executable, "-c", LONG_LINES, *paths], capture_output=True, text=True, check=True
    )
    *results, megabytes = done.stdout.splitlines()
    assert results == expected
    assert float(megabytes) < 400


UMBRELLA = (
    '"2025-11-25 12:00:00","user","user,site","192.0.2.1","198.51.100.1","Allowed","1 (A)",'
    '"NOERROR","x.example.","News, Media"\n'
)
TABLE = "time,client,query\n1764072000,192.0.2.1,x.example\n"


COREDNS = '[INFO] 192.0.2.1:53 - 1 "A IN x.example. udp 41 false 512" NOERROR qr 89 0.1s\n'
ISO = "2025-11-25T12:00:00Z"
# A log of each format; mostly of one line, which is damaged.
SAMPLES = {
    "zeek": HEADER + LINE,
    "zeek as JSON": lines(EVENT),
    "suricata": lines(
        {"timestamp": ISO, "event_type": "dns", "src_ip": "192.0.2.1", "src_port": 4,
         "dest_port": 53, "dns": {"type": "query", "rrname": "x.example"}},
    ),
    "aws-network-firewall": lines(
        {"firewall_name": "f", "event": {"event_type": "dns", "src_ip": "192.0.2.1",
         "timestamp": ISO, "dns": {"type": "query", "rrname": "x.example"}}},
    ),
    "route53": lines(
        {"query_timestamp": ISO, "query_name": "x.example", "rcode": "0", "srcaddr": "192.0.2.1"}
    ),
    "google-dns": lines(
        {"timestamp": ISO, "jsonPayload": {"queryName": "x.example", "sourceIP": "192.0.2.1"}}
    ),
    "adguard": lines({"IP": "192.0.2.1", "T": ISO, "QH": "x.example", "QT": "A", "Result": {}}),
    "dnstap": lines(
        {"network": {"query-ip": "192.0.2.1"}, "dns": {"qname": "x.example", "rcode": "NOERROR"},
         "dnstap": {"operation": "CLIENT_RESPONSE", "timestamp-rfc3339ns": ISO}},
    ),
    "technitium": lines(
        {"timestamp": ISO, "clientIp": "192.0.2.1", "question": {"questionName": "x.example"}}
    ),
    "nextdns": "timestamp,domain,status,root_domain,device_id\n" + f"{ISO},x.example,,example,a1\n",
    "ocsf": lines(
        {"class_uid": 4003, "time": NOON, "query": {"hostname": "x.example"}, "rcode_id": 0,
         "src_endpoint": {"ip": "192.0.2.1"}},
    ),
    "ecs": lines(
        {"@timestamp": ISO, "source": {"ip": "192.0.2.1"}, "message": "a message",
         "dns": {"question": {"name": "x.example"}}},
    ),
    "sysmon": lines({"EventID": 22, "Computer": "pc", "QueryName": "x.example", "UtcTime": ISO}),
    "windows-analytic": lines(
        {"EventID": 256, "TimeCreated": ISO, "Source": "192.0.2.1", "QNAME": "x.example."}
    ),
    "dnsmasq": DNSMASQ,
    "bind": "25-Nov-2025 12:00:00.5 client @0x7f 192.0.2.1#53 (x.): query: x.example IN A +\n",
    "unbound": "[1764072000] unbound[1:0] info: 192.0.2.1 x.example. A IN\n",
    "coredns": COREDNS,
    "coredns in Docker": lines({"log": COREDNS, "stream": "stdout", "time": ISO}),
    "powerdns": "Nov 25 12:00:00 gw pdns_recursor[7]: 3 [1/1] question for 'x.example|A' from "
    "192.0.2.1\n",
    "windows": "11/25/2025 12:00:00 PM 0E6C PACKET  0000028657A0 UDP Rcv 192.0.2.1 ab4e   Q [0001 "
    "  D   NOERROR] A      (1)x(7)example(0)\n",
    "dnscrypt": "[2025-11-25 12:00:00]\t192.0.2.1\tx.example\tA\tPASS\t1ms\tx\n",
    "blocky": "2025-11-25 12:00:00\t192.0.2.1\tpc\t5\tRESOLVED\tx.example\t\tNOERROR\tCACHED\tA\n",
    "fortinet": 'date=2025-11-25 time=12:00:00 devid="1" eventtype="dns-query" srcip=192.0.2.1 '
    'dstport=53 qname="x.example" qtype="A"\n',
    "cef": "Nov 25 12:00:00 x CEF:0|a|b|1|2|3|1|src=::1 destinationDnsDomain=x.example rt=7\n",
    "umbrella": UMBRELLA,
    "json": lines({"client": "192.0.2.1", "query": "x.example"}),
    "csv": TABLE,
    "csv of R": '"time","client","query"\n"1",1764072000,"192.0.2.1","x.example"\n',
}  # fmt: skip


def test_there_is_a_sample_of_each_format() -> None:
    assert {x.partition(" ")[0] for x in SAMPLES} == {*LOG_FORMATS} - {"parquet", "pihole-ftl"}


@pytest.mark.parametrize("sample", [*SAMPLES])
def test_every_line_is_counted_whatever_stands_in_it(tmp_path: Path, sample: str) -> None:
    good, dice = SAMPLES[sample], random.Random(1)
    last = good.encode().splitlines()[-1]
    mutants = [b"", b"  "]
    for _ in range(100):
        at, end = sorted(dice.choices(range(len(last) + 1), k=2))
        middle = bytes(
            dice.choice(b"\0\1\t\"#',;\\{}\x80\x9f\xc3\xff\r") for _ in range(dice.randrange(3))
        )
        mutants.append(last[:at] + middle + last[end if dice.random() < 0.3 else at :] or b"x")
    path = written(tmp_path, good.encode() + b"\n".join(mutants) + b"\n")
    reading, why, broken = counted(path)
    assert set(reading.forms.values()) == {sample.partition(" ")[0]}
    total, blank = len(good.splitlines()) + len(mutants), sum(not x.strip() for x in mutants)
    assert (reading.lines, sum(why.values())) == (total, total - blank)
    assert why["query"] > 0
    assert len(broken) == min(10, why.get("broken", 0))


# --- files ---


@pytest.mark.slow
def test_gzip_and_zstd_are_told_by_content(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_bytes(gzip.compress(ZEEK.encode()))
    (tmp_path / "b.txt").write_bytes(zstandard.compress(lines(EVENT).encode()))
    (tmp_path / "c.gz").write_text(DNSMASQ)
    (tmp_path / ".hidden").write_text("nothing")
    reading, why, _ = counted(tmp_path)
    assert sorted(reading.forms.values()) == ["dnsmasq", "zeek", "zeek"]
    assert why == {"query": 5, "multicast": 1, "type": 1, "other_event": 10}
    assert counted(str(tmp_path / "[ac].*"))[1] == {**why, "query": 4}


@pytest.mark.parametrize("compress", [gzip.compress, zstandard.compress])
def test_of_damaged_compressed_files_what_stands_before_is_read(
    tmp_path: Path, compress: object
) -> None:
    text = HEADER + "".join(
        f"1764072000\t192.0.2.1\t{os.urandom(20).hex()}.example\tNOERROR\n" for _ in range(20_000)
    )
    assert callable(compress)
    whole = compress(text.encode())
    path = written(tmp_path, whole[: len(whole) // 2])
    reading, why, _ = counted(path)
    assert 5_000 < why["query"] < 15_000
    assert "damaged or end too early" in reading.damaged[path]


def test_utf16_and_byte_order_marks(tmp_path: Path) -> None:
    for content in (ZEEK.encode("utf-16"), b"\xef\xbb\xbf" + ZEEK.encode()):
        assert counted(written(tmp_path, content))[1]["query"] == 3


def test_carriage_returns_are_no_part_of_a_field(tmp_path: Path) -> None:
    assert QUERY in rows(written(tmp_path, (HEADER + LINE).replace("\n", "\r\n")))[1]
    assert rows(written(tmp_path, DNSMASQ.replace("\n", "\r\n")))[1][0][:2] == QUERY[:2]


def test_carriage_returns_within_lines_end_none(tmp_path: Path) -> None:
    """DuckDB would split a line there, and lose the one after it."""
    for end in ("\n", "\r\n"):
        content = (HEADER + LINE * 2 + LINE.replace("x.", "x\ry.") + LINE).replace("\n", end)
        found = rows(written(tmp_path, content))[1]
        assert [x[1] for x in found if not x[4]] == ["x y.example"] + ["x.example"] * 3
    _, found = rows(written(tmp_path, (DNSMASQ * 3).replace("\n", "\r")))
    assert [x[:2] for x in found] == [QUERY[:2]] * 3


def test_a_zip_of_one_log(tmp_path: Path) -> None:
    path = tmp_path / "log.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("dns.log", HEADER + LINE * 3)
    assert counted(path)[1] == {"query": 3, "other_event": 1}
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("conn.log", "x")
    with pytest.raises(ReadingError, match=r"log\.zip: a ZIP of 2 files \(dns\.log, conn\.log\)"):
        counted(path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"7z\xbc\xaf\x27\x1c" + b"\0" * 60, "a 7z archive: unpack it"),
        (b"%PDF-1.7\n", "a PDF"),
        (gzip.compress(b"Rar!\x1a\x07\0"), "a RAR archive"),
        (b"\0" * 257 + b"ustar", "a tar archive"),
    ],
)
def test_what_is_no_log_is_told_by_its_first_bytes(
    tmp_path: Path, content: bytes, message: str
) -> None:
    with pytest.raises(ReadingError, match=f"some\\.log: this is {message}"):
        rows(written(tmp_path, content))


def test_standard_input(tmp_path: Path) -> None:
    program = (
        "import duckdb\n"
        "from malicious_domains.scan.reading.read_logs import Source, read_logs\n"
        "connection = duckdb.connect()\n"
        "reading = read_logs(Source.of(['-']))\n"
        "sql = f'SELECT count(*) FROM ({reading.noted_events}) WHERE why IS NULL'\n"
        "print(*(connection.execute(sql).fetchone()[0] for _ in range(2)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        input=gzip.compress((HEADER + LINE * 7).encode()),
        capture_output=True,
        check=True,
        env=os.environ | {"TMPDIR": str(tmp_path)},
    )
    assert done.stdout.split() == [b"7", b"7"]
    assert not list(tmp_path.iterdir()), "a copy was left behind"


def test_an_empty_log_is_no_error(tmp_path: Path) -> None:
    for content in ("", "\n\n", gzip.compress(b"")):
        path = written(tmp_path, content)
        reading, why, broken = counted(path)
        assert (reading.forms, why, broken) == ({path: "empty"}, {}, [])


def test_a_long_line_alone_is_not_empty(tmp_path: Path) -> None:
    with pytest.raises(ReadingError, match="no DNS log that is known here: it begins with 'xxx"):
        rows(written(tmp_path, "x" * 500_000))


def test_a_log_of_addresses_only(tmp_path: Path) -> None:
    """As queries they are handed on; as a mere list they are no log."""
    _, why, _ = counted(written(tmp_path, (HEADER + LINE).replace("x.example", "192.0.2.7")))
    assert why["query"] == 1
    with pytest.raises(ReadingError, match=r"(?s)some\.log: no DNS log .*'192\.0\.2\.1'.*--map"):
        rows(written(tmp_path, "192.0.2.1\n192.0.2.2\n"))


def test_files_of_a_folder_that_are_no_logs_are_named(tmp_path: Path) -> None:
    (tmp_path / "dns.log").write_text(HEADER + LINE)
    (tmp_path / "conn.log").write_text("#fields\tts\tid.orig_h\tservice\n1\t192.0.2.1\tdns\n")
    (tmp_path / "notes.txt").write_text("dear diary\n")
    reading, why, _ = counted(tmp_path)
    assert why == {"query": 1, "other_event": 1}
    assert "no dns.log" in reading.left_out[tmp_path / "conn.log"]
    assert "dear diary" in reading.left_out[tmp_path / "notes.txt"]
    (tmp_path / "dns.log").unlink()
    with pytest.raises(ReadingError, match=r"(?s)none of the files.*conn\.log.*notes\.txt"):
        counted(tmp_path)


# --- what the user says ---


@pytest.mark.slow
def test_another_format_than_claimed_is_named(tmp_path: Path) -> None:
    path = written(tmp_path, ZEEK)
    with pytest.raises(ReadingError, match=r"some\.log: none .* format bind: it looks like zeek"):
        rows(path, "bind")
    with pytest.raises(ReadingError, match=r"--input-format dig: known are .*zeek"):
        rows(path, "dig")
    for form in FORMATS:
        if form not in ("csv", "json"):
            with pytest.raises(ReadingError, match=f"some\\.log: .*{form}.*nor does it look like"):
                rows(written(tmp_path, "dear diary\n"), form)


def test_a_table_without_a_client_asks_for_a_mapping(tmp_path: Path) -> None:
    table = written(tmp_path, "time,query\n1764072000,x.example\n")
    with pytest.raises(
        ReadingError, match=r"csv without .* client; there are query, time.*--map client="
    ):
        rows(table)
    with pytest.raises(
        ReadingError, match=r"--map client=ip: there is no 'ip'; there are query, time"
    ):
        rows(table, client="ip")
    with pytest.raises(ReadingError, match="no 'who' to map; known are client, query"):
        rows(table, who="ip")
    with pytest.raises(ReadingError, match=r"json without .* client.*there are name, when"):
        rows(written(tmp_path, lines({"name": "x.example", "when": 1})))
    with pytest.raises(ReadingError, match=r"Zeek log without id\.orig_h.*--map client="):
        rows(written(tmp_path, "#fields\tts\tquery\n1\tx.example\n"))
    _, found = rows(written(tmp_path, "#fields\tquery\tbox\nx.example\t192.0.2.1\n"), client="box")
    assert ("192.0.2.1", "x.example", None, None, None) in found


def test_no_time_is_no_error(tmp_path: Path) -> None:
    content = HEADER.replace("\tts", "") + LINE.replace("1764072000\t", "")
    assert ("192.0.2.1", "x.example", None, "NOERROR", None) in rows(written(tmp_path, content))[1]


TIMES = {
    "1764072000": 0.0,
    "1764072000.25": 0.25,
    "1764072000250": 0.25,
    "1764072000250000": 0.25,
    "1764072000250000000": 0.25,
    "2025-11-25T12:00:00Z": 0.0,
    "2025-11-25T12:00:00.250Z": 0.25,
    "2025-11-25 12:00:00": 0.0,
    "2025-11-25T12:00:00,25": 0.25,
    "2025-11-25T13:00:00.25+01:00": 0.25,
    "2025-11-25T07:00:00-0500": 0.0,
    "Nov 25 12:00:00": 0.0,
    "25-Nov-2025 12:00:00.250": 0.25,
}


@pytest.mark.parametrize("zone", ["UTC", "Asia/Tokyo"])
def test_times_of_every_kind_in_one_log(
    tmp_path: Path, zone: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", zone)
    times = ["0", "soon", "XXXXXXXXXX.XXXXXX", *TIMES]
    table = "".join(f'"{x}";192.0.2.1;n{i}.example\n' for i, x in enumerate(times))
    _, found = rows(written(tmp_path, "time;client;query\n" + table))
    seconds = {x[1]: x[2] for x in found}
    told = {x: seconds[f"n{i}.example"] for i, x in enumerate(times)}
    assert told == {
        **dict.fromkeys(times[:3]),
        **{x: pytest.approx(NOON + more, abs=1e-4) for x, more in TIMES.items()},
    }


def test_a_name_that_is_sql_stays_a_name(tmp_path: Path) -> None:
    path = tmp_path / "it's [a] log.json"
    path.write_text(lines({"q'uery\"": "x'; DROP TABLE y; --", "client": "192.0.2.1"}))
    with duckdb.connect() as connection:
        reading = read_logs(Source((path,), None, {"query": "q'uery\""}))
        assert connection.execute(f"SELECT query FROM ({reading.noted_events})").fetchall() == [
            ("x'; DROP TABLE y; --",)
        ]
        reading.close()


# --- the public sample ---

SHARED = Path(os.environ.get("DOMAINS_MIRROR", DOWNLOADS)).parent / "logs"


@pytest.mark.slow
def test_both_forms_of_a_zeek_log_say_the_same(tmp_path: Path) -> None:
    """On a committed sample; on the public one too where it is at hand."""
    fields = ZEEK.splitlines()[6].split("\t")[1:]
    events = [x.split("\t") for x in ZEEK.splitlines() if not x.startswith("#")]
    objects = [{k: v for k, v in zip(fields, x, strict=True) if v != "-"} for x in events]
    pairs = [(tmp_path / "dns.log", tmp_path / "dns.json")]
    pairs[0][0].write_text(ZEEK)
    pairs[0][1].write_text(lines(*objects))
    public = (SHARED / "zeek-dns.log.gz", SHARED / "zeek-dns.json.gz")
    pairs += [public] if all(x.exists() for x in public) else []
    for tsv, as_json in pairs:
        # Times are floats of decimals there, of ISO 8601 here.
        events_of = [Counter(x[:2] + x[3:] for x in rows(path)[1]) for path in (tsv, as_json)]
        headers = events_of[0] - events_of[1]
        assert not events_of[1] - events_of[0]
        assert all(x[-1] == "other_event" for x in headers)
        assert sum(headers.values()) == sum(x.startswith("#") for x in _text(tsv).splitlines())


def _text(path: Path) -> str:
    content = path.read_bytes()
    return (gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content).decode()
