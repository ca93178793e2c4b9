"""Objects of Route 53's log are read as scan reads them."""

from __future__ import annotations

import io
from collections import Counter
from datetime import datetime
from pathlib import Path

import pytest

from lambda_app.chalicelib.logs import records
from lambda_app.chalicelib.logs.records import ANSWER, NXDOMAIN, UNKNOWN, Days, LogError, Row
from malicious_domains.model.scorer import Scorer
from malicious_domains.scan import scan_run
from malicious_domains.scan.reading.read_logs import Source
from tests.helpers import route53
from tests.helpers.route53 import DAY, MIDNIGHT, Record, record

A = "10.0.0.1"


def read(
    lines: list[Record | bytes], batch: int = records.BATCH
) -> tuple[list[Days], Counter[str]]:
    counts: Counter[str] = Counter()
    stream = io.BytesIO(route53.packed(lines))
    return list(records.read_days(Scorer.load(), stream, DAY, counts, batch=batch)), counts


LINES: list[Record | bytes] = [
    record(A, "www.Example.com", MIDNIGHT),
    record(A, "example.com", MIDNIGHT, "NXDOMAIN"),
    record(A, "gone.example.net", MIDNIGHT, "NXDOMAIN"),
    record("2001:db8::1", "gone.example.net", MIDNIGHT, "SERVFAIL"),
    record(A, "ads.example.org", MIDNIGHT, "NXDOMAIN", firewall_rule_action="BLOCK"),
    record(A, "example.com", MIDNIGHT, query_type="DS"),
    record(A, "4.3.2.1.in-addr.arpa", MIDNIGHT, query_type="PTR"),
    record(A, "printer", MIDNIGHT),
    record(A, "_ldap._tcp.example.com", MIDNIGHT, query_type="SRV"),
    record(A, "two words.com", MIDNIGHT),
    record(A, "x" * 64 + ".com", MIDNIGHT),
    {**record(A, "", MIDNIGHT), "query_name": "-"},
    {**record(A, "a.example.com", MIDNIGHT), "srcaddr": None},
    b'{"cut": ',
    b"\xff\xfe",
    b"[]",
    b" ",
]


def test_lines_are_accounted_for_as_by_scan(tmp_path: Path) -> None:
    _, counts = read(LINES)
    path = tmp_path / "day.log.gz"
    path.write_bytes(route53.packed(LINES))
    scanned = scan_run.scan_logs(
        scan_run.Request(source=Source.of((str(path),), "route53", None))
    ).line_counts
    found = {"judged": scanned.scored, "other_event": scanned.other, "broken": scanned.broken}
    assert +counts == +Counter(found | scanned.skipped)


def ocsf(line: Record, seconds: bool = False, **more: object) -> Record:
    """Return a record as OCSF's DNS Activity."""
    codes = {"NOERROR": 0, "SERVFAIL": 2, "NXDOMAIN": 3}
    time = datetime.fromisoformat(line["query_timestamp"]).timestamp()
    return {
        "class_uid": 4003, "activity_id": 6, "time": time if seconds else int(time * 1000),
        "query": {"hostname": line["query_name"], "type": line["query_type"]},
        "src_endpoint": {"ip": line["srcaddr"]}, "rcode_id": codes[line["rcode"]], **more,
    }  # fmt: skip


def test_ocsf_is_read_as_route53() -> None:
    own = [x for x in LINES[:8] if isinstance(x, dict)]
    same = [
        ocsf(x, i % 2 == 1, disposition_id=2 if "firewall_rule_action" in x else 1)
        for i, x in enumerate(own)
    ]
    assert read([*same]) == read([*own])
    others: list[Record | bytes] = [
        {**same[0], "class_uid": 4001},
        {**same[0], "src_endpoint": {"ip": "fe80::1%eth0"}, "query": {"hostname": "x.com"}},
        {**same[0], "query": 5},
        {**same[0], "time": 1e300},
        ocsf(own[0], activity_id=1),
    ]
    (days,), counts = read(others)
    assert counts == {"other_event": 1, "broken": 2, "judged": 2}
    found = {x: next(iter(y.values())).rcode for x, y in days[DAY].clients.items()}
    assert found == {"fe80::1": ANSWER, A: UNKNOWN}


def test_queries_are_grouped_by_label_and_the_best_answer_counts() -> None:
    (days,), counts = read(
        [
            record(A, "a1.com", MIDNIGHT + 5, "NXDOMAIN"),
            record(A, "www.A1.net.", MIDNIGHT + 1),
            record(A, "b1.com", MIDNIGHT + 2, "NXDOMAIN"),
            record(A, "c1.com", MIDNIGHT + 3, "NXDOMAIN", firewall_rule_action="BLOCK"),
            record(A, "b1.com", MIDNIGHT - 1),
        ]
    )
    assert counts == {"judged": 5}
    assert days[DAY].clients[A] == {
        "a1": Row(ANSWER, MIDNIGHT + 1, MIDNIGHT + 5, ("com", "net")),
        "b1": Row(NXDOMAIN, MIDNIGHT + 2, MIDNIGHT + 2, ("com",)),
        "c1": Row(UNKNOWN, MIDNIGHT + 3, MIDNIGHT + 3, ("com",)),
    }
    assert days[DAY - 1].clients[A] == {"b1": Row(ANSWER, MIDNIGHT - 1, MIDNIGHT - 1, ("com",))}


def test_a_large_object_comes_in_batches() -> None:
    lines: list[Record | bytes] = [record(A, f"n{i}.com", MIDNIGHT) for i in range(25)]
    found, _ = read(lines, batch=10)
    assert [len(x[DAY].clients[A]) for x in found] == [10, 10, 5]


def test_times_that_are_none_or_of_another_week_are_counted() -> None:
    odd = [record(A, "a.example", MIDNIGHT + days * 86_400) for days in (-3, 2)]
    odd += [record(A, "a.example", 0, query_timestamp=x) for x in ("", "noon", None, 5)]
    _, counts = read([*odd])
    assert counts == {"other_day": 2, "no_time": 4}


def test_a_bomb_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records, "MAX_OBJECT", 10_000)
    with pytest.raises(LogError, match="unpacks to more than 10,000 bytes"):
        read([b" " * 20_000])


def test_a_line_of_any_length_takes_bounded_memory() -> None:
    _, counts = read([b"x" * (records.MAX_LINE + 5), record(A, "a.example", MIDNIGHT)])
    assert counts["broken"] == 2  # its two pieces
