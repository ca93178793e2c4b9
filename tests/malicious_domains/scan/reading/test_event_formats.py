"""Formats that are declared by names: as JSON, and as Parquet or CSV where they come as that."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from malicious_domains.scan.reading.prepare_input import ReadingError
from tests.malicious_domains.scan.reading.test_formats import (
    NOON,
    Row,
    check,
    lines,
    rows,
    written,
)

ISO = "2025-11-25T12:00:00Z"


def ocsf(name: str, code: int, time: float = NOON * 1000, **more: object) -> dict[str, Any]:
    """Return an event in the shape of Security Lake's and of Zeek's."""
    return {
        "metadata": {"version": "1.5.0", "product": {"name": "Route 53", "vendor_name": "AWS"}},
        "class_uid": 4003, "category_uid": 4, "activity_id": 6, "severity_id": 1, "time": time,
        "message": "DNS", "query": {"hostname": name, "type": "A", "class": "IN"},
        "src_endpoint": {"ip": "192.0.2.1", "port": 40000, "vpc_uid": "vpc-1"},
        "dst_endpoint": {"instance_uid": "rslvr-1", "port": 53}, "rcode": "Any", "rcode_id": code,
        "answers": [{"type": "A", "rdata": "198.51.100.1", "class": "IN"}], **more,
    }  # fmt: skip


OCSF = [
    ocsf("www.example.com.", 0),
    ocsf("x.example.", 3, NOON),
    ocsf("ads.example.", 0, action_id=2),
    ocsf("bad.example.", 3, disposition_id=2),
    ocsf("y.example.", 99, rcode="NXDomain"),
    ocsf("asked.example.", 0, activity_id=1),
    ocsf("asked.example.", 3, activity_id=2),
    {**ocsf("z.example.", 0), "class_uid": 4001},
]
OCSF_ROWS: list[Row] = [
    ("192.0.2.1", "www.example.com.", NOON, "NOERROR", None),
    ("192.0.2.1", "x.example.", NOON, "NXDOMAIN", None),
    ("192.0.2.1", "ads.example.", NOON, "BLOCKED", None),
    ("192.0.2.1", "bad.example.", NOON, "BLOCKED", None),
    ("192.0.2.1", "y.example.", NOON, "NXDOMAIN", None),
    ("192.0.2.1", "asked.example.", NOON, "NXDOMAIN", None),
    ("192.0.2.1", "asked.example.", NOON, "NXDOMAIN", "other_event"),
    ("192.0.2.1", "z.example.", NOON, "NOERROR", "other_event"),
]


@pytest.mark.slow
def test_ocsf_in_lines_and_in_objects_of_many_lines(tmp_path: Path) -> None:
    check(tmp_path, "ocsf", lines(*OCSF), OCSF_ROWS)
    check(tmp_path, "ocsf", "\n".join(json.dumps(x, indent=2) for x in OCSF), OCSF_ROWS)
    check(tmp_path, "ocsf", json.dumps(OCSF), OCSF_ROWS)


def test_ocsf_as_security_lake_writes_it(tmp_path: Path) -> None:
    """Parquet with nested structs, as is made of the JSON lines."""
    text, path = tmp_path / "ocsf.json", tmp_path / "ocsf.parquet"
    text.write_text(lines(*OCSF))
    with duckdb.connect() as connection:
        connection.execute(f"COPY (FROM read_json('{text}')) TO '{path}' (FORMAT parquet)")
    text.unlink()
    for claimed in (None, "ocsf"):
        reading, found = rows(path, claimed)
        assert reading.forms == {path: "ocsf"}
        assert found == sorted(OCSF_ROWS, key=str)
    reading, found = rows(path, client="src_endpoint.ip", query="query.hostname", time="time")
    assert (reading.forms[path], found[0][0], found[0][2]) == ("parquet", "192.0.2.1", NOON)


def ecs(name: str, code: str, **more: object) -> dict[str, Any]:
    return {
        "@timestamp": ISO, "ecs": {"version": "8.11.0"}, "event": {"dataset": "dns"},
        "client": {"ip": "192.0.2.1", "port": 40000}, "host": {"name": "sensor", "ip": ["::1"]},
        "destination": {"port": 53}, "message": "DNS", "agent": {"name": "sensor"},
        "dns": {"question": {"name": name, "type": "A"}, "response_code": code}, **more,
    }  # fmt: skip


@pytest.mark.parametrize("flat", [False, True])
def test_ecs_of_packetbeat(tmp_path: Path, flat: bool) -> None:
    events = [
        ecs("www.example.com", "NOERROR", source={"ip": "192.0.2.2", "port": 4}),
        ecs("x.example", "NXDOMAIN"),
        ecs("printer.local", "NOERROR", destination={"port": 5353}),
        {"@timestamp": ISO, "host": {"name": "sensor"}, "message": "no DNS"},
    ]
    content = lines(*([_flatten(x) for x in events] if flat else events))
    check(
        tmp_path,
        "ecs",
        content,
        [
            ("192.0.2.2", "www.example.com", NOON, "NOERROR", None),
            ("192.0.2.1", "x.example", NOON, "NXDOMAIN", None),
            ("192.0.2.1", "printer.local", NOON, "NOERROR", "multicast"),
            ("sensor", None, NOON, None, "other_event"),
        ],
    )


def _flatten(event: dict[str, Any], before: str = "") -> dict[str, Any]:
    flat = {}
    for key, value in event.items():
        inner = isinstance(value, dict)
        flat.update(_flatten(value, f"{before}{key}.") if inner else {before + key: value})
    return flat


def test_ecs_of_winlogbeat(tmp_path: Path) -> None:
    """Sysmon's event 22: the client is the host, the code a status of Windows."""
    event = {
        "@timestamp": ISO, "host": {"name": "pc1", "os": {"family": "windows"}},
        "winlog": {"event_id": "22", "event_data": {"QueryName": "x.example",
                                                     "QueryStatus": "9003"}},
        "message": "Dns query:\nQueryName: x.example",
    }  # fmt: skip
    check(tmp_path, "ecs", lines(event), [("pc1", "x.example", NOON, "NXDOMAIN", None)])


