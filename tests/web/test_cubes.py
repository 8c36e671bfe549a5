"""Tables for the page: small, without individual customers, with the same numbers as their source tables."""

from __future__ import annotations

import json

import numpy as np
import pytest

from customer360.report.dimensions import dimension, dimensions_of
from customer360.tables import COHORT_RETENTION, CUSTOMER_SEGMENTS, ENGAGEMENT_SEGMENTS
from customer360.web import cubes
from customer360.web.cubes import cubes_of, encoded
from customer360.web.sql import Query
from customer360.web.store import LOADED
from customer360.web.view import page_of
from tests.web.published import WHOLE

COHORTS = next(table for table in LOADED if table.full_name == COHORT_RETENTION.full_name)
"""The tables in the dashboard's memory."""
WITH_CUBES = [page for page in WHOLE.pages if page.name != "financial"]


def decoded(content):
    """The columns of a cube, as the page reads them."""
    length = int.from_bytes(content[:4], "little")
    header = json.loads(content[4 : 4 + length])
    columns, at = {}, 4 + length
    for column in header["columns"]:
        kind = np.dtype(column["type"])
        assert at % kind.itemsize == 0, "a typed array cannot start here"
        columns[column["name"]] = np.frombuffer(content, kind, header["rows"], at) / column["scale"]
        at += -(-header["rows"] * kind.itemsize // 8) * 8
    assert at == len(content)
    return columns


def number(value):
    """NaN for unknown values, such as activity before the first event."""
    return float("nan") if value is None else float(value)


@pytest.mark.parametrize("table", [CUSTOMER_SEGMENTS, ENGAGEMENT_SEGMENTS, COHORTS], ids=lambda t: t.name)
def test_a_cube_contains_the_rows_of_its_table(results, table):
    """Codes are indexes of members, the last code means none; sums are exact."""
    columns = decoded(encoded(table, results))
    cuts = [cut for cut in dimensions_of(table) if not cut.level_of]
    sums = [name for name in columns if name not in {cut.name for cut in cuts}]
    names = [*(cut.name for cut in cuts), *sums]

    rows = results.rows(Query(f"SELECT {', '.join(names)} FROM {table.full_name}", ()))

    members = {cut.name: dict(enumerate(results.members[cut])) for cut in cuts}
    found = zip(
        *([members[cut.name].get(int(code)) for code in columns[cut.name]] for cut in cuts),
        *(columns[name] for name in sums),
        strict=True,
    )
    assert sums
    assert sorted(map(str, ([*row[: len(cuts)], *map(float, row[len(cuts) :])] for row in found))) == sorted(
        map(str, ([*row[: len(cuts)], *map(number, row[len(cuts) :])] for row in rows))
    )


@pytest.mark.parametrize("page", WITH_CUBES, ids=lambda page: page.name)
def test_a_page_has_a_cube_for_every_visual_and_for_clicks(results, page):
    """With all slicers, and another with all clickable dimensions."""
    tables = list(cubes_of(page, results).values())

    for visual in page.visuals:
        needed = {dimension(name).column for name in visual.by}
        fitting = [table for table in tables if table.name.startswith(visual.fact.name)]
        assert any(needed <= set(table.column_names) for table in fitting)


def test_a_page_of_single_customers_has_no_cubes(results):
    """Their names stay on the server."""
    assert cubes_of(page_of("financial", results), results) == {}


def test_a_large_table_stays_on_the_server(results, monkeypatch):
    """The server filters it faster than the page."""
    monkeypatch.setattr(cubes, "MOST_ROWS", 300)

    sizes = [results.sizes[table] for page in WITH_CUBES for table in cubes_of(page, results).values()]

    assert all(size <= 300 for size in sizes)
