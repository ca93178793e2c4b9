"""The file and line of the evidence in the logs, and the addresses in the answers."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from malicious_domains.scan.reading.read_logs import Source, read_logs
from malicious_domains.scan.reading.second_reading import Key, find_places
from malicious_domains.scan.reading.sql import NO_DAY

NOON = 1_764_072_000  # 2025-11-25, day 20417
DAY = NOON // 86_400
ISO = "2025-11-25T12:00:00Z"
NAME = "www.xq7.com"
CLIENT = "10.0.0.9"


def eve(kind: str, **dns: object) -> str:
    where = {"src_ip": CLIENT, "src_port": 5353 + 1, "dest_ip": "10.0.0.1", "dest_port": 53}
    record = {"timestamp": ISO, "event_type": "dns", **where}
    return json.dumps({**record, "dns": {"type": kind, "rrname": NAME, "rrtype": "A", **dns}})


ZEEK = "#separator \\x09\n#fields\tts\tid.orig_h\tquery\trcode_name\tanswers\n"
LOGS = {
    "zeek": ZEEK
    + f"{NOON}\t10.0.0.1\tgoogle.com\tNOERROR\t192.0.2.1\n\n"
    + f"{NOON + 5}\t{CLIENT}\tWWW.xq7.com\tNOERROR\tcdn.example,203.0.113.5,2001:db8::1\n"
    + f"{NOON + 9}\t{CLIENT}\twww.xq7.com\tNOERROR\t203.0.113.9\n",
    "zeek as JSON": "\n\n\n"
    + json.dumps(
        {"answers": ["203.0.113.5", "2001:db8::1"], "ts": NOON, "id.orig_h": CLIENT, "query": NAME}
        | {"rcode_name": "NOERROR", "id.resp_h": "10.0.0.1"}
    ),
    "suricata": "\n\n\n"
    + eve("query")
    + "\n"
    + eve(
        "answer",
        rcode="NOERROR",
        answers=[{"rdata": "cdn.example"}, {"rdata": "203.0.113.5"}],
        grouped={"A": ["203.0.113.5"], "AAAA": ["2001:db8::1"]},
    ),
    "route53": "\n\n\n"
    + json.dumps(
        {
            "query_timestamp": ISO,
            "query_name": f"{NAME}.",
            "query_type": "A",
            "rcode": "NOERROR",
            "answers": [{"Rdata": "203.0.113.5", "Type": "A"}, {"Rdata": "2001:db8::1"}],
            "srcaddr": CLIENT,
        }
    ),
}


def find(*paths: Path, name: str = NAME) -> dict[Key, tuple[str, int, tuple[str, ...]]]:
    reading = read_logs(Source.of(paths, zone="UTC"))
    try:
        found = find_places(reading.files, {name, f"{name}."}, reading.zone)
        return {(key[0], key[1], key[2].rstrip(".")): x for key, x in found.items()}
    finally:
        reading.close()


@pytest.mark.parametrize("form", LOGS)
@pytest.mark.parametrize("packed", [False, True])
def test_the_first_line_and_the_addresses_of_the_answer(
    form: str, packed: bool, tmp_path: Path
) -> None:
    """Blank lines count; a compressed log has the numbers of its text."""
    log, text = tmp_path / "dns.log", LOGS[form].encode()
    log.write_bytes(gzip.compress(text) if packed else text)
    [(key, place)] = find(log).items()
    assert key == (CLIENT, DAY, NAME)
    line = 5 if form == "zeek" else 4
    assert place == (str(log), line, ("203.0.113.5", "2001:db8::1"))


def test_an_answer_on_a_line_without_the_client(tmp_path: Path) -> None:
    log = tmp_path / "pihole.log"
    before = "Nov 25 12:00:00 dnsmasq[7]: "
    log.write_text(
        f"{before}query[A] {NAME} from {CLIENT}\n"
        f"{before}forwarded {NAME} to 192.0.2.53\n{before}reply {NAME} is 203.0.113.5\n"
    )
    found = find(log)
    [asked] = [x for (client, *_), x in found.items() if client == CLIENT]
    assert asked[1:] == (1, ("203.0.113.5",))


@pytest.mark.parametrize("wrap", ["[{}]", '{{"records": [{}, {}]}}'])
def test_no_line_where_lines_are_no_events(wrap: str, tmp_path: Path) -> None:
    log = tmp_path / "dns.json"
    record = LOGS["route53"].strip()
    log.write_text(wrap.format(record, record.replace(NAME, "google.com")))
    [place] = find(log).values()
    assert place == (str(log), 0, ("203.0.113.5", "2001:db8::1"))


def test_days_and_files_apart_and_logs_without_a_date_or_an_answer(tmp_path: Path) -> None:
    later, undated = tmp_path / "b.log", tmp_path / "a.csv"
    rows = f"{NOON + 86_400}\t{CLIENT}\t{NAME}\tNXDOMAIN\t-\n"
    later.write_text(LOGS["zeek"] + rows)
    undated.write_text(f"client,query\n{CLIENT},{NAME}\n")
    found = find(undated, later)
    assert found[CLIENT, NO_DAY, NAME] == (str(undated), 2, ())
    assert found[CLIENT, DAY, NAME][1] == 5
    assert found[CLIENT, DAY + 1, NAME] == (str(later), 7, ())
    assert not find(later, name="absent.com")
