from datetime import datetime, timezone
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
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


def source_values(spark, name, values):
    """What becomes of *values* in the column *name*, by their order."""
    rows = pa.table({"customer_id": range(len(values)), name: values})
    found = source_rows(spark.createDataFrame(rows)).orderBy("customer_id").collect()
    return [row[name] for row in found]


def test_an_amount_in_a_double_is_rounded_as_it_reads(spark):
    """1.005 is a little less as a double, and a person who typed it expects 1.01, on any engine."""
    amounts = [
        1.005,
        1.0049999999999997,
        -1.005,
        2.675,
        0.285,
        8.875,
        1e9 + 0.005,
        9_999_999_999.985,
        0.004,
        -0.0,
        0.29,
    ]

    assert source_values(spark, "account_balance", pa.array(amounts)) == [
        Decimal(text)
        for text in (
            "1.01",
            "1.00",
            "-1.01",
            "2.68",
            "0.29",
            "8.88",
            "1000000000.01",
            "9999999999.99",
            "0",
            "0",
            "0.29",
        )
    ]


def test_an_amount_that_is_no_number_is_not_known(spark):
    """pandas writes NaN for a missing number, and PostgreSQL's NaN is read as null too."""
    amounts = pa.array([float("nan"), float("inf"), float("-inf"), 1.5, None])

    assert source_values(spark, "account_balance", amounts) == [None, None, None, Decimal("1.50"), None]


@pytest.mark.parametrize("kind", [pa.float32(), pa.float64()])
def test_a_whole_number_in_a_double_becomes_a_text_without_decimals(spark, kind):
    """An id of 10000000 must not read 1.0E7, nor a tier of 2 as 2.0; pandas makes doubles of integers with gaps."""
    numbers = pa.array([2, 10_000_000, -3, 0, -0.0, 2.5, None], kind)

    assert source_values(spark, "loyalty_status", numbers) == ["2", "10000000", "-3", "0", "0", "2.5", None]


@pytest.mark.parametrize("zone", ["America/Santiago", "Asia/Tokyo", "UTC"])
def test_a_moment_falls_on_its_day_in_utc_whatever_zone_a_file_names(spark, tmp_path, zone):
    """The zone says how a moment is written, not when it was."""
    evening = datetime(2026, 6, 30, 23, 30)
    moments = pa.array([evening.replace(tzinfo=timezone.utc)], pa.timestamp("us", zone))
    pq.write_table(pa.table({"customer_id": [1], "join_date": moments, "last_login": moments}), tmp_path / "rows")

    [row] = source_rows(spark.read.parquet((tmp_path / "rows").as_uri())).collect()

    assert (row["join_date"], row["last_login"]) == (evening.date(), evening)


def test_a_result_has_the_columns_of_its_table_in_their_order_and_types(spark):
    """The publishing code copies by position, so order and types are a promise."""
    shuffled = spark.createDataFrame([(7, "spare", "Chile")], "country_order bigint, spare string, country string")

    assert conform(shuffled, tables.COUNTRIES).dtypes == [("country", "string"), ("country_order", "smallint")]


@pytest.mark.parametrize("table", tables.TABLES, ids=lambda table: table.name)
def test_spark_has_a_type_for_every_column(spark, table):
    """Tables are written in PostgreSQL's words; Spark must understand its own twin of each."""
    assert table_of(spark, table, []).dtypes == [(column.name, column.spark_type) for column in table.columns]
