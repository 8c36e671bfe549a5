"""
Every table as data: its grain, its key, and its typed and described columns.

The one place where a table is defined. DDL and SQL comments, Spark and Arrow schemas, the semantic model
and the documentation are rendered from here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

SOURCE_SCHEMA: Final = "public"
RESULT_SCHEMA: Final = "analytics"

_SPARK_TYPES: Final = {"integer": "int", "text": "string", "timestamp": "timestamp_ntz"}


@dataclass(frozen=True)
class Column:
    """
    A column: its PostgreSQL type, what it means, and what holds for its every value.

    Rows that break these rules are never published. The types in use are bigint, integer, smallint, boolean, text,
    date, timestamp (UTC, no zone) and numeric(p,s); `spark_type` is their Spark twin, `postgres.types` has the
    Arrow one.
    """

    name: str
    type: str
    description: str
    required: bool = False
    """Never null."""
    minimum: int | None = None
    maximum: int | None = None
    allowed: tuple[str, ...] = ()
    """The only values there are; empty for any. Null breaks neither this nor the range."""
    is_member: bool = False
    """Names the member of a slicer, so that no two of its values are the same to `folded`."""
    heading: str = ""
    """What a report calls it, where that is not its name."""

    @property
    def values(self) -> str:
        """Which values it may have, in words; empty when it may have any."""
        if self.allowed:
            return f"one of {', '.join(self.allowed)}"
        if self.maximum is not None:
            return f"{self.minimum} to {self.maximum}"
        return "" if self.minimum is None else f"{self.minimum} or more"

    @property
    def rule(self) -> str:
        """What holds for its every value, in words; empty when nothing has to."""
        unique = "unique regardless of letter case" if self.is_member else ""
        return ", ".join(filter(None, ["never null" if self.required else "", unique, self.values]))

    @property
    def spark_type(self) -> str:
        """The same type as Spark writes it: numeric(12,2) -> decimal(12,2), text -> string."""
        return _SPARK_TYPES.get(self.type, self.type.replace("numeric", "decimal"))

    @property
    def label(self) -> str:
        """The heading, else the name as one: customer_id -> Customer ID."""
        return self.heading or " ".join("ID" if word == "id" else word.title() for word in self.name.split("_"))


@dataclass(frozen=True)
class Table:
    """A table: what one row is (*grain*), what identifies it (*key*, may be empty), and its columns."""

    schema: str
    name: str
    grain: str
    description: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()
    keeps_history: bool = False
    """True when a refresh adds its rows to those of earlier refreshes; False when it replaces them."""

    @property
    def full_name(self) -> str:
        return f"{self.schema}.{self.name}"

    @property
    def column_names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)

    @property
    def comment(self) -> str:
        """The description, ending with the grain."""
        return f"{self.description} Grain: {self.grain}."

    def __getitem__(self, name: str) -> Column:
        return next(column for column in self.columns if column.name == name)


def _source(name: str, grain: str, description: str, key: tuple[str, ...], *columns: Column) -> Table:
    return Table(SOURCE_SCHEMA, name, grain, description, columns, key)


def _result(
    name: str,
    grain: str,
    description: str,
    key: tuple[str, ...],
    *columns: Column,
    keeps_history: bool = False,
) -> Table:
    return Table(RESULT_SCHEMA, name, grain, description, columns, key, keeps_history)


def _number(name: str, sql_type: str, description: str, minimum: int, maximum: int | None = None) -> Column:
    """A number that is never null, nor outside its range."""
    return Column(name, sql_type, description, required=True, minimum=minimum, maximum=maximum)


def _member(name: str, description: str, allowed: tuple[str, ...] = ()) -> Column:
    return Column(name, "text", description, required=True, allowed=allowed, is_member=True)


def _band(name: str, description: str, *, lowest: int) -> Column:
    return Column(name, "smallint", description, minimum=lowest)


CUSTOMERS: Final = _source(
    "customers",
    "one row per customer",
    "The customers as they stand: who they are, when they joined, what they hold.",
    ("customer_id",),
    Column("customer_id", "bigint", "Identifies the customer.", required=True),
    Column("source_id", "text", "What the source calls the customer, unchanged ('00123'); null for mock data."),
    Column("name", "text", "Full name."),
    Column("email", "text", "E-mail address; mock data uses the reserved example domains of RFC 2606."),
    Column("gender", "text", "Gender as the customer stated it."),
    Column("birth_date", "date", "Day of birth."),
    Column("country", "text", "Country of residence."),
    Column("city", "text", "City of residence."),
    Column("join_date", "date", "Day the customer joined the programme."),
    Column("first_purchase", "date", "Day of the first purchase; null when there was none."),
    Column("last_login", "timestamp", "Moment of the latest login, UTC; null when there was none."),
    Column("is_active", "boolean", "The stored flag: whether the customer counts as active."),
    Column("loyalty_status", "text", "Tier of the loyalty programme, such as Bronze, Silver or Gold."),
    Column("loyalty_points", "bigint", "Points held now, in points."),
    Column("account_balance", "numeric(12,2)", "Balance of the account now, in the data's currency."),
)

# The columns by which every page can be filtered: they come first in each table that feeds a visual.
# Unknown is a member of its own, so that a filter is always a plain list of values.
UNKNOWN: Final = "Unknown"
OTHER: Final = "Other"
ACTIVITY_VALUES: Final = ("Active", "Inactive", UNKNOWN)
_SLICERS: Final = (
    Column("join_month", "date", "First day of the month of join_date; null when that is unknown."),
    Column("loyalty_status", "text", f"Tier of the loyalty programme; '{UNKNOWN}' when null.", required=True),
    Column("activity", "text", "The stored is_active in words.", required=True, allowed=ACTIVITY_VALUES),
    Column(
        "country",
        "text",
        f"Country; '{OTHER}' beyond the 19 with the most customers; '{UNKNOWN}' when null.",
        required=True,
    ),
)
SLICERS: Final = tuple(column.name for column in _SLICERS)


def folded(text: str) -> str:
    """*text* as Power BI compares it: without surrounding blanks and regardless of letter case."""
    return text.strip().lower()


_SHOWN_ID: Final = Column(
    "source_id",
    "text",
    "What the source calls the customer; customer_id where that is not known or is an e-mail address.",
    required=True,
    heading="Customer ID",
)

# Additive: these columns, and no others, may be summed over any rows of a segment table.
_ADDITIVE: Final = (
    _number("customers", "bigint", "Number of customers.", 1),
    Column("balance_sum", "numeric(22,2)", "Sum of account_balance over customers who have one.", required=True),
    _number("balance_count", "bigint", "Customers whose account_balance is known.", 0),
    _number("points_sum", "bigint", "Sum of loyalty_points over customers who have them.", 0),
    _number("points_count", "bigint", "Customers whose loyalty_points are known.", 0),
    _number("recency_days_sum", "bigint", "Sum of days since the last login, as of the as-of date.", 0),
    _number("recency_count", "bigint", "Customers whose last login is known.", 0),
)

CUSTOMER_PROFILES: Final = _result(
    "customer_profiles",
    "one row per customer known at the as-of date",
    "Each customer with ages, bands and funnel stage, without name or address.",
    ("customer_id",),
    Column("customer_id", "bigint", "Identifies the customer.", required=True),
    _SHOWN_ID,
    Column("join_date", "date", "Day the customer joined."),
    Column("loyalty_status", "text", "Tier of the loyalty programme."),
    Column("country", "text", "Country of residence, as stored."),
    Column("is_active", "boolean", "The stored flag; null means unknown."),
    Column("is_active_by_behaviour", "boolean", "Logged in within 90 days of the as-of date.", required=True),
    Column("account_age_days", "integer", "Days from join_date to the as-of date.", minimum=0),
    _band("account_age_band", "Band of account_age_days, see bands.", lowest=1),
    Column("account_balance", "numeric(12,2)", "Balance of the account."),
    _band("balance_band", "Band of account_balance, see bands; null when the balance is unknown.", lowest=-1),
    Column("loyalty_points", "bigint", "Points held.", minimum=0),
    _band("points_band", "Band of loyalty_points, see bands; null when the points are unknown.", lowest=0),
    Column("days_since_last_login", "integer", "Days from last_login to the as-of date; null if none.", minimum=0),
    _number(
        "funnel_stage",
        "smallint",
        "Deepest stage reached without a gap: 1 joined, 2 first purchase, 3 logged in since, 4 active.",
        1,
        4,
    ),
)

CUSTOMER_SEGMENTS: Final = _result(
    "customer_segments",
    "one row per join month, loyalty status, activity, country, balance band and points band that occurs",
    "What customers hold, counted and summed, for every value visual; small however many customers there are.",
    (*SLICERS, "balance_band", "points_band"),
    *_SLICERS,
    _band("balance_band", "Band of account_balance, see bands; null when unknown.", lowest=-1),
    _band("points_band", "Band of loyalty_points, see bands; null when unknown.", lowest=0),
    *_ADDITIVE,
)

ENGAGEMENT_SEGMENTS: Final = _result(
    "engagement_segments",
    "one row per join month, loyalty status, activity, country, account age band, last login month and "
    "funnel stage that occurs",
    "What customers do, counted and summed, for every engagement visual; small however many customers there are.",
    (*SLICERS, "account_age_band", "last_login_month", "funnel_stage"),
    *_SLICERS,
    _band("account_age_band", "Band of account_age_days, see bands; null when unknown.", lowest=1),
    Column("last_login_month", "date", "First day of the month of last_login; null when none is known."),
    _number("funnel_stage", "smallint", "Deepest funnel stage reached without a gap, 1-4.", 1, 4),
    *_ADDITIVE,
    _number(
        "out_of_order_customers", "bigint", "Customers who meet a later funnel stage without an earlier one.", 0
    ),
)

TOP_CUSTOMERS: Final = _result(
    "top_customers",
    "one row per rank 1-10 of a join month, loyalty status, activity and country",
    "The ten highest balances of each slicer cell, so that a top ten stays exact under any filter.",
    (*SLICERS, "cell_rank"),
    *_SLICERS,
    _number(
        "cell_rank", "smallint", "1 = highest balance of the cell; equal balances rank by customer_id.", 1, 10
    ),
    Column("customer_id", "bigint", "Identifies the customer.", required=True),
    _SHOWN_ID,
    Column("name", "text", "Full name."),
    Column("account_balance", "numeric(12,2)", "Balance of the account.", required=True),
)

COHORT_RETENTION: Final = _result(
    "cohort_retention",
    "one row per join month and number of months since, up to the last complete month",
    "Unbounded retention: the share of those who joined in a month that was seen n months later or after.",
    ("join_month", "months_since"),
    Column("join_month", "date", "First day of the cohort's month.", required=True),
    _number("months_since", "smallint", "Months since the join month; 0 is the join month itself.", 0),
    _number("cohort_customers", "bigint", "Customers who joined in the month.", 1),
    _number("retained_customers", "bigint", "Of these, seen in that month or later.", 0),
    _number("retained_share", "numeric(7,6)", "retained_customers / cohort_customers, 0-1.", 0, 1),
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
)

LOYALTY_STATUSES: Final = _result(
    "loyalty_statuses",
    "one row per loyalty status that occurs",
    f"The tiers in their order, lowest first; '{UNKNOWN}', when it occurs, comes last.",
    ("loyalty_status",),
    _member("loyalty_status", "Tier of the loyalty programme."),
    _number("status_order", "smallint", "1 = lowest tier.", 1),
)

ACTIVITIES: Final = _result(
    "activities",
    "one row per activity",
    "The values of activity in their order.",
    ("activity",),
    _member("activity", f"'Active', 'Inactive' or '{UNKNOWN}'.", ACTIVITY_VALUES),
    _number("activity_order", "smallint", "1 = Active.", 1),
)

COUNTRIES: Final = _result(
    "countries",
    "one row per country of the segment tables",
    f"The countries in their order: most customers first, then '{OTHER}', then '{UNKNOWN}'.",
    ("country",),
    _member("country", "Country."),
    _number("country_order", "smallint", "1 = most customers.", 1),
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
    keeps_history=True,
)

REJECTED_CUSTOMERS: Final = _result(
    "rejected_customers",
    "one row per source row that could not be used",
    "The rows left out of every result, each with all its reasons and its values as they were.",
    (),
    Column("customer_id", "bigint", "The row's customer_id, when it has one."),
    Column("reasons", "text", "Names of the failed checks, separated by a comma and a space.", required=True),
    Column("original_row", "text", "The row as JSON.", required=True),
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
    DATA_QUALITY,
    REJECTED_CUSTOMERS,
    REFRESHES,
)
TABLES: Final = (CUSTOMERS, *RESULT_TABLES)
