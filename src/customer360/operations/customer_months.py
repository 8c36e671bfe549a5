"""What each customer did in each month."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from customer360 import tables
from customer360.operations.conform import conform
from customer360.operations.survey import Survey
from customer360.operations.traits import place


def months_of_customers(months: DataFrame, customers: DataFrame, found: Survey) -> DataFrame:
    """
    The `event_months` of *customers* with the customer's slicer cell, and whether the month is new or resurrected.

    A customer's first active month is new if they joined in or after the month of the very first event, or if
    their join month is unknown; earlier activity of the other customers is unknown. An active month that is
    neither new nor retained is resurrected. Slicer members are given as their positions in the survey.
    """
    began = F.lit(found.first_event.replace(day=1) if found.first_event else None).cast("date")
    joined_since = F.coalesce(F.col("join_month") >= began, F.lit(True))
    places = [place(members, F.col(slicer)).alias(slicer) for slicer, members in found.members.items()]
    joined = months.join(customers.select("customer_id", "join_month", *places), "customer_id")
    is_new = F.col("is_first") & joined_since
    is_resurrected = F.col("is_active") & ~is_new & ~F.col("is_retained")
    return joined.withColumns({"is_new": is_new, "is_resurrected": is_resurrected})


def customer_months(months: DataFrame) -> DataFrame:
    """One row per customer and month with any event, from `months_of_customers`."""
    return conform(months, tables.CUSTOMER_MONTHS)
