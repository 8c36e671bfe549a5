"""Point balances over time: events that take more than the balance, and that expire points already spent."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any, Final

import pyarrow as pa
from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from customer360.operations.event_months import POINT_KINDS, is_any
from customer360.operations.ledger import Ledger

_ALWAYS: Final = date.min


def count_of_overdrawn(ledger: Ledger, suspects: DataFrame) -> int:
    """
    How many events of the *suspects* take more points than their customer has at that time.

    Points given at the same time count first.
    """
    moves = _running(_moves(ledger.used, suspects), F.col("occurred_at"))
    return moves.where((F.col("points") < 0) & (F.col("balance") < 0)).count()


def count_of_spent_expired(ledger: Ledger, suspects: DataFrame) -> int:
    """
    How many expiries of the *suspects* take points that were already spent, or that are not due yet.

    Points with the earliest expires_on are spent first; points without expires_on may expire at any time.
    Customers without any expires_on are ignored. A sum clears most of the others: the points that have fallen due
    cover everything that was ever taken. The ledgers of the rest are replayed.
    """
    moves = _moves(ledger.used, suspects)
    due = _running(moves, F.when(F.col("points") > 0, _due()).otherwise(F.col("occurred_at")))
    doubtful = due.where(is_any("expire") & (F.col("balance") < 0)).select("customer_id").distinct()
    if not doubtful.count():
        return 0
    replayed = _ledgers(moves.join(doubtful, "customer_id", "left_semi")).mapInArrow(_replayed, "failed bigint")
    failed: int = replayed.agg(F.coalesce(F.sum("failed"), F.lit(0))).collect()[0][0]
    return failed


def _moves(events: DataFrame, customers: DataFrame) -> DataFrame:
    """The *events* of *customers* that give or take points."""
    moves = events.where(is_any(*POINT_KINDS) & (F.col("points") != 0))
    return moves.join(customers.select("customer_id"), "customer_id", "left_semi")


def _running(moves: DataFrame, at: Column) -> DataFrame:
    """*moves* with their customer's `balance` after each; points count from *at*, given ones before taken ones."""
    in_order = Window.partitionBy("customer_id").orderBy("at", F.col("points") < 0, "event_id")
    so_far = in_order.rowsBetween(Window.unboundedPreceding, Window.currentRow)
    return moves.withColumn("at", at).withColumn("balance", F.sum("points").over(so_far))


def _due() -> Column:
    """The time from which points may expire."""
    return F.greatest(F.col("occurred_at"), F.col("expires_on").cast("timestamp_ntz"))


def _ledgers(moves: DataFrame) -> DataFrame:
    """One row per customer: their *moves* in order."""
    move = F.struct(
        "occurred_at", (F.col("points") < 0).alias("is_taken"), "event_id", "points", "expires_on",
        is_any("expire").alias("is_expiry"),
    )  # fmt: skip
    return moves.groupBy("customer_id").agg(F.sort_array(F.collect_list(move)).alias("moves")).select("moves")


def _replayed(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        failed = [expiries_of_spent(ledger) for ledger in batch.column("moves").to_pylist()]
        yield pa.RecordBatch.from_arrays([pa.array(failed, pa.int64())], ["failed"])


def expiries_of_spent(moves: Iterable[dict[str, Any]]) -> int:
    """How many expiries among a customer's ordered *moves* take points that are spent or not due."""
    moves = list(moves)
    if not any(move["expires_on"] for move in moves if move["points"] > 0):
        return 0
    held: list[tuple[date, int]] = []
    failed = 0
    for move in moves:
        if move["points"] > 0:
            heapq.heappush(held, (move["expires_on"] or _ALWAYS, move["points"]))
            continue
        last_due = _taken(held, -move["points"])
        failed += move["is_expiry"] and last_due > move["occurred_at"].date()
    return failed


def _taken(held: list[tuple[date, int]], points: int) -> date:
    """Takes *points* from those *held* that expire first; returns when the last of them expires (or never)."""
    while held:
        expires, left = heapq.heappop(held)
        if left > points:
            heapq.heappush(held, (expires, left - points))
        if left >= points:
            return expires
        points -= left
    return date.max
