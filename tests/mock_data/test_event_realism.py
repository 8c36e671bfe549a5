"""The gates of events: what each one measures, that the mock data passes them all, and that each can fail."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from math import isnan
from typing import Any

import pyarrow as pa
import pytest

from customer360.mock_data.event_realism import EVENT_REPORT_COLUMNS, event_realism_report
from customer360.mock_data.events import SCHEMA
from customer360.mock_data.realism import Gate
from tests.mock_data.mock_rows import AS_OF, all_events
from tests.reference.ledgers import CDNOW_AS_OF, COMPLETE_JOURNEY_AS_OF, cdnow, complete_journey

pytestmark = pytest.mark.slow

SOURCES = ("CDNOW: ", "Complete Journey: ", "guidance: ")


def table(*rows: tuple[int, str, str] | tuple[int, str, str, int]) -> pa.Table:
    """Events as (customer, day, kind, points)."""
    named = [
        {
            "customer_id": row[0],
            "occurred_at": datetime.fromisoformat(row[1]),
            "kind": row[2],
            "points": [*row, 0][3],
        }
        for row in rows
    ]
    return pa.Table.from_pylist(named, pa.schema([SCHEMA.field(name) for name in EVENT_REPORT_COLUMNS]))


def value(rows: pa.Table, name: str, as_of: date = AS_OF) -> float:
    """The figure of the gate *name*."""
    return next(gate.value for gate in event_realism_report(rows, as_of) if gate.name == name)


@pytest.fixture(scope="module")
def gates(events: pa.Table) -> list[Gate]:
    return event_realism_report(events, AS_OF)


def test_the_events_of_a_hundred_thousand_customers_pass_every_gate(gates: list[Gate]) -> None:
    """The data in the report is believable."""
    assert [f"{gate.name}: {gate.value}" for gate in gates if not gate.passed] == []


@pytest.mark.slow
@pytest.mark.parametrize("as_of", [date(2024, 2, 29), date(2026, 11, 22)], ids=str)
@pytest.mark.parametrize("seed", [0, 8])
def test_another_seed_and_day_pass_every_gate(as_of: date, seed: int) -> None:
    """Regardless of the seed and the day."""
    gates = event_realism_report(all_events(100_000, as_of, seed=seed), as_of)

    assert [f"{gate.name}: {gate.value}" for gate in gates if not gate.passed] == []


def test_every_property_that_makes_events_believable_has_its_gate_and_its_source(gates: list[Gate]) -> None:
    """A gate missing from the report would never fail again."""
    assert [(gate.name, gate.low, gate.high) for gate in gates] == [
        ("one-time buyers", 0.25, 0.55),
        ("days between orders", 20, 60),
        ("spread of days between orders", 1.0, 2.2),
        ("retention in month 1", 0.1, 0.28),
        ("retention in month 3", 0.07, 0.22),
        ("retention in month 12", 0.05, 0.16),
        ("season of orders", 1.05, 1.8),
        ("active days a month", 1.1, 5.5),
        ("last month", 0.85, 1.2),
        ("redemption rate", 0.25, 0.75),
        ("breakage", 0.05, 0.35),
    ]
    assert all(gate.source.startswith(SOURCES) for gate in gates)


def test_the_report_reads_only_the_columns_it_names(events: pa.Table) -> None:
    """So that twenty million events can be read without their orders."""
    some = events.slice(0, 50_000)

    assert event_realism_report(some.select(EVENT_REPORT_COLUMNS), AS_OF) == event_realism_report(some, AS_OF)


def test_without_events_no_gate_passes() -> None:
    """Without events there is nothing to measure."""
    assert all(isnan(gate.value) for gate in event_realism_report(SCHEMA.empty_table(), AS_OF))


def test_a_one_time_buyer_had_time_to_return() -> None:
    """The third customer bought too recently to count; two orders on one day are one order day."""
    rows = table(
        (1, "2024-01-01", "purchase"), (1, "2024-01-01T12:00", "purchase"), (2, "2024-01-01", "purchase"),
        (2, "2024-03-01", "purchase"), (3, "2026-06-01", "purchase"),
    )  # fmt: skip

    assert value(rows, "one-time buyers") == 0.5


def test_days_between_orders_lie_between_order_days_of_one_customer() -> None:
    """Regardless of the order of the rows, and without the days between two customers."""
    rows = table(
        (1, "2024-01-31", "purchase"), (1, "2024-01-01", "purchase"), (1, "2024-01-11", "purchase"),
        (2, "2020-01-01", "purchase"), (1, "2024-01-12", "login"),
    )  # fmt: skip

    assert value(rows, "days between orders") == 15
    assert value(rows, "spread of days between orders") == pytest.approx(5 / 15)


def test_retention_counts_customers_who_order_in_exactly_that_complete_month() -> None:
    """One of two returns in the next month; for the third, that month is not over yet."""
    rows = table(
        (1, "2026-01-31", "purchase"), (1, "2026-02-01", "purchase"), (1, "2026-02-02", "purchase"),
        (2, "2026-01-01", "purchase"), (2, "2026-03-01", "purchase"), (3, "2026-05-02", "purchase"),
    )  # fmt: skip

    assert value(rows, "retention in month 1", date(2026, 6, 29)) == 0.5
    assert value(rows, "retention in month 1", date(2026, 6, 30)) == pytest.approx(1 / 3)


def test_the_season_compares_complete_years() -> None:
    """Twice as many orders a day in May as in any other month; those of the current year do not count."""
    days = [datetime(2025, 1, 1) + timedelta(days=n) for n in range(365)]
    wanted = [day for day in days for _ in range(2 if day.month == 5 else 1)]
    rows = table(
        *((1, day.isoformat(), "purchase") for day in wanted), *((1, "2026-01-01", "purchase") for _ in range(99))
    )

    assert value(rows, "season of orders") == pytest.approx(2, rel=0.02)


def test_active_days_are_those_of_what_a_customer_does() -> None:
    """A bonus and an expiry are not activity; a login and a purchase on one day are one day."""
    rows = table(
        (1, "2026-01-01", "login"), (1, "2026-01-01T13:00", "purchase"), (1, "2026-01-05", "redeem", -1),
        (1, "2026-03-01", "login"), (1, "2026-04-01", "expire", -1), (1, "2026-05-01", "earn", 1),
    )  # fmt: skip

    assert value(rows, "active days a month") == 1.5


def test_the_last_complete_month_is_compared_with_the_three_before() -> None:
    """Two customers in May after one, two and three; the only known day of June does not count."""
    rows = table(
        (1, "2026-02-01", "login"), (1, "2026-03-01", "login"), (2, "2026-03-01", "login"),
        (1, "2026-04-01", "login"), (2, "2026-04-01", "login"), (3, "2026-04-01", "redeem", -1),
        (1, "2026-05-01", "login"), (1, "2026-05-02", "login"), (2, "2026-05-02", "purchase"),
        (3, "2026-06-01", "login"),
    )  # fmt: skip

    assert value(rows, "last month", date(2026, 6, 29)) == 1


def test_points_are_compared_as_sums() -> None:
    """Of 100 points earned net of the refund, 40 are redeemed and 10 expire."""
    rows = table(
        (1, "2025-01-01", "purchase", 110), (1, "2025-01-02", "refund", -30), (1, "2025-01-03", "earn", 15),
        (1, "2025-01-03", "adjust", 5), (1, "2025-01-04", "redeem", -40), (1, "2025-01-05", "expire", -10),
    )  # fmt: skip

    assert value(rows, "redemption rate") == 0.4
    assert value(rows, "breakage") == 0.2


def test_what_is_not_known_yet_does_not_count() -> None:
    """As everywhere, nothing after the as-of date is known."""
    rows: tuple[Any, ...] = ((1, "2025-01-01", "earn", 10), (1, "2026-12-01", "redeem", -10))

    assert value(table(*rows), "redemption rate") == 0


def orders_of(lines: pa.Table) -> pa.Table:
    """Lines with the same time as one purchase."""
    orders = lines.group_by(["customer_id", "order_id", "bought_at"]).aggregate([])
    return pa.table(
        {
            "customer_id": orders["customer_id"],
            "occurred_at": orders["bought_at"],
            "kind": pa.array(["purchase"] * len(orders)),
            "points": pa.nulls(len(orders), pa.int64()),
        }
    )


@pytest.mark.parametrize(
    ("ledger", "lines", "as_of"),
    [("CDNOW", cdnow, CDNOW_AS_OF), ("Complete Journey", complete_journey, COMPLETE_JOURNEY_AS_OF)],
)
def test_the_gates_measure_the_quoted_figures_on_the_real_ledgers(
    ledger: str, lines: Callable[[], pa.Table], as_of: date
) -> None:
    """The figures quoted from a source must match its data."""
    gates = [gate for gate in event_realism_report(orders_of(lines()), as_of) if gate.source.startswith(ledger)]

    assert [gate.source for gate in gates] == [f"{ledger}: {gate.value:.3g}" for gate in gates]
    assert len(gates) >= 2
