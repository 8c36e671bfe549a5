"""Reading from and writing to a lake: Parquet is real here, and with the embedded engine also Delta."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from customer360.errors import Customer360Error
from customer360.mock_data.plan import Plan
from customer360.pipeline.fill import fill_mock_data
from customer360.pipeline.lakes import choose_lakes
from customer360.pipeline.run import run_operations
from customer360.postgres.connection import Database
from customer360.postgres.datasource import read
from customer360.spark import lake
from customer360.tables import CUSTOMER_MONTHS, CUSTOMER_PROFILES, SOURCES, columns_read
from tests.pipeline.test_pipeline import checksum
from tests.statements import fetch

AS_OF = date(2026, 6, 30)
CUBES = (
    "customer_segments", "engagement_segments", "top_customers", "cohort_retention", "activity_segments",
    "tier_moves", "demographic_segments",
)  # fmt: skip


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("s3a://lake/customers", lake.Location("s3a://lake/customers", "parquet")),
        ("customers.parquet", lake.Location("customers.parquet", "parquet")),
        ("parquet:customers", lake.Location("customers", "parquet")),
        ("delta:/lake/customers", lake.Location("/lake/customers", "delta")),
        ("iceberg:s3a://lake/customers", lake.Location("s3a://lake/customers", "iceberg")),
        ("customers", lake.Location("customers", None)),
        ("main.crm.customers", lake.Location("main.crm.customers", None)),
        ("`my catalog`.crm.customers", lake.Location("`my catalog`.crm.customers", None)),
    ],
)
def test_a_path_has_a_format_and_a_table_of_the_catalog_has_none(text: str, place: lake.Location) -> None:
    """Spark has a different method for each."""
    assert lake.place(text) == place


def test_a_password_in_an_address_is_not_kept_with_the_refresh() -> None:
    """The name of the source is shown to every reader of the results."""
    assert str(lake.place("delta:ftp://ada:secret@lake/customers")) == "delta:ftp://lake/customers"
    assert str(lake.place("abfss://box@lake.dfs.core.windows.net/x")) == "abfss://box@lake.dfs.core.windows.net/x"


def test_profiles_never_overwrite_the_customers() -> None:
    """The next run would read the profiles as customers."""
    with pytest.raises(
        Customer360Error, match="rows are read from delta:/lake/customers/profiles; write the results elsewhere"
    ):
        lake.require_apart(lake.place("/lake/customers"), lake.place("delta:/lake/customers/profiles"))


def test_two_tables_are_never_written_to_one_place() -> None:
    """A reader would find the rows of both mixed."""
    places = {CUSTOMER_PROFILES: lake.place("/lake/mine"), CUSTOMER_MONTHS: lake.place("/lake/mine/")}
    with pytest.raises(Customer360Error, match="customer_profiles and customer_months need different places"):
        choose_lakes(places, 1, read=[])


def test_profiles_require_a_path_that_can_be_written_directly() -> None:
    """A table of a catalog may be a view, or belong to someone else."""
    with pytest.raises(Customer360Error, match="can be written to PATH or delta:PATH, not to main.crm.profiles"):
        lake.folder(lake.place("main.crm.profiles"), 1)


@pytest.mark.both
@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("/lake/nobody", "nothing found at /lake/nobody; write PATH, delta:PATH"),
        ("nobody", "the catalog has no table nobody; a path must contain a /, such as ./nobody"),
    ],
)
def test_a_missing_source_is_one_line(spark: SparkSession, source: str, line: str) -> None:
    """The embedded engine silently reads no rows from a missing folder."""
    with pytest.raises(Customer360Error) as error:
        lake.read(spark, lake.place(source))

    assert line in str(error.value)


@pytest.mark.java
@pytest.mark.parametrize(
    ("source", "line"),
    [
        (
            "delta:/lake/customers",
            "lacks the package for 'delta'; add io.delta:delta-spark_4.X_2.13:VERSION to spark.jars",
        ),
        (
            "iceberg:/lake/customers",
            "lacks the package for 'iceberg'; add org.apache.iceberg:iceberg-spark-runtime",
        ),
        ("s3a://lake/customers", "lacks the package for 's3a'; add org.apache.hadoop:hadoop-aws"),
        ("a.b.c", "cannot read a.b.c: spark_catalog requires a single-part namespace"),
    ],
)
def test_what_apache_spark_lacks_for_a_source_is_one_line(spark: SparkSession, source: str, line: str) -> None:
    """Each with the fix; Spark itself prints pages of Java."""
    with pytest.raises(Customer360Error) as error:
        lake.read(spark, lake.place(source))

    assert line in str(error.value)


@pytest.mark.embedded
@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("delta:/lake/nobody", "nothing found at delta:/lake/nobody; write PATH, delta:PATH"),
        ("iceberg:/lake/nobody", "nothing found at iceberg:/lake/nobody; write PATH, delta:PATH"),
        ("a.b.c", "the catalog has no table a.b.c"),
    ],
)
def test_what_the_embedded_engine_does_not_find_is_one_line(spark: SparkSession, source: str, line: str) -> None:
    """It reads Delta and Iceberg without any package."""
    with pytest.raises(Customer360Error) as error:
        lake.read(spark, lake.place(source))

    assert line in str(error.value)


@pytest.mark.embedded
def test_a_type_that_the_embedded_engine_does_not_read_is_named(spark: SparkSession, tmp_path: Path) -> None:
    """As pandas writes categories."""
    levels = pa.table({"loyalty_status": pa.array(["Gold", "Silver"]).dictionary_encode()})
    pq.write_table(levels, tmp_path / "customers.parquet")

    with pytest.raises(
        Customer360Error, match=r"does not support a type in .*: cast Dictionary\(Int32, Utf8\) to Spark"
    ):
        lake.read(spark, lake.place(str(tmp_path / "customers.parquet")))


@pytest.mark.embedded
def test_a_delta_table_has_a_version_per_refresh_and_keeps_its_columns(
    spark: SparkSession, tmp_path: Path
) -> None:
    """The embedded engine itself would omit columns that the table does not have."""
    profiles = lake.place(f"delta:{tmp_path / 'profiles'}")
    rows = spark.sql("SELECT id AS customer_id, CAST(id AS smallint) AS points_band FROM range(5)")

    assert lake.write(rows, profiles) == 5
    assert lake.write(rows.limit(2), profiles) == 2
    with pytest.raises(
        Customer360Error, match=r"is a Delta table with other columns \(.*; it lacks more string\); write"
    ):
        lake.write(rows.withColumn("more", F.lit("x")), profiles)
    with pytest.raises(
        Customer360Error, match="with other columns .points_band smallint; it lacks points_band int.; write"
    ):
        lake.write(rows.withColumn("points_band", F.col("points_band").cast("int")), profiles)

    assert lake.read(spark, profiles).count() == 2
    assert spark.read.format("delta").option("versionAsOf", 0).load(profiles.name).count() == 5


@pytest.mark.spark
@pytest.mark.both
@pytest.mark.slow
def test_customers_of_a_lake_give_the_same_results_as_those_of_the_database(
    spark: SparkSession, database: Database, tmp_path: Path
) -> None:
    """And the profiles and months in the lake are those that the database had."""
    fill_mock_data(database, spark, Plan(3_000, as_of=AS_OF, dirt=0.02))
    from_table = run_operations(database, spark, as_of=AS_OF)
    before = {table: checksum(database, f"analytics.{table}") for table in CUBES}
    profiles = sorted(
        fetch(database, f"SELECT customer_id, balance_band::text FROM {CUSTOMER_PROFILES.full_name}")
    )
    months = sorted(fetch(database, f"SELECT customer_id, month, orders FROM {CUSTOMER_MONTHS.full_name}"))
    for source in SOURCES:
        rows = read(spark, database, source.full_name, columns_read(source))
        rows.write.parquet(str(tmp_path / source.name))

    refresh = run_operations(
        database, spark, source=lake.place(str(tmp_path / "customers")), events=str(tmp_path / "events"),
        as_of=AS_OF, profiles_to=lake.place(str(tmp_path / "profiles")),
        months_to=lake.place(str(tmp_path / "months")),
    )  # fmt: skip

    assert (refresh.source_table, refresh.source_kind) == (str(tmp_path / "customers"), "unknown")
    assert (refresh.rows_out, refresh.events_out) == (from_table.rows_out, from_table.events_out)
    assert {table: checksum(database, f"analytics.{table}") for table in CUBES} == before
    for table in (CUSTOMER_PROFILES, CUSTOMER_MONTHS):
        assert fetch(database, f"SELECT count(*) FROM {table.full_name}") == [(0,)]
    written = spark.read.parquet(str(tmp_path / "profiles" / f"refresh={refresh.refresh_id}"))
    assert written.columns == list(CUSTOMER_PROFILES.column_names)
    found = written.select("customer_id", F.col("balance_band").cast("string")).collect()
    assert sorted(map(tuple, found)) == profiles
    in_lake = spark.read.parquet(str(refresh.months)).select("customer_id", "month", "orders")
    assert sorted(map(tuple, in_lake.collect())) == months


@pytest.mark.spark
@pytest.mark.both
@pytest.mark.slow
def test_customers_of_a_lake_that_do_not_fit_are_refused_in_one_line_and_nothing_changes(
    spark: SparkSession, database: Database, tmp_path: Path
) -> None:
    """A lake may have any type."""
    text, dates = str(tmp_path / "text"), str(tmp_path / "dates")
    spark.sql("SELECT 'C-17' AS customer_id, DATE'2024-01-01' AS join_date").write.parquet(text)
    spark.sql("SELECT 1L AS customer_id, 20240101 AS join_date").write.parquet(dates)
    profiles = lake.place(str(tmp_path / "profiles"))

    with pytest.raises(Customer360Error, match="a value in .*text does not fit its column: .*'C-17'"):
        run_operations(database, spark, source=lake.place(text), profiles_to=profiles)
    with pytest.raises(Customer360Error, match="column 'join_date' of the customers is int; convert it to a date"):
        run_operations(database, spark, source=lake.place(dates))

    assert fetch(database, "SELECT count(*) FROM pg_tables WHERE schemaname = 'analytics'") == [(0,)]
    assert not Path(profiles.name).exists()
