"""
Which customers each number of the report counts. A number is shown only if there are enough of them.

A number is based on counts of customers: a sum on the customers it adds up, a ratio on those of both parts. A
count that is a part of another, as active customers are of all customers, comes with the other parts, because
anyone who knows the whole and all parts but one can compute the last.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from typing import Final

from customer360.report.dimensions import ACTIVITY, ACTIVITY_MONTH, Dimension
from customer360.report.expressions import (
    Above,
    Cumulative,
    Expression,
    Known,
    LastClosedMonth,
    LastMonths,
    Latest,
    Less,
    MeanPerMonth,
    Measure,
    Missing,
    MonthBefore,
    Observed,
    OfStage,
    OfTotal,
    Others,
    Ratio,
    Sum,
    Times,
    Where,
    is_carried,
)
from customer360.tables import (
    ACTIVITY_SEGMENTS,
    ACTIVITY_VALUES,
    SPENDING_SEGMENTS,
    SPENDING_TENTHS,
    TIER_MOVES,
    VALUE_HOLDOUT,
    VALUE_SEGMENTS,
    Table,
)

_ACTIVE: Final = "active_customers"
_SUMMED_OVER: Final[dict[str, dict[str, str]]] = {
    ACTIVITY_SEGMENTS.name: {
        **dict.fromkeys(("orders", "amount", "refunds", "refunded"), "buyers"),
        **dict.fromkeys(("order_gaps", "order_gap_days"), "repeat_buyers"),
        **dict.fromkeys(("logins", "login_gaps", "login_gap_days"), "login_customers"),
        **dict.fromkeys(("earned", "redeemed", "expired", "active_days", "possible_days"), _ACTIVE),
    },
    TIER_MOVES.name: {"moves": "moves"},
    VALUE_SEGMENTS.name: {"expected_amount": "scored_customers"},
    SPENDING_SEGMENTS.name: {"spent_sum": "customers", "orders_sum": "customers"},
    VALUE_HOLDOUT.name: dict.fromkeys(
        ("holdout_customers", "holdout_expected", "holdout_actual", "holdout_naive", "holdout_amount"),
        "holdout_customers",
    ),
    SPENDING_TENTHS.name: dict.fromkeys(("tenth_customers", "tenth_spent"), "tenth_customers"),
}
"""Per fact, the column that counts the customers of a sum if no column has the same conditions."""

_PART_OF: Final = {
    "login_customers": _ACTIVE,
    "buyers": _ACTIVE,
    "repeat_buyers": "buyers",
    "out_of_order_customers": "customers",
    "recent_buyers": "customers",
    "scored_customers": "customers",
}
"""The counts that are a part of another count of the same fact."""

_KNOWN: Final = {"balance_count", "points_count", "recency_count", "recent_buyers", "scored_customers"}
"""
Counts of the customers with a known value. Its sum and average together reveal their number, and thereby the
number of the others; therefore the sum is withheld.
"""

_ALL_PARTS: Final = ("new_customers", "retained_customers", "resurrected_customers")
"""The columns that add up to the active customers of a month."""


@dataclass(frozen=True)
class Count:
    """
    A count that a number is based on: the one *at* an index of *parts*, counts that add up to a whole that may be
    shown.

    *is_own*: the number is this count itself. *in_one_month*: the number covers several months, whose counts do
    not add up; it counts at least as many customers as the largest month.
    """

    parts: tuple[Measure, ...]
    at: int = 0
    is_own: bool = False
    in_one_month: bool = False

    @property
    def part(self) -> Measure:
        return self.parts[self.at]


Counts = tuple[Count, ...]


@cache
def counts_of(measure: Measure, fact: Table, by: tuple[Dimension, ...] = ()) -> Counts | None:
    """
    The counts that *measure* of *fact*, cut *by* dimensions, is based on; empty if it is not about customers.

    None if they are unknown: such a number is never shown to readers for whom small cells are hidden.
    """
    found = _of(measure, fact)
    if found is None or ACTIVITY_MONTH.name not in fact.column_names:
        return found
    if ACTIVITY_MONTH in by:
        return None if any(one.in_one_month for one in found) else found
    if by:
        return None
    return tuple(one if is_carried(one.part) else _in_one_month(one) for one in found)


def counting(column: str, fact: Table) -> str | None:
    """The column of *fact* that counts the customers in the sum of *column*."""
    known = _SUMMED_OVER.get(fact.name, {}).get(column)
    own = fact[column]
    if known or own.counts is None:
        return known
    if not own.sums:
        return column
    same = (one.name for one in fact.columns if one.counts == own.counts and not one.sums)
    return next(same, None)


def _of(measure: Measure, fact: Table) -> Counts | None:
    match measure.expression:
        case Sum(column):
            return _of_sum(column, fact)
        case Missing(count):
            whole, known = _sum("customers", fact), _sum(count, fact)
            return (Count((_less(whole, known), known), is_own=True),)
        case Where(of, cut, member) if cut is ACTIVITY and member in ACTIVITY_VALUES:
            return _each(_of(of, fact), lambda one: _by_activity(one, str(member)))
        case Where(of, cut, member):
            return _each(_of(of, fact), _only(f"where_{cut.name}_{member}", lambda one: Where(one, cut, member)))
        case Above(of, parameter):
            return _each(_of(of, fact), _only(f"above_{parameter.name}", lambda one: Above(one, parameter)))
        case LastMonths(of, months, before):
            joined = _only(f"joined_{months}_{before}", lambda one: LastMonths(one, months, before))
            return _each(_of(of, fact), joined)
        case Known(of, column):
            return _each(_of(of, fact), _every(f"known_{column}", lambda one: Known(one, column)))
        case MonthBefore(of):
            return _each(_of(of, fact), _every("month_before", MonthBefore))
        case LastClosedMonth(of, before):
            return _each(_of(of, fact), _every(f"closed_{before}", lambda one: LastClosedMonth(one, before)))
        case Others(of):
            return _each(_no_own(_of(of, fact)), _every("others", Others))
        case Cumulative(of):
            return _each(_of(of, fact), _in_one_month)
        case Times(of) | OfTotal(of) | OfStage(of):
            return _no_own(_of(of, fact))
        case Observed(of):
            return _of(of, fact)
        case Ratio(of, to):
            return _of_ratio(_of(of, fact), _of(to, fact))
        case Less(of, less):
            return _of_difference([_of(one, fact) for one in (of, *less)])
        case Latest():
            return ()
        case MeanPerMonth():
            return None


def _of_sum(column: str, fact: Table) -> Counts | None:
    counted = counting(column, fact)
    if counted is None:
        return None
    if counted != column:
        own = _sum(counted, fact)
        others = (_less(_sum("customers", fact), own),) if counted in _KNOWN else ()
        return (Count((own, *others)),)
    return tuple(replace(one, is_own=True) for one in _of_count(column, fact))


def _of_count(column: str, fact: Table) -> Counts:
    """A column of counts, with the other parts of its whole."""
    own = _sum(column, fact)
    if fact != ACTIVITY_SEGMENTS and _PART_OF.get(column) != "customers":
        return (Count((own,)),)
    if column in _ALL_PARTS:
        parts = Count(tuple(_sum(one, fact) for one in _ALL_PARTS), _ALL_PARTS.index(column))
        not_retained = _less(_made("month_before", MonthBefore, _sum(_ACTIVE, fact)), own)
        return (parts, Count((own, not_retained))) if column == "retained_customers" else (parts,)
    whole = _PART_OF.get(column)
    return (Count((own, _less(_sum(whole, fact), own)) if whole else (own,)),)


def _of_ratio(of: Counts | None, to: Counts | None) -> Counts | None:
    """The counts of both; if both count customers, also those of *to* who are not in *of*."""
    if of is None or to is None:
        return None
    counted = {one.part for one in to if one.is_own}
    of = tuple(Count((one.part,)) if one.part in counted and not one.is_own else one for one in of)
    both = [(one.part, other.part) for one in of for other in to if one.is_own and other.is_own]
    parts = [Count((one, _less(other, one))) for one, other in both]
    return tuple(dict.fromkeys((*_without_own(of), *_without_own(to), *parts)))


def _of_difference(found: list[Counts | None]) -> Counts | None:
    all_counts = [one for counts in found if counts is not None for one in counts]
    if any(counts is None for counts in found):
        return None
    own = [next((one.part for one in counts if one.is_own), None) for counts in found if counts is not None]
    first, *others = own
    counted = [one for one in others if one is not None]
    if first is None or len(counted) < len(others):
        return tuple(dict.fromkeys(_without_own(all_counts)))
    return (Count((_less(first, *counted), *counted), is_own=True),)


def _by_activity(count: Count, member: str) -> Count:
    """*count* with the other two counts by activity, because each is shown separately."""
    wraps = {one: lambda of, one=one: Where(of, ACTIVITY, one) for one in ACTIVITY_VALUES}
    parts = tuple(_made(f"where_{one}".lower(), wraps[one], count.part) for one in ACTIVITY_VALUES)
    return replace(count, parts=parts, at=ACTIVITY_VALUES.index(member))


def _only(name: str, wrap: Callable[[Measure], Expression]) -> Callable[[Count], Count]:
    """Splits a count into the customers that meet a further condition and the others."""

    def only(count: Count) -> Count:
        part = _made(name, wrap, count.part)
        return replace(count, parts=(part, _less(count.part, part)), at=0)

    return only


def _every(name: str, wrap: Callable[[Measure], Expression]) -> Callable[[Count], Count]:
    return lambda count: replace(count, parts=tuple(_made(name, wrap, one) for one in count.parts))


def _in_one_month(count: Count) -> Count:
    return Count((count.part,), is_own=count.is_own, in_one_month=True)


def _each(counts: Counts | None, change: Callable[[Count], Count]) -> Counts | None:
    return counts and tuple(map(change, counts))


def _without_own(counts: list[Count] | Counts) -> Counts:
    return tuple(replace(one, is_own=False) for one in counts)


def _no_own(counts: Counts | None) -> Counts | None:
    return counts and _without_own(counts)


def _sum(column: str, fact: Table) -> Measure:
    return _measure(f"n_{column}", Sum(column, fact))


def _less(of: Measure, *less: Measure) -> Measure:
    return _measure("__".join(("less", of.name, *(one.name for one in less))), Less(of, less))


def _made(name: str, wrap: Callable[[Measure], Expression], of: Measure) -> Measure:
    return _measure(f"{name}__{of.name}", wrap(of))


def _measure(name: str, expression: Expression) -> Measure:
    return Measure(name, name, expression, name, hidden=True)
