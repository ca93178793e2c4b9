"""axe-core finds nothing on the page that would keep people out, however it is looked at."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.helpers.browser import NAME, judge, opened, start

PHONE = {"width": 390, "height": 844}
DESK = {"width": 1280, "height": 800}


def found(page: Page, left_out: str | None = None) -> list[str]:
    """Return what axe-core objects to, with the elements that it means, colours included.

    left_out: a selector of elements that are not looked at.
    """
    context = {"exclude": [left_out]} if left_out else None
    results = Axe().run(page, context=context).response
    assert any(rule["id"] == "color-contrast" for rule in results["passes"])
    return [
        f"{rule['id']}: {rule['help']}: {node['html'][:200]} {node['failureSummary']}"
        for rule in results["violations"]
        for node in rule["nodes"]
    ]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("viewport", "scheme"),
    [(DESK, "light"), (PHONE, "dark")],
    ids=["desk-light", "phone-dark"],
)
def test_axe_finds_nothing(
    browser: Browser, app_url: str, scheme: str, viewport: dict[str, int]
) -> None:
    with opened(
        browser, app_url, color_scheme=scheme, viewport=viewport, reduced_motion="reduce"
    ) as (page, complaints):
        expect(page.locator("#verdict")).to_contain_text(NAME)
        expect(page.locator("#point option")).to_have_count(5)
        assert found(page) == []
        page.locator("#more").click()
        assert found(page) == []
        start(page, f"facebook.com\nprinter.local\n{NAME}\nco.uk\nd1.cloudfront.net")
        expect(page.locator("#summary")).to_contain_text("5 names: ")
        judge(page, "printer.local")
        expect(page.locator("#verdict")).to_contain_text("skipped")
        page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(); }")
        page.get_by_role("button", name="Copy link").click()
        expect(page.locator("#to-copy")).to_be_visible()
        assert found(page) == []
        judge(page, "two words.com")
        expect(page.locator("#domain-error")).not_to_be_empty()
        assert found(page) == []
        assert [text for text in complaints if not text.startswith("Failed to load")] == []


@pytest.mark.slow
def test_axe_finds_nothing_with_a_long_list(page: Page) -> None:
    start(page, "\n".join(["co.uk", "printer.local", *(f"name{i}.com" for i in range(1200))]))
    expect(page.locator("#summary")).to_contain_text("1,202 names: ")
    expect(page.locator("#rows tbody tr")).to_have_count(1000)
    assert found(page, left_out="#rows tbody tr:nth-child(n+20)") == []  # which are alike
