"""The as-of date of results, on a real database: by default the last day in the data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import pytest

from customer360.errors import Customer360Error
from customer360.pipeline.as_of import AsOf, choose_as_of, last_day_of_table
from customer360.postgres.connection import Database
from customer360.postgres.origin import Origin
from customer360.tables import CUSTOMERS, EVENTS

TODAY = date(2026, 6, 30)
MEMBERS = "public.members"


def last_day(database: Database, columns: str, *rows: str, until: date = TODAY) -> date | None:
    with database.connect() as connection:
        connection.execute(f"CREATE TABLE {MEMBERS} ({columns})")
        for row in rows:
            connection.execute(f"INSERT INTO {MEMBERS} VALUES ({row})")
        return last_day_of_table(connection, CUSTOMERS, MEMBERS)(until)


@dataclass(frozen=True)
class Read:
    """A source as `choose_as_of` reads it."""

    origin: Origin
    in_data: date | None = None
    name: str = "public.customers"

    def last_day(self, _until: date) -> date | None:
        return self.in_data


def chosen(asked: date | None, source: Origin, in_data: date | None, events: Read | None = None) -> AsOf:
    return choose_as_of(asked, Read(source, in_data), events, is_derived=events is not None)


@pytest.mark.parametrize(
    ("columns", "rows", "found"),
    [
        ("join_date date", ["'2011-01-05'", "'2010-12-01'"], date(2011, 1, 5)),
        ("join_date date, last_login timestamp", ["'2011-01-05', '2011-12-09 12:50'"], date(2011, 12, 9)),
        ("last_login timestamptz", ["'2011-12-09 23:30+00'"], date(2011, 12, 9)),
        ("first_purchase date, last_login timestamp", ["'2011-03-01', NULL"], date(2011, 3, 1)),
        ("join_date date", ["'2011-01-05'", "'2099-12-31'", "'infinity'", "'-infinity'"], date(2011, 1, 5)),
        ("last_login timestamp", ["'infinity'"], None),
        ("birth_date date, join_date text", ["'1990-01-01', '2011-01-05'"], None),
        ("join_date date", [], None),
    ],
)  # fmt: skip
def test_the_last_day_is_the_latest_date_that_has_happened(database, columns, rows, found) -> None:
    """A future date, such as an open end, is not the end of the data, and a birthday is not an event."""
    assert last_day(database, columns, *rows) == found


def test_by_default_the_results_are_as_of_the_last_day_in_the_data() -> None:
    """As of today, a file from 2011 would show that nobody has logged in for 15 years."""
    assert chosen(None, Origin("own"), date(2011, 12, 9)) == AsOf(date(2011, 12, 9), is_last_day=True)


def test_what_load_found_is_not_searched_again() -> None:
    """A scan of all customers takes seconds."""
    assert chosen(None, Origin("own", last_day=date(2011, 12, 8)), None) == AsOf(
        date(2011, 12, 8), is_last_day=True
    )


def test_a_given_day_takes_precedence() -> None:
    """First the one given to `run`, then the one given to `mock` or `load`."""
    source = Origin("own", as_of=date(2012, 1, 31), last_day=date(2011, 12, 9))

    assert chosen(None, source, None) == AsOf(date(2012, 1, 31))
    assert chosen(date(2011, 6, 30), source, None) == AsOf(date(2011, 6, 30))


def test_data_without_dates_is_as_of_today() -> None:
    """There is no other date to use."""
    assert chosen(None, Origin("own"), None).day - date.today() <= timedelta(days=1)  # UTC may be a day ahead


@pytest.mark.parametrize("in_data", [None, date(2011, 12, 9)])
def test_customers_of_order_lines_have_no_past_without_their_events(in_data) -> None:
    """Their sums include every line: half a year earlier the best customers would seem to have bought nothing."""
    source = Origin("own", transactions=True, last_day=in_data)

    with pytest.raises(
        Customer360Error,
        match=r"up to 2011-12-09, and without their events it has no state as of 2011-06-30; load the lines again",
    ):
        chosen(date(2011, 6, 30), source, date(2011, 12, 9))


def test_events_give_the_past_of_customers_of_order_lines() -> None:
    """Each line has its day, so the purchases up to any day can be summed."""
    source = Origin("own", transactions=True, last_day=date(2011, 12, 9))

    assert chosen(date(2011, 6, 30), source, None, Read(Origin("own"))) == AsOf(date(2011, 6, 30))


def test_customers_of_order_lines_can_be_shown_as_of_a_later_day() -> None:
    """Nothing was bought since, and the results show that."""
    source = Origin("own", transactions=True, last_day=date(2011, 12, 9))

    assert chosen(date(2012, 3, 1), source, None).day == date(2012, 3, 1)


@pytest.mark.parametrize(("customers", "events", "day"), [
    (Read(Origin("own"), date(2026, 5, 1)), Read(Origin("own"), date(2026, 6, 29)), date(2026, 6, 29)),
    (Read(Origin("own"), date(2026, 5, 1)), Read(Origin("own", last_day=date(2026, 4, 1))), date(2026, 5, 1)),
    (Read(Origin("own")), Read(Origin("unknown"), date(2026, 6, 29)), date(2026, 6, 29)),
])  # fmt: skip
def test_the_last_day_in_the_data_is_that_of_either_source(customers: Read, events: Read, day: date) -> None:
    """A ledger usually continues after the last change of a customer's row."""
    assert choose_as_of(None, customers, events) == AsOf(day, is_last_day=True)


def test_the_later_of_the_given_days_takes_precedence() -> None:
    """If you load more events as of a later day, you mean that day."""
    customers = Read(Origin("own", as_of=date(2026, 5, 31)))

    for events in (Read(Origin("own", as_of=date(2026, 6, 30))), Read(Origin("own"), date(2026, 7, 9))):
        assert choose_as_of(None, customers, events) == AsOf(events.origin.as_of or date(2026, 5, 31))


def test_expiring_points_are_not_an_event(database: Database) -> None:
    """The day from which points can no longer be spent may be any day."""
    with database.connect() as connection:
        connection.execute(
            "CREATE TABLE public.ledger AS SELECT timestamp '2026-03-01 10:00' AS occurred_at, "
            "date '2026-06-01' AS expires_on, 1 AS event_id"
        )

        assert last_day_of_table(connection, EVENTS, "public.ledger")(TODAY) == date(2026, 3, 1)
