"""Feeds, read by the programs and libraries that they are for."""

from __future__ import annotations

import csv
import hashlib
import json
import socket
import struct
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import date
from pathlib import Path

import pytest

from malicious_domains.dga.feed import generate_feed
from malicious_domains.dga.feed_formats import FORMATS
from malicious_domains.dga.seeded_generators import DayRange, select_generators
from pipeline.h2o_cluster import local_servers
from tests.helpers.commands import run_here
from tests.helpers.programs import require_program

pytestmark = pytest.mark.slow

FAMILIES = ("goz", "murofet", "conficker", "banjori", "simda")
FAMILY_OPTIONS = [x for family in FAMILIES for x in ("--family", family)]
DAYS = ("--from", "2026-11-24", "--days", "2", "--jobs", "1")


@pytest.fixture(scope="module")
def feeds(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Write a file of each format; the names are generated once."""
    folder = tmp_path_factory.mktemp("feeds")
    span = DayRange.of(date(2026, 11, 24), date(2026, 11, 25))
    with generate_feed(select_generators(FAMILIES), span, 1, None, False) as (summary, entries):
        waiting = [*entries]
        for name, write in FORMATS.items():
            (folder / name).write_text("".join(write(summary, waiting)))
    return {name: folder / name for name in FORMATS}


@pytest.fixture(scope="module")
def names(feeds: dict[str, Path]) -> list[str]:
    lines = feeds["plain"].read_text().splitlines()
    return [line for line in lines if not line.startswith("#")]


def tool(package: str, name: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [require_program(package, name), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_a_feed_has_each_name_once_under_a_header_that_counts(
    feeds: dict[str, Path], names: list[str]
) -> None:
    head = [x for x in feeds["plain"].read_text().splitlines() if x.startswith("#")]
    assert head[1] == "# days: 2026-11-24 to 2026-11-25 (UTC)"
    assert head[2].startswith(f"# names: {len(names):,}, ")
    assert head[-1].startswith("# licence: ")
    assert len(set(names)) == len(names)
    assert {"conficker 500", "simda 1,000"} <= {
        x.strip() for x in head[4].partition(":")[2].split(", ")
    }
    assert "repeated" in head[3] and "legitimate" in head[3]


def test_csv_tells_whose_each_name_is(feeds: dict[str, Path], names: list[str]) -> None:
    lines = [x for x in feeds["csv"].read_text().splitlines() if not x.startswith("#")]
    rows = [*csv.DictReader(lines)]
    assert [row["domain"] for row in rows] == names
    assert {row["date"] for row in rows if row["family"] == "conficker"} == {
        "2026-11-24",
        "2026-11-25",
    }


def test_bind_takes_the_policy_zone(feeds: dict[str, Path], names: list[str]) -> None:
    done = tool("bind9-utils", "named-checkzone", "-D", "rpz.known", feeds["rpz"])
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("CNAME") == len(names)


def test_unbound_takes_its_file(feeds: dict[str, Path]) -> None:
    done = tool("unbound", "unbound-checkconf", feeds["unbound"])
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(("form", "option", "code", "address"), [
    ("hosts", "--addn-hosts", 0, "0.0.0.0"),
    ("dnsmasq", "--conf-file", 3, ""),
])  # fmt: skip
def test_dnsmasq_answers_by_the_file(
    form: str,
    option: str,
    code: int,
    address: str,
    feeds: dict[str, Path],
    names: list[str],
    tmp_path: Path,
) -> None:
    with dnsmasq(tmp_path, f"{option}={feeds[form]}") as port:
        for name in (names[0], names[-1], next(x for x in names if x.endswith(".ru"))):
            assert asked(port, name) == (code, address)
        assert asked(port, "www.example.com") == (5, "")  # refused: it has nobody to ask


def test_stix_reads_the_bundle(feeds: dict[str, Path], names: list[str]) -> None:
    import stix2  # slow to import, as pymisp

    text = json.loads(feeds["stix"].read_text())
    text["objects"] = [text["objects"][0], *text["objects"][1:200:10], *text["objects"][-20:]]
    bundle = stix2.parse(text)
    found = [x for x in bundle.objects if x.type == "indicator"]
    assert len(found) == 40
    assert {x.pattern[len("[domain-name:value = '") : -2] for x in found} <= set(names)
    count = len(json.loads(feeds["stix"].read_text())["objects"])
    assert count == 1 + len(names)


def test_misp_reads_the_event(feeds: dict[str, Path], names: list[str]) -> None:
    from pymisp import MISPEvent

    whole = json.loads(feeds["misp"].read_text())
    attributes = whole["Event"]["Attribute"]
    assert [x["value"] for x in attributes if x["type"] == "domain"] == names
    whole["Event"]["Attribute"] = attributes[:100] + attributes[-100:]
    event = MISPEvent()
    event.load(whole)
    assert len(event.attributes) == 200


def test_what_is_legitimate_or_allowed_is_left_out(tmp_path: Path, names: list[str]) -> None:
    allow = tmp_path / "allow.txt"
    allow.write_text(f"{names[3]}\n.ws\n")
    done = run_here("dga", "feed", *FAMILY_OPTIONS, *DAYS, "--allow", allow)
    left = [x for x in done.stdout.splitlines() if not x.startswith("#")]
    out = {names[3], *(x for x in names if x.endswith(".ws"))}
    assert left == [x for x in names if x not in out]
    assert f"{len(out)} legitimate" in done.stderr


@pytest.mark.parametrize(
    ("form", "pattern"),
    [
        ("hosts", "0.0.0.0 {}"), ("rpz", "{} CNAME ."), ("dnsmasq", "local=/{}/"),
        ("unbound", 'local-zone: "{}." always_nxdomain'), ("adguard", "||{}^"),
        ("technitium", "{}"),
    ],
)  # fmt: skip
def test_a_block_list_has_certain_names_only_unless_asked(
    form: str, pattern: str, feeds: dict[str, Path], names: list[str]
) -> None:
    few = ("--family", "conficker", "--from", "2026-11-24", "--days", "1", "--jobs", "1")
    for more in ([], ["--certain"] if form == "hosts" else []):
        lines = {*run_here("dga", "feed", *few, "--format", form, *more).stdout.splitlines()}
        kept = [x for x in names if pattern.format(x) in lines]
        assert 0 < len(kept) < 250
        assert min(len(x.partition(".")[0]) for x in kept) >= 6
    assert {pattern.format(x) for x in names} <= {*feeds[form].read_text().splitlines()}


def test_a_block_list_with_names_that_occur_by_chance() -> None:
    few = ("--family", "conficker", "--from", "2026-11-24", "--days", "1", "--jobs", "1")
    done = run_here("dga", "feed", *few, "--format", "hosts", "--with-chance")
    assert done.stdout.count("\n0.0.0.0 ") == 250


def test_stix_keeps_ids_and_says_how_sure_it_is() -> None:
    def indicators(day: str) -> tuple[dict[str, object], dict[str, dict[str, object]]]:
        few = ("--family", "sisron", "--family", "fobber", "--days", "2", "--jobs", "1")
        done = run_here("dga", "feed", *few, "--from", day, "--format", "stix")
        author, *others = json.loads(done.stdout)["objects"]
        return author, {x["name"]: x for x in others}

    author, one = indicators("2026-11-24")
    same, other = indicators("2026-11-25")
    both = one.keys() & other.keys()
    assert author == same
    assert len(both) > 600  # all of fobber, which has no dates, and those of sisron
    assert {x: one[x]["id"] for x in both} == {x: other[x]["id"] for x in both}
    dated = [x for x in one.values() if x["labels"] == ["sisron"]]
    assert all(x["valid_from"] < x["valid_until"] for x in dated)  # type: ignore[operator]
    assert not any("valid_until" in x for x in one.values() if "fobber" in x["labels"])  # type: ignore[operator]
    assert all(("chance" in x["labels"]) == (x["confidence"] == 30) for x in one.values())  # type: ignore[operator]


def test_misp_reads_a_folder_as_a_feed(tmp_path: Path) -> None:
    from pymisp import MISPEvent

    for day in ("2026-11-24", "2026-11-25"):  # the second takes the place of the first
        few = ("--family", "sisron", "--from", day, "--days", "1", "--jobs", "1")
        done = run_here("dga", "feed", *few, "--format", "misp", "--out", tmp_path / "feed")
        assert (done.returncode, done.stdout) == (0, "")
    ((uuid, about),) = json.loads((tmp_path / "feed" / "manifest.json").read_text()).items()
    assert {x.name for x in (tmp_path / "feed").iterdir()} == {
        "manifest.json", "hashes.csv", f"{uuid}.json",
    }  # fmt: skip
    event = MISPEvent()
    event.load_file(tmp_path / "feed" / f"{uuid}.json")
    assert (event.uuid, event.info) == (uuid, about["info"])
    hashes = (tmp_path / "feed" / "hashes.csv").read_text().split()
    values = [x.value for x in event.attributes if x.type == "domain"]
    assert hashes == [f"{hashlib.md5(x.encode()).hexdigest()},{uuid}" for x in values]
    (tmp_path / "feed" / "manifest.json").write_text("{damaged")
    assert (
        run_here("dga", "feed", *few, "--format", "misp", "--out", tmp_path / "feed").returncode
        == 0
    )
    (tmp_path / "feed" / "mine.json").touch()  # which would be lost
    for more in ("--format misp --out feed", "--out x"):
        words = more.replace("--out ", f"--out {tmp_path}/").split()
        assert run_here("dga", "feed", *few, *words).returncode == 2


@contextmanager
def dnsmasq(folder: Path, file: str) -> Iterator[int]:
    port = local_servers.find_free_port()
    command = [require_program("dnsmasq-base", "dnsmasq"), "--keep-in-foreground"]
    command += [f"--port={port}", "--listen-address=127.0.0.1"]
    command += ["--bind-interfaces", "--no-resolv", "--no-hosts", "--user=", "--pid-file="]
    own = [] if file.startswith("--conf") else ["--conf-file=/dev/null"]
    log = folder / "log"
    process = local_servers.start_server([*command, *own, file], log)
    try:
        deadline = time.monotonic() + 120  # a busy machine takes its time
        while not answers(port):
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.1)
        yield port
    finally:
        process.terminate()
        process.wait()


def answers(port: int) -> bool:
    try:
        asked(port, "www.example.com", 0.3)
    except OSError:
        return False
    return True


def asked(port: int, name: str, seconds: float = 10) -> tuple[int, str]:
    """Return the response code and the address that a server on 127.0.0.1 answers (RFC 1035)."""
    labels = b"".join(bytes([len(x)]) + x.encode() for x in name.split("."))
    question = labels + b"\0" + struct.pack(">HH", 1, 1)
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as client:
        client.settimeout(seconds)
        client.connect(("127.0.0.1", port))
        client.send(struct.pack(">6H", 7, 0x100, 1, 0, 0, 0) + question)
        answer = client.recv(512)
    code, count = answer[3] & 15, int.from_bytes(answer[6:8], "big")
    return code, socket.inet_ntoa(answer[-4:]) if count else ""
