"""The model's DAX agrees with the SQL, for every measure and under any filter and cut."""

import itertools
import re
from datetime import date
from decimal import Decimal

import pytest

from customer360.power_bi import dax, model, subtitles, tmdl
from customer360.power_bi.project import files
from customer360.power_bi.tmdl import ModelSource
from customer360.report import customer_measures as m
from customer360.report import missing
from customer360.report.dimensions import FACTS, Between, dimension
from customer360.report.expressions import facts_of, must_be_cut_by, needs
from customer360.report.measures import MEASURES, measure
from customer360.report.pages import REPORT
from customer360.report.palette import LIGHT
from customer360.report.parameters import PARAMETERS
from customer360.tables import (
    ACTIVITY_SEGMENTS,
    COHORT_RETENTION,
    CUSTOMER_SEGMENTS,
    ENGAGEMENT_SEGMENTS,
    Column,
    events_of,
)
from customer360.web import sql
from tests import miniature, row_level
from tests.miniature import AS_OF, STATUSES
from tests.power_bi import dax_evaluator
from tests.power_bi.chosen import chosen, column_of
from tests.power_bi.dax_evaluator import Evaluator

pytestmark = pytest.mark.slow

SOURCE = ModelSource("db.example:5432", "crm", "analytics", "import")
WHOLE = REPORT.shown(())


def test_the_funnel_stages_of_the_model_overlap_as_the_definition_says(semantic_model, database):
    """A click on a bar of the funnel filters the page to the customers that the bar counts."""
    bars = [
        Evaluator(semantic_model, {("Funnel Stage", "Funnel Stage"): [{stage}]}).measure(
            "Total Customers (Engagement)"
        )
        for stage in ("Joined", "First purchase", "Logged in on a later day", "Active")
    ]
    reached = database.execute(
        "SELECT sum(customers) FILTER (funnel_stage >= n) FROM analytics.engagement_segments, range(1, 5) AS t(n) "
        "GROUP BY n ORDER BY n"
    ).fetchall()

    assert bars == [float(count) for (count,) in reached]


def test_a_slicer_for_the_other_activity_leaves_no_active_customers(semantic_model):
    """A filter inside a measure narrows the reader's selection; it does not replace it."""
    inactive = {("Activity", "Activity"): [{"Inactive"}]}

    assert Evaluator(semantic_model, inactive).measure("Active Customers") is None
    assert Evaluator(semantic_model, inactive).measure("% Active Customers") == 0


def test_bands_without_a_lower_edge_are_never_above_the_threshold(semantic_model, tables):
    """In DAX a blank edge is 0, and 0 >= 0: zero, negative and unknown balances would count as above 0."""
    above_zero = chosen(semantic_model, {}, {"balance_threshold": Decimal(0)})
    segments = tables["customer_segments"]
    positive = segments[[band is not None and band >= 1 for band in segments["balance_band"]]]["customers"].sum()

    assert Evaluator(semantic_model, above_zero).measure("Customers with Balance > X") == positive
    assert positive < segments["customers"].sum()


def test_the_threshold_is_the_highest_edge_if_none_is_left(semantic_model):
    """As in the SQL for an X above all bands."""
    value = Evaluator(semantic_model, chosen(semantic_model, {}, {"balance_threshold": 10**9})).measure(
        "Balance Threshold Value"
    )

    assert value == 25_000


def test_statuses_are_coloured_by_their_order_regardless_of_name(semantic_model):
    """Four tiers span the whole ramp, unknown is grey, and the code names no tier."""
    colours = [
        Evaluator(semantic_model, {("Loyalty Status", "Loyalty Status"): [{status}]}).measure(tmdl.STATUS_COLOR)
        for status in STATUSES
    ]

    assert colours[0] == LIGHT.statuses[0]
    assert colours[3:] == [LIGHT.statuses[-1], LIGHT.unknown]
    assert len(set(colours)) == len(STATUSES)


def test_a_subtitle_counts_the_customers_without_a_value(semantic_model, tables):
    """The count of nulls follows the slicers, as the average above it does."""
    kenya = {("Country", "Country"): [{"Kenya"}]}
    rows = tables["customer_segments"][tables["customer_segments"]["country"] == "Kenya"]
    unknown = rows["customers"].sum() - rows["balance_count"].sum()

    shown = Evaluator(semantic_model, kenya).measure("Subtitle of Average Account Balance by Loyalty Status")

    assert shown == f"Sum of balances ÷ customers with a known balance; {unknown} left out"


