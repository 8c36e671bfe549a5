"""The SQL of a measure agrees with the customers behind it, under any filters."""

import itertools
from datetime import date
from decimal import Decimal

import pytest

from customer360.report import activity_measures as a
from customer360.report import customer_measures as m
from customer360.report import order_measures as o
from customer360.report import points_measures as p
from customer360.report.activity_measures import CLASSIC_RETAINED_SHARE
from customer360.report.dimensions import DIMENSIONS, FACTS, Between, dimension, dimensions_of
from customer360.report.expressions import facts_of
from customer360.report.looked_up import LookedUp
from customer360.report.measures import MEASURES
from customer360.report.parameters import BALANCE_THRESHOLD
from customer360.tables import (
    ACTIVITY_SEGMENTS,
    COHORT_RETENTION,
    CUSTOMER_SEGMENTS,
    DATA_QUALITY,
    ENGAGEMENT_SEGMENTS,
    REFRESHES,
    TOP_CUSTOMERS,
)
from customer360.web import sql
from tests import miniature, miniature_events, row_level
from tests.engines import OF_CUSTOMERS, some_filters
from tests.miniature import COUNTRIES, STATUSES

SLICERS = {
    "loyalty_status": STATUSES,
    "activity": miniature.ACTIVITIES,
    "country": COUNTRIES,
}
SEGMENTS = (CUSTOMER_SEGMENTS, ENGAGEMENT_SEGMENTS)


@pytest.fixture(scope="module")
def profiles():
    return miniature.profiles(miniature.customers())


@pytest.fixture(scope="module")
def database(profiles):
    with miniature.database(miniature.result_tables(profiles)) as connection:
        yield connection


def rows_of(database, query):
    return database.execute(query.text, query.parameters).fetchall()


def value_of(database, fact, asked, filters, x=None):
    parameters = {} if x is None else {BALANCE_THRESHOLD.name: x}
    [[value]] = rows_of(database, sql.aggregate(fact, [asked], filters=filters, parameters=parameters))
    return value


@pytest.mark.parametrize(
    "cut",
    [
        cut
        for cut in DIMENSIONS
        if any(cut in dimensions_of(fact) for fact in SEGMENTS) and cut.name not in ("funnel_stage", "join_year")
    ],
    ids=lambda cut: cut.name,
)
def test_the_parts_of_a_visual_agree_with_their_customers(database, profiles, cut):
    """Cut by a dimension, each member shows its own customers."""
    fact = next(fact for fact in SEGMENTS if cut in dimensions_of(fact))
    query = sql.aggregate(fact, [m.TOTAL_CUSTOMERS, m.AVERAGE_BALANCE], by=[cut], filters={"activity": ["Active"]})
    scope = row_level.keep(profiles, {"activity": ["Active"]})

    parts = {row[0]: row[-2:] for row in rows_of(database, query)}

    members = {row[cut.name] for row in scope} - {None}
    assert set(parts) == members
    for member, (counted, average) in parts.items():
        balances = [row["account_balance"] for row in scope if row[cut.name] == member]
        known = [balance for balance in balances if balance is not None]
        assert counted == len(balances)
        assert row_level.same(average, sum(known) / len(known) if known else None)


def test_a_level_groups_the_members_below_it(database, profiles):
    """Join years are the years of join months, on axes and in filters."""
    years = {row["join_month"].year for row in row_level.keep(profiles, {}) if row["join_month"]}
    in_2025 = [row for row in row_level.keep(profiles, {}) if row["join_month"] and row["join_month"].year == 2025]

    shown = rows_of(database, sql.aggregate(CUSTOMER_SEGMENTS, [m.TOTAL_CUSTOMERS], by=[dimension("join_year")]))

    assert {year for year, _ in shown} == years
    assert dict(shown)[2025] == len(in_2025)
    assert value_of(database, CUSTOMER_SEGMENTS, m.TOTAL_CUSTOMERS, {"join_year": [2025]}) == len(in_2025)


