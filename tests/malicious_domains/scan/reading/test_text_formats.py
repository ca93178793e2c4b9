"""Servers' logs with the lines that they write beside the usual ones, and further servers."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from malicious_domains.scan import LOG_FORMATS
from malicious_domains.scan.reading.prepare_input import ReadingError
from malicious_domains.scan.reading.read_logs import FORMATS
from tests.helpers.commands import run_here as command
from tests.malicious_domains.scan.reading.test_formats import (
    NOON,
    OTHER,
    Row,
    check,
    lines,
    rows,
    written,
)

BROKEN: Row = (None, None, None, None, "broken")


def test_the_listed_formats_are_those_that_are_read() -> None:
    assert list(FORMATS) == [*LOG_FORMATS]
    table = (
        Path("docs/scan.md").read_text().partition("| format | source |")[2].partition("\n\n")[0]
    )
    cells = " ".join(x.split("|")[1] for x in table.splitlines()[2:])
    assert sorted(re.findall("`([^`]+)`", cells)) == sorted(LOG_FORMATS)
    text = " ".join(command("scan", "--help").stdout.split()).replace("- ", "-")
    listed = text.partition("Format of the logs (default: detected): ")[2].partition(".")[0]
    assert listed.split(", ") == [*LOG_FORMATS]


# --- zone ids of addresses ---


@pytest.mark.parametrize(
    ("form", "line"),
    [
        ("coredns", '[INFO] [{}]:53 - 1 "A IN x.example. udp 41 false 512" NOERROR qr 89 0.1s'),
        (
            "bind",
            "25-Nov-2025 12:00:00.000 client @0x7f {}#53 (x.example.): query: x.example. IN A +",
        ),
        ("unbound", "[1764072000] unbound[1:0] info: {} x.example. A IN"),
        ("unbound", "[1764072000] unbound[1:0] info: {}@53 x.example. A IN"),
        ("dnsmasq", "Nov 25 12:00:00 dnsmasq[1]: query[A] x.example. from {}"),
        ("json", '{{"client": "{}", "query": "x.example."}}'),
        ("csv", "client,query\n{},x.example."),
        ("csv", 'client,query\n"{}","x.example."'),
    ],
)
def test_zone_ids_are_dropped(tmp_path: Path, form: str, line: str) -> None:
    for address in ("fe80::1:2%lan0", "fe80::1:2%eth0.5", "192.0.2.7%3", "2001:db8::1"):
        reading, found = rows(written(tmp_path, line.format(address) + "\n"))
        assert set(reading.forms.values()) == {form}
        queries = [x[:2] for x in found if not x[4]]
        assert queries == [(address.partition("%")[0], "x.example.")]


@pytest.mark.parametrize(
    ("client", "address"),
    [
        ("printer%20two", "printer%20two"),
        ("a1:b2", "a1:b2"),
        ("192.0.2.1:40000", "192.0.2.1"),
        ("[2001:db8::1]:40000", "2001:db8::1"),
        ("[fe80::1%eth0]:53", "fe80::1"),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.1"),
    ],
)
def test_ports_are_dropped_and_names_of_clients_kept(
    tmp_path: Path, client: str, address: str
) -> None:
    _, found = rows(written(tmp_path, lines({"client": client, "query": "x.example"})))
    assert found[0][0] == address


def test_what_begins_like_a_query_is_broken(tmp_path: Path) -> None:
    good = '[INFO] 192.0.2.1:53 - 1 "A IN x.example. udp 41 false 512" NOERROR qr 89 0.1s\n'
    _, found = rows(written(tmp_path, good + '[INFO] [fe80::1%lan0]:53 - 1 "A IN x.ex\n'))
    assert found[1] == BROKEN


# --- dnsmasq, BIND's relatives ---


def test_dnsmasq_with_protocols_and_unprintable_names(tmp_path: Path) -> None:
    content = """\