def test_a_subtitle_shows_the_threshold_that_was_used(semantic_model):
    """The slider may be between two edges; the number is that of the edge."""
    between = chosen(semantic_model, {}, {"balance_threshold": 9_000})

    shown = Evaluator(semantic_model, between).measure("Subtitle of % Customers with Balance > X")

    assert shown.startswith("Of all customers; X = 10,000.00; Customers with Balance > X: ")


@pytest.mark.parametrize("one", MEASURES, ids=lambda one: one.name)
def test_each_measure_is_emitted_in_every_fact_it_can_be_computed_from(semantic_model, one):
    """There must be a right measure to drag next to an axis of the other fact."""
    names = [model.measure_name(one, fact) for fact in facts_of(one)]

    assert set(names) <= set(semantic_model.measures)
    assert len(set(names)) == len(names)


MISSING = ("loyalty_points", "last_login")
ONLY_NAMES = ("join_date", "first_purchase", "is_active", "loyalty_status", "account_balance", *MISSING)
"""The columns missing from a list of names and countries."""


def test_missing_data_is_blank_and_never_zero(semantic_model):
    """Points that were not recorded are not 0 points; measures that do not need the columns are unchanged."""
    lacking = miniature.result_tables(miniature.profiles(miniature.customers(400, missing=MISSING)), MISSING)
    whole, without = Evaluator(semantic_model), Evaluator(dax_evaluator.read(files(SOURCE), lacking))

    for fact in FACTS:
        for one in model.measures_of(fact):
            name = model.measure_name(one, fact)
            is_lacking = missing.lacking(needs(one), miniature.of_customers(MISSING))
            assert without.measure(name) == (None if is_lacking else whole.measure(name)), name


def without_events(tables, is_older):
    """The same results without events, or from a version without events."""
    if not is_older:
        return {**tables, **miniature.notes(no_events=missing.OF_EVENTS)}
    of_customers = tables["refresh_sources"]["source"] == "public.customers"
    return {**tables, "refresh_sources": tables["refresh_sources"][of_customers]}


@pytest.mark.parametrize("is_older", [False, True], ids=["no events", "results of an older version"])
def test_without_events_their_measures_are_blank_and_all_others_unchanged(semantic_model, tables, is_older):
    """What another source also has is still shown: who was seen again, by the last login."""
    model_without = dax_evaluator.read(files(SOURCE), without_events(tables, is_older))
    month = {("Activity Calendar", "Activity Month"): [{date(2026, 4, 1)}]}
    since = {("Cohort Retention", "Months since Joining"): [{3}]}
    of_events = {
        model.measure_name(one, fact)
        for fact in FACTS
        for one in model.measures_of(fact)
        if missing.lacking(needs(one), missing.OF_EVENTS)
    }

    assert len(of_events) > 40
    for fact in FACTS:
        axis = since if fact is COHORT_RETENTION else month if fact is ACTIVITY_SEGMENTS else {}
        for name in (model.measure_name(one, fact) for one in model.measures_of(fact)):
            value = Evaluator(model_without, axis).measure(name)
            whole = Evaluator(semantic_model, axis).measure(name)
            assert value == (None if name in of_events else whole), name
    assert "Monthly Active Customers" in of_events
    assert "% Retained (Unbounded)" not in of_events


def test_a_kind_of_events_is_missing_by_its_name(tables):
    """A shop without redemptions still has its orders; a name may contain spaces."""
    noted = {**tables, **miniature.notes(no_events=[events_of("redeem"), events_of("login")])}
    evaluator = Evaluator(
        dax_evaluator.read(files(SOURCE), noted), {("Activity Calendar", "Activity Month"): [{date(2026, 4, 1)}]}
    )

    blank = {name for name in ("Logins", "Points Redeemed", "% Redeemed", "Orders", "Points Earned", "Outstanding Points")
             if evaluator.measure(name) is None}  # fmt: skip

    assert blank == {"Logins", "Points Redeemed", "% Redeemed"}


def test_a_subtitle_says_that_activity_is_behaviour(semantic_model):
    """Without a flag in the data, the number counts customers seen in the last 90 days."""
    absent = ("is_active",)
    lacking = miniature.result_tables(miniature.profiles(miniature.customers(400, missing=absent)), absent)
    without = Evaluator(dax_evaluator.read(files(SOURCE), lacking))
    subtitle = "Subtitle of Active Customers"

    assert Evaluator(semantic_model).measure(subtitle).startswith("Customers marked active in the source")
    assert without.measure(subtitle).startswith("Customers seen in the last 90 days")
    assert "; active: seen in the last 90 days" in without.measure("Subtitle of Customer Retention Journey")
    assert without.measure("Active Customers") > 0
    assert without.measure("Activity Unknown") is None