def test_members_have_their_own_order(database):
    """Tiers, bands and months ascend; they are not sorted alphabetically."""
    statuses = rows_of(database, sql.members(dimension("loyalty_status")))
    bands = rows_of(database, sql.members(dimension("balance_band")))
    years = rows_of(database, sql.members(dimension("join_year")))
    stages = rows_of(database, sql.members(dimension("funnel_stage")))

    assert statuses == [(status, status) for status in STATUSES]
    assert bands[:4] == [(-1, "below 0"), (0, "0"), (1, "0–100"), (2, "100–250")]
    assert years == [(year, year) for year in range(years[0][0], miniature.AS_OF.year + 1)]
    assert stages == [(1, "Joined"), (2, "First purchase"), (3, "Logged in on a later day"), (4, "Active")]


@pytest.mark.parametrize("cut", DIMENSIONS, ids=lambda cut: cut.name)
def test_every_part_of_a_visual_belongs_to_a_member(database, cut):
    """Every key in the result of a query has a label and a position."""
    fact = next(fact for fact in FACTS if cut in dimensions_of(fact))

    parts = {row[0] for row in rows_of(database, sql.aggregate(fact, [], by=[cut]))}

    assert parts <= {key for key, _ in rows_of(database, sql.members(cut))}
    assert parts


# --- the traps of business intelligence, by name ----------------------------------------------------------------


def test_fan_out_a_dimension_joined_to_the_facts_repeats_no_customer(database, profiles):
    """`bands` has rows for three columns; without a condition on the column, customers would count three times."""
    query = sql.aggregate(CUSTOMER_SEGMENTS, [m.TOTAL_CUSTOMERS], by=[dimension("balance_band")])

    counted = sum(row[-1] for row in rows_of(database, query))

    assert counted == profiles["account_balance"].notna().sum()


def test_average_of_averages_a_mean_weighs_every_customer_alike(database, profiles):
    """In a mean of means, a segment of one customer would weigh as much as a segment of a thousand."""
    balances = [float(value) for value in profiles["account_balance"].dropna()]
    segments = [
        float(total) / count
        for total, count in database.execute(
            "SELECT balance_sum, balance_count FROM analytics.customer_segments WHERE balance_count > 0"
        ).fetchall()
    ]

    found = value_of(database, CUSTOMER_SEGMENTS, m.AVERAGE_BALANCE, {})

    assert found == pytest.approx(sum(balances) / len(balances))
    assert found != pytest.approx(sum(segments) / len(segments))


def test_null_denominator_an_average_leaves_out_the_customers_without_a_value(database, profiles):
    """Dividing by all customers would treat an unknown balance as zero."""
    known = profiles["account_balance"].notna().sum()

    assert known < len(profiles)
    assert value_of(database, CUSTOMER_SEGMENTS, m.CUSTOMERS_WITHOUT_BALANCE, {}) == len(profiles) - known


def test_null_denominator_a_share_of_customers_keeps_the_customers_without_a_value(database, profiles):
    """% with balance > X is a share of all customers: an unknown balance is not above X."""
    above = sum(value > 10_000 for value in profiles["account_balance"].dropna())

    assert value_of(database, CUSTOMER_SEGMENTS, m.SHARE_ABOVE_THRESHOLD, {}) == pytest.approx(
        above / len(profiles)
    )


def test_no_one_above_the_threshold_is_zero_and_not_blank(database):
    """0 % is an answer; an empty card looks like an error."""
    filters = {"balance_band": [-1, 0, 1]}

    assert value_of(database, CUSTOMER_SEGMENTS, m.SHARE_ABOVE_THRESHOLD, filters) == 0


