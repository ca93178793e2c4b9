"""Times in any style and zone; days; what cannot be read."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from malicious_domains.scan import scan
from malicious_domains.scan.reading.prepare_input import ReadingError
from malicious_domains.scan.reading.read_logs import Source, read_logs
from malicious_domains.scan.terminal import summarize
from tests.malicious_domains.scan.reading.test_formats import DNSMASQ_AT, NOON, rows, written

WINTER = {
    "11/25/2025, 12:00:00.000 PM": 0,
    "11/25/2025 12:00:00": 0,
    "11/25/25 12:00": 0,
    "11/25/25": -12,
    "Tue, 25 Nov 2025 12:00:00 +0100": -1,
    "Tue, 25 Nov 2025 12:00:00 GMT": 0,
    "25 Nov 2025 12:00:00 -0500": 5,
    "Tue Nov 25 12:00:00 2025": 0,
    "Tue Nov 25 12:00:00 CET 2025": -1,
    "2025-11-25 12:00:00 CET": -1,
    "2025-11-25T12:00:00 EST": 5,
    "2025-11-25 12:00:00 Europe/Berlin": -1,
    "2025-11-25 12:00:00 MSK": -3,
    "2025-11-25 08:00:00 PM": 8,
    "25/Nov/2025:12:00:00 +0100": -1,
    "Nov 25, 2025 @ 12:00:00.000": 0,
    "Nov 25, 2025 12:00:00 PM": 0,
    "2025/11/25 12:00:00": 0,
    "2025/11/25-12:00:00": 0,
    "20251125T120000Z": 0,
    "20251125120000": 0,
    "2025-11-25 12:00:00 +0000 UTC": 0,
    "2025-11-25T13:00:00+01:00[Europe/Berlin]": 0,
    "Tue Nov 25 2025 13:00:00 GMT+0100 (Central European Standard Time)": 0,
    "11/25/2025, 12:00:00\u202fPM": 0,
    "11/25/2025 12:00:00 p.m.": 0,
    "Nov 25 12:00:00.123": 0,
    "134085456000000000": 0,
    "[2025-11-25 12:00:00]": 0,
    "20251125": None,
    "2025-11-25 12:00:00 XYZ": None,
    "soon": None,
}


def read_times(tmp_path: Path, times: list[str], zone: str | None = None) -> list[float | None]:
    table = "".join(f'"{x}";192.0.2.1;n{i}.example\n' for i, x in enumerate(times))
    path = written(tmp_path, "time;client;query\n" + table)
    import duckdb

    reading = read_logs(Source.of([path], zone=zone))
    with duckdb.connect() as connection:
        found = dict(
            connection.execute(f"SELECT query, time FROM ({reading.noted_events})").fetchall()
        )
    reading.close()
    return [found[f"n{i}.example"] for i in range(len(times))]


def test_styles_and_zones(tmp_path: Path) -> None:
    found = dict(zip(WINTER, read_times(tmp_path, [*WINTER]), strict=True))
    wanted = {x: None if hours is None else NOON + hours * 3600 for x, hours in WINTER.items()}
    wanted["20251125"] = found["20251125"]  # a number of seconds
    assert found == wanted


@pytest.mark.parametrize(
    "stamp", ["24/11/2025 08:00:06", "24.11.2025 08:00:06", "24-11-25 08:00:06"]
)
def test_the_order_of_day_and_month_is_the_files(tmp_path: Path, stamp: str) -> None:
    both = read_times(tmp_path, [stamp, stamp.replace("24", "04", 1)])
    assert both == [datetime(2025, 11, day, 8, 0, 6, tzinfo=UTC).timestamp() for day in (24, 4)]


def test_a_zone_for_times_without_one(tmp_path: Path) -> None:
    times = ["2025-11-25 13:00:00", "2025-11-25T12:00:00Z", "1764072000", "11/25/2025 01:00:00 PM"]
    assert read_times(tmp_path, times, "Europe/Berlin") == [NOON] * 4
    summer = read_times(tmp_path, ["2025-07-25 14:00:00"], "Europe/Berlin")
    assert summer == [datetime(2025, 7, 25, 12, tzinfo=UTC).timestamp()]
    with pytest.raises(ReadingError, match="--timezone Nowhere/Land: there is no such time zone"):
        Source.of([tmp_path], zone="Nowhere/Land")


def test_text_logs_are_in_the_machines_zone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", "Europe/Berlin")
    local = DNSMASQ_AT.format("Nov 25 13:00:00")
    zoned = DNSMASQ_AT.format("2025-11-25T12:00:00+00:00")
    reading, found = rows(written(tmp_path, local + zoned))
    assert [x[2] for x in found] == [NOON, NOON]
    assert reading.zone == "Europe/Berlin"
    assert rows(written(tmp_path, zoned))[0].zone == "UTC"


STAMPS = (
    "Nov 25 12:00:00.123", "2025/11/25 12:00:00", "25.11.2025 12:00:00", "11/25/2025 12:00:00 PM",
    "25 Nov 2025 12:00:00", "Nov 25 2025 12:00:00", "2025 Nov 25 12:00:00", "1764072000",
    "[1764072000]",
)  # fmt: skip


@pytest.mark.parametrize("stamp", STAMPS)
def test_styles_in_front_of_a_line(tmp_path: Path, stamp: str) -> None:
    _, found = rows(written(tmp_path, DNSMASQ_AT.format(stamp)))
    assert found[0][2] == NOON


def test_days_are_of_the_zone_and_it_is_said(tmp_path: Path) -> None:
    names = ["xmqjtoevkbhrw", "qgkdvzjxwpt", "wqhzkxcvbnq", "zpxkjqvwhtr", "kqxzvbnwmjtr"]
    table = "".join(f"2025-11-26T00:30:0{i},192.0.2.7,{x}.ru,3\n" for i, x in enumerate(names))
    path = written(tmp_path, "time,client,query,rcode\n" + table)
    days = {}
    for zone in ("UTC", "America/New_York", "Asia/Tokyo"):
        findings = scan([path], timezone=zone)
        days[zone] = findings.alarmed[0].day
        said = [x for x in summarize(findings) if zone in x]
        assert len(said) == (zone != "UTC")
    assert set(days.values()) == {days["UTC"]}


def test_times_and_codes_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    table = (
        "soon,192.0.2.1,x.example.com,NXDOMAIN(3)\n,192.0.2.1,y.example.com,Name does not exist\n"
    )
    content = f"time,client,query,rcode\n{table}{NOON:.0f},192.0.2.1,z.example.com,code 3\n"
    findings = scan([written(tmp_path, content)])
    assert findings.unread_times == (1, "soon")
    assert findings.rcode_counts == (0, 0)
    text = "\n".join(summarize(findings))
    assert "1 times cannot be read and have no day, such as 'soon'" in text
    assert "'NXDOMAIN(3)', 'Name does not exist', 'code 3'" in text


def test_relative_times_have_no_date(tmp_path: Path) -> None:
    names = ["xmqjtoevkbhrw", "qgkdvzjxwpt", "wqhzkxcvbnq", "zpxkjqvwhtr", "kqxzvbnwmjtr"]
    table = "".join(f"{i}.5,192.0.2.7,{x}.ru,3\n" for i, x in enumerate(names))
    findings = scan([written(tmp_path, "time,client,query,rcode\n" + table)])
    from malicious_domains.scan import alarm_formats

    assert findings.alarmed
    for form, format_alarms in alarm_formats.FORMATTERS.items():
        assert "1970" not in "".join(format_alarms(findings)), form
