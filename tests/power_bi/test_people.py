"""The list behind a mark matches its number: the customers that it counts, or those over whom it is summed."""

import itertools
import random
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from customer360.power_bi import people
from customer360.power_bi.people import People
from customer360.power_bi.project import files
from customer360.power_bi.tmdl import ModelSource
from customer360.report.dimensions import Between
from customer360.report.expressions import LastClosedMonth, Ratio, Sum
from customer360.report.looked_up import LookedUp
from customer360.report.missing import OF_EVENTS, named
from customer360.report.pages import REPORT
from customer360.report.people import people_behind
from customer360.report.visuals import Visual
from customer360.tables import COHORT_RETENTION, Column
from tests import miniature, miniature_people
from tests.engines import MEMBERS
from tests.miniature import AS_OF
from tests.power_bi import dax_evaluator
from tests.power_bi.chosen import chosen
from tests.power_bi.dax_evaluator import Evaluator
from tests.power_bi.dax_lists import Lists

SOURCE = ModelSource("db.example:5432", "crm", "analytics", "import")
WHOLE = REPORT.shown(())
SHOPS = named(["account_balance", "last_login"])
DATA: dict[str, tuple[Column, ...]] = {"everything": (), "no events": OF_EVENTS, "a shop": SHOPS}
"""Missing columns; each set shows other visuals."""
SHOWN: dict[str, tuple[People, Visual, str]] = {}
for data, missing in DATA.items():
    for page in REPORT.shown(missing).pages:
        for visual in page.visuals:
            for one in {people.behind(drawn, visual.fact): None for _, drawn in people.fields(visual)}:
                if one:
                    SHOWN.setdefault(f"{one.of} in {visual.name}", (one, visual, data))
