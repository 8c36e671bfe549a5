from datetime import date, datetime, timezone
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyspark.errors import PySparkException
from pyspark.sql import functions as F

from customer360 import tables
from customer360.errors import Customer360Error
from customer360.operations.conform import conform, source_rows, table_of
from customer360.tables import CUSTOMERS, columns_read

pytestmark = [pytest.mark.spark, pytest.mark.both]


def test_only_the_columns_that_are_needed_are_read(customers):
    """Reading from the database takes longest, and its time depends on the columns."""
    wide = customers("name", ("Ana",)).withColumn("email", F.lit("ana@example.com"))

    assert source_rows(wide, CUSTOMERS).columns == list(columns_read(CUSTOMERS))


def test_missing_columns_are_null(customers):
    """Figures that need them are unavailable; everything else works."""
    narrow = customers("name", ("Ana",)).drop("country", "last_login")

    [row] = source_rows(narrow, CUSTOMERS).collect()

    assert (row["name"], row["country"], row["last_login"]) == ("Ana", None, None)


def test_without_id_or_anything_else_there_is_one_line(customers):
    """A user who maps their own table must see what is missing, not a Spark plan."""
    narrow = customers("name", ("Ana",)).drop(
        *[name for name in columns_read(CUSTOMERS) if name not in CUSTOMERS.ids]
    )

    with pytest.raises(
        Customer360Error, match="^the customers have only customer_id, source_id; .* at least one of "
    ):
        source_rows(narrow, CUSTOMERS)
    with pytest.raises(Customer360Error, match=r"^the customers lack the column customer_id\."):
        source_rows(narrow.drop("customer_id"), CUSTOMERS)


def test_source_rows_have_the_types_of_the_source_table(customers):
    """Sums and comparisons are exact for two-digit decimals and timestamps without a zone, for any input type."""
    loose = customers("last_login", (datetime(2026, 6, 30, 23, 59),)).select(
        F.col("last_login").cast("timestamp"),
        F.lit(12.5).alias("account_balance"),
        *[name for name in columns_read(CUSTOMERS) if name not in ("last_login", "account_balance")],
    )

    types = dict(source_rows(loose, CUSTOMERS).dtypes)

    assert types == {name: tables.CUSTOMERS[name].spark_type for name in columns_read(CUSTOMERS)}
    assert source_rows(loose, CUSTOMERS).collect()[0]["last_login"] == datetime(2026, 6, 30, 23, 59)


def source_values(spark, name, values):
    """The converted *values* of the column *name*, in order."""
    rows = pa.table({"customer_id": range(len(values)), name: values})
    found = source_rows(spark.createDataFrame(rows), CUSTOMERS).orderBy("customer_id").collect()
    return [row[name] for row in found]


def test_an_amount_in_a_double_is_rounded_as_printed(spark):
    """As a double, 1.005 is slightly less, but a user who typed it expects 1.01, on any engine."""
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


def test_an_amount_that_is_not_a_number_is_unknown(spark):
    """pandas writes NaN for a missing number, and PostgreSQL's NaN is read as null too."""
    amounts = pa.array([float("nan"), float("inf"), float("-inf"), 1.5, None])

    assert source_values(spark, "account_balance", amounts) == [None, None, None, Decimal("1.50"), None]


@pytest.mark.parametrize("kind", [pa.float32(), pa.float64()])
def test_a_whole_number_in_a_double_becomes_a_text_without_decimals(spark, kind):
    """An id of 10000000 must not become 1.0E7, nor a tier of 2 2.0; pandas turns integers with gaps into doubles."""
    numbers = pa.array([2, 10_000_000, -3, 0, -0.0, 2.5, None], kind)

    assert source_values(spark, "loyalty_status", numbers) == ["2", "10000000", "-3", "0", "0", "2.5", None]


@pytest.mark.parametrize("zone", ["America/Santiago", "Asia/Tokyo", "UTC"])
def test_the_day_of_a_timestamp_is_in_utc_regardless_of_the_files_zone(spark, tmp_path, zone):
    """The zone is how a time is written, not when it is."""
    evening = datetime(2026, 6, 30, 23, 30)
    moments = pa.array([evening.replace(tzinfo=timezone.utc)], pa.timestamp("us", zone))
    pq.write_table(pa.table({"customer_id": [1], "join_date": moments, "last_login": moments}), tmp_path / "rows")

    [row] = source_rows(spark.read.parquet((tmp_path / "rows").as_uri()), CUSTOMERS).collect()

    assert (row["join_date"], row["last_login"]) == (evening.date(), evening)