def test_a_ratio_over_no_customers_is_null(database):
    """Neither an error nor zero."""
    assert value_of(database, CUSTOMER_SEGMENTS, m.AVERAGE_BALANCE, {"country": []}) is None
    assert value_of(database, CUSTOMER_SEGMENTS, m.SHARE_ABOVE_THRESHOLD, {"country": ["Atlantis"]}) is None


@pytest.mark.parametrize(("asked", "exact"), [(0, 0), (1, 100), (100, 100), (9_999, 10_000), (10**12, 25_000)])
def test_the_threshold_snaps_to_the_edge_at_which_the_count_is_exact(database, profiles, asked, exact):
    """Segments contain only the band of a balance; between two edges, any answer would be a guess."""
    above = sum(value > exact for value in profiles["account_balance"].dropna())

    assert value_of(database, CUSTOMER_SEGMENTS, m.CUSTOMERS_ABOVE_THRESHOLD, {}, asked) == above


def test_a_balance_of_exactly_the_threshold_is_not_above_it(database, profiles):
    """Strictly more: many of the invented customers have exactly 5,000 or 10,000."""
    at = sum(value == 10_000 for value in profiles["account_balance"].dropna())
    at_least = sum(value >= 10_000 for value in profiles["account_balance"].dropna())

    assert at > 50
    assert value_of(database, CUSTOMER_SEGMENTS, m.CUSTOMERS_ABOVE_THRESHOLD, {}, 10_000) == at_least - at


def test_percent_of_a_filtered_total_parts_add_up_to_one(database):
    """A share is relative to the filtered customers, not to the whole table."""
    filters = {"country": ["Kenya", "Chile"], "balance_band": range(1, 9)}
    query = sql.aggregate(
        CUSTOMER_SEGMENTS, [m.SHARE_OF_CUSTOMERS], by=[dimension("loyalty_status")], filters=filters
    )

    shares = [row[-1] for row in rows_of(database, query)]

    assert len(shares) == len(STATUSES)
    assert sum(shares) == pytest.approx(1)


def test_percent_of_a_filtered_total_excludes_customers_in_no_part(database):
    """Customers without a balance are in no band of the visual, and therefore not in its total."""
    query = sql.aggregate(CUSTOMER_SEGMENTS, [m.SHARE_OF_CUSTOMERS], by=[dimension("balance_band")])

    assert sum(row[-1] for row in rows_of(database, query)) == pytest.approx(1)


def test_top_n_under_filter_is_the_top_of_those_customers(database, profiles):
    """A top ten taken before the filter would show fewer than ten, or the wrong ten."""
    filters = {"country": ["Kenya"], "loyalty_status": ["Gold", "Silver"]}
    query = sql.top(TOP_CUSTOMERS, m.TOP_BALANCE, ["customer_id", "name"], 10, filters=filters)
    kept = [row for row in row_level.keep(profiles, filters) if row["account_balance"] is not None]

    shown = rows_of(database, query)

    best = sorted(kept, key=lambda row: (-row["account_balance"], row["customer_id"]))[:10]
    assert shown == [(row["customer_id"], row["name"], row["account_balance"]) for row in best]


@pytest.mark.parametrize("seed", range(20))
def test_top_n_under_any_slicers_is_the_top_of_those_customers(database, profiles, seed):
    """The ten highest of each cell are enough for the ten highest of any union of cells."""
    filters = some_filters(seed, TOP_CUSTOMERS, OF_CUSTOMERS)
    kept = [row for row in row_level.keep(profiles, filters) if row["account_balance"] is not None]

    shown = [
        row[0]
        for row in rows_of(database, sql.top(TOP_CUSTOMERS, m.TOP_BALANCE, ["customer_id"], 10, filters=filters))
    ]

    assert shown == [
        row["customer_id"]
        for row in sorted(kept, key=lambda row: (-row["account_balance"], row["customer_id"]))[:10]
    ]


