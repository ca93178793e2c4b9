"""The page in a real browser: what a person meets, by mouse, keyboard, phone and ear."""

from __future__ import annotations

import csv
import functools
import hashlib
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import requests
from playwright.sync_api import Browser, Page, Route, expect

from lambda_app.chalicelib.features import registry
from lambda_app.chalicelib.model.score import Score
from lambda_app.chalicelib.model.scorer import Scorer
from lambda_app.chalicelib.web import static
from pipeline.deploy.local_server import served
from tests.helpers.browser import chromium

PATH = "malicious-domain-classifier"
NAME = "plzdonthackmekthxbye"

# The lowest contrast of text with what is behind it, by WCAG 2.2's formula (1.4.3: 4.5 at least).
CONTRAST = """() => {
  const rgba = (text) => text.match(/[\\d.]+/g).map(Number);
  const light = (rgb) => rgb.slice(0, 3).map((x) => x / 255)
    .map((x) => x <= 0.04045 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4)
    .reduce((sum, x, i) => sum + x * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = (node) => {
    const color = getComputedStyle(node).backgroundColor;
    return (rgba(color)[3] ?? 1) > 0 ? color : behind(node.parentElement);
  };
  const texts = [...document.body.querySelectorAll("*")].filter((node) => node.checkVisibility() &&
    [...node.childNodes].some((child) => child.nodeType === 3 && child.data.trim()));
  return texts.map((node) => {
    const [a, b] = [getComputedStyle(node).color, behind(node)].map((x) => light(rgba(x)));
    return [(Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05), node.outerHTML.slice(0, 120)];
  }).sort(([a], [b]) => a - b)[0];
}"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


@contextmanager
def opened(browser: Browser, url: str, **options: object) -> Iterator[tuple[Page, list[str]]]:
    """A page, and what its console complains of: breaches of its policy are there too."""
    with browser.new_context(**options) as context:  # type: ignore[arg-type]
        page = context.new_page()
        page.set_default_timeout(10_000)
        complaints: list[str] = []
        page.on("console", lambda m: complaints.append(m.text) if m.type != "log" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(url)
        yield page, complaints


@pytest.fixture
def page(browser: Browser, app_url: str) -> Iterator[Page]:
    """The page as the app serves it; a complaint of the browser fails the test."""
    with opened(browser, app_url) as (page, complaints):
        yield page
    # Chromium logs every request that fails; the page tells of those in words.
    assert [text for text in complaints if not text.startswith("Failed to load resource")] == []


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[str]:
    """The page's files on another origin, from a server that knows nothing but files."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            pass

    handler = functools.partial(Quiet, directory=str(static.FOLDER))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


def judge(page: Page, name: str) -> None:
    page.get_by_label("Domain name, host or URL").fill(name)
    page.get_by_label("Domain name, host or URL").press("Enter")


def shares(page: Page, rows: str) -> list[float]:
    cells = page.locator(f"{rows} td.number").all_text_contents()
    return [float(text.replace("−", "-")) for text in cells]


def names_of_rows(page: Page) -> list[str]:
    return page.locator("#rows tbody td.name").all_text_contents()


def paste(page: Page, text: str) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.evaluate("text => navigator.clipboard.writeText(text)", text)
    page.get_by_label("Names, hosts or URLs, one a line").focus()
    page.keyboard.press("Control+A")
    page.keyboard.press("Control+V")


def start(page: Page, text: str) -> None:
    paste(page, text)
    page.get_by_role("button", name="Judge the list").click()


def first_name(route: Route) -> str:
    """The first of the names that a batch asks for."""
    return str(json.loads(route.request.post_data or "")["domains"][0])


@pytest.mark.timing  # of the pause in typing
def test_a_verdict_while_typing_and_one_request_a_pause(page: Page) -> None:
    asked: list[str] = []
    page.on("request", lambda r: asked.append(r.post_data or "") if PATH in r.url else None)
    page.get_by_label("Domain name, host or URL").press_sequentially(NAME, delay=10)
    expect(page.locator("#verdict")).to_have_text(f"malicious {NAME}")
    assert len(asked) == 1
    assert NAME in asked[0]
    assert NAME not in page.url
    page.get_by_label("Domain name, host or URL").fill("")
    expect(page.locator("#result")).to_be_hidden()


