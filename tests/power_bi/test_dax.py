"""The DAX in the model says what the SQL says, for every measure, whatever is filtered and cut."""

import itertools
import re
from datetime import date
from decimal import Decimal

import pytest

from customer360.power_bi import dax, model, subtitles, tmdl
from customer360.power_bi.project import files
from customer360.power_bi.tmdl import ModelSource
from customer360.report import measures as m
from customer360.report.dimensions import FACTS, Between, dimension
from customer360.report.expressions import facts_of, needs
from customer360.report.measures import MEASURES, measure
from customer360.report.pages import REPORT
from customer360.report.palette import LIGHT
from customer360.tables import COHORT_RETENTION, CUSTOMER_SEGMENTS, ENGAGEMENT_SEGMENTS, Column
from customer360.web import sql
from tests import miniature, row_level
from tests.miniature import AS_OF, STATUSES
from tests.power_bi import dax_evaluator
from tests.power_bi.chosen import chosen, column_of
from tests.power_bi.dax_evaluator import Evaluator

pytestmark = pytest.mark.slow

SOURCE = ModelSource("db.example:5432", "crm", "analytics", "import")


def test_the_funnel_stages_of_the_model_overlap_as_the_definition_says(semantic_model, database):
    """Clicking a bar of the funnel narrows the page to the customers that the bar counts."""
    bars = [
        Evaluator(semantic_model, {("Funnel Stage", "Funnel Stage"): [{stage}]}).measure(
            "Total Customers (Engagement)"
        )
        for stage in ("Joined", "First purchase", "Logged in after purchase", "Active")
    ]
    reached = database.execute(
        "SELECT sum(customers) FILTER (funnel_stage >= n) FROM analytics.engagement_segments, range(1, 5) AS t(n) "
        "GROUP BY n ORDER BY n"
    ).fetchall()

    assert bars == [float(count) for (count,) in reached]


def test_a_slicer_for_the_other_activity_leaves_no_active_customers(semantic_model):
    """A filter inside a measure narrows the reader's choice; it does not replace it."""
    inactive = {("Activity", "Activity"): [{"Inactive"}]}

    assert Evaluator(semantic_model, inactive).measure("Active Customers") is None
    assert Evaluator(semantic_model, inactive).measure("% Active Customers") == 0


def test_bands_without_a_lower_edge_are_never_above_the_threshold(semantic_model, tables):
    """To DAX a blank edge is 0, and 0 >= 0: zero, negative and unknown balances would count as above 0."""
    above_zero = chosen(semantic_model, {}, Decimal(0))
    segments = tables["customer_segments"]
    positive = segments[[band is not None and band >= 1 for band in segments["balance_band"]]]["customers"].sum()

    assert Evaluator(semantic_model, above_zero).measure("Customers with Balance > X") == positive
    assert positive < segments["customers"].sum()


def test_the_threshold_falls_to_the_highest_edge_when_none_is_left(semantic_model):
    """As the SQL does for an X beyond all bands."""
    value = Evaluator(semantic_model, chosen(semantic_model, {}, 10**9)).measure("Balance Threshold Value")

    assert value == 25_000


def test_statuses_are_coloured_by_their_order_whatever_they_are(semantic_model):
    """Four tiers spread over the whole ramp, unknown is grey, and no tier is named in the code."""
    colours = [
        Evaluator(semantic_model, {("Loyalty Status", "Loyalty Status"): [{status}]}).measure(tmdl.STATUS_COLOR)
        for status in STATUSES
    ]

    assert colours[0] == LIGHT.statuses[0]
    assert colours[3:] == [LIGHT.statuses[-1], LIGHT.unknown]
    assert len(set(colours)) == len(STATUSES)


def test_a_subtitle_counts_the_customers_that_the_filters_leave_out(semantic_model, tables):
    """The count of nulls moves with the slicers, as the average above it does."""
    kenya = {("Country", "Country"): [{"Kenya"}]}
    rows = tables["customer_segments"][tables["customer_segments"]["country"] == "Kenya"]
    unknown = rows["customers"].sum() - rows["balance_count"].sum()

    shown = Evaluator(semantic_model, kenya).measure("Subtitle of Average Account Balance by Loyalty Status")

    assert shown == f"Sum of balances ÷ customers with a known balance; {unknown} left out"


