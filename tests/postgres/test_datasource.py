"""`format("postgres")`: exact, consistent, parallel reads; atomic writes, exactly once."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime
from decimal import Decimal
from itertools import count
from pathlib import Path
from threading import Event
from time import monotonic, sleep
from typing import Any

import psycopg
import pyarrow as pa
import pytest
from pyspark import TaskContext
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from customer360.postgres.connection import Database
from customer360.postgres.copy import writer
from customer360.postgres.datasource import PostgresDataSource, _Copied, register
from customer360.postgres.publish import publication
from customer360.tables import Column, Table
from tests.statements import fetch

pytestmark = [pytest.mark.slow, pytest.mark.both]


@pytest.fixture(scope="module", autouse=True)
def _registered(spark: SparkSession) -> None:
    register(spark)


@pytest.fixture
def numbers(database: Database) -> str:
    """20,000 rows over enough pages to be split."""
    with database.connect() as connection:
        connection.execute(
            "CREATE TABLE numbers AS SELECT n::bigint AS n, repeat('x', 50) AS padding FROM generate_series(1, 20000) n"
        )
    return "public.numbers"


def read(spark: SparkSession, database: Database, table: str, **options: Any) -> DataFrame:
    return spark.read.format("postgres").options(url=database.url, table=table, **options).load()


def write(rows: DataFrame, database: Database, table: str, mode: str = "overwrite", **options: Any) -> None:
    rows.write.format("postgres").options(url=database.url, table=table, **options).mode(mode).save()


ROWS = [
    (
        2**63 - 1,
        1,
        Decimal("1234567890.12"),
        "Żółć 🦆",
        date(2024, 2, 29),
        datetime(2026, 6, 30, 23, 59, 59, 999999),
        True,
    ),
    (-1, -1, Decimal("-0.01"), "", date(1, 1, 1), datetime(1, 1, 1), False),
    (None, None, None, None, None, None, None),
]
SCHEMA = "a bigint, b int, c decimal(12,2), d string, e date, f timestamp_ntz, g boolean"


def test_every_type_makes_the_round_trip(spark: SparkSession, database: Database) -> None:
    """Including nulls and extremes, the database contains what Spark had."""
    write(spark.createDataFrame(ROWS, SCHEMA), database, "public.types")

    back = read(spark, database, "public.types")

    assert sorted(map(tuple, back.collect()), key=str) == sorted(ROWS, key=str)
    assert back.schema.simpleString() == (
        "struct<a:bigint,b:int,c:decimal(12,2),d:string,e:date,f:timestamp_ntz,g:boolean>"
    )
    assert sorted(fetch(database, "SELECT * FROM types"), key=str) == sorted(ROWS, key=str)


@pytest.mark.parametrize("partitions", [1, 3, 50])
def test_a_read_in_pieces_has_every_row_once(
    spark: SparkSession, database: Database, numbers: str, partitions: int
) -> None:
    """For any number of pieces, even more than there are pages."""
    rows = read(spark, database, numbers, partitions=partitions)

    assert rows.agg(F.count("n"), F.countDistinct("n"), F.sum("n")).collect() == [(20_000, 20_000, 200_010_000)]
    filled = rows.select(F.spark_partition_id()).distinct().count()
    assert partitions // 2 < filled <= partitions


def test_all_pieces_are_read_from_one_snapshot(spark: SparkSession, database: Database, numbers: str) -> None:
    """A change during the read is never seen in part."""
    rows = read(spark, database, numbers, partitions=4)
    is_read = Event()

    def change() -> None:
        with database.connect() as connection:
            for change in count():
                connection.execute("UPDATE numbers SET padding = %s", (str(change),))
                if is_read.is_set():
                    return

    with ThreadPoolExecutor(1) as pool:
        changing = pool.submit(change)
        try:
            found = [rows.agg(F.countDistinct("padding"), F.count("n")).collect() for _ in range(3)]
        finally:
            is_read.set()
        changing.result()
    assert found == [[(1, 20_000)]] * 3


def test_a_given_snapshot_is_read(spark: SparkSession, database: Database, numbers: str) -> None:
    """At every use of the DataFrame, as long as the snapshot is held."""
    with database.snapshot() as snapshot:
        rows = read(spark, database, numbers, partitions=4, snapshot=snapshot)
        with database.connect() as connection:
            connection.execute("DELETE FROM numbers WHERE n <= 15000")

        assert [rows.count(), rows.count()] == [20_000, 20_000]
    assert read(spark, database, numbers, partitions=4).count() == 5_000


@pytest.mark.java
def test_a_dataframe_of_apache_spark_keeps_its_snapshot(
    spark: SparkSession, database: Database, numbers: str
) -> None:
    """Rows that change after planning are in no piece; the pieces of a plain read share a snapshot too."""
    rows = read(spark, database, numbers, partitions=4)
    assert rows.count() == 20_000
    with database.connect() as connection:
        connection.execute("DELETE FROM numbers WHERE n <= 15000")
        connection.execute("INSERT INTO numbers SELECT 0, 'late' FROM generate_series(1, 100)")

    assert rows.count() == 20_000
    assert read(spark, database, numbers, partitions=4).count() == 5_100
    with database.connect() as connection:
        connection.execute("TRUNCATE numbers")
    with pytest.raises(PySparkException, match="was replaced, emptied or rewritten while it was read"):
        rows.count()


@pytest.mark.embedded
def test_the_embedded_engine_reads_at_every_use(spark: SparkSession, database: Database, numbers: str) -> None:
    """It keeps plans, not rows: each use sees what is committed by then."""
    rows = read(spark, database, numbers, partitions=4)
    assert rows.count() == 20_000
    with database.connect() as connection:
        connection.execute("DELETE FROM numbers WHERE n <= 15000")

    assert rows.count() == 5_000


def test_a_table_replaced_during_the_read_is_reported(spark: SparkSession, database: Database) -> None:
    """The rows swapped in are newer than the snapshot: without a check the table would look empty."""
    table = Table(
        "public", "letters", "one row per letter", "Letters.", (Column("letter", "text", "The letter."),)
    )

    def publish(letter: str) -> None:
        with publication(database, "test") as change:
            staged = change.stage(table)
            with writer(database) as copier:
                copier.copy_once(staged, 0, [pa.record_batch({"letter": [letter]})])
            change.publish()

    publish("old")
    with database.snapshot() as snapshot:
        rows = read(spark, database, "public.letters", snapshot=snapshot)
        assert rows.collect() == [("old",)]
        publish("new")

        with pytest.raises(PySparkException, match="was replaced, emptied or rewritten while it was read"):
            rows.collect()
    assert read(spark, database, "public.letters").collect() == [("new",)]


def test_only_the_named_columns_leave_the_database(spark: SparkSession, database: Database, numbers: str) -> None:
    """By option or by schema, in the requested order."""
    assert read(spark, database, numbers, columns="n").columns == ["n"]
    assert read(spark, database, numbers, columns="padding, n").columns == ["padding", "n"]

    chosen = spark.read.format("postgres").schema("n bigint").options(url=database.url, table=numbers).load()
    assert chosen.agg(F.max("n")).collect() == [(20_000,)]


def test_a_column_may_have_a_comma_in_its_name(spark: SparkSession, database: Database) -> None:
    """In double quotes, as in PostgreSQL; a quote in a name is doubled."""
    with database.connect() as connection:
        connection.execute("""CREATE TABLE odd AS SELECT 1 AS "a,b", 2 AS "c""d", 3 AS "5"" pipe", 4 AS e""")

    found = read(spark, database, "odd", columns='"a,b", "c""d",5" pipe , e')

    assert found.columns == ["a,b", 'c"d', '5" pipe', "e"]
    assert found.collect() == [(1, 2, 3, 4)]


def test_many_reads_take_few_connections(spark: SparkSession, database: Database, numbers: str) -> None:
    """One keeper holds the snapshots of all reads; a table is locked only while it is read."""
    query = """
        SELECT count(*) FROM pg_stat_activity
        WHERE datname = current_database() AND application_name = 'customer360 snapshot'
    """
    reads = [read(spark, database, numbers, partitions=3) for _ in range(8)]
    assert [rows.count() for rows in reads] == [20_000] * 8

    with database.connect() as connection:
        assert connection.execute(query).fetchone()[0] <= 1 + 4  # type: ignore[index]
        connection.execute("SET lock_timeout = '10s'")
        with connection.transaction():
            connection.execute("LOCK TABLE numbers IN ACCESS EXCLUSIVE MODE")
        patience = monotonic() + 10  # the server ends a process after its lock
        while (snapshots := connection.execute(query).fetchone()) != (1,) and monotonic() < patience:
            sleep(0.05)
        assert snapshots == (1,)
        connection.execute("DELETE FROM numbers WHERE n > 10")
    assert read(spark, database, numbers, partitions=3).count() == 10


def test_a_condition_is_applied_by_the_database(spark: SparkSession, database: Database, numbers: str) -> None:
    """Together with the pieces and the snapshot of any read."""
    rows = read(spark, database, numbers, where="n % 2 = 0 OR n = 1", partitions=3)

    assert rows.count() == 10_001


def test_a_filter_on_one_use_of_a_dataframe_leaves_its_other_uses_whole(
    spark: SparkSession, database: Database, numbers: str
) -> None:
    """Spark 4.1 to 4.3 would apply a pushed-down filter to every use; hence none is pushed down."""
    rows = read(spark, database, numbers, partitions=2)

    assert rows.filter("n <= 10").count() == 10
    assert rows.count() == 20_000
    assert rows.filter("n <= 10").join(rows.filter("n > 19990"), "n").count() == 0


def test_queries_views_and_partitioned_tables_are_read_too(spark: SparkSession, database: Database) -> None:
    """Users do not read only plain tables."""
    with database.connect() as connection:
        connection.execute("CREATE TABLE months (m int, v text) PARTITION BY LIST (m)")
        for month in (1, 2):
            connection.execute(f"CREATE TABLE months_{month} PARTITION OF months FOR VALUES IN ({month})")
        connection.execute("INSERT INTO months SELECT 1 + n % 2, n FROM generate_series(1, 3000) n")
        connection.execute("CREATE VIEW odd AS SELECT * FROM months WHERE m = 1")
        connection.execute("CREATE TABLE nothing (n int)")

    assert read(spark, database, "public.months", partitions=4).count() == 3000
    assert read(spark, database, "public.odd").count() == 1500
    assert read(spark, database, "public.nothing").count() == 0
    query = (
        spark.read.format("postgres").options(url=database.url, query="SELECT max(m) AS top FROM months").load()
    )
    assert query.collect() == [(2,)]


def test_overwrite_replaces_and_append_adds(spark: SparkSession, database: Database) -> None:
    """The table keeps its indexes and defaults."""
    with database.connect() as connection:
        connection.execute("CREATE TABLE kept (id bigint PRIMARY KEY, note text DEFAULT 'none')")
        connection.execute("INSERT INTO kept VALUES (1, 'old')")

    write(spark.range(2, 5), database, "public.kept", "append")
    assert fetch(database, "SELECT * FROM kept ORDER BY id") == [(1, "old"), (2, "none"), (3, "none"), (4, "none")]

    write(spark.range(7, 9), database, "public.kept", "overwrite")
    assert fetch(database, "SELECT * FROM kept ORDER BY id") == [(7, "none"), (8, "none")]


def test_what_was_read_can_be_filtered_grouped_and_written(spark: SparkSession, database: Database) -> None:
    """Sail may split such a plan into more tasks than it reports to the writer; one task avoids this."""
    with database.connect() as connection:
        connection.execute("CREATE TABLE small AS SELECT n::bigint AS n FROM generate_series(1, 1000) n")
    small = read(spark, database, "public.small")

    write(small.where("n > 400").coalesce(1), database, "public.filtered")
    write(small.groupBy((F.col("n") % 7).alias("m")).count().coalesce(1), database, "public.grouped")

    assert fetch(database, "SELECT count(*), min(n) FROM filtered") == [(600, 401)]
    assert fetch(database, "SELECT count(*), sum(count)::int FROM grouped") == [(7, 1000)]


def test_a_write_that_breaks_a_rule_of_the_table_changes_nothing(spark: SparkSession, database: Database) -> None:
    """All rows or none, even if only one task has a bad row."""
    with database.connect() as connection:
        connection.execute("CREATE TABLE kept (id bigint PRIMARY KEY)")
        connection.execute("INSERT INTO kept VALUES (1)")

    with pytest.raises(PySparkException, match=r"does not accept the rows: duplicate key .* nothing was changed"):
        write(spark.range(0, 100, 1, 4).selectExpr("id % 50 AS id"), database, "public.kept", "append")

    assert fetch(database, "SELECT * FROM kept") == [(1,)]
    assert fetch(database, "SELECT count(*) FROM customer360_internal.copied_parts") == [(0,)]


def test_a_copy_of_a_table_contains_the_same_rows(spark: SparkSession, database: Database) -> None:
    """Types without an equivalent are transferred as text both ways."""
    with database.connect() as connection:
        connection.execute(
            "CREATE TABLE original AS SELECT n AS id, (n * -1.25)::numeric::money AS paid, gen_random_uuid() AS key, "
            "jsonb_build_object('n', n) AS extra, ARRAY[n, NULL] AS list, 'DE'::char(3) AS code, '10.0.0.1'::inet AS ip, "
            "n * interval '1 day 1 second' AS span FROM generate_series(1, 500) n"
        )
        connection.execute('CREATE TABLE "the Copy" (LIKE original)')

    write(read(spark, database, "original"), database, '"the Copy"', "append")

    assert fetch(database, "SELECT * FROM original ORDER BY id") == fetch(
        database, 'SELECT * FROM "the Copy" ORDER BY id'
    )


def test_a_value_that_does_not_fit_is_one_line(spark: SparkSession, database: Database) -> None:
    """In Spark's exception; the write leaves nothing behind."""
    with database.connect() as connection:
        connection.execute("CREATE TABLE target (id int)")

    with pytest.raises(PySparkException, match="column 'id' is integer and cannot store '3000000000': integer"):
        write(spark.range(3_000_000_000, 3_000_000_001), database, "public.target", "append")
    with pytest.raises(PySparkException, match="there is no schema nosuch for nosuch.t"):
        write(spark.range(3), database, "nosuch.t")

    assert fetch(database, "SELECT count(*) FROM target") == [(0,)]
    assert fetch(database, "SELECT count(*) FROM pg_class WHERE relname LIKE 'write\\_%'") == [(0,)]


