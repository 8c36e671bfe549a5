import json
from datetime import date, datetime
from typing import Any

import pytest
from pyspark.sql import functions as F

from customer360.operations.checks import FAILED_CHECKS, bits, checked, fails
from customer360.operations.conform import source_rows
from customer360.operations.rejected_rows import rejected_rows
from customer360.tables import CUSTOMERS, MOST_POINTS
from customer360.tables.row_checks import DiffersFromEvents

from .literals import AS_OF

pytestmark = pytest.mark.spark

FORGOTTEN = 3600
COMPLETE = {
    "name": "Ana",
    "country": "Chile",
    "join_date": date(2026, 1, 10),
    "first_purchase": date(2026, 1, 10),
    "last_login": datetime(2026, 6, 1, 12),
    "is_active": True,
    "loyalty_status": "Gold",
    "loyalty_points": 5,
    "account_balance": 1,
}
"""A customer who passes every check; each case below changes only the relevant values."""

CASES: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    # check, what fails it, the nearest thing that passes
    ("customer_id_missing", {"customer_id": None}, {"customer_id": 0}),
    ("date_before_1900", {"join_date": date(1899, 12, 31)}, {"join_date": date(1900, 1, 1)}),
    ("date_before_1900", {"join_date": None, "first_purchase": date(1, 1, 1)}, {"first_purchase": None}),
    (
        "date_before_1900",
        {"join_date": None, "first_purchase": None, "last_login": datetime(1899, 12, 31, 23)},
        {"join_date": None, "first_purchase": None, "last_login": datetime(1900, 1, 1)},
    ),
    (
        "first_purchase_before_join",
        {"first_purchase": date(2026, 1, 9)},
        {"join_date": None, "first_purchase": date(2026, 1, 9)},
    ),
    (
        "last_login_before_join",
        {"first_purchase": None, "last_login": datetime(2026, 1, 9, 23, 59)},
        {"first_purchase": None, "last_login": datetime(2026, 1, 10)},
    ),
    ("negative_points", {"loyalty_points": -1}, {"loyalty_points": 0}),
    ("too_many_points", {"loyalty_points": MOST_POINTS + 1}, {"loyalty_points": MOST_POINTS}),
    ("join_date_missing", {"join_date": None}, {}),
    ("country_missing", {"country": None}, {"country": "Other"}),
    ("country_missing", {"country": "  "}, {"country": " Chile "}),
    ("loyalty_status_missing", {"loyalty_status": None}, {"loyalty_status": "None"}),
    ("loyalty_status_missing", {"loyalty_status": ""}, {}),
    ("is_active_missing", {"is_active": None}, {"is_active": False}),
    ("balance_missing", {"account_balance": None}, {"account_balance": 0}),
    ("points_missing", {"loyalty_points": None}, {"loyalty_points": 0}),
    ("last_login_missing", {"last_login": None}, {}),
    (
        "last_login_after_as_of",
        {"last_login": datetime(2026, 7, 1)},
        {"last_login": datetime(2026, 6, 30, 23, 59, 59)},
    ),
    ("first_purchase_after_as_of", {"first_purchase": date(2026, 7, 1)}, {"first_purchase": date(2026, 6, 30)}),
    (
        "last_login_before_first_purchase",
        {"first_purchase": date(2026, 6, 2)},
        {"first_purchase": date(2026, 6, 1)},
    ),
    (
        "last_login_before_first_purchase",
        {"first_purchase": date(2026, 6, 30)},
        {"first_purchase": date(2026, 7, 1)},
    ),
    (
        "active_flag_contradicts_behaviour",
        {"last_login": datetime(2026, 4, 1, 23)},
        {"last_login": datetime(2026, 4, 2, 0)},
    ),
    ("active_flag_contradicts_behaviour", {"is_active": False}, {"is_active": None}),
    ("forgotten", {"customer_id": FORGOTTEN}, {"customer_id": FORGOTTEN + 1}),
    ("active_flag_contradicts_behaviour", {"is_active": False}, {"last_login": datetime(2026, 7, 1)}),
]


def failed_checks(customers, *changes, keys_are_unique=True):
    """The checks that COMPLETE fails with each of *changes*; None: not a customer yet."""
    given = [{"customer_id": number, **COMPLETE, **change} for number, change in enumerate(changes)]
    numbered = [{**row, "name": str(number)} for number, row in enumerate(given)]
    table = customers(" ".join(numbered[0]), *[tuple(row.values()) for row in numbered])
    rows = checked(table, CUSTOMERS, as_of=AS_OF, keys_are_unique=keys_are_unique, forgotten=[FORGOTTEN]).collect()
    numbers = [row[FAILED_CHECKS] for row in sorted(rows, key=lambda row: int(row["name"]))]
    return [
        None if found is None else [check.name for check in CUSTOMERS.checks if found & bits(CUSTOMERS, [check])]
        for found in numbers
    ]