def test_a_subtitle_says_the_threshold_that_was_counted_at(semantic_model):
    """The slider may stand between two edges; the number is that of the edge."""
    between = chosen(semantic_model, {}, 9_000)

    shown = Evaluator(semantic_model, between).measure("Subtitle of % Customers with Balance > X")

    assert shown.startswith("Of all customers; X = 10,000.00; Customers with Balance > X: ")


@pytest.mark.parametrize("one", MEASURES, ids=lambda one: one.name)
def test_each_measure_is_emitted_in_every_fact_it_can_be_computed_from(semantic_model, one):
    """Dragging a measure next to an axis of the other fact must have a right choice."""
    names = [model.measure_name(one, fact) for fact in facts_of(one)]

    assert set(names) <= set(semantic_model.measures)
    assert len(set(names)) == len(names)


MISSING = ("loyalty_points", "last_login")
ONLY_NAMES = ("join_date", "first_purchase", "is_active", "loyalty_status", "account_balance", *MISSING)
"""What a list of names and countries lacks."""


def test_what_the_data_lacks_is_blank_and_never_zero(semantic_model):
    """Points that nobody recorded are not no points; measures that need neither column are as they were."""
    lacking = miniature.result_tables(miniature.profiles(miniature.customers(400, missing=MISSING)), MISSING)
    whole, without = Evaluator(semantic_model), Evaluator(dax_evaluator.read(files(SOURCE), lacking))

    for fact in FACTS:
        for one in model.measures_of(fact):
            name = model.measure_name(one, fact)
            expected = None if needs(one).intersection(miniature.of_customers(MISSING)) else whole.measure(name)
            assert without.measure(name) == expected, name


def test_a_column_is_missing_by_its_whole_name(semantic_model):
    """The name of one may be part of another's, and two sources may have a column of the same name."""
    lacking = miniature.result_tables(miniature.profiles(miniature.customers(40, missing=MISSING)), MISSING)
    listed = Evaluator(dax_evaluator.read(files(SOURCE), lacking)).measure(dax.MISSING_COLUMNS)

    def is_missing(name, table):
        condition = dax.is_missing([Column(name, "bigint", "", table=table)])
        return condition.partition('"')[2].rpartition('"')[0] in listed

    assert is_missing("loyalty_points", "public.customers")
    assert not is_missing("points", "public.customers")
    assert not is_missing("loyalty_points", "public.events")
    assert not is_missing("country", "public.customers")
    assert Evaluator(semantic_model).measure(dax.MISSING_COLUMNS).strip(", ") == ""


@pytest.mark.parametrize("absent", [MISSING, ONLY_NAMES], ids=["some", "all but names and countries"])
def test_a_visual_says_what_its_data_lacks(semantic_model, absent):
    """The subtitle, since a chart without values says nothing."""
    lacking = miniature.result_tables(miniature.profiles(miniature.customers(400, missing=absent)), absent)
    without = Evaluator(dax_evaluator.read(files(SOURCE), lacking))
    visuals = [visual for page in REPORT.pages for visual in page.visuals if subtitles.is_moving(visual)]

    for visual in visuals:
        said = without.measure(subtitles.name(visual))
        assert said.startswith("Not in your data: ") == bool(visual.lacks(miniature.of_customers(absent))), (
            visual.name
        )
        assert not Evaluator(semantic_model).measure(subtitles.name(visual)).startswith("Not in your data")


# --- like is compared with like ---------------------------------------------------------------------------------


def visible():
    return [(one, facts_of(one)[0]) for one in MEASURES if not one.hidden and one.format != "date"]


def fields_of_the_list():
    return [(table, column) for table in model.MODEL_TABLES for column in table.columns if not column.hidden]


@pytest.mark.parametrize("field", fields_of_the_list(), ids=lambda field: field[1].name)
def test_no_measure_of_the_field_list_repeats_its_total_in_every_part(semantic_model, field):
    """Total Customers by Account Age Band would be everybody in each band, and nothing would say so."""
    table, column = field
    if table.name == m.BALANCE_THRESHOLD.label:
        return  # it filters nothing, as its description says
    members = list(dict.fromkeys(semantic_model.rows[table.name][column.name].dropna())) or ["any"]
    cutting = {fact for fact in FACTS if cuts(fact, table)}
    evaluator = Evaluator(semantic_model)

    for one, home in visible():
        parts = [evaluator.measure(one.label, {(table.name, column.name): [{member}]}) for member in members[:6]]
        if not cutting.intersection(facts_of(one)):
            assert set(parts) == {None}, (one.name, home.name)


