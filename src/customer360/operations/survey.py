"""What must be known about all customers before any of them can be assigned to a band or a country."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Final

from pyspark.sql import Column, DataFrame, Row, Window
from pyspark.sql import functions as F

from customer360 import tables
from customer360.bands import AGES, ORDERS, STEPS, Bands, age_bands, amount_bands
from customer360.errors import Invalid
from customer360.operations import traits
from customer360.operations.summable import ALL_POINTS, MOST_POINTS, all_points, most_points, require_summable
from customer360.tables import CUSTOMERS, EVENTS, NOT_STATED, OTHER, UNKNOWN, columns_read, folded

NAMED_COUNTRIES: Final = 19
MOST_STATUSES: Final = 50
MOST_GENDERS: Final = 12
NOTHING_SPENT: Final = amount_bands("spent", {})
_MOST_VALUES: Final = 100  # per margin come to the driver, regardless of how many countries free text contains
_ACTIVITIES: Final = (traits.ACTIVE, traits.INACTIVE, UNKNOWN)
_OPTIONAL: Final = tuple(name for name in columns_read(CUSTOMERS) if name not in CUSTOMERS.ids)
_SUMS: Final = (
    "customers", "seen", "seen_lately", "loyalty_points_sum", "account_balance_sum", ALL_POINTS,
    *(f"{name}_known" for name in _OPTIONAL),
)  # fmt: skip


@dataclass(frozen=True)
class Survey:
    """
    The members of every slicer in order, and the bands.

    *loyalty_statuses* are in ascending order; *countries* start with the one with the most customers. Members that
    do not occur are omitted, so without customers all are empty, and so are *bands*. Texts that differ only in
    letter case or surrounding blanks are one member, with its most frequent spelling. *genders* are the dozen
    stated most often. *first_event* is the first day with an event of a customer. *activity_from* is the flag for
    the activity: the stored one, or if no customer has it, the behaviour, if any is known. *missing* are the
    columns of both sources that contain nothing, and the kinds of events that do not occur: figures that need them
    are not available.
    """

    first_join_date: date | None
    first_event: date | None
    loyalty_statuses: tuple[str, ...]
    activities: tuple[str, ...]
    countries: tuple[str, ...]
    genders: tuple[str, ...]
    account_balance: Bands
    loyalty_points: Bands
    account_age_days: Bands
    spent: Bands = NOTHING_SPENT
    activity_from: str = "is_active"
    missing: tuple[tables.Column, ...] = ()

    @property
    def missing_columns(self) -> tuple[str, ...]:
        """The names of customers' columns that are empty for every customer."""
        return tuple(column.name for column in self.missing if column.table == CUSTOMERS.full_name)

    @property
    def members(self) -> dict[str, tuple[str, ...]]:
        """Every text that a customer can have, by slicer."""
        own = (OTHER, UNKNOWN)
        return {
            "loyalty_status": (*self.loyalty_statuses, *own),
            "activity": (*self.activities, *own),
            "country": (*self.countries, *own),
        }

    @property
    def bands(self) -> tuple[Bands, ...]:
        found = (self.account_balance, self.loyalty_points, self.account_age_days, self.spent, ORDERS, AGES)
        return found if self.activities else ()