def test_overlapping_members_a_funnel_counts_a_customer_at_every_stage_reached(database, profiles):
    """The stages contain each other, but the total counts every customer once."""
    query = sql.aggregate(ENGAGEMENT_SEGMENTS, [m.TOTAL_CUSTOMERS], by=[dimension("funnel_stage")])
    stages = list(profiles["funnel_stage"])

    shown = dict(rows_of(database, query))

    assert shown == {n: sum(stage >= n for stage in stages) for n in (1, 2, 3, 4)}
    assert value_of(database, ENGAGEMENT_SEGMENTS, m.TOTAL_CUSTOMERS, {}) == len(stages)


def test_a_funnel_stage_is_compared_with_the_first_and_the_previous_of_the_same_filter(database, profiles):
    """Conversion in Kenya is relative to Kenyans who joined, even when the funnel is cross-filtered."""
    stages = [row["funnel_stage"] for row in row_level.keep(profiles, {"country": ["Kenya"]})]
    asked = [m.SHARE_OF_FIRST_STAGE, m.SHARE_OF_PREVIOUS_STAGE]
    query = sql.aggregate(
        ENGAGEMENT_SEGMENTS, asked, by=[dimension("funnel_stage")], filters={"country": ["Kenya"]}
    )

    shown = [row[-2:] for row in sorted(rows_of(database, query))]

    reached = [sum(stage >= n for stage in stages) for n in (1, 2, 3, 4)]
    expected = [(count / reached[0], count / reached[max(n - 1, 0)]) for n, count in enumerate(reached)]
    assert shown == [pytest.approx(pair) for pair in expected]
    picked = {"country": ["Kenya"], "funnel_stage": [3]}
    assert value_of(database, ENGAGEMENT_SEGMENTS, asked[1], picked) == pytest.approx(expected[2][1])


def test_retention_is_a_ratio_of_sums_over_cohorts(database, profiles):
    """Larger cohorts weigh more."""
    months = Between(date(2023, 1, 1), date(2025, 12, 1))
    cohorts = {month for month in profiles["join_month"] if month and months.first <= month <= months.last}

    found = value_of(database, COHORT_RETENTION, m.RETAINED_SHARE, {"months_since": [2], "join_month": months})

    assert found == pytest.approx(retained(profiles, cohorts, 2))


