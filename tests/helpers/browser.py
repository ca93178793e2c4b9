"""A real browser, headless, and a server of files for it."""

from __future__ import annotations

import functools
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

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


@contextmanager
def files_served(folder: Path) -> Iterator[str]:
    """The URL of a folder's files on an origin of its own, from a server of nothing else."""

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
