"""The last earlier value of a column for the same customer."""

from __future__ import annotations

from typing import Final

from pyspark.sql import Column
from pyspark.sql import functions as F

_BUCKETS: Final = 64


def earlier(column: str, *order: str) -> Column:
    """
    The last non-null value of *column* in the customer's earlier rows, by *order*; null when there is none.

    A window spans many customers, because one window per customer takes five times as long. So the value's
    customer is looked up too, to ignore values of another customer.
    """
    rows = f"OVER (PARTITION BY pmod(xxhash64(customer_id), {_BUCKETS}) ORDER BY customer_id, {', '.join(order)})"
    owner = F.expr(f"lag(CASE WHEN {column} IS NOT NULL THEN customer_id END) IGNORE NULLS {rows}")
    return F.when(owner == F.col("customer_id"), F.expr(f"lag({column}) IGNORE NULLS {rows}"))
