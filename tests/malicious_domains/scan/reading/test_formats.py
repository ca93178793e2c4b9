"""A dozen lines of each format, as its own documentation shows them, and what is read of them."""

from __future__ import annotations

import base64
import functools
import json
import os
import sqlite3
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from malicious_domains.scan.reading.read_logs import Reading, Source, read_logs

Row = tuple[Any, ...]
NOON = datetime(2025, 11, 25, 12, 0, 0, tzinfo=UTC).timestamp()
WRITTEN = datetime(2025, 11, 26, tzinfo=UTC).timestamp()  # when the samples were


@functools.cache
def _start_duckdb(threads: int) -> duckdb.DuckDBPyConnection:
    return duckdb.connect(config={"threads": threads})


def open_duckdb(threads: int) -> duckdb.DuckDBPyConnection:
    """Return a connection to a database of this process, whose start takes as long as a query."""
    return _start_duckdb(threads).cursor()


def rows(path: Path, form: str | None = None, **mapping: str) -> tuple[Reading, list[Row]]:
    """Read a file; return its events in the order of its lines."""
    with open_duckdb(threads=1) as connection:
        reading = read_logs(Source.of([path], form, mapping))
        found = connection.execute(
            f"SELECT client, query, time, rcode, why FROM ({reading.noted_events})"
        ).fetchall()
        reading.close()
    return reading, sorted(found, key=str)


def written(folder: Path, content: str | bytes) -> Path:
    path = folder / "some.log"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    os.utime(path, (WRITTEN, WRITTEN))
    return path


def check(folder: Path, form: str, content: str | bytes, expected: list[Row]) -> None:
    """Check that a sample is recognized, and read the same if its format is named."""
    path = written(folder, content)
    for claimed in (None, form):
        reading, found = rows(path, claimed)
        assert reading.forms == {path: form}
        assert found == sorted(expected, key=str)


def lines(*objects: object) -> str:
    return "".join(json.dumps(x) + "\n" for x in objects)


DNSMASQ_AT = "{} gw dnsmasq[7]: query[A] x.example from 192.0.2.1\n"
OTHER: Row = (None, None, None, None, "other_event")

# --- Zeek ---

ZEEK = """\
#separator \\x09
#set_separator	,
#empty_field	(empty)
#unset_field	-
#path	dns
#open	2025-11-25-12-00-00
#fields	ts	uid	id.orig_h	id.orig_p	id.resp_p	query	qtype_name	rcode_name
#types	time	string	addr	port	port	string	string	string
1764072000.500000	C1	192.0.2.1	40000	53	www.example.com	A	NOERROR
1764072001.000000	C2	2001:db8::1	40001	53	x.example.net	AAAA	NXDOMAIN
0.000000	C3	192.0.2.1	40002	53	y#z.example.org	-	-
XXXXXXXXXX.XXXXXX	C4	192.0.2.1	5353	5353	printer.local	PTR	-
1764072002.000000	C5	192.0.2.1	40003	53	example.com	DS	NOERROR
1764072003.000000	C6	192.0.2.1	40004	53	-	-	NXDOMAIN
#close	2025-11-25-13-00-00
"""
ZEEK_ROWS: list[Row] = [
    ("192.0.2.1", "www.example.com", NOON + 0.5, "NOERROR", None),
    ("2001:db8::1", "x.example.net", NOON + 1, "NXDOMAIN", None),
    ("192.0.2.1", "y#z.example.org", None, None, None),
    ("192.0.2.1", "printer.local", None, None, "multicast"),
    ("192.0.2.1", "example.com", NOON + 2, "NOERROR", "type"),
    ("192.0.2.1", None, NOON + 3, "NXDOMAIN", "other_event"),
]


def test_zeek_tsv(tmp_path: Path) -> None:
    reading, found = rows(written(tmp_path, ZEEK))
    queries = [x for x in found if x[2] or x[4] != "other_event"]
    assert queries == sorted(ZEEK_ROWS, key=str)
    assert len(found) == len(ZEEK.splitlines())
    assert set(reading.forms.values()) == {"zeek"}