def test_months_that_do_not_add_up_are_blank_on_a_card(semantic_model):
    """A total over months would count a customer once per month; one month, or a mean, is valid."""
    everything = Evaluator(semantic_model)
    one_month = Evaluator(semantic_model, {("Activity Calendar", "Activity Month"): [{date(2026, 4, 1)}]})
    of_months = [one for one in MEASURES if "activity_month" in must_be_cut_by(one) and not one.hidden]

    assert [one.name for one in of_months if everything.measure(one.label) is not None] == []
    assert [one.name for one in of_months if one_month.measure(one.label) is None] == []
    assert everything.measure("Active Customers, Last Full Month") > 0
    assert everything.measure("Active Customers per Month") > 0
    assert everything.measure("% Retained (Unbounded)") is None


def test_points_held_are_the_same_for_a_month_a_quarter_and_a_year(semantic_model):
    """They are cumulative up to the last month in view, at any level of the calendar."""
    held = [
        Evaluator(semantic_model, {("Activity Calendar", column): [{member}]}).measure("Outstanding Points")
        for column, member in [
            ("Activity Month", date(2025, 12, 1)),
            ("Activity Quarter", "2025 Q4"),
            ("Activity Year", 2025),
        ]
    ]

    assert held[0] == held[1] == held[2] != Evaluator(semantic_model).measure("Outstanding Points")


def test_a_column_is_missing_by_its_full_name(semantic_model):
    """One name may be part of another, and two sources may have columns with the same name."""
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
def test_a_visual_says_which_data_is_missing(semantic_model, absent):
    """In the subtitle, because an empty chart says nothing."""
    lacking = miniature.result_tables(miniature.profiles(miniature.customers(400, missing=absent)), absent)
    without = Evaluator(dax_evaluator.read(files(SOURCE), lacking))
    visuals = [visual for page in WHOLE.pages for visual in page.visuals if subtitles.is_moving(visual)]

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
    """Total Customers by Account Age Band would be all customers in each band, without a warning."""
    table, column = field
    if table.name in {parameter.label for parameter in PARAMETERS}:
        return  # it filters nothing, as its description says
    members = list(dict.fromkeys(semantic_model.rows[table.name][column.name].dropna())) or ["any"]
    cutting = {fact for fact in FACTS if cuts(fact, table)}
    others = [one for one, _ in visible() if not cutting.intersection(facts_of(one))]

    for member in members[:3]:
        evaluator, axis = Evaluator(semantic_model), {(table.name, column.name): [{member}]}
        assert [one.name for one in others if evaluator.measure(one.label, axis) is not None] == []


def cuts(fact, table):
    """Whether filters on *table* reach *fact*."""
    name = model.fact_name(fact)
    return name == table.name or any(
        (one.from_table, one.to_table) == (name, table.name) for one in model.RELATIONSHIPS
    )


@pytest.mark.parametrize("cut", ["account_age_band", "last_login_month", "funnel_stage"])
def test_a_measure_uses_the_fact_that_its_axis_cuts(semantic_model, database, cut):
    """The field list has one measure, for use with any axis."""
    asked = [one for one, _ in visible() if ENGAGEMENT_SEGMENTS in facts_of(one)]
    asked = [one for one in asked if not one.name.endswith("_of_others") and not one.name.startswith("share_of")]
    query = sql.aggregate(ENGAGEMENT_SEGMENTS, asked, by=[dimension(cut)])
    column = column_of(cut)
    evaluator = Evaluator(semantic_model)

    for key, *values in database.execute(query.text, query.parameters).fetchall():
        for one, expected in zip(asked, values, strict=True):
            assert row_level.same(evaluator.measure(one.label, {column: [{key}]}), expected), (one.name, key)


def test_a_measure_is_blank_where_no_fact_has_both_axes(semantic_model):
    """Bands of balance and of age are in two tables; neither has both."""
    both = {("Account Age Band", "Account Age Band"): [{"0–100"}], ("Balance Band", "Balance Band"): [{"100–250"}]}

    assert Evaluator(semantic_model, both).measure("Total Customers") is None