def converted(spark, name, value):
    """The column *name* of source rows with *value*, not known before it is computed."""
    rows = spark.sql(f"SELECT 1L AS customer_id, IF(id = 0, {value}, NULL) AS {name} FROM range(1)")
    if name in CUSTOMERS.ids:
        rows = rows.withColumn("is_active", F.lit(True))
    return source_rows(rows, CUSTOMERS).select(name).collect()[0][0]


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("account_balance", "1.005D", Decimal("1.01")),
        ("account_balance", "2.675D", Decimal("2.68")),
        ("account_balance", "-1.005D", Decimal("-1.01")),
        ("account_balance", "9999999999.99D", Decimal("9999999999.99")),
        ("account_balance", "float(1.1)", Decimal("1.10")),
        ("account_balance", "double('NaN')", None),
        ("account_balance", "double('-Infinity')", None),
        ("account_balance", "CAST(NULL AS double)", None),
        ("account_balance", "CAST('1.005' AS decimal(38,18))", Decimal("1.01")),
        ("account_balance", "' 12.345 '", Decimal("12.35")),
        ("loyalty_points", "' 12 '", 12),
        ("loyalty_points", "CAST('9007199254740993' AS decimal(20,0))", 9007199254740993),
        ("join_date", "'2024-1-5'", date(2024, 1, 5)),
        ("join_date", "' 2024-01-05 '", date(2024, 1, 5)),
        ("join_date", "'2024-01-05T10:00:00Z'", date(2024, 1, 5)),
        ("join_date", "TIMESTAMP_NTZ'1969-12-31 23:59:59.999999'", date(1969, 12, 31)),
        ("last_login", "TIMESTAMP'2024-01-05 23:30:00-05:00'", datetime(2024, 1, 6, 4, 30)),
        ("last_login", "DATE'2024-01-05'", datetime(2024, 1, 5)),
        ("is_active", "CAST(0.5 AS decimal(3,1))", True),
        ("is_active", "0", False),
        ("is_active", "'yes'", True),
        ("source_id", "NULL", None),
    ],
)
def test_a_value_is_converted_in_one_way_by_every_engine(spark, name, value, expected):
    """No cent and no customer may depend on the engine."""
    assert converted(spark, name, value) == expected


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("loyalty_points", "CAST('9223372036854775808' AS decimal(20,0))"),
        ("loyalty_points", "1e30D"),
        ("loyalty_points", "double('NaN')"),
        ("loyalty_points", "'12.5'"),
        ("loyalty_points", "'9223372036854775808'"),
        ("account_balance", "1e10D"),
        ("account_balance", "CAST('1e19' AS decimal(38,18))"),
        ("account_balance", "10000000000L"),
        ("account_balance", "'1,5'"),
        ("join_date", "'2024-02-30'"),
        ("join_date", "'05/01/2024'"),
        ("last_login", "'yesterday'"),
        ("is_active", "'maybe'"),
    ],
)
def test_a_value_that_does_not_fit_is_neither_truncated_nor_lost(spark, name, value):
    """It ends the run on every engine: a wrapped or missing number would go unnoticed."""
    with pytest.raises(PySparkException):
        converted(spark, name, value)


@pytest.mark.parametrize(
    ("name", "value", "kind"),
    [
        ("join_date", "20240105", "int"),
        ("join_date", "CAST(5 AS smallint)", "smallint"),
        ("last_login", "1704412800L", "bigint"),
        ("last_login", "1.5D", "double"),
        ("loyalty_points", "DATE'2024-01-05'", "date"),
        ("loyalty_points", "true", "boolean"),
        ("customer_id", "TIMESTAMP_NTZ'2024-01-05 00:00:00'", "timestamp_ntz"),
        ("account_balance", "TIMESTAMP'2024-01-05 00:00:00'", "timestamp"),
        ("is_active", "DATE'2024-01-05'", "date"),
        ("name", "array('Ana')", "array<string>"),
    ],
)
def test_a_column_of_another_kind_is_refused(spark, name, value, kind):
    """Some engines convert a number to a day, counted from 1970, and a timestamp to a number."""
    given = {"customer_id": "1L", "is_active": "true", name: value}
    rows = spark.sql("SELECT " + ", ".join(f"{made} AS {column}" for column, made in given.items()))

    with pytest.raises(Customer360Error, match=f"^column '{name}' of the customers is {kind}; convert it to a"):
        source_rows(rows, CUSTOMERS)


def test_a_result_has_the_columns_of_its_table_in_their_order_and_types(spark):
    """Publication copies by position, so order and types must match."""
    shuffled = spark.createDataFrame([(7, "spare", "Chile")], "country_order bigint, spare string, country string")

    assert conform(shuffled, tables.COUNTRIES).dtypes == [("country", "string"), ("country_order", "smallint")]


@pytest.mark.parametrize("table", tables.TABLES, ids=lambda table: table.name)
def test_spark_has_a_type_for_every_column(spark, table):
    """Tables are declared with PostgreSQL types; Spark must have an equivalent of each."""
    assert table_of(spark, table, []).dtypes == [(column.name, column.spark_type) for column in table.columns]
