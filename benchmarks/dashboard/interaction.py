"""What a reader waits for: from a click on a slicer to the frame in which every visual shows the result."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import ExitStack
from statistics import median

from playwright.sync_api import Browser

from benchmarks.arguments import chosen, in_one_line
from benchmarks.dashboard.browser import FirstPage, chromium, first_page
from benchmarks.dashboard.choices import Change, Choices
from benchmarks.dashboard.options import add_data, add_turns, parser
from benchmarks.dashboard.places import dashboard, home_with_results, results_in
from benchmarks.dashboard.readers import (
    FIRST,
    Json,
    Step,
    bare_reader,
    dash_reader,
    dashboard_reader,
    has_uv,
    streamlit_reader,
)
from benchmarks.dashboard.turns import Turn, in_turns
from benchmarks.interleaved import save, say
from customer360.web.answers import answer
from customer360.web.outline import outline
from customer360.web.replies import Reply
from customer360.web.store import Results
from customer360.web.view import page_of, view

DESCRIPTION = """\
Measures the time from a click on a slicer to the frame that paints the result, in Chromium at 1440 x 900.

  bare       limit: the overview's charts in a page with only ECharts, with the answers already loaded
  PAGE       ours: overview, financial, engagement, activity
  dash       peer: the overview in Dash, with Plotly and the dashboard's own SQL
  streamlit  peer: the overview in Streamlit, with the same SQL
  opening    ours: the overview opened by a browser with an empty cache; a separate result
"""
OPENING = "opening"
CLICKS_A_TURN = 12
_SEED = 7


def main() -> None:
    made = parser("interaction", DESCRIPTION)
    add_data(made)
    add_turns(made)
    arguments = made.parse_args()
    say(f"interaction, {arguments.rows:,} customers")
    with home_with_results(arguments.rows, arguments.home) as home, ExitStack() as stack:
        results = results_in(home)
        walk = steps(results, arguments.repeats + 1)
        first = _answer(results, ())
        browser = stack.enter_context(chromium())
        url = stack.enter_context(dashboard(home)).url
        openings: list[FirstPage] = []
        everyone = [bare_reader(browser, url, walk, first)]
        everyone += [dashboard_reader(browser, url, page.name, walk) for page in results.report.pages]
        if has_uv():
            total = _total(first)
            everyone += [
                stack.enter_context(make(browser, home, walk, total)) for make in (dash_reader, streamlit_reader)
            ]
        everyone += [_opening(browser, url, openings)]
        measured = in_turns(chosen(everyone, arguments.only), repeats=arguments.repeats)
    clicks = [one for one in measured if one.key != OPENING]
    save("interaction", arguments.rows, clicks, arguments.results)
    if openings:
        opened = [one for one in measured if one.key == OPENING]
        save(OPENING, arguments.rows, opened, arguments.results, _facts(openings))


def steps(results: Results, turns: int) -> list[list[Step]]:
    """Clicks by turn; no choice occurs twice, so that no answer is cached."""
    choices = Choices.of(json.loads(Reply(outline(results)).body))
    walk = [_step(change, results) for change in choices.walk(turns * CLICKS_A_TURN, _SEED)]
    return [walk[at : at + CLICKS_A_TURN] for at in range(0, len(walk), CLICKS_A_TURN)]


def _step(change: Change, results: Results) -> Step:
    answered = _answer(results, change.query)
    click = {"slicer": change.slicer, "value": change.value, "token": change.token}
    return {**click, "total": _total(answered), "answer": answered}


def _answer(results: Results, query: Sequence[tuple[str, str]]) -> Json:
    asked = view(page_of("overview", results), query, results)
    answered: Json = json.loads(Reply(answer(asked, results)).body)
    return answered


def _total(answered: Json) -> str:
    """The number as the peers print it."""
    return f"{answered['visuals']['total_customers']['values']['total_customers'] or 0:,}"


def _opening(browser: Browser, url: str, openings: list[FirstPage]) -> Turn:
    def take(_: int) -> list[float]:
        openings.append(first_page(browser, f"{url}/overview", FIRST))
        return [openings[-1].seconds]

    return Turn(OPENING, "**dashboard**, overview", "ours", take)


def _facts(openings: Sequence[FirstPage]) -> dict[str, float]:
    return {
        "requests": max(one.requests for one in openings),
        "requests to other hosts": max(one.requests_to_others for one in openings),
        "MB": round(median(one.bytes for one in openings) / 1e6, 3),
    }


if __name__ == "__main__":
    in_one_line(main)
