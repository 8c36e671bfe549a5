"""Contradictory results of one refresh are never published."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import Any

import pyarrow as pa
import pytest

from customer360.errors import Refused
from customer360.pipeline.audit import audit_totals
from customer360.postgres.connection import Database
from customer360.postgres.copy import writer
from customer360.postgres.publish import Publication, publication
from customer360.tables import (
    ACTIVITY_SEGMENTS,
    CUSTOMER_MONTHS,
    CUSTOMER_PROFILES,
    CUSTOMER_SEGMENTS,
    DEMOGRAPHIC_SEGMENTS,
    ENGAGEMENT_SEGMENTS,
    RFM_SEGMENTS,
    SPENDING_SEGMENTS,
    SPENDING_TENTHS,
    VALUE_SEGMENTS,
    Table,
)

pytestmark = pytest.mark.slow

FEBRUARY = date(2026, 2, 1)
NOTHING: dict[str, Any] = {
    "bigint": 0, "smallint": 1, "integer": 1, "boolean": True, "text": "Unknown", "date": FEBRUARY,
    "numeric(22,2)": Decimal(0), "numeric(22,4)": Decimal(0), "numeric(14,2)": Decimal(0),
    "numeric(12,4)": Decimal(0), "numeric(5,4)": Decimal(0), "numeric(12,2)": Decimal(0),
}  # fmt: skip
ONE_CUSTOMER = {"customers": 1}
ONE_MONTH = {
    "is_resurrected": False,
    "is_retained": False,
    "is_repeat_buyer": False,
    "orders": 1,
    "amount": Decimal(9),
}
SUMMED = {
    "active_customers": 1, "new_customers": 1, "buyers": 1, "orders": 1, "amount": Decimal(9), "active_days": 1,
    "possible_days": 28,
}  # fmt: skip


def stage(database: Database, change: Publication, table: Table, **values: Any) -> None:
    """Stages one row with *values*, and other values that the contract allows."""
    row = {column.name: NOTHING[column.type] for column in table.columns} | values
    with writer(database) as copier:
        copier.copy_once(change.stage(table), 0, pa.Table.from_pylist([row], table.arrow_schema).to_batches())


def audit(
    database: Database,
    customers: int = 1,
    months: int = 1,
    changed: Mapping[str, Any] = MappingProxyType({}),
    wrong: Table | None = None,
) -> None:
    """
    Audits the results of one customer who was active in February and ordered for 9, with the sums *changed*; the
    *wrong* table of those about spending counts two customers.
    """
    with publication(database, "test") as change:
        for table in (CUSTOMER_SEGMENTS, ENGAGEMENT_SEGMENTS):
            stage(database, change, table, **ONE_CUSTOMER)
        stage(database, change, DEMOGRAPHIC_SEGMENTS, customers=customers)
        stage(database, change, CUSTOMER_PROFILES)
        stage(database, change, RFM_SEGMENTS)
        for table in (VALUE_SEGMENTS, SPENDING_SEGMENTS):
            stage(database, change, table, customers=2 if table is wrong else 1)
        stage(database, change, SPENDING_TENTHS, tenth_customers=2 if wrong is SPENDING_TENTHS else 1)
        stage(database, change, ACTIVITY_SEGMENTS, **(SUMMED | dict(changed)))
        if months:
            stage(database, change, CUSTOMER_MONTHS, **ONE_MONTH)
        else:
            change.stage(CUSTOMER_MONTHS)
        audit_totals(change, 1)


def test_results_that_agree_pass(database: Database) -> None:
    audit(database)


@pytest.mark.parametrize(("name", "value"), [
    ("orders", 2), ("amount", Decimal("9.01")), ("active_customers", 2), ("new_customers", 0), ("buyers", 0),
    ("repeat_buyers", 1), ("retained_customers", 1), ("logins", 3), ("earned", -1), ("order_gap_days", 1),
])  # fmt: skip
def test_segments_that_sum_other_events_than_the_months_are_refused(
    database: Database, name: str, value: int | Decimal
) -> None:
    """This shows any event that is lost or counted twice on the way to either table."""
    with pytest.raises(Refused, match=rf"^{name} of analytics\.activity_segments is .* nothing was published"):
        audit(database, changed={name: value})


def test_segments_of_months_that_nobody_has_are_refused(database: Database) -> None:
    """No months at all are a sum of zero."""
    with pytest.raises(Refused, match="active_customers of analytics"):
        audit(database, months=0)


def test_every_table_of_customers_has_all_of_them(database: Database) -> None:
    with pytest.raises(Refused, match=r"demographic_segments counts 2 customers where 1 were read"):
        audit(database, customers=2)


@pytest.mark.parametrize("table", [VALUE_SEGMENTS, SPENDING_SEGMENTS, SPENDING_TENTHS], ids=lambda one: one.name)
def test_with_events_the_tables_of_spending_have_all_customers_too(database: Database, table: Table) -> None:
    """A customer who never ordered has spent nothing, and is in a segment."""
    with pytest.raises(Refused, match=rf"{table.name} counts 2 customers where 1 were read"):
        audit(database, wrong=table)
