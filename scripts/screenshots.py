"""
Takes the pictures of the dashboard for README and docs: `uv run python scripts/screenshots.py`.

The pages show 100,000 mock customers of a fixed seed and day, in a separate embedded database, so that a new
picture differs from the old one only where the software does.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from customer360 import settings
from customer360.postgres.embedded import EmbeddedPostgres
from customer360.report.pages import REPORT
from customer360.web.app import make_app
from customer360.web.server import Address, running

ROOT = Path(__file__).parents[1]
IMAGES = ROOT / "docs" / "images"
STORY = ("--customers", "100k", "--seed", "7", "--as-of", "2026-06-30")
WIDTH, HEIGHT, GAP = 1440, 900, 24
SWITCHES = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking")


@contextmanager
def mock_dashboard() -> Iterator[str]:
    """The address of a dashboard with its own mock data."""
    home = Path(tempfile.mkdtemp(prefix="customer360-screenshots-"))
    home.chmod(0o755)  # root's server runs as another user, who must be able to enter it
    try:
        customer360 = [str(Path(sys.executable).with_name("customer360"))]
        environment = {**os.environ, settings.HOME: str(home)}
        subprocess.run([*customer360, "mock", *STORY], check=True, env=environment)  # noqa: S603
        subprocess.run([*customer360, "run"], check=True, env=environment)  # noqa: S603
        with running(make_app(EmbeddedPostgres(home).reader_database()), Address(port=0)) as address:
            yield address.url
    finally:
        EmbeddedPostgres(home).stop()
        shutil.rmtree(home)


@contextmanager
def chromium() -> Iterator[Browser]:
    finder = [sys.executable, str(ROOT / "scripts" / "find_chromium.py"), "--fetch"]
    program = subprocess.run(finder, check=True, capture_output=True, text=True).stdout.strip()  # noqa: S603
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=program, args=list(SWITCHES))


def take(browser: Browser, address: str) -> list[Path]:
    """One picture of each whole page, as wide as a laptop's screen."""
    page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT}, locale="en-GB", color_scheme="light")
    taken = []
    for shown in REPORT.pages:
        page.goto(f"{address}/{shown.name}")
        page.wait_for_selector("html[data-painted]", state="attached")
        taken.append(IMAGES / f"dashboard-{shown.name}.png")
        page.screenshot(path=taken[-1], full_page=True)
    return taken


def put_together(browser: Browser, pictures: list[Path]) -> None:
    """The top of every page, three in a row: the first thing a visitor sees."""
    page = browser.new_page(viewport={"width": WIDTH + 4 * GAP, "height": 2 * HEIGHT // 3 + 3 * GAP})
    page.goto("about:blank")
    page.set_content(
        f"<body style='margin:{GAP}px;display:grid;gap:{GAP}px;grid-template-columns:repeat(3,1fr);"
        "background:#E4E9EF'>"
    )
    for picture in pictures:
        page.evaluate(
            "source => { const image = new Image(); image.src = source; "
            " image.style.cssText = 'width:100%;aspect-ratio:8/5;object-fit:cover;object-position:top';"
            " document.body.append(image); return image.decode() }",
            f"data:image/png;base64,{b64encode(picture.read_bytes()).decode()}",
        )
    page.screenshot(path=IMAGES / "dashboard.png")


def main() -> None:
    with mock_dashboard() as address, chromium() as browser:
        put_together(browser, take(browser, address))


if __name__ == "__main__":
    main()