def test_duplicates_of_measures_are_hidden(semantic_model):
    """They serve the visuals of the third page; in the field list they would be a wrong choice."""
    text = files(SOURCE)["Customer 360.SemanticModel/definition/tables/Engagement Segments.tmdl"]
    measures = re.split(r"\n\n(?=\t///)", text)
    doubles = [one for one in measures if re.search(r"measure '[^']+ \(Engagement\)'", one)]

    assert len(doubles) > 15
    assert all("\t\tisHidden" in one for one in doubles)


@pytest.mark.parametrize("filters", [{}, {"join_month": Between(date(2023, 4, 1), date(2025, 8, 1))}])
def test_each_cell_of_retention_agrees_with_sql(semantic_model, database, filters):
    """Blank in the same cells: those where a cohort of the row has not been followed long enough."""
    years, since = dimension("join_year"), dimension("months_since")
    query = sql.aggregate(COHORT_RETENTION, [m.RETAINED_SHARE], by=[years, since], filters=filters)
    evaluator = Evaluator(semantic_model, chosen(semantic_model, filters))

    found = database.execute(query.text, query.parameters).fetchall()

    assert {None} < {share for *_, share in found}
    for year, months, share in found:
        cell = {column_of("join_year"): [{year}], column_of("months_since"): [{months}]}
        assert row_level.same(evaluator.measure("% Retained (Unbounded)", cell), share), (year, months)


def test_a_goal_is_blank_while_nothing_is_filtered(semantic_model):
    """A number compared with itself would always meet its goal."""
    kenya = chosen(semantic_model, {"country": ["Kenya"]})
    for one in (m.AVERAGE_LOGIN_RECENCY_OF_OTHERS, m.SHARE_ABOVE_THRESHOLD_OF_OTHERS):
        assert Evaluator(semantic_model).measure(one.label) is None
        assert Evaluator(semantic_model, kenya).measure(one.label) is not None


EARLY = Between(date(2024, 3, 1), date(2025, 3, 1))
NO_FILTER_OF_TODAY = "; no comparison under a filter by loyalty status or activity"


@pytest.mark.parametrize(
    ("filters", "subtitle"),
    [
        ({}, "; shown: May 2026; a year earlier: May 2025"),
        ({"country": ["Kenya"]}, "; shown: May 2026; a year earlier: May 2025"),
        ({"join_month": Between(date(2025, 1, 1), AS_OF)}, "; shown: May 2026; a year earlier: May 2025"),
        ({"loyalty_status": ["Gold"]}, f"; shown: May 2026{NO_FILTER_OF_TODAY}; only those who are Gold today"),
        ({"activity": ["Active"]}, f"; shown: May 2026{NO_FILTER_OF_TODAY}; only those who are Active today"),
        ({"activity_month": EARLY}, "; shown: Mar 2025; no full month a year earlier"),
    ],
)
def test_the_months_that_are_compared_are_named(semantic_model, filters, subtitle):
    """Or the reason why there is no comparison, such as an incomplete first month of events."""
    evaluator = Evaluator(semantic_model, chosen(semantic_model, filters))

    assert evaluator.measure("Subtitle of Monthly Active Customers") == (
        f"With a login, purchase or redemption{subtitle}"
    )
    is_compared = "a year earlier:" in subtitle
    assert (evaluator.measure("Active Customers, a Year Earlier") is not None) == is_compared


def test_the_subtitle_has_the_total_of_the_title_and_the_month_drawn(semantic_model, tables):
    """A KPI draws one number: the one that it can compare."""
    earned = tables["activity_segments"]["earned"].sum()
    gaps = tables["activity_segments"][["login_gap_days", "login_gaps"]].sum()
    evaluator = Evaluator(semantic_model)

    assert evaluator.measure("Subtitle of Total Loyalty Points Awarded") == (
        f"Total: {earned:,}. Points earned since the first event; shown: May 2026; a year earlier: May 2025"
    )
    assert evaluator.measure("Subtitle of Average Last Login Frequency").startswith(
        f"Overall: {gaps['login_gap_days'] / gaps['login_gaps']:,.1f} days. Mean days between logins; shown: May 2026"
    )


def test_the_liability_is_at_the_price_that_the_reader_sets(semantic_model, tables):
    """The subtitle has the price; a price between two steps becomes the next one."""
    rows = tables["activity_segments"]
    held = (rows["earned"] - rows["redeemed"] - rows["expired"]).sum()
    evaluator = Evaluator(semantic_model, chosen(semantic_model, {}, {"point_price": Decimal("0.0125")}))

    assert evaluator.measure("Points Liability") == pytest.approx(float(held) * 0.013)
    assert evaluator.measure("Subtitle of Points Liability") == (
        "Outstanding points at your price; price of a point: 0.013"
    )


