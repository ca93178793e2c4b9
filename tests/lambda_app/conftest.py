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


@pytest.fixture
def page(browser: Browser, app_url: str) -> Iterator[Page]:
    """Yield the page as the app serves it; a complaint of the browser fails the test."""
    with opened(browser, app_url) as (page, complaints):
        yield page
    # Chromium logs every request that fails; the page tells of those in words.
    assert [text for text in complaints if not text.startswith("Failed to load resource")] == []
