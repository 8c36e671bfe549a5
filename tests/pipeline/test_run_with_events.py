"""Which events a run reads, from where, and what it reports and records about them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import psycopg
import pytest
from pyspark.sql import SparkSession

from customer360.commands.run import RunOutcome
from customer360.errors import Customer360Error, Refused
from customer360.own_data.request import Request
from customer360.pipeline.own_data import load_own_data
from customer360.pipeline.refresh import Refresh
from customer360.pipeline.run import run_operations
from customer360.pipeline.staging import now
from customer360.postgres.connection import Database
from customer360.postgres.origin import Origin
from customer360.postgres.publish import publication
from customer360.postgres.status import status
from customer360.spark.lake import place
from customer360.tables import EVENTS as TABLE_OF_EVENTS

pytestmark = pytest.mark.slow

AS_OF = date(2026, 6, 30)
CUSTOMERS = (
    "CREATE TABLE {} AS SELECT g AS customer_id, date '2025-01-10' + g AS join_date FROM generate_series(1, 4) g"
)
EVENTS = """
    CREATE TABLE {} AS SELECT g AS event_id, g % 4 + 1 AS customer_id, timestamp '2026-01-01 12:00' + g * interval '9 d'
    AS occurred_at, CASE WHEN g % 3 = 0 THEN 'purchase' ELSE 'login' END AS kind, 5.5 AS amount
    FROM generate_series(1, 12) g
