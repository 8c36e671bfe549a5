"""The list behind every mark of every visual has as many customers as the mark shows, under any slicers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import product
from typing import Any

import pytest

from customer360.mock_data.plan import plan_of
from customer360.people import lists
from customer360.pipeline.fill import fill_mock_data
from customer360.pipeline.run import run_operations
from customer360.postgres.connection import Database
from customer360.postgres.read import read_together
from customer360.report.dimensions import Between, Dimension, Filters, dimension
from customer360.report.expressions import Measure, needs
from customer360.report.measures import measure
from customer360.report.missing import lacking
from customer360.report.people import Selection, people_behind
from customer360.report.visuals import Visual
from customer360.tables import CUSTOMER_MONTHS, CUSTOMER_MOVES, CUSTOMER_PROFILES
from customer360.web import store
from customer360.web.answers import cut_of, rows_of
from customer360.web.selections import listed, used
from customer360.web.store import Results

pytestmark = [pytest.mark.spark, pytest.mark.slow]

CUSTOMERS = 10_000
WITHOUT_A_LIST = {
    "concentration": "which tenth somebody is in depends on all others",
    "spending_by_tenth": "which tenth somebody is in depends on all others",
    "holdout_ratio": "segments of the end of the calibration",
    "holdout_by_segment": "segments of the end of the calibration",
}


@pytest.fixture(scope="module")
def published(module_database: Database, spark: Any) -> Database:
    fill_mock_data(module_database, spark, plan_of(CUSTOMERS, 7, date(2026, 6, 17), 0.0, 20))
    run_operations(module_database, spark)
    return module_database


@pytest.fixture(scope="module")
def results(published: Database) -> Results:
    """The tables of the dashboard, together with the rows of individual customers."""
    held = store.load(published)
    assert held
    for table, rows in read_together(published, [CUSTOMER_PROFILES, CUSTOMER_MONTHS, CUSTOMER_MOVES]).items():
        held.connection.register("rows_read", rows)
        held.connection.execute(f"CREATE TABLE {table.full_name} AS SELECT * FROM rows_read")
    return held


def under_every_slicer(results: Results) -> Iterator[Filters]:
    yield {}
    for name in results.report.slicers:
        keys = list(results.members[dimension(name)])
        if name == "join_month":
            yield {name: Between(keys[len(keys) // 3], keys[-3])}
        else:
            yield from ({name: [key]} for key in keys)


@dataclass(frozen=True)
class Mark:
    visual: Visual
    measure: Measure
    filters: Filters
    number: Any
    selection: Selection | None


def marks_of(visual: Visual, one: Measure, filters: Filters, results: Results) -> Iterator[Mark]:
    """Every mark with a value, its customers, and the number they add up to."""
    by = [dimension(name) for name in visual.by]
    kept = {**filters, **visual.only}
    counted = [one, *(of for of in {_numerator(visual, one, kept, by, results)} if of)]
    cut = cut_of(visual.fact, tuple(by), kept, counted, results, {})
    for row in rows_of(cut, list(dict.fromkeys(counted)), results):
        if row[one.name] is not None:
            mark = {**kept, **{cut.name: [row[cut.name]] for cut in by}}
            found = people_behind(one, visual.fact, mark, results.looked_up, by=by, thresholds=used({}, results))
            yield Mark(visual, one, mark, row[found.measure.name] if found else None, found)


def _numerator(
    visual: Visual, one: Measure, filters: Filters, by: list[Dimension], results: Results
) -> Measure | None:
    """The measure whose number the list shows; the same for every mark."""
    mark = {name: [next(iter(results.members[dimension(name)]))] for name in visual.by}
    found = people_behind(one, visual.fact, {**filters, **mark}, results.looked_up, by=by)
    return found.measure if found else None


def test_the_list_is_the_number_for_every_mark_under_every_slicer(results: Results) -> None:
    wrong, looked_at, ask = [], 0, held_by(results)
    visuals = [visual for page in results.report.pages for visual in page.visuals if visual.kind != "table"]
    for visual, filters in product(visuals, list(under_every_slicer(results))):
        for name in shown(visual, results, everything=not filters):
            for mark in marks_of(visual, measure(name), filters, results):
                if mark.selection is None:
                    assert visual.name in WITHOUT_A_LIST, (visual.name, name)
                    continue
                customers, total = lists.counted(ask, mark.selection)
                looked_at += 1
                if float(customers if mark.selection.counts else total) != float(mark.number or 0):
                    wrong.append((visual.name, name, mark.filters, mark.number, customers, total))
    assert wrong == []
    assert looked_at > 20_000


def shown(visual: Visual, results: Results, *, everything: bool) -> list[str]:
    """The measures the visual draws; with *everything*, also those of its tooltip."""
    names = dict.fromkeys(
        (*(visual.measures if everything else visual.measures[:1]), *visual.above, *visual.below)
    )
    return [name for name in names if not lacking(needs(measure(name)), results.missing)]


def held_by(results: Results) -> lists.Queryable:
    return lambda text, values: results.connection.cursor().execute(text, values).fetchall()


def test_postgresql_finds_the_same_customers(results: Results, published: Database) -> None:
    """Both run the same text; here for the first mark of each visual, in every order."""
    with published.connect() as connection:
        for visual in (visual for page in results.report.pages for visual in page.visuals):
            for name in listed(visual, results):
                mark = next(marks_of(visual, measure(name), {}, results))
                assert mark.selection
                order = lists.order_of("-spent", mark.selection)
                there = lists.found(lists.asking(connection), mark.selection, order, None, 40)
                assert there == lists.found(held_by(results), mark.selection, order, None, 40)
                assert lists.counted(lists.asking(connection), mark.selection)[0] >= len(there)


def test_every_visual_that_counts_customers_has_a_list(results: Results) -> None:
    without = {
        visual.name
        for page in results.report.pages
        for visual in page.visuals
        if visual.kind not in ("table", "parameter") and not listed(visual, results)
    }

    assert without == {*WITHOUT_A_LIST}


@pytest.mark.parametrize("sort", ["customer_id", "-customer_id", "-spent", "last_purchase", "-country_member"])
def test_pages_follow_one_another_without_a_gap(results: Results, published: Database, sort: str) -> None:
    selection = Selection(measure("total_customers"))
    order, after, ids = lists.order_of(sort, selection), None, []
    with published.connect() as connection:
        while page := lists.found(lists.asking(connection), selection, order, after, 700):
            ids += [one.customer_id for one in page]
            after = lists.after_cursor(lists.cursor_of(page[-1]), order)

    assert len(ids) == len({*ids}) == CUSTOMERS
