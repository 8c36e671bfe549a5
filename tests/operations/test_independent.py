import json
import random
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from customer360.operations.run import results
from customer360.tables import CUSTOMERS, columns_read
from customer360.tables.row_checks import DiffersFromEvents

from . import independent

pytestmark = [pytest.mark.spark, pytest.mark.slow]

COUNTRIES = ["Chile", "Perú", "日本", "Ägypten", "", "  ", "Other", "Unknown", None, "o'Land; --", "\U0001f600",
             "CHILE", " chile", "other", "perú\t", "unKnown"]  # fmt: skip
STATUSES = ["Gold", "Silver", "Bronze", "Gold ", "GOLD", "\u00a0silver", None, "", "Unknown", "ゴールド"]
NAMES = ["Ana", "Renée “Zoë” d'Arc", "李\n雷", "", None, '{"name": 1}', "a,b\\"]
GENDERS = [
    "Female",
    "Female",
    "female ",
    "Male",
    "Male",
    "MALE",
    None,
    "",
    "Other",
    "Not stated",
    "not stated",
    "X",
]
BALANCES = [
    None,
    "0",
    "0.01",
    "-0.01",
    "9999999999.99",
    "-9999999999.99",
    "0.10",
    "0.11",
    "1000",
    "1000.01",
    "2500",
]
POINTS = [None, 0, 1, 2, 3, 250, 251, 10**11, 10**11 + 1, -1, 2**63 - 1]


def awkward_customers(how_many: int, as_of: date, seed: int) -> list[dict[str, Any]]:
    """Customers of every odd kind, in few cells, so that ranks and sums combine several and have many ties."""
    chance = random.Random(seed)

    def some_day(around: date, spread: int) -> date:
        return around + timedelta(days=chance.randint(-spread, spread))

    def one(number: int) -> dict[str, Any]:
        joined = chance.choice(
            [None, as_of, as_of + timedelta(days=1), *[some_day(as_of, 400) for _ in range(20)]]
        )
        later = (joined or as_of) + timedelta(days=int(chance.expovariate(1 / 90)))
        bought = chance.choice(
            [None, later, later, joined, some_day(later, 3), date(1, 1, 1)][: chance.choice([5, 6])]
        )
        seen = chance.choice([None, later, as_of, as_of + timedelta(days=1), as_of - timedelta(days=90), bought])
        seen = chance.choice([seen, some_day(seen, 2) if seen and seen.year > 1 else seen])
        second = chance.choice([0, 1, 86_399, chance.randrange(86_400)])
        return {
            "customer_id": chance.choice([number] * 40 + [None, number // 2]),
            "source_id": chance.choice([None, f"{number:05}", f"C-{number}", f"c{number}@example.com"]),
            "name": chance.choice(NAMES),
            "email": chance.choice([None, "", f"c{number}@example.com"]),
            "gender": chance.choice(GENDERS)
            if chance.random() < 0.9
            else f"Gender {int(chance.expovariate(0.2))}",
            "birth_date": chance.choice(
                [None, date(1900, 1, 1), *[some_day(date(1985, 1, 1), 12_000)] * 9, as_of]
            ),
            "country": chance.choice([*COUNTRIES, f"Land {int(chance.expovariate(1 / 8))}", "Chile", "Chile"]),
            "join_date": joined,
            "first_purchase": bought,
            "last_login": seen
            and datetime(seen.year, seen.month, seen.day) + timedelta(seconds=second, microseconds=7),
            "is_active": chance.choice([True, True, False, None]),
            "loyalty_status": chance.choice(STATUSES),
            "loyalty_points": chance.choice(
                [*POINTS[: chance.choice([8, 8, 8, 11])], int(chance.lognormvariate(6, 2))]
            ),
            "account_balance": decimal(chance.choice([*BALANCES, f"{chance.lognormvariate(6, 2):.2f}", "77"])),
        }

    return [one(number) for number in range(how_many)]


def decimal(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


DAYS = ("birth_date", "join_date", "first_purchase")


def as_json(row: dict[str, Any]) -> dict[str, Any]:
    """The row as in its JSON: dates as text, balances with two digits."""
    moment = row["last_login"] and row["last_login"].isoformat(timespec="microseconds")
    balance = None if row["account_balance"] is None else row["account_balance"].quantize(Decimal("0.01"))
    days = {name: row[name] and row[name].isoformat() for name in DAYS}
    return row | days | {"last_login": moment, "account_balance": balance}


def in_any_order(rows):
    return sorted(rows, key=repr)


def alike(row):
    """Decimals by value: 2.50 and 2.5 are the same amount, but sort differently as text."""
    return tuple(value.normalize() + 0 if isinstance(value, Decimal) else value for value in row)


@pytest.mark.parametrize(
    ("partitions", "as_of"),
    [(1, date(2026, 6, 30)), (2, date(2026, 6, 29)), (7, date(2026, 6, 29)), (7, date(2024, 2, 29))],
)
def test_every_table_agrees_with_an_independent_recomputation(spark, customers, partitions, as_of):
    """Every figure is computed in Spark and in plain Python, with any partitions."""
    given = awkward_customers(3_000, as_of, seed=partitions)
    table = customers(
        " ".join(columns_read(CUSTOMERS)), *[tuple(row[name] for name in columns_read(CUSTOMERS)) for row in given]
    )
    expected = independent.results(given, as_of)
    expected["rejected_rows"] = [
        (*rest, repr(sorted(as_json(row).items()))) for *rest, row in expected["rejected_rows"]
    ]

    with results(table.repartition(partitions), as_of=as_of) as found:
        actual = {name: [tuple(row) for row in result.collect()] for name, result in found.tables.items()}
        quality = found.data_quality

    actual["bands"] = [row[:4] for row in actual["bands"]]  # the label is shown, and tested, in test_bands
    actual["rejected_rows"] = [
        (*rest, repr(sorted(json.loads(row, parse_float=Decimal).items())))
        for *rest, row in actual["rejected_rows"]
    ]
    assert {name: len(rows) for name, rows in actual.items()} == {
        name: len(rows) for name, rows in expected.items()
    }
    for name, rows in expected.items():
        assert in_any_order(map(alike, actual[name])) == in_any_order(map(alike, rows)), name
    counted = {
        count.check.name: (count.rows_checked, count.rows_failed)
        for count in quality.checks
        if not isinstance(count.check.condition, DiffersFromEvents)
    }
    for never in (
        "not_a_whole_number",
        "forgotten",
    ):  # for decimals and forgotten customers, which do not occur here
        assert counted.pop(never) == (counted["customer_id_missing"][0], 0)
    assert counted == independent.data_quality(given, as_of)
    assert quality.rows_in == len(given)
    assert quality.rows_out == len(expected["customer_profiles"])


def test_the_awkward_customers_fail_every_check():
    """A recomputation proves nothing about cases that do not occur."""
    given = awkward_customers(3_000, date(2026, 6, 30), seed=1)

    assert all(
        0 < failed < looked_at for looked_at, failed in independent.data_quality(given, date(2026, 6, 30)).values()
    )
