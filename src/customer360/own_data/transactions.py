"""Derives events from order lines, and customers from the events."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import duckdb
import pyarrow as pa

from customer360.errors import Invalid
from customer360.own_data.checks import (
    AMOUNT_TOO_LARGE,
    DEDUCTION_ABOVE_ZERO,
    EVENT_COLLISION,
    NEGATIVE_POINTS,
    TOO_FEW_EVENT_POINTS,
    TOO_MANY_EVENT_POINTS,
    TOO_MANY_POINTS,
)
from customer360.own_data.columns import SOURCE_LINE
from customer360.own_data.examine import ORIGINAL_ROW, REASONS
from customer360.own_data.language.hashes import hashed_texts
from customer360.own_data.mapping import ColumnMapping
from customer360.own_data.parts import KEY, LINES, SOURCE, Part, duckdb_in
from customer360.own_data.raw_tables import write_parquet
from customer360.own_data.stored_events import Stored, compare_derived
from customer360.tables import CUSTOMERS, EVENTS, MOST_POINTS, Source

_LARGEST_LINE: Final = 10**12
_FILE_BYTES: Final = 16_000_000
_OF_ORDER: Final = ("customer_id", "order_id", "order_date", "amount", "points")
"""What is kept of a rejected order."""
_TEXTS: Final = ("source_id", "name", "email", "country", "city")
"""Columns that take the value of the customer's last line that has one."""

_PLACE: Final = "epoch_us(order_date)::HUGEINT * 18446744073709551616 + row"
"""The order of lines, by moment and then by row, as one number, which is fast to compare."""
_LINES: Final = """
    CREATE VIEW line AS
    SELECT * REPLACE (CASE WHEN is_returned THEN -abs(loyalty_points) ELSE loyalty_points END AS loyalty_points),
           coalesce(is_returned OR amount < 0, false) AS is_back,
           CASE WHEN order_id IS NULL THEN order_date::DATE END AS day
    FROM ({lines})"""
_OF_LINES: Final = """
        SELECT customer_id, order_id, order_date, {place} AS place, loyalty_points, 1 AS lines, {texts},
               coalesce(quantity < 0, false) AS is_returned,
               coalesce(
                   CASE WHEN quantity < 0 THEN -abs(amount) ELSE amount END,
                   greatest(least(product, {largest}), -{largest})::DECIMAL(30,12)
                       * (1 - coalesce(discount, 0))::DECIMAL(8,6)
               )::DECIMAL(38,18) AS amount,
               abs(refunded)::DECIMAL(38,18) AS refunded
        FROM (SELECT *, quantity::DECIMAL(19,6) * unit_price::DECIMAL(19,6) AS product FROM {files})"""
"""
A line's amount, or else quantity times price less the discount. Returned units subtract their amount and points.
"""
_OF_ORDERS: Final = """
        SELECT customer_id, order_id, min(order_date) AS order_date, max({place}) AS place,
               sum(loyalty_points)::BIGINT AS loyalty_points, count(*) AS lines, {latest}, false AS is_returned,
               max(order_amount)::DECIMAL(38,18) AS amount, max(abs(refunded))::DECIMAL(38,18) AS refunded
        FROM {files} GROUP BY customer_id, order_id, CASE WHEN order_id IS NULL THEN row END"""
"""The same if lines have the amount of their order: one line per order, and one per line without an order_id."""
_DIFFERENT: Final = """
    SELECT order_id, min(order_amount), max(order_amount) FROM {files}
    GROUP BY customer_id, order_id, CASE WHEN order_id IS NULL THEN row END
    HAVING min(order_amount) <> max(order_amount) OR max(order_amount) IS NULL
    ORDER BY min((order_date, row)) LIMIT 1"""
