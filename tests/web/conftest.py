"""What the tests in a browser share: a Chromium, and a page that tells of everything that goes wrong in it."""

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
    """A test that asks for the browser is marked `browser`, so that none is forgotten."""
    for item in items:
        if "chromium" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def tables():
    """The published tables of a few hundred invented customers; only read."""
    return miniature_results()


@pytest.fixture(scope="session")
def results(tables):
    """These tables as the server holds them."""
    return hold(tables)


@pytest.fixture(scope="session")
def chromium_program():
    """The path of a Chromium; where there is none, the tests that need it are skipped and say so."""
    command = [sys.executable, str(ROOT / "scripts" / "find_chromium.py")]
    found = subprocess.run(command, capture_output=True, text=True)
    if found.returncode:
        pytest.skip(" ".join(found.stderr.split()))
    return found.stdout.strip()


# Not for the session: while Playwright runs, nothing else in this thread can run an event loop.
@pytest.fixture(scope="module")
def chromium(chromium_program):
    """A headless Chromium."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_program, args=ARGUMENTS)
        yield browser
        browser.close()


class Complaints(list[str]):
    """What went wrong in a page. A test that expects something takes it out: `complaints.clear()`."""

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
    """What went wrong in the test's pages so far: errors in the console (a breach of the policy is one), requests."""
    return Complaints()


@pytest.fixture
def page(chromium, complaints):
    """A page in a context of its own, as a reader in Britain has it; the test fails when anything goes wrong in it."""
    context = chromium.new_context(**READER)
    context.on("page", complaints.listen_to)
    yield context.new_page()
    context.close()
    assert complaints == []