Nov 25 12:00:00 dnsmasq[1]: UDP 436 192.0.2.1/36363 query[A] x.example from 192.0.2.1
Nov 25 12:00:00 dnsmasq[1]: UDP 436 192.0.2.1/36363 forwarded x.example to 192.0.2.53
Nov 25 12:00:00 dnsmasq[1]: UDP 436 192.0.2.1/36363 reply x.example is NXDOMAIN
Nov 25 12:00:00 dnsmasq[1]: TCP 437 fe80::1%eth0/36364 query[AAAA] y.example from fe80::1%eth0
Nov 25 12:00:00 dnsmasq[1]: query[NULL] <name unprintable> from 192.0.2.1
Nov 25 12:00:00 dnsmasq[1]: reply <name unprintable> is NXDOMAIN
Nov 25 12:00:00 dnsmasq[1]: UDP 438 192.0.2.1/36363 query[A] cut.exam
"""
    check(
        tmp_path,
        "dnsmasq",
        content,
        [
            ("192.0.2.1", "x.example", NOON, "NXDOMAIN", None),
            OTHER,
            ("192.0.2.1", "x.example", NOON, "NXDOMAIN", "other_event"),
            ("fe80::1", "y.example", NOON, None, None),
            ("192.0.2.1", "<name unprintable>", NOON, "NXDOMAIN", None),
            (None, "<name unprintable>", NOON, "NXDOMAIN", "other_event"),
            BROKEN,
        ],
    )


def test_responses_of_infoblox_and_efficientip(tmp_path: Path) -> None:
    at = "Nov 25 12:00:00 192.0.2.53 named[7]: "
    content = f"""\
{at}client 192.0.2.1#53124: UDP: query: x.example IN A response: NXDOMAIN +
{at}client 192.0.2.1#53124 UDP: query: y.example IN A response: NOERROR +EA y. 60 IN A 1.2.3.4;
{at}client @0x7 192.0.2.1#53125 (z.example): view in: answer: z.example IN A (::1) -> NXDOMAIN
{at}client @0x7f 192.0.2.1#53126 (w.example): query: w.example IN A + (192.0.2.53)
{at}client @0x7f 192.0.2.1#53126 (w.): answer: w.example IN A (192.0.2.53) -> NOERROR 60 A 1.2.3.4
{at}client 192.0.2.1#53127 (v.example): query (cache) 'v.example/A/IN' denied
{at}client 192.0.2.1#53128: UDP: query: cut
"""
    check(
        tmp_path,
        "bind",
        content,
        [
            ("192.0.2.1", "x.example", NOON, "NXDOMAIN", None),
            ("192.0.2.1", "y.example", NOON, "NOERROR", None),
            ("192.0.2.1", "z.example", NOON, "NXDOMAIN", None),
            ("192.0.2.1", "w.example", NOON, "NOERROR", None),
            ("192.0.2.1", "w.example", NOON, "NOERROR", "other_event"),
            OTHER,
            BROKEN,
        ],
    )


NXDOMAIN = "NXDOMAIN qr,rd,ra 89 0.1s"
MORE_LINES = [  # a query and perhaps its answer: the code of x.example
    ("dnsmasq", ("query[A] x.example from 192.0.2.1", f"{source} x.example is 0.0.0.0"), "BLOCKED")
    for source in (
        "blocked upstream with NULL address", "Apple iCloud Private Relay domain",
        "Mozilla canary domain", "exactly denied", "gravity blocked (CNAME)",
    )
] + [
    ("dnsmasq", ("query[A] x.example from 192.0.2.1", "cached-stale x.example is ::1"), "NOERROR"),
    ("bind", ("client 192.0.2.1#53: view 2: UDP: query: x.example IN A response: NXDOMAIN A",),
     "NXDOMAIN"),
    ("unbound", ("[7:0] info: 192.0.2.1 x.example A IN",
     "[7:0] info: rpz: applied [rpz.x] x.example rpz-nxdomain 192.0.2.1@4 x.example "
     "A IN",), "BLOCKED"),
    ("coredns", (f'192.0.2.1:5 - [25/Nov/2025:12:00:00 +0000] 9 "A IN x.example udp 41 false 512" '
     f"{NXDOMAIN}",), "NXDOMAIN"),
    ("powerdns", ('msg="Question" qname="x.example" qtype="A" source="192.0.2.1:40000"',), None),
    ("cef", ("CEF:0|Z|D|5|DNS|DNS|3|src=192.0.2.1 dhost=x.example cs1Label=dns_type cs1=A",), None),
]  # fmt: skip


@pytest.mark.parametrize(("form", "messages", "code"), MORE_LINES)
def test_further_lines_of_servers(
    tmp_path: Path, form: str, messages: tuple[str, ...], code: str | None
) -> None:
    programs = {"bind": "named", "powerdns": "pdns-recursor"}
    before = f"Nov 25 12:00:00 gw {programs.get(form, form)}[7]: "
    content = "".join(f"{before}{x}\n" for x in messages)
    reading, found = rows(written(tmp_path, content))
    assert set(reading.forms.values()) == {form}
    assert [(x[0], x[1], x[3]) for x in found if not x[4]] == [("192.0.2.1", "x.example", code)]


# --- further resolvers ---


def test_dnscrypt_proxy(tmp_path: Path) -> None:
    tsv = """\
