"""What was known of a customer before: a look back over rows in their order."""

from __future__ import annotations

from typing import Final

from pyspark.sql import Column
from pyspark.sql import functions as F

_BUCKETS: Final = 64


def earlier(column: str, *order: str) -> Column:
    """
    The last value of *column* that is not null in the customer's earlier rows, by *order*; null without any.

    A window is over many customers at a time, as one for each customer takes five times as long: so the value
    comes with its customer, who may be another.
    """
    rows = f"OVER (PARTITION BY pmod(xxhash64(customer_id), {_BUCKETS}) ORDER BY customer_id, {', '.join(order)})"
    owner = F.expr(f"lag(CASE WHEN {column} IS NOT NULL THEN customer_id END) IGNORE NULLS {rows}")
    return F.when(owner == F.col("customer_id"), F.expr(f"lag({column}) IGNORE NULLS {rows}"))
