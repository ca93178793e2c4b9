"""Who a client is: hosts of several addresses, and hosts that are no clients."""

from __future__ import annotations

import csv
import io
import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from malicious_domains.names.errors import MaliciousDomainsError
from malicious_domains.scan import scan
from malicious_domains.scan.client_names import ClientNames
from malicious_domains.scan.hosts import Host
from tests.helpers.commands import run_here as command
from tests.malicious_domains.cli.test_alarms import pihole
from tests.malicious_domains.scan.test_scan import BOTS, START, Rows, clean, zeek
from tests.malicious_domains.scan.test_state import on


def test_a_host_of_two_addresses_is_one_client(tmp_path: Path) -> None:
    addresses = ("192.0.2.1", "2001:DB8:0::1", "::ffff:192.0.2.1")
    rows: Rows = [(START + i, addresses[i % 3], name, "NXDOMAIN") for i, name in enumerate(BOTS)]
    (tmp_path / "dns.log").write_text(zeek(clean() + rows))
    (tmp_path / "same").write_text("# ours\n192.0.2.1 laptop\n2001:db8::1,laptop\n")
    done = command("scan", tmp_path / "dns.log", "--same-client", tmp_path / "same")
    assert "20 of 20 rare names are NXDOMAIN" in done.stdout
    assert [x.split()[0] for x in done.stdout.splitlines()[1::2]] == ["laptop"]
    left = command(
        *("scan", tmp_path / "dns.log", "--same-client", tmp_path / "same"),
        *("--not-clients", tmp_path / "same"),
    )
    assert (left.returncode, "20 not_a_client" in left.stderr) == (0, True)


def test_addresses_have_one_spelling() -> None:
    names = ClientNames()
    spellings = {names.name_client(x) for x in ("2001:DB8:0:0::1", "2001:db8::1")}
    assert spellings == {"2001:db8::1"}
    assert names.name_client("::ffff:192.0.2.1") == "192.0.2.1"
    assert names.name_client("laptop.lan") == "laptop.lan"


@pytest.mark.parametrize("text", ["192.0.2.1\n", "192.0.2.1,\n", b"\xff\xfe"])
def test_a_damaged_list_of_clients_is_an_error(tmp_path: Path, text: str | bytes) -> None:
    path = tmp_path / "same"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(MaliciousDomainsError, match="same"):
        ClientNames.load(path)


# --- leases ---

MAC, OTHER_MAC = "aa:bb:cc:dd:ee:01", "aa:bb:cc:dd:ee:02"
V4, V6 = "192.0.2.1", "2001:db8::1"
HALVES: Rows = [(START + i, (V4, V6)[i % 2], x, "NXDOMAIN") for i, x in enumerate(BOTS)]
# The last lease of 192.0.2.9 is another host's; the first of a host is an older address.
LEASES = {
    "zeek": "#separator \\x09\n#fields\tts\tuids\tclient_addr\tmac\thost_name\tassigned_addr\n"
    f"1.0\tC1\t-\t{MAC}\tlaptop\t192.0.2.9\n2.0\tC2\t-\t{MAC}\tlaptop\t{V6}\n"
    f"3.0\tC3\t-\t{MAC}\tlaptop\t{V4}\n4.0\tC4\t-\t{OTHER_MAC}\tphone\t192.0.2.9\n",
    "zeek-json": "".join(
        f'{{"ts":1.0,"mac":"{mac}","host_name":"{name}","{key}":"{address}"}}\n'
        for mac, name, key, address in [
            (MAC, "laptop", "assigned_addr", V6),
            (MAC, "laptop", "client_addr", V4),
            (OTHER_MAC, "phone", "assigned_ip", "192.0.2.9"),
        ]
    )
    + '{"cut',
    "dnsmasq": "".join(
        f"Nov 26 10:00:00 pi dnsmasq-dhcp[123]: DHCPACK(eth0) {address} {mac} {name}\n"
        for address, mac, name in [
            (V6, MAC.upper(), "laptop"),
            (V4, MAC, ""),
            ("192.0.2.9", OTHER_MAC, "phone"),
        ]
    ),
    "leases": f"1764115200 {MAC} {V6} laptop *\n1764115200 {MAC} {V4} * 01:{MAC}\n"
    f"1764115200 {OTHER_MAC} 192.0.2.9 phone *\n",
    "dhcpd": f"dhcpd: DHCPACK on {V6} to {MAC} (laptop) via eth0\n"
    f"dhcpd: DHCPACK on {V4} to {MAC.replace(':', '-')} via eth0\n"
    f"dhcpd: DHCPACK on 192.0.2.9 to {OTHER_MAC} (phone) via eth0\n",
}