_EVENTS: Final = """
    CREATE TABLE event AS
    WITH purchase AS MATERIALIZED (
        SELECT customer_id, order_id, day, min(order_date) AS occurred_at, sum(amount) AS amount,
               sum(loyalty_points) FILTER (loyalty_points >= 0) AS points,
               sum(loyalty_points) FILTER (loyalty_points < 0) AS redeemed,
               sum(refunded) AS refunded, sum(lines) AS lines
        FROM line WHERE NOT is_back GROUP BY customer_id, order_id, day
    ), back AS (
        SELECT customer_id, order_id, day, order_date AS occurred_at, amount - coalesce(refunded, 0) AS amount,
               loyalty_points AS points, lines
        FROM line WHERE is_back
        UNION ALL
        SELECT customer_id, order_id, day, occurred_at, -refunded, NULL, 0 FROM purchase WHERE refunded > 0
    ), every AS (
        SELECT customer_id, order_id, day, 'purchase' AS kind, occurred_at, amount, points, lines, day AS key_day
        FROM purchase
        UNION ALL
        SELECT customer_id, order_id, day, 'redeem', occurred_at, NULL, redeemed, 0, day
        FROM purchase WHERE redeemed < 0
        UNION ALL
        SELECT customer_id, order_id, day, 'refund', min(occurred_at), sum(amount), sum(points), sum(lines),
               occurred_at::DATE
        FROM back GROUP BY customer_id, order_id, day, occurred_at::DATE
    )
    SELECT customer_id, order_id, day, kind, occurred_at, lines::BIGINT AS lines,
           TRY_CAST(round(amount, 2) AS DECIMAL(12,2)) AS amount, TRY_CAST(points AS BIGINT) AS points,
           hashed_text(concat(customer_id, '|', kind, '|', key_day, '|', order_id)) AS event_id,
           concat_ws(
               ', ',
               CASE WHEN abs(round(amount, 2)) >= $largest_amount THEN $amount_too_large END,
               CASE WHEN kind = 'refund' AND points > 0 THEN $deduction_above_zero END,
               CASE WHEN points > $most_points THEN $too_many_points END,
               CASE WHEN points < -$most_points THEN $too_few_points END
           ) AS reasons
    FROM every"""
"""
A purchase consists of the lines of an order, or of a customer's day if lines have no order_id. Returns on a day
are one refund of that order or day. A refunded amount is a refund at the moment of the purchase, as no other is
known. Negative points are redeemed. Amounts are summed with all their decimals and rounded once per event, half
away from zero, as PostgreSQL rounds numeric. The id is a hash of the key, so an order has the same id in every
file.
"""
_COLLIDING: Final = """
    UPDATE event SET reasons = concat_ws(', ', nullif(reasons, ''), $collision)
    WHERE event_id IN (SELECT event_id FROM event GROUP BY event_id HAVING count(*) > 1)"""
_REJECTED_ORDERS: Final = """
    CREATE TABLE rejected_order AS
    WITH failed AS (SELECT DISTINCT customer_id, order_id, day FROM event WHERE reasons <> '')
    SELECT event.customer_id, event.order_id, event.day, string_agg(DISTINCT nullif(reasons, ''), ', ') AS reasons,
           sum(lines)::BIGINT AS lines, min(occurred_at) AS order_date, sum(amount) AS amount,
           sum(points) AS points
    FROM event JOIN failed other ON {same} GROUP BY event.customer_id, event.order_id, event.day"""
_DROP_ORDERS: Final = """
    DELETE FROM event USING rejected_order other WHERE {same}"""
_SAME_ORDER: Final = (
    "event.customer_id = other.customer_id AND event.order_id IS NOT DISTINCT FROM other.order_id "
    "AND event.day IS NOT DISTINCT FROM other.day"
)
_CUSTOMERS: Final = """
    CREATE TABLE customer AS
    WITH derived AS (
        SELECT customer_id, min(occurred_at)::DATE AS join_date,
               (min(occurred_at) FILTER (kind = 'purchase'))::DATE AS first_purchase,
               sum(points) AS loyalty_points, sum(lines)::BIGINT AS lines
        FROM event GROUP BY customer_id
    ), said AS (
        SELECT {latest} FROM line GROUP BY customer_id
    )
    SELECT *,
           concat_ws(
               ', ',
               CASE WHEN loyalty_points < 0 THEN $negative_points END,
               CASE WHEN loyalty_points > $most_points THEN $too_many_points END
           ) AS reasons
    FROM derived JOIN said USING (customer_id)"""
