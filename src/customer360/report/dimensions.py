"""
Dimensions: the ways the results can be cut.

Each is a column that has one name in all facts, with the table that lists its members, the text of a member and
the order of the members. Slicers, axes and filters all refer to dimensions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from customer360.errors import Invalid, nearest
from customer360.tables import (
    ACTIVITIES,
    BANDS,
    CALENDAR_MONTHS,
    COUNTRIES,
    CUSTOMER_PROFILES,
    LOYALTY_STATUSES,
    RESULT_TABLES,
    RFM_SEGMENTS,
    Dependency,
    Table,
)

FACTS: Final = tuple(table for table in RESULT_TABLES if table.role in {"fact", "log"} and table.is_readable)
"""The tables that measures are computed from; a measure's home is the first that holds its columns."""


@dataclass(frozen=True)
class Dimension:
    """
    One way to cut the facts: *column* is its column in every fact that has it, called *name* except for a level.

    *members* lists the values, one row each: *key* matches the facts' column, *text* is shown, *order* sorts.
    Without *members*, the facts' own values are the members. Facts may contain null where *nullable*; such rows
    belong to no member, count in totals, and are excluded from a visual that is cut by this dimension.
    """

    name: str
    label: str
    members: Table | None = None
    key: str = ""
    text: str = ""
    order: str = ""
    banded_column: str = ""
    """For bands: the value of bands.banded_column whose rows are the members."""
    nullable: bool = False
    of_customer: str = ""
    """Its column in customer_profiles, if its name there is different."""
    level_of: str = ""
    """For a coarser level, such as the year of a month: the dimension whose members *text* groups."""

    def __hash__(self) -> int:
        return hash(self.name)

    @property
    def column(self) -> str:
        return self.level_of or self.name

    @property
    def profile_column(self) -> str:
        """Its column in customer_profiles; empty if there is none."""
        name = self.of_customer or self.column
        return name if name in CUSTOMER_PROFILES.column_names else ""

    @property
    def needs(self) -> tuple[Dependency, ...]:
        """What this dimension needs from the sources."""
        fact = next(fact for fact in FACTS if self.column in fact.column_names)
        return fact[self.column].derived_from


def _banded(name: str, label: str, banded_column: str, *, nullable: bool = True) -> Dimension:
    return Dimension(name, label, BANDS, "band", "label", "band", banded_column, nullable=nullable)


def _month(name: str, label: str) -> Dimension:
    return Dimension(name, label, CALENDAR_MONTHS, "month", "month_label", "month", nullable=True)


JOIN_MONTH: Final = _month("join_month", "Join Month")
JOIN_YEAR: Final = Dimension(
    "join_year",
    "Join Year",
    CALENDAR_MONTHS,
    "month",
    "year",
    "year",
    nullable=True,
    level_of="join_month",
)
LAST_LOGIN_MONTH: Final = _month("last_login_month", "Last Login Month")
ACTIVITY_MONTH: Final = _month("activity_month", "Activity Month")
MOVE_MONTH: Final = _month("month", "Month of Move")
LOYALTY_STATUS: Final = Dimension(
    "loyalty_status",
    "Loyalty Status",
    LOYALTY_STATUSES,
    "loyalty_status",
    "loyalty_status",
    "status_order",
    of_customer="status_member",
)
ACTIVITY: Final = Dimension("activity", "Activity", ACTIVITIES, "activity", "activity", "activity_order")
COUNTRY: Final = Dimension(
    "country", "Country", COUNTRIES, "country", "country", "country_order", of_customer="country_member"
)
BALANCE_BAND: Final = _banded("balance_band", "Balance Band", "account_balance")
POINTS_BAND: Final = _banded("points_band", "Points Band", "loyalty_points")
ACCOUNT_AGE_BAND: Final = _banded("account_age_band", "Account Age Band", "account_age_days")
AGE_BAND: Final = _banded("age_band", "Age Band", "age_years", nullable=False)
SPENT_BAND: Final = _banded("spent_band", "Spending Band", "spent", nullable=False)
ORDERS_BAND: Final = _banded("orders_band", "Orders Band", "orders", nullable=False)
RFM_SEGMENT: Final = Dimension(
    "rfm_segment", "RFM Segment", RFM_SEGMENTS, "rfm_segment", "rfm_segment", "segment_order"
)
SPENDING_TENTH: Final = Dimension("spending_tenth", "Tenth of Customers")
GENDER: Final = Dimension("gender", "Gender")
FROM_STATUS: Final = Dimension("from_status", "From Status", nullable=True)
TO_STATUS: Final = Dimension("to_status", "To Status")
"""Past tiers: a tier without customers today is not a member of loyalty_status."""
FUNNEL_STAGE: Final = Dimension("funnel_stage", "Funnel Stage")
MONTHS_SINCE: Final = Dimension("months_since", "Months since Joining")

DIMENSIONS: Final = (
    LOYALTY_STATUS,
    ACTIVITY,
    COUNTRY,
    JOIN_MONTH,
    JOIN_YEAR,
    BALANCE_BAND,
    POINTS_BAND,
    ACCOUNT_AGE_BAND,
    LAST_LOGIN_MONTH,
    FUNNEL_STAGE,
    MONTHS_SINCE,
    ACTIVITY_MONTH,
    AGE_BAND,
    GENDER,
    MOVE_MONTH,
    FROM_STATUS,
    TO_STATUS,
    SPENT_BAND,
    ORDERS_BAND,
    RFM_SEGMENT,
    SPENDING_TENTH,
)

AT_JOINING: Final = (COUNTRY, JOIN_MONTH, JOIN_YEAR)
"""
Known when a customer joins and never changed; every other dimension describes the customer today.

Nobody joins as Gold: under a filter by today's status, early and late join months are not comparable.
"""

OF_TODAY: Final = (LOYALTY_STATUS, ACTIVITY)
"""The slicers that describe customers today."""

OF_JOINING: Final = (JOIN_MONTH, JOIN_YEAR, ACCOUNT_AGE_BAND)
"""The axes that show when customers joined."""

FUNNEL_STAGES: Final = ("Joined", "First purchase", "Logged in on a later day", "Active")
"""
The stages in their order, numbered from 1.

The only dimension whose members overlap: a customer whose deepest stage is n belongs to stages 1 to n. A stage
contains every row with funnel_stage >= its number, both on an axis and in a filter.
"""


@dataclass(frozen=True)
class Between:
    """A range of members by key, both ends included."""

    first: date
    last: date


Filters = Mapping[str, "Sequence[object] | Between"]
"""Dimension name -> the keys to keep (any of them), or a range; for funnel_stage, the numbers of stages."""


def dimension(name: str) -> Dimension:
    """The dimension called *name*. Raises Invalid, with the nearest name, if there is none."""
    for candidate in DIMENSIONS:
        if candidate.name == name:
            return candidate
    raise Invalid(f"'{name}' is not a dimension.{nearest(name, [d.name for d in DIMENSIONS])}")


def dimensions_of(fact: Table) -> tuple[Dimension, ...]:
    """The dimensions that cut *fact*; a filter by any other does not affect it."""
    return tuple(candidate for candidate in DIMENSIONS if candidate.column in fact.column_names)
