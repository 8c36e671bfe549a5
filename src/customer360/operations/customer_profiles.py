"""The customers that the results are made of, with everything that the results say about each."""

from __future__ import annotations

from datetime import date

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from customer360 import tables
from customer360.operations import traits
from customer360.operations.checks import day_of, fails
from customer360.operations.conform import conform
from customer360.operations.survey import Survey
from customer360.tables import CUSTOMERS


def known_customers(checked: DataFrame, *, as_of: date) -> DataFrame:
    """
    The *checked* rows that are used: customers at *as_of* that fail no 'reject' check.

    A first purchase or a login after *as_of* is null, so that a past report can be rebuilt; last_login is its day.
    """
    return checked.where(~fails(CUSTOMERS, CUSTOMERS.rejects)).withColumns(
        {
            "first_purchase": traits.known_at("first_purchase", as_of),
            "last_login": traits.known_at(day_of(CUSTOMERS, "last_login"), as_of),
        }
    )


def with_traits(known: DataFrame, survey: Survey, *, as_of: date) -> DataFrame:
    """
    *known* customers with their ages, months, bands and funnel stage: as many rows.

    Ages are whole days up to *as_of*, months are their first day, bands are numbered as `Bands.number` does.
    """
    known = known.withColumns(
        {
            "account_age_days": traits.days_until(as_of, "join_date"),
            "days_since_last_login": traits.days_until(as_of, "last_login"),
        }
    )
    return known.withColumns(
        {
            "join_month": traits.month(F.col("join_date")),
            "last_login_month": traits.month(F.col("last_login")),
            "account_age_band": traits.band_number(F.col("account_age_days"), survey.account_age_days),
            "balance_band": traits.band_number(F.col("account_balance"), survey.account_balance),
            "points_band": traits.band_number(F.col("loyalty_points"), survey.loyalty_points),
            "is_active_by_behaviour": traits.is_active_by_behaviour(F.col("days_since_last_login")),
            "funnel_stage": traits.funnel_stage(),
            "is_out_of_order": traits.is_out_of_order(),
            "source_id": traits.shown_id(),
        }
    )


def in_slicer_cells(customers: DataFrame, survey: Survey) -> DataFrame:
    """*customers* with each slicer as one of the survey's members, never null but for join_month."""
    return customers.withColumns(
        {
            "loyalty_status": traits.one_of(survey.loyalty_statuses, "loyalty_status"),
            "activity": traits.activity(),
            "country": traits.one_of(survey.countries, "country"),
        }
    )


def customer_profiles(customers: DataFrame) -> DataFrame:
    """One row per customer, without name; loyalty status and country as they are stored."""
    return conform(customers, tables.CUSTOMER_PROFILES)
