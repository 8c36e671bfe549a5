"""
The result tables: what a run makes of the sources.

The one place where a result is defined. DDL and SQL comments, Spark and Arrow schemas, the semantic model and the
documentation are rendered from here.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from customer360.tables.columns import Column, Role, Source, Table
from customer360.tables.sources import ACTIVE_DAYS, CUSTOMERS, SOURCES

RESULT_SCHEMA: Final = "analytics"


def _result(
    name: str,
    grain: str,
    description: str,
    key: tuple[str, ...],
    *columns: Column,
    role: Role = "fact",
    keeps_history: bool = False,
) -> Table:
    return Table(RESULT_SCHEMA, name, grain, description, columns, key, role, keeps_history)


def _column(name: str, sql_type: str, description: str, *derived_from: Column, **rules: Any) -> Column:
    return Column(name, sql_type, description, derived_from=derived_from, **rules)


def _number(
    name: str, sql_type: str, description: str, minimum: int, maximum: int | None = None, *derived_from: Column
) -> Column:
    """A number that is never null, nor outside its range."""
    return _column(name, sql_type, description, *derived_from, required=True, minimum=minimum, maximum=maximum)


def _sum(
    name: str, description: str, *derived_from: Column, minimum: int = 0, except_over: tuple[str, ...] = ()
) -> Column:
    """A whole number, never null, that may be summed over any rows but those that differ in *except_over*."""
    adds_up = {"is_additive": True, "except_over": except_over}
    return _column(name, "bigint", description, *derived_from, required=True, minimum=minimum, **adds_up)


def _member(name: str, description: str, *derived_from: Column, **rules: Any) -> Column:
    return _column(name, "text", description, *derived_from, required=True, is_member=True, **rules)


def _band(name: str, description: str, lowest: int, derived_from: Column) -> Column:
    return _column(name, "smallint", description, derived_from, minimum=lowest)


_JOINED: Final = CUSTOMERS["join_date"]
_PURCHASED: Final = CUSTOMERS["first_purchase"]
_LOGGED_IN: Final = CUSTOMERS["last_login"]
_FLAG: Final = CUSTOMERS["is_active"]
_STATUS: Final = CUSTOMERS["loyalty_status"]
_COUNTRY: Final = CUSTOMERS["country"]
_POINTS: Final = CUSTOMERS["loyalty_points"]
_BALANCE: Final = CUSTOMERS["account_balance"]
_SEEN: Final = (_JOINED, _LOGGED_IN)
_FUNNEL: Final = (_JOINED, _PURCHASED, _LOGGED_IN, _FLAG)

# The columns by which every page can be filtered: they come first in each table that feeds a visual.
# Unknown is a member of its own, so that a filter is always a plain list of values.
UNKNOWN: Final = "Unknown"
OTHER: Final = "Other"
ACTIVITY_VALUES: Final = ("Active", "Inactive", UNKNOWN)
_SLICERS: Final = (
    _column("join_month", "date", "First day of the month of join_date; null when that is unknown.", _JOINED),
    _column(
        "loyalty_status", "text", f"Tier of the loyalty programme; '{UNKNOWN}' when null.", _STATUS, required=True
    ),
    _column("activity", "text", "The stored is_active in words.", _FLAG, required=True, allowed=ACTIVITY_VALUES),
    _column(
        "country",
        "text",
        f"Country; '{OTHER}' beyond the 19 with the most customers; '{UNKNOWN}' when null.",
        _COUNTRY,
        required=True,
    ),
)
SLICERS: Final = tuple(column.name for column in _SLICERS)


_ID: Final = Column("customer_id", "bigint", "Identifies the customer.", required=True)
_SHOWN_ID: Final = Column(
    "source_id",
    "text",
    "What the source calls the customer; customer_id where that is not known or is an e-mail address.",
    required=True,
    heading="Customer ID",
    derived_from=(CUSTOMERS["source_id"],),
    personal="name",
)

_SUMS: Final = (
    _sum("customers", "Number of customers.", minimum=1),
    _column(
        "balance_sum",
        "numeric(22,2)",
        "Sum of account_balance over customers who have one.",
        _BALANCE,
        required=True,
        is_additive=True,
    ),
    _sum("balance_count", "Customers whose account_balance is known.", _BALANCE),
    _sum("points_sum", "Sum of loyalty_points over customers who have them.", _POINTS),
    _sum("points_count", "Customers whose loyalty_points are known.", _POINTS),
    _sum("recency_days_sum", "Sum of days since the last login, as of the as-of date.", _LOGGED_IN),
    _sum("recency_count", "Customers whose last login is known.", _LOGGED_IN),
)

CUSTOMER_PROFILES: Final = _result(
    "customer_profiles",
    "one row per customer known at the as-of date",
    "Each customer with ages, bands and funnel stage, without name or address.",
    ("customer_id",),
    _ID,
    _SHOWN_ID,
    _column("join_date", "date", "Day the customer joined.", _JOINED),
    _column("loyalty_status", "text", "Tier of the loyalty programme.", _STATUS),
    _column("country", "text", "Country of residence, as stored.", _COUNTRY),
    _column("is_active", "boolean", "The stored flag; null means unknown.", _FLAG),
    _column(
        "is_active_by_behaviour",
        "boolean",
        f"Logged in within {ACTIVE_DAYS} days of the as-of date.",
        _LOGGED_IN,
        required=True,
    ),
    _column("account_age_days", "integer", "Days from join_date to the as-of date.", _JOINED, minimum=0),
    _band("account_age_band", "Band of account_age_days, see bands.", 1, _JOINED),
    _column("account_balance", "numeric(12,2)", "Balance of the account.", _BALANCE),
    _band("balance_band", "Band of account_balance, see bands; null when the balance is unknown.", -1, _BALANCE),
    _column("loyalty_points", "bigint", "Points held.", _POINTS, minimum=0),
    _band("points_band", "Band of loyalty_points, see bands; null when the points are unknown.", 0, _POINTS),
    _column(
        "days_since_last_login",
        "integer",
        "Days from last_login to the as-of date; null if none.",
        _LOGGED_IN,
        minimum=0,
    ),
    _number(
        "funnel_stage",
        "smallint",
        "Deepest stage reached without a gap: 1 joined, 2 first purchase, 3 logged in since, 4 active.",
        1,
        4,
        *_FUNNEL,
    ),
    role="profile",
)

CUSTOMER_SEGMENTS: Final = _result(
    "customer_segments",
    "one row per join month, loyalty status, activity, country, balance band and points band that occurs",
    "What customers hold, counted and summed, for every value visual; small however many customers there are.",
    (*SLICERS, "balance_band", "points_band"),
    *_SLICERS,
    _band("balance_band", "Band of account_balance, see bands; null when unknown.", -1, _BALANCE),
    _band("points_band", "Band of loyalty_points, see bands; null when unknown.", 0, _POINTS),
    *_SUMS,
)

ENGAGEMENT_SEGMENTS: Final = _result(
    "engagement_segments",
    "one row per join month, loyalty status, activity, country, account age band, last login month and "
    "funnel stage that occurs",
    "What customers do, counted and summed, for every engagement visual; small however many customers there are.",
    (*SLICERS, "account_age_band", "last_login_month", "funnel_stage"),
    *_SLICERS,
    _band("account_age_band", "Band of account_age_days, see bands; null when unknown.", 1, _JOINED),
    _column(
        "last_login_month", "date", "First day of the month of last_login; null when none is known.", _LOGGED_IN
    ),
    _number("funnel_stage", "smallint", "Deepest funnel stage reached without a gap, 1-4.", 1, 4, *_FUNNEL),
    *_SUMS,
    _sum("out_of_order_customers", "Customers who meet a later funnel stage without an earlier one.", *_FUNNEL),
)

TOP_CUSTOMERS: Final = _result(
    "top_customers",
    "one row per rank 1-10 of a join month, loyalty status, activity and country",
    "The ten highest balances of each slicer cell, so that a top ten stays exact under any filter.",
    (*SLICERS, "cell_rank"),
    *_SLICERS,
    _number(
        "cell_rank",
        "smallint",
        "1 = highest balance of the cell; equal balances rank by customer_id.",
        1,
        10,
        _BALANCE,
    ),
    _ID,
    _SHOWN_ID,
    _column("name", "text", "Full name.", CUSTOMERS["name"], personal="name"),
    _column(
        "account_balance", "numeric(12,2)", "Balance of the account.", _BALANCE, required=True, is_additive=True
    ),
)

COHORT_RETENTION: Final = _result(
    "cohort_retention",
    "one row per join month and number of months since, up to the last complete month",
    "Unbounded retention: the share of those who joined in a month that was seen n months later or after.",
    ("join_month", "months_since"),
    _column("join_month", "date", "First day of the cohort's month.", _JOINED, required=True),
    _number(
        "months_since", "smallint", "Months since the join month; 0 is the join month itself.", 0, None, *_SEEN
    ),
    _sum(
        "cohort_customers", "Customers who joined in the month.", *_SEEN, minimum=1, except_over=("months_since",)
    ),
    _sum("retained_customers", "Of these, seen in that month or later.", *_SEEN, except_over=("months_since",)),
    _number("retained_share", "numeric(7,6)", "retained_customers / cohort_customers, 0-1.", 0, 1, *_SEEN),
)

CALENDAR_MONTHS: Final = _result(
    "calendar_months",
    "one row per month",
    "Every month from the first join_month to that of the as-of date, without gaps.",
    ("month",),
    Column("month", "date", "First day of the month.", required=True),
    _number("year", "smallint", "Calendar year.", 1900),
    Column("quarter", "text", "Calendar quarter, such as '2026 Q2'.", required=True),
    Column("month_label", "text", "The month as written on an axis, such as 'Jun 2026'.", required=True),
    role="dimension",
)

LOYALTY_STATUSES: Final = _result(
    "loyalty_statuses",
    "one row per loyalty status that occurs",
    f"The tiers in their order, lowest first; '{UNKNOWN}', when it occurs, comes last.",
    ("loyalty_status",),
    _member("loyalty_status", "Tier of the loyalty programme.", _STATUS),
    _number("status_order", "smallint", "1 = lowest tier.", 1),
    role="dimension",
)

ACTIVITIES: Final = _result(
    "activities",
    "one row per activity",
    "The values of activity in their order.",
    ("activity",),
    _member("activity", f"'Active', 'Inactive' or '{UNKNOWN}'.", _FLAG, allowed=ACTIVITY_VALUES),
    _number("activity_order", "smallint", "1 = Active.", 1),
    role="dimension",
)

COUNTRIES: Final = _result(
    "countries",
    "one row per country of the segment tables",
    f"The countries in their order: most customers first, then '{OTHER}', then '{UNKNOWN}'.",
    ("country",),
    _member("country", "Country.", _COUNTRY),
    _number("country_order", "smallint", "1 = most customers.", 1),
    role="dimension",
)

BANDS: Final = _result(
    "bands",
    "one row per banded column and band",
    "The bands that the other tables number: right-closed, (low, high], chosen from the data's own range.",
    ("banded_column", "band"),
    Column(
        "banded_column",
        "text",
        "The column that is cut into bands.",
        required=True,
        allowed=("account_age_days", "account_balance", "loyalty_points"),
    ),
    _number("band", "smallint", "-1 below zero, 0 exactly zero, 1 and up in rising order.", -1),
    Column("low", "numeric(18,2)", "Lower edge, not included; null for the bands below and at zero."),
    Column("high", "numeric(18,2)", "Upper edge, included; null for the highest band."),
    Column("label", "text", "How the band is written on an axis.", required=True),
    role="dimension",
)

DATA_QUALITY: Final = _result(
    "data_quality",
    "one row per check and refresh",
    "What each check of the source table found; a row that fails a 'reject' check is left out of every result.",
    ("refresh_id", "check_name"),
    Column("refresh_id", "bigint", "The refresh, see refreshes.", required=True),
    Column("check_name", "text", "Name of the check.", required=True),
    Column("severity", "text", "reject: the row is not used; warn: it is used and counted here.", required=True),
    Column("description", "text", "What a failing row looks like.", required=True),
    Column("rows_checked", "bigint", "Rows looked at.", required=True),
    Column("rows_failed", "bigint", "Rows that failed.", required=True),
    role="log",
    keeps_history=True,
)

REJECTED_ROWS: Final = _result(
    "rejected_rows",
    "one row per source row that could not be used",
    "The rows left out of every result, each with all its reasons and its values as they were.",
    (),
    Column("source", "text", "The table that was loaded or read, such as public.customers.", required=True),
    Column(
        "found_by",
        "text",
        "load: the row never got into the table; run: it is there, and a refresh left it out.",
        required=True,
        allowed=("load", "run"),
    ),
    Column("key", "text", "The row's key, such as its customer_id, when it has one."),
    Column("reasons", "text", "Names of the failed checks, separated by a comma and a space.", required=True),
    Column("original_row", "text", "The row as JSON.", required=True, personal="contact"),
    role="log",
)

REFRESHES: Final = _result(
    "refreshes",
    "one row per refresh",
    "Each time the results were rebuilt: from what, as of when, how many rows, how long.",
    ("refresh_id",),
    Column("refresh_id", "bigint", "Counts up from 1.", required=True),
    Column("as_of_date", "date", "Last day treated as known.", required=True),
    Column("source_table", "text", "The table that was read.", required=True),
    Column("source_kind", "text", "mock, own or unknown: who filled the source table.", required=True),
    Column("rows_in", "bigint", "Rows read = rows_out + rows_rejected + rows_not_yet_joined.", required=True),
    Column("rows_out", "bigint", "Customers in the results.", required=True),
    Column("rows_rejected", "bigint", "Rows of this reading that were rejected.", required=True),
    Column("rows_not_yet_joined", "bigint", "Rows whose join_date lies after the as-of date.", required=True),
    Column(
        "missing_columns",
        "text",
        "Source columns that hold nothing for any customer, separated by a comma and a space; what needs them "
        "is not in the data.",
        required=True,
    ),
    Column("started_at", "timestamp", "Start of the refresh, UTC.", required=True),
    Column("finished_at", "timestamp", "Moment of publication, UTC.", required=True),
    Column("version", "text", "Version of this software.", required=True),
    role="log",
    keeps_history=True,
)

REFRESH_SOURCES: Final = _result(
    "refresh_sources",
    "one row per refresh and source",
    "What each refresh read: from where, how many rows, and what is not in them.",
    ("refresh_id", "source"),
    Column("refresh_id", "bigint", "The refresh, see refreshes.", required=True),
    Column("source", "text", "The table that was read.", required=True),
    Column("kind", "text", "mock, own or unknown: who filled it.", required=True),
    Column("rows_in", "bigint", "Rows read = rows_out + rows_rejected + rows_not_yet_known.", required=True),
    Column("rows_out", "bigint", "Rows that the results are made of.", required=True),
    Column("rows_rejected", "bigint", "Rows of this reading that were rejected.", required=True),
    Column("rows_not_yet_known", "bigint", "Rows of after the as-of date.", required=True),
    Column(
        "missing_columns",
        "text",
        "Columns that hold nothing in any row, such as public.customers.loyalty_points, separated by a comma "
        "and a space.",
        required=True,
    ),
    role="note",
    keeps_history=True,
)

RESULT_TABLES: Final = (
    CUSTOMER_PROFILES,
    CUSTOMER_SEGMENTS,
    ENGAGEMENT_SEGMENTS,
    TOP_CUSTOMERS,
    COHORT_RETENTION,
    CALENDAR_MONTHS,
    LOYALTY_STATUSES,
    ACTIVITIES,
    COUNTRIES,
    BANDS,
    REFRESHES,
    REFRESH_SOURCES,
    DATA_QUALITY,
    REJECTED_ROWS,
)
TABLES: Final = (*SOURCES, *RESULT_TABLES)
"""Every table of this software, the sources first."""


def columns_read(source: Source, results: Iterable[Table] = RESULT_TABLES) -> tuple[str, ...]:
    """The key of *source*, and what *results* derive from: reading takes longest, so nothing else is read."""
    derived = {one.full_name for table in results for column in table.columns for one in column.derived_from}
    return tuple(one.name for one in source.columns if one.name in source.key or one.full_name in derived)