@pytest.mark.timing
def test_an_answer_that_comes_late_is_dropped(page: Page) -> None:
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)
        if len(held) > 1:
            route.continue_()

    page.route(f"**/{PATH}", hold)
    judge(page, "facebook.com")
    judge(page, NAME)
    expect(page.locator("#verdict")).to_contain_text(NAME)
    assert len(held) == 2
    held[0].abort()
    page.wait_for_timeout(100)
    expect(page.locator("#verdict")).to_contain_text(NAME)
    expect(page.locator("#domain-error")).to_be_empty()


def test_everything_that_the_verdict_rests_on_is_shown(page: Page, language: Scorer) -> None:
    score = language.score(NAME)
    page.get_by_role("button", name=NAME).click()
    expect(page.locator("#numbers")).to_have_text("P(malicious) 99.47%, threshold 91.64%")
    expect(page.get_by_role("meter")).to_have_attribute(
        "aria-valuetext", "P(malicious) 99.47%, threshold 91.64%"
    )
    assert page.locator("#segments span").all_text_contents() == str(score.segmentation).split("|")
    expect(page.locator("#unlikely")).to_have_text("kthx")
    expect(page.locator("#terms td.number")).to_have_count(12)
    page.get_by_role("button", name="Show all 70 terms").click()
    expect(page.locator("#terms td.number")).to_have_count(70)
    terms = shares(page, "#terms")
    assert terms == sorted(terms, key=abs, reverse=True)
    assert sorted(terms) == pytest.approx(sorted(score.contributions.values()), abs=5e-4)
    intercept, malicious, legitimate, total = shares(page, "#sums")
    assert total == pytest.approx(score.log_odds, abs=5e-4)
    assert intercept + malicious + legitimate == pytest.approx(total, abs=2e-3)
    assert malicious + legitimate == pytest.approx(sum(terms), abs=0.04)


def test_bars_lie_on_their_side_in_proportion(page: Page) -> None:
    judge(page, NAME)
    expect(page.locator("#verdict")).to_contain_text(NAME)
    boxes = page.locator("#terms td.axis").evaluate_all(
        """cells => cells.map(cell => {
          const [whole, bar] = [cell, cell.firstChild].map(x => x.getBoundingClientRect());
          const middle = (whole.left + whole.right) / 2, half = whole.width / 2;
          return [(bar.left - middle) / half, (bar.right - middle) / half];
        })"""
    )
    values = shares(page, "#terms")
    longest = max(map(abs, values))
    for (left, right), value in zip(boxes, values, strict=True):
        ends = sorted((0, value / longest))
        assert (left, right) == pytest.approx(ends, abs=0.02)


def said(term: str) -> str:
    """What people read for a term: the meaning of its feature, or of both."""
    return " × ".join(registry.REGISTRY[name].meaning for name in term.split(" x "))


def test_every_term_is_named_by_what_its_features_mean(page: Page, language: Scorer) -> None:
    judge(page, NAME)
    page.get_by_role("button", name="Show all 70 terms").click()
    heads = page.locator("#terms th[scope=row]")
    expect(heads).to_have_count(70)
    terms = [head.get_attribute("title") or "" for head in heads.all()]
    assert heads.all_text_contents() == [said(term) for term in terms]
    assert set(terms) == set(language.artifact.predictor.terms)


def test_terms_have_their_own_names_until_the_model_is_known(page: Page) -> None:
    held: list[Route] = []
    page.route("**/model", lambda route: held.append(route))
    page.reload()
    judge(page, NAME)
    heads = page.locator("#terms th[scope=row]")
    expect(heads).to_have_count(12)
    terms = [head.get_attribute("title") or "" for head in heads.all()]
    assert heads.all_text_contents() == [term.replace(" x ", " × ") for term in terms]
    assert held
    for route in held:
        route.continue_()
    expect(heads).to_have_text([said(term) for term in terms])


