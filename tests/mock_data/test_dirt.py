"""Deliberate dirt: the requested amount, one defect per row, and nothing else changed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from customer360.mock_data.dirt import DIRT_KINDS
from customer360.mock_data.generate import SCHEMA
from customer360.tables import CUSTOMERS
from tests.mock_data.mock_rows import AS_OF, all_rows

ROWS = 60_000

LOOKS_LIKE: dict[str, Callable[[dict[str, Any]], bool]] = {
    "purchase_before_joining": lambda row: row["first_purchase"] < row["join_date"],
    "login_before_joining": lambda row: row["last_login"].date() < row["join_date"],
    "login_in_future": lambda row: row["last_login"].date() > AS_OF,
    "birth_after_joining": lambda row: row["birth_date"] > row["join_date"],
    "negative_points": lambda row: (row["loyalty_points"] or 0) < 0,
    "misspelt_email": lambda row: "@" not in (row["email"] or "@"),
    "shouted_country": lambda row: (row["country"] or "").isupper(),
    "missing_email": lambda row: row["email"] is None,
    "missing_country": lambda row: row["country"] is None,
    "missing_join_date": lambda row: row["join_date"] is None,
    "missing_status": lambda row: row["loyalty_status"] is None,
    "missing_points": lambda row: row["loyalty_points"] is None,
    "missing_activity": lambda row: row["is_active"] is None,
    "missing_balance": lambda row: row["account_balance"] is None,
}


@pytest.fixture(scope="module")
def clean() -> pa.Table:
    return all_rows(ROWS)


@pytest.fixture(scope="module")
def dirty() -> pa.Table:
    return all_rows(ROWS, dirt=0.1)


def changed_cells(clean: pa.Table, dirty: pa.Table) -> dict[str, np.ndarray]:
    """For each column, which rows differ; a null differs from any value."""
    cells = {}
    for name in SCHEMA.names:
        same = pc.fill_null(pc.equal(clean[name], dirty[name]), False)
        both_null = pc.and_(clean[name].is_null(), dirty[name].is_null())
        cells[name] = ~pc.or_(same, both_null).to_numpy()
    return cells


def test_the_requested_share_of_rows_is_dirty(clean: pa.Table, dirty: pa.Table) -> None:
    """Tests of users' own data depend on the share."""
    touched = np.any(list(changed_cells(clean, dirty).values()), axis=0)

    assert touched.mean() == pytest.approx(0.1, abs=0.005)


def test_a_dirty_row_has_one_defect(clean: pa.Table, dirty: pa.Table) -> None:
    """So the number of defects equals the number of rows with a defect."""
    defects = np.sum(list(changed_cells(clean, dirty).values()), axis=0)

    assert set(np.unique(defects)) == {0, 1}


def test_only_the_named_columns_change(clean: pa.Table, dirty: pa.Table) -> None:
    """Above all, customer_id is unchanged: it is the table's key."""
    touched = {name for name, rows in changed_cells(clean, dirty).items() if rows.any()}

    assert touched == {kind.column for kind in DIRT_KINDS}
    assert dirty["customer_id"].equals(clean["customer_id"])


@pytest.mark.parametrize("kind", DIRT_KINDS, ids=lambda kind: kind.name)
def test_every_kind_of_defect_occurs_and_looks_as_described(kind: Any, clean: pa.Table, dirty: pa.Table) -> None:
    """A kind that never occurs would leave its check untested."""
    touched = dirty.filter(changed_cells(clean, dirty)[kind.column]).to_pylist()

    found = [row for row in touched if LOOKS_LIKE[kind.name](row)]
    assert len(found) == pytest.approx(ROWS * 0.1 / len(DIRT_KINDS), rel=0.25)


def test_more_dirt_keeps_the_dirt_there_was() -> None:
    """A cleaner mock table differs from a dirtier one only in rows where the latter has a defect."""
    clean, some, more = (all_rows(5_000, dirt=dirt) for dirt in (0.0, 0.05, 0.2))

    for name in SCHEMA.names:
        was_dirty = changed_cells(clean, some)[name]
        assert some[name].filter(was_dirty).equals(more[name].filter(was_dirty))


def test_every_kind_is_described_and_changes_an_existing_column() -> None:
    """`--help` and the documentation are generated from this list."""
    assert len({kind.name for kind in DIRT_KINDS}) == len(DIRT_KINDS)
    assert all(kind.description.endswith(".") for kind in DIRT_KINDS)
    assert {kind.column for kind in DIRT_KINDS} < set(CUSTOMERS.column_names)
