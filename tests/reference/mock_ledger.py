"""
Checks that the events of clean mock customers agree with their rows, using only the rows and none of the code that
generates them.

`python -m tests.reference.mock_ledger 1M` checks that many customers; it needs neither an engine nor a database.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date
from itertools import groupby
from operator import itemgetter
from typing import Any, Final

import duckdb
import pyarrow as pa

from customer360.mock_data.events import generate_events
from customer360.mock_data.generate import generate_block
from customer360.mock_data.plan import Plan, parse_size
from tests.reference.accounts import failures

AS_OF: Final = date(2026, 6, 30)
_WRONG_ROWS: Final = """
    WITH expected AS (
        SELECT customer_id, count(*) AS events, coalesce(sum(points), 0) AS points,
            min(occurred_at::DATE) FILTER (kind = 'purchase') AS first_purchase,
            max(occurred_at) FILTER (kind = 'login') AS last_login,
            max_by(loyalty_status, (occurred_at, event_id)) FILTER (kind = 'tier_change') AS tier,
            min(occurred_at) AS first_event, max(occurred_at) AS last_event
        FROM events GROUP BY customer_id
    )
    SELECT count(*) AS customers, coalesce(sum(events), 0) AS events,
        count_if(coalesce(points, 0) <> loyalty_points) AS points,
        count_if(expected.first_purchase IS DISTINCT FROM customers.first_purchase) AS first_purchase,
        count_if(expected.last_login IS DISTINCT FROM customers.last_login) AS last_login,
        count_if(tier IS DISTINCT FROM loyalty_status) AS tier,
        count_if(first_event::DATE < join_date OR last_event::DATE > getvariable('as_of')) AS outside_of_membership,
        (SELECT count(*) - count(DISTINCT event_id) FROM events) AS repeated_ids,
        (SELECT count(*) FROM events WHERE customer_id NOT IN (SELECT customer_id FROM customers)) AS unknown
    FROM customers LEFT JOIN expected USING (customer_id)
"""
_WRONG_EVENTS: Final = """
    SELECT
        (SELECT count(*) FROM events AS expiry WHERE kind = 'expire' AND NOT EXISTS (
            FROM events AS visit WHERE visit.customer_id = expiry.customer_id
            AND visit.occurred_at::DATE = expiry.occurred_at::DATE
            AND visit.kind IN ('login', 'purchase', 'redeem'))) AS expiries_without_a_visit,
        (SELECT count(*) FROM events AS refund WHERE kind = 'refund' AND NOT EXISTS (
            FROM events AS bought WHERE bought.customer_id = refund.customer_id AND bought.kind = 'purchase'
            AND bought.order_id = refund.order_id AND bought.occurred_at <= refund.occurred_at
            AND bought.amount >= -refund.amount)) AS refunds_of_nothing,
        (SELECT count(*) FROM (
            SELECT loyalty_status AS tier, lag(loyalty_status) OVER
                (PARTITION BY customer_id ORDER BY occurred_at, event_id) AS tier_before
            FROM events WHERE kind = 'tier_change') WHERE tier = tier_before) AS changes_to_the_same_tier
"""
_POINTS: Final = """
    SELECT customer_id, kind, points, expires_on, occurred_at::DATE FROM events WHERE points <> 0
    ORDER BY customer_id, occurred_at, event_id
"""


def wrong(plan: Plan) -> Counter[str]:
    """The numbers of customers and events, and how many of them violate each rule."""
    found: Counter[str] = Counter()
    for block in range(plan.blocks):
        with duckdb.connect() as duck:
            duck.register("customers", pa.table(generate_block(plan, block)))
            duck.register("events", pa.Table.from_batches(generate_events(plan, block)))
            duck.execute(f"SET VARIABLE as_of = DATE '{plan.as_of}'")
            for query in (_WRONG_ROWS, _WRONG_EVENTS):
                counted = duck.sql(query)
                found.update(dict(zip(counted.columns, counted.fetchall()[0], strict=True)))
            found.update(_wrong_points(duck.sql(_POINTS).fetchall()))
    return found


def _wrong_points(moves: Iterable[tuple[Any, ...]]) -> Iterator[str]:
    for _, of_customer in groupby(moves, key=itemgetter(0)):
        yield from failures([move[1:] for move in of_customer], undated=date.max)


if __name__ == "__main__":
    totals = wrong(Plan(parse_size(sys.argv[1]), as_of=AS_OF))
    sys.stdout.write("".join(f"{count:>12,}  {name}\n" for name, count in totals.items()))