@pytest.fixture(scope="module")
def verdicts(customers):
    """The checks that the failing and the passing row of every case fail, from one Spark job."""
    found = failed_checks(customers, *[change for _, fails, passes in CASES for change in (fails, passes)])
    return list(zip(found[::2], found[1::2], strict=True))


@pytest.mark.parametrize("case", range(len(CASES)), ids=[f"{name}-{fails}" for name, fails, _ in CASES])
def test_a_row_fails_exactly_the_checks_it_should(verdicts, case):
    """The failing row fails the named check, and the nearest valid row does not."""
    name = CASES[case][0]
    fails, passes = verdicts[case]

    assert name in fails
    assert name not in passes


def test_a_complete_row_fails_nothing(customers):
    """Otherwise the cases above would not show which change a check detects."""
    assert failed_checks(customers, {}) == [[]]


def test_every_check_has_a_case():
    """A new check must be shown to fail and to pass."""
    own_tests = {"customer_id_duplicate", "not_a_whole_number"}
    own_tests |= {check.name for check in CUSTOMERS.checks if isinstance(check.condition, DiffersFromEvents)}
    assert {name for name, _, _ in CASES} | own_tests == {check.name for check in CUSTOMERS.checks}


def test_null_is_valid_everywhere_except_in_the_id(customers):
    """Real data has gaps; they are counted, and the rest of the row is used."""
    (failed,) = failed_checks(customers, dict.fromkeys(COMPLETE))

    assert failed == [check.name for check in CUSTOMERS.checks if check.name.endswith("_missing")][1:]


def test_all_rows_of_a_duplicate_id_fail(customers):
    """It is unknown which of them is right, and the choice would depend on the order of reading."""
    changes = [{"customer_id": 1}, {"customer_id": 1, "country": "Peru"}, {"customer_id": 2}]

    assert failed_checks(customers, *changes, keys_are_unique=False) == [
        ["customer_id_duplicate"],
        ["customer_id_duplicate"],
        [],
    ]


def test_missing_ids_are_missing_and_not_duplicates(customers):
    """Two rows without an id are not duplicates of each other."""
    changes = [{"customer_id": None}, {"customer_id": None}]

    assert failed_checks(customers, *changes, keys_are_unique=False) == [["customer_id_missing"]] * 2


def test_duplicates_are_not_searched_if_an_index_rules_them_out(customers, capsys):
    """The search shuffles every row, which is expensive and unnecessary."""
    plan = checked(customers("name", ("Ana",)), CUSTOMERS, as_of=AS_OF, keys_are_unique=True)

    assert failed_checks(customers, {"customer_id": 1}, {"customer_id": 1}, keys_are_unique=True) == [[], []]
    plan.explain()
    assert "Window" not in capsys.readouterr().out


@pytest.mark.parametrize("kind", ["decimal(12,1)", "double", "float"])
def test_a_whole_number_with_decimals_is_rejected_as_read(customers, kind):
    """Truncated to 12, the points would be silently wrong, and a truncated id would be another customer's."""
    points, ids = F.lit(12.5).cast(kind), F.lit(7.5).cast(kind)
    table = customers("customer_id", (1,), (2,), (3,))
    table = table.withColumn("loyalty_points", F.when(F.col("customer_id") == 1, points).otherwise(12))
    table = table.withColumn("customer_id", F.when(F.col("customer_id") == 2, ids).otherwise(F.col("customer_id")))

    rows = checked(source_rows(table, CUSTOMERS), CUSTOMERS, as_of=AS_OF, keys_are_unique=True)

    assert [row["customer_id"] for row in rows.where(~fails(CUSTOMERS, CUSTOMERS.rejects)).collect()] == [3]
    assert {row["reasons"] for row in rejected_rows(rows, CUSTOMERS, "public.customers").collect()} == {
        "not_a_whole_number"
    }
    kept = [
        json.loads(row["original_row"]) for row in rejected_rows(rows, CUSTOMERS, "public.customers").collect()
    ]
    assert {(row["customer_id"], row["loyalty_points"]) for row in kept} == {(1, 12.5), (7.5, 12)}


def test_a_row_that_joins_later_does_not_exist_yet(customers):
    """A past report must not change because of later rows: they fail no check and are not duplicates."""
    later = {"join_date": date(2026, 7, 1)}
    changes = [{"customer_id": 1}, {"customer_id": 1, **later}, {**later, "loyalty_points": -1}]

    assert failed_checks(customers, *changes, keys_are_unique=False) == [[], None, None]


def test_only_reject_checks_reject():
    """Only the bits of reject checks exclude a row."""
    assert [check.severity for check in CUSTOMERS.rejects] == ["reject"] * 9
    assert {check.severity for check in CUSTOMERS.checks if check not in CUSTOMERS.rejects} == {"warn"}
