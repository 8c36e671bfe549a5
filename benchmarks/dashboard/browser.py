"""A real Chromium, and pages in it that can be measured."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, Request, sync_playwright

from benchmarks.commands import REPOSITORY
from customer360.errors import Customer360Error

PAGES = Path(__file__).with_name("pages")
_SIZE = {"width": 1440, "height": 900}
_QUIET = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync")
_QUIETER = ("--disable-background-networking", "--disable-component-update", "--disable-extensions")


@dataclass(frozen=True)
class FirstPage:
    """A page opened by a browser with an empty cache."""

    seconds: float
    """From the navigation to the first frame with every visual."""
    requests: int
    requests_to_others: int
    """Requests to another host."""
    bytes: int
    """As sent, including headers."""


@contextmanager
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=_program(), args=[*_QUIET, *_QUIETER])
        try:
            yield browser
        finally:
            browser.close()


def measurable(browser: Browser) -> Page:
    """An empty page in a separate browser profile, with the stopwatch."""
    page = browser.new_context(viewport=_SIZE).new_page()  # type: ignore[arg-type]
    page.add_init_script(path=PAGES / "stopwatch.js")
    return page


def first_page(browser: Browser, url: str, painted: str) -> FirstPage:
    """Opens *url* for the first time; the script *painted* waits for the first frame and returns its time."""
    page = measurable(browser)
    asked: list[Request] = []
    page.on("request", lambda request: asked.append(request))
    received = _count_bytes(page)
    page.goto(url, wait_until="commit")
    milliseconds = page.evaluate(painted)
    page.wait_for_timeout(500)  # requests after the first frame count too
    others = [
        request for request in asked if not request.url.startswith((url.rpartition("/")[0], "data:", "blob:"))
    ]
    page.context.close()
    return FirstPage(milliseconds / 1_000, len(asked), len(others), sum(received))


def _count_bytes(page: Page) -> list[int]:
    received: list[int] = []

    def finished(event: dict[str, Any]) -> None:
        received.append(int(event["encodedDataLength"]))

    client = page.context.new_cdp_session(page)
    client.on("Network.loadingFinished", finished)
    client.send("Network.enable")
    return received


def _program() -> str:
    found = subprocess.run(
        [sys.executable, REPOSITORY / "scripts" / "find_chromium.py"], capture_output=True, text=True, check=False
    )
    if found.returncode:
        raise Customer360Error(f"there is no Chromium; {found.stderr.strip().splitlines()[-1]}")
    return found.stdout.strip()
