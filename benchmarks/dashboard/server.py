"""How long the server takes for the numbers of a page that nobody has requested yet."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from itertools import chain
from json import loads
from typing import Any

from benchmarks.arguments import chosen, in_one_line, size
from benchmarks.dashboard.cells import with_cells
from benchmarks.dashboard.choices import Choices, Pairs
from benchmarks.dashboard.options import add_home, add_turns, parser
from benchmarks.dashboard.places import home_with_results
from benchmarks.dashboard.turns import Turn, in_turns
from benchmarks.interleaved import Measured, save, say
from customer360.postgres.embedded import EmbeddedPostgres
from customer360.postgres.read import read_together
from customer360.report.dimensions import dimension
from customer360.report.visuals import Page
from customer360.tables import CUSTOMER_SEGMENTS
from customer360.web import sql
from customer360.web.answers import answer, cut_of
from customer360.web.outline import outline
from customer360.web.replies import Reply
from customer360.web.store import LOADED, Results, hold
from customer360.web.view import PICK, View, view

DESCRIPTION = """\
Measures the time of an uncached answer, from the query of a URL to compressed JSON, with --cells rows in
customer_segments: 1 to 3 random slicers, and in a third of the queries a clicked mark.

  PAGE        ours: overview, financial, engagement, activity
  limit-PAGE  limit: one sum by DuckDB over the smallest table that has the filters' columns
"""
_CUSTOMERS = 100_000
"""Customers of the database that provides the members of the cells."""
_QUESTIONS_A_TURN = 25


def main() -> None:
    made = parser("server", DESCRIPTION)
    made.add_argument("--cells", type=size, default="1M", help="rows of customer_segments (default 1M)")
    add_home(made)
    add_turns(made)
    arguments = made.parse_args()
    say(f"server, {arguments.cells:,} cells")
    with home_with_results(_CUSTOMERS, arguments.home) as home:
        postgres = EmbeddedPostgres(home)
        postgres.start()
        tables = read_together(postgres.reader_database(), LOADED)
    results = hold(with_cells(tables, {CUSTOMER_SEGMENTS: arguments.cells}))
    everyone = [turn for page in results.report.pages for turn in _turns(page, results)]
    measured = in_turns(chosen(everyone, arguments.only), repeats=arguments.repeats)
    save("server", arguments.cells, [*_all(measured), *measured], arguments.results)


def _turns(page: Page, results: Results) -> list[Turn]:
    choices = Choices.of(loads(Reply(outline(results)).body))

    def asked(turn: int) -> list[Pairs]:
        chance = random.Random(f"{page.name} {turn}")
        return [_question(page, choices, results, chance) for _ in range(_QUESTIONS_A_TURN)]

    def ours(question: Pairs) -> object:
        return Reply(answer(view(page, question, results), results))

    def limit(question: Pairs) -> object:
        return _one_sum(view(page, question, results), results)

    return [
        Turn(f"limit-{page.name}", f"{page.title}: one sum", "limit", lambda turn: _timed(limit, asked(turn))),
        Turn(page.name, f"**{page.title}**", "ours", lambda turn: _timed(ours, asked(turn))),
    ]


def _question(page: Page, choices: Choices, results: Results, chance: random.Random) -> Pairs:
    query = choices.slicers(chance)
    return query if chance.random() > 1 / 3 else (*query, _mark(page, results, chance))


def _mark(page: Page, results: Results, chance: random.Random) -> tuple[str, str]:
    visual = chance.choice([visual for visual in page.visuals if visual.by])
    keys = [str(chance.choice([key for key in results.members[dimension(name)] if key])) for name in visual.by]
    return f"{PICK}{visual.name}", ",".join(keys)


def _one_sum(asked: View, results: Results) -> object:
    """The measure of the page's first visual, over everything that its filters leave."""
    visual = asked.page.visuals[0]
    filters, measures = asked.filters(visual), [visual.measure]
    fact = cut_of(visual.fact, (), filters, measures, results, asked.parameters).fact
    return results.rows(sql.aggregate(fact, measures, filters=filters, looked_up=results.looked_up))


def _timed(ask: Callable[[Pairs], object], questions: list[Pairs]) -> list[float]:
    def seconds(question: Pairs) -> float:
        started = time.perf_counter()
        ask(question)
        return time.perf_counter() - started

    return list(map(seconds, questions))


def _all(measured: tuple[Measured, ...]) -> list[Measured]:
    """All pages together, the limit first."""
    labels: Mapping[str, Any] = {"limit": "all pages: one sum", "ours": "**all pages**"}
    return [
        Measured(role, label, role, list(chain.from_iterable(one.samples for one in measured if one.role == role)))
        for role, label in labels.items()
        if any(one.role == role for one in measured)
    ]


if __name__ == "__main__":
    in_one_line(main)
