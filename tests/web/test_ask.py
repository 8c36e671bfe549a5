"""`ask` returns the numbers of the dashboard, with the labels and order that readers see."""

from __future__ import annotations

from datetime import date
from typing import Any

import pandas as pd
import pytest

from customer360.errors import Customer360Error
from customer360.report.dimensions import dimension, dimensions_of
from customer360.report.expressions import facts_of, must_be_cut_by, parameter_of
from customer360.report.measures import MEASURES
from customer360.report.parameters import BALANCE_THRESHOLD
from customer360.tables import DATA_QUALITY, TOP_CUSTOMERS, TOP_SPENDERS
from customer360.web import sql
from customer360.web.answers import answer
from customer360.web.ask import ask
from customer360.web.store import hold
from customer360.web.view import page_of, view
from tests import row_level
from tests.web.published import EVERY_TABLE, WHOLE, miniature_results

SHOWN = [
    (page, visual, one)
    for page in WHOLE.pages
    for visual in page.visuals
    for one in (visual.measure, *visual.tooltip_measures)
    if visual.kind != "table"
]
VIEWS = {
    "everyone": ([], {}),
    "slicers": (
        [("country", "Kenya"), ("country", "Norway"), ("activity", "Active")],
        {"country": ["Kenya", "Norway"], "activity": "Active"},
    ),
    "range": (
        [("join_month", "2024-01..2025-06"), ("loyalty_status", "Gold"), ("balance_threshold", "1000")],
        {"join_month": "2024-01..2025-06", "loyalty_status": ["Gold"]},
    ),
}
ASKED = [
    one
    for one in MEASURES
    if not one.hidden and facts_of(one)[0] not in (DATA_QUALITY, TOP_CUSTOMERS, TOP_SPENDERS)
]
CUTS = [(), ("loyalty_status",), ("country", "activity"), ("join_year",), ("activity_month",)]


@pytest.fixture(scope="module")
def results():
    """All tables that `ask` can read; the dashboard keeps fewer in memory."""
    return hold(miniature_results(tables=EVERY_TABLE))


def plain(value: Any) -> Any:
    if pd.isna(value):
        return None
    return value.date() if isinstance(value, pd.Timestamp) else value


@pytest.mark.parametrize("name", VIEWS)
@pytest.mark.parametrize(
    ("page", "visual", "one"), SHOWN, ids=[f"{visual.name}-{one.name}" for _, visual, one in SHOWN]
)
def test_the_dashboard_and_ask_agree(results, name, page, visual, one):
    """There must not be two answers to one question."""
    query, where = VIEWS[name]
    known = {cut.name for cut in dimensions_of(visual.fact)}
    where = {cut: kept for cut, kept in where.items() if cut in known}
    only = {cut: [results.members[dimension(cut)][key] for key in keys] for cut, keys in visual.only.items()}
    if one.hidden:
        pytest.skip("a part of other measures")
    shown = answer(view(page_of(page.name, results), query, results), results)["visuals"][visual.name]
    x = {"balance_threshold": 1000} if name == "range" and parameter_of(one) is BALANCE_THRESHOLD else {}

    found = ask(results, one.name, by=visual.by, where={**where, **only}, parameters=x)

    written = [_written(shown, cut) for cut in visual.by]
    values = shown["values"][one.name]
    rows = dict(zip(zip(*written, strict=True), values, strict=True)) if visual.by else {(): values}
    answered = {tuple(map(plain, members)): plain(value) for *members, value in found.itertuples(index=False)}
    assert [*answered] == [members for members in rows if members in answered]
    for members, value in rows.items():
        # A measure computed from other months has a row for every month, and so have the measures next to it.
        assert row_level.same(answered.get(members, 0 if one.counts_nobody else None), value)


def _written(shown, cut):
    keys = shown["keys"][cut]
    return keys if "month" in cut else shown["labels"].get(cut, keys)