"""


@pytest.fixture
def shop(database: Database) -> Database:
    """Four customers of other origin in public.customers, and their twelve events in public.events."""
    execute(database, CUSTOMERS.format("public.customers"), EVENTS.format("public.events"))
    return database


def execute(database: Database, *statements: str) -> None:
    with database.connect() as connection:
        for statement in statements:
            connection.execute(statement)


def rows(database: Database, query: str) -> list[Any]:
    with database.connect() as connection:
        return connection.execute(query).fetchall()


def sources(database: Database, refresh: Refresh) -> Sequence[tuple[Any, ...]]:
    query = (
        "SELECT source, kind, rows_in, rows_out, rows_rejected, rows_not_yet_known FROM analytics.refresh_sources"
    )
    return rows(database, f"{query} WHERE refresh_id = {refresh.refresh_id} ORDER BY source")


def said(refresh: Refresh) -> str:
    return "\n".join(RunOutcome(refresh).lines())


def test_events_next_to_the_customers_are_read_by_default(spark: SparkSession, shop: Database) -> None:
    """Each source has its row, and the last line of the run has both counts."""
    refresh = run_operations(shop, spark, as_of=AS_OF)

    assert repr(refresh) == (
        "refresh 1: 4 customers of public.customers and 12 events of public.events as of 2026-06-30"
    )
    assert sources(shop, refresh) == [
        ("public.customers", "unknown", 4, 4, 0, 0),
        ("public.events", "unknown", 12, 12, 0, 0),
    ]
    of_purchases = "SELECT sum(orders), sum(amount) FROM analytics.activity_segments"
    assert rows(shop, of_purchases) == [(4, 22)]
    checked = "SELECT source, count(*) FROM analytics.data_quality GROUP BY source ORDER BY source"
    assert [source for source, _ in rows(shop, checked)] == ["public.customers", "public.events"]


@pytest.mark.parametrize(("make", "says"), [
    (None, None),
    ("CREATE TABLE public.events (id uuid, user_id int)", "it lacks event_id, customer_id, occurred_at, kind"),
    ("CREATE TABLE public.events (event_id uuid, customer_id int, occurred_at date, kind text)",
     "its event_id is uuid, not bigint"),
    ("CREATE TABLE public.events (event_id int, customer_id int, occurred_at date, kind text)", None),
])  # fmt: skip
def test_without_events_a_run_is_unchanged(
    spark: SparkSession, database: Database, make: str | None, says: str | None
) -> None:
    """An unrelated table called events is mentioned in one line and ignored; an empty one counts as none."""
    execute(database, CUSTOMERS.format("public.customers"), *filter(None, [make]))

    refresh = run_operations(database, spark, as_of=AS_OF)

    assert repr(refresh) == "refresh 1: 4 customers of public.customers as of 2026-06-30"
    assert sources(database, refresh)[1] == ("public.events", "absent", 0, 0, 0, 0)
    assert ("public.events was not read" in said(refresh)) == bool(says)
    assert (
        f"public.events was not read: {says}; to read another table: --events TABLE" in said(refresh) or not says
    )
    [(missing,)] = rows(database, "SELECT missing_columns FROM analytics.refresh_sources WHERE kind = 'absent'")
    assert {"public.events.occurred_at", "public.events.login events"} <= {*missing.split(", ")}
    assert rows(database, "SELECT count(*) FROM analytics.customer_months") == [(0,)]


def test_unwanted_events_are_omitted(spark: SparkSession, shop: Database) -> None:
    """Even after a refresh with them: this was requested."""
    run_operations(shop, spark, as_of=AS_OF)

    refresh = run_operations(shop, spark, events="none", as_of=AS_OF)

    assert refresh.events_table is None
    assert sources(shop, refresh)[1][1] == "absent"
    assert not status(shop).stale


def test_customers_of_another_table_have_only_the_events_that_are_named(
    spark: SparkSession, shop: Database
) -> None:
    """It is not known whose events the others are."""
    execute(shop, "CREATE SCHEMA crm", CUSTOMERS.format("crm.members"), EVENTS.format("crm.ledger"))

    without = run_operations(shop, spark, table="crm.members", as_of=AS_OF)
    named = run_operations(shop, spark, table="crm.members", events="crm.ledger", as_of=AS_OF)

    assert without.events_table is None
    assert (named.events_table, named.events_out) == ("crm.ledger", 12)
    assert sources(shop, named)[0][0] == "crm.ledger"


def test_events_of_a_lake(spark: SparkSession, shop: Database, tmp_path: Path) -> None:
    """With customers of the database, or of a lake."""
    customers, events = f"{tmp_path}/customers", f"{tmp_path}/events"
    spark.createDataFrame([(number,) for number in range(1, 5)], "customer_id bigint").selectExpr(
        "customer_id", "date '2025-01-10' AS join_date"
    ).write.parquet(customers)
    spark.range(1, 8).selectExpr(
        "id AS event_id", "id % 4 + 1 AS customer_id", "timestamp_ntz '2026-02-03 10:00' AS occurred_at",
        "'login' AS kind",
    ).write.parquet(events)  # fmt: skip

    mixed = run_operations(shop, spark, events=events, as_of=AS_OF)
    both = run_operations(shop, spark, source=place(customers), events=events)

    assert (mixed.events_table, mixed.events_out) == (events, 7)
    assert (both.events_table, both.as_of_date) == (events, date(2026, 2, 3))


@pytest.mark.parametrize(("events", "refused"), [
    ("crm.ledger", "table crm.ledger does not exist; .* name yours with --events"),
    ("public.customers", "the events in public.customers lack the column event_id"),
    ("./nothing", "nothing found at ./nothing"),
])  # fmt: skip
def test_requested_events_that_cannot_be_read_are_one_line(
    spark: SparkSession, shop: Database, events: str, refused: str
) -> None:
    """They were requested, so they must not be ignored."""
    with pytest.raises(Customer360Error, match=refused):
        run_operations(shop, spark, events=events, as_of=AS_OF)


@pytest.mark.parametrize("statement", [
    "DELETE FROM public.events WHERE event_id > 5", "TRUNCATE public.events", "DROP TABLE public.events",
    "ALTER TABLE public.events RENAME kind TO type",
])  # fmt: skip
def test_losing_half_of_the_events_needs_confirmation(spark: SparkSession, shop: Database, statement: str) -> None:
    """It may be a broken import; dropped or renamed events would empty half of the report."""
    run_operations(shop, spark, as_of=AS_OF)
    execute(shop, statement)

    with pytest.raises(Refused, match=r"public\.events has [05] events, but refresh 1 had 12, .*--allow-shrink"):
        run_operations(shop, spark, as_of=AS_OF)

    assert run_operations(shop, spark, as_of=AS_OF, allow_shrink=True).refresh_id == 2


def test_the_last_day_in_the_data_is_that_of_the_events(spark: SparkSession, shop: Database) -> None:
    """The customers' rows end in January 2025."""
    refresh = run_operations(shop, spark)

    assert refresh.as_of_date == date(2026, 4, 19)
    assert refresh.as_of_is_last_day


