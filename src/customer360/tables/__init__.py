"""
Every table as data: its grain, its key, and its typed and described columns.

The one place where a table is defined: the *sources* come from outside, the *results* are made of them. DDL and
SQL comments, Spark and Arrow schemas, the semantic model and the documentation are rendered from here.
"""

from customer360.tables.columns import Column, Source, Table, folded
from customer360.tables.results import (
    ACTIVITIES,
    ACTIVITY_VALUES,
    BANDS,
    CALENDAR_MONTHS,
    COHORT_RETENTION,
    COUNTRIES,
    CUSTOMER_PROFILES,
    CUSTOMER_SEGMENTS,
    DATA_QUALITY,
    ENGAGEMENT_SEGMENTS,
    LOYALTY_STATUSES,
    OTHER,
    REFRESH_SOURCES,
    REFRESHES,
    REJECTED_ROWS,
    RESULT_SCHEMA,
    RESULT_TABLES,
    SLICERS,
    TABLES,
    TOP_CUSTOMERS,
    UNKNOWN,
    columns_read,
)
from customer360.tables.row_checks import RowCheck
from customer360.tables.sources import (
    ACTIVE_DAYS,
    CUSTOMERS,
    EARLIEST_DATE,
    MOST_POINTS,
    SOURCE_SCHEMA,
    SOURCES,
)

__all__ = [
    "ACTIVE_DAYS",
    "ACTIVITIES",
    "ACTIVITY_VALUES",
    "BANDS",
    "CALENDAR_MONTHS",
    "COHORT_RETENTION",
    "COUNTRIES",
    "CUSTOMERS",
    "CUSTOMER_PROFILES",
    "CUSTOMER_SEGMENTS",
    "DATA_QUALITY",
    "EARLIEST_DATE",
    "ENGAGEMENT_SEGMENTS",
    "LOYALTY_STATUSES",
    "MOST_POINTS",
    "OTHER",
    "REFRESHES",
    "REFRESH_SOURCES",
    "REJECTED_ROWS",
    "RESULT_SCHEMA",
    "RESULT_TABLES",
    "SLICERS",
    "SOURCES",
    "SOURCE_SCHEMA",
    "TABLES",
    "TOP_CUSTOMERS",
    "UNKNOWN",
    "Column",
    "RowCheck",
    "Source",
    "Table",
    "columns_read",
    "folded",
]
