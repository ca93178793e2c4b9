"""Lines within envelopes of containers, journals, clouds and syslog, mixed with plain ones."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from malicious_domains.scan.reading.envelopes import Peeler
from tests.malicious_domains.scan.reading.test_formats import NOON, Row, lines, rows, written

ISO = "2025-11-25T12:00:00Z"
COREDNS = (
    '[INFO] 192.0.2.1:50759 - 29008 "A IN x.example. udp 41 false 4096" NXDOMAIN qr,rd 89 0.1s'
)
ZEEK = {"ts": NOON, "id.orig_h": "192.0.2.1", "query": "x.example", "rcode_name": "NXDOMAIN"}
MICROSECONDS = str(int(NOON * 1e6))


def wrap(message: str, **more: object) -> dict[str, Any]:
    return {"message": message, "timestamp": ISO, "host": {"name": "gw"}, **more}


WRAPPED = {
    "docker": {"log": f"{COREDNS}\n", "stream": "stdout", "time": ISO},
    "kubernetes": {
        "log": COREDNS, "stream": "stdout", "time": ISO, "kubernetes": {"labels": {"app": "dns"}},
    },
    "journald": {
        "MESSAGE": COREDNS, "__REALTIME_TIMESTAMP": MICROSECONDS, "_HOSTNAME": "gw",
        "SYSLOG_IDENTIFIER": "coredns", "_PID": "7", "PRIORITY": "6",
    },
    "journald bytes": {
        "MESSAGE": list(COREDNS.encode()), "__REALTIME_TIMESTAMP": MICROSECONDS,
    },
    "cloudwatch": {
        "messageType": "DATA_MESSAGE", "owner": "1", "logGroup": "g", "logStream": "s",
        "logEvents": [{"id": "1", "timestamp": int(NOON * 1000), "message": COREDNS}],
    },
    "insights": {"@timestamp": ISO, "@message": COREDNS},
    "splunk": {"preview": False, "result": {"_raw": f"{ISO} {COREDNS}", "_time": ISO}},
    "shipper": wrap(COREDNS),
    "filebeat": wrap(COREDNS, log={"offset": 1, "file": {"path": "/var/log/dns.log"}}),
    "fluent bit": {"date": NOON, "log": COREDNS, "stream": "stdout"},
    "loki": {"labels": {"job": "dns"}, "line": COREDNS, "timestamp": ISO},
    "loki in nanoseconds": {"line": COREDNS, "timestamp": f"{NOON:.0f}000000000", "fields": {}},
    "google": {"textPayload": COREDNS, "timestamp": ISO, "resource": {"type": "k8s_container"}},
    "splunk's collector": {"time": NOON, "host": "gw", "sourcetype": "dns", "event": COREDNS},
    "gelf": {"version": "1.1", "host": "gw", "short_message": COREDNS, "timestamp": NOON},
    "event.original": {"@timestamp": ISO, "event": {"original": COREDNS, "kind": "event"}},
    "hit with fields": {"_index": "i", "fields": {"@timestamp": [ISO], "message": [COREDNS]}},
    "opentelemetry": {"resourceLogs": [{"scopeLogs": [{"logRecords": [
        {"timeUnixNano": f"{NOON:.0f}000000000", "body": {"stringValue": COREDNS}}]}]}]},
    "loki's answer": {"status": "success", "data": {"result": [
        {"stream": {"job": "dns"}, "values": [[f"{NOON:.0f}000000000", COREDNS]]}]}},
    "azure": {"records": [{"time": ISO, "properties": {"log": COREDNS, "stream": "stdout"}}]},
    "datadog": {"id": "1", "attributes": {"timestamp": ISO, "message": COREDNS, "tags": []}},
    "sns": {"Type": "Notification", "Message": COREDNS, "Timestamp": ISO},
    "syslog in docker": {"log": f"<30>1 {ISO} gw coredns 7 - - {COREDNS}\n", "stream": "stdout"},
    "docker in docker": {"log": json.dumps({"log": COREDNS, "time": ISO}), "stream": "stdout"},
}  # fmt: skip
TEXTS = {
    "cri": f"{ISO} stdout F {COREDNS}",
    "rfc5424": f"<30>1 {ISO} gw coredns 7 - - {COREDNS}",
    "rfc5424 with data": f'<30>1 {ISO} gw coredns 7 ID [a@1 b="c\\"]"][d@1] \ufeff{COREDNS}',
    "octets": f"140 <30>1 {ISO} gw coredns 7 - - {COREDNS}",
    "fluentd": f"{ISO}\tdns.log\t{json.dumps({'message': COREDNS})}",
    "cells": f'{ISO},gw,"{COREDNS.replace(chr(34), chr(34) * 2)}"',
    "rfc3164": f"<30>Nov 25 12:00:00 gw coredns[7]: {COREDNS}",
}
EXPECTED: Row = ("192.0.2.1", "x.example.", NOON, "NXDOMAIN", None)


@pytest.mark.parametrize("form", [*WRAPPED, *TEXTS])
def test_a_wrapped_line_among_plain_ones(tmp_path: Path, form: str) -> None:
    wrapped = json.dumps(WRAPPED[form]) if form in WRAPPED else TEXTS[form]
    plain = f"{ISO} {COREDNS}"
    for content in ([wrapped] * 2, [wrapped] + [plain] * 5):
        reading, found = rows(written(tmp_path, "\n".join(content) + "\n"))
        assert set(reading.forms.values()) == {"coredns"}
        assert found == [EXPECTED] * len(content)


def test_wrapped_lines_behind_many_plain_ones(tmp_path: Path) -> None:
    """The format is known by plain lines; one envelope of each kind follows them."""
    envelopes = [*map(json.dumps, WRAPPED.values()), *TEXTS.values()]
    content = [f"{ISO} {COREDNS}"] * 1500 + envelopes
    reading, found = rows(written(tmp_path, "\n".join(content) + "\n"))
    assert set(reading.forms.values()) == {"coredns"}
    assert found == [EXPECTED] * len(content)


@pytest.mark.parametrize(
    "line",
    [
        json.dumps({"log": json.dumps(ZEEK) + "\n", "stream": "stdout", "time": ISO}),
        json.dumps({"preview": False, "result": ZEEK}),
        json.dumps({"_index": "zeek", "_source": ZEEK}),
        f"Nov 25 12:00:00 gw zeek[7]: {json.dumps(ZEEK)}",
        f"<30>1 {ISO} gw zeek 7 - - {json.dumps(ZEEK)}",
        f"{ISO} {json.dumps(ZEEK)}",
        f"Tue 2025-11-25 12:00:00 UTC gw zeek[7]: {json.dumps(ZEEK)}",
        f"zeek-1  | {json.dumps(ZEEK)}",
        f'2025-11-25,"{json.dumps(ZEEK).replace(chr(34), chr(34) * 2)}"',
        json.dumps({"host": "gw", "source": "udp", "sourcetype": "zeek", "event": ZEEK}),
        json.dumps({"specversion": "1.0", "source": "x", "time": ISO, "data": ZEEK}),
        json.dumps({"detail-type": "x", "detail": ZEEK, "time": ISO}),
        json.dumps({"jsonPayload": {"message": json.dumps(ZEEK)}, "timestamp": ISO}),
        f",{json.dumps(ZEEK)}",
        f"{json.dumps(ZEEK)},",
        "\x1e" + json.dumps(ZEEK),
    ],
)
def test_json_in_envelopes(tmp_path: Path, line: str) -> None:
    reading, found = rows(written(tmp_path, f"{json.dumps(ZEEK)}\n{line}\n"))
    assert set(reading.forms.values()) == {"zeek"}
    assert found == [("192.0.2.1", "x.example", NOON, "NXDOMAIN", None)] * 2


def test_dnsmasq_in_a_journal_and_under_rfc5424(tmp_path: Path) -> None:
    journal = {"SYSLOG_IDENTIFIER": "dnsmasq", "SYSLOG_PID": "7", "_HOSTNAME": "gw"}
    content = "\n".join(
        json.dumps({**journal, "MESSAGE": x, "__REALTIME_TIMESTAMP": MICROSECONDS})
        for x in ("query[A] x.example from 192.0.2.1", "reply x.example is NXDOMAIN")
    )
    syslog = f"<30>1 {ISO} gw dnsmasq 7 - - query[A] y.example from 192.0.2.1"
    _, found = rows(written(tmp_path, f"{content}\n{syslog}\n"))
    assert [x for x in found if x[4] is None] == [
        ("192.0.2.1", "x.example", NOON, "NXDOMAIN", None),
        ("192.0.2.1", "y.example", NOON, None, None),
    ]


def test_events_in_a_list_are_lines(tmp_path: Path) -> None:
    control = {"messageType": "CONTROL_MESSAGE", "logEvents": [{"message": "CWL CONTROL MESSAGE"}]}
    hits = {"took": 1, "hits": {"total": 1, "hits": [{"_index": "i", "_source": ZEEK}]}}
    _, found = rows(written(tmp_path, lines(hits)))
    assert [x[1] for x in found] == ["x.example"]
    some = {"Records": [ZEEK, {**ZEEK, "query": "y.example"}]}
    _, found = rows(written(tmp_path, lines(control, some, ZEEK)))
    assert [x[1] for x in found] == ["x.example", "x.example", "y.example"]


@pytest.mark.parametrize("wrapper", ["event", "message", "logEvents"])
def test_other_events_in_envelopes_before_the_first_of_dns(tmp_path: Path, wrapper: str) -> None:
    def envelop(event: dict[str, Any]) -> dict[str, Any]:
        text = json.dumps(event)
        more = {"logEvents": [{"id": "1", "message": text}], "message": text, "event": event}
        return {"time": ISO, "host": "gw", wrapper: more[wrapper]}

    conn = {"ts": NOON, "id.orig_h": "192.0.2.9", "id.resp_p": 443, "service": "ssl"}
    reading, found = rows(written(tmp_path, lines(*[envelop(conn)] * 1500, envelop(ZEEK))))
    assert set(reading.forms.values()) == {"zeek"}
    assert [x[4] for x in found].count("other_event") == 1500
    assert ("192.0.2.1", "x.example", NOON, "NXDOMAIN", None) in found


def compress_again(content: bytes) -> bytes:
    return gzip.compress(gzip.compress(content))


@pytest.mark.parametrize("compress", [bytes, compress_again])
def test_objects_side_by_side_and_one_of_megabytes(
    tmp_path: Path, compress: Callable[[bytes], bytes]
) -> None:
    """As Firehose writes what CloudWatch sends, gzip in gzip, and as Elasticsearch answers."""
    event = {"messageType": "DATA_MESSAGE", "logEvents": [{"id": "1", "message": json.dumps(ZEEK)}]}
    hits = {"took": 1, "hits": {"hits": [{"_index": "i", "_source": ZEEK}] * 12_000}}
    for content, count in (
        (json.dumps(ZEEK) * 3, 3),
        (" ".join([json.dumps(event)] * 3) + "\n", 3),
        (json.dumps(event) * 6_000, 6_000),
        (json.dumps(hits) + "\n", 12_000),
    ):
        _, found = rows(written(tmp_path, compress(content.encode())))
        assert found == [("192.0.2.1", "x.example", NOON, "NXDOMAIN", None)] * count


@pytest.mark.parametrize("cell", ['{"a": "b"}', '"{""a"": ""b""}"'])
def test_json_in_a_cell_is_no_line(tmp_path: Path, cell: str) -> None:
    for delimiter in ",\t":
        table = [["time", "client", "query", "extra"], [ISO, "192.0.2.1", "x.example", cell]]
        _, found = rows(written(tmp_path, "".join(f"{delimiter.join(x)}\n" for x in table)))
        assert ("192.0.2.1", "x.example", NOON, None, None) in found


def test_objects_within_each_other_without_end(tmp_path: Path) -> None:
    deep = '{"a":' * 900 + '"query[A]"' + "}" * 900
    _, found = rows(written(tmp_path, lines(ZEEK) + deep + "\n"))
    assert [x[4] for x in found].count(None) == 1


def test_an_event_is_no_envelope(tmp_path: Path) -> None:
    """A key of an envelope among others belongs to the event; so does one that is mapped."""
    event = {**ZEEK, "result": {"a": 1}, "message": "x", "log": "x", "data": [{"a": 1}]}
    _, found = rows(written(tmp_path, lines(event)))
    assert found[0][:2] == ("192.0.2.1", "x.example")
    own = {"result": {"who": "192.0.2.1", "what": "x.example"}}
    _, found = rows(written(tmp_path, lines(own)), client="result.who", query="result.what")
    assert found == [("192.0.2.1", "x.example", None, None, None)]


def test_damaged_envelopes_are_left_as_they_are() -> None:
    plain = "Nov 25 12:00:00 dnsmasq[1]: query[A] x.example from 192.0.2.1"
    for line in ('{"log": "a', "<30>", '{"log": 5}', '{"logEvents": [5]}', "{}", ",", "", plain):
        assert list(Peeler().peel(line)) == [line]