def test_the_input_of_a_parameter_says_which_values_it_takes(semantic_model):
    """The model has only sums over bands, so it cannot count between two edges."""
    evaluator = Evaluator(semantic_model)

    assert evaluator.measure("Subtitle of Balance Threshold (X)") == (
        "Drag, or type an amount; it moves to the edges of the bands"
    )
    assert evaluator.measure("Subtitle of Price of a Point") == "In your currency; it moves in steps of 0.001"


@pytest.mark.parametrize("activities", [["Active"], ["Active", "Inactive", "Unknown"]])
def test_no_filter_reaches_the_tenths_of_spending(semantic_model, activities):
    """A customer's tenth depends on all other customers."""
    filtered = Evaluator(semantic_model, chosen(semantic_model, {"activity": activities, "country": ["Kenya"]}))
    share = "% of Spending by the Top 10%"

    assert filtered.measure(share) == Evaluator(semantic_model).measure(share) > 0.1
    assert "; not filtered by Activity, Country" in filtered.measure("Subtitle of Spending by the Top 10%")


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
@pytest.mark.parametrize(
    "title",
    [
        "Customer Acquisition",
        "Loyalty Points by Join Month",
        "Account Age",
        "Active Members by Month",
        "Outstanding Points",
    ],
)
def test_over_join_months_the_subtitle_names_a_filter_by_today(semantic_model, title, filters, said):
    """Nobody joins as Gold, so a line that falls to 0 does not mean that fewer customers join."""
    shown = Evaluator(semantic_model, chosen(semantic_model, filters)).measure(f"Subtitle of {title}")

    assert shown.endswith(said)
    assert ("today" in shown.partition("; only")[2]) == bool(said)


@pytest.mark.parametrize(
    ("title", "filters", "said"),
    [
        ("Unbounded Retention", {"loyalty_status": ["Gold"]}, "; not filtered by Loyalty Status"),
        (
            "Unbounded Retention",
            {"activity": ["Active"], "country": ["Kenya"]},
            "; not filtered by Activity, Country",
        ),
        ("Unbounded Retention", {"funnel_stage": [3]}, "; not filtered by Funnel Stage"),
        ("Unbounded Retention", {"join_month": Between(date(2023, 1, 1), AS_OF)}, ""),
        ("Top 10 Customers by Balance", {"points_band": [2]}, "; not filtered by Points Band"),
        ("Top 10 Customers by Balance", {"country": ["Kenya"]}, ""),
        ("Customers by Country", {"loyalty_status": ["Gold"]}, ""),
        ("Model Test", {"loyalty_status": ["Gold"]}, "; not filtered by Loyalty Status"),
        ("Outstanding Points", {"from_status": ["Silver"]}, "; not filtered by From Status"),
    ],
)
def test_a_visual_says_which_filters_do_not_reach_it(semantic_model, title, filters, said):
    """Slicers and clicks on its page: retention is counted only by join month."""
    shown = Evaluator(semantic_model, chosen(semantic_model, filters)).measure(f"Subtitle of {title}")

    assert shown.partition("; not filtered")[2] == said.removeprefix("; not filtered")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (
            "active_customers",
            [
                "IF (",
                (
                    "    [Customer Segments Answer] && NOT ( "
                    'CONTAINSSTRING ( [Missing Columns], ", public.customers.is_active, " ) && '
                    'CONTAINSSTRING ( [Missing Columns], ", public.customers.last_login, " ) && '
                    'CONTAINSSTRING ( [Missing Columns], ", public.events.occurred_at, " ) ),'
                ),
                "    CALCULATE ( [Total Customers], KEEPFILTERS ( 'Activity'[Activity] = \"Active\" ) ),",
                (
                    "    IF ( [Engagement Segments Answer], [Active Customers (Engagement)], "
                    "IF ( [Demographic Segments Answer], [Active Customers (Demographic)], "
                    "IF ( [Value Segments Answer], [Active Customers (Value)], "
                    "IF ( [Spending Segments Answer], [Active Customers (Spending)] ) ) ) )"
                ),
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
def test_dax_is_readable(name, text):
    """People see measures in Power BI's formula bar."""
    assert dax.expression(measure(name), CUSTOMER_SEGMENTS).splitlines() == text


def test_no_measure_has_the_name_of_another_measure_or_column():
    """The engine rejects both when the model is loaded."""
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