def survey(
    known: DataFrame,
    *,
    as_of: date,
    status_order: Sequence[str] | None = None,
    missing_of_events: tuple[tables.Column, ...] = (),
) -> Survey:
    """
    The survey of the *known* customers; runs one query and collects a few hundred rows.

    Countries: the 19 with the most customers, ties by name, then 'Other' and 'Unknown'. Loyalty statuses: those in
    *status_order* as given, then the others by mean points, mean balance (unknown is lowest) and name, then
    'Unknown'. Amounts are counted exactly per step, so that bands do not depend on partitions.
    """
    found: dict[str, list[Row]] = {margin: [] for margin in (*_MARGINS, *_APART)}
    apart = [name for name in _APART if name != _SPENT or EVENTS["amount"] not in missing_of_events]
    for row in _ranked(_spelt_alike(_margins(known, as_of, apart))).collect():
        found[row["margin"]].append(row)
    first_join_date = _first("first_join_date", found["activity"])
    missing = _missing(found["activity"])
    by_behaviour = CUSTOMERS["is_active"] in missing and any(row["seen"] for row in found["activity"])
    known_customers = sum(row["customers"] for row in found["activity"])
    require_summable("loyalty_points", "customers", known_customers, found["activity"])
    return Survey(
        first_join_date,
        _first("first_event", found["activity"]),
        _statuses(found["loyalty_status"], status_order or ()),
        _activities(found["activity"], by_behaviour=by_behaviour),
        _countries(found["country"]),
        _genders(found["gender"]),
        amount_bands("account_balance", _counts(found["balance_step"])),
        amount_bands("loyalty_points", _counts(found["points_step"])),
        age_bands("account_age_days", (as_of - first_join_date).days if first_join_date else 0),
        amount_bands("spent", _counts(found[_SPENT])),
        "is_active_by_behaviour" if by_behaviour else "is_active",
        (*missing, *missing_of_events),
    )


_STEPS: Final = Bands("any amount", STEPS, of_amounts=True)
_MARGINS: Final[dict[str, Callable[[], Column]]] = {
    "loyalty_status": lambda: traits.or_unknown("loyalty_status"),
    "activity": traits.activity,
    "country": lambda: traits.or_unknown("country"),
    "balance_step": lambda: traits.band_number(F.col("account_balance"), _STEPS),
    "points_step": lambda: traits.band_number(F.col("loyalty_points"), _STEPS),
}
_SPENT: Final = "spent_step"
_APART: Final[dict[str, Callable[[], Column]]] = {
    "gender": lambda: traits.or_unknown("gender", NOT_STATED),
    _SPENT: lambda: traits.band_number(F.col("spent"), _STEPS),
}
"""Margins that are counted separately, because they would multiply the number of cells."""


def _margins(known: DataFrame, as_of: date, apart: Iterable[str]) -> DataFrame:
    """
    One row per margin and value. Counts cells first, so that the rows are read once, not once per margin, except
    for those in *apart*.
    """
    known = known.withColumn("is_seen_lately", traits.is_active_by_behaviour(as_of))
    cells = known.groupBy(*[margin().alias(name) for name, margin in _MARGINS.items()]).agg(
        F.count("*").alias("customers"),
        F.sum("loyalty_points").alias("loyalty_points_sum"),
        all_points("loyalty_points"),
        F.sum("account_balance").alias("account_balance_sum"),
        *[F.count_if(_is_known(name)).alias(f"{name}_known") for name in _OPTIONAL],
        F.count("last_seen").alias("seen"),
        F.count_if("is_seen_lately").alias("seen_lately"),
        *_extremes("join_date", "first_event"),
        most_points("loyalty_points"),
    )
    by_margin = cells.withColumn("margin", F.explode(F.array(*map(F.lit, _MARGINS))))
    value = F.coalesce(*[F.when(F.col("margin") == name, F.col(name).cast("string")) for name in _MARGINS])
    margins = _summed(by_margin.withColumn("value", value).where(F.col("value").isNotNull()))
    for name in apart:
        margins = margins.unionByName(_counted(known, name), allowMissingColumns=True)
    return margins


def _counted(known: DataFrame, margin: str) -> DataFrame:
    by_value = known.groupBy(_APART[margin]().cast("string").alias("value"))
    return by_value.agg(F.count("*").alias("customers")).withColumn("margin", F.lit(margin))


def _spelt_alike(margins: DataFrame) -> DataFrame:
    """One row per margin and member: values that are equal to `folded`, with their most frequent spelling."""
    spellings = Window.partitionBy("margin", F.lower("value")).orderBy(F.desc("customers"), F.asc("value"))
    return _summed(margins.withColumn("value", F.first("value").over(spellings)))


def _summed(values: DataFrame) -> DataFrame:
    return values.groupBy("margin", "value").agg(
        *[F.sum(name).alias(name) for name in _SUMS],
        *_extremes("first_join_date", "first_event"),
        most_points(MOST_POINTS),
    )


