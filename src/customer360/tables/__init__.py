"""
Every table as data: its grain, its key, and its typed and described columns.

Tables are defined only here: *sources* come from outside, *results* are built from them. DDL and SQL comments,
Spark and Arrow schemas, the semantic model and the documentation are rendered from these definitions.
"""

from customer360.tables.columns import Column, Dependency, Index, Source, Table, folded
from customer360.tables.customer_results import (
    COHORT_RETENTION,
    CUSTOMER_CONTACTS,
    CUSTOMER_PROFILES,
    CUSTOMER_SEGMENTS,
    DEMOGRAPHIC_SEGMENTS,
    ENGAGEMENT_SEGMENTS,
    TOP_CUSTOMERS,
)
from customer360.tables.dimensions import ACTIVITIES, BANDS, CALENDAR_MONTHS, COUNTRIES, LOYALTY_STATUSES
from customer360.tables.event_results import ACTIVITY_SEGMENTS, CUSTOMER_MONTHS, CUSTOMER_MOVES, TIER_MOVES
from customer360.tables.logs import DATA_QUALITY, PEOPLE_ACCESS, REFRESH_SOURCES, REFRESHES, REJECTED_ROWS
from customer360.tables.results import RESULT_TABLES, TABLES, columns_read, dependencies
from customer360.tables.row_checks import RowCheck
from customer360.tables.shorthand import ACTIVITY_VALUES, NOT_STATED, OTHER, RESULT_SCHEMA, SLICERS, UNKNOWN
from customer360.tables.sources import (
    ACTIVE_DAYS,
    ACTIVE_KINDS,
    CUSTOMERS,
    EARLIEST_DATE,
    EARNING_KINDS,
    EVENT_KINDS,
    EVENTS,
    MOST_POINTS,
    SOURCE_SCHEMA,
    SOURCES,
    events_of,
)
from customer360.tables.value_results import (
    RFM_MONTHS,
    RFM_SCORES,
    RFM_SEGMENT_NAMES,
    RFM_SEGMENTS,
    SPENDING_SEGMENTS,
    SPENDING_TENTHS,
    TOP_SPENDERS,
    VALUE_HOLDOUT,
    VALUE_MODEL,
    VALUE_SEGMENTS,
)

__all__ = [
    "ACTIVE_DAYS",
    "ACTIVE_KINDS",
    "ACTIVITIES",
    "ACTIVITY_SEGMENTS",
    "ACTIVITY_VALUES",
    "BANDS",
    "CALENDAR_MONTHS",
    "COHORT_RETENTION",
    "COUNTRIES",
    "CUSTOMERS",
    "CUSTOMER_CONTACTS",
    "CUSTOMER_MONTHS",
    "CUSTOMER_MOVES",
    "CUSTOMER_PROFILES",
    "CUSTOMER_SEGMENTS",
    "DATA_QUALITY",
    "DEMOGRAPHIC_SEGMENTS",
    "EARLIEST_DATE",
    "EARNING_KINDS",
    "ENGAGEMENT_SEGMENTS",
    "EVENTS",
    "EVENT_KINDS",
    "LOYALTY_STATUSES",
    "MOST_POINTS",
    "NOT_STATED",
    "OTHER",
    "PEOPLE_ACCESS",
    "REFRESHES",
    "REFRESH_SOURCES",
    "REJECTED_ROWS",
    "RESULT_SCHEMA",
    "RESULT_TABLES",
    "RFM_MONTHS",
    "RFM_SCORES",
    "RFM_SEGMENTS",
    "RFM_SEGMENT_NAMES",
    "SLICERS",
    "SOURCES",
    "SOURCE_SCHEMA",
    "SPENDING_SEGMENTS",
    "SPENDING_TENTHS",
    "TABLES",
    "TIER_MOVES",
    "TOP_CUSTOMERS",
    "TOP_SPENDERS",
    "UNKNOWN",
    "VALUE_HOLDOUT",
    "VALUE_MODEL",
    "VALUE_SEGMENTS",
    "Column",
    "Dependency",
    "Index",
    "RowCheck",
    "Source",
    "Table",
    "columns_read",
    "dependencies",
    "events_of",
    "folded",
]