def test_zeek_tsv_of_other_fields_and_older_names(tmp_path: Path) -> None:
    content = (
        "#fields\tquery\tlabel\tid_orig_h\tts\trcode\n"
        "www.example.com\tmine\t192.0.2.1\t1764072000.5\t3\n"
        "example.net\tmine\t192.0.2.1\t1764072001\t-\n"
    )
    _, found = rows(written(tmp_path, content))
    assert ("192.0.2.1", "www.example.com", NOON + 0.5, "NXDOMAIN", None) in found
    assert ("192.0.2.1", "example.net", NOON + 1, None, None) in found
    assert len(found) == 3


def test_zeek_logs_of_different_headers_in_one_run(tmp_path: Path) -> None:
    for name, content in (
        ("a.log", "#fields\tts\tid.orig_h\tquery\n1764072000\t192.0.2.1\ta.example\n"),
        ("b.log", "#fields\tquery\tts\tid.orig_h\textra\nb.example\t1764072000\t192.0.2.2\t-\n"),
    ):
        (tmp_path / name).write_text(content)
    _, found = rows(tmp_path)
    assert [x[:2] for x in found if not x[4]] == [
        ("192.0.2.1", "a.example"),
        ("192.0.2.2", "b.example"),
    ]


@pytest.mark.parametrize("spelling", ["id.orig_h", "id_orig_h", "nested"])
def test_zeek_json(tmp_path: Path, spelling: str) -> None:
    def client(address: str, port: int = 53) -> dict[str, object]:
        if spelling == "nested":
            return {"id": {"orig_h": address, "resp_p": port}}
        return {spelling: address, spelling.replace("orig_h", "resp_p"): port}

    stamp = "2025-11-25T12:00:00.500000Z"
    content = lines(
        {"_path": "dns", "ts": stamp, **client("192.0.2.1"), "query": "www.example.com",
         "qtype_name": "A", "rcode": 0, "rcode_name": "NOERROR"},
        {"ts": 1764072001.0, **client("192.0.2.1"), "query": "x.example", "rcode_name": "NXDOMAIN"},
        {"ts": stamp, **client("192.0.2.2", 5355), "query": "wpad"},
        {"ts": stamp, **client("192.0.2.2")},
    )  # fmt: skip
    check(
        tmp_path,
        "zeek",
        content,
        [
            ("192.0.2.1", "www.example.com", NOON + 0.5, "NOERROR", None),
            ("192.0.2.1", "x.example", NOON + 1, "NXDOMAIN", None),
            ("192.0.2.2", "wpad", NOON + 0.5, None, "multicast"),
            ("192.0.2.2", None, NOON + 0.5, None, "other_event"),
        ],
    )


def test_wrappers_of_exports_are_taken_off(tmp_path: Path) -> None:
    event = {"ts": 1764072000, "id.orig_h": "192.0.2.1", "query": "www.example.com"}
    content = lines({"preview": False, "result": event}, {"lastrow": True, "result": event})
    check(tmp_path, "zeek", content, [("192.0.2.1", "www.example.com", NOON, None, None)] * 2)


# --- Suricata ---


def eve(event: str = "dns", back: bool = False, **dns: object) -> dict[str, object]:
    ends = (
        ("192.0.2.53", 53, "192.0.2.1", 40000) if back else ("192.0.2.1", 40000, "192.0.2.53", 53)
    )
    names = ("src_ip", "src_port", "dest_ip", "dest_port")
    head = {"timestamp": "2025-11-25T13:00:00.000000+0100", "event_type": event, "proto": "UDP"}
    return head | dict(zip(names, ends, strict=True)) | ({"dns": dns} if dns else {})


