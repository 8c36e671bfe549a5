"""Fixtures of the browser tests: a Chromium, and a page that reports everything that goes wrong in it."""

import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import sync_playwright

from customer360.web.store import hold
from tests.web.published import miniature_results

ROOT = Path(__file__).parents[2]
ARGUMENTS = [
    "--no-sandbox",  # the tests may run as root
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
READER = {"locale": "en-GB", "viewport": {"width": 1440, "height": 900}, "reduced_motion": "reduce"}
OUR_HOST = "127.0.0.1"
WITHIN_THE_PAGE = {"about", "blob", "data"}


def pytest_collection_modifyitems(items):
    """Marks every test that uses the browser as `browser`, so that none is missed."""
    for item in items:
        if "chromium" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def tables():
    """The published tables of a few hundred invented customers; read-only."""
    return miniature_results()


@pytest.fixture(scope="session")
def results(tables):
    """These tables in the form the server keeps in memory."""
    return hold(tables)


@pytest.fixture(scope="session")
def chromium_program():
    """The path of a Chromium; without one, tests that need it are skipped with a message."""
    command = [sys.executable, str(ROOT / "scripts" / "find_chromium.py")]
    found = subprocess.run(command, capture_output=True, text=True)
    if found.returncode:
        pytest.skip(" ".join(found.stderr.split()))
    return found.stdout.strip()


# Not session-scoped: while Playwright runs, nothing else in this thread can run an event loop.
@pytest.fixture(scope="module")
def chromium(chromium_program):
    """A headless Chromium."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_program, args=ARGUMENTS)
        yield browser
        browser.close()


class Complaints(list[str]):
    """The problems of a page. A test that expects one removes it with `complaints.clear()`."""

    def listen_to(self, page):
        page.on("console", self._message)
        page.on("pageerror", lambda error: self.append(f"uncaught: {error}"))
        page.on("request", self._request)

    def _message(self, message):
        if message.type == "error":
            self.append(f"console: {message.text}")

    def _request(self, request):
        address = urlsplit(request.url)
        if address.scheme not in WITHIN_THE_PAGE and address.hostname != OUR_HOST:
            self.append(f"request to another host: {request.url}")


@pytest.fixture
def complaints():
    """The problems of the test's pages: console errors, including policy violations, and failed requests."""
    return Complaints()


@pytest.fixture
def page(chromium, complaints):
    """A page in its own context, with a British locale; the test fails if anything goes wrong in it."""
    context = chromium.new_context(**READER)
    context.on("page", complaints.listen_to)
    yield context.new_page()
    context.close()
    assert complaints == []