SYSMON: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "flat": lambda x: {"EventID": 22, "Computer": "pc1", "UtcTime": "2025-11-25 12:00:00.000", **x},
    "splunk": lambda x: {"EventCode": "22", "Computer": "pc1", "_time": ISO, **x},
    "evtx": lambda x: {
        "Event": {"System": {"EventID": {"#text": 22}, "Computer": "pc1",
                             "TimeCreated": {"#attributes": {"SystemTime": ISO}}},
                  "EventData": x},
    },
    "wazuh": lambda x: {
        "data": {"win": {"system": {"eventID": "22", "computer": "pc1", "systemTime": ISO},
                         "eventdata": {k[0].lower() + k[1:]: v for k, v in x.items()}}},
    },
}  # fmt: skip


@pytest.mark.parametrize("form", [*SYSMON])
def test_sysmon(tmp_path: Path, form: str) -> None:
    statuses = {"0": "NOERROR", "9003": "NXDOMAIN", "9501": "NODATA", "9002": "SERVFAIL",
                "1460": None}  # fmt: skip
    events = [SYSMON[form]({"QueryName": "x.example", "QueryStatus": x}) for x in statuses]
    found = [("pc1", "x.example", NOON, code, None) for code in statuses.values()]
    if form != "wazuh":
        results = {"QueryName": "y.example", "QueryResults": "type:  5 a.example;::ffff:192.0.2.9;"}
        events.append(SYSMON[form](results))
        found.append(("pc1", "y.example", NOON, "NOERROR", None))
    check(tmp_path, "sysmon", lines(*events), found)


