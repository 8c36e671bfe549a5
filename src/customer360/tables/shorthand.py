"""Shorthand for defining result tables: columns by kind, and what they derive from."""

from __future__ import annotations

from typing import Any, Final

from customer360.tables.columns import Column, Dependency, Index, Role, Table
from customer360.tables.sources import ACTIVE_DAYS, CUSTOMERS, EVENTS, events_of

RESULT_SCHEMA: Final = "analytics"


def result(
    name: str,
    grain: str,
    description: str,
    key: tuple[str, ...],
    *columns: Column,
    role: Role = "fact",
    keeps_history: bool = False,
    indexes: tuple[Index, ...] = (),
    is_private: bool = False,
) -> Table:
    return Table(RESULT_SCHEMA, name, grain, description, columns, key, role, keeps_history, indexes, is_private)


def column(name: str, sql_type: str, description: str, *derived_from: Dependency, **rules: Any) -> Column:
    return Column(name, sql_type, description, derived_from=derived_from, **rules)


def number(
    name: str,
    sql_type: str,
    description: str,
    minimum: int,
    maximum: int | None = None,
    *derived_from: Dependency,
    **rules: Any,
) -> Column:
    """A number that is never null and never outside its range."""
    kept = {"required": True, "minimum": minimum, "maximum": maximum, **rules}
    return column(name, sql_type, description, *derived_from, **kept)


def total(
    name: str,
    description: str,
    *derived_from: Dependency,
    minimum: int | None = 0,
    except_over: tuple[str, ...] = (),
    sql_type: str = "bigint",
    **rules: Any,
) -> Column:
    """A number, never null, that may be summed over any rows except those that differ in *except_over*."""
    adds_up = {"is_additive": True, "except_over": except_over, **rules}
    return column(name, sql_type, description, *derived_from, required=True, minimum=minimum, **adds_up)


def customers() -> Column:
    """The number of customers that a row of a fact represents."""
    return total("customers", "Number of customers.", minimum=1, counts=())


def member(name: str, description: str, *derived_from: Dependency, **rules: Any) -> Column:
    return column(name, "text", description, *derived_from, required=True, is_member=True, **rules)


def band(name: str, description: str, lowest: int, derived_from: Dependency) -> Column:
    return column(name, "smallint", description, derived_from, minimum=lowest)


JOINED: Final = CUSTOMERS["join_date"]
PURCHASED: Final = CUSTOMERS["first_purchase"]
LOGGED_IN: Final = CUSTOMERS["last_login"]
FLAG: Final = CUSTOMERS["is_active"]
STATUS: Final = CUSTOMERS["loyalty_status"]
COUNTRY: Final = CUSTOMERS["country"]
POINTS: Final = CUSTOMERS["loyalty_points"]
BALANCE: Final = CUSTOMERS["account_balance"]
BORN: Final = CUSTOMERS["birth_date"]
GENDER: Final = CUSTOMERS["gender"]
HAPPENED: Final = EVENTS["occurred_at"]
KIND: Final = EVENTS["kind"]
LAST_SEEN: Final = (LOGGED_IN, HAPPENED)
"""Either one shows when a customer was last seen."""
ACTIVITY: Final = (FLAG, *LAST_SEEN)
"""The stored flag or, if the data has none, the behaviour."""
SEEN: Final = (JOINED, LAST_SEEN)
FUNNEL: Final = (JOINED, PURCHASED, LOGGED_IN, ACTIVITY)

ORDERED: Final = events_of("purchase")
SPENT: Final = EVENTS["amount"]
# Every page can be filtered by these columns, so they come first in each table that feeds a visual.
# Unknown is a separate member, so that a filter is always a plain list of values.
UNKNOWN: Final = "Unknown"
OTHER: Final = "Other"
NOT_STATED: Final = "Not stated"
ACTIVITY_VALUES: Final = ("Active", "Inactive", UNKNOWN)
SLICER_COLUMNS: Final = (
    column("join_month", "date", "First day of the month of join_date; null if unknown.", JOINED),
    column(
        "loyalty_status", "text", f"Tier of the loyalty programme; '{UNKNOWN}' if null.", STATUS, required=True
    ),
    column(
        "activity",
        "text",
        f"The stored is_active in words; if the data has no is_active, whether the customer was seen in the "
        f"{ACTIVE_DAYS} days up to the as-of date.",
        ACTIVITY,
        required=True,
        allowed=ACTIVITY_VALUES,
    ),
    column(
        "country",
        "text",
        f"Country; '{OTHER}' beyond the 19 countries with the most customers; '{UNKNOWN}' if null.",
        COUNTRY,
        required=True,
    ),
)
SLICERS: Final = tuple(column.name for column in SLICER_COLUMNS)


ID: Final = Column("customer_id", "bigint", "Identifies the customer.", required=True)
SHOWN_ID: Final = Column(
    "source_id",
    "text",
    "The customer's id in the source; customer_id if that is unknown or is an e-mail address.",
    required=True,
    heading="Customer ID",
    derived_from=(CUSTOMERS["source_id"],),
    personal="name",
)