def _later(month, months):
    number = 12 * month.year + month.month - 1 + months
    return date(number // 12, number % 12 + 1, 1)


# --- refreshes, parameters, safety ------------------------------------------------------------------------------


def test_the_data_is_as_of_the_latest_refresh(database):
    """`refreshes` keeps its history; an older row must not be used."""
    query = sql.aggregate(REFRESHES, [m.AS_OF_DATE, m.ROWS_REJECTED])

    assert rows_of(database, query) == [(miniature.AS_OF, 4)]


def test_the_threshold_can_take_the_edges_of_the_bands(database):
    """The slider offers only these."""
    found = [row[0] for row in rows_of(database, sql.edges(BALANCE_THRESHOLD))]

    assert found == [Decimal(0), *miniature.BALANCES.edges]


def test_a_filter_on_a_dimension_the_fact_does_not_have_changes_nothing(database):
    """As in Power BI, where no relationship applies it; the visual's subtitle says so."""
    filters = {"country": ["Kenya"]}

    assert value_of(database, COHORT_RETENTION, m.RETAINED_SHARE, filters) == value_of(
        database, COHORT_RETENTION, m.RETAINED_SHARE, {}
    )


@pytest.mark.parametrize("asked", MEASURES, ids=lambda asked: asked.name)
def test_values_from_readers_are_never_in_the_text(database, asked):
    """Values are bound; a member that looks like a statement is only an unknown member."""
    evil = "x'); DROP TABLE analytics.customer_segments; --"
    for fact in facts_of(asked):
        filters = {cut.name: [evil] for cut in dimensions_of(fact) if cut.name in SLICERS}
        query = sql.aggregate(fact, [asked], filters=filters)

        assert "DROP" not in query.text
        assert len(rows_of(database, query)) == 1


# --- like is compared with like ---------------------------------------------------------------------------------


@pytest.mark.parametrize("filters", [{}, {"country": COUNTRIES}, {"balance_band": list(range(-1, 10))}])
def test_others_are_nobody_where_nobody_is_outside_the_filters(database, filters):
    """Without filters, or if they match everyone. Customers without a band are outside a filter by bands."""
    others = value_of(database, CUSTOMER_SEGMENTS, m.AVERAGE_LOGIN_RECENCY_OF_OTHERS, filters)

    assert (others is None) == ("balance_band" not in filters)


MAY = date(2026, 5, 1)


def in_month(database, asked, month, filters=None):
    return value_of(database, ACTIVITY_SEGMENTS, asked, {**(filters or {}), "activity_month": [month]})


@pytest.mark.parametrize(
    ("filters", "month"),
    [
        ({}, MAY),
        ({"country": ["Kenya"]}, MAY),
        ({"join_month": Between(date(2023, 1, 1), date(2025, 1, 1))}, MAY),
        ({"activity_month": Between(date(2025, 6, 1), date(2025, 12, 1))}, date(2025, 12, 1)),
        ({"activity_month": [date(2026, 6, 1)]}, None),
        ({"activity_month": [date(2025, 4, 1)]}, date(2025, 4, 1)),
        ({"activity_month": [date(2025, 3, 1)]}, None),
        ({"activity_month": [date(2024, 8, 1)]}, None),
        ({"loyalty_status": ["Gold"]}, None),
        ({"loyalty_status": list(STATUSES)}, None),
        ({"activity": ["Active"]}, None),
    ],
)
@pytest.mark.parametrize(
    ("asked", "of"),
    [
        (a.ACTIVE_YEAR_BEFORE, a.MONTHLY_ACTIVE_CUSTOMERS),
        (a.DAYS_BETWEEN_LOGINS_YEAR_BEFORE, a.DAYS_BETWEEN_LOGINS),
        (o.SPENT_YEAR_BEFORE, o.SPENT),
    ],
    ids=lambda one: one.name,
)
def test_a_month_is_compared_with_the_same_month_a_year_earlier_if_both_are_comparable(
    database, filters, month, asked, of
):
    """No value for an incomplete month, for the first month of the events or before, or under a filter by today."""
    found = value_of(database, ACTIVITY_SEGMENTS, asked, filters)

    others = {name: kept for name, kept in filters.items() if name != "activity_month"}
    expected = month and in_month(database, of, date(month.year - 1, month.month, 1), others)
    assert row_level.same(found, expected)
    assert month is None or found


def test_a_year_without_a_row_is_zero_for_a_count_and_null_for_a_ratio(database):
    """Zero active customers is known; how long they waited is not."""
    nobody = {"country": ["Atlantis"]}

    assert value_of(database, ACTIVITY_SEGMENTS, a.ACTIVE_YEAR_BEFORE, nobody) == 0
    assert value_of(database, ACTIVITY_SEGMENTS, a.DAYS_BETWEEN_LOGINS_YEAR_BEFORE, nobody) is None
    assert value_of(database, ACTIVITY_SEGMENTS, a.LAST_ACTIVE_CUSTOMERS, nobody) == 0
    assert value_of(database, ACTIVITY_SEGMENTS, a.LAST_DAYS_BETWEEN_LOGINS, nobody) is None


def test_each_month_is_compared_with_its_own_year_before(database):
    """By month, a measure of a year earlier is the same line, shifted by twelve months."""
    by = [dimension("activity_month")]
    earlier = dict(rows_of(database, sql.aggregate(ACTIVITY_SEGMENTS, [o.BUYERS_YEAR_BEFORE], by=by)))
    buyers = dict(rows_of(database, sql.aggregate(ACTIVITY_SEGMENTS, [o.BUYERS], by=by)))

    told = {month: value for month, value in earlier.items() if value is not None}
    assert list(map(min, [told])) == [date(2025, 4, 1)]
    assert max(told) == MAY
    assert told == {month: buyers.get(date(month.year - 1, month.month, 1), 0) for month in told}


@pytest.mark.parametrize("cuts", [("loyalty_status",), ("activity",), ("activity_month", "loyalty_status")])
def test_a_cut_by_today_is_not_compared_with_a_year_earlier(database, cuts):
    """As with such a filter: not all customers who are Gold today were Gold then."""
    by = [dimension(name) for name in cuts]

    found = rows_of(database, sql.aggregate(ACTIVITY_SEGMENTS, [o.SPENT_YEAR_BEFORE, o.LAST_SPENT], by=by))

    assert {row[-2] for row in found} == {None}
    assert any(row[-1] for row in found)


def test_each_country_is_compared_with_its_own_year_before(database):
    """Countries do not change; the row of a country equals a filter by it."""
    by = [dimension("country")]

    found = dict(rows_of(database, sql.aggregate(ACTIVITY_SEGMENTS, [o.SPENT_YEAR_BEFORE], by=by)))

    assert {*found} == {*COUNTRIES}
    for country, value in found.items():
        assert value == value_of(database, ACTIVITY_SEGMENTS, o.SPENT_YEAR_BEFORE, {"country": [country]})


def test_points_have_the_price_that_the_reader_sets(database):
    """A cent each by default."""
    held = value_of(database, ACTIVITY_SEGMENTS, p.OUTSTANDING_POINTS, {"country": ["Kenya"]})
    asked = [p.POINTS_LIABILITY]

    for price, set_by_reader in ((Decimal("0.01"), {}), (Decimal("0.025"), {"point_price": Decimal("0.025")})):
        query = sql.aggregate(ACTIVITY_SEGMENTS, asked, filters={"country": ["Kenya"]}, parameters=set_by_reader)
        assert row_level.same(rows_of(database, query)[0][0], held * price)


@pytest.mark.parametrize("cut", ["from_status", "to_status"])
def test_tiers_of_the_past_have_the_order_of_today(database, cut):
    """Tiers that nobody has today come last."""
    database.execute("INSERT INTO analytics.tier_moves VALUES ('2024-05-01', 'Amber', 'Amber', 'Kenya', 1)")
    try:
        found = [key for key, _ in rows_of(database, sql.members(dimension(cut)))]
    finally:
        database.execute("DELETE FROM analytics.tier_moves WHERE to_status = 'Amber'")

    assert found == [*(status for status in STATUSES if status in found), "Amber"]
    assert "Bronze" in found


@pytest.mark.slow
@pytest.mark.parametrize(
    ("as_of", "first", "last"),
    [
        (date(2026, 6, 17), date(2025, 6, 1), date(2026, 5, 1)),
        (date(2026, 6, 29), date(2025, 6, 1), date(2026, 5, 1)),
        (date(2026, 6, 30), date(2025, 7, 1), date(2026, 6, 1)),
        (date(2026, 2, 28), date(2025, 3, 1), date(2026, 2, 1)),
        (date(2024, 2, 28), date(2023, 2, 1), date(2024, 1, 1)),
        (date(2025, 12, 31), date(2025, 1, 1), date(2025, 12, 1)),
    ],
)
def test_the_month_of_the_as_of_date_is_full_on_its_last_day(profiles, as_of, first, last):
    """Whether the date is passed in or queried."""
    months = [month for month in profiles["join_month"] if month]
    tables = miniature.result_tables(profiles)
    tables["refreshes"].loc[1, "as_of_date"] = as_of
    with miniature.database(tables) as database:
        for known in (LookedUp(as_of), None):
            [[found]] = rows_of(database, sql.aggregate(CUSTOMER_SEGMENTS, [m.NEW_CUSTOMERS], looked_up=known))
            assert found == sum(first <= month <= last for month in months)


def full_months(joined):
    """The months between the month of joining and the first incomplete month."""
    return 12 * (miniature.AS_OF.year - joined.year) + miniature.AS_OF.month - joined.month - 1


def retained(profiles, joined_in, months):
    """The share of customers who joined in the months *joined_in* and were seen *months* or more months later."""
    pairs = zip(profiles["join_month"], profiles["last_seen_month"], strict=True)
    logins = [(last, _later(joined, months)) for joined, last in pairs if joined in joined_in]
    return sum(not months or bool(last and last >= needed) for last, needed in logins) / len(logins)


@pytest.mark.parametrize(
    "filters", [{}, {"join_month": Between(date(2023, 4, 1), date(2025, 8, 1))}, {"months_since": [2, 7, 14]}]
)
def test_a_cell_of_retention_needs_its_months_and_three_more_in_every_cohort_of_its_row(
    database, profiles, filters
):
    """Customers who come every other month need time to be seen again; and a row must cover the same customers."""
    query = sql.aggregate(
        COHORT_RETENTION,
        [m.RETAINED_SHARE],
        by=[dimension("join_year"), dimension("months_since")],
        filters=filters,
    )
    kept = [
        row["join_month"]
        for row in row_level.keep(profiles, {k: v for k, v in filters.items() if k != "months_since"})
    ]

    shown = {(year, since): share for year, since, share in rows_of(database, query)}

    assert {None} < set(shown.values())
    for (year, since), share in shown.items():
        cohorts = {month for month in kept if month and month.year == year}
        if full_months(max(cohorts)) >= since + 3:
            assert share == pytest.approx(retained(profiles, cohorts, since))
        else:
            assert share is None


def test_classic_retention_counts_customers_active_in_that_very_month(database, profiles):
    """For cohorts whose month is complete and covered by the events; never more than unbounded retention."""
    asked = [CLASSIC_RETAINED_SHARE, m.RETAINED_CUSTOMERS, m.COHORT_CUSTOMERS]
    query = sql.aggregate(COHORT_RETENTION, asked, by=[dimension("join_year"), dimension("months_since")])
    active = [
        (row["join_month"], {event.month for event in miniature_events.events_of(row) if event.is_active})
        for row in profiles.to_dict("records")
        if row["join_month"] and full_months(row["join_month"]) >= 0
    ]
    first, shares = miniature_events.FIRST_DAY.replace(day=1), []

    for year, since, share, retained_customers, customers in rows_of(database, query):
        of_year = [one for one in active if one[0].year == year and full_months(one[0]) >= since]
        seen = [_later(joined, since) in months for joined, months in of_year if _later(joined, since) >= first]
        shares.append(share)
        assert share == (pytest.approx(sum(seen) / len(seen)) if seen else None), (year, since)
        if share is not None and len(seen) == customers:
            assert share <= retained_customers / customers

    assert None in shares
    assert any(shares)


def test_retention_never_rises_along_a_row(database):
    """Otherwise its cells would be about different customers."""
    query = sql.aggregate(
        COHORT_RETENTION, [m.RETAINED_SHARE], by=[dimension("join_year"), dimension("months_since")]
    )
    rows = sorted(row for row in rows_of(database, query) if row[-1] is not None)

    pairs = [(one, other) for one, other in itertools.pairwise(rows) if one[0] == other[0]]
    assert len(pairs) > 20
    assert [pair for pair in pairs if pair[0][-1] < pair[1][-1]] == []


def test_failures_of_checks_are_those_of_the_latest_refresh(database):
    """The history of checks grows with every run; the number of failed rows does not."""
    [[checked, failed]] = rows_of(database, sql.aggregate(DATA_QUALITY, [m.ROWS_CHECKED, m.ROWS_FAILED]))

    assert (checked, failed) == (1_420, 4)
