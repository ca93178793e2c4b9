"""Tunnels and floods in logs: each kind of log, each output, and what is no tunnel."""

from __future__ import annotations

import base64
import json
import random
from pathlib import Path

import pytest

from malicious_domains.scan import scan, selects
from malicious_domains.scan.reading import sql
from tests.helpers.commands import run_here as command

START = 1764028800
CODES = ("NOERROR", "NXDOMAIN")
Row = tuple[float, str, str, str, str]


def tunnel(client: str, parent: str, qtype: str = "A", count: int = 40) -> list[Row]:
    draw = random.Random(client)
    names = (f"{draw.randbytes(9).hex()}.{draw.randbytes(20).hex()}.{parent}" for _ in range(count))
    return [(START + i, client, x, qtype, "NOERROR") for i, x in enumerate(names)]


def ordinary(clients: int = 20) -> list[Row]:
    names = ("www.google.com", "api.github.com", "mail.example.org", "cdn.wikipedia.org")
    return [(START, f"192.0.2.{i + 1}", x, "A", "NOERROR") for i in range(clients) for x in names]


def write(path: Path, rows: list[Row]) -> Path:
    lines = (f"{t},{client},{x},{qtype},{code}\n" for t, client, x, qtype, code in rows)
    path.write_text("time,client,query,qtype,rcode\n" + "".join(lines), encoding="utf-8")
    return path


def kinds(path: Path) -> dict[str, set[str]]:
    found = scan([path]).alarmed
    return {x.client: {alarm.kind for alarm in x.alarms} for x in found}


@pytest.mark.slow
def test_a_tunnel_is_an_alarm_of_its_client_in_every_output(tmp_path: Path) -> None:
    path = write(tmp_path / "dns.csv", ordinary() + tunnel("192.0.2.7", "evil.co.uk", "TXT"))
    ran = command("scan", path, "--format", "jsonl", "--out", tmp_path / "report")
    assert ran.returncode == 1
    (finding,) = map(json.loads, ran.stdout.splitlines())
    (alarm,) = finding["alarms"]
    assert (finding["client"], alarm["kind"], alarm["confidence"]) == (
        "192.0.2.7",
        "tunnel",
        "high",
    )
    assert (alarm["below"], len(alarm["names"])) == (["evil.co.uk"], 10)
    assert (
        "40 names below evil.co.uk carry about 2,300 characters, 40 of them by TXT"
        in finding["why"]
    )
    page = (tmp_path / "report" / "index.html").read_text()
    assert "names below evil.co.uk" in page
    assert "names below evil.co.uk" in command("scan", path).stdout
    (ecs,) = map(json.loads, command("scan", path, "--format", "ecs").stdout.splitlines())
    assert ecs["threat"]["technique"]["id"] == ["T1071", "T1048", "T1572"]
    assert ecs["threat"]["technique"]["subtechnique"]["id"] == ["T1071.004"]
    assert ecs["dns"]["question"]["registered_domain"] == "evil.co.uk"
    (ocsf,) = map(json.loads, command("scan", path, "--format", "ocsf").stdout.splitlines())
    attacks = ocsf["finding_info"]["attacks"]
    assert [x["technique"]["uid"] for x in attacks] == ["T1071", "T1048", "T1572"]
    assert attacks[0]["sub_technique"]["uid"] == "T1071.004"


@pytest.mark.parametrize("form", ["base64", "raw", "zeek", "spaces"])
def test_names_that_are_no_names_are_counted(tmp_path: Path, form: str) -> None:
    draw = random.Random(form)

    def encode(data: bytes) -> str:
        if form == "base64":
            return base64.b64encode(data).decode().replace("A", "+").replace("B", "/")
        if form == "zeek":
            return "".join(f"\\x{x:02x}" if i % 3 else "q" for i, x in enumerate(data))
        return "".join(chr(33 + x % 90).replace(",", "!").replace('"', "!") for x in data)

    names = [f"{encode(draw.randbytes(36))}.hidemyself.org" for _ in range(40)]
    if form == "spaces":
        names = [x.replace("!", "~ ") for x in names]
    rows: list[Row] = [(START + i, "192.0.2.7", x, "NULL", "NOERROR") for i, x in enumerate(names)]
    assert kinds(write(tmp_path / "dns.csv", ordinary() + rows)).get("192.0.2.7") == {"tunnel"}


