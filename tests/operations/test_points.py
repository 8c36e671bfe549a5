"""Only points that are due and unspent can expire."""

from __future__ import annotations

from datetime import date

import pytest

from customer360.operations.points import expiries_of_spent

from .literals import MakeCustomers, MakeEvents, failed, moment

pytestmark = pytest.mark.spark

JANUARY, JUNE, DECEMBER = date(2026, 1, 1), date(2026, 6, 1), date(2026, 12, 1)
AS_OF = date(2026, 12, 31)
Move = tuple[str, str, int, date | None]
"""The day, the kind, the points, and when they expire."""

LEDGERS: dict[str, tuple[int, list[Move]]] = {
    "what is left unspent expires": (
        0,
        [("2025-01-01", "earn", 100, JANUARY), ("2025-06-01", "redeem", -40, None), ("2026-01-01", "expire", -60, None)],
    ),
    "points that were spent expire though later ones are held": (
        1,
        [
            ("2025-01-01", "earn", 100, JANUARY),
            ("2025-02-01", "redeem", -100, None),
            ("2025-03-01", "earn", 200, DECEMBER),
            ("2026-01-01", "expire", -100, None),
        ],
    ),
    "more expires than is left": (
        1,
        [
            ("2025-01-01", "earn", 100, JANUARY),
            ("2025-02-01", "redeem", -40, None),
            ("2025-03-01", "earn", 200, DECEMBER),
            ("2026-01-02", "expire", -61, None),
        ],
    ),
    "points expire a day too early": (
        1,
        [("2025-01-01", "earn", 100, JANUARY), ("2025-12-31 23:59", "expire", -100, None)],
    ),
    "later points that expire earlier are spent first": (
        0,
        [
            ("2025-01-01", "earn", 100, DECEMBER),
            ("2025-02-01", "earn", 50, JUNE),
            ("2025-03-01", "redeem", -50, None),
            ("2026-12-01", "expire", -100, None),
        ],
    ),
    "points given after a redemption were not spent by it, however early they expire": (
        0,
        [
            ("2025-01-01", "earn", 100, DECEMBER),
            ("2025-02-01", "redeem", -100, None),
            ("2025-03-01", "earn", 50, JUNE),
            ("2026-06-01", "expire", -50, None),
        ],
    ),
    "what expired once does not expire again": (
        1,
        [
            ("2025-01-01", "earn", 100, JANUARY),
            ("2025-01-01", "earn", 100, DECEMBER),
            ("2026-01-01", "expire", -100, None),
            ("2026-01-02", "expire", -100, None),
        ],
    ),
    "a refund and a correction take what expires first": (
        1,
        [
            ("2025-01-01", "purchase", 60, JANUARY),
            ("2025-01-01", "purchase", 60, DECEMBER),
            ("2025-01-02", "refund", -30, None),
            ("2025-01-03", "adjust", -20, None),
            ("2026-01-02", "expire", -11, None),
        ],
    ),
    "points that do not say when may expire at any time": (
        0,
        [
            ("2025-01-01", "earn", 100, None),
            ("2025-01-01", "earn", 100, DECEMBER),
            ("2026-01-01", "expire", -100, None),
        ],
    ),
    "where no points say when, nothing is wrong": (
        0,
        [("2025-01-01", "earn", 100, None), ("2026-01-01", "expire", -300, None)],
    ),
    "what is given at the same moment is there": (
        0,
        [("2026-01-01", "expire", -100, None), ("2026-01-01", "earn", 100, JANUARY)],
    ),
}  # fmt: skip


@pytest.mark.parametrize("ledger", LEDGERS)
def test_only_points_that_are_due_and_unspent_expire(ledger: str) -> None:
    """An expiry of points that were already used would take them twice."""
    wrong, moves = LEDGERS[ledger]
    in_order = sorted(moves, key=lambda move: (moment(move[0]), move[2] < 0))
    replayed = [
        {"occurred_at": moment(at), "points": points, "expires_on": expires, "is_expiry": kind == "expire"}
        for at, kind, points, expires in in_order
    ]

    assert expiries_of_spent(replayed) == wrong


def test_the_ledgers_of_customers_are_kept_separate(customers: MakeCustomers, events: MakeEvents) -> None:
    """All of the above together, one customer each: those cleared by a sum, and those replayed."""
    ledgers = enumerate(LEDGERS.values(), start=1)
    rows = [(number, *move) for number, (_, moves) in ledgers for move in moves]
    happened = events("customer_id occurred_at kind points expires_on", *rows)
    table = customers("name", *[("",)] * len(LEDGERS))

    expected = sum(wrong for wrong, _ in LEDGERS.values())
    assert failed("spent_points_expired", table, happened, as_of=AS_OF) == (len(rows), expected)