def cuts(fact, table):
    """Whether filters on *table* reach *fact*."""
    name = model.fact_name(fact)
    return name == table.name or any(
        (one.from_table, one.to_table) == (name, table.name) for one in model.RELATIONSHIPS
    )


@pytest.mark.parametrize("cut", ["account_age_band", "last_login_month", "funnel_stage"])
def test_a_measure_asks_the_fact_that_its_axis_cuts(semantic_model, database, cut):
    """One measure in the field list, whichever axis it stands next to."""
    asked = [
        one for one, _ in visible() if ENGAGEMENT_SEGMENTS in facts_of(one) and one.name != "new_customers_before"
    ]
    asked = [one for one in asked if not one.name.endswith("_of_others") and not one.name.startswith("share_of")]
    query = sql.aggregate(ENGAGEMENT_SEGMENTS, asked, by=[dimension(cut)])
    column = column_of(cut)
    evaluator = Evaluator(semantic_model)

    for key, *values in database.execute(query.text, query.parameters).fetchall():
        for one, expected in zip(asked, values, strict=True):
            assert row_level.same(evaluator.measure(one.label, {column: [{key}]}), expected), (one.name, key)


def test_a_measure_is_blank_where_no_fact_has_both_axes(semantic_model):
    """Bands of balance and of age stand in two tables; neither knows the other."""
    both = {("Account Age Band", "Account Age Band"): [{"0–100"}], ("Balance Band", "Balance Band"): [{"100–250"}]}

    assert Evaluator(semantic_model, both).measure("Total Customers") is None


def test_doubles_are_hidden(semantic_model):
    """They serve the visuals of the third page; in the field list they would be the wrong choice of a pair."""
    text = files(SOURCE)["Customer 360.SemanticModel/definition/tables/Engagement Segments.tmdl"]
    measures = re.split(r"\n\n(?=\t///)", text)
    doubles = [one for one in measures if re.search(r"measure '[^']+ \(Engagement\)'", one)]

    assert len(doubles) > 15
    assert all("\t\tisHidden" in one for one in doubles)


@pytest.mark.parametrize("filters", [{}, {"join_month": Between(date(2023, 4, 1), date(2025, 8, 1))}])
def test_each_cell_of_retention_is_what_sql_says(semantic_model, database, filters):
    """Blank in the same cells: where a cohort of the row has not been followed long enough."""
    years, since = dimension("join_year"), dimension("months_since")
    query = sql.aggregate(COHORT_RETENTION, [m.RETAINED_SHARE], by=[years, since], filters=filters)
    evaluator = Evaluator(semantic_model, chosen(semantic_model, filters))

    found = database.execute(query.text, query.parameters).fetchall()

    assert {None} < {share for *_, share in found}
    for year, months, share in found:
        cell = {column_of("join_year"): [{year}], column_of("months_since"): [{months}]}
        assert row_level.same(evaluator.measure("% Retained", cell), share), (year, months)


def test_a_goal_is_blank_while_nothing_is_filtered(semantic_model):
    """A number that is held against itself would be met."""
    kenya = chosen(semantic_model, {"country": ["Kenya"]})
    for one in (m.AVERAGE_LOGIN_RECENCY_OF_OTHERS, m.SHARE_ABOVE_THRESHOLD_OF_OTHERS):
        assert Evaluator(semantic_model).measure(one.label) is None
        assert Evaluator(semantic_model, kenya).measure(one.label) is not None


@pytest.mark.parametrize(
    ("filters", "subtitle"),
    [
        ({}, "; before: Jun 2024 – May 2025"),
        ({"country": ["Kenya"]}, "; before: Jun 2024 – May 2025"),
        ({"loyalty_status": ["Gold"]}, "; not comparable under this filter"),
        ({"join_month": Between(date(2025, 1, 1), date(2025, 12, 1))}, "; not comparable under this filter"),
    ],
)
def test_the_months_that_are_compared_are_named(semantic_model, filters, subtitle):
    """Or that they do not compare."""
    shown = Evaluator(semantic_model, chosen(semantic_model, filters)).measure("Subtitle of New Customers")

    assert shown == f"Joined in the last 12 full months: Jun 2025 – May 2026{subtitle}"


