"""The record kept with the rows of a source is read correctly, regardless of the version that wrote it."""

from __future__ import annotations

import json
from datetime import date, datetime
from typing import Any

import pytest

from customer360.postgres.connection import Database
from customer360.postgres.origin import Origin, origin
from customer360.postgres.publish import publication
from customer360.postgres.status import status
from customer360.tables import CUSTOMERS

MOCK = {
    "made_by": "customer360", "signed": True, "kind": "mock", "rows": 100, "seed": 7, "as_of": "2026-06-30",
    "dirt": 0.05, "filled_at": "2026-07-01 02:03:04.000005", "version": "1.2",
}  # fmt: skip
OWN = {
    "made_by": "customer360", "signed": True, "kind": "own", "columns": ["customer_id"], "missing_columns": ["name"],
    "status_order": None, "transactions": False, "last_day": None, "rows": 2, "rows_in": 6, "rows_rejected": 1,
    "rows_left_out": 2, "rows_identical": 1, "rejected": {"null_byte": 1}, "source": "members.csv",
    "description": "CSV", "filled_at": "2026-07-01 02:03:04", "version": "1.2",
}  # fmt: skip


def published(database: Database, record: dict[str, Any]) -> Origin:
    with publication(database, "test") as change:
        change.stage(CUSTOMERS)
        change.describe(CUSTOMERS, record)
        change.publish()
        return origin(change.connection, CUSTOMERS.full_name)


@pytest.mark.parametrize(
    ("filled", "comment"),
    [
        (
            Origin("mock", rows=100, seed=7, as_of=date(2026, 6, 30), dirt=0.05, version="1.2",
                   filled_at=datetime(2026, 7, 1, 2, 3, 4, 5)),
            MOCK,
        ),
        (
            Origin("own", rows=2, columns=("customer_id",), missing_columns=("name",), transactions=False, rows_in=6,
                   rows_rejected=1, rows_left_out=2, rows_identical=1, rejected={"null_byte": 1}, version="1.2",
                   source="members.csv", description="CSV", filled_at=datetime(2026, 7, 1, 2, 3, 4)),
            OWN,
        ),
    ],
    ids=["mock", "own"],
)  # fmt: skip
def test_a_record_is_read_as_written(database: Database, filled: Origin, comment: dict[str, Any]) -> None:
    """Also by older versions: the record keeps its keys and values."""
    found = published(database, filled.record())

    assert found.comment == comment
    assert json.loads(json.dumps(found.record(), default=str)) == json.loads(
        json.dumps(filled.record(), default=str)
    )
    assert (found.kind, found.rows, found.as_of, found.filled_at) == (
        filled.kind, filled.rows, filled.as_of, filled.filled_at
    )  # fmt: skip
    assert found.fill is not None


@pytest.mark.parametrize(
    "older", [{"kind": "mock", "rows": 3, "seed": 1}, {"kind": "own"}, {"of_a_later_version": 1}]
)
def test_a_record_of_another_version_is_read_as_far_as_possible(database: Database, older: dict[str, Any]) -> None:
    """What it does not contain is unknown."""
    found = published(database, older)

    assert (found.kind, found.rows) == (older.get("kind", "unknown"), older.get("rows", 0))
    assert (found.as_of, found.last_day, found.filled_at, found.rows_rejected) == (None, None, None, None)


def test_the_status_shows_each_source_as_it_was_recorded(database: Database) -> None:
    """Scripts depend on it."""
    published(database, OWN)
    shown = status(database).as_json()

    assert (shown["customers_kind"], shown["customers_facts"], shown["customers_change"]) == ("own", OWN, None)
    assert (shown["events_kind"], shown["events_facts"], shown["events_change"]) == ("absent", {}, None)
    assert shown["stale"]
    assert {*shown} == {
        "where", "server_version", "customers_kind", "customers_facts", "customers_change", "events_kind",
        "events_facts", "events_change", "rows", "last_refresh", "as_of", "age_seconds", "stale",
    }  # fmt: skip
