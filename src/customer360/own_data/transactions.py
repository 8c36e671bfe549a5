"""Customers derived from order lines."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import duckdb
import pyarrow as pa

from customer360.errors import Invalid
from customer360.own_data.checks import NEGATIVE_POINTS, TOO_LARGE, TOO_MANY_POINTS
from customer360.own_data.columns import SOURCE_LINE
from customer360.own_data.examine import ORIGINAL_ROW, REASONS
from customer360.own_data.mapping import ColumnMapping
from customer360.own_data.parts import LINES, Part, duckdb_in
from customer360.own_data.raw_tables import write_parquet
from customer360.tables import CUSTOMERS, MOST_POINTS

_LARGEST_BALANCE: Final = 10**10
_LARGEST_LINE: Final = 10**12

_ORDERS: Final = """
    CREATE TABLE orders AS
    WITH line AS (
        SELECT * REPLACE (
                   coalesce(
                       CASE WHEN quantity < 0 THEN -abs(amount) ELSE amount END,
                       greatest(least(product, $largest_line), -$largest_line)::DECIMAL(30,12)
                           * (1 - coalesce(discount, 0))::DECIMAL(8,6)
                   )::DECIMAL(38,18) AS amount,
                   abs(refunded)::DECIMAL(38,18) AS refunded
               ),
               coalesce(quantity < 0, false) OR coalesce(amount < 0, false) AS is_cancelled,
               (order_date, row) AS place
        FROM (
            SELECT *, quantity::DECIMAL(19,6) * unit_price::DECIMAL(19,6) AS product FROM read_parquet($files)
        )
    ), totalled AS ({totalled})
    SELECT *, coalesce(paid > 0 AND amount <= 0, false) AS is_returned FROM totalled"""
"""
A line's amount, else quantity times price less the discount, is taken off when the pieces came back. Amounts are
summed with all their decimals, and the sum is rounded once, half away from zero, as PostgreSQL rounds numeric. A
line without an order_id is an order of its own. An order of which everything was paid back is no purchase.
"""
_OF_SEVERAL_LINES: Final = """
        SELECT customer_id,
               any_value(order_id) AS order_id,
               min(order_date) AS order_date,
               min(place) AS place,
               min(order_amount) AS order_amount,
               max(order_amount) AS other_amount,
               CASE WHEN $is_of_orders THEN max(order_amount) FILTER (order_amount > 0)
                    ELSE sum(amount) FILTER (amount > 0) END AS paid,
               CASE WHEN $is_of_orders THEN max(order_amount)::DECIMAL(38,18) - coalesce(max(refunded), 0)
                    ELSE sum(amount) - coalesce(sum(refunded), 0) END AS amount,
               sum(loyalty_points) AS loyalty_points,
               arg_max(source_id, place) AS source_id,
               arg_max(name, place) AS name,
               arg_max(email, place) AS email,
               arg_max(country, place) AS country,
               arg_max(city, place) AS city,
               count(*) AS lines,
               count(*) FILTER (is_cancelled) AS cancelled_lines
        FROM line GROUP BY customer_id, coalesce(order_id, '' || row)"""
_OF_ONE_LINE: Final = """
        SELECT * REPLACE (amount - coalesce(refunded, 0) AS amount),
               order_amount AS other_amount, amount AS paid, 1 AS lines, is_cancelled::INTEGER AS cancelled_lines
        FROM line"""
"""The same where the lines have no order_id: half the time for millions of them."""
_CUSTOMERS: Final = """
    CREATE TABLE customers AS
    WITH customer AS (
        SELECT customer_id,
               min(order_date)::DATE AS join_date,
               (min(order_date) FILTER (amount > 0))::DATE AS first_purchase,
               max(order_date) AS last_login,
               round(sum(amount), 2) AS account_balance,
               sum(loyalty_points) AS loyalty_points,
               arg_max(source_id, place) AS source_id,
               arg_max(name, place) AS name,
               arg_max(email, place) AS email,
               arg_max(country, place) AS country,
               arg_max(city, place) AS city,
               sum(lines)::BIGINT AS lines,
               sum(cancelled_lines)::BIGINT AS cancelled_lines
        FROM orders WHERE NOT is_returned GROUP BY customer_id
    )
    SELECT *,
           concat_ws(
               ', ',
               CASE WHEN abs(account_balance) >= $largest_balance THEN $too_large END,
               CASE WHEN loyalty_points < 0 THEN $negative_points END,
               CASE WHEN loyalty_points > $most_points THEN $too_many_points END
           ) AS reasons
    FROM customer"""
"""
The sums have ranges too: a customer outside of them is rejected with all of its lines. A line beyond the largest
makes its customer one of those.
"""
_DIFFERENT: Final = """
    SELECT order_id, order_amount, other_amount FROM orders
    WHERE $is_of_orders AND order_amount IS DISTINCT FROM other_amount OR $is_of_orders AND order_amount IS NULL
    ORDER BY place LIMIT 1"""


@dataclass(frozen=True)
class Derived:
    """
    Files of the *customers* of order lines and of those *rejected*; *lines* of the former, *cancelled* ones.

    *returned* orders, of which everything was paid back, are no purchases: their lines are left out.
    """

    customers: Path
    rejected: Path
    lines: int
    cancelled: int
    returned_orders: int
    returned_lines: int


def derive_customers(parts: Sequence[Part], mapping: ColumnMapping, folder: Path) -> Derived:
    """
    One row per customer of the order lines in *parts*.

    join_date is the day of the first order, first_purchase that of the first one with an amount above zero,
    last_login the moment of the last order, account_balance the sum of the amounts, less cancellations and
    refunds. Raises: Customer360Error for an order with several order amounts.
    """
    customers, rejected = folder / "customers.parquet", folder / "rejected-customers.parquet"
    filled = mapping.kind.filled(mapping.present)
    columns = ", ".join(
        f"{name if name in filled else 'NULL'}::{CUSTOMERS[name].type} AS {name}"
        for name in CUSTOMERS.column_names
    )
    of_lines: dict[str, object] = {"files": [str(part.good) for part in parts], "largest_line": _LARGEST_LINE}
    has_ids = "order_id" in mapping.present
    of_orders = {"is_of_orders": "order_amount" in mapping.present} if has_ids else {}
    given = {
        "largest_balance": _LARGEST_BALANCE, "too_large": TOO_LARGE,
        "negative_points": NEGATIVE_POINTS, "most_points": MOST_POINTS, "too_many_points": TOO_MANY_POINTS,
    }  # fmt: skip
    with duckdb_in(folder) as duck:
        totalled = _OF_SEVERAL_LINES if has_ids else _OF_ONE_LINE
        duck.execute(_ORDERS.format(totalled=totalled), {**of_lines, **of_orders})
        if has_ids and (different := duck.execute(_DIFFERENT, of_orders).fetchone()):
            raise Invalid(_several(*different))
        duck.execute(_CUSTOMERS, given)
        found = duck.table("customers")
        loaded = found.filter("reasons = ''")
        loaded.project(columns).write_parquet(str(customers))
        write_parquet(rejected, _rejected(found.filter("reasons <> ''"), filled))
        lines, cancelled = loaded.aggregate("sum(lines), sum(cancelled_lines)").fetchall()[0]
        returned = duck.table("orders").filter("is_returned").aggregate("count(*), sum(lines)").fetchall()[0]
    return Derived(customers, rejected, int(lines or 0), int(cancelled or 0), returned[0], int(returned[1] or 0))


def _several(order: str | None, amount: object, other: object) -> str:
    if amount is None:
        return (
            f"order {order or 'without an id'} has no order_amount on any of its lines; leave it out with where "
            "in [keep], or name another column in the mapping"
        )
    return (
        f"order {order!r} has the order amounts {amount} and {other}, but an order has one; if they are those of "
        "its lines, write amount instead of order_amount in the mapping"
    )


def _rejected(customers: duckdb.DuckDBPyRelation, columns: Sequence[str]) -> pa.Table:
    shown = (*columns, LINES)
    rows = customers.project(", ".join((REASONS, *shown))).fetchall()
    originals = [
        json.dumps({SOURCE_LINE: None, **dict(zip(shown, row, strict=True))}, ensure_ascii=False, default=str)
        for _, *row in rows
    ]
    return pa.table(
        {
            "customer_id": pa.array([row[1] for row in rows], pa.int64()),
            REASONS: pa.array([row[0] for row in rows], pa.string()),
            ORIGINAL_ROW: pa.array(originals, pa.string()),
            LINES: pa.array([row[-1] for row in rows], pa.int64()),
            SOURCE_LINE: pa.nulls(len(rows), pa.int64()),
        }
    )
