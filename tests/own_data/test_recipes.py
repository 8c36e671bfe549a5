"""Exports of common tools are recognized by their column names and load with the right customers."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from customer360.own_data.evaluate import evaluated
from customer360.own_data.guess import plain
from customer360.own_data.known_exports import recipe_for, recipes
from customer360.own_data.loadable import Loadable, find_loadable
from customer360.own_data.mapped import with_source_id
from customer360.own_data.orders import inherited
from customer360.own_data.propose import proposed
from customer360.own_data.raw_tables import spool_file
from customer360.settings import MAX_REJECTED
from customer360.tables import CUSTOMERS, EVENTS
from tests.own_data.exports import MINIATURES
from tests.own_data.test_load import events

AS_OF = date(2026, 11, 28)
EXPORTS = "CUSTOMER360_EXPORTS"
"""The folder with complete exports and a file truth.json with their content."""


@contextmanager
def loaded(path: Path) -> Iterator[Loadable]:
    """What `load` finds in the file at *path* without options."""
    with spool_file(path) as raw:
        mapping = with_source_id(proposed(raw, raw.sample()).mapping, raw.columns)
        raw = inherited(raw, mapping)
        yield find_loadable(*evaluated(raw, mapping, as_of=AS_OF), as_of=AS_OF)


def by_source_id(found: Loadable) -> dict[str, dict[str, Any]]:
    rows = [row for file in found.files[CUSTOMERS] for row in pq.ParquetFile(file).read().to_pylist()]
    happened = events(found) if EVENTS in found.files else []
    return {
        row["source_id"]: {**{name: row[name] for name in CUSTOMERS.column_names}, **_purchases(row, happened)}
        for row in rows
    }


def _purchases(customer: dict[str, Any], happened: list[dict[str, Any]]) -> dict[str, Any]:
    own = [event for event in happened if event["customer_id"] == customer["customer_id"]]
    bought = [event["occurred_at"] for event in own if event["kind"] == "purchase"]
    return {"spent": sum(event["amount"] or 0 for event in own), "last_purchase": max(bought, default=None)}


def shown(values: dict[str, Any], columns: Iterable[str]) -> dict[str, str | None]:
    return {name: None if values[name] is None else str(values[name]) for name in columns}


def header(text: str) -> list[str]:
    first = text.splitlines()[0]
    return next(csv.reader(io.StringIO(first), delimiter="\t" if "\t" in first else ","))


def test_every_recipe_has_a_miniature_and_is_recognized_only_by_its_header() -> None:
    """Of two that fit, the one with more columns is used; it does not fit if one of its columns is missing."""
    assert {recipe.name for recipe in recipes()} == set(MINIATURES)
    for name, miniature in MINIATURES.items():
        columns = header(miniature.text)
        recipe = recipe_for(columns)
        assert recipe is not None
        assert recipe.name == name
        assert [one.name for one in recipes() if one.fits(columns)] == [name], "no other recipe knows the header"
        for column in recipe.columns:
            assert not recipe.fits([other for other in columns if plain(other) != plain(column)])


def test_a_recipe_is_complete_with_the_columns_by_which_it_is_recognized() -> None:
    """Otherwise a condition, id or amount that needs another column would be dropped silently."""
    for recipe in recipes():
        several = [side for side in recipe.content["columns"].values() if isinstance(side, list)]
        mapping = recipe.mapping([*recipe.columns, *(side[0] for side in several)], {})
        assert mapping.lacking == (), recipe.name
        assert (mapping.where is not None) == ("where" in recipe.content.get("keep", {})), recipe.name


@pytest.mark.parametrize("name", MINIATURES)
def test_an_export_loads_with_its_customers(name: str, tmp_path: Path) -> None:
    """Without a mapping or options; ids are the source's own, and refunds are subtracted."""
    miniature = MINIATURES[name]
    path = tmp_path / miniature.name
    path.write_text(miniature.text, encoding="utf-8")

    with loaded(path) as found:
        customers = by_source_id(found)

    expected = miniature.customers
    assert {key: shown(customers[key], expected.get(key, {}).keys()) for key in customers} == expected
    assert (found.tally.rows_rejected, found.tally.rows_left_out) == (0, miniature.left_out)


_COLUMNS = {
    "name": "name", "email": "email", "country": "country", "city": "city", "join_date": "join_date",
    "birth_date": "birth_date", "last_login": "last_login", "tier": "loyalty_status", "points": "loyalty_points",
    "balance": "account_balance", "is_active": "is_active",
}  # fmt: skip


def _truth() -> dict[str, Any]:
    folder = os.environ.get(EXPORTS)
    return dict(json.loads((Path(folder) / "truth.json").read_text())["exports"]) if folder else {"": {}}


@pytest.mark.skipif(EXPORTS not in os.environ, reason=f"{EXPORTS} does not name a folder of complete exports")
@pytest.mark.parametrize("name", _truth())
def test_a_complete_export_loads_with_its_known_content(name: str) -> None:
    """The complete exports are not in the repository; this test compares every customer in each."""
    known = _truth()[name]
    with loaded(Path(os.environ[EXPORTS]) / known["file"]) as found:
        customers = by_source_id(found)
        kept = _kept_orders(found) if known["kind"] == "orders" else {}
    found.tally.require(MAX_REJECTED)

    if known["kind"] == "orders":
        assert kept == {
            key: (Decimal(row["spent"]), row["first_purchase"], row["last_purchase"])
            for key, row in known["per_customer"].items()
        }
    else:
        expected = {row["id"]: {name: row[name] for name in row if name != "id"} for row in known["records"]}
        assert {
            key: {name: _as_text(row[_COLUMNS[name]]) for name in expected.get(key, {})}
            for key, row in customers.items()
        } == {key: {name: _as_text(value) for name, value in row.items()} for key, row in expected.items()}


def _kept_orders(found: Loadable) -> dict[str, tuple[Decimal | int, str, str]]:
    """By source_id, the sum and the first and last day of the orders that are not fully refunded."""
    ids = {row["customer_id"]: row["source_id"] for row in by_source_id(found).values()}
    orders: dict[tuple[int, str], list[dict[str, Any]]] = {}
    for event in events(found):
        orders.setdefault(
            (event["customer_id"], event["order_id"] or str(event["occurred_at"].date())), []
        ).append(event)
    kept: dict[str, list[tuple[Decimal, str]]] = {}
    for (customer, _), its in orders.items():
        amount, paid = (sum(e["amount"] for e in its), [e for e in its if e["kind"] == "purchase"])
        if amount > 0 or not paid:
            kept.setdefault(ids[customer], []).append((amount, str(its[0]["occurred_at"].date())))
    return {
        key: (sum(amount for amount, _ in some), min(day for _, day in some), max(day for _, day in some))
        for key, some in kept.items()
    }


def _as_text(value: Any) -> str:
    """A missing value is null or an empty text."""
    return "" if value is None else str(value)
