"""Answers for readers who may not see people: no numbers about few customers, on any page, under any filter."""

from __future__ import annotations

import json
from itertools import combinations

import pytest

from customer360.report.dimensions import ACTIVITY, COUNTRY, JOIN_MONTH, LOYALTY_STATUS, dimension
from customer360.report.expressions import LastMonths
from customer360.report.measures import measure
from customer360.tables import TOP_CUSTOMERS
from customer360.web.answers import answer
from customer360.web.counted import counts_of
from customer360.web.kept_answers import answer_without_small
from customer360.web.outline import outline
from customer360.web.view import view
from tests.web.published import WHOLE

SMALLEST = 5
PAGES = [pytest.param(page, id=page.name) for page in WHOLE.pages]
OF_CUSTOMERS = {"customers", "moves"}


def filters(results):
    """Each member of every slicer alone, and in pairs with members of another slicer; every sixth month."""
    months = [*results.members[JOIN_MONTH]][::6]
    single = [
        *(((cut.name, str(key)),) for cut in (LOYALTY_STATUS, ACTIVITY, COUNTRY) for key in results.members[cut]),
        *((("join_month", f"{month:%Y-%m}..{month:%Y-%m}"),) for month in months),
    ]
    pairs = [(*one, *other) for one, other in combinations(single, 2) if one[0][0] != other[0][0]]
    return [(), *single, *pairs]


def numbers(data):
    """The measure, index and value of each number in *data*."""
    for name, values in data.get("values", {}).items():
        for place, value in enumerate(values if "keys" in data else [values]):
            yield measure(name), place, value


def check(shown, whole, query):
    for name, data in shown["visuals"].items():
        for one, place, value in numbers(data):
            where = (query, name, one.name, place, value)
            if one.unit in OF_CUSTOMERS and one.format == "count":
                assert value is None or not 0 < value < SMALLEST, where
        known = {(one.name, place): value for one, place, value in numbers(whole["visuals"][name])}
        for one, place, value in numbers(data):
            assert value is None or value == known[one.name, place]
            if value is None and known[one.name, place] is not None:
                below, withheld = (data.get(sign, {}).get(one.name, []) for sign in ("below", "withheld"))
                assert (place in below) != (place in withheld), (query, name, one.name, place)
                assert place not in below or 0 < known[one.name, place] < SMALLEST
                assert known[one.name, place] != 0 or one.format != "count" or one.unit != "customers"
        months = (data.get("spark") or {}).get("values", [])
        assert not any(0 < number < SMALLEST for number in months)


def check_overview(shown):
    """Active, inactive and unknown add up to all customers: if one is below, another must be withheld too."""
    cards = {name: data for name, data in shown["visuals"].items() if "keys" not in data}
    found = {one.name: value for data in cards.values() for one, _, value in numbers(data)}
    parts = [found[name] for name in ("active_customers", "inactive_customers", "unknown_activity_customers")]
    assert found["total_customers"] is None or parts.count(None) != 1


@pytest.mark.parametrize("page", PAGES)
def test_no_filter_shows_a_small_count(results, page):
    """Each member of each slicer, and some pairs of members."""
    every = filters(results)
    for query in [*every[:12], *every[12::97]]:
        attack(page, query, results)


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES)
def test_no_pair_of_members_shows_a_small_count(results, page):
    """All pairs of members."""
    for query in filters(results):
        attack(page, query, results)


def attack(page, query, results):
    asked = view(page, query, results)
    shown = answer_without_small(asked, results, SMALLEST)
    check(shown, answer(asked, results), query)
    if page.name == "overview":
        check_overview(shown)