"""The sum of the points has a range too: a customer outside it is rejected with all lines."""
_STORED_LINES: Final = "SELECT sum(lines) FROM event SEMI JOIN found USING (event_id)"
_DROP_STORED: Final = "DELETE FROM event WHERE event_id IN (SELECT event_id FROM found)"
_LIMITS_OF_EVENTS: Final = {
    "largest_amount": 10**10, "amount_too_large": AMOUNT_TOO_LARGE, "deduction_above_zero": DEDUCTION_ABOVE_ZERO,
    "most_points": MOST_POINTS, "too_many_points": TOO_MANY_EVENT_POINTS, "too_few_points": TOO_FEW_EVENT_POINTS,
}  # fmt: skip
_LIMITS_OF_CUSTOMERS: Final = {
    "negative_points": NEGATIVE_POINTS, "most_points": MOST_POINTS, "too_many_points": TOO_MANY_POINTS,
}  # fmt: skip
_DROP_CUSTOMERS: Final = """
    DELETE FROM event WHERE customer_id IN (SELECT customer_id FROM customer WHERE reasons <> '')"""
_COUNT: Final = "SELECT sum(lines), sum(lines) FILTER (kind = 'refund') FROM event"
_COPY: Final = "COPY (SELECT {columns} FROM {rows}) TO '{target}' (FORMAT parquet, FILE_SIZE_BYTES {size})"
_WITH_REASONS: Final = "SELECT {columns} FROM {rows} WHERE reasons <> ''"


@dataclass(frozen=True)
class Derived:
    """
    Files of the rows of each table derived from order lines, and of the *rejected* orders and customers.

    *lines* counts the lines of the derived rows, *returned* those of refunds among them, and *identical* the
    lines of events that are already stored.
    """

    files: dict[Source, list[Path]]
    rejected: list[Path]
    lines: int
    returned: int
    identical: int


def derive(
    parts: Sequence[Part],
    mapping: ColumnMapping,
    folder: Path,
    *,
    has_customers: bool = False,
    stored: Stored | None = None,
) -> Derived:
    """
    One event per order, and per day of returns of an order; one customer per customer_id with events.

    A customer's join_date is the day of the first event, first_purchase that of the first purchase, and
    loyalty_points the sum of the points. With *has_customers*, only events are derived. Events that equal *stored*
    ones are dropped. Raises: Customer360Error for an order with several order amounts.
    """
    files, rejected = {}, []
    with duckdb_in(folder) as duck:
        identical = _make_events(duck, parts, mapping, stored)
        rejected.append(_write_rejected(duck, "rejected_order", EVENTS, folder, _OF_ORDER))
        if not has_customers:
            said = ["customer_id", *filter(None, [_latest([name for name in _TEXTS if name in mapping.present])])]
            duck.execute(_CUSTOMERS.format(latest=", ".join(said)), _LIMITS_OF_CUSTOMERS)
            duck.execute(_DROP_CUSTOMERS)
            columns = mapping.kind.filled(CUSTOMERS, mapping.present)
            rejected.append(_write_rejected(duck, "customer", CUSTOMERS, folder, columns))
            files[CUSTOMERS] = _write(duck, CUSTOMERS, "customer WHERE reasons = ''", mapping, folder)
        files[EVENTS] = _write(duck, EVENTS, "event ORDER BY customer_id, occurred_at", mapping, folder)
        lines, returned = duck.execute(_COUNT).fetchall()[0]
    return Derived(files, rejected, int(lines or 0), int(returned or 0), identical)


