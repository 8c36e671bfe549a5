"""One customer's points, lot by lot: those that expire first are spent first, and only unspent points expire."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any, Final

SPENT_EXPIRED: Final = "spent_points_expired"
ABOVE_BALANCE: Final = "points_above_balance"


def failures(moves: Iterable[tuple[str, int, date | None, date]], undated: date) -> Iterator[str]:
    """
    The problem of each of *moves*, in order: kind, points, day of expiry, and day.

    Points without a day of expiry expire on *undated*.
    """
    lots: list[list[Any]] = []
    for kind, points, expires_on, day in moves:
        if points > 0:
            heapq.heappush(lots, [expires_on or undated, points])
            continue
        if kind == "expire" and -points > sum(left for expiry, left in lots if expiry <= day):
            yield SPENT_EXPIRED
        if -points > sum(left for _, left in lots):
            yield ABOVE_BALANCE
        _spend(lots, -points)


def _spend(lots: list[list[Any]], points: int) -> None:
    while points and lots:
        taken = min(points, lots[0][1])
        points -= taken
        lots[0][1] -= taken
        if not lots[0][1]:
            heapq.heappop(lots)
