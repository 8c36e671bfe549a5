"""What has to be known of all customers before any of them can be put into a band or under a country."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Final

from pyspark.sql import Column, DataFrame, Row, Window
from pyspark.sql import functions as F

from customer360.bands import STEPS, Bands, age_bands, amount_bands
from customer360.errors import Invalid
from customer360.operations import traits
from customer360.tables import CUSTOMERS, OTHER, UNKNOWN, columns_read, folded

NAMED_COUNTRIES: Final = 19
MOST_STATUSES: Final = 50
_MOST_VALUES: Final = 100  # of each margin come to the driver, however many countries free text may hold
_ACTIVITIES: Final = (traits.ACTIVE, traits.INACTIVE, UNKNOWN)
_OPTIONAL: Final = tuple(name for name in columns_read(CUSTOMERS) if name not in CUSTOMERS.ids)
_SUMS: Final = ("customers", "loyalty_points_sum", "account_balance_sum", *(f"{name}_known" for name in _OPTIONAL))


@dataclass(frozen=True)
class Survey:
    """
    The members of every slicer in their order, and the bands.

    *loyalty_statuses* rise, *countries* begin with the one that has most customers. A member that does not occur
    is left out, so all are empty without customers; then *bands* are too. Texts that differ only in letter case or
    in the blanks around them are one member, spelt as most customers have it. *missing_columns* are those of the
    source that hold nothing for any customer, in its order: what needs them cannot be said.
    """

    first_join_date: date | None
    loyalty_statuses: tuple[str, ...]
    activities: tuple[str, ...]
    countries: tuple[str, ...]
    account_balance: Bands
    loyalty_points: Bands
    account_age_days: Bands
    missing_columns: tuple[str, ...] = ()

    @property
    def bands(self) -> tuple[Bands, ...]:
        return (self.account_balance, self.loyalty_points, self.account_age_days) if self.activities else ()


def survey(known: DataFrame, *, as_of: date, status_order: Sequence[str] | None = None) -> Survey:
    """
    The survey of the *known* customers; runs one query and collects a few hundred rows.

    Countries: the 19 with the most customers, equal ones by name, then 'Other' and 'Unknown'. Loyalty statuses:
    those of *status_order* as given, then the others by mean points, mean balance (none known is lowest) and
    name, then 'Unknown'. Amounts are counted per step exactly, so that bands do not depend on partitions.
    """
    found: dict[str, list[Row]] = {margin: [] for margin in _MARGINS}
    for row in _ranked(_spelt_alike(_margins(known))).collect():
        found[row["margin"]].append(row)
    joined = [row["first_join_date"] for row in found["activity"] if row["first_join_date"] is not None]
    first_join_date = min(joined, default=None)
    _require_summable(found["activity"])
    return Survey(
        first_join_date,
        _statuses(found["loyalty_status"], status_order or ()),
        tuple(activity for activity in _ACTIVITIES if activity in _values(found["activity"])),
        _countries(found["country"]),
        amount_bands("account_balance", _counts(found["balance_step"])),
        amount_bands("loyalty_points", _counts(found["points_step"])),
        age_bands("account_age_days", (as_of - first_join_date).days if first_join_date else 0),
        _missing(found["activity"]),
    )


_STEPS: Final = Bands("any amount", STEPS, of_amounts=True)
_MARGINS: Final[dict[str, Callable[[], Column]]] = {
    "loyalty_status": lambda: traits.or_unknown("loyalty_status"),
    "activity": traits.activity,
    "country": lambda: traits.or_unknown("country"),
    "balance_step": lambda: traits.band_number(F.col("account_balance"), _STEPS),
    "points_step": lambda: traits.band_number(F.col("loyalty_points"), _STEPS),
}


def _margins(known: DataFrame) -> DataFrame:
    """One row per margin and value. Counted by cells first: the rows are passed once, not once per margin."""
    cells = known.groupBy(*[margin().alias(name) for name, margin in _MARGINS.items()]).agg(
        F.count("*").alias("customers"),
        F.sum("loyalty_points").alias("loyalty_points_sum"),
        F.sum("account_balance").alias("account_balance_sum"),
        *[F.count_if(_is_known(name)).alias(f"{name}_known") for name in _OPTIONAL],
        F.min("join_date").alias("first_join_date"),
        F.max("loyalty_points").alias("most_points"),
    )
    by_margin = cells.withColumn("margin", F.explode(F.array(*map(F.lit, _MARGINS))))
    value = F.coalesce(*[F.when(F.col("margin") == name, F.col(name).cast("string")) for name in _MARGINS])
    return _summed(by_margin.withColumn("value", value).where(F.col("value").isNotNull()))


def _spelt_alike(margins: DataFrame) -> DataFrame:
    """One row per margin and member: the values that are the same to `folded`, spelt as most customers have it."""
    spellings = Window.partitionBy("margin", F.lower("value")).orderBy(F.desc("customers"), F.asc("value"))
    return _summed(margins.withColumn("value", F.first("value").over(spellings)))


def _summed(values: DataFrame) -> DataFrame:
    return values.groupBy("margin", "value").agg(
        *[F.sum(name).alias(name) for name in _SUMS],
        F.min("first_join_date").alias("first_join_date"),
        F.max("most_points").alias("most_points"),
    )


def _ranked(margins: DataFrame) -> DataFrame:
    """The values with the most customers, 'Other' and 'Unknown' before all."""
    own_member = F.lower("value").isin(folded(OTHER), folded(UNKNOWN))
    by_customers = Window.partitionBy("margin").orderBy(own_member.desc(), F.desc("customers"), F.asc("value"))
    return margins.withColumn("place", F.row_number().over(by_customers)).where(F.col("place") <= _MOST_VALUES)


def _values(rows: Iterable[Row], own: Sequence[str] = (UNKNOWN,)) -> list[str]:
    """The members in the order of *rows*; *own* members are spelt as we spell them."""
    spelt = {folded(name): name for name in own}
    return [spelt.get(folded(row["value"]), row["value"]) for row in rows]


def _counts(rows: Iterable[Row]) -> dict[int, int]:
    """Positive values per index of STEPS; band n of `_STEPS` ends at STEPS[n - 1]."""
    return {int(row["value"]) - 1: row["customers"] for row in rows if int(row["value"]) > 0}


def _is_known(name: str) -> Column:
    """Whether the column holds a value; a blank text is none, as it is for the slicers."""
    return traits.trimmed(name) != "" if CUSTOMERS[name].is_text else F.col(name).isNotNull()


def _require_summable(activities: Iterable[Row]) -> None:
    """Raises: Customer360Error when a sum of points might overflow, which not every engine would say."""
    customers = sum(row["customers"] for row in activities)
    most = max((row["most_points"] or 0 for row in activities), default=0)
    if customers * most >= 2**63:
        raise Invalid(
            f"loyalty_points are up to {most:,}, and their sum over {customers:,} customers may not be exact; "
            f"correct values above {(2**63 - 1) // customers:,}"
        )


def _missing(activities: Sequence[Row]) -> tuple[str, ...]:
    """The columns that no customer has a value in; each customer is in one row of *activities*."""
    if not activities:
        return ()
    return tuple(name for name in _OPTIONAL if not any(row[f"{name}_known"] for row in activities))


def _countries(rows: Iterable[Row]) -> tuple[str, ...]:
    values = _values(sorted(rows, key=lambda row: row["place"]), own=(OTHER, UNKNOWN))
    named = [value for value in values if value not in (OTHER, UNKNOWN)]
    has_other = len(named) > NAMED_COUNTRIES or OTHER in values
    return (*named[:NAMED_COUNTRIES], *[OTHER] * has_other, *[UNKNOWN] * (UNKNOWN in values))


def _statuses(rows: Sequence[Row], order: Sequence[str]) -> tuple[str, ...]:
    if len(rows) > MOST_STATUSES:
        raise Invalid(
            f"loyalty_status has more than {MOST_STATUSES} different values, such as '{rows[0]['value']}': "
            f"map the column that holds the tier of the loyalty programme to it."
        )

    places = {folded(status): place for place, status in enumerate(order)}

    def rank(row: Row) -> tuple[bool, int, Fraction | float, Fraction | float, str]:
        value = folded(row["value"])
        given = places.get(value, len(places))
        is_unknown = value == folded(UNKNOWN)
        return is_unknown, given, _mean(row, "loyalty_points"), _mean(row, "account_balance"), row["value"]

    return tuple(_values(sorted(rows, key=rank)))


def _mean(row: Row, of: str) -> Fraction | float:
    """The exact mean; lower than any other when nothing is known."""
    count = row[f"{of}_known"]
    return Fraction(row[f"{of}_sum"]) / count if count else -math.inf