def _make_events(
    duck: duckdb.DuckDBPyConnection, parts: Sequence[Part], mapping: ColumnMapping, stored: Stored | None
) -> int:
    """
    Creates the tables of events and of rejected orders.

    Events that are already stored are dropped; returns the number of their lines.
    """
    files = f"read_parquet({[str(part.good) for part in parts]})"
    if "order_amount" in mapping.present:
        if different := duck.execute(_DIFFERENT.format(files=files)).fetchone():
            raise Invalid(_several(*different))
        lines = _OF_ORDERS.format(files=files, place=_PLACE, latest=_latest(_TEXTS, _PLACE))
    else:
        lines = _OF_LINES.format(files=files, place=_PLACE, largest=_LARGEST_LINE, texts=", ".join(_TEXTS))
    duck.execute(_LINES.format(lines=lines))
    kind: Any = "arrow"  # DuckDB's versions have different types for it
    duck.create_function("hashed_text", hashed_texts, ["VARCHAR"], "BIGINT", type=kind)
    duck.execute(_EVENTS, _LIMITS_OF_EVENTS)
    duck.execute(_COLLIDING, {"collision": EVENT_COLLISION})
    if stored:
        compare_derived(duck, stored)
    duck.execute(_REJECTED_ORDERS.format(same=_SAME_ORDER))
    duck.execute(_DROP_ORDERS.format(same=_SAME_ORDER))
    return _drop_identical(duck) if stored else 0


def _drop_identical(duck: duckdb.DuckDBPyConnection) -> int:
    (lines,) = duck.execute(_STORED_LINES).fetchall()[0]
    duck.execute(_DROP_STORED)
    return int(lines or 0)


def _latest(columns: Sequence[str], place: str = "place") -> str:
    return ", ".join(f"arg_max({name}, {place}) AS {name}" for name in columns)


def _several(order: str | None, amount: object, other: object) -> str:
    if amount is None:
        return (
            f"order {order or 'without an id'} has no order_amount on any of its lines; exclude it with where in "
            "[keep], or map another column"
        )
    return (
        f"order {order!r} has two order amounts, {amount} and {other}; if they are those of its lines, map amount "
        "instead of order_amount"
    )


def _write(
    duck: duckdb.DuckDBPyConnection, table: Source, rows: str, mapping: ColumnMapping, folder: Path
) -> list[Path]:
    """Writes the rows of *table* to several files, which can be copied in parallel."""
    filled = mapping.kind.filled(table, mapping.present)
    columns = ", ".join(
        f"{name if name in filled else 'NULL'}::{table[name].type} AS {name}" for name in table.column_names
    )
    target = folder / table.name
    duck.execute(_COPY.format(columns=columns, rows=rows, target=target, size=_FILE_BYTES))
    return sorted(target.glob("*.parquet"))


def _write_rejected(
    duck: duckdb.DuckDBPyConnection, rows: str, table: Source, folder: Path, columns: Sequence[str]
) -> Path:
    """Writes those of *rows* that have reasons, in the form of `parts`; *columns* begin with the customer_id."""
    shown = (*columns, LINES)
    found = duck.execute(_WITH_REASONS.format(columns=", ".join((REASONS, *shown)), rows=rows)).fetchall()
    originals = [
        json.dumps({SOURCE_LINE: None, **dict(zip(shown, row, strict=True))}, ensure_ascii=False, default=str)
        for _, *row in found
    ]
    path = folder / f"rejected-{rows}.parquet"
    ids = pa.array([row[1] for row in found], pa.int64())
    rejected = {
        SOURCE: pa.repeat(pa.scalar(table.full_name), len(found)),
        KEY: ids.cast(pa.string()) if table is CUSTOMERS else pa.nulls(len(found), pa.string()),
        "customer_id": ids,
        REASONS: pa.array([row[0] for row in found], pa.string()),
        ORIGINAL_ROW: pa.array(originals, pa.string()),
        LINES: pa.array([row[-1] for row in found], pa.int64()),
        SOURCE_LINE: pa.nulls(len(found), pa.int64()),
    }
    write_parquet(path, pa.table(rejected))
    return path
