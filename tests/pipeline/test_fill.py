"""Mock customers and their events are filled together, completely, and independently of how they are written."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from pyspark.sql import SparkSession

from customer360.errors import Customer360Error
from customer360.mock_data.event_dirt import EVENT_DIRT_KINDS
from customer360.mock_data.plan import Plan
from customer360.pipeline.fill import Fill, fill_mock_data
from customer360.pipeline.run import run_operations
from customer360.postgres.connection import Database
from customer360.postgres.origin import origin
from customer360.tables import CUSTOMERS, EVENTS
from tests.mock_data.mock_rows import all_events
from tests.statements import fetch

pytestmark = pytest.mark.slow

AS_OF = date(2026, 6, 30)
TABLES = ("public.customers", "public.events")


def checksum(database: Database, table: str) -> tuple[Any, ...]:
    """The number of rows and a hash of them that does not depend on their order."""
    (found,) = fetch(database, f"SELECT count(*), sum(hashtextextended(t::text, 0)) FROM {table} t")
    return found


def counts(database: Database) -> tuple[int, int]:
    (found,) = fetch(database, "SELECT (SELECT count(*) FROM customers), (SELECT count(*) FROM events)")
    return found[0], found[1]


def test_the_same_seed_gives_the_same_rows_for_any_number_of_tasks(
    spark: SparkSession, database: Database
) -> None:
    """Three blocks by one writer, two, or many: the same bytes in every row of both tables."""
    sums = set()
    for writers in (1, 2, 7):
        fill_mock_data(database, spark, Plan(110_000, as_of=AS_OF, events_per_customer=7), writers=writers)
        sums.add(tuple(checksum(database, table) for table in TABLES))

    assert len(sums) == 1
    ((customers, events),) = sums
    assert customers[0] == 110_000
    assert events[0] > 700_000


def test_every_value_of_an_event_arrives(spark: SparkSession, database: Database) -> None:
    """Nulls, negative amounts, dates and timestamps."""
    fill_mock_data(database, spark, Plan(300, as_of=AS_OF))

    assert fetch(database, "SELECT * FROM events ORDER BY event_id") == [
        tuple(row.values()) for row in all_events(300).to_pylist()
    ]


def test_the_filling_says_what_it_filled(spark: SparkSession, database: Database) -> None:
    """In words for people, and recorded with both tables for `status` and the next filling."""
    fill = fill_mock_data(database, spark, Plan(300, seed=8, as_of=AS_OF, events_per_customer=30, dirt=0.1))

    assert (fill.customers, fill.events) == counts(database)
    assert repr(fill) == (
        f"300 mock customers in public.customers and {fill.events:,} events in public.events "
        "as of 2026-06-30 (seed 8)"
    )
    with database.connect() as connection:
        for source, rows in ((CUSTOMERS, 300), (EVENTS, fill.events)):
            found = origin(connection, source.full_name)
            assert (found.kind, found.rows, found.seed, found.as_of) == ("mock", rows, 8, AS_OF)
            assert (found.dirt, found.events_per_customer) == (0.1, 30)


def test_without_events_those_of_earlier_customers_are_deleted(spark: SparkSession, database: Database) -> None:
    """Otherwise they would belong to other customers with the same numbers."""
    fill_mock_data(database, spark, Plan(300, as_of=AS_OF))
    fill = fill_mock_data(database, spark, Plan(200, as_of=AS_OF, events_per_customer=0))

    assert counts(database) == (200, 0)
    assert repr(fill) == "200 mock customers in public.customers as of 2026-06-30 (seed 7)"


def test_a_database_without_events_gets_no_table_of_events(spark: SparkSession, database: Database) -> None:
    """Without events, everything works without their table."""
    fill_mock_data(database, spark, Plan(100, as_of=AS_OF, events_per_customer=0))

    assert fetch(database, "SELECT to_regclass('public.events')") == [(None,)]


def test_other_peoples_events_are_never_deleted(spark: SparkSession, database: Database) -> None:
    """Nor are the customers replaced; the error says how to fill without events."""
    with database.connect() as connection:
        connection.execute("CREATE TABLE public.events AS SELECT 1 AS id, 'precious' AS name")

    with pytest.raises(
        Customer360Error, match=r"public\.events was not made .*--events-per-customer 0.*--replace"
    ):
        fill_mock_data(database, spark, Plan(100, as_of=AS_OF))
    assert fetch(database, "SELECT name FROM events") == [("precious",)]
    assert fetch(database, "SELECT to_regclass('public.customers')") == [(None,)]

    fill_mock_data(database, spark, Plan(100, as_of=AS_OF, events_per_customer=0))
    assert fetch(database, "SELECT name FROM events") == [("precious",)]
    fill_mock_data(database, spark, Plan(100, as_of=AS_OF), replace=True)
    assert counts(database)[1] > 1_000


@pytest.mark.parametrize(("events_per_customer", "gates"), [(0, 15), (20, 26)])
def test_the_report_measures_the_events_too(
    spark: SparkSession, database: Database, events_per_customer: int, gates: int
) -> None:
    """If there are any."""
    plan = Plan(3_000, as_of=AS_OF, events_per_customer=events_per_customer)

    assert len(fill_mock_data(database, spark, plan, report=True).gates) == gates


def test_a_filling_without_events_does_not_mention_them() -> None:
    """It does not mention events."""
    assert repr(Fill(5, 0, 7, AS_OF, 0.0)) == "5 mock customers in public.customers as of 2026-06-30 (seed 7)"


def failed_checks(spark: SparkSession, database: Database, dirt: float) -> dict[str, int]:
    """What the checks of a run find in mock data, by name."""
    fill_mock_data(database, spark, Plan(4_000, as_of=AS_OF, dirt=dirt))
    run_operations(database, spark, as_of=AS_OF)
    return dict(
        fetch(database, "SELECT check_name, rows_failed FROM analytics.data_quality WHERE rows_failed > 0")
    )


def test_the_checks_of_a_run_find_nothing_in_clean_events(spark: SparkSession, database: Database) -> None:
    """A flag that is sometimes wrong, and things a customer has never done, are part of the story, not defects."""
    of_the_story = {"last_login_missing", "active_flag_contradicts_behaviour"}

    assert {*failed_checks(spark, database, dirt=0.0)} <= of_the_story


def test_the_checks_of_a_run_find_every_kind_of_dirt(spark: SparkSession, database: Database) -> None:
    """Each by the check that it names."""
    found = failed_checks(spark, database, dirt=0.2)

    assert {kind.found_by for kind in EVENT_DIRT_KINDS} - found.keys() == set()