@pytest.mark.parametrize("back", [False, True])
def test_suricata_of_three_versions_among_other_events(tmp_path: Path, back: bool) -> None:
    name: dict[str, Any] = {"rrname": "x.example", "rrtype": "A"}
    content = lines(
        eve(type="query", id=1, **name),
        eve(back=back, type="answer", id=1, rcode="NXDOMAIN", **name),
        eve("flow"),
        eve("alert", query=[{"type": "query", "rrname": "bad.example"}]),
        eve(version=2, type="query", rrname="Www.example.com", rrtype="A"),
        eve(back=back, version=2, type="answer", rcode="NOERROR", rrname="www.example.com"),
        eve(version=3, type="request", queries=[{"rrname": "v3.example", "rrtype": "A"}]),
        eve(
            back=back, version=3, type="response", rcode="SERVFAIL",
            queries=[{"rrname": "v3.example", "rrtype": "A"}],
        ),
        eve(back=back, type="answer", rcode="NXDOMAIN", rrname="unasked.example", rrtype="A"),
    )  # fmt: skip
    query = ("192.0.2.1", "x.example", NOON)
    check(
        tmp_path,
        "suricata",
        content,
        [
            (*query, "NXDOMAIN", None),
            (*query, "NXDOMAIN", "other_event"),
            ("192.0.2.1", None, NOON, None, "other_event"),
            ("192.0.2.1", None, NOON, None, "other_event"),
            ("192.0.2.1", "Www.example.com", NOON, "NOERROR", None),
            ("192.0.2.1", "www.example.com", NOON, "NOERROR", "other_event"),
            ("192.0.2.1", "v3.example", NOON, "SERVFAIL", None),
            ("192.0.2.1", "v3.example", NOON, "SERVFAIL", "other_event"),
            ("192.0.2.1", "unasked.example", NOON, "NXDOMAIN", None),
        ],
    )


# --- Route 53, AdGuard Home, DNS-collector ---


def test_route53(tmp_path: Path) -> None:
    record = {
        "version": "1.100000", "account_id": "111122223333", "region": "us-west-1",
        "vpc_id": "vpc-00000000", "query_timestamp": "2025-11-25T12:00:00Z",
        "query_name": "www.example.com.", "query_type": "A", "query_class": "IN",
        "rcode": "NXDOMAIN", "answers": [], "srcaddr": "192.0.2.1", "srcport": "56067",
        "transport": "UDP", "srcids": {"instance": "i-00000000"},
    }  # fmt: skip
    blocked = {"firewall_rule_action": "BLOCK", "query_name": "ads.example."}
    check(
        tmp_path,
        "route53",
        lines(record, record | blocked),
        [
            ("192.0.2.1", "www.example.com.", NOON, "NXDOMAIN", None),
            ("192.0.2.1", "ads.example.", NOON, "BLOCKED", None),
        ],
    )


def test_adguard_home(tmp_path: Path) -> None:
    def answer(code: int) -> str:
        return base64.b64encode(bytes([0, 1, 0x81, 0x80 | code]) + bytes(8)).decode()

    def record(name: str, code: int, **result: object) -> dict[str, object]:
        return {
            "IP": "192.0.2.1", "T": "2025-11-25T13:00:00.123456789+01:00", "QH": name, "QT": "A",
            "QC": "IN", "CP": "", "Answer": answer(code), "Result": result, "Elapsed": 1234,
        }  # fmt: skip

    at = pytest.approx(NOON + 0.123456)
    check(
        tmp_path,
        "adguard",
        lines(
            record("www.example.com", 0),
            record("x.example", 3),
            record("ads.example", 0, IsFiltered=True, Reason=3),
        ),
        [
            ("192.0.2.1", "ads.example", at, "BLOCKED", None),
            ("192.0.2.1", "www.example.com", at, "NOERROR", None),
            ("192.0.2.1", "x.example", at, "NXDOMAIN", None),
        ],
    )


