"""Rules between customers and their events, as SQL that counts the exceptions."""

from __future__ import annotations

from datetime import date
from typing import Final

import duckdb
import pyarrow as pa

from customer360.mock_data.plan import STORY, Story

RULES: Final = {
    "every customer has an event": "SELECT 1 FROM summary WHERE events IS NULL",
    "the points of the events add up to those held": "SELECT 1 FROM summary WHERE held <> loyalty_points",
    "the first purchase is that of the row": "SELECT 1 FROM summary WHERE bought IS DISTINCT FROM first_purchase",
    "the last login is that of the row": "SELECT 1 FROM summary WHERE seen IS DISTINCT FROM last_login",
    "the last tier is that of the row": "SELECT 1 FROM summary WHERE tier IS DISTINCT FROM loyalty_status",
    "everything begins on the day of joining": "SELECT 1 FROM summary WHERE began::date <> join_date",
    "nothing happens after the as-of date": "SELECT 1 FROM events WHERE occurred_at::date > $as_of",
    "joining gives the first tier": "SELECT 1 FROM ledger WHERE place = 1 AND kind <> 'tier_change'",
    "a change of tier changes it": "SELECT 1 FROM tiers WHERE loyalty_status IS NOT DISTINCT FROM tier_before",
    "the tier follows from the points": "SELECT 1 FROM tiers WHERE loyalty_status <> tier_by_points",
    "nobody has less than no points": "SELECT 1 FROM ledger WHERE held < 0",
    "ids rise with customer and time": """
        SELECT 1 FROM (SELECT customer_id, occurred_at,
            lag(customer_id) OVER every AS other, lag(occurred_at) OVER every AS earlier
            FROM events WINDOW every AS (ORDER BY event_id))
        WHERE customer_id < other OR (customer_id = other AND occurred_at < earlier)""",
    "ids are unique": "SELECT 1 FROM events GROUP BY event_id HAVING count(*) > 1",
    "ids are exact in any program": "SELECT 1 FROM events WHERE event_id >= 2::bigint ** 53",
    "a customer logs in once a day": """
        SELECT 1 FROM events WHERE kind = 'login' GROUP BY customer_id, occurred_at::date HAVING count(*) > 1""",
    "an order is one purchase": """
        SELECT 1 FROM events WHERE kind = 'purchase' GROUP BY order_id HAVING count(*) > 1""",
    "orders have an amount and points": """
        SELECT 1 FROM events WHERE kind = 'purchase'
            AND (amount IS NULL OR amount < 0 OR points IS NULL OR points < 0 OR order_id IS NULL)""",
    "a refund gives back at most its order": """
        SELECT 1 FROM events refund LEFT JOIN events bought
            ON bought.kind = 'purchase' AND bought.order_id = refund.order_id
        WHERE refund.kind = 'refund' AND (bought.event_id IS NULL OR bought.customer_id <> refund.customer_id
            OR bought.occurred_at >= refund.occurred_at OR refund.amount >= 0 OR refund.points >= 0
            OR bought.amount + refund.amount < 0 OR bought.points + refund.points < 0)""",
    "points are given or taken as the kind says": """
        SELECT 1 FROM events WHERE (kind = 'earn' AND points <= 0) OR (kind IN ('redeem', 'expire') AND points >= 0)
            OR (kind = 'adjust' AND points = 0) OR (kind IN ('login', 'tier_change') AND points IS NOT NULL)""",
    "points lapse at visits, when they are due and unspent": """
        SELECT 1 FROM ledger WHERE kind = 'expire' AND (used > (SELECT coalesce(sum(points), 0) FROM events earned
            WHERE earned.customer_id = ledger.customer_id AND earned.expires_on <= ledger.occurred_at::date))""",
    "points lapse on a day with a visit": """
        SELECT 1 FROM events lapse WHERE kind = 'expire' AND NOT EXISTS (FROM events visit
            WHERE visit.customer_id = lapse.customer_id AND visit.kind IN ('login', 'purchase')
                AND visit.occurred_at::date = lapse.occurred_at::date)""",
    "amounts belong to orders": """
        SELECT 1 FROM events WHERE (amount IS NOT NULL) <> (kind IN ('purchase', 'refund'))""",
    "tiers belong to changes of tier": """
        SELECT 1 FROM events WHERE (loyalty_status IS NOT NULL) <> (kind = 'tier_change')""",
}
"""Each rule with a query for its exceptions."""

_TABLES: Final = """
    CREATE TABLE ledger AS SELECT *, row_number() OVER so_far AS place, sum(coalesce(points, 0)) OVER so_far AS held,
        -sum(CASE WHEN points < 0 THEN points ELSE 0 END) OVER so_far AS used
    FROM events WINDOW so_far AS (PARTITION BY customer_id ORDER BY event_id);
    CREATE TABLE tiers AS SELECT *, lag(loyalty_status) OVER (PARTITION BY customer_id ORDER BY event_id) AS tier_before,
        (SELECT arg_max(name, points_from) FROM steps WHERE points_from <= ledger.held) AS tier_by_points
    FROM ledger WHERE kind = 'tier_change';
    CREATE TABLE summary AS SELECT * FROM customers LEFT JOIN (SELECT customer_id, count(*) AS events,
        sum(coalesce(points, 0)) AS held, min(occurred_at) AS began,
        min(occurred_at) FILTER (kind = 'purchase')::date AS bought, max(occurred_at) FILTER (kind = 'login') AS seen,
        arg_max(loyalty_status, event_id) FILTER (kind = 'tier_change') AS tier FROM events GROUP BY customer_id)
    USING (customer_id);
"""


def exceptions(customers: pa.Table, events: pa.Table, as_of: date, story: Story = STORY) -> dict[str, int]:
    """The broken rules, with the number of exceptions."""
    with duckdb.connect() as connection:
        connection.register("given_customers", customers)
        connection.register("given_events", events)
        connection.execute(
            "CREATE TABLE customers AS FROM given_customers; CREATE TABLE events AS FROM given_events"
        )
        connection.execute("CREATE TABLE steps (name text, points_from bigint)")
        connection.executemany(
            "INSERT INTO steps VALUES (?, ?)", [(one.name, one.points_from) for one in story.tiers]
        )
        connection.execute(_TABLES)
        counts = {rule: _count(connection, query, as_of) for rule, query in RULES.items()}
    return {rule: count for rule, count in counts.items() if count}


def _count(connection: duckdb.DuckDBPyConnection, query: str, as_of: date) -> int:
    parameters = {"as_of": as_of} if "$as_of" in query else {}
    row = connection.execute(f"SELECT count(*) FROM ({query})", parameters).fetchone()
    return int(row[0]) if row else 0
