"""Values looked up once per refresh: its as-of date, its months, the edges of its bands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from customer360.report.dimensions import ACTIVITY_MONTH, Between, Filters


@dataclass(frozen=True)
class LookedUp:
    """
    Values looked up in the results, so that no query repeats the lookup.

    *months* are the months of the calendar, *first* is the first month of events. *edges* has, for each parameter,
    the edges of its bands with the band above each.
    """

    as_of: date
    months: tuple[date, ...] = ()
    first: date | None = None
    edges: Mapping[str, Mapping[Decimal, int]] = field(default_factory=dict)


def months_left(known: LookedUp, filters: Filters) -> list[date]:
    """The months of the calendar within *filters*."""
    kept = filters.get(ACTIVITY_MONTH.name)
    return [one for one in known.months if kept is None or is_in(one, kept)]


def is_in(key: Any, kept: Sequence[object] | Between) -> bool:
    """Whether *key* is one of, or in the range of, the members *kept*."""
    return kept.first <= key <= kept.last if isinstance(kept, Between) else key in kept


def full_months_end(as_of: date) -> date:
    """The first day after the last full month; the month of *as_of* is full if *as_of* is its last day."""
    return (as_of + timedelta(days=1)).replace(day=1)


def months_before(day: date, number: int) -> date:
    """The first day of the month *number* months before the month of *day*."""
    year, month = divmod(day.year * 12 + day.month - 1 - number, 12)
    return date(year, month + 1, 1)
