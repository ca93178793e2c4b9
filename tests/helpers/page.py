"""What a person does on the page, by playwright."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, Page, Route

NAME = "plzdonthackmekthxbye"  # what the page opens with


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
    """Have a list judged."""
    paste(page, text)
    page.get_by_role("button", name="Judge the list").click()


def first_name(route: Route) -> str:
    """The first of the names that a batch asks for."""
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
