"""The customers that the results are built from, with everything that the results contain about each."""

from __future__ import annotations

from datetime import date

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from customer360 import tables
from customer360.bands import AGES, ORDERS
from customer360.operations import traits
from customer360.operations.checks import day_of, fails
from customer360.operations.conform import conform
from customer360.operations.customer_history import with_derived
from customer360.operations.survey import Survey
from customer360.tables import CUSTOMERS, NOT_STATED


def known_customers(checked: DataFrame, *, as_of: date, are_derived: bool = False) -> DataFrame:
    """
    The *checked* rows that are used: customers as of *as_of* that fail no 'reject' check, with their history.

    A first purchase or login after *as_of* is null, so that a past report can be rebuilt; last_login is a day. If
    the customers *are_derived* from their events, their points and first purchase come from the events up to
    *as_of*.
    """
    known = checked.where(~fails(CUSTOMERS, CUSTOMERS.rejects)).withColumns(
        {
            "first_purchase": traits.known_at("first_purchase", as_of),
            "last_login": traits.known_at(day_of(CUSTOMERS, "last_login"), as_of),
        }
    )
    known = with_derived(known) if are_derived else known
    return known.withColumn("last_seen", F.greatest("last_login", "last_active_day"))


def with_traits(known: DataFrame, survey: Survey, *, as_of: date) -> DataFrame:
    """
    *known* customers with their ages, months, bands, funnel stage and slicer members: as many rows.

    Ages are whole days and years up to *as_of*, months are given by their first day, bands by `Bands.number`.
    Slicer members are those of the survey and never null, except join_month.
    """
    known = known.withColumns(
        {
            "account_age_days": traits.days_until(as_of, "join_date"),
            "days_since_last_login": traits.days_until(as_of, "last_login"),
            "age_years": traits.years_until(as_of, "birth_date"),
            "is_active_by_behaviour": traits.is_active_by_behaviour(as_of),
        }
    ).withColumn("activity", traits.activity(survey.activity_from))
    return known.withColumns(
        {
            "join_month": traits.month(F.col("join_date")),
            "last_login_month": traits.month(F.col("last_login")),
            "last_seen_month": traits.month(F.col("last_seen")),
            "account_age_band": traits.band_number(F.col("account_age_days"), survey.account_age_days),
            "balance_band": traits.band_number(F.col("account_balance"), survey.account_balance),
            "points_band": traits.band_number(F.col("loyalty_points"), survey.loyalty_points),
            "spent_band": traits.band_number(F.col("spent"), survey.spent),
            "orders_band": traits.band_number(F.col("orders"), ORDERS),
            "age_band": traits.band_number(F.col("age_years"), AGES),
            "gender": traits.one_of(survey.genders, "gender", NOT_STATED),
            "status_member": traits.one_of(survey.loyalty_statuses, "loyalty_status"),
            "country_member": traits.one_of(survey.countries, "country"),
            "funnel_stage": traits.funnel_stage(),
            "is_out_of_order": traits.is_out_of_order(),
            "source_id": traits.shown_id(),
        }
    )


def in_slicer_cells(customers: DataFrame) -> DataFrame:
    """*customers* with loyalty status and country as slicer members instead of as stored."""
    return customers.withColumns({"loyalty_status": F.col("status_member"), "country": F.col("country_member")})


def customer_contacts(known: DataFrame) -> DataFrame:
    """One row per *known* customer: the identity as in the source."""
    return conform(known, tables.CUSTOMER_CONTACTS)


def customer_profiles(customers: DataFrame) -> DataFrame:
    """One row per customer, without the name; loyalty status and country both as stored and as members."""
    return conform(customers, tables.CUSTOMER_PROFILES)
