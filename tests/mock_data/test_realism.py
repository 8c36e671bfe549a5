"""The gates: what each one measures, that the mock data passes them all, and that each can fail."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from math import inf, isnan, nan
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from customer360.mock_data.generate import SCHEMA
from customer360.mock_data.plan import STORY, Tier
from customer360.mock_data.realism import REPORT_COLUMNS, Gate, realism_report
from tests.mock_data.mock_rows import AS_OF, all_rows

AS_OF_DATES = [date(2024, 2, 29), AS_OF, date(2026, 11, 22)]

A_CUSTOMER = {
    "name": "Ana Núñez",
    "email": "ana.nunez1@example.com",
    "birth_date": date(1990, 1, 1),
    "join_date": date(2020, 1, 1),
    "first_purchase": date(2020, 1, 2),
    "last_login": date(2026, 6, 30),
    "is_active": True,
    "loyalty_status": "Bronze",
    "loyalty_points": 10,
    "account_balance": 10.0,
}


def table(*rows: dict[str, Any]) -> pa.Table:
    """Customers like `A_CUSTOMER`, with the changes in each row."""
    plain = pa.Table.from_pylist([{**A_CUSTOMER, **row} for row in rows])
    return plain.cast(pa.schema([SCHEMA.field(name) for name in plain.schema.names]))


def value(rows: pa.Table, name: str, **options: Any) -> float:
    """The figure of the gate *name*."""
    return next(gate.value for gate in realism_report(rows, AS_OF, **options) if gate.name == name)


def failed(rows: pa.Table, as_of: date = AS_OF) -> list[str]:
    """The gates that the rows fail, with their figures."""
    return [f"{gate.name}: {gate.value}" for gate in realism_report(rows, as_of) if not gate.passed]


@pytest.mark.parametrize("as_of", AS_OF_DATES, ids=str)
@pytest.mark.parametrize("seed", [0, 7])
def test_a_hundred_thousand_customers_pass_every_gate(as_of: date, seed: int) -> None:
    """Regardless of the seed and the day."""
    assert failed(all_rows(100_000, as_of, seed=seed), as_of) == []


@pytest.mark.slow
@pytest.mark.parametrize("as_of", AS_OF_DATES, ids=str)
def test_a_million_customers_pass_every_gate(as_of: date) -> None:
    """The gates do not depend on the number of customers."""
    assert failed(all_rows(1_000_000, as_of), as_of) == []


def test_every_property_that_makes_the_data_believable_has_its_gate(customers: pa.Table) -> None:
    """A gate missing from the report would never fail again."""
    assert [(gate.name, gate.low, gate.high) for gate in realism_report(customers, AS_OF)] == [
        ("integrity violations", 0, 0),
        ("Gini of balances", 0.50, 0.72),
        ("top 10 % of balances", 0.35, 0.61),
        ("points and balance", 0.6, 1),
        ("recency and value", -0.6, -0.4),
        ("recency spread", 0.9, 1.2),
        ("Bronze share", 0.45, 0.60),
        ("Silver share", 0.25, 0.35),
        ("Gold share", 0.10, 0.20),
        ("balance rises with tier", 1.1, inf),
        ("active share", 0.40, 0.65),
        ("early hazard", 3, inf),
        ("November joins", 1.5, inf),
        ("never purchased", 0.10, 0.25),
        ("e-mail fits the name", 0.95, 1),
    ]


@pytest.mark.parametrize(
    ("measured", "passed"), [(0.4, True), (0.65, True), (0.399, False), (0.651, False), (nan, False)]
)
def test_a_gate_passes_from_its_lower_to_its_upper_end(measured: float, passed: bool) -> None:
    """A missing measurement does not pass."""
    assert Gate("active share", measured, 0.40, 0.65, "").passed is passed


def test_the_report_reads_only_the_columns_it_names(customers: pa.Table) -> None:
    """So that ten million rows can be read without their cities."""
    some = customers.select(REPORT_COLUMNS)

    assert realism_report(some, AS_OF) == realism_report(customers, AS_OF)


def test_without_customers_only_integrity_passes() -> None:
    """Without customers there is nothing to measure, and no violation."""
    gates = realism_report(SCHEMA.empty_table(), AS_OF)

    assert [gate.name for gate in gates if not isnan(gate.value)] == ["integrity violations"]


@pytest.mark.parametrize(
    ("wrong", "violations"),
    [
        ({}, 0),
        ({"first_purchase": None, "last_login": None}, 0),
        ({"first_purchase": date(2020, 1, 1), "last_login": date(2020, 1, 1)}, 0),
        ({"birth_date": date(2020, 1, 1)}, 1),
        ({"first_purchase": date(2019, 12, 31)}, 1),
        ({"first_purchase": None, "last_login": date(2019, 12, 31)}, 1),
        ({"last_login": date(2020, 1, 1)}, 1),
        ({"last_login": None}, 1),
        ({"last_login": AS_OF + timedelta(days=1)}, 1),
        ({"join_date": AS_OF + timedelta(days=1), "first_purchase": None, "last_login": None}, 1),
    ],
)
def test_a_row_whose_dates_are_out_of_order_is_one_violation(wrong: dict[str, Any], violations: int) -> None:
    """Regardless of how many of its dates are wrong."""
    assert value(table({}, wrong), "integrity violations") == violations


@pytest.mark.parametrize(
    ("balances", "gini", "top"),
    [
        ([5.0] * 10, 0, 0.1),
        ([1.0] * 9 + [91.0], 0.81, 0.91),
        ([-7.0, 0.0, None, *[5.0] * 10], 0, 0.1),
    ],
)
def test_inequality_is_that_of_the_positive_balances(balances: list[Any], gini: float, top: float) -> None:
    """Debts and empty accounts would push the Gini coefficient past one."""
    rows = table(*({"account_balance": balance} for balance in balances))

    assert value(rows, "Gini of balances") == pytest.approx(gini)
    assert value(rows, "top 10 % of balances") == pytest.approx(top)


def test_correlation_is_by_rank_and_ignores_unknown_values() -> None:
    """Points 1, 2, 2, 9 against balances 10, 30, 20, 40: ranks 1, 2.5, 2.5, 4 against 1, 3, 2, 4."""
    pairs = [(1, 10.0), (2, 30.0), (2, 20.0), (9, 40.0), (None, 1e3), (1_000, None)]
    rows = table(*({"loyalty_points": points, "account_balance": balance} for points, balance in pairs))

    assert value(rows, "points and balance") == pytest.approx(4.5 / (4.5 * 5) ** 0.5)


def test_the_hazard_is_leavers_relative_to_members() -> None:
    """Two leave after 1 and 60 months, one stays for 60: 1 in 1 + 6 + 6 months early, 1 in 12 + 12 late."""

    def months_before(months: float) -> date:
        return AS_OF - timedelta(days=round(months * 365.25 / 12))

    rows = table(
        {"join_date": months_before(20), "last_login": months_before(19), "first_purchase": None},
        {"join_date": months_before(80), "last_login": months_before(20), "first_purchase": None},
        {"join_date": months_before(60), "last_login": AS_OF, "first_purchase": None},
    )

    assert value(rows, "early hazard") == pytest.approx((1 / 13) / (1 / 24), rel=0.01)


def test_the_tiers_are_those_of_the_story() -> None:
    """Their names, their order and their expected shares come from the plan."""
    story = replace(STORY, tiers=(Tier("Neu", 0, (0, 1)), Tier("Treu", 500, (0, 1))))
    rows = table(
        {"loyalty_status": "Neu", "account_balance": 10.0},
        {"loyalty_status": "Neu", "account_balance": 30.0},
        {"loyalty_status": "Treu", "account_balance": 60.0},
        {"loyalty_status": None, "account_balance": 1e3},
    )

    assert value(rows, "Neu share", story=story) == pytest.approx(2 / 3)
    assert value(rows, "balance rises with tier", story=story) == 3


def shuffled(rows: pa.Table, name: str) -> pa.Table:
    """The same values in the column, but permuted among customers."""
    order = np.random.default_rng(1).permutation(rows.num_rows)
    return rows.set_column(rows.schema.get_field_index(name), SCHEMA.field(name), rows[name].take(pa.array(order)))


def filled(rows: pa.Table, name: str, values: Any) -> pa.Table:
    """Sets the whole column to one value, or one per row."""
    column = values if isinstance(values, pa.Array | pa.ChunkedArray) else pa.array([values] * rows.num_rows)
    return rows.set_column(
        rows.schema.get_field_index(name), SCHEMA.field(name), column.cast(SCHEMA.field(name).type)
    )


def joined_evenly(rows: pa.Table) -> pa.Table:
    """The same number of joins on each of the last 2,922 days."""
    days = np.arange(rows.num_rows) % 2_922
    return filled(rows, "join_date", pa.array(np.datetime64(AS_OF) - days))


def left_at_any_time(rows: pa.Table) -> pa.Table:
    """A last login at a random time between joining and the as-of date."""
    joined = rows["join_date"].cast(pa.int32()).to_numpy()
    as_of = (AS_OF - date(1970, 1, 1)).days
    share = np.random.default_rng(1).random(rows.num_rows)
    seen = (joined + share * (as_of - joined)).astype(np.int32)
    return filled(rows, "last_login", pa.array(seen).cast(pa.date32()))


@pytest.mark.parametrize(
    ("spoil", "expected"),
    [
        (lambda rows: shuffled(rows, "join_date"), "integrity violations"),
        (lambda rows: filled(rows, "account_balance", 500.0), "Gini of balances"),
        (lambda rows: filled(rows, "account_balance", 500.0), "top 10 % of balances"),
        (lambda rows: shuffled(rows, "loyalty_points"), "points and balance"),
        (lambda rows: shuffled(rows, "account_balance"), "recency and value"),
        (lambda rows: filled(rows, "last_login", AS_OF - timedelta(days=1)), "recency spread"),
        (lambda rows: filled(rows, "loyalty_status", "Gold"), "Bronze share"),
        (lambda rows: filled(rows, "loyalty_status", "Bronze"), "Silver share"),
        (lambda rows: filled(rows, "loyalty_status", "Silver"), "Gold share"),
        (lambda rows: shuffled(rows, "loyalty_status"), "balance rises with tier"),
        (lambda rows: filled(rows, "is_active", False), "active share"),
        (lambda rows: filled(rows, "is_active", True), "active share"),
        (left_at_any_time, "early hazard"),
        (joined_evenly, "November joins"),
        (lambda rows: filled(rows, "first_purchase", rows["join_date"]), "never purchased"),
        (lambda rows: shuffled(rows, "email"), "e-mail fits the name"),
    ],
)
def test_every_gate_fails_on_data_that_is_not_believable(
    customers: pa.Table, spoil: Callable[[pa.Table], pa.Table], expected: str
) -> None:
    """A check that cannot fail checks nothing."""
    assert expected in [gate.name for gate in realism_report(spoil(customers), AS_OF) if not gate.passed]
