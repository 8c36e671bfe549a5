"""The peer: Spark's own JDBC reader and writer, with the options that its users recommend."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from customer360.mock_data.countries import countries
from customer360.postgres.connection import Database

_FETCH_ROWS = 10_000
_BATCH_ROWS = 10_000


@dataclass(frozen=True)
class Jdbc:
    """One database by JDBC."""

    database: Database

    @property
    def _options(self) -> dict[str, str]:
        parts = self.database.parts
        url = f"jdbc:postgresql://{parts['host']}:{parts['port']}/{parts['dbname']}?reWriteBatchedInserts=true"
        return {
            "url": url, "user": parts["user"], "password": parts["password"], "driver": "org.postgresql.Driver",
            "preferTimestampNTZ": "true",
        }  # fmt: skip

    def read(self, spark: SparkSession, table: str, rows: int, partitions: int = 4) -> DataFrame:
        """*table* by ranges of customer_id, 1 to *rows*, all columns."""
        bounds: dict[str, Any] = {"lowerBound": 1, "upperBound": rows + 1, "numPartitions": partitions}
        reader = spark.read.format("jdbc").options(**self._options, **bounds)
        return reader.options(dbtable=table, partitionColumn="customer_id", fetchsize=_FETCH_ROWS).load()

    def write(self, rows: DataFrame, table: str, mode: str = "append") -> None:
        writer = rows.write.format("jdbc").options(**self._options)
        writer.options(dbtable=table, batchsize=_BATCH_ROWS).mode(mode).save()


def customers_by_expressions(spark: SparkSession, rows: int, as_of: date) -> DataFrame:
    """
    *rows* customers from Spark expressions, with the columns, types and approximate widths of the mock data.

    The values are not consistent as in the mock data (names and countries, tiers and points), which is less work.
    """
    people = spark.range(1, rows + 1).withColumnRenamed("id", "customer_id")
    people = people.withColumns(
        {
            "first": _any([name for country in countries() for name in country.female], 1),
            "last": _any([name for country in countries() for name in country.surnames], 2),
            "join_date": _days_before(F.lit(as_of), 2_922, 3),
            "loyalty_points": F.floor(F.exp(7 + F.randn(4))),
        }
    )
    return people.select(*_identity(), *_history(as_of), *_holdings())


def _identity() -> list[Column]:
    address = F.lower(F.concat_ws(".", "first", "last", "customer_id"))
    return [
        F.col("customer_id"),
        F.concat_ws(" ", "first", "last").alias("name"),
        F.concat(address, F.lit("@example.com")).alias("email"),
        _any(["Female", "Male", "Other"], 5).alias("gender"),
        _days_before(F.date_sub("join_date", 6_570), 20_000, 6).alias("birth_date"),
        _any([country.name for country in countries()], 7).alias("country"),
        _any([city for country in countries() for city in country.cities], 8).alias("city"),
    ]


def _history(as_of: date) -> list[Column]:
    purchased = _days_before(F.lit(as_of), 2_922, 9)
    moment = F.timestamp_seconds(F.unix_seconds(F.lit(as_of).cast("timestamp")) - F.floor(F.rand(10) * 3e7))
    return [
        F.col("join_date"),
        F.when(F.rand(11) > 0.13, purchased).alias("first_purchase"),
        F.when(F.rand(12) > 0.03, moment.cast("timestamp_ntz")).alias("last_login"),
    ]


def _holdings() -> list[Column]:
    return [
        (F.rand(13) < 0.5).alias("is_active"),
        F.when(F.col("loyalty_points") < 1_000, "Bronze")
        .when(F.col("loyalty_points") < 5_000, "Silver")
        .otherwise("Gold")
        .alias("loyalty_status"),
        F.col("loyalty_points"),
        F.exp(6.5 + F.randn(14)).cast("decimal(12,2)").alias("account_balance"),
    ]


def _any(values: list[str], seed: int) -> Column:
    return F.get(F.lit(values), F.floor(F.rand(seed) * len(values)))


def _days_before(day: Column, most: int, seed: int) -> Column:
    return F.date_sub(day, F.floor(F.rand(seed) * most).cast("int"))