@pytest.mark.parametrize("by", CUTS, ids=lambda by: "-".join(by) or "all")
@pytest.mark.parametrize("one", ASKED, ids=lambda one: one.name)
def test_every_measure_agrees_with_its_sql(results, one, by):
    """Also combinations that no visual shows; impossible cuts are refused, never answered differently."""
    cuts = [dimension(name) for name in by]
    fact = next((fact for fact in facts_of(one) if {*cuts} <= {*dimensions_of(fact)}), None)
    where = {"country": "Kenya"} if fact and "country" in fact.column_names else {}
    if fact is None or must_be_cut_by(one) - {*by}:
        refused = "does not add up over" if fact else "cannot be cut or filtered"
        with pytest.raises(Customer360Error, match=refused):
            ask(results, one.name, by=by)
        return

    found = ask(results, one.name, by=by, where=where)

    filters = {"country": ["Kenya"]} if where else {}
    alone = {
        tuple(
            key if isinstance(key, date) else results.members[cut][key]
            for cut, key in zip(cuts, keys, strict=True)
        ): value
        for *keys, value in results.rows(sql.aggregate(fact, [one], by=cuts, filters=filters))
    }
    assert len(found) == len(alone)
    for *members, value in found.itertuples(index=False):
        expected = alone[tuple(map(plain, members))]
        expected = 0 if expected is None and one.counts_nobody else expected
        assert plain(value) == expected or row_level.same(plain(value), expected)


def test_members_have_the_order_of_the_report(results):
    """Tiers and months ascend; in alphabetical order it would be Bronze, Gold, Platinum, Silver."""
    assert list(ask(results, "total_customers", by=["loyalty_status"]).loyalty_status)[:3] == [
        "Bronze", "Silver", "Gold",
    ]  # fmt: skip
    assert ask(results, "total_customers", by=["join_month"]).join_month.is_monotonic_increasing


@pytest.mark.parametrize("month", ["2025-06", "2025-06-01", "Jun 2025", pd.Timestamp("2025-06-01")])
def test_a_month_can_be_written_in_every_form_that_is_shown(results, month):
    """It is a pandas timestamp in an answer, a label in the report, and a number in a URL."""
    by_month = ask(results, "total_customers", by=["join_month"]).set_index("join_month").total_customers

    [found] = ask(results, "total_customers", where={"join_month": month}).total_customers

    assert found == by_month["2025-06-01"] > 0


def test_a_band_is_named_by_its_label(results):
    """Never by its number in the tables: the label of band 0 is the number of another band."""
    by_band = ask(results, "total_customers", by=["balance_band"]).set_index("balance_band").total_customers

    for label in by_band.index:
        [found] = ask(results, "total_customers", where={"balance_band": label}).total_customers
        assert found == by_band[label]
    with pytest.raises(Customer360Error, match="there is no balance band '2'"):
        ask(results, "total_customers", where={"balance_band": 2})


def test_an_answer_describes_itself(results):
    """Without its unit and as-of date, a number is easily misread."""
    found = ask(results, "active_share")

    assert found.attrs["label"] == "% Active Customers"
    assert found.attrs["unit"] == "share"
    assert found.attrs["as_of"] == results.as_of.isoformat()
    assert 0 < found.active_share[0] < 1


def test_the_highest_balances_are_listed_not_summed(results):
    """The table contains ten for each slicer cell; their sum would be meaningless."""
    found = ask(results, "top_balance", where={"country": "Kenya"})

    shown = answer(view(page_of("financial", results), [("country", "Kenya")], results), results)["visuals"][
        "top_customers"
    ]
    assert list(found.top_balance) == [float(value) for value in shown["columns"]["top_balance"]]
    with pytest.raises(Customer360Error, match="omit 'by'"):
        ask(results, "top_balance", by=["country"])


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        ({"name": "average_balanc"}, "'average_balanc' is not a measure. Did you mean 'average_balance'?"),
        ({"name": "total_customers", "by": ["county"]}, "'county' is not a dimension. Did you mean 'country'?"),
        ({"name": "total_customers", "where": {"country": "Kenia"}}, "Did you mean 'Kenya'?"),
        ({"name": "total_customers", "where": {"join_month": "2099-01"}}, "Valid: Apr 2021 to Jun 2026."),
        ({"name": "total_customers", "by": ["country", "country"]}, "use one dimension, or two different ones"),
        ({"name": "total_customers", "by": ["funnel_stage", "balance_band"]}, "cannot be cut or filtered by"),
        (
            {"name": "total_customers", "parameters": {"balance_threshold": 5}},
            "does not depend on balance_threshold",
        ),
        (
            {"name": "customers_above_threshold", "parameters": {"balance_threshold": -1}},
            "invalid balance_threshold",
        ),
        (
            {"name": "points_liability", "parameters": {"point_price": 2}},
            "use one number from 0 to 1, such as 0.01",
        ),
        ({"name": "points_liability", "parameters": {"balance_threshold": 5}}, "it depends on point_price"),
        ({"name": "cohort_customers"}, "has no meaning on its own"),
        ({"name": "rows_rejected", "where": {"country": "Kenya"}}, "omit 'by' and 'where'"),
        (
            {"name": "monthly_active_customers"},
            "does not add up over activity_month, because the same customer would count several times; use",
        ),
        (
            {"name": "monthly_active_customers", "by": ["country"]},
            "or use last_monthly_active_customers or mean_monthly_active_customers",
        ),
        ({"name": "repeat_rate", "by": ["country"]}, "does not add up over activity_month"),
        (
            {"name": "buyers", "where": {"activity_month": "2025-01..2025-03"}},
            "does not add up over activity_month",
        ),
        ({"name": "retained_share", "by": ["join_year"]}, "by='months_since'"),
    ],
)
def test_an_error_is_one_line_that_says_how_to_fix_it(results, arguments, line):
    """The nearest name, or the valid names."""
    with pytest.raises(Customer360Error) as refused:
        ask(results, **arguments)

    assert line in str(refused.value)
    assert len(str(refused.value).splitlines()) == 1


