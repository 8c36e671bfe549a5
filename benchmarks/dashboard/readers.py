"""Readers of the overview page: in the dashboard, as charts only, and in other frameworks."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, Route

from benchmarks.commands import REPOSITORY
from benchmarks.dashboard.browser import PAGES, measurable
from benchmarks.dashboard.choices import FROM, TO, token
from benchmarks.dashboard.places import Server, peer
from benchmarks.dashboard.turns import Turn
from benchmarks.interleaved import say
from customer360.postgres.embedded import free_port

Json = dict[str, Any]
Step = Json
"""A click and its result: slicer, value, token, total, answer."""

_BETWEEN_CLICKS = 100
"""Milliseconds in which a page finishes deferred work; readers are slower than that."""

FIRST = "() => window.firstPainted"
"""Waits for the first frame with every visual, and returns its time."""


def dashboard_reader(browser: Browser, url: str, page_name: str, walk: Sequence[Sequence[Step]]) -> Turn:
    """A reader of a page of the dashboard."""
    page = measurable(browser)
    page.goto(f"{url}/{page_name}")
    page.evaluate(FIRST)
    title = page.inner_text("h1")
    return Turn(page_name, f"**dashboard**, {title}", "ours", _clicks(page, "dashboard", walk))


def bare_reader(browser: Browser, url: str, walk: Sequence[Sequence[Step]], first: Json) -> Turn:
    """The limit: ECharts with the options and sizes of the overview's charts, with all answers already loaded."""
    page = measurable(browser)
    page.goto(f"{url}/overview")
    page.evaluate(FIRST)
    given = page.evaluate(_LIKE_THE_PAGE)
    answers = [first, *(step["answer"] for turn in walk for step in turn)]
    page.add_init_script(f"window.given = {json.dumps({**given, 'page': 'overview', 'answers': answers})}")
    _serve(page, url, given["modules"])
    page.goto(f"{url}/bare.html")
    page.wait_for_function("window.isReady")
    return Turn("bare", "ECharts alone, answers at hand", "limit", _clicks(page, "bare", walk))


_LIKE_THE_PAGE = """async () => {
  const nameOf = (canvas) => canvas.closest("[data-visual]").dataset.visual;
  const chart = (canvas) => [nameOf(canvas), [canvas.clientWidth, canvas.clientHeight]];
  return {
    report: await (await fetch("/api/report")).json(),
    modules: new URL(document.querySelector("script[type=module]").src).pathname.replace("/app.js", ""),
    sizes: Object.fromEntries([...document.querySelectorAll("[data-visual] .canvas")].map(chart)),
  };
}"""


def _serve(page: Page, url: str, modules: str) -> None:
    """Serves the bare page's own two files; the dashboard's modules are requested as usual."""

    def answer(route: Route) -> None:
        name = route.request.url.rpartition("/")[2]
        kind = "text/html" if name.endswith("html") else "text/javascript"
        text = (PAGES / name).read_text(encoding="utf-8").replace("{{static}}", modules)
        route.fulfill(body=text, content_type=f"{kind}; charset=utf-8")

    for name in ("bare.html", "bare.js"):
        page.route(f"{url}/{name}", answer)


@contextmanager
def dash_reader(browser: Browser, home: Path, walk: Sequence[Sequence[Step]], total: str) -> Iterator[Turn]:
    port = free_port(8050)
    with peer(
        [*_with("dash", "waitress"), "-m", "benchmarks.dashboard.peers.dash_page", str(port)], home, port
    ) as server:
        yield _peer_reader(browser, server, "dash", walk, total)


@contextmanager
def streamlit_reader(browser: Browser, home: Path, walk: Sequence[Sequence[Step]], total: str) -> Iterator[Turn]:
    port = free_port(8501)
    options = ["--server.headless=true", "--server.fileWatcherType=none", "--browser.gatherUsageStats=false"]
    script = str(REPOSITORY / "benchmarks" / "dashboard" / "peers" / "streamlit_page.py")
    command = [*_with("streamlit", "plotly"), "-m", "streamlit", "run", script, f"--server.port={port}", *options]
    with peer([*command, "--server.address=127.0.0.1"], home, port) as server:
        yield _peer_reader(browser, server, "streamlit", walk, total)


def has_uv() -> bool:
    """Whether the peers, which need separate environments, can run; reports when they cannot."""
    if shutil.which("uv"):
        return True
    say("OMITTED: Streamlit and Dash, because uv, which installs them, is not on the PATH")
    return False


def _with(*packages: str) -> list[str]:
    """Python with this project and *packages*, in an environment cached by uv; orjson makes Plotly faster."""
    return ["uv", "run", "--no-sync", "--quiet", *(f"--with={name}" for name in (*packages, "orjson")), "python"]


def _version(package: str) -> str:
    code = f"import importlib.metadata; print(importlib.metadata.version('{package}'))"
    done = subprocess.run(
        [*_with(package), "-c", code], cwd=REPOSITORY, check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


def _peer_reader(
    browser: Browser,
    server: Server,
    name: str,
    walk: Sequence[Sequence[Step]],
    total: str,
) -> Turn:
    page = measurable(browser)
    page.goto(server.url)
    page.evaluate("start => stopwatch.ready(start)", {"token": token(()), "total": total})
    return Turn(name, f"{name.title()} {_version(name)}", "peer", _clicks(page, name, walk))


def _clicks(page: Page, name: str, walk: Sequence[Sequence[Step]]) -> Callable[[int], list[float]]:
    def clicked(step: Step) -> float:
        page.wait_for_timeout(_BETWEEN_CLICKS)
        if name == "streamlit":
            _search(page, step)
        return _click(page, name, step)

    return lambda turn: list(map(clicked, walk[turn]))


def _search(page: Page, step: Step) -> None:
    """Opens and searches Streamlit's list of months, which is not measured; the click is on the match."""
    page.wait_for_selector("[data-test-script-state=notRunning]")
    if step["slicer"] in (FROM, TO):
        months = page.locator(f".st-key-{step['slicer']}")
        months.get_by_label("Open").click()
        months.locator("input").fill(step["value"])
        page.get_by_role("option", name=step["value"]).wait_for(state="attached")


def _click(page: Page, name: str, step: Mapping[str, Any]) -> float:
    click = {part: step[part] for part in ("slicer", "value", "token", "total")}
    return float(page.evaluate(f"click => stopwatch.{name}(click)", click)) / 1_000
