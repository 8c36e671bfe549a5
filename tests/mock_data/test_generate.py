"""Rows from a plan: the same wherever they are made, and in order by construction."""

from __future__ import annotations

import hashlib
import os
import pickle
import subprocess
import sys
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from customer360.errors import Customer360Error
from customer360.mock_data.countries import countries
from customer360.mock_data.generate import SCHEMA, generate_block
from customer360.mock_data.plan import BLOCK_ROWS, FIRST_AS_OF, LAST_AS_OF, STORY, Plan, Tier
from customer360.mock_data.realism import realism_report
from customer360.postgres import types
from customer360.tables import CUSTOMERS
from tests.mock_data.mock_rows import AS_OF, all_rows

DIGEST_OF_EVERY_BLOCK = """
import hashlib, pickle, sys
from customer360.mock_data.generate import generate_block
plan = pickle.loads(bytes.fromhex(sys.argv[1]))
for block in range(plan.blocks):
    print(hashlib.sha256(generate_block(plan, block).serialize()).hexdigest())
print("pandas" in sys.modules)
"""


def digest(rows: pa.RecordBatch) -> str:
    """A digest of the bytes that Arrow would send."""
    return hashlib.sha256(rows.serialize()).hexdigest()


def test_the_columns_are_those_of_the_customers_table_in_its_order() -> None:
    """The rows are copied into the table unchanged."""
    rows = generate_block(Plan(10, as_of=AS_OF), 0)

    assert rows.schema == types.arrow_schema(types.fields_of(CUSTOMERS))
    rows.validate(full=True)


def test_the_second_customer_of_the_default_seed_never_changes() -> None:
    """Figures from mock data stay the same after an upgrade, on any machine."""
    assert generate_block(Plan(2, as_of=AS_OF), 0).to_pylist()[1] == {
        "customer_id": 2,
        "source_id": None,
        "name": "Maria Peters",
        "email": "maria.peters2@example.com",
        "gender": "Female",
        "birth_date": date(1986, 12, 3),
        "country": "Netherlands",
        "city": "Almere",
        "join_date": date(2025, 10, 22),
        "first_purchase": date(2025, 11, 12),
        "last_login": datetime(2025, 12, 21, 19, 44, 37),
        "is_active": False,
        "loyalty_status": "Bronze",
        "loyalty_points": 226,
        "account_balance": Decimal("205.26"),
    }


def test_a_block_is_the_same_in_every_order_and_process() -> None:
    """Spark runs blocks anywhere, possibly twice; pandas is not imported, because it doubles a worker's start."""
    plan = Plan(2 * BLOCK_ROWS + 100, as_of=AS_OF)
    backwards = [digest(generate_block(plan, block)) for block in reversed(range(plan.blocks))]

    there = subprocess.run(
        [sys.executable, "-c", DIGEST_OF_EVERY_BLOCK, pickle.dumps(plan).hex()],
        env={**os.environ, "PYTHONHASHSEED": "1"},
        capture_output=True,
        text=True,
        check=True,
    )

    assert there.stdout.split() == [*reversed(backwards), "False"]
    assert len(set(backwards)) == plan.blocks


def test_a_smaller_plan_is_the_beginning_of_a_larger_one() -> None:
    """The rows of 60,000 customers stay the same among 110,000."""
    smaller, larger = all_rows(60_000), all_rows(110_000)

    assert larger.slice(0, 60_000).equals(smaller)


@pytest.mark.parametrize(
    ("changed", "column"),
    [
        ({"email_without_surname_share": 0.5}, "email"),
        ({"login_hour_weights": (1.0,) * 24}, "last_login"),
        ({"overdrawn_share": 0.2, "empty_share": 0.0}, "account_balance"),
        ({"wrongly_active_share": 0.4}, "is_active"),
        ({"joining_age_years": ((0, 30), (1, 40))}, "birth_date"),
    ],
)
def test_a_change_to_one_attribute_leaves_the_others_as_they_were(changed: dict[str, Any], column: str) -> None:
    """Each attribute has its own stream of random numbers, so the story can grow."""
    before, after = all_rows(5_000), all_rows(5_000, story=replace(STORY, **changed))

    assert [name for name in SCHEMA.names if not after[name].equals(before[name])] == [column]


def test_another_seed_gives_other_customers() -> None:
    """Otherwise a repeated experiment would repeat its random numbers."""
    first, second = all_rows(1_000), all_rows(1_000, seed=8)

    assert pc.sum(pc.equal(first["name"], second["name"])).as_py() < 10


@settings(max_examples=25)
@given(
    rows=st.integers(1, 2_000),
    seed=st.integers(0, 2**63 - 1),
    as_of=st.dates(FIRST_AS_OF, LAST_AS_OF),
)
def test_the_dates_of_any_plan_are_in_order(rows: int, seed: int, as_of: date) -> None:
    """Birth < join <= first purchase <= last login <= as-of date, by construction."""
    made = all_rows(rows, as_of, seed=seed)

    assert made.num_rows == rows
    assert realism_report(made, as_of)[0].value == 0