def test_data_of_less_than_two_years_compare_with_nothing():
    """And it is not the filters that are blamed."""
    profiles = miniature.profiles(miniature.customers(400))
    young = profiles[[month is not None and month >= date(2024, 9, 1) for month in profiles["join_month"]]]
    evaluator = Evaluator(dax_evaluator.read(files(SOURCE), miniature.result_tables(young)))

    assert evaluator.measure("New Customers, 12 Months Before") is None
    assert evaluator.measure("Subtitle of New Customers").endswith("; fewer than 24 full months to compare")


@pytest.mark.parametrize(
    ("filters", "said"),
    [
        ({}, ""),
        ({"country": ["Kenya"]}, ""),
        ({"loyalty_status": ["Gold"]}, "; only those who are Gold today"),
        ({"activity": ["Active"]}, "; only those who are Active today"),
        (
            {"loyalty_status": ["Silver", "Gold"], "activity": ["Active"]},
            "; only those who are Silver or Gold and Active today",
        ),
    ],
)
@pytest.mark.parametrize("title", ["Customer Acquisition", "Loyalty Points by Join Month", "Account Age"])
def test_over_months_of_joining_a_filter_by_today_is_said(semantic_model, title, filters, said):
    """Nobody joins as Gold: a line that falls to nothing does not mean that fewer join."""
    shown = Evaluator(semantic_model, chosen(semantic_model, filters)).measure(f"Subtitle of {title}")

    assert shown.endswith(said)
    assert ("today" in shown.partition("; only")[2]) == bool(said)


@pytest.mark.parametrize(
    ("title", "filters", "said"),
    [
        ("Cohort Retention", {"loyalty_status": ["Gold"]}, "; not filtered by Loyalty Status"),
        (
            "Cohort Retention",
            {"activity": ["Active"], "country": ["Kenya"]},
            "; not filtered by Activity, Country",
        ),
        ("Cohort Retention", {"funnel_stage": [3]}, "; not filtered by Funnel Stage"),
        ("Cohort Retention", {"join_month": Between(date(2023, 1, 1), AS_OF)}, ""),
        ("Top 10 Customers by Balance", {"points_band": [2]}, "; not filtered by Points Band"),
        ("Top 10 Customers by Balance", {"country": ["Kenya"]}, ""),
        ("Customers by Country", {"loyalty_status": ["Gold"]}, ""),
    ],
)
def test_a_visual_says_which_filters_do_not_reach_it(semantic_model, title, filters, said):
    """Slicers and clicks on its page: retention is counted by month of joining alone."""
    shown = Evaluator(semantic_model, chosen(semantic_model, filters)).measure(f"Subtitle of {title}")

    assert shown.partition("; not filtered")[2] == said.removeprefix("; not filtered")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (
            "active_customers",
            [
                "IF (",
                '    [Customer Segments Answer] && NOT CONTAINSSTRING ( [Missing Columns], ", public.customers.is_active, " ),',
                "    CALCULATE ( [Total Customers], KEEPFILTERS ( 'Activity'[Activity] = \"Active\" ) ),",
                "    IF ( [Engagement Segments Answer], [Active Customers (Engagement)] )",
                ")",
            ],
        ),
        (
            "share_above_threshold",
            [
                "IF (",
                '    [Customer Segments Answer] && NOT CONTAINSSTRING ( [Missing Columns], ", public.customers.account_balance, " ),',
                "    DIVIDE ( [Customers with Balance > X] + 0, [Total Customers] )",
                ")",
            ],
        ),
    ],
)
def test_dax_reads_as_a_person_would_write_it(name, text):
    """A measure is met in Power BI's formula bar, by people."""
    assert dax.expression(measure(name), CUSTOMER_SEGMENTS).splitlines() == text


def test_no_two_measures_share_a_name_and_none_that_of_a_column():
    """The engine refuses both when the model is loaded."""
    names = [model.measure_name(one, fact).lower() for fact in FACTS for one in model.measures_of(fact)]
    clashes = [
        (table.name, column.name)
        for table, fact in itertools.product(model.MODEL_TABLES, FACTS)
        if model.fact_name(fact) == table.name
        for column in table.columns
        if column.name.lower() in {model.measure_name(one, fact).lower() for one in model.measures_of(fact)}
    ]

    assert len(names) == len(set(names))
    assert clashes == []
