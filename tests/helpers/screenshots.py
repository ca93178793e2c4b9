"""The page as it looks: python -m tests.helpers.screenshots FOLDER.

page.png and page-phone.png are for the documents.
"""

from __future__ import annotations

import sys
from pathlib import Path

from playwright.sync_api import Browser, Page, expect

from pipeline.release.local_server import served
from tests.helpers.browser import chromium

LIST = (
    "domain\nfacebook.com\nxmqjtoevkbhrw.ru\nhttps://www.example.co.uk/path\nco.uk\nqwrtzp\n1.2.3.4\n"
    "printer.local\nd111111abcdef8.cloudfront.net"
)


def name(page: Page) -> None:
    """One name judged."""
    expect(page.locator("#verdict")).to_contain_text("malicious")


def terms(page: Page) -> None:
    """Every term of it."""
    page.locator("#more").click()
    expect(page.locator("#terms")).to_be_visible()


def skipped(page: Page) -> None:
    """A name that is not judged."""
    page.get_by_role("button", name="printer.local").click()
    expect(page.locator("#verdict")).to_contain_text("skipped")


def names(page: Page) -> None:
    """A list judged."""
    page.get_by_label("one a line").fill(LIST)
    page.get_by_role("button", name="Judge the list").click()
    expect(page.locator("#summary")).to_contain_text("invalid")


def shoot(browser: Browser, url: str, folder: Path) -> None:
    """Every view into a PNG of the folder."""
    for title, width, height, scheme, act in (
        ("page", 800, 1200, "light", name),
        ("dark", 800, 1200, "dark", name),
        ("page-phone", 390, 1150, "light", name),
        ("all-dark-phone", 390, 844, "dark", terms),
        ("all", 800, 1200, "light", terms),
        ("skipped", 800, 700, "light", skipped),
        ("list", 800, 1200, "light", names),
        ("list-dark-phone", 390, 844, "dark", names),
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
    target = Path(sys.argv[1])
    target.mkdir(parents=True, exist_ok=True)
    with served() as address, chromium() as running:
        shoot(running, address, target)