def test_a_month_is_selected_by_a_cut_or_a_filter(results):
    """Both select a month, and both give the same number."""
    by_month = ask(results, "monthly_active_customers", by=["activity_month"]).set_index("activity_month")
    spain = ask(results, "orders", by=["activity_month"], where={"country": ["Kenya"]})

    [april] = ask(
        results, "monthly_active_customers", where={"activity_month": "2026-04"}
    ).monthly_active_customers
    [orders] = ask(results, "orders", where={"country": ["Kenya"]}).orders

    assert april == by_month.monthly_active_customers["2026-04-01"] > 0
    assert orders == spain.orders.sum() > 0


def test_a_measure_over_other_months_has_every_month(results):
    """Customers hold points, and can churn, in a month without events."""
    where = {"country": "Norway", "loyalty_status": "Gold", "activity": "Active"}
    happened = ask(results, "orders", by=["activity_month"], where=where)
    held = ask(results, "outstanding_points", by=["activity_month"], where=where)

    months = pd.date_range(held.activity_month.min(), "2026-06-01", freq="MS")
    assert [*held.activity_month] == [*months]
    assert len(happened) < len(held)


def test_points_have_the_given_price(results):
    """A cent each by default; any price in the range is valid, and none outside it."""
    [held] = ask(results, "outstanding_points", where={"country": "Kenya"}).outstanding_points

    for parameters, price in (({}, 0.01), ({"point_price": 0.0125}, 0.0125), ({"point_price": 0}, 0)):
        found = ask(results, "points_liability", where={"country": "Kenya"}, parameters=parameters)
        assert found.points_liability[0] == pytest.approx(held * price)
    by_status = ask(results, "points_liability", by=["loyalty_status"], parameters={"point_price": 1})
    points = ask(results, "outstanding_points", by=["loyalty_status"])
    assert [*by_status.points_liability] == pytest.approx([*points.outstanding_points])


def test_past_months_have_a_note_that_tiers_are_of_today(results):
    """A customer who is Gold today was not Gold in all past months."""
    by = ask(results, "orders", by=["activity_month", "loyalty_status"])
    where = ask(results, "orders", by=["activity_month"], where={"activity": "Active"})
    neither = ask(results, "orders", by=["activity_month"], where={"country": "Kenya"})

    assert by.attrs["note"] == "by loyalty_status as it is today, in every month"
    assert where.attrs["note"] == "by activity as it is today, in every month"
    assert "note" not in neither.attrs


def test_missing_data_is_never_zero():
    """Neither as a measure, nor as a cut, nor as a filter."""
    without = hold(miniature_results(missing=("account_balance", "country")))

    for arguments in (
        {"name": "average_balance"},
        {"name": "total_customers", "by": ["balance_band"]},
        {"name": "total_customers", "where": {"country": "Unknown"}},
    ):
        with pytest.raises(Customer360Error, match="not in your data"):
            ask(without, **arguments)