@pytest.mark.parametrize("quote", ["'", '"'])
def test_sysmon_as_xml(tmp_path: Path, quote: str) -> None:
    def event(number: int, **data: str) -> str:
        inner = "".join(f"<Data Name='{x}'>{y}</Data>" for x, y in data.items())
        return (
            "<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System>"
            f"<Provider Name='Microsoft-Windows-Sysmon'/><EventID>{number}</EventID>"
            f"<TimeCreated SystemTime='{ISO}'/><Computer>pc1</Computer></System>"
            f"<EventData>{inner}</EventData></Event>\n"
        ).replace("'", quote)

    content = (
        event(22, UtcTime="2025-11-25 12:00:00.000", QueryName="x.example", QueryStatus="9003")
        + event(22, QueryName="www.example.com", QueryStatus="0")
        + event(3, UtcTime="2025-11-25 12:00:00.000", DestinationIp="192.0.2.1")
        + event(22, QueryStatus="0")
    )
    found = [
        ("pc1", "x.example", NOON, "NXDOMAIN", None),
        ("pc1", "www.example.com", NOON, "NOERROR", None),
        ("pc1", None, NOON, None, "other_event"),
        ("pc1", None, NOON, "NOERROR", "broken"),
    ]
    check(tmp_path, "sysmon", content, found)


def test_windows_analytic_events(tmp_path: Path) -> None:
    query = {
        "EventID": 256, "TimeCreated": ISO, "Source": "192.0.2.1", "QNAME": "x.example.",
        "QTYPE": "1", "InterfaceIP": "192.0.2.53",
    }  # fmt: skip
    answer = {**query, "EventID": 258, "Destination": "192.0.2.1", "RCODE": "3"}
    del answer["Source"]
    check(
        tmp_path,
        "windows-analytic",
        lines(query, answer, {**query, "EventID": 260, "Destination": "198.51.100.1"}),
        [
            ("192.0.2.1", "x.example.", NOON, "NXDOMAIN", None),
            ("192.0.2.1", "x.example.", NOON, "NXDOMAIN", "other_event"),
            ("192.0.2.1", "x.example.", NOON, None, "other_event"),
        ],
    )


def test_google_cloud_dns(tmp_path: Path) -> None:
    event = {
        "insertId": "1", "timestamp": ISO, "logName": "projects/p/logs/dns.googleapis.com",
        "jsonPayload": {"queryName": "x.example.", "queryType": "A", "responseCode": "NXDOMAIN",
                        "sourceIP": "192.0.2.1", "protocol": "UDP"},
        "resource": {"type": "dns_query", "labels": {"source_type": "gce-vm"}},
    }  # fmt: skip
    check(
        tmp_path, "google-dns", lines(event), [("192.0.2.1", "x.example.", NOON, "NXDOMAIN", None)]
    )


def test_aws_network_firewall(tmp_path: Path) -> None:
    def event(kind: str, **more: object) -> dict[str, object]:
        inner = {
            "timestamp": "2025-11-25T12:00:00.000000+0000", "event_type": kind,
            "src_ip": "192.0.2.1", "src_port": 40000, "dest_ip": "192.0.2.53", "dest_port": 53,
            "proto": "UDP", **more,
        }  # fmt: skip
        return {"firewall_name": "f", "event_timestamp": "1764072000", "event": inner}

    dns = {"query": [{"type": "query", "rrname": "x.example", "rrtype": "A"}]}
    check(
        tmp_path,
        "aws-network-firewall",
        lines(
            event("alert", app_proto="dns", alert={"action": "allowed"}, dns=dns),
            event("alert", app_proto="dns", alert={"action": "blocked"}, dns=dns),
            event("netflow"),
        ),
        [
            ("192.0.2.1", "x.example", NOON, None, None),
            ("192.0.2.1", "x.example", NOON, "BLOCKED", None),
            ("192.0.2.1", None, NOON, None, "other_event"),
        ],
    )