[2025-11-25 12:00:00] [NOTICE] dnscrypt-proxy 2.1.5
[2025-11-25 12:00:00]\t192.0.2.1\tx.example\tA\tNXDOMAIN\t12ms\tcloudflare
[2025-11-25 12:00:00]\t192.0.2.1\twww.example.com\tA\tPASS\t12ms\tcloudflare
[2025-11-25 12:00:00]\t192.0.2.1\tads.example\tA\tREJECT\t0ms\t-
[2025-11-25 12:00:00]\t192.0.2.1\tslow.example\tA\tSERVER_TIMEOUT\t0ms\t-
[2025-11-25 12:00:00]\t192.0.2.1\tcut
"""
    ltsv = (
        "time:1764072000\thost:192.0.2.1\tmessage:x.example\ttype:A\treturn:NXDOMAIN\tcached:0\n"
        "time:1764072000\thost:192.0.2.1\tmessage:www.example.com\ttype:A\treturn:PASS\tcached:1\n"
        "time:1764072000\thost:192.0.2.1\tmessage:ads.example\ttype:A\treturn:REJECT\n"
        "time:1764072000\thost:192.0.2.1\tmessage:slow.example\ttype:A\treturn:SERVER_TIMEOUT\n"
        "time:1764072000\thost:192.0.2.1\n"
    )
    queries: list[Row] = [
        ("192.0.2.1", "x.example", NOON, "NXDOMAIN", None),
        ("192.0.2.1", "www.example.com", NOON, "NOERROR", None),
        ("192.0.2.1", "ads.example", NOON, "BLOCKED", None),
        ("192.0.2.1", "slow.example", NOON, None, None),
    ]
    check(tmp_path, "dnscrypt", tsv, [OTHER, *queries, BROKEN])
    check(tmp_path, "dnscrypt", ltsv, [*queries, ("192.0.2.1", None, NOON, None, "broken")])


def test_blocky(tmp_path: Path) -> None:
    at = "2025-11-25 12:00:00\t192.0.2.1\tpc; pc.lan\t5\t"
    content = (
        f"{at}RESOLVED (tcp+udp:192.0.2.53)\tx.example\t\tNXDOMAIN\tRESOLVED\tA\tblocky\n"
        f'{at}BLOCKED (ads)\tads.example\t"A (0.0.0.0), ""x"""\tNOERROR\tBLOCKED\tA\tblocky\n'
        f"{at}CACHED\twww.example.com\tA (192.0.2.9)\tNOERROR\n"
        f"{at}CACHED\tcut\n"
    )
    check(
        tmp_path,
        "blocky",
        content,
        [
            ("192.0.2.1", "x.example", NOON, "NXDOMAIN", None),
            ("192.0.2.1", "ads.example", NOON, "BLOCKED", None),
            ("192.0.2.1", "www.example.com", NOON, "NOERROR", None),
            BROKEN,
        ],
    )


