"""Each customer with ages, bands and funnel stage."""

from __future__ import annotations

from pyspark.sql import DataFrame

from customer360 import tables
from customer360.operations.conform import conform


def customer_profiles(customers: DataFrame) -> DataFrame:
    """One row per customer, without name; loyalty status and country as they are stored."""
    return conform(customers, tables.CUSTOMER_PROFILES)
