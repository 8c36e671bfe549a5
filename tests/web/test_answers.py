"""The numbers of a page agree with the customers behind them."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from datetime import date
from types import MappingProxyType
from typing import Final

import pandas as pd
import pyarrow as pa
import pytest

from customer360.report import missing
from customer360.report.dimensions import dimension
from customer360.report.expressions import is_carried, needs
from customer360.report.measures import measure
from customer360.report.missing import called
from customer360.report.pages import REPORT
from customer360.report.visuals import Page
from customer360.tables import REFRESH_SOURCES, TOP_CUSTOMERS
from customer360.web import sql
from customer360.web.answers import answer
from customer360.web.outline import outline
from customer360.web.replies import Reply
from customer360.web.store import hold
from customer360.web.view import View, page_of, view
from tests import miniature, row_level
from tests.web.published import WHOLE, miniature_results

VIEWS = MappingProxyType({
    "everyone": [],
    "slicers": [("country", "Kenya"), ("country", "Norway"), ("activity", "Active"), ("activity", "Unknown")],
    "range": [("join_month", "2024-01..2025-06"), ("loyalty_status", "Gold"), ("balance_threshold", "1000")],
    "nobody": [("join_month", "1999-01..1999-02")],
})  # fmt: skip
AS_THEIR_KEY = (
    "loyalty_status", "country", "join_year", "months_since", "gender", "from_status", "to_status", "rfm_segment",
    "spending_tenth",
)  # fmt: skip
VISUALS = [(page, visual) for page in WHOLE.pages for visual in page.visuals]


@pytest.fixture(scope="module")
def profiles():
    return miniature.profiles(miniature.customers())


def shown(results, page, name, query):
    return answer(view(page_of(page, results), query, results), results)["visuals"][name]


@pytest.mark.parametrize("query", VIEWS.values(), ids=VIEWS)
@pytest.mark.parametrize(("page", "visual"), VISUALS, ids=[visual.name for _, visual in VISUALS])
def test_every_visual_shows_the_values_of_its_measures(results, page, visual, query):
    """Shared queries, rollups and bound dates change no number: each is queried separately from the fact."""
    shows_what_its_measures_say(results, page, visual, query)


MONTHS = [(page, visual) for page, visual in VISUALS if visual.by == ("activity_month",)]


@pytest.mark.parametrize(("page", "clicked"), MONTHS, ids=[visual.name for _, visual in MONTHS])
def test_a_clicked_month_filters_the_values_of_measures(results, page, clicked):
    """This holds for measures that read the filtered months, and for those that read other months."""
    for visual in page.visuals:
        shows_what_its_measures_say(results, page, visual, [(f"pick.{clicked.name}", "2025-06-01")])


def shows_what_its_measures_say(results, page, visual, query):
    asked = view(page, query, results)
    filters, cuts = asked.filters(visual), [dimension(name) for name in visual.by]

    found = answer(asked, results)["visuals"][visual.name]

    if visual.kind == "table":
        rows = results.rows(sql.top(TOP_CUSTOMERS, visual.measure, visual.columns, visual.top, filters=filters))
        assert list(zip(*found["columns"].values(), strict=True)) == rows
        return
    for one in {*map(measure, visual.all_measures), *visual.tooltip_measures}:
        # A measure computed from other months has a row for every month, and so have the measures next to it.
        carried = [more for more in map(measure, visual.all_measures) if is_carried(more)][:1]
        alone = sql.aggregate(visual.fact, [*carried, one], by=cuts, filters=filters, parameters=asked.parameters)
        if cuts:
            columns = zip(*found["keys"].values(), found["values"][one.name], strict=True)
            rows = [(*row[: len(cuts)], row[-1]) for row in results.rows(alone)]
            assert same_rows(columns, [(*keys, counted(one, value)) for *keys, value in rows])
        else:
            [[*_, value]] = results.rows(alone)
            assert row_level.same(found["values"][one.name], counted(one, value))


def counted(one, value):
    """A count of no customers is 0; an average of no customers is null."""
    return 0 if value is None and one.counts_nobody else value


def same_rows(some, others):
    some, others = sorted(map(tuple, some)), sorted(map(tuple, others))
    return len(some) == len(others) and all(
        one[:-1] == other[:-1] and row_level.same(one[-1], other[-1])
        for one, other in zip(some, others, strict=True)
    )


CUT = [(page, visual) for page, visual in VISUALS if visual.by]


@pytest.mark.parametrize(("page", "visual"), CUT, ids=[visual.name for _, visual in CUT])
def test_members_have_their_order_and_labels(results, page, visual):
    """Tiers, bands and months ascend; a label is sent only if it differs from the key."""
    found = shown(results, page.name, visual.name, [])
    for name in visual.by:
        known = results.members[dimension(name)]
        keys = found["keys"][name]
        if len(visual.by) == 1:
            assert keys == [key for key in known if key in keys]
        assert found["labels"].get(name, keys) == [known[key] for key in keys]
    assert list(found["labels"]) == [name for name in visual.by if name not in AS_THEIR_KEY]


def test_a_card_counts_the_customers_of_the_view(results, profiles):
    """Compared with the customers themselves, not with another query."""
    kept = row_level.keep(profiles, {"country": ["Kenya"], "activity": ["Active"]})

    card = shown(results, "overview", "total_customers", [("country", "Kenya"), ("activity", "Active")])

    assert card["values"]["total_customers"] == len(kept)


def test_only_new_customers_have_a_sparkline(results):
    """Totals, shares and averages by month of joining show tenure, not history."""
    found = {visual.name: shown(results, page.name, visual.name, []) for page, visual in VISUALS if not visual.by}

    assert [name for name, answer in found.items() if answer.get("spark")] == ["new_customers"]


def test_a_sparkline_is_of_the_last_24_full_months(results, profiles):
    """The current month is incomplete and would always look like a decline."""
    joined = [row["join_month"] for row in row_level.keep(profiles, {})]

    spark = shown(results, "overview", "new_customers", [])["spark"]

    assert len(spark["months"]) == 24
    assert (spark["months"][0], spark["months"][-1]) == (date(2024, 6, 1), date(2026, 5, 1))
    assert spark["values"] == [joined.count(month) for month in spark["months"]]


def test_without_customers_counts_are_zero_and_ratios_are_null(without_events):
    """An empty view shows 0 customers and no average."""
    values = {
        **shown(without_events, "overview", "total_customers", VIEWS["nobody"])["values"],
        **shown(without_events, "activity", "login_recency", VIEWS["nobody"])["values"],
    }

    assert values["total_customers"] == 0
    assert values["average_login_recency"] is None


def test_a_kpi_is_compared_with_the_others(without_events, profiles):
    """Compared with all customers, itself included, a large selection would look like the rest."""
    others = row_level.keep(profiles, {"country": [name for name in miniature.COUNTRIES if name != "Kenya"]})
    [mean] = row_level.says(["average_login_recency"], pd.DataFrame(others, dtype=object), {})

    nobody = shown(without_events, "activity", "login_recency", [])["values"]
    some = shown(without_events, "activity", "login_recency", [("country", "Kenya")])["values"]

    assert nobody["average_login_recency_of_others"] is None
    assert row_level.same(some["average_login_recency_of_others"], mean)


def test_ids_are_sent_as_text(tables):
    """JavaScript's numbers are exact up to 2^53; a 64-bit hash would become another customer's id."""
    top = tables[TOP_CUSTOMERS]
    large = [-3781657594407154599, 4162937420125321133, 9007199254740993, *range(1, len(top) - 2)]
    column = top.schema.get_field_index("customer_id")
    hashed = hold({**tables, TOP_CUSTOMERS: top.set_column(column, "customer_id", pa.array(large, pa.int64()))})
    numbered = [replace(visual, columns=("customer_id", "source_id")) for _, visual in VISUALS if visual.top]

    answered = Reply(answer(View(Page("numbered", "Numbered", tuple(numbered))), hashed)).body
    found = json.loads(answered)["visuals"]["top_customers"]["columns"]["customer_id"]

    assert all(isinstance(one, str) for one in found)
    assert {int(one) for one in found} <= set(large)


def test_a_clicked_visual_does_not_change(results):
    """The other visuals are filtered."""
    before = answer(view(page_of("financial", results), [], results), results)["visuals"]
    after = answer(view(page_of("financial", results), [("pick.balance_by_status", "Gold")], results), results)[
        "visuals"
    ]

    assert after["balance_by_status"] == before["balance_by_status"]
    assert after["balance_and_points"] != before["balance_and_points"]
    assert set(after["top_customers"]["columns"]["loyalty_status"]) == {"Gold"}


def test_a_click_on_a_stage_keeps_the_customers_it_counts(without_events):
    """Stages contain each other."""
    funnel = shown(without_events, "engagement", "retention_funnel", [])
    card = shown(without_events, "engagement", "engaged_customers", [("pick.retention_funnel", "3")])

    assert card["values"]["total_customers"] == funnel["values"]["total_customers"][2]


@pytest.mark.parametrize("seed", range(20))
def test_slicers_and_clicks_select_the_right_customers(results, profiles, seed):
    """For any slicers, and any clicked status and month."""
    rng = random.Random(seed)
    countries = rng.sample(miniature.COUNTRIES, 2)
    status = rng.choice(miniature.STATUSES)
    month = rng.choice(list(results.members[dimension("join_month")]))
    query = [
        *(("country", country) for country in countries),
        ("pick.customers_by_status", status),
        ("pick.acquisition", str(month)),
    ]
    kept = row_level.keep(profiles, {"country": countries, "loyalty_status": [status], "join_month": [month]})

    card = shown(results, "overview", "total_customers", query)

    assert card["values"]["total_customers"] == len(kept)


@pytest.fixture(scope="module")
def without_events():
    """The results of the same customers without events."""
    return hold(miniature_results(no_events=missing.OF_EVENTS))


MISSING = ("country", "last_login", "loyalty_points")


ONLY_NAMES: Final = (
    "join_date", "first_purchase", "last_login", "is_active", "loyalty_status", "loyalty_points", "account_balance",
)  # fmt: skip
"""The columns missing from a list of names and countries."""


@pytest.fixture(scope="module")
def lacking():
    """The results of customers without the `MISSING` columns."""
    return hold(miniature_results(missing=MISSING))


@pytest.fixture(scope="module")
def names_only():
    """The results of customers with only a name and a country."""
    return hold(miniature_results(missing=ONLY_NAMES))


@pytest.mark.parametrize("page", REPORT.pages[:4], ids=lambda page: page.name)
@pytest.mark.parametrize("absent", [MISSING, ONLY_NAMES], ids=["some", "all but names and countries"])
def test_missing_data_is_reported_and_nothing_else_is_lost(lacking, names_only, page, absent):
    """Missing data is never shown as 0; every visual that can be drawn is drawn."""
    held = lacking if absent == MISSING else names_only
    asked = view(page_of(page.name, held), [], held)

    found = answer(asked, held)["visuals"]

    for visual in asked.page.visuals:
        needed = [called(one) for one in visual.lacks(miniature.of_customers(absent))]
        assert found[visual.name].get("missing", []) == needed, visual.name
        if not needed and visual.kind != "table":
            assert not {
                name
                for name in found[visual.name]["values"]
                if missing.lacking(needs(measure(name)), miniature.of_customers(absent))
            }


def test_a_list_of_names_and_countries_is_counted_by_country(names_only):
    """Without any date, there are no months to show or to request."""
    found = answer(view(names_only.report.pages[0], [], names_only), names_only)["visuals"]

    assert found["total_customers"]["values"]["total_customers"] == 700
    assert sum(found["customers_by_country"]["values"]["total_customers"]) == 700


@pytest.mark.parametrize("page", WHOLE.pages, ids=lambda page: page.name)
def test_measures_without_missing_columns_are_unchanged(results, lacking, page):
    """The same customers with fewer columns."""
    whole, found = (answer(view(page, [], each), each)["visuals"] for each in (results, lacking))

    for visual in page.visuals:
        if visual.kind != "table" and "missing" not in found[visual.name]:
            values = whole[visual.name]["values"]
            told = [name for name in found[visual.name]["values"] if not _loses_a_part(measure(name))]
            assert [found[visual.name]["values"][name] for name in told] == [values[name] for name in told]


def _loses_a_part(one):
    """Whether another column replaces a missing one, and so changes the number."""
    absent = miniature.of_customers(MISSING)
    return any(column in absent for needed in needs(one) for column in missing.members(needed))


@pytest.mark.parametrize("is_older", [False, True], ids=["no events", "results of an older version"])
def test_without_events_the_pages_of_customers_are_unchanged(results, tables, is_older):
    """Attributes of customers today need no events; everything else is replaced or omitted."""
    notes = tables[REFRESH_SOURCES].to_pylist()
    kept = [row for row in notes if row["source"] == "public.customers"]
    absent = [{**row, "missing_columns": _all_of_events()} for row in notes if row not in kept]
    noted = pa.Table.from_pylist(kept + ([] if is_older else absent), REFRESH_SOURCES.arrow_schema)
    without = hold({**tables, REFRESH_SOURCES: noted})

    assert without.missing == missing.OF_EVENTS
    assert [page.name for page in without.report.pages] == ["overview", "financial", "engagement", "activity"]
    for page in without.report.pages:
        whole, found = (answer(View(page), each)["visuals"] for each in (results, without))
        assert found == whole
        assert not any("missing" in visual for visual in found.values())


def test_the_page_explains_activity_by_behaviour():
    """In the slicer, in subtitles and in tooltips; with a flag in the data, none of these appear."""
    told, by_flag = (outline(hold(miniature_results(200, missing=absent))) for absent in (("is_active",), ()))

    assert [one["label"] for one in told["slicers"]][1] == "Activity in the last 90 days"
    assert [one["label"] for one in by_flag["slicers"]][1] == "Activity"
    definitions = {visual["name"]: visual["definition"] for page in told["pages"] for visual in page["visuals"]}
    assert definitions["active_customers"] == "Customers seen in the last 90 days"
    assert definitions["retention_funnel"].endswith("; active: seen in the last 90 days")
    assert "90 days" not in json.dumps(by_flag, default=str)
    assert "marked active" not in json.dumps(told, default=str)


def _all_of_events():
    return ", ".join(column.full_name for column in missing.OF_EVENTS)


def test_activity_and_retention_need_any_one_of_their_sources():
    """A shop without flags and logins has events; without events too, no customer was ever seen."""
    absent = ("is_active", "last_login")
    behaviour = hold(miniature_results(200, missing=absent))
    nothing = hold(miniature_results(200, missing=absent, no_events=missing.OF_EVENTS))

    overview, engagement = ([answer(view(page_of(page, one), [], one), one)["visuals"] for one in (behaviour, nothing)]
                            for page in ("overview", "engagement"))  # fmt: skip

    assert overview[0]["active_customers"]["values"]["active_customers"] > 0
    assert overview[1]["active_customers"] == {"missing": ["is_active or last_login or events"]}
    assert any(engagement[0]["cohort_retention"]["values"]["retained_share"])
    assert engagement[1]["cohort_retention"] == {"missing": ["last_login or events"]}
    assert engagement[1]["never_logged_in"] == {"missing": ["last_login"]}
    assert engagement[0]["monthly_buyers"]["values"]["last_buyers"] > 0
