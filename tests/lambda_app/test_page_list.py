"""Lists on the page in a real browser: judged, sorted, filtered, downloaded, dropped."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from malicious_domains.model.scorer import Scorer
from malicious_domains.scoring import output_formats
from pipeline.release.local_server import serve_app
from tests.helpers.browser import drop, first_name, names_of_rows, opened, paste, start
from tests.helpers.commands import run_here

PATH = "malicious-domain-classifier"
LIST = 'Domain,n\r\nfacebook.com,3\r\n"xmqjtoevkbhrw.ru",x\r\n\r\n-abc.com;y\r\nco.uk\r\n=1+1\r\n'


def downloaded(page: Page) -> str:
    with page.expect_download() as download:
        page.get_by_role("button", name="Download CSV").click()
    return Path(download.value.path()).read_bytes().decode("utf-8")


def test_a_list_is_judged_sorted_and_downloaded(page: Page, language: Scorer) -> None:
    start(page, LIST)
    names = ["facebook.com", "xmqjtoevkbhrw.ru", "-abc.com;y", "co.uk", "=1+1"]
    expect(page.locator("#summary")).to_have_text(
        "5 names: 1 generated, 0 unclear, 1 not generated, 0 skipped, 3 invalid."
    )
    assert names_of_rows(page) == names
    page.get_by_role("radio", name="Not generated").check()
    assert names_of_rows(page) == [names[0]]


def test_the_table_is_sorted_by_a_click(page: Page) -> None:
    start(page, LIST)
    names = ["facebook.com", "xmqjtoevkbhrw.ru", "-abc.com;y", "co.uk", "=1+1"]
    expect(page.locator("#summary")).to_contain_text("5 names: ")
    for key, shown, order in (
        ("P(generated)", [names[1], names[0], *names[2:]], "descending"),
        ("Name", [], "ascending"),
        ("Row", names, "ascending"),
    ):
        page.get_by_role("button", name=key).click()
        if key == "Name":
            assert names_of_rows(page)[-3:] == ["co.uk", "facebook.com", "xmqjtoevkbhrw.ru"]
        else:
            assert names_of_rows(page) == shown
        header = page.get_by_role("columnheader", name=key)
        expect(header).to_have_attribute("aria-sort", order)
        assert page.locator("[aria-sort]").count() == 1


def as_score_writes(scorer: Scorer, names: list[str]) -> str:
    rows = output_formats.format_chunk("csv", scorer, names).text
    return ",".join(output_formats.CSV_COLUMNS) + "\n" + rows


def test_the_csv_is_that_of_the_command_score(page: Page, language: Scorer) -> None:
    """Byte for byte, for every status, and for probabilities that Python writes as 1e-05."""
    names = ["facebook.com", "xmqjtoevkbhrw.ru", "-abc.com", "co.uk", "=1+1", "printer.local"]
    names += ["# a comment", "d111111abcdef8.cloudfront.net", "@sum", "a b.com", "'x\"y'.com"]
    names += ["the-guardian.co.uk", "washingtonpost.com", "example.com", "qwrtzp", "+a.com"]
    start(page, "\n".join(names))
    expect(page.locator("#summary")).to_contain_text("16 names")
    page.get_by_role("radio", name="Skipped").check()  # the filter is the table's alone
    assert downloaded(page) == as_score_writes(language.at(0.001), names)
    page.locator("#strictness summary").press("Enter")
    page.get_by_label("Operating point").select_option("max_f1")
    expect(page.locator("#summary")).to_contain_text("2 generated")
    assert downloaded(page) == as_score_writes(language, names)


def test_the_table_is_filtered_by_verdict(page: Page) -> None:
    start(page, "facebook.com\nprinter.local\nxmqjtoevkbhrw.ru\nco.uk\nexample.com")
    expect(page.locator("#summary")).to_have_text(
        "5 names: 1 generated, 0 unclear, 2 not generated, 1 skipped, 1 invalid."
    )
    group = page.get_by_role("group", name="Show")
    labels = ["All 5", "Generated 1", "Unclear 0", "Not generated 2", "Skipped 1", "Invalid 1"]
    assert group.locator("label").all_inner_texts() == labels
    for word, names in {
        "generated": ["xmqjtoevkbhrw.ru"],
        "not generated": ["facebook.com", "example.com"],
        "skipped": ["printer.local"],
        "invalid": ["co.uk"],
    }.items():
        group.get_by_role("radio", name=re.compile(f"^{word}")).check()
        assert names_of_rows(page) == names
        expect(page.locator("#shown")).to_have_text(f"{len(names)} of 5 rows.")
    group.get_by_role("radio", name="invalid").press("ArrowRight")
    expect(group.get_by_role("radio", name="all")).to_be_checked()
    assert len(names_of_rows(page)) == 5


def test_lines_of_a_file_that_hold_no_name_are_counted(page: Page, language: Scorer) -> None:
    lines = ["# a list of mine", "facebook.com", "0.0.0.0 xmqjtoevkbhrw.ru", "N/A"]
    lines += ["Nov 26 10:00:01 dnsmasq[7]: forwarded example.com to 10.0.0.2"] * 3
    drop(page, "block.log", f"{lines!r}.join('\\n')")
    expect(page.locator("#summary")).to_have_text("block.log: 7 lines read, not judged yet.")
    page.get_by_role("button", name="Judge the list").click()
    expect(page.locator("#summary")).to_have_text(
        "7 lines: 1 generated, 0 unclear, 1 not generated, 2 skipped, 3 invalid. "
        "5 lines hold no name."
    )
    assert names_of_rows(page) == ["facebook.com", "0.0.0.0 xmqjtoevkbhrw.ru"]
    expect(page.locator("#shown")).to_have_text("5 lines without a name: see Skipped and Invalid.")
    page.get_by_role("radio", name="Invalid").check()
    expect(page.locator("#rows tbody tr")).to_have_count(3)
    assert downloaded(page) == as_score_writes(language.at(0.001), lines)


def test_where_the_server_takes_fewer_at_once_batches_are_smaller(browser: Browser) -> None:
    with serve_app(BATCH_LIMIT="100") as url, opened(browser, url) as (page, _):
        start(page, "\n".join(f"name{i}.com" for i in range(700)))
        expect(page.locator("#summary")).to_contain_text("700 names: ")
        assert names_of_rows(page) == [f"name{i}.com" for i in range(700)]


def test_a_long_list_shows_its_progress_and_a_thousand_rows(page: Page) -> None:
    held: list[Route] = []
    page.route(
        f"**/{PATH}",
        lambda route: (
            held.append(route) if first_name(route) == "name1000.com" else route.continue_()
        ),
    )
    start(page, "\n".join(f"name{i}.com" for i in range(2600)))
    expect(page.locator("#count")).to_have_text("1,000 of 2,600 names")
    expect(page.get_by_role("progressbar", name="Names judged")).to_have_js_property("value", 1000)
    while not held:
        page.wait_for_timeout(20)
    held[0].continue_()
    expect(page.locator("#summary")).to_contain_text("2,600 names: ")
    expect(page.get_by_role("progressbar")).to_be_hidden()
    expect(page.locator("#rows tbody tr")).to_have_count(1000)
    expect(page.locator("#shown")).to_contain_text("The first 1,000 of 2,600 rows")


def test_a_list_is_cancelled_by_keyboard_and_keeps_what_was_judged(page: Page) -> None:
    def first_only(route: Route) -> None:
        if first_name(route) == "n0":
            route.continue_()

    page.route(f"**/{PATH}", first_only)
    paste(page, "\n".join(f"n{i}" for i in range(1000)))
    page.get_by_role("button", name="Judge the list").press("Enter")
    expect(page.locator("#count")).to_have_text("500 of 1,000 names")
    expect(page.get_by_role("button", name="Cancel")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#summary")).to_contain_text(
        "Cancelled after 500 of 1,000 names. 500 names"
    )
    expect(page.get_by_role("button", name="Judge the list")).to_be_focused()
    assert page.locator("#rows tbody tr").count() == 500


def test_a_list_that_breaks_off_says_so(page: Page) -> None:
    def second(route: Route) -> None:
        (route.continue_ if first_name(route) == "n0" else route.abort)()

    page.route(f"**/{PATH}", second)
    start(page, "\n".join(f"n{i}" for i in range(700)))
    expect(page.locator("#summary")).to_contain_text("Stopped after 500 of 700 names. 500 names: ")
    expect(page.locator("#names-error")).to_contain_text("No answer from http://127.0.0.1")


@pytest.mark.slow
def test_a_file_is_chosen_or_dropped(page: Page, tmp_path: Path) -> None:
    path = tmp_path / "names.csv"
    path.write_text("\ufeffhost,when\nfacebook.com,1\nexample.com,2\n", encoding="utf-8")
    page.get_by_label("Choose a file").set_input_files(path)
    field = page.get_by_label("Names, hosts or URLs, one a line")
    expect(field).to_have_value("host,when\nfacebook.com,1\nexample.com,2\n")
    expect(page.locator("#summary")).to_have_text("names.csv: 2 lines read, not judged yet.")
    drop(page, "dropped.txt", "new Uint8Array([98, 98, 99])")
    expect(field).to_have_value("bbc")
    error = page.locator("#names-error")
    drop(page, "big.txt", "new Uint8Array(10_000_001)")
    expect(error).to_have_text("big.txt has 10.0 MB: at most 10 MB here.")
    drop(page, "binary.txt", "new Uint8Array(10)")
    expect(error).to_have_text("binary.txt cannot be read as text in UTF-8.")
    drop(page, "many.txt", "'a\\n'.repeat(100_001)")
    expect(error).to_contain_text("100,001 names: at most 100,000 here.")
    start(page, " \n")
    expect(error).to_have_text("No names yet: paste some, or choose a file.")
    expect(field).to_be_focused()


ZEEK = (
    "#separator \\x09\n#fields\tts\tid.orig_h\tquery\trcode\n#types\ttime\taddr\tstring\tcount\n"
    "1.5\t10.0.0.1\tgoogle.com\t0\n1.6\t10.0.0.2\txmqjtoevkbhrw.ru\t3\n"
)
EVE = "".join(
    json.dumps({"event_type": kind, "src_ip": "10.0.0.1", "dns": {"type": "query", "rrname": name}})
    + "\n"
    for kind, name in (("dns", "google.com"), ("dns", "xmqjtoevkbhrw.ru"))
)
BOTH = ["google.com", "xmqjtoevkbhrw.ru"]
DNSMASQ = [
    "Nov 26 10:00:01 dnsmasq[7]: query[A] google.com from 10.0.0.2",
    "Nov 26 10:00:02 dnsmasq[7]: 12 10.0.0.2/53 query[AAAA] x.ru from 10.0.0.2",
]
# A text, the options of `score` for it, and the names of both.
CASES: dict[str, tuple[str, list[str], list[str]]] = {
    "numbered": ("1,google.com\n2,xmqjtoevkbhrw.ru\n", ["--column", "2"], BOTH),
    "header": (
        "client,query\n10.0.0.1,google.com\n10.0.0.2,xmqjtoevkbhrw.ru\n",
        ["--column", "query"],
        BOTH,
    ),
    "semicolons": ("query;n\ngoogle.com;1\nxmqjtoevkbhrw.ru;2\n", ["--column", "query"], BOTH),
    "quotes": ('n,domain\n"1,5",google.com\n2,"xmqjtoevkbhrw.ru"\n', ["--column", "domain"], BOTH),
    "line break in a cell": (
        'note,host\n"a\nb",google.com\n,xmqjtoevkbhrw.ru\n',
        ["--column", "host"],
        BOTH,
    ),
    "tabs": ("10.0.0.1\tgoogle.com\n10.0.0.2\txmqjtoevkbhrw.ru\n", ["--column", "2"], BOTH),
    "Zeek": (ZEEK, ["--column", "query"], BOTH),
    "Suricata": (EVE, ["--field", "dns.rrname"], BOTH),
    "other events": ('{"event_type":"flow"}\n' + EVE, ["--field", "dns.rrname"], BOTH),
    "one a line": ("google.com\nxmqjtoevkbhrw.ru\n", [], BOTH),
    "blocklist": (
        "||google.com^\n||xmqjtoevkbhrw.ru^\n",
        [],
        ["||google.com^", "||xmqjtoevkbhrw.ru^"],
    ),
    "hosts": ("0.0.0.0 google.com\n0.0.0.0 x.ru\n", [], ["0.0.0.0 google.com", "0.0.0.0 x.ru"]),
    "dnsmasq": ("\n".join(DNSMASQ), [], DNSMASQ),
}


@pytest.mark.parametrize("name", CASES)
def test_the_page_reads_what_the_command_score_reads(page: Page, name: str) -> None:
    text, options, names = CASES[name]
    rows = csv.DictReader(
        run_here("score", "--format", "csv", *options, stdin=text.encode()).stdout.splitlines()
    )
    by_score = [(x["domain"], x["name"]) for x in rows]
    assert [x for x, _ in by_score] == names and all(x for _, x in by_score)
    page.get_by_label("Names, hosts or URLs").fill(text)
    page.get_by_role("button", name="Judge the list").click()
    expect(page.locator("#summary")).to_contain_text(f"{len(names)} names: ")
    assert names_of_rows(page) == names
    expect(page.locator("#summary")).to_contain_text("0 skipped, 0 invalid")


@pytest.mark.parametrize(
    "text", ["google.com, xmqjtoevkbhrw.ru", "a.com,b.com\nc.com,d.com", "x,y\nz,v", "1;2\n3;4"]
)
def test_where_no_column_is_found_it_is_asked_for(page: Page, text: str) -> None:
    start(page, text)
    expect(page.locator("#names-error")).to_contain_text("Which column has the names?")
    column = page.get_by_label("Column with the names")
    expect(column).to_be_focused()
    column.select_option(index=2)
    expect(page.locator("#names-error")).to_be_empty()
    page.get_by_role("button", name="Judge the list").click()
    header = text.startswith("x,y")
    lines = text.splitlines()[header:]
    expect(page.locator("#summary")).to_contain_text(f"{len(lines)} name")
    assert names_of_rows(page) == [re.split("[,;] ?", line)[1] for line in lines]


@pytest.mark.parametrize("status", [429, 503])
def test_a_list_survives_a_busy_api(page: Page, status: int) -> None:
    refusals = iter([{"Retry-After": "0"}, {}])

    def busy(route: Route) -> None:
        if first_name(route) == "n500" and (headers := next(refusals, None)) is not None:
            route.fulfill(status=status, headers=headers, body='{"message": "Too Many Requests"}')
        else:
            route.continue_()

    page.route(f"**/{PATH}", busy)
    start(page, "\n".join(f"n{i}" for i in range(1100)))
    expect(page.locator("#count")).to_contain_text("the API is busy")
    expect(page.locator("#summary")).to_contain_text("1,100 names: ")
    assert names_of_rows(page)[:1000] == [f"n{i}" for i in range(1000)]


def test_a_list_that_broke_off_goes_on_where_it_stopped(page: Page) -> None:
    broken = [True]
    page.route(
        f"**/{PATH}",
        lambda route: (
            route.abort() if broken[0] and first_name(route) == "n500" else route.continue_()
        ),
    )
    start(page, "\n".join(f"n{i}" for i in range(900)))
    expect(page.locator("#summary")).to_contain_text("Stopped after 500 of 900 names. 500 names: ")
    broken[0] = False
    page.get_by_role("button", name="Go on").click()
    expect(page.locator("#summary")).to_contain_text("900 names: ")
    expect(page.locator("#names-error")).to_be_empty()
    expect(page.get_by_role("button", name="Go on")).to_be_hidden()
    assert names_of_rows(page) == [f"n{i}" for i in range(900)]


def test_an_answer_of_a_batch_is_under_a_megabyte(own_page: Page) -> None:
    page = own_page
    sizes: list[int] = []
    page.on("response", lambda r: sizes.append(len(r.body())) if PATH in r.url else None)
    longest = "-".join(["kq7z"] * 12)
    start(page, "\n".join(f"https://{longest}{i}.com/{'x' * 400}" for i in range(600)))
    expect(page.locator("#summary")).to_contain_text("600 names: ")
    assert len(sizes) > 2 and max(sizes) < 1_000_000


def test_a_list_is_cards_on_a_phone(browser: Browser, app_url: str) -> None:
    with opened(browser, app_url, viewport={"width": 320, "height": 640}) as (page, _):
        start(page, "https://www." + "long-name-" * 5 + "x.com/path\nxmqjtoevkbhrw.ru\nco.uk")
        expect(page.locator("#summary")).to_contain_text("3 names")
        for cell in page.locator("#rows tbody td.number").all():
            if box := cell.bounding_box():  # the number of the row is not shown
                assert box["x"] >= 0 and box["x"] + box["width"] <= 320
        expect(page.get_by_text("99.986%")).to_be_visible()
