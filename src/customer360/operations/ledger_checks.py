"""
Counts of the checks of events against each other and against their customers.

Each check reads few events: those of customers whose monthly sums do not already rule out a failure. It counts as
having examined every event that is used.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from customer360.operations.checks import day_of
from customer360.operations.event_months import is_any
from customer360.operations.ledger import Ledger
from customer360.operations.points import count_of_overdrawn, count_of_spent_expired
from customer360.tables import EVENTS, RowCheck
from customer360.tables.row_checks import (
    Condition,
    HasNoPurchase,
    LedgerCondition,
    PrecedesJoining,
    TakesMoreThanHeld,
    TakesSpentPoints,
)

_DAY: Final = day_of(EVENTS, "occurred_at")


def count_in_ledger(ledger: Ledger, customers: DataFrame) -> dict[str, tuple[int, int]]:
    """For each check of events: how many were examined and how many failed; *customers* include their history."""
    checks = [check for check in EVENTS.checks if type(check.condition) in _COUNTED]
    suspects = {check.name: _suspects(check, ledger) for check in checks}
    asked = [F.count_if(is_suspect).alias(name) for name, is_suspect in suspects.items()]
    (found,) = customers.agg(*asked).collect()
    used = ledger.rows_used

    def failed(check: RowCheck) -> int:
        if not found[check.name]:
            return 0
        return _COUNTED[type(check.condition)](ledger, customers.where(suspects[check.name]))

    return {check.name: (used, failed(check)) for check in checks}


def _suspects(check: RowCheck, ledger: Ledger) -> Column:
    """Whether any event of the customer can fail *check*."""
    match check.condition:
        case PrecedesJoining():
            return F.col("first_event") < F.col("join_date")
        case HasNoPurchase():
            return F.col("refunds") > 0
        case TakesMoreThanHeld():
            return F.col("taken") < 0
        case _:
            says_when = EVENTS["expires_on"] not in ledger.missing
            return (F.col("expired") > 0) & F.lit(says_when)


def _before_joining(ledger: Ledger, suspects: DataFrame) -> int:
    joined = ledger.used.join(suspects.select("customer_id", "join_date"), "customer_id")
    return joined.where(F.col(_DAY) < F.col("join_date")).count()


def _without_purchase(ledger: Ledger, suspects: DataFrame) -> int:
    theirs = ledger.used.join(suspects.select("customer_id"), "customer_id", "left_semi")
    refunds, has_order = theirs.where(is_any("refund")), F.col("order_id").isNotNull()
    return _unmatched(theirs, refunds.where(has_order), ["customer_id", "order_id"]) + _unmatched(
        theirs, refunds.where(~has_order), ["customer_id"]
    )


def _unmatched(events: DataFrame, refunds: DataFrame, keys: list[str]) -> int:
    """How many *refunds* have no purchase with the same *keys*, or come before the first one."""
    purchases = events.where(is_any("purchase")).join(refunds.select(keys), keys, "left_semi")
    firsts = purchases.groupBy(keys).agg(F.min("occurred_at").alias("purchased_at"))
    matched = refunds.select(*keys, "occurred_at").join(firsts, keys, "left")
    return matched.where(~F.coalesce(F.col("purchased_at") <= F.col("occurred_at"), F.lit(False))).count()


_COUNTED: Final[dict[type[Condition | LedgerCondition], Callable[[Ledger, DataFrame], int]]] = {
    PrecedesJoining: _before_joining,
    HasNoPurchase: _without_purchase,
    TakesMoreThanHeld: count_of_overdrawn,
    TakesSpentPoints: count_of_spent_expired,
}
