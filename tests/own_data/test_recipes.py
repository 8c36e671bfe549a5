"""Exports of common tools load with the right customers, recognized by their column names alone."""

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
from customer360.tables import CUSTOMERS
from tests.own_data.exports import MINIATURES

AS_OF = date(2026, 11, 28)
EXPORTS = "CUSTOMER360_EXPORTS"
"""The folder with whole exports and a file truth.json that says what is in them."""


@contextmanager
def loaded(path: Path) -> Iterator[Loadable]:
    """What `load` finds in the file at *path* when nobody says anything about it."""
    with spool_file(path) as raw:
        mapping = with_source_id(proposed(raw, raw.sample()).mapping, raw.columns)
        raw = inherited(raw, mapping)
        yield find_loadable(*evaluated(raw, mapping, as_of=AS_OF), as_of=AS_OF)


def by_source_id(found: Loadable) -> dict[str, dict[str, Any]]:
    rows = [row for file in found.customers for row in pq.ParquetFile(file).read().to_pylist()]
    return {row["source_id"]: {name: row[name] for name in CUSTOMERS.column_names} for row in rows}


def shown(values: dict[str, Any], columns: Iterable[str]) -> dict[str, str | None]:
    return {name: None if values[name] is None else str(values[name]) for name in columns}


def header(text: str) -> list[str]:
    first = text.splitlines()[0]
    return next(csv.reader(io.StringIO(first), delimiter="\t" if "\t" in first else ","))


def test_every_recipe_has_a_miniature_and_is_recognized_by_its_header_only() -> None:
    """Of two that fit the one that asks for more columns is right; without one of its columns it does not fit."""
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
    """A condition, an id or an amount that needs another column would be dropped in silence, unless there are several."""
    for recipe in recipes():
        several = [side for side in recipe.content["columns"].values() if isinstance(side, list)]
        mapping = recipe.mapping([*recipe.columns, *(side[0] for side in several)], {})
        assert mapping.lacking == (), recipe.name
        assert (mapping.where is not None) == ("where" in recipe.content.get("keep", {})), recipe.name


@pytest.mark.parametrize("name", MINIATURES)
def test_an_export_loads_with_its_customers(name: str, tmp_path: Path) -> None:
    """Nobody edits a mapping or gives an option; ids are the source's own, and refunds are taken off."""
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


@pytest.mark.skipif(EXPORTS not in os.environ, reason=f"no folder of whole exports is named by {EXPORTS}")
@pytest.mark.parametrize("name", _truth())
def test_a_whole_export_loads_as_its_truth_says(name: str) -> None:
    """The files that people download are kept elsewhere; this compares every customer of each."""
    truth = _truth()[name]
    with loaded(Path(os.environ[EXPORTS]) / truth["file"]) as found:
        customers = by_source_id(found)
    found.tally.require(MAX_REJECTED)

    if truth["kind"] == "orders":
        assert {key: _purchases(row) for key, row in customers.items()} == {
            key: (Decimal(row["spent"]), row["first_purchase"], row["last_purchase"])
            for key, row in truth["per_customer"].items()
        }
    else:
        expected = {row["id"]: {name: row[name] for name in row if name != "id"} for row in truth["records"]}
        assert {
            key: {name: _as_told(row[_COLUMNS[name]]) for name in expected.get(key, {})}
            for key, row in customers.items()
        } == {key: {name: _as_told(value) for name, value in row.items()} for key, row in expected.items()}


def _purchases(row: dict[str, Any]) -> tuple[Decimal, str, str]:
    return row["account_balance"], str(row["first_purchase"]), str(row["last_login"].date())


def _as_told(value: Any) -> str:
    """Nothing is told as null or as an empty text."""
    return "" if value is None else str(value)
