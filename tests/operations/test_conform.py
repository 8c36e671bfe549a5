from datetime import datetime

import pytest
from pyspark.sql import functions as F

from customer360 import tables
from customer360.errors import Customer360Error
from customer360.operations.conform import IDS, SOURCE_COLUMNS, conform, source_rows, table_of

pytestmark = pytest.mark.spark


def test_only_the_columns_that_are_needed_are_read(customers):
    """Reading from the database is what takes longest, and columns are what it takes."""
    wide = customers("name", ("Ana",)).withColumn("email", F.lit("ana@example.com"))

    assert source_rows(wide).columns == list(SOURCE_COLUMNS)


def test_columns_that_are_not_there_hold_nothing(customers):
    """What needs them is switched off by its own means; everything else goes on."""
    narrow = customers("name", ("Ana",)).drop("country", "last_login")

    [row] = source_rows(narrow).collect()

    assert (row["name"], row["country"], row["last_login"]) == ("Ana", None, None)


def test_without_id_or_anything_else_there_is_one_line(customers):
    """A person who maps their own table must see what it lacks, not a Spark plan."""
    narrow = customers("name", ("Ana",)).drop(*[name for name in SOURCE_COLUMNS if name not in IDS])

    with pytest.raises(
        Customer360Error, match="^the customers have only customer_id, source_id; .* at least one of "
    ):
        source_rows(narrow)
    with pytest.raises(Customer360Error, match=r"^the customers lack the column customer_id\."):
        source_rows(narrow.drop("customer_id"))


def test_source_rows_have_the_types_of_the_source_table(customers):
    """Sums and comparisons are exact for decimals of two digits and moments without a zone, whatever came in."""
    loose = customers("last_login", (datetime(2026, 6, 30, 23, 59),)).select(
        F.col("last_login").cast("timestamp"),
        F.lit(12.5).alias("account_balance"),
        *[name for name in SOURCE_COLUMNS if name not in ("last_login", "account_balance")],
    )

    types = dict(source_rows(loose).dtypes)

    assert types == {name: tables.CUSTOMERS[name].spark_type for name in SOURCE_COLUMNS}
    assert source_rows(loose).first()["last_login"] == datetime(2026, 6, 30, 23, 59)


def test_a_result_has_the_columns_of_its_table_in_their_order_and_types(spark):
    """The publishing code copies by position, so order and types are a promise."""
    shuffled = spark.createDataFrame([(7, "spare", "Chile")], "country_order bigint, spare string, country string")

    assert conform(shuffled, tables.COUNTRIES).dtypes == [("country", "string"), ("country_order", "smallint")]


@pytest.mark.parametrize("table", tables.TABLES, ids=lambda table: table.name)
def test_spark_has_a_type_for_every_column(spark, table):
    """Tables are written in PostgreSQL's words; Spark must understand its own twin of each."""
    assert table_of(spark, table, []).dtypes == [(column.name, column.spark_type) for column in table.columns]