@pytest.mark.parametrize("column", ["customer_id", "email"])
def test_no_two_customers_share(customers: pa.Table, column: str) -> None:
    """The id is the table's key; an address belongs to one person."""
    assert pc.count_distinct(customers[column]).as_py() == customers.num_rows


def test_ids_count_up_from_one(customers: pa.Table) -> None:
    """Across the blocks, without gaps."""
    assert np.array_equal(customers["customer_id"].to_numpy(), np.arange(1, customers.num_rows + 1))


def test_only_purchase_and_login_can_be_missing(customers: pa.Table) -> None:
    """Clean rows have everything else, except an id of another system; a null elsewhere would be dirt."""
    with_nulls = [name for name in SCHEMA.names if customers[name].null_count]

    assert with_nulls == ["source_id", "first_purchase", "last_login"]


def test_customers_who_never_logged_in_never_purchased(customers: pa.Table) -> None:
    """A purchase implies a visit."""
    strangers = customers.filter(pc.is_null(customers["last_login"]))

    assert 0 < strangers.num_rows < 0.1 * customers.num_rows
    assert strangers["first_purchase"].null_count == strangers.num_rows


def test_customers_join_between_18_and_90_years_of_age(customers: pa.Table) -> None:
    """A child or a 130-year-old would be the first thing that a reader notices."""
    days = pc.subtract(
        customers["join_date"].cast(pa.int32()), customers["birth_date"].cast(pa.int32())
    ).to_numpy()
    years = np.sort(days / 365.25)

    assert years[0] >= 18
    assert years[-1] < 91
    assert 35 < np.median(years) < 45


def test_the_city_and_the_names_belong_to_the_country(customers: pa.Table) -> None:
    """An Agnieszka Kowalski from Lisboa in Poland would be three mistakes."""
    places = {country.name: country for country in countries()}

    for row in customers.slice(0, 2_000).to_pylist():
        place = places[row["country"]]
        bearers = ((place.female, place.female_surnames), (place.male, place.surnames))
        given_name = next(n for n in {*place.female, *place.male} if row["name"].startswith(f"{n} "))
        surname = row["name"].removeprefix(f"{given_name} ")
        assert row["city"] in place.cities
        assert any(given_name in given_names and surname in surnames for given_names, surnames in bearers)


def test_addresses_are_plain_and_undeliverable(customers: pa.Table) -> None:
    """Mail to mock customers must not reach anybody: RFC 2606 reserves these domains."""
    plain = pc.match_substring_regex(customers["email"], r"^[a-z]+(\.[a-z]+)?[0-9]+@example\.(com|org|net)$")

    assert pc.all(plain).as_py()


def test_the_loyalty_status_follows_from_the_points(customers: pa.Table) -> None:
    """The thresholds of the programme apply without exception."""
    for tier, above in zip(STORY.tiers, [*STORY.tiers[1:], None], strict=True):
        points = customers.filter(pc.equal(customers["loyalty_status"], tier.name))["loyalty_points"]
        assert pc.min(points).as_py() >= tier.points_from
        assert above is None or pc.max(points).as_py() < above.points_from


def test_a_programme_may_have_any_tiers() -> None:
    """Loyalty statuses are data: no code depends on three names."""
    tiers = tuple(
        Tier(name, start, (0, 1)) for name, start in [("Neu", 0), ("Treu", 500), ("Gut", 2_000), ("Ä", 9_000)]
    )

    rows = all_rows(5_000, story=replace(STORY, tiers=tiers))

    assert set(rows["loyalty_status"].unique().to_pylist()) == {"Neu", "Treu", "Gut", "Ä"}


def test_balances_look_like_those_of_a_bank(customers: pa.Table) -> None:
    """UCI bank marketing: median 448, 99th percentile 13,165, some negative, some zero."""
    balances = customers["account_balance"].cast(pa.float64()).to_numpy()
    median, high = np.percentile(balances, [50, 99])

    assert 300 < median < 1_000
    assert 13_000 < high < 50_000
    assert 0.02 < (balances < 0).mean() < 0.08
    assert 0.02 < (balances == 0).mean() < 0.08


def test_people_log_in_by_day(customers: pa.Table) -> None:
    """In their local time: four in the morning is the quietest time in Germany."""
    german = customers.filter(pc.equal(customers["country"], "Germany"))["last_login"].drop_null()
    hours = np.bincount(pc.hour(german).to_numpy(), minlength=24)

    utc_offset = next(country.utc_offset for country in countries() if country.name == "Germany")
    assert abs(int(hours.argmin()) + utc_offset - 3) <= 1
    assert abs(int(hours.argmax()) + utc_offset - 20) <= 1


def test_a_block_beyond_the_plan_is_refused() -> None:
    """Additional rows would make the row count wrong."""
    with pytest.raises(Customer360Error, match="block 1 is not in the plan"):
        generate_block(Plan(10, as_of=AS_OF), 1)
