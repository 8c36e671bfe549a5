"""PySpark over individual customers: an independent version of the measures, without segments or SQL."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pandas as pd
import pytest
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from customer360.report.dimensions import Between, Filters
from customer360.report.expressions import Measure
from tests import miniature, row_level
from tests.engines import SEGMENTS, Answer, Ask, Customers, Question

COLUMNS = {
    "customer_id": "bigint",
    "name": "text",
    "country": "text",
    "join_date": "date",
    "first_purchase": "date",
    "last_login": "timestamp",
    "is_active": "boolean",
    "loyalty_status": "text",
    "loyalty_points": "bigint",
    "account_balance": "numeric(12,2)",
}
CUTS = {"loyalty_status", "activity", "country", "join_month"}


def can(question: Question, one: Measure) -> bool:
    """Whether the question filters only by columns of the source table, without a cut."""
    known = question.fact in SEGMENTS and one.name in row_level.MEANINGS
    return known and question.by is None and CUTS.issuperset(question.filters)


@contextmanager
def opened(customers: Customers, request: pytest.FixtureRequest) -> Iterator[Ask]:
    known = list(customers.results["countries"]["country"])
    rows = _spark_rows(request.getfixturevalue("spark"), customers.source[list(COLUMNS)]).cache()

    def ask(questions: Sequence[Question]) -> list[Answer]:
        edges = [customers.snapped(one.parameters)["balance_threshold"] for one in questions]
        found = _spark_values(rows, [one.filters for one in questions], edges, known)
        return [
            {None: tuple(values[one.name] for one in question.measures)}
            for question, values in zip(questions, found, strict=True)
        ]

    yield ask


def _spark_rows(spark: SparkSession, customers: pd.DataFrame) -> DataFrame:
    schema = ", ".join(f"{name} {kind.replace('text', 'string')}" for name, kind in COLUMNS.items())
    return spark.createDataFrame(customers.values.tolist(), schema.replace("numeric", "decimal"))


def _spark_values(
    rows: DataFrame, all_filters: list[Filters], edges: list[Any], countries: list[str]
) -> list[dict[str, Any]]:
    """
    Every measure over individual customers, for each set of filters.

    A single job: each customer is repeated for each set of filters, which either keeps it or counts it as an other.
    """
    x = F.element_at(F.array(*map(F.lit, edges)), F.col("number") + 1)
    kept_by = F.array(*(_spark_filter(filters, countries) for filters in all_filters))
    repeated = rows.select("*", F.posexplode(kept_by).alias("number", "kept")).withColumn("x", x)
    values = [value.alias(name) for name, value in _spark_measures().items()]
    counted = {
        (row["number"], row["kept"]): row.asDict()
        for row in repeated.groupBy("number", "kept").agg(*values).collect()
    }
    nobody = dict.fromkeys(_spark_measures())
    found = []
    for number in range(len(all_filters)):
        kept, others = (counted.get((number, is_kept), nobody) for is_kept in (True, False))
        of_others = {
            f"{name}_of_others": others[name] for name in ("share_above_threshold", "average_login_recency")
        }
        found.append(kept | of_others)
    return found


def _recency() -> Column:
    return F.date_diff(F.lit(miniature.AS_OF), F.col("last_login").cast("date"))


def _spark_measures() -> dict[str, Column]:
    open_month = F.trunc(F.date_add(F.lit(miniature.AS_OF), 1), "month")
    ago = F.months_between(open_month, F.trunc("join_date", "month"))
    balance, points, recency, customers = (
        F.col("account_balance"),
        F.col("loyalty_points"),
        _recency(),
        F.count("*"),
    )
    above, active = F.count_if(balance > F.col("x")), F.count_if("is_active")
    seen_since = F.coalesce(F.col("last_login").cast("date") > F.col("first_purchase"), F.lit(False))
    return {
        "total_customers": customers,
        "active_customers": active,
        "inactive_customers": F.count_if(~F.col("is_active")),
        "unknown_activity_customers": F.count_if(F.col("is_active").isNull()),
        "active_share": active / customers,
        "share_of_customers": customers / customers,
        "new_customers": F.count_if(ago.between(1, 12)),
        "total_balance": F.sum(balance),
        "customers_with_balance": F.count(balance),
        "customers_without_balance": customers - F.count(balance),
        "average_balance": F.avg(balance.cast("double")),
        "customers_above_threshold": above,
        "share_above_threshold": above / customers,
        "total_points": F.sum(points),
        "customers_with_points": F.count(points),
        "customers_without_points": customers - F.count(points),
        "average_points": F.avg(points),
        "share_of_points": F.try_divide(F.sum(points), F.sum(points)),
        "days_since_last_login": F.sum(recency),
        "customers_with_login": F.count(recency),
        "customers_without_login": customers - F.count(recency),
        "average_login_recency": F.avg(recency),
        "out_of_order_customers": F.count_if(F.col("is_active") & ~seen_since),
    }


def _spark_filter(filters: Filters, countries: list[str]) -> Column:
    active = F.when(F.col("is_active"), "Active").when(~F.col("is_active"), "Inactive").otherwise("Unknown")
    country = F.when(F.col("country").isNull(), "Unknown")
    cuts = {
        "loyalty_status": F.coalesce("loyalty_status", F.lit("Unknown")),
        "country": country.when(F.col("country").isin(countries), F.col("country")).otherwise("Other"),
        "activity": active,
        "join_month": F.trunc("join_date", "month"),
    }
    kept = F.lit(True)
    for name, members in filters.items():
        if isinstance(members, Between):
            kept &= F.coalesce(cuts[name].between(F.lit(members.first), F.lit(members.last)), F.lit(False))
        else:
            kept &= cuts[name].isin(list(members))
    return F.coalesce(kept, F.lit(False))
