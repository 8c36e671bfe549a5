"""The tables of events in the DuckDB peer of `customer360 run`; part of `operations_by_duckdb`."""

from __future__ import annotations

from pathlib import Path

import duckdb

from benchmarks.workplace import AS_OF
from customer360.tables import CUSTOMER_MONTHS, EVENT_KINDS, RFM_MONTHS, SLICERS

_DAY = f"DATE '{AS_OF}'"
_KINDS = ", ".join(f"'{kind}'" for kind in EVENT_KINDS)
_REJECTED = {
    "event_id IS NULL": 1,
    "customer_id IS NULL": 2,
    "occurred_at IS NULL": 4,
    "occurred_at < TIMESTAMP '1900-01-01'": 8,
    "coalesce(trim(kind) = '', true)": 16,
    f"kind NOT IN ({_KINDS})": 32,
    "kind = 'purchase' AND amount < 0": 64,
    "kind = 'refund' AND amount > 0": 128,
    "kind IN ('purchase', 'earn') AND points < 0": 256,
    "kind IN ('refund', 'redeem', 'expire') AND points > 0": 512,
    "abs(points) > 100000000000": 1024,
    "joined_on IS NULL": 2048,
}
_WARNED = {
    "kind IN ('purchase', 'refund') AND amount IS NULL": 4096,
    "kind IN ('redeem', 'expire') AND points IS NULL": 8192,
    "kind = 'tier_change' AND coalesce(trim(loyalty_status) = '', true)": 16384,
    "occurred_at < joined_on": 32768,
}
_SUMS = ("orders", "amount", "refunds", "refunded", "earned", "redeemed", "expired", "logins")
_GAPS = ("login_gaps", "login_gap_days", "order_gaps", "order_gap_days")


def aggregate(duck: duckdb.DuckDBPyConnection, parquet: Path) -> None:
    """Creates `customer_months`, and `of_events` with a row per customer; requires the view `known`."""
    _check(duck, parquet)
    bought, given_back, logged_in = "kind = 'purchase'", "kind = 'refund'", "kind = 'login'"
    duck.execute(f"""
        CREATE TABLE months AS SELECT customer_id, month, {_days("is_active")} AS active,
            {_days(logged_in)} AS login, {_days(bought)} AS ordered, count_if({bought}) AS orders,
            {_sum("amount", bought)} AS amount, count_if({given_back}) AS refunds,
            {_sum("-amount", given_back)} AS refunded,
            {_sum("points", "kind IN ('purchase', 'refund', 'earn', 'adjust')")} AS earned,
            {_sum("-points", "kind = 'redeem'")} AS redeemed, {_sum("-points", "kind = 'expire'")} AS expired
        FROM (SELECT *, year(day) * 12 + month(day) - 1 AS month, 1::integer << (day(day) - 1)::integer AS bit,
                     kind IN ('login', 'purchase', 'redeem') AS is_active FROM happened)
        GROUP BY customer_id, month
    """)
    _tell_months(duck)
    is_recent = f"month > year({_DAY}) * 12 + month({_DAY}) - 1 - {RFM_MONTHS}"
    duck.execute(f"""
        CREATE TABLE of_events AS SELECT customer_id, max(last_of(month, active)) AS last_active,
            max(last_of(month, ordered)) AS last_purchase, sum(orders) AS orders,
            sum(amount) - sum(refunded) AS spent,
            sum(CASE WHEN {is_recent} THEN orders ELSE 0 END) AS recent_orders,
            sum(CASE WHEN {is_recent} THEN amount - refunded ELSE 0 END) AS recent_amount
        FROM months GROUP BY customer_id
    """)
    duck.execute(f"""
        CREATE TABLE recent_logins AS SELECT customer_id, count(DISTINCT day) AS logins_90_days
        FROM happened WHERE {logged_in} AND day > {_DAY} - 90 GROUP BY customer_id
    """)


def _days(condition: str) -> str:
    """The days of the month on which *condition* is true, as bits."""
    return f"bit_or(CASE WHEN {condition} THEN bit ELSE 0 END)"


def _sum(value: str, condition: str) -> str:
    return f"coalesce(sum(CASE WHEN {condition} THEN {value} END), 0)"


def _check(duck: duckdb.DuckDBPyConnection, parquet: Path) -> None:
    checks = " + ".join(f"CASE WHEN {sql} THEN {bit} ELSE 0 END" for sql, bit in (_REJECTED | _WARNED).items())
    duck.execute(f"""
        CREATE TABLE checked_events AS SELECT * EXCLUDE (joined_on), occurred_at::date AS day, {checks} AS failed
        FROM read_parquet('{parquet}')
        LEFT JOIN (SELECT customer_id, coalesce(join_date, DATE '1900-01-01') AS joined_on FROM known)
            USING (customer_id)
        WHERE coalesce(occurred_at < {_DAY} + 1, true)
    """)
    duck.sql("SELECT failed, count(*) FROM checked_events GROUP BY 1").fetchall()
    duck.execute(f"""
        CREATE VIEW happened AS FROM checked_events WHERE failed & {sum(_REJECTED.values())} = 0
    """)