def test_technitium_with_a_comma_before_each_line(tmp_path: Path) -> None:
    def event(name: str, code: str, kind: str = "Recursive") -> str:
        return json.dumps(
            {
                "timestamp": ISO, "clientIp": "192.0.2.1", "protocol": "Udp", "rCode": code,
                "responseType": kind, "answers": [],
                "question": {"questionName": name, "questionType": "A", "questionClass": "IN"},
            }
        )  # fmt: skip

    check(
        tmp_path,
        "technitium",
        event("www.example.com", "NoError")
        + "\n,"
        + event("x.example", "NxDomain")
        + "\n,"
        + event("ads.example", "NxDomain", "UpstreamBlocked")
        + "\n",
        [
            ("192.0.2.1", "www.example.com", NOON, "NOERROR", None),
            ("192.0.2.1", "x.example", NOON, "NXDOMAIN", None),
            ("192.0.2.1", "ads.example", NOON, "BLOCKED", None),
        ],
    )


def test_nextdns_tells_devices_apart(tmp_path: Path) -> None:
    header = "timestamp,domain,query_type,client_ip,status,root_domain,device_id,device_name\n"
    content = (
        f"{header}{ISO},x.example,A,198.51.100.1,,example,8TD1G,phone\n"
        f"{ISO},ads.example,A,198.51.100.1,blocked,example,9AB2H,laptop\n"
        f"{ISO},y.example,A,198.51.100.1,,example,,\n"
    )
    reading, found = rows(written(tmp_path, content))
    assert set(reading.forms.values()) == {"nextdns"}
    assert [x for x in found if not x[4]] == [
        ("198.51.100.1", "y.example", NOON, None, None),
        ("8TD1G", "x.example", NOON, None, None),
        ("9AB2H", "ads.example", NOON, "BLOCKED", None),
    ]
    event = {
        "timestamp": ISO, "domain": "x.example", "root": "example", "clientIp": "198.51.100.1",
        "device": {"id": "8TD1G", "name": "phone"}, "status": "default",
    }  # fmt: skip
    check(tmp_path, "nextdns", lines({"data": [event]}), [("8TD1G", "x.example", NOON, None, None)])


@pytest.mark.slow
def test_answers_of_apis(tmp_path: Path) -> None:
    """AdGuard Home's and Technitium's, and Azure's records with names within an object."""
    row = ("192.0.2.1", "x.example", NOON, "NXDOMAIN", None)
    answer = {
        "data": [{"time": ISO, "client": "192.0.2.1", "question": {"name": "x.example"},
                  "status": "NXDOMAIN", "reason": "NotFilteredNotFound"}],
        "oldest": ISO,
    }  # fmt: skip
    check(tmp_path, "adguard", json.dumps(answer, indent=1), [row])
    entry = {
        "timestamp": ISO,
        "clientIpAddress": "192.0.2.1",
        "rcode": "NxDomain",
        "qname": "x.example",
    }
    content = json.dumps({"response": {"pageNumber": 1, "entries": [entry]}, "status": "ok"})
    check(tmp_path, "json", content, [row])
    query = {
        "time": NOON, "domain": "x.example", "client": {"ip": "192.0.2.1", "name": "pc"},
        "reply": {"type": "NXDOMAIN", "time": 3}, "status": "FORWARDED", "type": "A",
    }  # fmt: skip
    check(tmp_path, "json", json.dumps({"queries": [query], "cursor": 1}), [row])
    inner = {"QueryName": "x.example", "SourceIpAddress": "192.0.2.1", "ResponseCode": "3"}
    check(tmp_path, "json", lines({"records": [{"time": ISO, "properties": inner}]}), [row])


def test_sysmon_in_csv_of_sentinel(tmp_path: Path) -> None:
    content = (
        "TimeGenerated [UTC],Computer,EventID,QueryName,QueryStatus\n"
        '"11/25/2025, 12:00:00.000 PM",pc1,22,x.example,9003\n'
    )
    _, found = rows(written(tmp_path, content))
    assert ("pc1", "x.example", NOON, "NXDOMAIN", None) in found


# --- keys that come late, mappings ---


