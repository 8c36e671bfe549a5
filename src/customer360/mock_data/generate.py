"""From a plan to rows: each block of customers as an Arrow record batch, independent of other blocks."""

from __future__ import annotations

from dataclasses import asdict
from typing import Final

import numpy as np
import pyarrow as pa

from customer360.mock_data.columns import Flags, column, decimals, flags, indices, texts
from customer360.mock_data.countries import countries
from customer360.mock_data.dirt import soil
from customer360.mock_data.draws import Draws, Floats, Indices, Integers
from customer360.mock_data.history import History, histories
from customer360.mock_data.identity import country_indices, identities
from customer360.mock_data.plan import BLOCK_ROWS, Plan
from customer360.mock_data.visits import Members
from customer360.tables import CUSTOMERS

SCHEMA: Final = CUSTOMERS.arrow_schema
"""The columns of the customers table, in its order."""

_MICROSECONDS: Final = 1_000_000
_SECONDS_PER_DAY: Final = 86_400


def generate_block(plan: Plan, block: int) -> pa.RecordBatch:
    """
    The customers of one block, numbered from 0: ids from `block * BLOCK_ROWS + 1`, at most `BLOCK_ROWS` rows.

    Columns as in `SCHEMA`. The same plan gives the same bytes in every process and on every machine.
    Raises: Customer360Error when the plan has no such block.
    """
    draws = Draws(plan.seed, block, plan.block_rows(block))
    customer_id = column(pa.int64(), _customer_ids(block, draws.rows))
    country = country_indices(plan.story, draws)
    history = histories(plan, draws, *_country_effects(country))
    columns = {
        "customer_id": customer_id,
        "source_id": pa.nulls(draws.rows, pa.string()),
        **identities(plan.story, draws, customer_id, country),
        **_history_columns(plan, history),
    }
    rows = pa.record_batch([columns[name] for name in SCHEMA.names], schema=SCHEMA)
    return soil(rows, plan.as_of, plan.dirt, draws) if plan.dirt else rows


def members_of(plan: Plan, block: int) -> Members:
    """The clean rows of the customers of one block, as input for their events."""
    draws = Draws(plan.seed, block, plan.block_rows(block))
    spending, utc_offset = _country_effects(country_indices(plan.story, draws))
    history = histories(plan, draws, spending, utc_offset)
    return Members(
        customer_id=_customer_ids(block, draws.rows),
        value=draws("value"),
        utc_offset=utc_offset,
        points=history.points,
        last_login_second=history.last_login_second,
        **asdict(history.membership),
    )


def _customer_ids(block: int, rows: int) -> Integers:
    return np.arange(1, rows + 1, dtype=np.int64) + block * BLOCK_ROWS


def _country_effects(country: Indices) -> tuple[Floats, Integers]:
    spending = np.array([place.spending for place in countries()])
    utc_offset = np.array([place.utc_offset for place in countries()])
    return spending[country], utc_offset[country]


def _history_columns(plan: Plan, history: History) -> dict[str, pa.Array]:
    member = history.membership
    last_login = (member.last_login_day * _SECONDS_PER_DAY + history.last_login_second) * _MICROSECONDS
    return {
        "birth_date": _dates(history.birth_day),
        "join_date": _dates(member.join_day),
        "first_purchase": _dates(member.first_purchase_day, member.has_purchased),
        "last_login": column(SCHEMA.field("last_login").type, last_login, member.has_logged_in),
        "is_active": flags(history.is_active),
        "loyalty_status": texts(tier.name for tier in plan.story.tiers).take(indices(history.tier)),
        "loyalty_points": column(pa.int64(), history.points),
        "account_balance": decimals(SCHEMA.field("account_balance").type, history.balance_cents),
    }


def _dates(days: Integers, known: Flags | None = None) -> pa.Array:
    return column(pa.date32(), days.astype(np.int32), known)