def _extremes(joined: str, happened: str) -> list[Column]:
    return [F.min(joined).alias("first_join_date"), F.min(happened).alias("first_event")]


def _ranked(margins: DataFrame) -> DataFrame:
    """The values with the most customers, after the predefined members."""
    own_member = F.lower("value").isin(folded(OTHER), folded(UNKNOWN), folded(NOT_STATED))
    by_customers = Window.partitionBy("margin").orderBy(own_member.desc(), F.desc("customers"), F.asc("value"))
    return margins.withColumn("place", F.row_number().over(by_customers)).where(F.col("place") <= _MOST_VALUES)


def _values(rows: Iterable[Row], own: Sequence[str] = (UNKNOWN,)) -> list[str]:
    """The members in the order of *rows*; the predefined members *own* keep their spelling."""
    spelt = {folded(name): name for name in own}
    return [spelt.get(folded(row["value"]), row["value"]) for row in rows]


def _counts(rows: Iterable[Row]) -> dict[int, int]:
    """Positive values per index of STEPS; band n of `_STEPS` ends at STEPS[n - 1]."""
    return {int(row["value"]) - 1: row["customers"] for row in rows if int(row["value"]) > 0}


def _is_known(name: str) -> Column:
    """Whether the column has a value; blank text counts as none, as it does for the slicers."""
    return traits.trimmed(name) != "" if CUSTOMERS[name].is_text else F.col(name).isNotNull()


def _first(column: str, activities: Iterable[Row]) -> date | None:
    return min((row[column] for row in activities if row[column] is not None), default=None)


def _missing(activities: Sequence[Row]) -> tuple[tables.Column, ...]:
    """The columns in which no customer has a value; each customer is in one row of *activities*."""
    if not activities:
        return ()
    return tuple(CUSTOMERS[name] for name in _OPTIONAL if not any(row[f"{name}_known"] for row in activities))


def _activities(rows: Sequence[Row], *, by_behaviour: bool) -> tuple[str, ...]:
    found = set(_values(rows))
    if by_behaviour:
        customers, lately = (sum(row[name] for row in rows) for name in ("customers", "seen_lately"))
        found = {name for name, count in ((traits.ACTIVE, lately), (traits.INACTIVE, customers - lately)) if count}
    return tuple(activity for activity in _ACTIVITIES if activity in found)


def _genders(rows: Iterable[Row]) -> tuple[str, ...]:
    """The dozen stated most often; any other is 'Other'."""
    stated = _values(sorted(rows, key=lambda row: row["place"]), own=(OTHER, NOT_STATED))
    return tuple(value for value in stated if value not in (OTHER, NOT_STATED))[:MOST_GENDERS]


def _countries(rows: Iterable[Row]) -> tuple[str, ...]:
    values = _values(sorted(rows, key=lambda row: row["place"]), own=(OTHER, UNKNOWN))
    named = [value for value in values if value not in (OTHER, UNKNOWN)]
    has_other = len(named) > NAMED_COUNTRIES or OTHER in values
    return (*named[:NAMED_COUNTRIES], *[OTHER] * has_other, *[UNKNOWN] * (UNKNOWN in values))


def _statuses(rows: Sequence[Row], order: Sequence[str]) -> tuple[str, ...]:
    if len(rows) > MOST_STATUSES:
        raise Invalid(
            f"loyalty_status has more than {MOST_STATUSES} different values, such as '{rows[0]['value']}'; "
            "map it to the column that contains the loyalty tier"
        )

    places = {folded(status): place for place, status in enumerate(order)}

    def rank(row: Row) -> tuple[bool, int, Fraction | float, Fraction | float, str]:
        value = folded(row["value"])
        given = places.get(value, len(places))
        is_unknown = value == folded(UNKNOWN)
        return is_unknown, given, _mean(row, "loyalty_points"), _mean(row, "account_balance"), row["value"]

    return tuple(_values(sorted(rows, key=rank)))


def _mean(row: Row, of: str) -> Fraction | float:
    """The exact mean; lower than any other if nothing is known."""
    count = row[f"{of}_known"]
    return Fraction(row[f"{of}_sum"]) / count if count else -math.inf