def test_a_stream_whose_first_dns_event_comes_late(tmp_path: Path) -> None:
    conn = {"_path": "conn", "ts": NOON, "id.orig_h": "192.0.2.9", "id.resp_p": 443}
    dns = {"_path": "dns", "ts": NOON, "id.orig_h": "192.0.2.1", "query": "x.example"}
    path = written(tmp_path, lines(*[conn] * 5000, dns))
    for form in (None, "zeek"):
        reading, found = rows(path, form)
        assert set(reading.forms.values()) == {"zeek"}
        assert ("192.0.2.1", "x.example", NOON, None, None) in found
        assert [x[4] for x in found].count("other_event") == 5000
    late = {"Computer": "pc1", "EventID": 1, "UtcTime": "2025-11-25 12:00:00"}
    sysmon = {**late, "EventID": 22, "QueryName": "x.example", "QueryStatus": "9003"}
    reading, found = rows(written(tmp_path, lines(*[late] * 3000, sysmon)))
    assert ("pc1", "x.example", NOON, "NXDOMAIN", None) in found


def test_a_mapping_of_a_key_that_comes_late(tmp_path: Path) -> None:
    path = written(
        tmp_path, lines(*[{"who": "192.0.2.9"}] * 500, {"who": "192.0.2.1", "q": "x.example"})
    )
    _, found = rows(path, client="who", query="q")
    assert ("192.0.2.1", "x.example", None, None, None) in found
    with pytest.raises(ReadingError, match="there is no 'nowhere'"):
        rows(path, client="who", query="nowhere")


def test_mappings_into_the_text_of_a_cell(tmp_path: Path) -> None:
    inner = json.dumps({"dns": {"name": "x.example"}})
    expected = [("192.0.2.1", "x.example", None, None, None)]
    where = {"client": "ip", "query": "Extra.dns.name"}
    assert (
        rows(written(tmp_path, lines({"ip": "192.0.2.1", "Extra": inner})), **where)[1] == expected
    )
    table = written(tmp_path, 'ip,Extra\n192.0.2.1,"' + inner.replace('"', '""') + '"\n')
    assert expected[0] in rows(table, **where)[1]
    pairs = written(tmp_path, "ip,Extra\n192.0.2.1,a=b;dns.name=x.example;c=d\n")
    assert expected[0] in rows(pairs, **where)[1]
    path = tmp_path / "x.parquet"
    with duckdb.connect() as connection:
        connection.execute(
            f"COPY (SELECT '192.0.2.1' AS ip, '{inner}' AS Extra) TO '{path}' (FORMAT parquet)"
        )
    assert rows(path, **where)[1] == expected


def test_lists_of_one_value_are_values(tmp_path: Path) -> None:
    """As Splunk Stream and the fields of Elasticsearch's hits have them."""
    event = {"src_ip": "192.0.2.1", "query": ["x.example"], "reply_code_id": [3], "time": [ISO]}
    plain = {"src_ip": "192.0.2.1", "query": "x.example", "reply_code_id": 3, "time": ISO}
    row = ("192.0.2.1", "x.example", NOON, "NXDOMAIN", None)
    assert rows(written(tmp_path, lines(event, plain)))[1] == [row, row]


def test_a_constant_for_a_list_of_one_host(tmp_path: Path) -> None:
    _, found = rows(written(tmp_path, "x.example\ny.example\n"), client='"laptop"', query="1")
    assert [x[:2] for x in found] == [("laptop", "x.example"), ("laptop", "y.example")]
    _, found = rows(written(tmp_path, lines({"q": "x.example"})), client='"laptop"', query="q")
    assert found == [("laptop", "x.example", None, None, None)]


def test_ecs_in_csv_of_kibana(tmp_path: Path) -> None:
    content = (
        '"@timestamp","source.ip","dns.question.name","dns.response_code"\n'
        '"Nov 25, 2025 @ 12:00:00.000","192.0.2.1","x.example",NXDOMAIN\n'
    )
    reading, found = rows(written(tmp_path, content))
    assert set(reading.forms.values()) == {"ecs"}
    assert ("192.0.2.1", "x.example", NOON, "NXDOMAIN", None) in found
