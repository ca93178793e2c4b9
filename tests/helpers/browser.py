"""A real browser, headless."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")
# No sandbox: in containers it often cannot be had. What is opened is our own page.
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]
ARGUMENTS += ["--disable-background-networking", "--disable-component-update", "--disable-sync"]


@contextmanager
def chromium() -> Iterator[Browser]:
    """The machine's own Chromium for the with block; raises RuntimeError if there is none."""
    paths = [path for name in NAMES if (path := shutil.which(name))]
    if not paths:
        raise RuntimeError(
            "the page's tests need Chromium, and the PATH has none: "
            "apt-get install --no-install-recommends chromium, as root"
        )
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=paths[0], args=ARGUMENTS)
        try:
            yield browser
        finally:
            browser.close()
