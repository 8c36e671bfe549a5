from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from pyspark.sql import functions as F

from customer360.bands import AGES, ORDERS, STEPS, Bands, age_bands
from customer360.operations import traits

from .literals import AS_OF, rows

pytestmark = pytest.mark.spark

PURCHASE = date(2026, 3, 1)
BEFORE = datetime(2026, 2, 28, 23, 59, 59)
SAME_DAY = datetime(2026, 3, 1, 23, 59)
NEXT_DAY = datetime(2026, 3, 2, 0, 0)


def test_the_funnel_stage_is_the_deepest_without_a_gap(customers):
    """The funnel is closed: an active customer without a purchase stays at stage 1 and is counted separately."""
    table = customers(
        "first_purchase last_login is_active",
        (None, None, None),
        (None, None, True),
        (None, SAME_DAY, False),
        (None, SAME_DAY, True),
        (PURCHASE, None, False),
        (PURCHASE, None, True),
        (PURCHASE, BEFORE, False),
        (PURCHASE, BEFORE, True),
        (PURCHASE, SAME_DAY, None),
        (PURCHASE, SAME_DAY, True),
        (PURCHASE, NEXT_DAY, None),
        (PURCHASE, NEXT_DAY, False),
        (PURCHASE, NEXT_DAY, True),
    )

    with_days = table.withColumns({"activity": traits.activity(), "last_login": F.col("last_login").cast("date")})
    placed = with_days.select(
        "customer_id", traits.funnel_stage().alias("stage"), traits.is_out_of_order().alias("out")
    )

    assert rows(placed, "customer_id stage out") == [
        (1, 1, False),
        (2, 1, True),
        (3, 1, False),
        (4, 1, True),
        (5, 2, False),
        (6, 2, True),
        (7, 2, False),
        (8, 2, True),
        (9, 2, False),
        (10, 2, True),
        (11, 3, False),
        (12, 3, False),
        (13, 4, False),
    ]


def test_active_by_behaviour_means_last_seen_in_the_90_days_up_to_the_as_of_day(customers):
    """The 90 days are 2 April to 30 June; a customer who was never seen was not active."""
    table = customers(
        "last_login",
        (datetime(2026, 6, 30, 23, 59),),
        (datetime(2026, 4, 2, 0, 0),),
        (datetime(2026, 4, 1, 23, 59),),
        (None,),
    )

    seen = table.withColumn("last_seen", F.col("last_login").cast("date"))
    active = traits.is_active_by_behaviour(AS_OF).alias("active")

    assert rows(seen.select("customer_id", active), "customer_id active") == [
        (1, True),
        (2, True),
        (3, False),
        (4, False),
    ]


def test_an_age_rises_on_the_birthday(customers):
    """Whole years, as people state their age; a birth after the as-of date is an error and gives no age."""
    days = [date(2008, 6, 30), date(2008, 7, 1), date(2004, 2, 29), AS_OF, date(2026, 7, 1), None]
    table = customers("birth_date", *[(day,) for day in days])

    ages = table.select("customer_id", traits.years_until(AS_OF, "birth_date").alias("age"))

    assert [age for _, age in rows(ages, "customer_id age")] == [18, 17, 22, 0, None, None]


AMOUNT_EDGES = [step for step in STEPS if step < 10**10]
AMOUNTS = st.decimals(min_value=Decimal("-9999999999.99"), max_value=Decimal("9999999999.99"), places=2)
NEAR_EDGES = st.builds(
    lambda edge, off: edge + off * Decimal("0.01"), st.sampled_from(AMOUNT_EDGES), st.integers(-1, 1)
)
EDGES = st.lists(st.sampled_from(STEPS), unique=True, max_size=12).map(sorted).map(tuple)
FEW = settings(max_examples=15, suppress_health_check=[HealthCheck.too_slow])


def numbers(spark, values, type_, bands):
    table = spark.createDataFrame([(value,) for value in values], f"value {type_}").coalesce(1)
    return [row[0] for row in table.select(traits.band_number(F.col("value"), bands)).collect()]


@FEW
@given(edges=EDGES, values=st.lists(AMOUNTS | NEAR_EDGES, min_size=1, max_size=100))
@example(
    edges=STEPS,
    values=[edge + off for edge in AMOUNT_EDGES for off in (-Decimal("0.01"), Decimal(0), Decimal("0.01"))],
)
@example(edges=(), values=[Decimal("-0.01"), Decimal(0), Decimal("0.01")])
def test_spark_puts_every_amount_into_the_band_that_bands_says(spark, edges, values):
    """Threshold measures are exact at the edges only if all engines agree on every cent."""
    bands = Bands("account_balance", edges, of_amounts=True)

    assert numbers(spark, values, "decimal(12,2)", bands) == [bands.number(value) for value in values]


@FEW
@given(edges=EDGES, values=st.lists(st.integers(0, 10**11) | st.sampled_from([0, 1, 2, 3, 5, 10, 25]), min_size=1))
def test_spark_puts_all_points_into_the_band_that_bands_says(spark, edges, values):
    """Points are whole numbers, but edges such as 2.5 are not."""
    bands = Bands("loyalty_points", edges, of_amounts=True)

    assert numbers(spark, values, "bigint", bands) == [bands.number(value) for value in values]


@FEW
@given(oldest=st.integers(0, 50_000), values=st.lists(st.integers(0, 50_000), min_size=1))
def test_spark_puts_every_age_into_the_band_that_bands_says(spark, oldest, values):
    """Ages have no band at zero: the first day belongs to the first band."""
    bands = age_bands("account_age_days", oldest)

    assert numbers(spark, values, "int", bands) == [bands.number(value) for value in values]


def test_null_is_in_no_band_unless_the_bands_have_one_for_it(spark):
    """Unknown is counted separately, never as zero."""
    assert numbers(spark, [None, 0, 17, 18, 99], "int", AGES) == [8, 1, 1, 2, 7]
    assert numbers(spark, [0, 1, 2, 25], "bigint", ORDERS) == [0, 1, 2, 6]
    assert numbers(spark, [None], "decimal(12,2)", Bands("account_balance", STEPS, of_amounts=True)) == [None]
    assert numbers(spark, [None], "int", age_bands("account_age_days", 10)) == [None]


def test_the_month_of_a_day_is_its_first_day_in_every_century(spark):
    """As in Python, for the first and last day of each month from year 1 to 9999; unknown stays unknown."""
    firsts = [date(year, month, 1) for year in range(1, 10_000) for month in range(1, 13)]
    lasts = [first - timedelta(days=1) for first in firsts[1:]] + [date.max]
    days = spark.createDataFrame([*zip(firsts, lasts, strict=True), (None, None)], "first date, last date")

    wrong = days.where(
        ~traits.month(F.col("first")).eqNullSafe(F.col("first"))
        | ~traits.month(F.col("last")).eqNullSafe(F.col("first"))
    )

    assert wrong.count() == 0