def test_powerdns_recursor(tmp_path: Path) -> None:
    at = "Nov 25 12:00:00 gw pdns_recursor[7]: 3 [12/1] "
    answer = "0 answers, 1 additional, took 3 packets, 0.1 netw ms, 0 throttled, rcode="
    content = f"""\
{at}question for 'x.example|A' from 192.0.2.1:40000
{at}answer to question 'x.example|A': {answer}3
{at}TCP question for 'y.example|AAAA' from [2001:db8::1%eth0]:40000
{at}question for 'z.example|A' from 2001:db8::1
{at}answer to non-rd question 'z.example|A': {answer}0, dnssec=Insecure
{at}Sending UDP queries
{at}question for 'cut
"""
    check(
        tmp_path,
        "powerdns",
        content,
        [
            ("192.0.2.1", "x.example", NOON, "NXDOMAIN", None),
            (None, "x.example", NOON, "NXDOMAIN", "other_event"),
            ("2001:db8::1", "y.example", NOON, None, None),
            ("2001:db8::1", "z.example", NOON, "NOERROR", None),
            (None, "z.example", NOON, "NOERROR", "other_event"),
            OTHER,
            BROKEN,
        ],
    )
    head = 'Nov 25 12:00:00 gw pdns-recursor[7]: msg="{}" subsystem="in" ts="1764072000.000" '
    content = (
        head.format("Question") + 'qname="x.example" qtype="A" remote="192.0.2.1:40000"\n'
        + head.format("Answer") + 'qname="x.example" qtype="A" remote="192.0.2.1:40000" rcode="3"\n'
        + head.format("Started") + "\n"
    )  # fmt: skip
    check(
        tmp_path,
        "powerdns",
        content,
        [
            ("192.0.2.1", "x.example", NOON, "NXDOMAIN", None),
            ("192.0.2.1", "x.example", NOON, "NXDOMAIN", "other_event"),
            (None, None, NOON, None, "other_event"),
        ],
    )


def test_fortinet(tmp_path: Path) -> None:
    def event(kind: str, more: str, zone: str = "+0100") -> str:
        return (
            f'<189>date=2025-11-25 time=13:00:00 devname="FG" devid="1" logid="1501054802" '
            f'type="utm" subtype="dns" eventtype="{kind}" level="notice" vd="root" tz="{zone}" '
            f"srcip=192.0.2.1 srcport=40000 dstip=192.0.2.53 dstport=53 {more}\n"
        )

    name = 'profile="default" qname="{}" qtype="A" qtypeval=1 qclass="IN" '
    content = (
        event("dns-query", name.format("www.example.com"))
        + event("dns-response", name.format("www.example.com") + 'ipaddr="1.2.3.4, 5.6.7.8"')
        + event(
            "dns-response", name.format("ads.example") + 'msg="Domain was blocked" action="block"'
        )
        + event("dns-query", 'qname="cut')
        + event("ssl-exempt", "").replace("dns", "ssl")
        + event("dns-query", "")
    )
    queries: list[Row] = [
        ("192.0.2.1", "www.example.com", NOON, "NOERROR", None),
        ("192.0.2.1", "www.example.com", NOON, "NOERROR", "other_event"),
        ("192.0.2.1", "ads.example", NOON, "BLOCKED", None),
        ("192.0.2.1", "cut", NOON, None, None),
        ("192.0.2.1", None, NOON, None, "other_event"),
        ("192.0.2.1", None, NOON, None, "broken"),
    ]
    check(tmp_path, "fortinet", content, queries)


