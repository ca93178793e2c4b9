"""The sample and the picture of a scan in the documents are those of the made-up log today."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from malicious_domains.scan.findings import Findings
from malicious_domains.scan.terminal import format_table
from tests.helpers.browser import chromium
from tests.helpers.report_picture import PICTURE, draw_page, hash_report, read_hash, scan_demo
from tests.lambda_app.test_page_axe import DESK, PHONE
from tests.lambda_app.test_page_axe import found as list_obstacles


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Findings:
    return scan_demo(tmp_path_factory.mktemp("demo"))


def test_the_sample_of_the_page_on_scan(found: Findings) -> None:
    """Lines that are cut end with an ellipsis."""
    text = (PICTURE.parent / "scan.md").read_text(encoding="utf-8")
    [sample] = re.findall(r"^```\n(client .*?)^```", text, re.DOTALL | re.MULTILINE)
    printed = "".join(format_table(found)).splitlines()
    assert len(sample.splitlines()) == len(printed)
    for shown, line in zip(sample.splitlines(), printed, strict=True):
        assert line.startswith(shown.rstrip("… ")), line


def test_the_picture_is_of_the_report_as_it_comes_out(found: Findings) -> None:
    message = "run python -m tests.helpers.report_picture"
    assert read_hash(PICTURE.read_bytes()) == hash_report(draw_page(found)), message


def test_the_report_says_where_the_controllers_address_stands(found: Findings) -> None:
    [infected] = found.alarmed
    [(name, place)] = [x for x in infected.places.items() if x[1].addresses]
    log = Path(place.file)
    assert (log.name, place.line > 2) == ("dns.log", True)
    assert f"for <code>{name}</code>" in draw_page(found)


@pytest.mark.slow
def test_nothing_is_cut_off_and_axe_finds_nothing(found: Findings) -> None:
    """With an IPv6 address and a long name of a file, on a desk and on a phone."""
    text = draw_page(found).replace("10.20.0.17", "2001:db8:85a3:8d3:1319:8a2e:370:7348")
    text = text.replace("dns.log", "a-rather-long-name.of-a-log.2026-11-24.log")
    with chromium() as browser:
        for viewport, scheme in ((DESK, "light"), (PHONE, "dark")):
            page = browser.new_page(viewport=viewport, color_scheme=scheme)  # type: ignore[arg-type]
            page.set_content(text)
            page.evaluate("document.querySelectorAll('details').forEach(x => x.open = true)")
            over = "all => all.map(x => x.scrollWidth - x.clientWidth)"
            assert not any(page.locator("html, .scroll").evaluate_all(over))
            assert list_obstacles(page) == []