def test_the_classic_model_is_shown_too(browser: Browser, classic_url: str) -> None:
    with opened(browser, classic_url) as (page, complaints):
        judge(page, NAME)
        expect(page.locator("#terms td.number")).to_have_count(4)
        expect(page.locator("#reasons")).to_be_hidden()
        expect(page.get_by_role("button", name="Show all")).to_be_hidden()
        assert complaints == []


def test_the_operating_point_is_chosen_and_judges_anew(page: Page, language: Scorer) -> None:
    point = page.get_by_label("Operating point")
    expect(point.locator("option")).to_have_count(4)
    start(page, f"qwrtzp\n{NAME}")
    expect(page.locator("#summary")).to_have_text("2 names: 2 malicious, 0 legitimate, 0 refused.")
    judge(page, "qwrtzp")
    expect(page.locator("#verdict")).to_contain_text("malicious")
    point.select_option(label="1 false alarm in 1,000 legitimate names (from 98.71%)")
    expect(page.locator("#verdict")).to_contain_text("legitimate")
    expect(page.locator("#numbers")).to_contain_text("threshold 98.71%")
    expect(page.locator("#summary")).to_have_text("2 names: 1 malicious, 1 legitimate, 0 refused.")
    assert [language.at(0.001).score(x).label for x in ("qwrtzp", NAME)] == [0, 1]


def test_a_bad_name_is_told_at_the_field(page: Page) -> None:
    field = page.get_by_label("Domain name, host or URL")
    judge(page, NAME)
    judge(page, "two words.com")
    error = page.locator("#domain-error")
    expect(error).to_have_text("not one name: the character ' ' in 'two words.com'")
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(field).to_have_accessible_description(re.compile("not one name"))
    expect(page.locator("#result")).to_be_hidden()
    field.fill("example.com")
    expect(error).to_be_empty()
    expect(field).to_have_attribute("aria-invalid", "false")


def test_markup_in_a_name_stays_text(page: Page) -> None:
    bad = "<img src=x onerror=alert(1)>.com"
    page.on("dialog", lambda _: pytest.fail("a script ran"))
    judge(page, bad)
    expect(page.locator("#domain-error")).to_contain_text("<img src=x")
    start(page, bad)
    expect(page.locator("#rows tbody td.name")).to_have_text(bad)
    assert page.locator("img").count() == 0


LIST = 'Domain,n\r\nfacebook.com,3\r\n"xmqjtoevkbhrw.ru",x\r\n\r\n-abc.com;y\r\nco.uk\r\n=1+1\r\n'


def test_a_list_is_judged_sorted_and_downloaded(page: Page, language: Scorer) -> None:
    start(page, LIST)
    names = ["facebook.com", "xmqjtoevkbhrw.ru", "-abc.com", "co.uk", "=1+1"]
    expect(page.locator("#summary")).to_have_text("5 names: 1 malicious, 2 legitimate, 2 refused.")
    assert names_of_rows(page) == names
    page.get_by_role("button", name="P(malicious)").click()
    header = page.get_by_role("columnheader", name="P(malicious)")
    expect(header).to_have_attribute("aria-sort", "descending")
    assert names_of_rows(page) == [*(names[i] for i in (1, 2, 0)), "co.uk", "=1+1"]
    page.get_by_role("button", name="P(malicious)").click()
    expect(header).to_have_attribute("aria-sort", "ascending")
    assert names_of_rows(page) == [*(names[i] for i in (0, 2, 1)), "co.uk", "=1+1"]
    assert page.locator("[aria-sort]").count() == 1

    with page.expect_download() as download:
        page.get_by_role("button", name="Download CSV").click()
    with Path(download.value.path()).open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    defused = [*names[:2], "'-abc.com", "co.uk", "'=1+1"]
    assert [row["domain"] for row in rows] == defused
    score = language.score_many(names)[1]
    assert isinstance(score, Score)
    assert float(rows[1]["probability"]) == score.probability
    assert float(rows[1]["threshold"]) == language.threshold
    assert (rows[1]["verdict"], rows[1]["operating_point"]) == ("malicious", "max_f1")
    assert (rows[3]["verdict"], rows[3]["probability"]) == ("refused", "")
    assert "public suffix" in rows[3]["error"]


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
    page.get_by_role("button", name="Row").click()
    assert names_of_rows(page)[0] == "name2599.com"


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