def test_cef(tmp_path: Path) -> None:
    content = (
        "<134>Nov 25 12:00:00 nios CEF:0|Infoblox|Data Connector|2.1.3|DNS Response|DNS Response|1|"
        "rt=1764072000000 src=192.0.2.1 destinationDnsDomain=x.example. InfobloxDNSQType=A "
        "InfobloxDNSRCode=NXDOMAIN msg=a b\n"
        "Nov 25 12:00:00 fw CEF:0|Other|DNS|1|1|query|1|src=192.0.2.1 cs1Label=Query Name "
        "cs1=y.example cs2Label=Response Code cs2=NOERROR rt=Nov 25 2025 12:00:00\n"
        "Nov 25 12:00:00 fw CEF:0|Other|DNS|1|1|login|1|suser=root src=192.0.2.1\n"
    )
    check(
        tmp_path,
        "cef",
        content,
        [
            ("192.0.2.1", "x.example.", NOON, "NXDOMAIN", None),
            ("192.0.2.1", "y.example", NOON, "NOERROR", None),
            ("192.0.2.1", None, NOON, None, "other_event"),
        ],
    )


# --- tables ---


def test_umbrella_with_blanks_and_quoted_identities(tmp_path: Path) -> None:
    content = (
        '2025-11-25 12:00:00, user, user, 192.0.2.1, 198.51.100.1, Allowed, 1 (A), NOERROR, '
        "www.example.com., News\n"
        '2025-11-25 12:00:00,"user, one","user, site",192.0.2.1,198.51.100.1,Allowed,1 (A),'
        "NXDOMAIN,x.example.,News\n"
        '"2025-11-25 12:00:00", "a ""b""" , "c", "192.0.2.1", "198.51.100.1", "Blocked", "1 (A)", '
        '"NXDOMAIN", "ads.example.", "News"\n'
    )  # fmt: skip
    check(
        tmp_path,
        "umbrella",
        content,
        [
            ("192.0.2.1", "www.example.com.", NOON, "NOERROR", None),
            ("192.0.2.1", "x.example.", NOON, "NXDOMAIN", None),
            ("192.0.2.1", "ads.example.", NOON, "BLOCKED", None),
        ],
    )


def test_a_quote_that_comes_late(tmp_path: Path) -> None:
    head = "time,who,client,query\n" + f"{NOON:.0f},me,192.0.2.1,x.example\n" * 2000
    _, found = rows(written(tmp_path, f'{head}{NOON:.0f},"one, two",192.0.2.1,y.example\n'))
    assert ("192.0.2.1", "y.example", NOON, None, None) in found


@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
def test_an_empty_last_column(tmp_path: Path, delimiter: str) -> None:
    table = [["time", "client", "query", "rcode"], [f"{NOON:.0f}", "192.0.2.1", "x.example", ""]]
    short = [f"{NOON:.0f}", "192.0.2.1", "y.example"]
    content = "".join(delimiter.join(x) + "\n" for x in [*table, short])
    _, found = rows(written(tmp_path, content))
    assert ("192.0.2.1", "x.example", NOON, None, None) in found
    assert [x[4] for x in found].count("broken") == 1


R = '"time","client","query","rcode"\n' + "".join(
    f'"{i}",{NOON:.0f},"192.0.2.1","x.example","NXDOMAIN"\n' for i in (1, 2)
)


