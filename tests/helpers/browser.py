"""Drive the page in a real browser, headless, and serve files to it.

As a program it draws the page for the documents: python -m tests.helpers.browser FOLDER
"""

from __future__ import annotations

import functools
import json
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from playwright.sync_api import Browser, Page, Route, expect, sync_playwright

from tests.helpers.programs import require_program

NAMES = ("chromium", "chromium-browser", "google-chrome")
# No sandbox: in containers it often cannot be had. What is opened is our own page.
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]
ARGUMENTS += ["--disable-background-networking", "--disable-component-update", "--disable-sync"]
MILLISECONDS = 30_000  # that a busy machine may take for a step


@contextmanager
def chromium() -> Iterator[Browser]:
    """Run the machine's own Chromium for the with block; raise RuntimeError if there is none."""
    path = require_program("chromium", *NAMES)
    expect.set_options(timeout=MILLISECONDS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def files_served(folder: Path) -> Iterator[str]:
    """Serve a folder's files on an origin of their own, and yield the URL."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            pass

    handler = functools.partial(Quiet, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()
            thread.join()


NAME = "plzdonthackmekthxbye"  # what the page opens with


@contextmanager
def opened(browser: Browser, url: str, **options: object) -> Iterator[tuple[Page, list[str]]]:
    """Open a page; yield it and its console's complaints, breaches of its policy included."""
    with browser.new_context(**options) as context:  # type: ignore[arg-type]
        page = context.new_page()
        page.set_default_timeout(MILLISECONDS)
        complaints: list[str] = []
        page.on("console", lambda m: complaints.append(m.text) if m.type != "log" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(url)
        yield page, complaints


def judge(page: Page, name: str) -> None:
    page.get_by_label("Domain name, host or URL").fill(name)
    page.get_by_label("Domain name, host or URL").press("Enter")


def names_of_rows(page: Page) -> list[str]:
    return page.locator("#rows tbody td.name").all_text_contents()


def paste(page: Page, text: str) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.evaluate("text => navigator.clipboard.writeText(text)", text)
    page.get_by_label("Names, hosts or URLs, one a line").focus()
    page.keyboard.press("Control+A")
    page.keyboard.press("Control+V")


def start(page: Page, text: str) -> None:
    """Have a list scored."""
    paste(page, text)
    page.get_by_role("button", name="Judge the list").click()


def first_name(route: Route) -> str:
    """Return the first of the names that a batch asks for."""
    return str(json.loads(route.request.post_data or "")["domains"][0])


def drop(page: Page, name: str, content: str) -> None:
    """Drop a file on the page; content is an expression in JavaScript."""
    page.evaluate(f"""() => {{
      const dataTransfer = new DataTransfer();
      dataTransfer.items.add(new File([{content}], "{name}"));
      for (const type of ["dragover", "drop"])
        document.body.dispatchEvent(
          new DragEvent(type, {{dataTransfer, bubbles: true, cancelable: true}}));
    }}""")


LIST = (
    "domain\nfacebook.com\nxmqjtoevkbhrw.ru\nhttps://www.example.co.uk/path\nco.uk\nqwrtzp\n1.2.3.4\n"
    "printer.local\nd111111abcdef8.cloudfront.net"
)


def show_verdict(page: Page) -> None:
    """One name judged."""
    expect(page.locator("#verdict")).to_contain_text("generated")


def show_terms(page: Page) -> None:
    """Every term of it."""
    page.locator("#more").click()
    expect(page.locator("#terms")).to_be_visible()


def show_skipped(page: Page) -> None:
    """Show a name that is not scored."""
    page.get_by_role("button", name="printer.local").click()
    expect(page.locator("#verdict")).to_contain_text("skipped")


def show_list(page: Page) -> None:
    """Show a list that was scored."""
    page.get_by_label("one a line").fill(LIST)
    page.get_by_role("button", name="Judge the list").click()
    expect(page.locator("#summary")).to_contain_text("invalid")


def take_screenshots(browser: Browser, url: str, folder: Path) -> None:
    """Every view into a PNG of the folder."""
    for title, width, height, scheme, act in (
        ("page", 800, 1200, "light", show_verdict),
        ("dark", 800, 1200, "dark", show_verdict),
        ("page-phone", 390, 1150, "light", show_verdict),
        ("all-dark-phone", 390, 844, "dark", show_terms),
        ("all", 800, 1200, "light", show_terms),
        ("skipped", 800, 700, "light", show_skipped),
        ("list", 800, 1200, "light", show_list),
        ("list-dark-phone", 390, 844, "dark", show_list),
    ):
        with browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme="dark" if scheme == "dark" else "light",
        ) as context:
            page = context.new_page()
            page.goto(url)
            act(page)
            page.wait_for_timeout(400)  # transitions
            page.screenshot(path=folder / f"{title}.png", full_page=not title.startswith("page"))


if __name__ == "__main__":
    from pipeline.release.local_server import serve_app

    target = Path(sys.argv[1])
    target.mkdir(parents=True, exist_ok=True)
    with serve_app() as address, chromium() as running:
        take_screenshots(running, address, target)
