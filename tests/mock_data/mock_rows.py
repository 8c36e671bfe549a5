"""All rows of a plan as one table, for tests that need more than one block."""

from __future__ import annotations

from datetime import date
from typing import Any

import pyarrow as pa

from customer360.mock_data.events import SCHEMA, generate_events
from customer360.mock_data.generate import generate_block
from customer360.mock_data.plan import Plan

AS_OF = date(2026, 6, 30)


def all_rows(customers: int, as_of: date = AS_OF, **options: Any) -> pa.Table:
    """Every row of the plan, as one table."""
    plan = Plan(customers, as_of=as_of, **options)
    return pa.Table.from_batches([generate_block(plan, block) for block in range(plan.blocks)])


def all_events(customers: int, as_of: date = AS_OF, **options: Any) -> pa.Table:
    """Every event of the plan, as one table."""
    plan = Plan(customers, as_of=as_of, **options)
    batches = [batch for block in range(plan.blocks) for batch in generate_events(plan, block)]
    return pa.Table.from_batches(batches, SCHEMA)
