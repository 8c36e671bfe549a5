"""The summary of each customer's events, and differences from the customer's row."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

import pytest

from .literals import MakeCustomers, MakeEvents, failed, found, result, rows

pytestmark = [pytest.mark.spark, pytest.mark.slow]


def test_a_customer_was_last_seen_at_the_latest_login_or_active_event(
    customers: MakeCustomers, events: MakeEvents
) -> None:
    """From the source with the later day; an expiry is not a visit."""
    login = datetime(2026, 5, 1, 12)
    table = customers("last_login", (login,), (login,), (None,), (None,), (login,))
    happened = events(
        "customer_id occurred_at kind",
        (1, "2026-05-02", "purchase"),
        (2, "2026-04-30", "login"),
        (3, "2026-05-03", "redeem"),
        (4, "2026-05-03", "expire"),
    )

    assert result("customer_profiles", "customer_id last_seen days_since_last_login", table, happened) == [
        (1, date(2026, 5, 2), 60),
        (2, date(2026, 5, 1), 60),
        (3, date(2026, 5, 3), None),
        (4, None, None),
        (5, date(2026, 5, 1), 60),
    ]


def test_orders_and_what_was_spent_are_net_of_refunds(customers: MakeCustomers, events: MakeEvents) -> None:
    """A customer who bought nothing has spent zero, not null; a refund is neither an order nor a last purchase."""
    happened = events(
        "customer_id occurred_at kind amount",
        (1, "2026-05-02", "purchase", 10),
        (1, "2026-05-03", "purchase", "0.50"),
        (1, "2026-05-04", "refund", -3),
        (2, "2026-05-04", "refund", -3),
    )

    columns = "customer_id orders spent last_purchase"
    assert result("customer_profiles", columns, customers("name", *[("",)] * 3), happened) == [
        (1, 2, Decimal("7.50"), date(2026, 5, 3)),
        (2, 0, Decimal("-3.00"), None),
        (3, 0, Decimal(0), None),
    ]


def test_logins_of_90_days_are_counted_to_the_day(customers: MakeCustomers, events: MakeEvents) -> None:
    """The 90 days up to 30 June start on 2 April; each day counts once, in any month."""
    days = ["2026-04-01", "2026-04-02", "2026-04-30", "2026-05-01", "2026-06-30 08:00", "2026-06-30 23:59"]
    happened = events("customer_id occurred_at kind", *[(1, day, "login") for day in days])
    table = customers("name", ("",))

    assert result("customer_profiles", "logins_90_days", table, happened) == [(4,)]
    assert result("customer_profiles", "logins_90_days", table, happened, as_of=date(2026, 5, 1)) == [(4,)]


def test_a_past_report_of_derived_customers_has_the_points_and_first_purchase_of_then(
    customers: MakeCustomers, events: MakeEvents
) -> None:
    """Their rows sum all order lines, including later ones; a balance is never negative."""
    table = customers(
        "join_date first_purchase loyalty_points",
        (date(2026, 1, 5), date(2026, 1, 5), 80),
        (date(2026, 1, 5), date(2026, 1, 5), 0),
        (date(2026, 1, 5), date(2026, 1, 5), None),
        (date(2026, 3, 5), date(2026, 3, 5), 1),
    )
    happened = events(
        "customer_id occurred_at kind points",
        (1, "2026-01-05", "purchase", 50),
        (1, "2026-02-05", "purchase", 30),
        (2, "2026-01-05", "refund", -10),
        (2, "2026-02-05", "purchase", 10),
        (3, "2026-01-06", "purchase", None),
        (4, "2026-03-05", "purchase", 1),
    )
    columns, then = "customer_id loyalty_points funnel_stage", date(2026, 1, 31)

    derived = result("customer_profiles", columns, table, happened, as_of=then, customers_are_derived=True)
    today = result("customer_profiles", columns, table, happened, customers_are_derived=True)
    stored = result("customer_profiles", columns, table, happened, as_of=then)

    assert derived == [(1, 50, 2), (2, 0, 1), (3, None, 2)]
    assert today == [(1, 80, 2), (2, 0, 2), (3, None, 2), (4, 1, 2)]
    assert stored == [(1, 80, 2), (2, 0, 2), (3, None, 2)]


POINTS, PURCHASE, LOGIN = (f"{name}_differ{'' if name == 'points' else 's'}_from_events" for name in (
    "points", "first_purchase", "last_login",
))  # fmt: skip
SAID = "loyalty_points first_purchase last_login"
FIRST, LAST = date(2026, 2, 1), datetime(2026, 5, 1, 8)


def agreement(customers: MakeCustomers, events: MakeEvents, *said: tuple[object, ...]) -> list[tuple[int, int]]:
    """The check results for customers who each have 50 points, a purchase and a login in the events."""
    happened = events(
        "customer_id occurred_at kind points",
        (len(said) + 1, "2026-01-15", "earn", 1),
        *[(number + 1, "2026-02-01 23:59", "purchase", 60) for number in range(len(said))],
        *[(number + 1, "2026-05-01 09:00", "login", None) for number in range(len(said))],
        *[(number + 1, "2026-05-01 09:00", "redeem", -10) for number in range(len(said))],
    )
    table = customers(SAID, *said, (1, None, None), (None, None, None))
    return [failed(check, table, happened) for check in (POINTS, PURCHASE, LOGIN)]


def test_a_row_that_agrees_with_its_events_has_no_differences(
    customers: MakeCustomers, events: MakeEvents
) -> None:
    """Compared by day, as events of a day may be in any order; customers without events are not checked."""
    assert agreement(customers, events, (50, FIRST, LAST)) == [(2, 0), (2, 0), (2, 0)]


def test_each_difference_is_counted(customers: MakeCustomers, events: MakeEvents) -> None:
    """A null day means that there was none; null points mean nothing."""
    assert agreement(customers, events, (49, FIRST, LAST), (None, None, None), (50, FIRST, LAST)) == [
        (4, 1),
        (4, 1),
        (4, 1),
    ]
    assert agreement(customers, events, (50, date(2026, 2, 2), datetime(2026, 4, 30))) == [(2, 0), (2, 1), (2, 1)]


def test_a_day_before_the_first_event_is_not_compared(customers: MakeCustomers, events: MakeEvents) -> None:
    """The ledger begins on 15 January: an earlier first purchase is possible; a last login cannot precede an event."""
    before = date(2026, 1, 14)

    assert agreement(customers, events, (50, before, datetime(2026, 1, 14)))[1:] == [(2, 0), (2, 1)]


def test_an_incomplete_ledger_is_not_compared(customers: MakeCustomers, events: MakeEvents) -> None:
    """Before the last event the row contains more; events without logins do not contradict a login."""
    table = customers(SAID, (5, FIRST, LAST))
    happened = events("customer_id occurred_at kind points", (1, "2026-02-01", "purchase", 60))

    assert failed(POINTS, table, happened) == (1, 1)
    assert failed(POINTS, table, happened, as_of=date(2026, 1, 31)) == (0, 0)
    assert failed(LOGIN, table, happened) == (0, 0)
    assert failed(PURCHASE, customers("loyalty_points", (5,)), happened) == (0, 0)


def test_the_results_report_what_both_sources_lack(customers: MakeCustomers, events: MakeEvents) -> None:
    """Columns that are empty in every used row, and kinds that do not occur."""
    table = customers("country is_active", ("Chile", True))
    happened = events(
        "customer_id occurred_at kind amount points",
        (1, "2026-05-02", "purchase", 10, None),
        (2, "2026-05-02", "redeem", 10, -1),
    )

    with found(table, happened) as tables:
        missing = [column.full_name for column in tables.survey.missing]

    assert missing == [
        *[f"public.customers.{name}" for name in (
            "name", "email", "gender", "birth_date", "join_date", "first_purchase", "last_login", "loyalty_status",
            "loyalty_points", "account_balance",
        )],
        *[f"public.events.{name}" for name in ("points", "order_id", "expires_on", "loyalty_status")],
        *[f"public.events.{kind} events" for kind in (
            "refund", "earn", "adjust", "redeem", "expire", "login", "tier change",
        )],
    ]  # fmt: skip


def test_customers_of_another_source_change_nothing_by_their_events(
    customers: MakeCustomers, events: MakeEvents
) -> None:
    """With a ledger of other customers the results are the same as without a ledger."""
    table = customers("join_date last_login is_active", (date(2026, 5, 1), datetime(2026, 6, 1), True))
    happened = events("customer_id occurred_at kind", (7, "2026-05-02", "purchase"))

    with found(table, happened) as tables:
        assert tables.tables["customer_months"].count() == 0
        assert tables.survey.first_event is None
        assert rows(tables.tables["cohort_retention"], "retained_customers active_customers")[0] == (1, None)
        assert tables.event_quality is not None
        assert tables.event_quality.rows_rejected == 1