@pytest.mark.parametrize("form", LEASES)
def test_addresses_of_one_mac_are_one_client(tmp_path: Path, form: str) -> None:
    log, leases = tmp_path / "dns.log", tmp_path / "leases"
    log.write_text(zeek(clean() + HALVES))
    leases.write_text(LEASES[form])
    (found,) = scan([log], hosts=[leases]).alarmed
    assert (found.client, len(found.rare_names)) == (V4, 20)
    assert found.host
    assert found.host == Host(MAC, "laptop", (V4, V6))


@pytest.mark.slow
def test_outputs_name_the_host(tmp_path: Path) -> None:
    log, leases = tmp_path / "dns.log", tmp_path / "leases"
    log.write_text(zeek(clean() + HALVES))
    leases.write_text(LEASES["dnsmasq"])
    texts = {
        form: command("scan", log, "--hosts", leases, "--format", form).stdout
        for form in ("table", "csv", "jsonl", "ecs")
    }
    assert f"host laptop, {MAC}, {V6}" in texts["table"]
    (row,) = csv.DictReader(io.StringIO(texts["csv"]))
    assert (row["client"], row["host"], row["mac"]) == (V4, "laptop", MAC)
    known = json.loads(texts["jsonl"])["host"]
    assert known == {"mac": MAC, "name": "laptop", "addresses": [V4, V6]}
    source = json.loads(texts["ecs"])["source"]
    assert source == {"address": V4, "ip": V4, "domain": "laptop", "mac": "AA-BB-CC-DD-EE-01"}


def test_an_alarm_follows_the_host_to_another_address(tmp_path: Path) -> None:
    log, leases = tmp_path / "dns.log", tmp_path / "leases"
    found = []
    for day, address in enumerate([V4, "192.0.2.77"]):
        log.write_text(zeek(on(day, [(time, address, x, code) for time, _, x, code in HALVES])))
        leases.write_text(f"1764115200 {MAC} {address} laptop *\n")
        found.append(len(scan([log], hosts=[leases], state=tmp_path / "kept").alarmed))
    assert found == [1, 0]
    listed = command("alarms", "list", "--client", "laptop", "--state", tmp_path / "kept").stdout
    assert "192.0.2.77" in listed


def test_the_names_that_the_user_gives_come_first(tmp_path: Path) -> None:
    (tmp_path / "leases").write_text(LEASES["dnsmasq"])
    (tmp_path / "same").write_text(f"{V4} desk\n192.0.2.9 desk\n")
    names = ClientNames.load(tmp_path / "same", hosts=[tmp_path / "leases"])
    assert {names.name_client(x) for x in (V4, V6, "192.0.2.9")} == {"desk"}


def test_a_quiet_day_has_no_lease(tmp_path: Path) -> None:
    (tmp_path / "leases").write_text("#fields\tmac\tassigned_addr\n#close\n")
    assert ClientNames.load(hosts=[tmp_path / "leases"]).leases == ()


def test_a_file_without_leases_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "leases").write_text("no lease\n")
    failed = command("scan", "/dev/null", "--hosts", tmp_path / "leases")
    assert (failed.returncode, "there is no DHCP lease in it" in failed.stderr) == (2, True)