def test_a_write_whose_rows_fail_leaves_nothing(spark: SparkSession, database: Database) -> None:
    """Some tasks have copied all their rows by then."""
    rows = spark.range(0, 1000, 1, 4).selectExpr("CAST(IF(id < 900, '1', concat('C-', id)) AS int) AS id")

    with pytest.raises(PySparkException, match="'C-9"):
        write(rows, database, "public.failed")

    assert fetch(database, "SELECT count(*) FROM pg_class WHERE relname LIKE 'write\\_%'") == [(0,)]
    assert fetch(database, "SELECT count(*) FROM customer360_internal.copied_parts") == [(0,)]
    assert fetch(database, "SELECT to_regclass('public.failed')::text") == [(None,)]


def test_a_large_read_does_not_block_slower_consumers(spark: SparkSession, database: Database) -> None:
    """
    Readers of the embedded engine share one Python process with everything else, and hold its GIL while they wait.

    180 MB is more than the number of 8 MB batches that fit in the queue.
    """

    def slow(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for number, batch in enumerate(batches):
            sleep(0 if number else 3)
            yield batch.select(["n"])

    query = "SELECT n, repeat('x', 3000) AS padding FROM generate_series(1, 60000) n"
    rows = spark.read.format("postgres").options(url=database.url, query=query).load()

    assert rows.mapInArrow(slow, "n int").agg(F.count("n"), F.sum("n")).collect() == [(60_000, 1_800_030_000)]


def connections(database: Database) -> list[str]:
    """The connections of reads and writes that remain after a moment."""
    query = "SELECT application_name FROM pg_stat_activity WHERE application_name IN ('customer360 copy', 'customer360 write')"
    for _ in range(50):
        if not (found := [name for (name,) in fetch(database, query)]):
            break
        sleep(0.1)
    return found


def test_an_interrupted_read_or_write_leaves_no_connection(
    spark: SparkSession, database: Database, numbers: str
) -> None:
    """A read that needs only a few rows, and a read and a write that fail."""
    assert len(read(spark, database, numbers, partitions=3).limit(5).collect()) == 5
    with pytest.raises(PySparkException):
        read(spark, database, numbers, partitions=3).selectExpr("CAST(padding AS int)").collect()
    with pytest.raises(PySparkException):
        write(
            read(spark, database, numbers, partitions=3).selectExpr("CAST(padding AS int) AS n"),
            database,
            "broken",
        )

    assert connections(database) == []


@pytest.mark.java
def test_retried_tasks_write_their_rows_once(spark: SparkSession, database: Database, tmp_path: Path) -> None:
    """Each task dies once, after copying all its rows: Spark's retry finds them already copied."""
    source = PostgresDataSource({"url": database.url, "table": "public.retried"})
    rows = spark.range(0, 1000, 1, 4)
    target = source.writer(rows.schema, True)

    def task(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        message = target.write(batches)
        tried = tmp_path / str(TaskContext.get().partitionId())  # type: ignore[union-attr]
        if not tried.exists():
            tried.touch()
            raise RuntimeError("the worker is lost")
        yield pa.record_batch({"rows": [message.rows]})  # type: ignore[attr-defined]

    said = [row.rows for row in rows.mapInArrow(task, "rows bigint").collect()]

    assert len(list(tmp_path.iterdir())) == 4
    assert said == [250] * 4
    target.commit([_Copied(rows) for rows in said])
    assert fetch(database, "SELECT count(*), sum(id) FROM retried") == [(1000, 499_500)]


def test_many_tasks_share_few_writers(spark: SparkSession, database: Database) -> None:
    """The cap applies to a plain DataFrame write, regardless of the number of partitions."""
    write(spark.range(0, 4000, 1, 40), database, "public.many", writers=1)

    assert fetch(database, "SELECT count(*), sum(id) FROM many") == [(4000, 7_998_000)]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"table": "public.numbers"}, r"the format 'postgres' requires .option\('url', ...\)"),
        ({"url": "{url}"}, r"requires .option\('table', ...\)"),
        ({"url": "{url}", "table": "a.b.c"}, "invalid table name 'a.b.c'"),
        ({"url": "{url}", "table": "public.number"}, 'relation "public.number" does not exist'),
        (
            {"url": "{url}", "table": "public.numbers", "columns": "m"},
            "has no column 'm'",
        ),
        ({"url": "{url}", "table": "public.numbers", "partitions": "many"}, "use a number, 1 or more"),
        ({"url": "{url}", "query": "SELEC 1"}, "syntax error"),
        ({"url": "{url}", "query": "SELECT 1, 2"}, "returns two columns without a name"),
        (
            {"url": "{url}", "query": "SELECT 1", "table": "public.numbers"},
            "reads a table or a query; set one",
        ),
        ({"url": "{url}", "table": "public.Numbers"}, 'relation "public.Numbers" does not exist'),
        ({"url": "{url}", "table": "public.numbers", "snapshot": "00000001-1"}, "held the snapshot to read from"),
    ],
)
def test_a_mistake_in_the_options_is_one_line(
    spark: SparkSession, database: Database, numbers: str, options: dict[str, str], said: str
) -> None:
    """The line is in Spark's own exception and contains no password."""
    filled = {name: value.format(url=database.url) for name, value in options.items()}

    with pytest.raises(PySparkException, match=f"(Invalid|Unavailable): .*({said})") as error:
        spark.read.format("postgres").options(**filled).load().count()
    assert database.parts["password"] not in str(error.value)


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("array(id) AS id", "column 'id' is array<bigint>, which PostgreSQL cannot store"),
        ("id AS idd", "has no column 'idd'. Did you mean 'id'"),
    ],
)
def test_rows_that_do_not_fit_are_refused_before_anything_is_written(
    spark: SparkSession, database: Database, expression: str, said: str
) -> None:
    """A new table takes its columns from the rows; for an existing one the error lists its columns."""
    if "idd" in expression:
        with database.connect() as connection:
            connection.execute("CREATE TABLE target (id bigint)")

    with pytest.raises(PySparkException, match=said):
        write(spark.range(3).selectExpr(expression), database, "public.target", "append")