@pytest.mark.parametrize(
    "content",
    [
        R,
        R.replace(",", " "),
        R.replace(",", ";").replace('"', ""),
        "sep=;\n"
        + R.replace(",", ";").partition("\n")[0]
        + f"\n{NOON:.0f};192.0.2.1;x.example;3\n",
        f"# of the firewall\n# 2025\ntime,client,query,rcode\n{NOON:.0f},192.0.2.1,x.example,3\n",
        f"#time,client,query,rcode\n{NOON:.0f},192.0.2.1,x.example,3\n",
        '#TYPE System.Object\n"TimeCreated","Client","QueryName","ResponseCode"\n'
        '"11/25/2025 12:00:00 PM","192.0.2.1","x.example","NXDOMAIN"\n',
        f",time,client,query,rcode\n0,{NOON:.0f},192.0.2.1,x.example,3.0\n",
        f"time,client,query,rcode\n{NOON:.0f},192.0.2.1,x.example,3,\n",
        f'"time";"client";"query";"rcode"\n"{NOON:.0f}";"192.0.2.1";"x.example";"3";\n',
        f"Time (UTC),Client [IP],Query,Return_Code\n{NOON:.0f},192.0.2.1,x.example,Name_Error\n",
        '"time","client","a","query","rcode"\n'
        f'"{NOON:.0f}","192.0.2.1","a \\"b, c\\"","x.example",3\n',
    ],
)
def test_headers_of_other_programs(tmp_path: Path, content: str) -> None:
    """R's row names, of which the header has none; units; lines before the header."""
    _, found = rows(written(tmp_path, content))
    queries = [x for x in found if x[4] != "other_event"]
    assert {*queries} == {("192.0.2.1", "x.example", NOON, "NXDOMAIN", None)}
    assert len(found) == len(content.splitlines())


@pytest.mark.parametrize(
    "text",
    ["DNS report\nof: the firewall\n\n", '"export","2025-11-25"\nrows;2\n', "a,b,c,d,e\n\n"],
)
@pytest.mark.parametrize("delimiter", [",", ";"])
def test_text_of_a_report_before_the_header(tmp_path: Path, text: str, delimiter: str) -> None:
    table = ["time,client,query,rcode", *[f"{NOON:.0f},192.0.2.1,x.example,3"] * 3]
    lines = "\n".join(table).replace(",", delimiter)
    _, found = rows(written(tmp_path, text + lines + "\n"))
    assert found.count(("192.0.2.1", "x.example", NOON, "NXDOMAIN", None)) == 3
    assert [x[4] for x in found if x[1] != "x.example"].count("other_event") == 1


def test_a_cell_of_the_data_is_no_header(tmp_path: Path) -> None:
    """A first line of another width does not hide the rows after it."""
    rows_of_two = f"{NOON:.0f},192.0.2.1,x.example\n" * 3
    path = written(tmp_path, "time,client,query,rcode\n" + rows_of_two)
    _, found = rows(path)
    assert [x[4] for x in found].count("broken") == 3


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("delimiter", [",", "\t"])
def test_cells_with_line_breaks(tmp_path: Path, end: str, delimiter: str) -> None:
    """As PowerShell's Export-Csv writes the message of an event."""
    message = f'"Dns query:{end}Name: x.example{end}{end}Status: ""3"", no answer"'
    row = delimiter.join([f"{NOON:.0f}", message, "192.0.2.1", '"x.example"', "3"])
    header = delimiter.join(["time", "message", "client", "query", "rcode"])
    content = end.join([header, *[row] * 9, ""])
    _, found = rows(written(tmp_path, content))
    assert found.count(("192.0.2.1", "x.example", NOON, "NXDOMAIN", None)) == 9
    assert (len(found), [x[4] for x in found].count("other_event")) == (10, 1)


def test_an_open_quote_ends_no_later_line(tmp_path: Path) -> None:
    lines = [f'{NOON:.0f},"a"b,192.0.2.1,x.example,3', f'{NOON:.0f},"c,192.0.2.1,x.example,3'] * 5
    _, found = rows(written(tmp_path, "\n".join(["time,note,client,query,rcode", *lines, ""])))
    assert len(found) == 11 and [x[4] for x in found].count("other_event") == 1