@pytest.mark.parametrize("flat", [False, True])
def test_dnstap_of_dns_collector(tmp_path: Path, flat: bool) -> None:
    def record(operation: str, code: str, name: str = "x.example") -> dict[str, object]:
        parts: dict[str, dict[str, object]] = {
            "network": {"family": "IPv4", "query-ip": "192.0.2.1", "query-port": "40000",
                        "response-ip": "192.0.2.53", "response-port": "53"},
            "dns": {"qname": name, "qtype": "A", "rcode": code, "id": 7},
            "dnstap": {"operation": operation, "identity": "ns",
                       "timestamp-rfc3339ns": "2025-11-25T12:00:00.5Z"},
        }  # fmt: skip
        if not flat:
            return dict(parts)
        return {f"{k}.{x}": v for k, part in parts.items() for x, v in part.items()}

    row = ("192.0.2.1", "x.example", NOON + 0.5, "NXDOMAIN")
    check(
        tmp_path,
        "dnstap",
        lines(
            record("CLIENT_QUERY", "NOERROR"),
            record("CLIENT_RESPONSE", "NXDOMAIN"),
            record("RESOLVER_QUERY", "NOERROR", "hidden.example"),
        ),
        [
            (*row, None),
            (*row, "other_event"),
            ("192.0.2.1", "hidden.example", NOON + 0.5, None, "other_event"),
        ],
    )


# --- servers' own logs ---


def test_pihole_log_without_a_year(tmp_path: Path) -> None:
    content = """\
Nov 25 12:00:00 dnsmasq[123]: query[A] www.example.com from 192.0.2.1
Nov 25 12:00:00 dnsmasq[123]: forwarded www.example.com to 192.0.2.53
Nov 25 12:00:00 dnsmasq[123]: reply www.example.com is <CNAME>
Nov 25 12:00:00 dnsmasq[123]: reply cdn.example.net is 198.51.100.7
Nov 25 12:00:01 dnsmasq[123]: query[AAAA] x.example from 2001:db8::1
Nov 25 12:00:01 dnsmasq[123]: reply x.example is NXDOMAIN
Nov 25 12:00:02 dnsmasq[123]: query[A] ads.example from 192.0.2.1
Nov 25 12:00:02 dnsmasq[123]: gravity blocked ads.example is 0.0.0.0
Nov 25 12:00:03 dnsmasq[123]: query[type=43] example.com from 192.0.2.1
Dec 31 12:00:00 dnsmasq[123]: query[A] old.example from 192.0.2.1
Nov 25 12:00:04 dnsmasq-dhcp[9]: DHCPACK(eth0) 192.0.2.9 00:00:5e:00:53:01 phone
Nov 25 12:00:05 dnsmasq[123]: query[A] cut.exam
"""
    last_year = datetime(2024, 12, 31, 12, tzinfo=UTC).timestamp()
    told = "other_event"
    check(
        tmp_path,
        "dnsmasq",
        content,
        [
            ("192.0.2.1", "www.example.com", NOON, "NOERROR", None),
            OTHER,
            (None, "www.example.com", NOON, "NOERROR", told),
            (None, "cdn.example.net", NOON, "NOERROR", told),
            ("2001:db8::1", "x.example", NOON + 1, "NXDOMAIN", None),
            (None, "x.example", NOON + 1, "NXDOMAIN", told),
            ("192.0.2.1", "ads.example", NOON + 2, "BLOCKED", None),
            (None, "ads.example", NOON + 2, "BLOCKED", told),
            ("192.0.2.1", "example.com", NOON + 3, None, "type"),
            ("192.0.2.1", "old.example", last_year, None, None),
            OTHER,
            (None, None, None, None, "broken"),
        ],
    )


def test_dnsmasq_with_extra_fields(tmp_path: Path) -> None:
    content = """\
2025-11-25T12:00:00+00:00 gw dnsmasq[7]: 5 192.0.2.1/40000 query[A] x.example from 192.0.2.1
2025-11-25T12:00:01+00:00 gw dnsmasq[7]: 5 192.0.2.1/40000 config x.example is NXDOMAIN
"""
    check(
        tmp_path,
        "dnsmasq",
        content,
        [
            ("192.0.2.1", "x.example", NOON, "BLOCKED", None),
            ("192.0.2.1", "x.example", NOON + 1, "BLOCKED", "other_event"),
        ],
    )