def test_a_file_is_chosen_or_dropped(page: Page, tmp_path: Path) -> None:
    path = tmp_path / "names.csv"
    path.write_text("\ufeffhost,when\nfacebook.com,1\nexample.com,2\n", encoding="utf-8")
    page.get_by_label("Choose a file").set_input_files(path)
    field = page.get_by_label("Names, hosts or URLs, one a line")
    expect(field).to_have_value("facebook.com\nexample.com")
    expect(page.locator("#summary")).to_have_text("names.csv: 2 names read, not judged yet.")
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


def drop(page: Page, name: str, content: str) -> None:
    page.evaluate(f"""() => {{
      const dataTransfer = new DataTransfer();
      dataTransfer.items.add(new File([{content}], "{name}"));
      for (const type of ["dragover", "drop"])
        document.body.dispatchEvent(
          new DragEvent(type, {{dataTransfer, bubbles: true, cancelable: true}}));
    }}""")


def test_the_keyboard_reaches_all_of_it(page: Page) -> None:
    page.keyboard.press("Tab")
    page.keyboard.type(NAME)
    expect(page.locator("#verdict")).to_contain_text(NAME)
    seen = []
    for _ in range(11):
        page.keyboard.press("Tab")
        seen.append(
            page.evaluate("document.activeElement.id || document.activeElement.textContent.trim()")
        )
        ring = "getComputedStyle(document.activeElement.closest('label') ?? document.activeElement)"
        assert page.evaluate(f"{ring}.outlineStyle") == "solid", seen[-1]
    controls = ["facebook.com", NAME, "point", "more", "names", "start", "file"]
    assert [x for x in seen if x in controls] == controls


def test_a_screen_reader_finds_names_roles_and_the_verdict(page: Page) -> None:
    page.get_by_role("button", name="facebook.com").click()
    expect(page.get_by_role("status").first).to_have_text(
        "facebook: legitimate. P(malicious) 0.083%, threshold 91.64%"
    )
    expect(page.locator("main")).to_match_aria_snapshot("""
      - region "One name":
        - heading "One name" [level=2]
        - textbox "Domain name, host or URL"
        - group "Examples"
        - combobox "Operating point"
        - meter "Probability of being malicious"
        - region "Contributions":
          - table "What speaks for what, in log-odds of being malicious":
            - rowgroup:
              - row:
                - columnheader "Term"
            - rowgroup:
              - row /Sum. the log-odds for legitimate −7.0/
        - button "Show all 70 terms"
      - region "A list":
        - textbox "Names, hosts or URLs, one a line"
        - paragraph:
          - button "Judge the list"
          - button "Choose a file"
    """)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_in_both_colour_schemes(
    browser: Browser, app_url: str, scheme: str
) -> None:
    with opened(browser, app_url, color_scheme=scheme, reduced_motion="reduce") as (page, _):
        back = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert (int(re.findall(r"\d+", back)[0]) < 128) == (scheme == "dark")
        start(page, "facebook.com\nxmqjtoevkbhrw.ru\nco.uk")
        expect(page.locator("#summary")).to_contain_text("3 names")
        judge(page, NAME)
        expect(page.locator("#verdict")).to_contain_text(NAME)
        page.route(f"**/{PATH}", lambda route: route.abort())
        start(page, "a")
        expect(page.locator("#names-error")).not_to_be_empty()
        ratio, text = page.evaluate(CONTRAST)
        assert ratio >= 4.5, text


def test_a_phone_needs_no_sideways_scrolling(browser: Browser, app_url: str) -> None:
    phone = {"width": 320, "height": 640}
    with opened(browser, app_url, viewport=phone, has_touch=True) as (page, complaints):
        judge(page, "a" * 63 + ".com")
        expect(page.locator("#verdict")).to_contain_text("aaa")
        page.get_by_role("button", name="Show all").tap()
        start(page, "https://" + "b" * 63 + ".com/" + "c" * 200 + "\nco.uk")
        expect(page.locator("#summary")).to_contain_text("2 names")
        assert page.evaluate("document.documentElement.scrollWidth") == 320
        assert complaints == []