def test_a_required_column_that_is_missing_is_named(spark: SparkSession, database: Database) -> None:
    """Better than a NOT NULL violation after everything was copied."""
    with database.connect() as connection:
        connection.execute("CREATE TABLE target (id bigint, name text NOT NULL)")

    with pytest.raises(PySparkException, match="public.target requires the column 'name', which the rows lack"):
        write(spark.range(3).toDF("id"), database, "public.target", "append")


def test_the_url_is_in_no_plan(
    spark: SparkSession, database: Database, numbers: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Plans are logged, and shown in Spark's web pages."""
    rows = read(spark, database, numbers).where("n > 5")
    for mode in ("simple", "extended", "formatted", "cost"):
        rows.explain(mode=mode)

    shown = capsys.readouterr().out
    assert "== Physical Plan ==" in shown
    assert database.parts["password"] not in shown


@pytest.mark.java
def test_the_url_is_in_no_plan_of_apache_spark(spark: SparkSession, database: Database, numbers: str) -> None:
    """Nor in Spark's own output of its plans."""
    from pyspark.sql.classic.dataframe import DataFrame as Classic

    rows = read(spark, database, numbers)

    assert isinstance(rows, Classic)
    assert database.parts["password"] not in rows._jdf.queryExecution().toString()


def test_the_reader_role_may_read_by_pages_too(spark: SparkSession, server: Database) -> None:
    """Its rights are on the published table, not on the partition with the rows."""
    from psycopg.conninfo import make_conninfo

    from customer360.tables import ACTIVITIES

    with server.connect() as connection:
        connection.execute("ALTER ROLE customer360_reader PASSWORD 'for this test'")
    reader = Database(make_conninfo(server.url, user="customer360_reader", password="for this test"))
    with publication(server, "test") as change:
        staged = change.stage(ACTIVITIES)
        with writer(server) as copier:
            batch = pa.record_batch({"activity": ["Active"], "activity_order": pa.array([1], pa.int16())})
            copier.copy_once(staged, 0, [batch])
        change.publish()

    assert read(spark, reader, "analytics.activities", partitions=2).collect() == [("Active", 1)]
    with pytest.raises(psycopg.errors.InsufficientPrivilege), reader.connect() as connection:
        connection.execute("SELECT * FROM customer360_internal.copied_parts")
