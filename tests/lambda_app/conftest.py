"""The browser, and what it opens."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.helpers.browser import chromium, opened


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


@pytest.fixture(scope="module")
def shared_page(browser: Browser, app_url: str) -> Iterator[tuple[Page, list[str]]]:
    """Yield a page, which costs four times as much to open as to load, and its complaints."""
    with opened(browser, app_url) as (page, complaints):
        yield page, complaints


@pytest.fixture
def page(shared_page: tuple[Page, list[str]], app_url: str) -> Iterator[Page]:
    """Yield the page as the app serves it; a complaint of the browser fails the test.

    It keeps nothing in the browser. Routes and permissions end with the test; one that listens to
    events, or changes more of the browser, takes `own_page`.
    """
    page, complaints = shared_page
    page.mouse.move(0, 0)
    complaints.clear()
    page.goto(app_url)
    yield page
    page.unroute_all(behavior="ignoreErrors")
    page.context.clear_permissions()
    check(complaints)


@pytest.fixture
def own_page(browser: Browser, app_url: str) -> Iterator[Page]:
    """Yield the page in a context of its own."""
    with opened(browser, app_url) as (page, complaints):
        yield page
    check(complaints)


def check(complaints: list[str]) -> None:
    # Chromium logs every request that fails; the page tells of those in words.
    assert [text for text in complaints if not text.startswith("Failed to load resource")] == []