def test_rejected_and_future_events_are_reported(spark: SparkSession, shop: Database) -> None:
    """Each rejected row records the table it comes from."""
    execute(
        shop,
        "INSERT INTO public.events VALUES (13, 99, '2026-03-01', 'login'), (14, 1, '2026-03-01', 'dance'), "
        "(15, 1, '2026-07-01', 'login')",
    )

    refresh = run_operations(shop, spark, as_of=AS_OF)

    assert (refresh.events_in, refresh.events_out) == (15, 12)
    assert (refresh.events_rejected, refresh.events_not_yet_known) == (2, 1)
    assert "2 events were rejected; see analytics.rejected_rows" in said(refresh)
    assert "1 events are later than the as-of date" in said(refresh)
    assert rows(shop, "SELECT source, key, reasons FROM analytics.rejected_rows ORDER BY key") == [
        ("public.events", "13", "event_customer_unknown"),
        ("public.events", "14", "event_kind_unknown"),
    ]


def test_customers_of_order_lines_have_a_past_with_their_events(
    spark: SparkSession, database: Database, tmp_path: Path
) -> None:
    """As of a day in the middle, later orders have not happened; without the events that is unknown."""
    lines = ["order,customer,day,amount"]
    lines += [f"{number},{1 + number % 3},2026-{1 + number:02}-05,10.00" for number in range(6)]
    (tmp_path / "orders.csv").write_text("\n".join(lines))
    columns = {"customer_id": "customer", "order_id": "order", "order_date": "day", "amount": "amount"}
    request = Request(tmp_path / "orders.csv", mapping={"columns": columns}, transactions=True, yes=True)
    load_own_data(database, request)

    refresh = run_operations(database, spark, as_of=date(2026, 3, 31))

    assert (refresh.events_out, refresh.events_not_yet_known) == (3, 3)
    assert rows(database, "SELECT sum(orders), sum(spent) FROM analytics.customer_profiles") == [(3, 30)]
    with pytest.raises(Customer360Error, match="without their events it has no state as of 2026-03-31"):
        run_operations(database, spark, events="none", as_of=date(2026, 3, 31))


def test_customers_and_events_are_those_of_one_moment(spark: SparkSession, shop: Database) -> None:
    """Rows written meanwhile wait for the next run, and what is being read cannot be emptied."""
    refused: list[str] = []

    @contextmanager
    def progress(label: str, **_: Any) -> Iterator[None]:
        if label == "Reading and checking customers and events":
            execute(
                shop,
                "INSERT INTO public.customers VALUES (5, '2025-06-01')",
                "INSERT INTO public.events VALUES (13, 5, '2026-02-01', 'login'), (14, 1, '2026-02-01', 'login')",
            )
            with shop.connect(options="-c lock_timeout=50ms") as other:
                try:
                    other.execute("TRUNCATE public.events")
                except psycopg.errors.LockNotAvailable:
                    refused.append(label)
        yield

    refresh = run_operations(shop, spark, as_of=AS_OF, progress=progress)

    assert (refresh.rows_out, refresh.events_in, len(refused)) == (4, 12, 1)
    refresh = run_operations(shop, spark, as_of=AS_OF)
    assert (refresh.rows_out, refresh.events_in, refresh.events_rejected) == (5, 14, 0)


def test_results_are_stale_once_events_were_filled_after_them(spark: SparkSession, shop: Database) -> None:
    """Each refresh records which filling of either source it read."""
    run_operations(shop, spark, as_of=AS_OF)
    execute(shop, "DROP TABLE public.events")
    assert not status(shop).stale

    with publication(shop, "test") as change:
        change.stage(TABLE_OF_EVENTS)
        change.describe(TABLE_OF_EVENTS, Origin("own", filled_at=now()).record())
        change.publish()

    assert status(shop).stale
    run_operations(shop, spark, as_of=AS_OF)
    assert not status(shop).stale