"""Each list, in each visual that leads to it, and the data for which the visual is shown."""
AXES = {**MEMBERS, "join_month": [date(2022 + month // 12, month % 12 + 1, 1) for month in range(0, 54, 3)]}
PARAMETERS = {"balance_threshold": Decimal(1000), "spending_threshold": Decimal(250)}
SLICED: list[dict[str, Any]] = [
    {},
    *({name: [member]} for name in ("loyalty_status", "activity", "country") for member in MEMBERS[name]),
    {"join_month": Between(date(2023, 1, 1), date(2024, 12, 1))},
    {"join_month": Between(date(2025, 1, 1), AS_OF)},
]
"""No filter, each member of each slicer, and join months."""


@pytest.fixture(scope="module")
def tables(request):
    return miniature_people.result_tables(miniature.customers(getattr(request, "param", 400)))


@pytest.fixture(scope="module")
def database(tables):
    with miniature.database(tables) as connection:
        yield connection


@pytest.fixture(scope="module")
def semantic_model(tables):
    return dax_evaluator.read(files(SOURCE), tables)


@pytest.fixture(scope="module")
def models(tables):
    return {data: dax_evaluator.read(files(SOURCE, missing), tables) for data, missing in DATA.items()}


@pytest.fixture(scope="module")
def known(tables):
    months = tuple(sorted(tables["calendar_months"]["month"]))
    return LookedUp(AS_OF, months, min(tables["customer_months"]["month"]))


def marks(visual):
    """The filters of each mark; a card has one mark, without filters."""
    members = [[{name: [member]} for member in AXES[name]] for name in visual.by]
    return [{key: kept for one in each for key, kept in one.items()} for each in itertools.product(*members)]


def selected_by_sql(database, one, filters, known):
    found = people_behind(one.measure, one.fact, filters, known, thresholds=PARAMETERS)
    if found is None:  # a month that is not over has no last full month
        return set()
    return miniature_people.selected(found, database)


def total(tables, one, listed):
    """The expected number of a list."""
    if one.adds_up:
        return sum(listed.values())
    column = one.fact[one.measure.expression.column] if isinstance(one.measure.expression, Sum) else None
    if column is None or not column.sums:
        return len(listed)
    profiles = tables["customer_profiles"]
    rows = profiles[profiles["customer_id"].isin(listed)]
    return float(sum(rows[column.sums].dropna()))


def is_number(one):
    """False for a mean of the last full month: its list is of the numerator, which no measure shows."""
    return not (
        isinstance(one.measure.expression, LastClosedMonth)
        and isinstance(one.measure.expression.of.expression, Ratio)
    )


def is_guarded(one):
    """Whether some filters leave no number, and so no mark."""
    expression = one.measure.expression
    return one.fact is COHORT_RETENTION or (isinstance(expression, LastClosedMonth) and expression.before > 0)


def contexts(visual, most):
    """Marks under slicers, at most *most* of them."""
    crossed = [{**sliced, **mark} for sliced, mark in itertools.product(SLICED, marks(visual))]
    return crossed if len(crossed) <= most else random.Random(visual.name).sample(crossed, most)


def check(one, visual, semantic_model, tables, database, known, most):
    for filters in contexts(visual, most):
        context = chosen(semantic_model, filters, PARAMETERS)
        listed = Lists(semantic_model, context).customers(one.field.column)
        number = Evaluator(semantic_model, context).measure(one.of)
        where = one.of, filters
        if is_number(one) and not (number is None and is_guarded(one)):
            assert total(tables, one, listed) == pytest.approx(number or 0), where
        if one.fact is not COHORT_RETENTION or "months_since" in filters:
            assert set(listed) == selected_by_sql(database, one, filters, known), where


@pytest.mark.slow
@pytest.mark.parametrize("name", SHOWN)
def test_a_list_has_the_customers_that_its_number_counts(name, models, tables, database, known):
    """Under marks of the visual and members of every slicer; the browser's list is the same."""
    one, visual, data = SHOWN[name]
    check(one, visual, models[data], tables, database, known, 150)


@pytest.mark.slow
@pytest.mark.parametrize("tables", [10_000], indirect=True, ids=["10,000 customers"])
def test_the_lists_of_ten_thousand_customers_match_their_numbers(models, tables, database, known):
    """Each list, under some marks and slicers."""
    for one, visual, data in SHOWN.values():
        check(one, visual, models[data], tables, database, known, 4)


@pytest.mark.slow
@pytest.mark.parametrize("page", WHOLE.pages, ids=lambda page: page.name)
def test_a_click_on_another_visual_reaches_a_list_as_it_reaches_the_number(page, semantic_model, tables):
    """A filter that does not reach the number does not reach its list; without a number, there is no mark."""
    clicks = {name: AXES[name] for visual in page.visuals for name in visual.by if name != "months_since"}
    for visual in page.visuals:
        lists = [one for _, drawn in people.fields(visual) if (one := people.behind(drawn, visual.fact))]
        for one, (name, members) in itertools.product(dict.fromkeys(lists), clicks.items()):
            if one.fact is COHORT_RETENTION or not is_number(one):
                continue
            for member in random.Random(f"{one.of}{name}").sample(list(members), 2):
                context = chosen(semantic_model, {name: [member]}, PARAMETERS)
                number = Evaluator(semantic_model, context).measure(one.of)
                if number is not None:
                    listed = Lists(semantic_model, context).customers(one.field.column)
                    assert total(tables, one, listed) == pytest.approx(number), (one.of, name, member)


def test_every_visual_that_counts_customers_leads_to_a_list():
    """Measures without a list are not about individual customers of today: others, tenths, the holdout, one customer."""
    without = {
        drawn.name
        for page in WHOLE.pages
        for visual in page.visuals
        for _, drawn in people.fields(visual)
        if not people.behind(drawn, visual.fact)
    }
    of_tenths = {"tenth_customers", "tenth_spent", "share_of_tenth", "top_tenth_share", "top_tenth_spent"}
    of_holdout = {"holdout_ratio", "holdout_actual", "holdout_expected", "naive_ratio"}

    assert without == {"share_above_threshold_of_others", "top_balance"} | of_tenths | of_holdout


def test_without_events_there_are_no_lists_of_events():
    """Drillthrough pages depend on the visuals that are shown."""
    facts = {one.fact.name for one in people.shown(REPORT.shown(OF_EVENTS))}
    built = files(SOURCE, OF_EVENTS)
    shown = "".join(text for path, text in built.items() if "/visuals/" in path)

    assert facts.isdisjoint({"activity_segments", "tier_moves", "value_segments"})
    assert '"Property": "account_balance"' in shown
    assert '"Property": "rfm_segment"' not in shown
    assert (
        "List of Points Earned" not in built["Customer 360.SemanticModel/definition/tables/Customer Profiles.tmdl"]
    )


def test_a_condition_of_the_measure_is_a_condition_of_its_list(semantic_model, tables):
    """Power BI passes the filters of a mark, but not the conditions inside a measure."""
    profiles = tables["customer_profiles"]
    active = set(profiles[profiles["activity"] == "Active"]["customer_id"])

    assert set(Lists(semantic_model).customers("List of Active Customers")) == active
    assert set(Lists(semantic_model).customers("List of Total Customers")) == set(profiles["customer_id"])


@pytest.mark.parametrize("name", ["Total Customers", "Points Earned", "Churned Customers", "Outstanding Points"])
def test_a_list_has_the_measure_of_each_customer(name, semantic_model):
    """Evaluating all customers at once equals one filter per customer, as in the table of a page."""
    context = {("Activity Calendar", "Activity Month"): [{date(2026, 3, 1)}]}
    listed = Lists(semantic_model, context).customers(f"List of {name}")
    rows = Evaluator(semantic_model, context)

    for customer in range(1, 41):
        row = {("Customer Profiles", "customer_id"): [{customer}]}
        assert rows.measure(f"List of {name}", row) == listed.get(customer), customer
