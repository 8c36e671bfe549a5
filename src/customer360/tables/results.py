"""
The result tables, which a run builds from the sources.

DDL and SQL comments, Spark and Arrow schemas, the semantic model and the documentation are rendered from them.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from customer360.tables.columns import Column, Source, Table
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
from customer360.tables.sources import SOURCES
from customer360.tables.value_results import (
    RFM_SCORES,
    RFM_SEGMENTS,
    SPENDING_SEGMENTS,
    SPENDING_TENTHS,
    TOP_SPENDERS,
    VALUE_HOLDOUT,
    VALUE_MODEL,
    VALUE_SEGMENTS,
)

RESULT_TABLES: Final = (
    CUSTOMER_PROFILES,
    CUSTOMER_CONTACTS,
    CUSTOMER_SEGMENTS,
    ENGAGEMENT_SEGMENTS,
    TOP_CUSTOMERS,
    COHORT_RETENTION,
    CUSTOMER_MONTHS,
    ACTIVITY_SEGMENTS,
    CUSTOMER_MOVES,
    TIER_MOVES,
    DEMOGRAPHIC_SEGMENTS,
    VALUE_SEGMENTS,
    VALUE_HOLDOUT,
    VALUE_MODEL,
    SPENDING_SEGMENTS,
    SPENDING_TENTHS,
    TOP_SPENDERS,
    RFM_SCORES,
    RFM_SEGMENTS,
    CALENDAR_MONTHS,
    LOYALTY_STATUSES,
    ACTIVITIES,
    COUNTRIES,
    BANDS,
    REFRESHES,
    REFRESH_SOURCES,
    DATA_QUALITY,
    REJECTED_ROWS,
    PEOPLE_ACCESS,
)
TABLES: Final = (*SOURCES, *RESULT_TABLES)
"""Every table, sources first."""


def dependencies(columns: Iterable[Column]) -> frozenset[Column]:
    """Every source column that *columns* derive from, including those of groups."""
    derived = [one for column in columns for one in column.derived_from]
    return frozenset(one for group in derived for one in ((group,) if isinstance(group, Column) else group))


def columns_read(source: Source, results: Iterable[Table] = RESULT_TABLES) -> tuple[str, ...]:
    """The columns of *source* that are read: its key, what *results* derive from, and what its checks need."""
    derived = {one.full_name for one in dependencies(column for table in results for column in table.columns)}
    wanted = {*source.key, *source.read_for_checks}
    return tuple(one.name for one in source.columns if one.name in wanted or one.full_name in derived)