def test_a_flood_is_an_alarm_of_low_confidence(tmp_path: Path) -> None:
    draw = random.Random(1)
    names = {"".join(draw.choices("aeioulmnrst", k=8)) for _ in range(6000)}
    rows: list[Row] = [
        (START + i, "192.0.2.7", f"{x}.shop.com", "A", "NXDOMAIN") for i, x in enumerate(names)
    ]
    (x,) = scan([write(tmp_path / "dns.csv", ordinary() + rows)]).alarmed
    alarm = next(y for y in x.alarms if y.kind == "many-below")
    assert (alarm.confidence, round(alarm.score * 300)) == ("low", len(names))


def test_look_ups_by_hash_and_what_is_allowed_are_no_tunnel(tmp_path: Path) -> None:
    rows = tunnel("192.0.2.7", "avqs.mcafee.com") + tunnel("192.0.2.8", "r3.googlevideo.com")
    rows += tunnel("192.0.2.9", "cloudfront.net") + tunnel("192.0.2.10", "evil.com")
    path = write(tmp_path / "dns.csv", ordinary() + rows)
    assert set(kinds(path)) == {"192.0.2.10"}
    (tmp_path / "allow.txt").write_text("evil.com\n")
    assert scan([path], allow=[tmp_path / "allow.txt"]).alarmed == []


@pytest.mark.slow
def test_a_tunnel_of_three_clients_is_reported_once(tmp_path: Path) -> None:
    rows = [x for i in (3, 4, 5) for x in tunnel(f"192.0.2.{i}", "evil.com")]
    path = write(tmp_path / "dns.csv", ordinary() + rows)
    ran = command("scan", path, "--format", "jsonl", "--out", tmp_path / "report")
    assert ran.returncode == 1
    (finding,) = map(json.loads, ran.stdout.splitlines())
    assert (finding["client"], finding["alarms"][0]["kind"]) == (None, "tunnel")
    assert finding["alarms"][0]["clients"] == ["192.0.2.3", "192.0.2.4", "192.0.2.5"]
    assert "3 clients ask in this way" in command("scan", path).stdout
    assert "3 clients ask in this way" in (tmp_path / "report" / "index.html").read_text()


def test_a_state_keeps_the_registrable_name_of_a_tunnel(tmp_path: Path) -> None:
    path = write(tmp_path / "dns.csv", ordinary() + tunnel("192.0.2.7", "evil.com"))
    state = tmp_path / "state"
    assert command("scan", path, "--state", state).returncode == 1
    assert command("scan", path, "--state", state).returncode == 0
    assert "tunnel" in command("alarms", "list", "--state", state, "--label", "evil.com").stdout


def test_types_are_read_by_their_names_and_numbers(tmp_path: Path) -> None:
    import duckdb

    texts = {"TXT": 1, "16": 1, "null": 2, "TYPE65399": 32, "type=65399": 32, "query-65399": 32}
    texts |= {"A": 256, "1 (A)": 256, "16 (TXT)": 1, "SOA": 128, "33": 64, "HTTPS": 256, "": 0}
    rows = ", ".join(f"('{x}')" for x in texts)
    query = f"SELECT {sql.code_type('x')} FROM (VALUES {rows}) AS t(x)"
    assert [x for (x,) in duckdb.execute(query).fetchall()] == [*texts.values()]


@pytest.mark.slow
def test_the_first_pass_leaves_nothing_out_that_could_raise_an_alarm(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    draw, rows = random.Random(3), ordinary()
    for i in range(60):
        client, parent = f"192.0.2.{i + 30}", f"evil{i}.com"
        rows += tunnel(client, parent, draw.choice(("A", "TXT", "SRV")), draw.randrange(60))
        rows += [
            (START + draw.randrange(90), client, f"{x}{y}.{parent}", "A", draw.choice(CODES))
            for x in ("www", "k3jd9x", "mail", "x7")
            for y in range(draw.randrange(200))
            for _ in range(draw.choice((1, 2)))
        ]
    path = write(tmp_path / "dns.csv", rows)
    found = scan([path]).alarmed
    every = "SELECT DISTINCT client, day, parent FROM query_counts JOIN hosts USING (query)"
    every += " JOIN clients USING (address)"
    monkeypatch.setattr(selects, "PARENTS", every)
    assert scan([path]).alarmed == found
    assert 10 < len(found) < 60
