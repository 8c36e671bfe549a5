import os
from datetime import date
from decimal import Decimal

import pytest
from pyspark.errors import PySparkException
from pyspark.sql import functions as F

from customer360 import tables, temporary
from customer360.errors import Customer360Error
from customer360.operations.run import results
from customer360.spark import embedded_session

from .literals import AS_OF, rows
from .literals import found as found_of

pytestmark = pytest.mark.spark

MADE_OF_EVENTS = (
    *("customer_months", "activity_segments", "tier_moves", "value_segments", "value_holdout", "value_model"),
    *("spending_segments", "spending_tenths", "top_spenders", "rfm_scores", "rfm_segments"),
)
OPERATIONS = [table for table in tables.RESULT_TABLES if not table.keeps_history]


def types(table):
    return [(column.name, column.spark_type) for column in table.columns]


def test_every_result_table_comes_with_its_columns_and_types(customers):
    """Except the history, which the publication writes because it numbers the refreshes."""
    with results(customers("country", ("Chile",)), as_of=AS_OF) as found:
        assert list(found.tables) == [table.name for table in OPERATIONS]
        for table in OPERATIONS:
            assert found.tables[table.name].dtypes == types(table)


def test_a_source_without_rows_gives_results_without_rows(customers):
    """The first run may come before the first customer."""
    with results(customers(""), as_of=AS_OF) as found:
        assert {name: table.count() for name, table in found.tables.items()} == dict.fromkeys(found.tables, 0)
        assert found.data_quality.rows_in == 0


def test_no_column_that_is_required_is_ever_null(customers):
    """They are NOT NULL in the database: a null would make the whole refresh fail at its end."""
    table = customers("customer_id join_date", (1, AS_OF), (2, None), (None, None))

    with results(table, as_of=AS_OF) as found:
        for result in OPERATIONS:
            required = [F.col(column.name).isNull() for column in result.columns if column.required]
            assert found.tables[result.name].where(F.array_contains(F.array(*required), True)).count() == 0


def test_the_source_is_read_once(customers, tmp_path):
    """Reading from the database takes longest, and two reads could differ."""
    read = tmp_path / "read"

    def seen(customer_id):
        with read.open("a") as file:  # in the tasks, which run on this machine
            file.write("1")
        return customer_id

    source = customers("country", ("Chile",), ("Peru",), (None,))
    source = source.withColumn("customer_id", F.udf(seen, "bigint")("customer_id"))

    with results(source, as_of=AS_OF) as found:
        for table in found.tables.values():
            table.collect()

    assert read.read_text() == "111"


def test_clean_events_are_read_once(customers, events, tmp_path):
    """All their figures come from one pass over them; only kept rows are read again."""
    read = tmp_path / "read"

    def seen(event_id):
        with read.open("a") as file:
            file.write("1")
        return event_id

    happened = events("customer_id occurred_at kind", (1, "2026-05-01", "login"), (1, "2026-05-02", "purchase"))
    happened = happened.withColumn("event_id", F.udf(seen, "bigint")("event_id"))

    with found_of(customers("country", ("Chile",)), happened) as found:
        for table in found.tables.values():
            table.collect()

    assert read.read_text() == "11"


def test_without_events_their_tables_are_empty_and_reported_as_missing(customers):
    """Missing data is never shown as zero."""
    with results(customers("country", ("Chile",)), as_of=AS_OF) as found:
        for name in MADE_OF_EVENTS:
            assert found.tables[name].count() == 0
        missing = {column.full_name for column in found.survey.missing}
        assert found.event_quality is None

    assert {"public.events.occurred_at", "public.events.amount", "public.events.login events"} <= missing
    assert "name" in found.survey.missing_columns
    assert "occurred_at" not in found.survey.missing_columns


def test_kept_rows_are_released_even_after_an_error(spark, customers):
    """A notebook runs this repeatedly in one session."""
    too_many_statuses = customers("loyalty_status", *[(f"Person {number}",) for number in range(60)])
    is_free = _keeps_nothing(spark)

    with results(customers("country", ("Chile",)), as_of=AS_OF):
        assert not is_free()
    assert is_free()
    with pytest.raises(Customer360Error), results(too_many_statuses, as_of=AS_OF):
        pass
    assert is_free()


def _keeps_nothing(spark):
    """Whether nothing is kept: in Spark's memory, or in files if the engine cannot keep rows."""
    if not embedded_session.serves(spark):
        return lambda: spark._jsparkSession.sharedState().cacheManager().isEmpty()
    return lambda: not list(temporary.private_root().glob(f"rows-{os.getpid()}-*"))


def test_a_past_report_is_not_changed_by_what_came_after(customers):
    """The same table, as of a month earlier, contains no later customers."""
    table = customers("join_date country", (date(2026, 5, 31), "Chile"), (date(2026, 6, 1), "Peru"))

    with results(table, as_of=date(2026, 5, 31)) as found:
        assert rows(found.tables["countries"], "country") == [("Chile",)]
        assert found.data_quality.rows_not_yet_known == 1


def test_the_largest_values_overflow_no_sum(customers):
    """Spark fails on overflow, and one row must not be able to stop a refresh."""
    largest = (10**11, "9999999999.99", date(1900, 1, 1))
    table = customers("loyalty_points account_balance join_date", largest, largest, (2**63 - 1, None, None))

    with results(table, as_of=AS_OF) as found:
        collected = {name: result.collect() for name, result in found.tables.items()}

    assert [row["points_sum"] for row in collected["customer_segments"]] == [2 * 10**11]
    assert [row["balance_sum"] for row in collected["customer_segments"]] == [Decimal("19999999999.98")]
    assert [row["reasons"] for row in collected["rejected_rows"]] == ["too_many_points"]


def test_a_platform_that_keeps_no_rows_gives_the_same_results(customers, monkeypatch):
    """Serverless Databricks refuses to keep rows; Spark Connect reports it immediately, with this message."""
    table = customers("country", ("Chile",), ("Peru",))
    with results(table, as_of=AS_OF) as found:
        before = {name: sorted(map(str, rows.collect())) for name, rows in found.tables.items()}

    def refuse(rows):
        raise PySparkException(
            "[NOT_SUPPORTED_WITH_SERVERLESS] PERSIST TABLE is not supported on serverless compute."
        )

    monkeypatch.setattr(type(table), "persist", refuse)

    with results(table, as_of=AS_OF) as found:
        assert {name: sorted(map(str, rows.collect())) for name, rows in found.tables.items()} == before
