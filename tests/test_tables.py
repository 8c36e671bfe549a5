"""The tables as data: described, keyed and typed by one standard."""

from __future__ import annotations

import re

import pytest

from customer360.tables import (
    ACTIVITY_SEGMENTS,
    CUSTOMER_CONTACTS,
    CUSTOMERS,
    EVENT_KINDS,
    EVENTS,
    RESULT_TABLES,
    SLICERS,
    SOURCES,
    TABLES,
    Column,
    Table,
    columns_read,
    dependencies,
    events_of,
)

TYPES = r"bigint|integer|smallint|boolean|text|date|timestamp|numeric\(\d+,\d+\)"


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_a_table_says_what_a_row_is_and_what_each_column_means(table: Table) -> None:
    """Documentation, SQL comments and the semantic model are rendered from here."""
    assert table.grain.startswith("one row per ")
    assert table.description.endswith(".")
    for column in table.columns:
        assert column.description.endswith("."), column.name
        assert re.fullmatch(TYPES, column.type), column.name


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_keys_are_columns_and_names_are_unique(table: Table) -> None:
    """Otherwise a misspelt key would only be noticed in the database."""
    assert set(table.key) <= set(table.column_names)
    assert len(set(table.column_names)) == len(table.columns)


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_a_key_names_no_person(table: Table) -> None:
    """An error shows the keys of rows that break a rule."""
    assert not {"name", "email"} & set(table.key)


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_only_what_is_staged_has_rules(table: Table) -> None:
    """Rows added to a history are not audited, and the source may contain anything: the operations check it."""
    if table.keeps_history or table in SOURCES:
        assert not [column.name for column in table.columns if column.values]


def test_a_rule_reads_as_words() -> None:
    """In the documentation, and in the error for a row that breaks it."""
    rules = [
        Column("a", "text", "A."),
        Column("a", "text", "A.", required=True),
        Column("a", "bigint", "A.", minimum=0),
        Column("a", "bigint", "A.", required=True, minimum=1, maximum=4),
        Column("a", "text", "A.", allowed=("x", "y")),
    ]

    assert [column.rule for column in rules] == [
        "",
        "never null",
        "0 or more",
        "never null, 1 to 4",
        "one of x, y",
    ]


def test_the_names_of_the_brief_are_unchanged() -> None:
    """People's own tables and reports use them."""
    brief = {
        "customer_id", "name", "is_active", "loyalty_status", "join_date", "account_balance", "loyalty_points",
        "first_purchase", "last_login",
    }  # fmt: skip
    assert brief <= set(CUSTOMERS.column_names)
    assert "account_age_days" in next(t for t in RESULT_TABLES if t.name == "customer_profiles").column_names


def test_every_table_of_a_filtered_visual_has_every_slicer() -> None:
    """A filter must reach every visual of a page; the few exceptions are listed by name."""
    without = {"cohort_retention", "tier_moves", "value_holdout", "spending_tenths"}
    fed = [table for table in RESULT_TABLES if table.role == "fact" and table.name not in without]

    assert all(set(SLICERS) <= set(table.column_names) for table in fed)


def test_only_the_top_tens_carry_a_name_out_of_the_source() -> None:
    """Results are read by more people than customers are."""
    named = [t.name for t in RESULT_TABLES if {"name", "email"} & set(t.column_names)]

    assert named == ["customer_contacts", "top_customers", "top_spenders"]
    assert not CUSTOMER_CONTACTS.is_readable


def test_a_check_has_a_name_of_its_own_among_all_sources() -> None:
    """data_quality distinguishes the checks of a refresh by their names."""
    names = [check.name for source in SOURCES for check in source.checks]

    assert len(names) == len(set(names))


def test_the_checks_of_a_source_are_read_with_it() -> None:
    """A condition on a column that is not read could not be checked."""
    assert {"customer_id", "order_id", "expires_on", "amount", "points"} <= {*columns_read(EVENTS)}


def test_results_derive_from_existing_columns_and_kinds_of_events() -> None:
    """A misspelt dependency would never be missing, and its visual would show zero."""
    known = {column for source in SOURCES for column in source.columns} | {*map(events_of, EVENT_KINDS)}

    assert dependencies(column for table in RESULT_TABLES for column in table.columns) <= known


def test_customers_of_a_month_do_not_add_up_over_months() -> None:
    """Someone active in two months would be counted twice."""
    over_months = {column.name for column in ACTIVITY_SEGMENTS.columns if column.except_over}

    assert over_months == {
        "active_customers", "retained_customers", "resurrected_customers", "login_customers", "buyers", "repeat_buyers",
    }  # fmt: skip
