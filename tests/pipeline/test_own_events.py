"""Loading your own events: with customers, alone, and added to existing ones."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from customer360.errors import Customer360Error
from customer360.pipeline.own_data import Load, load_own_data, load_own_events
from customer360.pipeline.requested import requested, requested_together
from customer360.pipeline.run import run_operations
from customer360.postgres.connection import Database
from customer360.postgres.origin import origin
from customer360.tables import CUSTOMERS, EVENTS
from tests.statements import fetch

pytestmark = pytest.mark.slow

MEMBERS = "customer_id,name,email,join_date\n1,Ann,ann@example.com,2024-01-02\n2,Bob,bob@example.com,2024-01-03\n"
LEDGER = (
    "event_id,customer_id,date,type,amount,points,order\n"
    "11,1,2024-02-01 10:00,Sale,20.00,20,A1\n12,1,2024-02-03,Redemption,,-5,\n13,2,2024-02-04,sale,7.50,7,A2\n"
)
ORDERS = "order_id,customer_id,order_date,amount\nA1,1,2024-02-01,20\nA1,1,2024-02-01,5\nA2,2,2024-02-04,7.50\n"
SHOWN = "SELECT customer_id, kind, amount, points, order_id FROM public.events ORDER BY customer_id, occurred_at"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)  # where mappings would be written
    (tmp_path / "members.csv").write_text(MEMBERS)
    (tmp_path / "ledger.csv").write_text(LEDGER)
    (tmp_path / "orders.csv").write_text(ORDERS)
    return tmp_path


def load(database: Database, path: str, events: str | None = None, **options: Any) -> Load:
    customers, of_events = requested_together(path, None, events=events, **options)
    return load_own_data(database, customers, events=of_events)


def load_events(database: Database, path: str | Path, mapping: Any = None, **options: Any) -> Load:
    return load_own_events(database, requested(path, mapping, is_of_events=True, **options))


def found(database: Database, table: str = EVENTS.full_name) -> Any:
    with database.connect() as connection:
        return origin(connection, table)


def test_order_lines_fill_both_tables_in_one_publication(folder: Path, database: Database) -> None:
    """Events, and the customers derived from them; each records where it comes from."""
    done = load(database, "orders.csv")

    assert repr(done) == (
        "2 customers and 2 events loaded into public.customers and public.events from 3 rows of orders.csv"
    )
    assert fetch(database, SHOWN) == [(1, "purchase", 25, None, "A1"), (2, "purchase", 7.5, None, "A2")]
    shown = (
        "SELECT customer_id, first_purchase::text, last_login, account_balance FROM public.customers ORDER BY 1"
    )
    assert fetch(database, shown) == [(1, "2024-02-01", None, None), (2, "2024-02-04", None, None)]
    for table, rows in ((CUSTOMERS.full_name, 2), (EVENTS.full_name, 2)):
        record = found(database, table)
        assert (record.kind, record.rows, record.rows_in, record.transactions) == ("own", rows, 3, True)
        assert record.last_day == date(2024, 2, 4)


@pytest.mark.parametrize("events", ["ledger.csv", "orders.csv"])
def test_customers_and_their_events_are_loaded_together(folder: Path, database: Database, events: str) -> None:
    """Names and join dates from one file, money and dates from the other."""
    done = load(database, "members.csv", events)

    assert done.customers == 2
    assert done.of_events is not None
    assert done.of_events.events == (3 if events == "ledger.csv" else 2)
    assert fetch(database, "SELECT name, last_login FROM public.customers ORDER BY 1") == [
        ("Ann", None),
        ("Bob", None),
    ]
    bought = "SELECT customer_id, count(*), sum(amount)::float FROM public.events WHERE kind = 'purchase' GROUP BY 1 ORDER BY 1"
    assert fetch(database, bought) == [(1, 1, 20.0 if events == "ledger.csv" else 25.0), (2, 1, 7.5)]


def test_a_ledger_keeps_its_own_columns_and_words(folder: Path, database: Database) -> None:
    """The meaning of a word is guessed, shown, and part of the mapping."""
    done = load(database, "members.csv", "ledger.csv")

    assert fetch(database, SHOWN) == [
        (1, "purchase", 20, 20, "A1"), (1, "redeem", None, -5, None), (2, "purchase", 7.5, 7, "A2"),
    ]  # fmt: skip
    assert done.of_events is not None
    mapping = done.of_events.mapping
    assert mapping["source"]["rows"] == "events"
    assert mapping["values"]["kind"] == {"Sale": "purchase", "Redemption": "redeem", "sale": "purchase"}
    again = load_events(database, "ledger.csv", mapping, replace=True)
    assert (again.events, again.rows_rejected) == (3, 0)


@pytest.mark.parametrize(
    ("members", "ids"),
    [
        ("customer_id,name\n00123,Ann\n42,Bob\n", ["00123", "42"]),
        ("customer_id,name\n00123,Ann\n42,Bob\n", ["123", "042"]),  # the numbers are the same
        ("customer_id,name\nM-1,Ann\nM-2,Bob\n", ["M-1", "M-2"]),
        # Numbers in one file, and texts among them in the other.
        ("customer_id,name\n123,Ann\n42,Bob\n", ["123", "42", "G-1", "G-2", "G-3"]),
        ("customer_id,source_id,name\n1,M-1,Ann\n2,M-2,Bob\n", ["M-1", "M-2"]),
        ("customer_id,name,email\n1,Ann,Ann@Example.com\n2,Bob,bob@example.com\n", ["ann@example.com", "bob@example.com"]),
        ("email,name\nAnn@Example.com,Ann\nbob@example.com,Bob\n", ["ann@example.com", "BOB@example.com"]),
    ],
)  # fmt: skip
@pytest.mark.parametrize("kind", ["ledger", "orders"])
def test_customers_and_events_are_joined_by_what_the_source_calls_them(
    folder: Path, database: Database, members: str, ids: list[str], kind: str
) -> None:
    """By the same text, else by the same number, else by the email address; those of others are rejected."""
    (folder / "members.csv").write_text(members)
    if kind == "ledger":
        header, rows = (
            "event_id,customer_id,date,type,amount",
            [f"{n},{one},2024-02-0{n},sale,1" for n, one in enumerate(ids, 1)],
        )
    else:
        header, rows = (
            "order_id,customer_id,date,amount",
            [f"A{n},{one},2024-02-0{n},1" for n, one in enumerate(ids, 1)],
        )
    (folder / "events.csv").write_text("\n".join([header, *rows]))

    done = load(database, "members.csv", "events.csv", max_rejected=1)

    joined = (
        "SELECT name, count(*) FROM public.events JOIN public.customers USING (customer_id) GROUP BY 1 ORDER BY 1"
    )
    assert fetch(database, joined) == [("Ann", 1), ("Bob", 1)]
    assert done.of_events is not None
    strangers = len(ids) - 2
    assert done.of_events.reasons == ({"event_customer_unknown": strangers} if strangers else {})
    kept = "SELECT source, found_by, key, reasons FROM analytics.rejected_rows ORDER BY key"
    keys = ["3", "4", "5"] if kind == "ledger" else [None] * 3
    assert fetch(database, kept) == [
        ("public.events", "load", key, "event_customer_unknown") for key in keys[:strangers]
    ]


def test_events_alone_are_those_of_the_customers_in_the_database(folder: Path, database: Database) -> None:
    """Without customers they would belong to nobody; those of others are rejected, and the rest is kept."""
    with pytest.raises(
        Customer360Error, match=r"no customers in public.customers.*load members.csv --events FILE"
    ):
        load_events(database, "orders.csv")
    with database.connect() as connection:
        connection.execute("CREATE TABLE public.customers (customer_id text)")
    with pytest.raises(Customer360Error, match="its customer_id is text, not bigint"):
        load_events(database, "orders.csv")
    load(database, "members.csv", replace=True)
    (folder / "orders.csv").write_text(ORDERS + "A3,3,2024-02-05,9\n")

    done = load_events(database, "orders.csv", max_rejected=0.5)

    assert (done.events, done.rows_rejected, done.rows_in) == (2, 1, 4)
    assert found(database).transactions is False, "the customers are not derived from these lines"
    assert fetch(database, "SELECT count(*) FROM public.customers") == [(2,)]
    with pytest.raises(Customer360Error, match="public.events was loaded from your own data.*--replace"):
        load_events(database, "ledger.csv")
    assert load_events(database, "ledger.csv", replace=True).events == 3
    assert fetch(database, "SELECT count(*) FROM analytics.rejected_rows") == [(0,)]


def test_loading_other_customers_keeps_your_own_events(folder: Path, database: Database) -> None:
    """Events whose customer is gone are counted; a run rejects them."""
    load(database, "members.csv", "ledger.csv")
    (folder / "members.csv").write_text("customer_id,name\n2,Bob\n3,Cy\n")

    done = load(database, "members.csv", replace=True)

    assert done.events_without_customer == 2
    assert fetch(database, "SELECT count(*) FROM public.events") == [(3,)]


def test_the_same_file_added_twice_changes_nothing(folder: Path, database: Database) -> None:
    """Exactly once, even if you do not know that it was added before; rejected rows are kept once."""
    load(database, "members.csv", "ledger.csv")
    more = folder / "more.csv"
    more.write_text(LEDGER + "14,2,2024-03-01,sale,1.00,1,A3\n15,9,2024-03-01,sale,1.00,1,A4\n")

    states = []
    for _ in range(2):
        done = load_events(database, "more.csv", append=True, max_rejected=0.5)
        states.append((fetch(database, SHOWN), fetch(database, "SELECT * FROM analytics.rejected_rows")))
        counts = (done.events, done.rows_rejected, done.found.tally.rows_identical, done.rows_in)

    assert counts == (0, 1, 4, 5)
    assert states[0] == states[1]
    assert len(states[0][0]) == 4
    assert len(states[0][1]) == 1
    record = found(database)
    assert (record.rows, record.last_day, record.source) == (4, date(2024, 3, 1), "more.csv")


def test_an_existing_event_with_other_content_is_rejected(folder: Path, database: Database) -> None:
    """Existing events do not change: it is unknown which one is right."""
    load(database, "members.csv", "ledger.csv")
    (folder / "ledger.csv").write_text(LEDGER.replace("20.00", "21.00") + "14,2,2024-03-01,sale,1.00,1,A3\n")

    done = load_events(database, "ledger.csv", append=True, max_rejected=0.5)

    assert done.reasons == {"event_differs_from_stored": 1}
    assert (done.events, done.found.tally.rows_identical) == (1, 2)
    assert fetch(database, "SELECT amount FROM public.events WHERE event_id = 11") == [(20,)]
    assert fetch(database, "SELECT source, key, reasons FROM analytics.rejected_rows") == [
        ("public.events", "11", "event_differs_from_stored")
    ]


def test_order_lines_are_added_by_their_orders(folder: Path, database: Database) -> None:
    """A later return of an existing order is new; an order with other lines is rejected with all of them."""
    load(database, "members.csv", "orders.csv")
    (folder / "orders.csv").write_text(
        ORDERS.replace("7.50", "8.50") + "A1,1,2024-03-05,-5\nA3,2,2024-03-06,3\nA3,2,2024-03-06,4\n"
    )

    done = load_events(database, "orders.csv", append=True, max_rejected=0.5)

    assert found(database).transactions is False
    tally = done.found.tally
    assert (tally.rows_in, tally.rows_loaded, tally.rows_identical, tally.rows_rejected) == (6, 3, 2, 1)
    assert fetch(database, SHOWN) == [
        (1, "purchase", 25, None, "A1"), (1, "refund", -5, None, "A1"), (2, "purchase", 7.5, None, "A2"),
        (2, "purchase", 7, None, "A3"),
    ]  # fmt: skip


def test_events_that_are_added_to_those_of_order_lines_leave_them_derived(
    folder: Path, database: Database
) -> None:
    """The customers are still derived from these events, so a run can rebuild an earlier day."""
    load(database, "orders.csv")
    (folder / "more.csv").write_text(ORDERS.splitlines()[0] + "\nA9,1,2024-06-01,3\n")

    assert load_events(database, "more.csv", append=True).events == 1
    assert found(database).transactions is True


def test_events_are_added_to_none_as_they_are_loaded(folder: Path, database: Database) -> None:
    load(database, "members.csv")

    assert load_events(database, "ledger.csv", append=True).events == 3


def test_nothing_is_added_to_a_table_of_other_origin(folder: Path, database: Database) -> None:
    load(database, "members.csv")
    with database.connect() as connection:
        connection.execute("CREATE TABLE public.events (id int, what text)")

    with pytest.raises(Customer360Error, match="public.events was not made by customer360"):
        load_events(database, "ledger.csv", append=True)
    with pytest.raises(Customer360Error, match="public.events was not made by customer360"):
        load_events(database, "ledger.csv")
    assert fetch(database, "SELECT count(*) FROM public.events") == [(0,)]


def test_a_dry_run_of_events_changes_nothing(folder: Path, database: Database) -> None:
    """It reads the customers and the existing events from the database."""
    load(database, "members.csv", "ledger.csv")
    more = LEDGER.splitlines()[0] + "\n11,1,2024-02-01 10:00,Sale,20.00,20,A1\n20,1,2024-02-09,sale,1,1,\n"
    (folder / "more.csv").write_text(more)

    done = load_events(database, "more.csv", append=True, dry_run=True)

    assert repr(done) == "1 events would be added to public.events from 2 rows of more.csv"
    assert fetch(database, "SELECT count(*) FROM public.events") == [(3,)]


def test_events_of_another_database_are_a_source_too(folder: Path, database: Database) -> None:
    with database.connect() as connection:
        connection.execute("CREATE TABLE visits (visit_no int, member int, seen timestamp, what text)")
        connection.execute(
            "INSERT INTO visits VALUES (1, 1, '2024-05-01 10:00', 'App open'), (2, 2, '2024-05-02', 'visit')"
        )
    mapping = {"columns": {"event_id": "visit_no", "customer_id": "member", "occurred_at": "seen", "kind": "what"}}
    load(database, "members.csv", from_database=database.url, events_table="visits", events_mapping=mapping)

    assert fetch(database, "SELECT customer_id, kind FROM public.events ORDER BY 1") == [
        (1, "login"),
        (2, "login"),
    ]


def test_nothing_is_added_to_events_that_were_changed_meanwhile(folder: Path, database: Database) -> None:
    """New events are found by comparison with those at the start of the load."""
    load(database, "members.csv", "ledger.csv")
    (folder / "more.csv").write_text(LEDGER.splitlines()[0] + "\n14,2,2024-03-01,sale,1.00,1,A3\n")
    (folder / "other.csv").write_text(LEDGER.splitlines()[0] + "\n15,2,2024-03-01,sale,2.00,2,A4\n")

    def meanwhile(_: object) -> None:
        load_events(database, "other.csv", append=True)

    request = requested("more.csv", None, is_of_events=True, append=True)
    with pytest.raises(
        Customer360Error, match="public.events was changed by others meanwhile; nothing was loaded"
    ):
        load_own_events(database, request, agree=meanwhile)
    assert fetch(database, "SELECT event_id FROM public.events WHERE event_id > 13") == [(15,)]


@pytest.mark.slow
def test_what_was_loaded_is_what_a_run_reads(folder: Path, database: Database, spark: SparkSession) -> None:
    """No loaded event is rejected later, and those that were not loaded stay with their reasons."""
    (folder / "orders.csv").write_text(ORDERS + "A3,9,2024-02-05,9\nA1,1,2024-03-01,-5\n")
    load(database, "members.csv", "orders.csv", max_rejected=0.5)

    for _ in range(2):
        refresh = run_operations(database, spark)

    assert (refresh.as_of_date, refresh.rows_rejected) == (date(2024, 3, 1), 0)
    assert fetch(database, "SELECT source, found_by, reasons FROM analytics.rejected_rows") == [
        ("public.events", "load", "event_customer_unknown")
    ]
    months = "SELECT month::text, orders, amount::float, refunded::float FROM analytics.customer_months ORDER BY customer_id, month"
    assert fetch(database, months) == [
        ("2024-02-01", 1, 25, 0),
        ("2024-03-01", 0, 0, 5),
        ("2024-02-01", 1, 7.5, 0),
    ]


@pytest.mark.slow
def test_customers_are_not_derived_from_events_that_replace_their_lines(
    folder: Path, database: Database, spark: SparkSession
) -> None:
    """The customers sum up all of the earlier lines, so other events cannot show a past day."""
    load(database, "orders.csv")
    (folder / "other.csv").write_text(
        "order_id,customer_id,order_date,amount\nB1,1,2024-01-20,3\nB2,2,2024-03-20,3\n"
    )

    load_events(database, "other.csv", replace=True)

    assert (found(database, CUSTOMERS.full_name).transactions, found(database).transactions) == (True, False)
    with pytest.raises(Customer360Error, match="without their events it has no state as of 2024-02-02"):
        run_operations(database, spark, as_of=date(2024, 2, 2))


@pytest.mark.slow
def test_added_lines_of_the_customers_happen_on_their_days(
    folder: Path, database: Database, spark: SparkSession
) -> None:
    """The customers stay derived: their rows follow from all events up to the day, including the added ones."""
    (folder / "orders.csv").write_text(
        "order_id,customer_id,order_date,amount\nA1,1,2024-02-01,-20\nA2,1,2024-03-01,5\n"
    )
    load(database, "orders.csv")
    (folder / "more.csv").write_text(
        "order_id,customer_id,order_date,amount\nA3,1,2024-02-20,7\nA4,1,2024-06-01,3\n"
    )
    load_events(database, "more.csv", append=True)

    shown = "SELECT last_purchase::text, funnel_stage, orders, spent::float FROM analytics.customer_profiles"
    profiles = []
    for day in (date(2024, 2, 10), date(2024, 2, 29), date(2024, 6, 30)):
        run_operations(database, spark, as_of=day)
        profiles += fetch(database, shown)

    assert profiles == [(None, 1, 0, -20), ("2024-02-20", 2, 1, -13), ("2024-06-01", 2, 3, -5)]
