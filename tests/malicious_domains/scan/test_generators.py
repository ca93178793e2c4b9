"""Names of known generators in a log: by the command, with an index of some families."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import subprocess
import sys
from datetime import date, timedelta
from itertools import islice
from pathlib import Path

import pytest

from malicious_domains.dga.build_index import build_index
from malicious_domains.dga.generators import FAMILIES
from malicious_domains.dga.seeded_generators import DayRange, select_generators
from tests.helpers.commands import run_here as command
from tests.malicious_domains.scan.test_scan import BOT, Rows, clean, zeek

pytestmark = pytest.mark.slow

DAY = date(2025, 11, 26)  # of test_scan's logs
START = 1_764_115_200 + 12_000
FAMILIES_INDEXED = ["banjori", "conficker", "goz", "murofet", "pitou", "simda"]
DOCUMENT = Path(__file__).parents[3] / "docs" / "generators.md"


def indexed(path: Path, day: date) -> Path:
    days = DayRange.of(day - timedelta(days=1), day + timedelta(days=1))
    build_index(select_generators(FAMILIES_INDEXED), days, 1).save(path)
    return path


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return indexed(tmp_path_factory.mktemp("known") / "known.npz", DAY)


def made(family: str, number: int = 20, day: date = DAY) -> list[str]:
    variant = FAMILIES[family].variants[0]
    return [*islice(variant.generate(day, variant.seeds[0]), number)]


def log_of(path: Path, names: list[str], code: str = "NOERROR", client: str = BOT) -> Path:
    rows: Rows = [(START + 3.0 * i, client, name, code) for i, name in enumerate(names)]
    path.write_text(zeek(clean() + rows))
    return path


@pytest.mark.parametrize("family", ["banjori", "pitou", "simda"])
def test_a_few_names_that_no_model_catches_are_enough_though_they_resolve(
    family: str, known: Path, tmp_path: Path
) -> None:
    log = log_of(tmp_path / "dns.log", made(family, 2))
    assert command("scan", log).returncode == 0
    found = command("scan", log, "--known", known, "--format", "jsonl")
    assert found.returncode == 1, found.stderr
    (client,) = map(json.loads, found.stdout.splitlines())
    assert (client["client"], client["confidence"]) == (BOT, "high")
    (alarm,) = (x for x in client["alarms"] if x["kind"] == "known")
    assert (alarm["score"], alarm["generators"][0]["family"]) == (2, family)
    assert {x["name"] for x in alarm["names"]} == set(made(family, 2))
    assert all(x["known"][0]["family"] == family for x in alarm["names"])
    assert client["first_seen"] == "2025-11-26T03:20:00Z"


def test_a_name_of_two_families_tells_both_in_every_form(known: Path, tmp_path: Path) -> None:
    log = log_of(tmp_path / "dns.log", made("goz", 3), "NXDOMAIN")
    text = r"goz of (2025-11-\d\d) and murofet v1 of \1, 3 names"
    table = command("scan", log, "--known", known, "--out", tmp_path / "report")
    assert re.search(rf"high +- +known generator: {text}", table.stdout)
    page = (tmp_path / "report" / "index.html").read_text()
    assert re.search(text, page) and re.search(r"goz of 2025-11-\d\d, position 2", page)
    (row,) = (
        x
        for x in csv.DictReader(
            io.StringIO(command("scan", log, "--known", known, "--format", "csv").stdout)
        )
        if x["kind"] == "known"
    )
    assert re.fullmatch(text, row["known"])
    alerts = command("scan", log, "--known", known, "--format", "ecs").stdout.splitlines()
    (alert,) = (x for x in map(json.loads, alerts) if x["rule"]["name"] == "known")
    assert re.fullmatch(text, alert["labels"]["known"])
    assert alert["source"]["ip"] == BOT


def test_one_name_by_chance_and_names_of_a_list_are_no_alarm(known: Path, tmp_path: Path) -> None:
    short = next(x for x in made("qsnatch", 9999) if x.index(".") == 3)
    log = log_of(tmp_path / "dns.log", [short])
    days = DayRange.of(DAY, DAY)
    build_index(select_generators(["qsnatch"]), days, 1).save(tmp_path / "known.npz")
    found = command("scan", log, "--known", tmp_path / "known.npz")
    assert (found.returncode, found.stdout) == (0, "")
    assert "known: 1 of the log's names are among the" in found.stderr
    log = log_of(tmp_path / "dns.log", made("goz", 3), "NXDOMAIN")
    (tmp_path / "popular").write_text("\n".join(made("goz", 3)))
    assert command("scan", log, "--known", known, "--popular", tmp_path / "popular").stdout == ""


def test_an_index_of_other_days_is_said_so_and_its_names_are_doubtful(
    known: Path, tmp_path: Path
) -> None:
    log = log_of(tmp_path / "dns.log", made("goz", 1, DAY - timedelta(days=60)))
    past = indexed(tmp_path / "past.npz", DAY - timedelta(days=60))
    found = command("scan", log, "--known", past)
    said = "the index is out of date: it was not made for 1 of the log's 1 days (2025-11-26)"
    assert said in found.stderr
    assert ", for another day" in found.stdout
    head = found.stdout.splitlines()[1]
    assert head.split()[3] == "low"
    assert "out of date" not in command("scan", log, "--known", known).stderr


def test_a_baseline_and_too_many_names_do_not_hide_a_generator(known: Path, tmp_path: Path) -> None:
    log = log_of(tmp_path / "dns.log", made("banjori"))
    later = tmp_path / "later.log"
    later.write_text(re.sub(r"^1764", "1765", log.read_text(), flags=re.MULTILINE))
    for path in (log, later):
        found = command("scan", path, "--known", known, "--baseline", tmp_path / "days")
        assert "banjori, seed" in found.stdout
    crawl = [f"xq{i}zkw.com" for i in range(5001)]
    log = log_of(tmp_path / "dns.log", [*made("goz", 3), *crawl], "NXDOMAIN")
    found = command("scan", log, "--known", known)
    assert "judged by a sample" in found.stderr
    assert f"{BOT}  2025-11-26" in found.stdout and "goz of" in found.stdout


def test_the_highest_of_a_day_are_those_with_known_names(known: Path, tmp_path: Path) -> None:
    log = log_of(tmp_path / "dns.log", made("banjori", 2))
    with log.open("a") as file:
        file.write(f"{START}\t10.0.0.7\tsome-new-site.com\tNOERROR\n")
    found = command("scan", log, "--known", known, "--alarms-per-day", "1").stdout.splitlines()
    assert len(found) == 3 and found[1].startswith(BOT)


def test_what_is_no_index_is_said(tmp_path: Path) -> None:
    failed = command("scan", "/dev/null", "--known", tmp_path / "absent.npz")
    assert failed.returncode == 2
    assert "--known" in failed.stderr and "Traceback" not in failed.stderr


def test_alarmed_clients_have_a_hint_of_a_family_that_no_index_knows(
    known: Path, tmp_path: Path
) -> None:
    log = log_of(tmp_path / "dns.log", made("chinad"), "NXDOMAIN")
    (client,) = map(
        json.loads, command("scan", log, "--known", known, "--format", "jsonl").stdout.splitlines()
    )
    assert client["family_hint"]["answer"] == "chinad"
    table = command("scan", log, "--out", tmp_path / "report")
    assert "Family, a hint and no verdict: chinad " in table.stdout
    assert "Family, a hint and no verdict: chinad " in (tmp_path / "report/index.html").read_text()
    (row, *_) = csv.DictReader(io.StringIO(command("scan", log, "--format", "csv").stdout))
    assert row["family_hint"].startswith("chinad ")
    log = log_of(tmp_path / "dns.log", made("goz"), "NXDOMAIN")
    (client,) = map(
        json.loads, command("scan", log, "--known", known, "--format", "jsonl").stdout.splitlines()
    )
    assert client["family_hint"] is None  # it is known


def test_the_document_shows_what_comes_of_its_commands(tmp_path: Path) -> None:
    blocks = re.findall(r"^```\n(.*?)^```", DOCUMENT.read_text(), re.DOTALL | re.MULTILINE)
    at = next(i for i, block in enumerate(blocks) if "> dns.csv" in block)
    some = "dga index --family conficker --family banjori"  # which takes less time
    program = f"""malicious-domains() {{ {sys.executable} -m pipeline "$@"; }}
{blocks[at].replace("dga index", some)}"""
    environment = os.environ | {"PYTHONPATH": str(DOCUMENT.parents[1])}
    run = subprocess.run(
        ["bash", "-c", program],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (run.returncode, run.stdout) == (1, blocks[at + 1]), run.stderr