def test_pihole_database(tmp_path: Path) -> None:
    path = tmp_path / "pihole-FTL.db"
    with sqlite3.connect(path) as database:
        database.executescript("""
            CREATE TABLE queries (id INTEGER, timestamp REAL, type INTEGER, status INTEGER,
                domain TEXT, client TEXT, forward TEXT, reply_type INTEGER);
            INSERT INTO queries VALUES
                (1, 1764072000.5, 1, 2, 'www.example.com', '192.0.2.1', NULL, 4),
                (2, 1764072001, 2, 3, 'x,"y".example', '192.0.2.1', NULL, 2),
                (3, 1764072002, 1, 1, 'ads.example', '192.0.2.2', NULL, 2),
                (4, 1764072003, 10, 2, 'example.com', '192.0.2.2', NULL, 11),
                (5, 1764072004, 116, 0, 'new.example', '192.0.2.2', NULL, NULL);""")
    database.close()
    reading, found = rows(path)
    assert reading.forms == {path: "pihole-ftl"}
    assert found == sorted(
        [
            ("192.0.2.1", "www.example.com", NOON + 0.5, "NOERROR", None),
            ("192.0.2.1", 'x,"y".example', NOON + 1, "NXDOMAIN", None),
            ("192.0.2.2", "ads.example", NOON + 2, "BLOCKED", None),
            ("192.0.2.2", "example.com", NOON + 3, "NOERROR", "type"),
            ("192.0.2.2", "new.example", NOON + 4, None, None),
        ],
        key=str,
    )


def test_bind(tmp_path: Path) -> None:
    content = """\
25-Nov-2025 12:00:00.500 queries: info: client @0x7f1c0000 192.0.2.1#53124 (www.example.com): \
query: www.example.com IN A +E(0)K (192.0.2.53)
25-Nov-2025 12:00:01.000 client 2001:db8::1#53125 (x.example): view inside: \
query: x.example IN AAAA + (192.0.2.53)
25-Nov-2025 12:00:02.000 query-errors: info: client @0x7f1c0000 192.0.2.1#53126 (z.example): \
query failed (SERVFAIL) for z.example/IN/A at query.c:7840
25-Nov-2025 12:00:02.000 queries: info: client @0x7f1c0000 192.0.2.1#53126 (z.example): \
query: z.example IN A + (192.0.2.53)
25-Nov-2025 12:00:03.000 rpz: info: client @0x7f1c0000 192.0.2.1#53127 (ads.example): \
rpz QNAME NXDOMAIN rewrite ads.example/A/IN via ads.example.rpz.local
25-Nov-2025 12:00:04.000 general: info: all zones loaded
25-Nov-2025 12:00:05.000 queries: info: client @0x7f1c0000 192.0.2.1#53128 (cut.example): query: cut
"""
    check(
        tmp_path,
        "bind",
        content,
        [
            ("192.0.2.1", "www.example.com", NOON + 0.5, None, None),
            ("2001:db8::1", "x.example", NOON + 1, None, None),
            ("192.0.2.1", "z.example", NOON + 2, "SERVFAIL", "other_event"),
            ("192.0.2.1", "z.example", NOON + 2, "SERVFAIL", None),
            ("192.0.2.1", "ads.example", NOON + 3, "BLOCKED", None),
            OTHER,
            (None, None, None, None, "broken"),
        ],
    )


