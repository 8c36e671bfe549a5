"""The dimension tables: the members by which facts are cut."""

from __future__ import annotations

from typing import Final

from customer360.tables.columns import Column
from customer360.tables.shorthand import (
    ACTIVITY_VALUES,
    COUNTRY,
    FLAG,
    OTHER,
    STATUS,
    UNKNOWN,
    member,
    number,
    result,
)

CALENDAR_MONTHS: Final = result(
    "calendar_months",
    "one row per month",
    "Every month from the first join_month to the month of the as-of date, without gaps.",
    ("month",),
    Column("month", "date", "First day of the month.", required=True),
    number("year", "smallint", "Calendar year.", 1900),
    Column("quarter", "text", "Calendar quarter, such as '2026 Q2'.", required=True),
    Column("month_label", "text", "Text of the month on an axis, such as 'Jun 2026'.", required=True),
    role="dimension",
)

LOYALTY_STATUSES: Final = result(
    "loyalty_statuses",
    "one row per loyalty status that occurs",
    f"The tiers, lowest first; '{UNKNOWN}', if it occurs, comes last.",
    ("loyalty_status",),
    member("loyalty_status", "Tier of the loyalty programme.", STATUS),
    number("status_order", "smallint", "1 = lowest tier.", 1),
    role="dimension",
)

ACTIVITIES: Final = result(
    "activities",
    "one row per activity",
    "The values of activity in display order.",
    ("activity",),
    member("activity", f"'Active', 'Inactive' or '{UNKNOWN}'.", FLAG, allowed=ACTIVITY_VALUES),
    number("activity_order", "smallint", "1 = Active.", 1),
    role="dimension",
)

COUNTRIES: Final = result(
    "countries",
    "one row per country of the segment tables",
    f"The countries in display order: most customers first, then '{OTHER}', then '{UNKNOWN}'.",
    ("country",),
    member("country", "Country.", COUNTRY),
    number("country_order", "smallint", "1 = most customers.", 1),
    role="dimension",
)

BANDS: Final = result(
    "bands",
    "one row per banded column and band",
    "The bands that other tables refer to by number: right-closed, (low, high], chosen from the data's range.",
    ("banded_column", "band"),
    Column(
        "banded_column",
        "text",
        "The column that is cut into bands.",
        required=True,
        allowed=("account_age_days", "account_balance", "age_years", "loyalty_points", "orders", "spent"),
    ),
    number("band", "smallint", "-1 = below zero, 0 = exactly zero, then 1 and up in ascending order.", -1),
    Column("low", "numeric(18,2)", "Lower edge, exclusive; null for the bands below and at zero."),
    Column("high", "numeric(18,2)", "Upper edge, inclusive; null for the highest band."),
    Column("label", "text", "Text of the band on an axis.", required=True),
    role="dimension",
)