def _tell_months(duck: duckdb.DuckDBPyConnection) -> None:
    """Gaps telescope: those that end in a month sum to its last day minus the last day of an earlier month."""
    duck.execute("CREATE MACRO first_day(month) AS make_date(month // 12, month % 12 + 1, 1)")
    duck.execute("""
        CREATE MACRO last_of(month, bits) AS
        CASE WHEN bits <> 0 THEN first_day(month) + floor(log2(bits))::integer END
    """)
    duck.execute("CREATE MACRO first_of(month, bits) AS last_of(month, bits & -bits)")
    before = ", ".join(
        f"lag(last_of(month, {days}) IGNORE NULLS) OVER by_month AS {days}_before"
        for days in ("active", "login", "ordered")
    )
    duck.execute(f"""
        CREATE TABLE customer_months AS
        WITH so_far AS (
            SELECT *, {before} FROM months WINDOW by_month AS (PARTITION BY customer_id ORDER BY month)
        ), told AS (
            SELECT so_far.* REPLACE (first_day(month) AS month), month AS number, active <> 0 AS is_active,
                active <> 0 AND coalesce(active_before >= first_day(month - 1), false) AS is_retained,
                active <> 0 AND active_before IS NULL AND coalesce(is_of_ledger, true) AS is_new
            FROM so_far JOIN (SELECT customer_id, year(join_date) * 12 + month(join_date) - 1
                >= (SELECT min(month) FROM months) AS is_of_ledger FROM known) USING (customer_id)
        )
        SELECT customer_id, month, is_active, bit_count(active) AS active_days, is_new, is_retained,
            is_active AND NOT is_new AND NOT is_retained AS is_resurrected,
            orders > 0 AND (orders > 1 OR ordered_before IS NOT NULL) AS is_repeat_buyer,
            orders, amount, refunds, refunded, earned, redeemed, expired, bit_count(login) AS logins,
            {_gaps("login", "login")}, {_gaps("ordered", "order")}
        FROM told
    """)


def _gaps(days: str, name: str) -> str:
    return f"""
        CASE WHEN {days} <> 0 THEN bit_count({days}) - ({days}_before IS NULL)::integer ELSE 0 END AS {name}_gaps,
        coalesce(last_of(number, {days}) - coalesce({days}_before, first_of(number, {days})), 0) AS {name}_gap_days
    """


def report(duck: duckdb.DuckDBPyConnection) -> None:
    """Creates the tables that reports read; requires the view `in_cells`."""
    cell, sums = ", ".join(SLICERS), ", ".join(f"sum({name})" for name in (*_SUMS, *_GAPS))
    columns = ", ".join(f"m.{name}" for name in CUSTOMER_MONTHS.column_names)
    duck.execute(f"""
        CREATE TABLE activity_segments AS SELECT month, {cell}, count_if(is_active), sum(active_days),
            count_if(is_active) * CASE WHEN month = date_trunc('month', {_DAY}) THEN day({_DAY})
                                       ELSE day(last_day(month)) END,
            count_if(is_new), count_if(is_retained), count_if(is_resurrected), count_if(orders > 0),
            count_if(is_repeat_buyer), {sums}
        FROM (SELECT {columns}, {cell} FROM customer_months AS m
              JOIN (SELECT customer_id, {cell} FROM in_cells) USING (customer_id))
        GROUP BY month, {cell}
    """)
    duck.execute("""
        CREATE TABLE customer_moves AS
        WITH moves AS (SELECT customer_id, date_trunc('month', day) AS month, loyalty_status AS to_status,
            lag(loyalty_status) OVER (PARTITION BY customer_id ORDER BY occurred_at, event_id) AS from_status
            FROM happened WHERE kind = 'tier_change')
        SELECT customer_id, month, from_status, to_status, count(*) AS moves FROM moves GROUP BY ALL
    """)
    duck.execute("""
        CREATE TABLE tier_moves AS SELECT month, from_status, to_status, country, sum(moves)
        FROM customer_moves JOIN (SELECT customer_id, country FROM in_cells) USING (customer_id) GROUP BY ALL
    """)
    duck.execute(f"""
        CREATE TABLE demographic_segments AS SELECT {cell}, age_band, gender, count(*) FROM in_cells
        GROUP BY {cell}, age_band, gender
    """)
    duck.execute("""
        CREATE TABLE classic_retention AS SELECT join_month, date_diff('month', join_month, activity_month) AS n,
            sum(active_customers) FROM
            (SELECT month AS activity_month, join_month, "count_if(is_active)" AS active_customers
             FROM activity_segments) GROUP BY ALL
    """)