def test_unbound(tmp_path: Path) -> None:
    content = """\
[1764072000] unbound[123:0] info: 192.0.2.1 www.example.com. A IN
[1764072000] unbound[123:0] info: 192.0.2.1 www.example.com. A IN NOERROR 0.012345 0 56
[1764072001] unbound[123:0] query: 192.0.2.1 x.example. A IN
[1764072001] unbound[123:0] reply: 192.0.2.1 x.example. A IN NXDOMAIN 0.000000 1 100
[1764072002] unbound[123:0] info: ads.example. always_nxdomain 192.0.2.1@40000 ads.example. A IN
[1764072003] unbound[123:0] info: start of service (unbound 1.19.0).
"""
    check(
        tmp_path,
        "unbound",
        content,
        [
            ("192.0.2.1", "www.example.com.", NOON, "NOERROR", None),
            ("192.0.2.1", "www.example.com.", NOON, "NOERROR", "other_event"),
            ("192.0.2.1", "x.example.", NOON + 1, "NXDOMAIN", None),
            ("192.0.2.1", "x.example.", NOON + 1, "NXDOMAIN", "other_event"),
            ("192.0.2.1", "ads.example.", NOON + 2, "BLOCKED", None),
            OTHER,
        ],
    )


def test_unbound_without_replies_has_no_rcodes(tmp_path: Path) -> None:
    content = "Nov 25 12:00:00 gw unbound: [123:0] info: 192.0.2.1 www.example.com. A IN\n"
    check(tmp_path, "unbound", content, [("192.0.2.1", "www.example.com.", NOON, None, None)])


def test_coredns(tmp_path: Path) -> None:
    content = """\
.:53
CoreDNS-1.11.1
2025-11-25T12:00:00.500Z [INFO] 192.0.2.1:50759 - 29008 "A IN www.example.com. udp 41 false 4096" \
NOERROR qr,rd,ra 89 0.037s
[INFO] [2001:db8::1]:50760 - 29009 "AAAA IN x.example. udp 41 false 512" NXDOMAIN qr,rd 89 0.037s
[INFO] 192.0.2.1:50761 - 29010 "A IN cut.ex
[ERROR] plugin/errors: 2 x.example. A: read udp: i/o timeout
"""
    check(
        tmp_path,
        "coredns",
        content,
        [
            OTHER,
            OTHER,
            ("192.0.2.1", "www.example.com.", NOON + 0.5, "NOERROR", None),
            ("2001:db8::1", "x.example.", None, "NXDOMAIN", None),
            (None, None, None, None, "broken"),
            OTHER,
        ],
    )


@pytest.mark.parametrize(
    "stamp", ["11/25/2025 12:00:00 PM", "25/11/2025 12:00:00", "25.11.2025 12:00:00"]
)
def test_windows_with_dates_in_either_order(tmp_path: Path, stamp: str) -> None:
    packet = f"{stamp} 0E6C PACKET  00000000028657A0 UDP"
    name = "(3)www(7)example(3)com(0)"
    content = f"""\
DNS Server log file creation at {stamp}
Message logging key (for packets - other items use a subset of these fields):
{packet} Rcv 192.0.2.1       ab4e   Q [0001   D   NOERROR] A      {name}
{packet} Snd 198.51.100.53   0b4e   Q [0001   D   NOERROR] A      {name}
{packet} Rcv 198.51.100.53   0b4e R Q [8381   DR NXDOMAIN] A      {name}
{packet} Snd 192.0.2.1       ab4e R Q [8381   DR NXDOMAIN] A      {name}
"""
    check(
        tmp_path,
        "windows",
        content,
        [
            OTHER,
            OTHER,
            ("192.0.2.1", name, NOON, "NXDOMAIN", None),
            ("198.51.100.53", name, NOON, None, "other_event"),
            ("198.51.100.53", name, NOON, "NXDOMAIN", "other_event"),
            ("192.0.2.1", name, NOON, "NXDOMAIN", "other_event"),
        ],
    )


def test_windows_dates_that_may_be_either_are_those_near_to_the_files(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        "04/11/2025 12:00:00 0E6C PACKET  0000 UDP Rcv 192.0.2.1 ab4e   Q [0001   D   NOERROR] A "
        "(1)x(7)example(0)\n",
    )
    _, found = rows(path)
    assert found[0][2] == datetime(2025, 11, 4, 12, tzinfo=UTC).timestamp()