def test_on_another_origin_with_the_api_as_a_setting(
    browser: Browser, app_url: str, elsewhere: str
) -> None:
    """The browser itself enforces CORS; the preflight of a JSON body included."""
    with opened(browser, f"{elsewhere}?api={app_url}") as (page, complaints):
        judge(page, NAME)
        expect(page.locator("#verdict")).to_contain_text("malicious")
        expect(page.locator("#api")).to_have_text(app_url + "/")
        expect(page.get_by_label("Operating point").locator("option")).to_have_count(4)
        start(page, "facebook.com")
        expect(page.locator("#summary")).to_contain_text("1 name: 0 malicious, 1 legitimate")
        assert complaints == []


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("?api=javascript:alert(1)", "The API's address is set to “javascript:alert(1)”"),
        ("?api=http://example.com/", "expected https://"),
        ("?api=https://user:secret@example.com/", "without a password"),
        ("?api=http://127.0.0.1:9/", "No answer from http://127.0.0.1:9: it is down"),
        ("", "not as this API does. Its address can be set"),
    ],
)
def test_an_api_that_cannot_be_asked_is_told_in_words(
    browser: Browser, elsewhere: str, setting: str, message: str
) -> None:
    with opened(browser, elsewhere + setting) as (page, _):
        judge(page, NAME)
        expect(page.locator("#domain-error")).to_contain_text(message)
        expect(page.locator("#point-error")).to_contain_text("operating points are not known")
        expect(page.get_by_label("Domain name")).to_have_attribute("aria-invalid", "false")


def test_the_page_of_the_app_asks_no_other_api(
    browser: Browser, app_url: str, classic_url: str
) -> None:
    """A link with an API of somebody else's must not make this page send names there."""
    with opened(browser, f"{app_url}/?api={classic_url}") as (page, complaints):
        judge(page, NAME)
        expect(page.locator("#domain-error")).to_contain_text("or this page may not ask it")
        assert any("Content Security Policy" in text for text in complaints)


def test_the_meta_policy_is_the_header_but_for_who_is_asked() -> None:
    html = (static.FOLDER / "index.html").read_text(encoding="utf-8")
    found = re.search(r'Content-Security-Policy" content="([^"]*)"', html)
    assert found
    wider = "connect-src 'self' https: http://127.0.0.1:* http://localhost:*"
    # A meta tag cannot say who may frame the page; browsers ignore that there, and complain.
    expected = static.POLICY.replace("connect-src 'self'", wider)
    assert found[1] == expected.replace("frame-ancestors 'none'; ", "")


def test_the_files_come_fenced_in_and_are_small(app_url: str) -> None:
    size = 0
    for route, (_, kind) in static.FILES.items():
        answer = requests.get(app_url + route, timeout=30)
        assert answer.headers["Content-Type"] == kind
        assert static.HEADERS.items() <= dict(answer.headers).items()
        size += len(answer.content)
    assert size < 40_000


def test_without_its_last_slash_the_page_is_found() -> None:
    """As API Gateway has it, where the path begins with the stage's name."""
    answer = static.answer("/", "/api")
    assert (answer.status_code, answer.headers["Location"]) == (308, "./api/")
    assert static.answer("/", "//evil.example").headers["Location"] == "./evil.example/"
    assert static.answer("/", "/api/").status_code == 200


def test_an_api_that_asks_for_a_key_gets_it_from_a_field(browser: Browser) -> None:
    digest = hashlib.sha256(b"secret").hexdigest()
    with served(API_KEY_SHA256=digest) as url, opened(browser, url) as (page, _):
        key = page.get_by_label("API key")
        expect(key).to_be_visible()
        page.get_by_label("Domain name").fill(NAME)
        expect(page.locator("#domain-error")).to_contain_text("key")
        key.fill("wrong")
        key.press("Enter")
        expect(page.locator("#point-error")).to_contain_text("key")
        expect(key).to_be_visible()
        key.fill("secret")
        key.press("Enter")
        expect(page.locator("#verdict")).to_contain_text("alicious")
        expect(key).to_be_hidden()
        expect(page.locator("#point option")).to_have_count(4)
