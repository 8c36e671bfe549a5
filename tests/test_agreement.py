"""
One definition, four engines: PostgreSQL and DuckDB on the published segments, Spark and pandas on single customers.

The customers go through the real operations into the real database. What the measures' SQL says there must be
what Spark and pandas, which know nothing of segments or of that SQL, say of the rows.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date
from typing import Any, NamedTuple

import pandas as pd
import psycopg
import pytest
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from customer360.pipeline.run import run_operations
from customer360.postgres.connection import Database
from customer360.report.dimensions import Between, Filters
from customer360.report.expressions import facts_of
from customer360.report.measures import measure
from customer360.tables import CUSTOMER_SEGMENTS, ENGAGEMENT_SEGMENTS, RESULT_TABLES
from customer360.web import sql
from tests import miniature, row_level

FACTS = (CUSTOMER_SEGMENTS, ENGAGEMENT_SEGMENTS)
SLICERS = {"loyalty_status": miniature.STATUSES, "activity": miniature.ACTIVITIES, "country": ("Chile", "Kenya")}
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


class Published(NamedTuple):
    """The same customers three times: as rows, with Spark, and as results in the database and in DuckDB."""

    rows: pd.DataFrame
    spark_rows: DataFrame
    postgres: Any
    duckdb: Any
    edges: list[Any]


@pytest.fixture(scope="module")
def published(spark: SparkSession, module_database: Database) -> Iterator[Published]:
    customers = miniature.customers(900, seed=11)[list(COLUMNS)]
    with module_database.connect(cursor_factory=psycopg.RawCursor) as connection:
        _insert(connection, customers)
        run_operations(module_database, spark, table="crm.people", as_of=miniature.AS_OF)
        results = {
            table.name: _frame(connection, table.full_name)
            for table in RESULT_TABLES
            if table.name not in ("customer_profiles", "rejected_rows")
        }
        used = {number for (number,) in connection.execute("SELECT customer_id FROM analytics.customer_profiles")}
        edges = [
            low for low in results["bands"].query("banded_column == 'account_balance'")["low"] if low is not None
        ]
        rows = miniature.profiles(customers[customers["customer_id"].isin(used)])
        spark_rows = _spark_rows(spark, customers[customers["customer_id"].isin(used)]).cache()
        with miniature.database(results) as in_duckdb:
            yield Published(rows, spark_rows, connection, in_duckdb, edges)


def _insert(connection: Any, customers: pd.DataFrame) -> None:
    columns = ", ".join(f"{name} {kind}" for name, kind in COLUMNS.items())
    connection.execute("CREATE SCHEMA crm")
    connection.execute(f"CREATE TABLE crm.people ({columns})")
    marks = ", ".join(f"${number}" for number in range(1, len(COLUMNS) + 1))
    with connection.cursor() as cursor:
        cursor.executemany(f"INSERT INTO crm.people VALUES ({marks})", customers.values.tolist())


def _frame(connection: Any, table: str) -> pd.DataFrame:
    cursor = connection.execute(f"TABLE {table}")
    return pd.DataFrame(cursor.fetchall(), columns=[column.name for column in cursor.description], dtype=object)


def _spark_rows(spark: SparkSession, customers: pd.DataFrame) -> DataFrame:
    schema = ", ".join(f"{name} {kind.replace('text', 'string')}" for name, kind in COLUMNS.items())
    return spark.createDataFrame(customers.values.tolist(), schema.replace("numeric", "decimal"))


# --- Spark, from single rows ----------------------------------------------------------------------------------


def _spark_values(rows: DataFrame, all_filters: list[Filters], edges: list[Any]) -> dict[int, dict[str, Any]]:
    """
    Every measure over single customers, by number of filter; a filter that leaves nobody is not in it.

    One job: a customer is repeated for each filter, which keeps it or leaves it to the others.
    """
    x = F.element_at(F.array(*map(F.lit, edges)), F.col("number") + 1)
    kept_by = F.array(*map(_spark_filter, all_filters))
    repeated = rows.select("*", F.posexplode(kept_by).alias("number", "kept")).withColumn("x", x)
    values = [value.alias(name) for name, value in _spark_measures().items()]
    counted = {
        (row["number"], row["kept"]): row for row in repeated.groupBy("number", "kept").agg(*values).collect()
    }
    found = {}
    for number, filters in enumerate(all_filters):
        if (number, True) in counted:
            of_others = counted.get(
                (number, False), {"share_above_threshold": None, "average_login_recency": None}
            )
            found[number] = counted[number, True].asDict() | {
                "share_above_threshold_of_others": of_others["share_above_threshold"],
                "average_login_recency_of_others": of_others["average_login_recency"],
            }
            if not row_level.is_comparable(filters):
                found[number]["new_customers_before"] = None
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
    seen_since = F.coalesce(F.col("last_login").cast("date") >= F.col("first_purchase"), F.lit(False))
    return {
        "total_customers": customers,
        "active_customers": active,
        "inactive_customers": F.count_if(~F.col("is_active")),
        "unknown_activity_customers": F.count_if(F.col("is_active").isNull()),
        "active_share": active / customers,
        "share_of_customers": customers / customers,
        "new_customers": F.count_if(ago.between(1, 12)),
        "joined_before": F.count_if(ago.between(13, 24)),
        "new_customers_before": F.count_if(ago.between(13, 24)),
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


def _spark_filter(filters: Filters) -> Column:
    active = F.when(F.col("is_active"), "Active").when(~F.col("is_active"), "Inactive").otherwise("Unknown")
    cuts = {
        "loyalty_status": F.coalesce("loyalty_status", F.lit("Unknown")),
        "country": F.coalesce("country", F.lit("Unknown")),
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


# --- the agreement ----------------------------------------------------------------------------------------------


def _all_filters() -> list[Filters]:
    """Nothing, every slicer value, and random combinations of them with ranges of months."""
    rng = random.Random(3)
    filters: list[Filters] = [{}]
    filters += [{name: [member]} for name, members in SLICERS.items() for member in members]
    for _ in range(20):
        chosen: dict[str, Any] = {
            name: rng.sample(SLICERS[name], rng.randrange(1, len(SLICERS[name]) + 1))
            for name in rng.sample(list(SLICERS), rng.randrange(1, 4))
        }
        if rng.random() < 0.5:
            chosen["join_month"] = Between(
                date(rng.randrange(2021, 2025), 5, 1), date(rng.randrange(2025, 2027), 1, 1)
            )
        filters.append(chosen)
    return filters


@pytest.mark.slow
def test_postgresql_duckdb_spark_and_pandas_agree_on_every_measure(published: Published) -> None:
    """Overall, under every slicer value, and under random combinations, on both segment tables."""
    everyone = row_level.keep(published.rows, {})
    all_filters = _all_filters()
    edges = [published.edges[number % len(published.edges)] for number in range(len(all_filters))]
    by_spark = _spark_values(published.spark_rows, all_filters, edges)
    differ = []
    for number, (filters, x) in enumerate(zip(all_filters, edges, strict=True)):
        kept = row_level.keep(published.rows, filters)
        for fact in FACTS:
            asked = [measure(name) for name in row_level.MEANINGS if fact in facts_of(measure(name))]
            of_pandas = row_level.says([one.name for one in asked], published.rows, filters, x)
            query = sql.aggregate(fact, asked, filters=filters, threshold=x)
            [of_postgres] = published.postgres.execute(query.text, query.parameters).fetchall()
            [of_duckdb] = published.duckdb.execute(query.text, query.parameters).fetchall()
            for one, postgres, duckdb, by_pandas in zip(asked, of_postgres, of_duckdb, of_pandas, strict=True):
                said = (postgres, duckdb, by_spark[number][one.name] if kept else by_pandas, by_pandas)
                if not all(row_level.same(each, by_pandas) for each in said):
                    differ.append((one.name, fact.name, filters, said))

    assert len(everyone) > 500
    assert len(by_spark) > len(all_filters) / 2
    assert differ == []