# --- tables ---


def test_umbrella(tmp_path: Path) -> None:
    content = (
        '"2025-11-25 12:00:00","user","user,site","192.0.2.1","198.51.100.1","Allowed","1 (A)",'
        '"NOERROR","www.example.com.","News, Media","","",""\n'
        '"2025-11-25 12:00:01","site","site","","198.51.100.1","Blocked","1 (A)",'
        '"NXDOMAIN","bad.example.","Malware","","",""\n'
        '"2025-11-25 12:00:02","user","user","192.0.2.1"\n'
    )
    check(
        tmp_path,
        "umbrella",
        content,
        [
            ("192.0.2.1", "www.example.com.", NOON, "NOERROR", None),
            ("site", "bad.example.", NOON + 1, "BLOCKED", None),
            (None, None, None, None, "broken"),
        ],
    )


CSV = """\
when;who;asked;code
2025-11-25T12:00:00Z;192.0.2.1;www.example.com;0
1764072001;192.0.2.1;x.example;nxdomain
Nov 25 12:00:02;192.0.2.2;y.example;-
;192.0.2.2;z.example;3
a;b
"""


def test_any_csv_with_a_mapping(tmp_path: Path) -> None:
    reading, found = rows(
        written(tmp_path, CSV), client="who", query="asked", time="when", rcode="code"
    )
    assert set(reading.forms.values()) == {"csv"}
    assert found == sorted(
        [
            ("who", "asked", None, None, "other_event"),
            ("192.0.2.1", "www.example.com", NOON, "NOERROR", None),
            ("192.0.2.1", "x.example", NOON + 1, "NXDOMAIN", None),
            ("192.0.2.2", "y.example", NOON + 2, None, None),
            ("192.0.2.2", "z.example", None, "NXDOMAIN", None),
            ("b", None, None, None, "broken"),
        ],
        key=str,
    )


def test_any_csv_by_usual_names_and_by_numbers(tmp_path: Path) -> None:
    header = "Timestamp,Client IP,Query Name,Query Type,Response Code\n"
    body = '2025-11-25 12:00:00,192.0.2.1,"a ""b"".example",A,NXDOMAIN\n'
    expected = ("192.0.2.1", 'a "b".example', NOON, "NXDOMAIN", None)
    _, found = rows(written(tmp_path, header + body))
    assert expected in found
    _, found = rows(written(tmp_path, body), client="2", query="3", time="1", rcode="5")
    assert found == [expected]


def test_any_json_by_usual_names_and_by_paths(tmp_path: Path) -> None:
    usual = {
        "@timestamp": "2025-11-25T12:00:00Z",
        "source": {"ip": "192.0.2.1"},
        "dns": {"question": {"name": "www.example.com"}, "response_code": "NXDOMAIN"},
    }
    own = {"a": {"b": "192.0.2.1"}, "c": "www.example.com", "d": 1764072000, "e": 3}
    expected = [("192.0.2.1", "www.example.com", NOON, "NXDOMAIN", None)]
    reading, found = rows(written(tmp_path, lines(usual)))
    assert (found, set(reading.forms.values())) == (expected, {"ecs"})
    _, found = rows(written(tmp_path, lines(own)), client="a.b", query="c", time="d", rcode="e")
    assert found == expected


def test_parquet(tmp_path: Path) -> None:
    path = tmp_path / "log"
    with duckdb.connect() as connection:
        connection.execute(
            "COPY (SELECT '192.0.2.1' AS src_ip, 'www.example.com' AS qname, 3 AS rcode, "
            f"TIMESTAMP '2025-11-25 12:00:00' AS timestamp) TO '{path}' (FORMAT parquet)"
        )
    reading, found = rows(path)
    assert set(reading.forms.values()) == {"parquet"}
    assert found == [("192.0.2.1", "www.example.com", NOON, "NXDOMAIN", None)]
