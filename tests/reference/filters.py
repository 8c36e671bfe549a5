"""Sums of segments under random filters, compared with individual customers and events."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Final

import duckdb
import pyarrow as pa

from tests.reference.recomputed import rows

_SLICERS: Final = {
    "join_month": "join_month",
    "loyalty_status": "status_member",
    "activity": "activity",
    "country": "country_member",
}
"""The slicers of segments -> their columns of the customers."""
_OF_EVENTS: Final = """
    SELECT happened_in, count(DISTINCT customer_id) FILTER (shows_activity),
        count(DISTINCT (customer_id, happened_on)) FILTER (shows_activity),
        count(DISTINCT customer_id) FILTER (what = 'purchase'), count(*) FILTER (what = 'purchase'),
        coalesce(sum(amount) FILTER (what = 'purchase'), 0), coalesce(-sum(amount) FILTER (what = 'refund'), 0),
        coalesce(sum(points) FILTER (what IN ('purchase', 'refund', 'earn', 'adjust')), 0),
        coalesce(-sum(points) FILTER (what = 'redeem'), 0), coalesce(-sum(points) FILTER (what = 'expire'), 0),
        count(DISTINCT (customer_id, happened_on)) FILTER (what = 'login')
    FROM happened JOIN customers_with_events USING (customer_id) WHERE {} GROUP BY happened_in ORDER BY happened_in
"""
_OF_SEGMENTS: Final = """
    SELECT activity_month, sum(active_customers), sum(active_days), sum(buyers), sum(orders), sum(amount),
        sum(refunded), sum(earned), sum(redeemed), sum(expired), sum(logins)
    FROM found_segments WHERE {} GROUP BY activity_month ORDER BY activity_month
"""
_PEOPLE: Final = "SELECT age_band, gender, count(*) FROM customers_with_events WHERE {} GROUP BY ALL ORDER BY ALL"
_PEOPLE_OF_SEGMENTS: Final = """
    SELECT age_band, gender, sum(customers) FROM found_people WHERE {} GROUP BY ALL ORDER BY ALL
"""


def filters_that_disagree(
    duck: duckdb.DuckDBPyConnection, activity: pa.Table, people: pa.Table, seed: int, how_many: int = 15
) -> list[str]:
    """
    The random filters under which segments and rows disagree; *duck* has the recomputed rows.

    Customers are counted in each month, because they do not add up over months.
    """
    duck.register("found_segments", activity)
    duck.register("found_people", people)
    pairs = ((_OF_SEGMENTS, _OF_EVENTS), (_PEOPLE_OF_SEGMENTS, _PEOPLE))
    return [
        shown
        for shown, single in _random_filters(duck, random.Random(seed), how_many)
        if any(rows(duck, found.format(shown)) != rows(duck, expected.format(single)) for found, expected in pairs)
    ]


def _random_filters(
    duck: duckdb.DuckDBPyConnection, chance: random.Random, how_many: int
) -> Iterator[tuple[str, str]]:
    """Each filter as a condition on segments and as a condition on customers."""
    for _ in range(how_many):
        shown, single = ["true"], ["true"]
        for slicer in chance.sample(sorted(_SLICERS), k=chance.randint(0, 3)):
            column = _SLICERS[slicer]
            members = [
                str(one)
                for (one,) in rows(duck, f"SELECT DISTINCT {column} FROM customers_with_events ORDER BY 1")
            ]
            kept = ", ".join(f"'{one}'" for one in chance.sample(members, k=chance.randint(1, len(members))))
            shown.append(f"coalesce({slicer}::VARCHAR, 'None') IN ({kept})")
            single.append(f"coalesce({column}::VARCHAR, 'None') IN ({kept})")
        yield " AND ".join(shown), " AND ".join(single)
