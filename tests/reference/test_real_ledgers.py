"""Known facts about two real ledgers, which validate the recomputation before anything is compared with it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import duckdb
import pytest

from tests.reference.ledgers import CDNOW_AS_OF, COMPLETE_JOURNEY_AS_OF, cdnow, complete_journey
from tests.reference.recomputed import recomputed_from_lines, rows

NEVER_ABOVE = "SELECT count(*) FROM cohort_retention WHERE active_share > retained_share"


@pytest.fixture(scope="module")
def of_cdnow() -> Iterator[duckdb.DuckDBPyConnection]:
    with recomputed_from_lines(cdnow(), CDNOW_AS_OF) as duck:
        yield duck


@pytest.fixture(scope="module")
def of_complete_journey() -> Iterator[duckdb.DuckDBPyConnection]:
    with recomputed_from_lines(complete_journey(), COMPLETE_JOURNEY_AS_OF) as duck:
        yield duck


def test_active_customers_of_cdnow_are_new_retained_or_resurrected(of_cdnow):
    columns = "sum(active_customers), sum(new_customers), sum(retained_customers), sum(resurrected_customers)"
    by_month = f"SELECT activity_month, {columns} FROM activity_segments GROUP BY 1 ORDER BY 1"
    found = {month: tuple(map(int, counts)) for month, *counts in rows(of_cdnow, by_month)}

    assert found[date(1997, 2, 1)] == (9_633, 8_476, 1_157, 0)
    assert found[date(1997, 3, 1)] == (9_524, 7_248, 1_681, 595)
    assert found[date(1997, 4, 1)] == (2_822, 0, 1_773, 1_049)
    assert found[date(1998, 6, 1)] == (1_506, 0, 446, 1_060)
    assert all(active == new + retained + back for active, new, retained, back in found.values())


def test_the_first_cohort_of_cdnow_has_low_classic_and_high_unbounded_retention(of_cdnow):
    """Classic retention in month 1 is a third of unbounded retention, which answers a different question."""
    cohort = (
        "SELECT months_since, cohort_customers, 100 * active_share, 100 * retained_share FROM cohort_retention"
    )
    found = rows(of_cdnow, f"{cohort} WHERE join_month = '1997-01-01' AND months_since IN (1, 2, 3, 6, 12, 17)")

    assert [(month, size, round(float(one), 2), round(float(other), 2)) for month, size, one, other in sorted(found)] == [
        (1, 7_846, 14.75, 46.57),
        (2, 7_846, 12.29, 42.79),
        (3, 7_846, 10.32, 40.02),
        (6, 7_846, 9.18, 34.12),
        (12, 7_846, 6.73, 22.19),
        (17, 7_846, 6.35, 6.35),
    ]  # fmt: skip


def test_households_of_complete_journey_buy_once_a_week(of_complete_journey):
    of_january = "FROM activity_segments WHERE activity_month = '2017-01-01'"

    assert rows(of_complete_journey, "SELECT sum(orders), count(*) FROM customers_with_events") == [
        (155_848, 2_469)
    ]
    assert rows(of_complete_journey, "SELECT round(avg(orders), 1) FROM customers_with_events") == [(63.1,)]
    assert rows(of_complete_journey, f"SELECT sum(active_customers), sum(active_days) {of_january}") == [
        (1_982, 10_347)
    ]


@pytest.mark.parametrize("ledger", ["of_cdnow", "of_complete_journey"])
def test_nobody_is_seen_in_a_month_without_being_seen_then_or_later(ledger, request):
    assert rows(request.getfixturevalue(ledger), NEVER_ABOVE) == [(0,)]