@pytest.mark.parametrize("page", PAGES)
def test_no_total_reveals_a_suppressed_mark(results, page):
    """A reader who knows the totals of all and of active customers can subtract the marks that are shown."""
    every = filters(results)
    for query in [*every[:12], *every[12::97]]:
        asked = view(page, query, results)
        shown, whole = answer_without_small(asked, results, SMALLEST), answer(asked, results)
        for visual in page.visuals:
            data = shown["visuals"][visual.name]
            if len(visual.by) != 1 or visual.by == ("funnel_stage",) or "keys" not in data:
                continue
            for name in {"total_customers", "active_customers"} & {*data["values"]}:
                true = whole["visuals"][visual.name]["values"][name]
                below, withheld = ({*data.get(sign, {}).get(name, [])} for sign in ("below", "withheld"))
                assert not told(true, below, withheld), (query, visual.name, name)


def told(true, below, withheld):
    """The indexes of small counts that the total reveals, from the minimum and maximum of the others."""
    places = below | withheld
    left = sum(true[place] for place in places)
    if sum(true) < SMALLEST or left == len(places) == sum(map(bool, true)):
        return []
    most = {place: SMALLEST - 1 if place in below else left for place in places}
    low = {one: max(1, left - sum(most.values()) + most[one]) for one in places}
    high = {one: min(most[one], left - len(places) + 1) for one in places}
    return [one for one in places if low[one] == high[one] and true[one] < SMALLEST]


def test_a_clicked_mark_is_a_filter_too(results):
    """Any click on the first page."""
    page = WHOLE.pages[0]
    picks = [(f"pick.{visual.name}", str(key)) for visual in page.visuals for key in picked(visual, results)]
    for query in [[pick] for pick in picks[::3]]:
        attack(page, query, results)


def picked(visual, results):
    return [*results.members[dimension(visual.by[0])]] if len(visual.by) == 1 else []


def test_without_small_cells_everything_is_shown(results):
    """Cards, bars and months of all customers."""
    page = next(one for one in WHOLE.pages if one.name == "overview")
    asked = view(page, [("join_month", "1999-01..2026-06")], results)
    shown, whole = answer_without_small(asked, results, SMALLEST), answer(asked, results)
    same = [name for name, data in whole["visuals"].items() if shown["visuals"][name] == data]

    assert {"total_customers", "active_customers", "customers_by_status", "customers_by_country"} <= {*same}


def test_every_number_has_known_counts():
    """A number with an unknown count is never shown to these readers."""
    for page in WHOLE.pages:
        for visual in page.visuals:
            if visual.kind != "table":
                for name in (*visual.all_measures, *(one.name for one in visual.tooltip_measures)):
                    cuts = tuple(map(dimension, visual.by))
                    assert counts_of(measure(name), visual.fact, cuts), (visual.name, name)


def test_a_sparkline_with_a_small_month_is_removed(results):
    """The card's number and the other months would reveal it."""
    page = next(one for one in WHOLE.pages if one.name == "overview")
    asked = view(page, [("country", "Kenya")], results)

    shown = answer_without_small(asked, results, SMALLEST)["visuals"]["new_customers"]

    assert isinstance(measure("new_customers").expression, LastMonths)
    assert answer(asked, results)["visuals"]["new_customers"]["spark"]
    assert shown["spark"] is None


def test_single_customers_are_never_listed(results, tables):
    """Nor named: a row of a top ten is about one customer."""
    page = next(one for one in WHOLE.pages if one.name == "financial")
    shown = answer_without_small(view(page, [], results), results, SMALLEST)

    names = {*tables[TOP_CUSTOMERS].column("name").to_pylist()}
    text = json.dumps([shown, outline(results, SMALLEST)], default=str)
    assert shown["visuals"]["top_customers"] == {
        "unavailable": "Individual customers are listed only for users who may see people"
    }
    assert not [name for name in names if name and f'"{name}"' in text]


def test_the_outline_has_no_tables(results):
    """The page could sum them itself and show any cell."""
    shown, whole = outline(results, SMALLEST), outline(results)

    assert (shown["smallest"], whole["smallest"]) == (SMALLEST, 0)
    assert not any(page["cubes"] for page in shown["pages"])
    assert any(page["cubes"] for page in whole["pages"])
