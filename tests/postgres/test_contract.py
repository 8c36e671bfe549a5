"""Rows that break the contract of their table are never published, and the error shows no customer."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from customer360.errors import Customer360Error
from customer360.postgres.connection import Database
from customer360.postgres.copy import writer
from customer360.postgres.publish import publication
from customer360.tables import COHORT_RETENTION, CUSTOMER_SEGMENTS, Column, Table

MEMBERS = Table(
    "results",
    "members",
    "one row per member",
    "Members.",
    (
        Column("member", "bigint", "Its number.", required=True),
        Column("name", "text", "Full name.", required=True),
        Column("stage", "smallint", "How far it came.", minimum=1, maximum=4),
        Column("points", "bigint", "Points held.", minimum=0),
        Column("activity", "text", "Active or not.", allowed=("Active", "Inactive")),
    ),
    key=("member",),
)
NOTES = Table(
    "results", "notes", "one row per note", "Notes.", (Column("length", "bigint", "Its length.", minimum=1),)
)
ADA = {"member": 1, "name": "Ada Lovelace", "stage": 4, "points": 10, "activity": "Active"}


def publish(database: Database, table: Table, *rows: dict[str, Any]) -> None:
    schema = table.arrow_schema
    with publication(database, "test") as change:
        staged = change.stage(table)
        with writer(database) as copier:
            copier.copy_once(staged, 0, [pa.RecordBatch.from_pylist(list(rows), schema)])
        change.publish()


def members(database: Database) -> list[tuple[str]]:
    with database.connect() as connection:
        return connection.execute("SELECT name FROM results.members").fetchall()


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        ({"stage": 5}, "stage is not 1 to 4 in 1 row with the key (member), such as (2)"),
        ({"stage": 0}, "stage is not 1 to 4 in 1 row with the key (member), such as (2)"),
        ({"points": -1}, "points is not 0 or more in 1 row with the key (member), such as (2)"),
        (
            {"activity": "active"},
            "activity is not one of Active, Inactive in 1 row with the key (member), such as (2)",
        ),
        ({"member": 1}, "the key (member) is not unique in 2 rows, such as (1)"),
    ],
    ids=str,
)
def test_a_row_that_breaks_a_rule_publishes_nothing(database: Database, broken: dict[str, Any], said: str) -> None:
    """The error names the rule, the table, the number of rows, and some of their keys."""
    publish(database, MEMBERS, ADA)

    with pytest.raises(Customer360Error) as refused:
        publish(database, MEMBERS, ADA, {**ADA, "member": 2, "name": "Grace Hopper", **broken})

    assert str(refused.value) == f"results.members: {said}; nothing was published"
    assert members(database) == [("Ada Lovelace",)]


def test_a_null_in_a_required_column_publishes_nothing_and_shows_no_row(database: Database) -> None:
    """PostgreSQL's own message contains the whole row, including the name."""
    publish(database, MEMBERS, ADA)

    with pytest.raises(Customer360Error) as refused:
        publish(database, MEMBERS, {**ADA, "member": None})

    assert str(refused.value) == "members: member is null in a row, but is required; nothing was published"
    assert refused.value.__suppress_context__
    assert members(database) == [("Ada Lovelace",)]


def test_null_is_within_every_range_and_list(database: Database) -> None:
    """Unknown is not wrong; whether null is allowed is a separate rule."""
    publish(database, MEMBERS, {**ADA, "stage": None, "points": None, "activity": None})

    assert members(database) == [("Ada Lovelace",)]


def test_at_most_three_keys_are_named_but_all_rows_counted(database: Database) -> None:
    """Enough to find the rows, and still one line."""
    with pytest.raises(
        Customer360Error, match=r"in 40 rows with the key \(member\), such as \(1\), \(2\), \(3\);"
    ):
        publish(database, MEMBERS, *({**ADA, "member": number, "points": -number} for number in range(1, 41)))


def test_a_table_without_a_key_counts_without_naming(database: Database) -> None:
    """There is no key to identify a row."""
    with pytest.raises(
        Customer360Error, match="results.notes: length is not 1 or more in 1 row; nothing was published"
    ):
        publish(database, NOTES, {"length": 0})


def test_a_key_with_a_null_in_it_is_unique_too(database: Database) -> None:
    """A primary key cannot enforce it: segments of customers without a join date have a null in their key."""
    segment = {
        "join_month": None, "loyalty_status": "Gold", "activity": "Active", "country": "Chile", "balance_band": None,
        "points_band": 1, "customers": 2, "balance_sum": Decimal(0), "balance_count": 0, "points_sum": 5,
        "points_count": 2, "recency_days_sum": 0, "recency_count": 0,
    }  # fmt: skip
    publish(database, CUSTOMER_SEGMENTS, segment)

    with pytest.raises(
        Customer360Error, match=r"is not unique in 2 rows, such as \(null, Gold, Active, Chile, null, 1\)"
    ):
        publish(database, CUSTOMER_SEGMENTS, segment, segment)


def test_a_share_above_one_never_reaches_a_reader(database: Database) -> None:
    """A rule of a published table, as declared in tables.py."""
    cohort = {
        "join_month": date(2026, 1, 1), "months_since": 0, "cohort_customers": 4, "retained_customers": 5,
        "retained_share": Decimal("1.25"),
    }  # fmt: skip

    with pytest.raises(Customer360Error, match=r"retained_share is not 0 to 1 in 1 row .*\(2026-01-01, 0\)"):
        publish(database, COHORT_RETENTION, cohort)