def test_escapes_of_mysql(tmp_path: Path) -> None:
    notes = ['"say \\"hi, there\\""', r"\N", r'"ends in \""', r'"C:\dir\"', '"a ""b"" c"', r'"\\"']
    content = "client,note,query,rcode,end\n" + "".join(
        f"192.0.2.1,{x},x.example,3,{x}\n" for x in notes
    )
    _, found = rows(written(tmp_path, content))
    assert [x[4] for x in found] == ["other_event"] + [None] * len(notes) or found
    assert {x[:2] for x in found if not x[4]} == {("192.0.2.1", "x.example")}
    assert [x[4] for x in found].count(None) == len(notes)


def test_windows_of_2003(tmp_path: Path) -> None:
    line = "20251125 12:00:00 4F4 PACKET UDP Rcv 192.0.2.1 ab4e   Q [0001 D NOERROR] A (1)x(2)ru(0)"
    _, found = rows(written(tmp_path, line + "\n"))
    assert found == [("192.0.2.1", "(1)x(2)ru(0)", NOON, None, None)]


def test_fields_of_tshark(tmp_path: Path) -> None:
    header = "frame.time_epoch\tip.dst\tdns.qry.name\tdns.qry.type\tdns.flags.rcode\n"
    line = "1764072000.000000000\t192.0.2.1\tx.example\t1\t3\n"
    _, found = rows(written(tmp_path, header + line + line.replace("\t3", "\t")))
    assert ("192.0.2.1", "x.example", NOON, "NXDOMAIN", None) in found
    assert ("192.0.2.1", "x.example", NOON, None, None) in found
    _, found = rows(written(tmp_path, line), time="1", client="2", query="3", rcode="5")
    assert found == [("192.0.2.1", "x.example", NOON, "NXDOMAIN", None)]


@pytest.mark.parametrize("columns", [23, 24, 27])
def test_zeek_without_its_header(tmp_path: Path, columns: int) -> None:
    line = [
        "1764072000.5", "C1", "192.0.2.1", "40000", "192.0.2.53", "53", "udp", "7", "0.01",
        "x.example", "1", "C_INTERNET", "1", "A", "3", "NXDOMAIN", "F", "F", "T", "T", "0", "-",
        "-", "F",
    ]  # fmt: skip
    cells = [*line[:8], *line[9:]] if columns == 23 else [*line, "-", "-", "-"][:columns]
    path = written(tmp_path, "\t".join(cells) + "\n")
    _, found = rows(path, "zeek")
    assert found == [("192.0.2.1", "x.example", NOON + 0.5, "NXDOMAIN", None)]


def test_a_first_line_in_brackets_is_no_json(tmp_path: Path) -> None:
    content = "[2025-11-25 12:00:00],192.0.2.1,x.example\n"
    _, found = rows(written(tmp_path, content), client="2", query="3")
    assert found[0][:2] == ("192.0.2.1", "x.example")


@pytest.mark.parametrize(
    "magic", [b"\xd4\xc3\xb2\xa1", b"\xa1\xb2\xc3\xd4", b"\x4d\x3c\xb2\xa1", b"\n\r\r\n"]
)
def test_captures_are_told_what_they_are(tmp_path: Path, magic: bytes) -> None:
    path = written(tmp_path, magic + b"\x02\x00\x04\x00" + b"\xff\0" * 100)
    with pytest.raises(
        ReadingError, match=r"packet capture.*zeek -C -r .*some.log.*tshark -r .*-T f"
    ):
        rows(path)


def test_a_long_quoted_cell_takes_no_time(tmp_path: Path) -> None:
    cells = '"' + '""' * 250_000 + '"'
    content = f"client,query,note\n192.0.2.1,x.example,{cells}\n192.0.2.1,y.example,{cells[:-1]}\n"
    _, found = rows(written(tmp_path, content))
    assert [x[4] for x in found].count("broken") == 1
    assert ("192.0.2.1", "x.example", None, None, None) in found