PIHOLE_NETWORK = """
CREATE TABLE network (id INTEGER PRIMARY KEY, hwaddr TEXT, interface TEXT, firstSeen INTEGER,
    lastQuery INTEGER, numQueries INTEGER, macVendor TEXT, aliasclient_id INTEGER);
CREATE TABLE network_addresses (network_id INTEGER, ip TEXT, lastSeen INTEGER, name TEXT,
    nameUpdated INTEGER);
INSERT INTO network (id, hwaddr) VALUES (1, 'AA:BB:CC:DD:EE:01'), (2, 'ip-192.0.2.8'),
    (3, '00:00:00:00:00:00');
INSERT INTO network_addresses VALUES (1, '192.0.2.1', 30, NULL, 1),
    (1, '2001:db8::1', 40, 'laptop.lan', 1), (1, '192.0.2.5', 20, 'laptop.lan', 1),
    (2, '192.0.2.8', 40, 'printer', 1), (3, '127.0.0.1', 40, 'localhost', 1), (3, '::1', 40, '', 1);
"""


def test_pihole_knows_the_hosts(tmp_path: Path) -> None:
    path = pihole(tmp_path / "pihole-FTL.db", clean() + HALVES)
    assert len(scan([path]).alarmed) == 2
    with closing(sqlite3.connect(path)) as database, database:
        database.executescript(PIHOLE_NETWORK)
    (found,) = scan([path]).alarmed
    assert (found.client, len(found.rare_names)) == (V4, 20)
    assert found.host == Host(MAC, "laptop.lan", (V6, V4, "192.0.2.5"))


def test_a_pihole_database_with_other_tables_is_read_without_hosts(tmp_path: Path) -> None:
    path = pihole(tmp_path / "pihole-FTL.db", clean() + HALVES)
    with closing(sqlite3.connect(path)) as database, database:
        database.executescript("CREATE TABLE network (x); CREATE TABLE network_addresses (y);")
    assert len(scan([path]).alarmed) == 2


# --- no clients ---


@pytest.mark.parametrize(
    ("entry", "clients"),
    [
        ("192.0.2.1", 1),
        ("192.0.2.0/24", 1),
        ("192.0.2.7/24", 1),
        ("2001:db8::/32", 1),
        ("0.0.0.0/0", 1),
        (MAC, 0),
        ("laptop", 0),
        ("192.0.2.0/25  # the servers", 1),
    ],
)
def test_hosts_and_networks_that_are_no_clients(tmp_path: Path, entry: str, clients: int) -> None:
    log, left = tmp_path / "dns.log", tmp_path / "left"
    log.write_text(zeek(clean() + HALVES))
    left.write_text(f"{entry}\n")
    done = command("scan", log, "--not-clients", left)
    assert ("is no client of the log" in done.stderr) == (not clients)
    assert ("10 not_a_client" in done.stderr or "0.0.0.0" in entry) == bool(clients)
    (tmp_path / "leases").write_text(LEASES["dnsmasq"])
    merged = command("scan", log, "--not-clients", left, "--hosts", tmp_path / "leases")
    assert "is no client of the log" not in merged.stderr


def test_an_entry_that_matches_nothing_is_told(tmp_path: Path) -> None:
    log, left = tmp_path / "dns.log", tmp_path / "left"
    log.write_text(zeek(clean()))
    left.write_text("10.0.0.23\n10.0.0.0/8\n198.51.100.7\n198.51.100.0/24\n")
    done = command("scan", log, "--not-clients", left)
    told = [x for x in done.stderr.splitlines() if "is no client of the log" in x]
    assert [x.split()[2] for x in told] == ["198.51.100.7", "198.51.100.0/24"]


def test_what_is_no_network_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "left").write_text("# ours\n10.0.0.0/33\n")
    failed = command("scan", "/dev/null", "--not-clients", tmp_path / "left")
    assert (failed.returncode, "left, line 2: '10.0.0.0/33' is not a" in failed.stderr) == (2, True)
