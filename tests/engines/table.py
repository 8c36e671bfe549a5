"""The table of engines: PostgreSQL, DuckDB, PySpark, plain Python, DAX, and the page's JavaScript."""

from __future__ import annotations

from typing import Any

import pytest

from tests.engines import Engine, of_dax, of_page, of_python, of_spark, of_sql

ENGINES = {
    "plain Python": Engine(of_python.opened, of_python.can),
    "DuckDB": Engine(of_sql.duckdb),
    "PostgreSQL": Engine(of_sql.postgresql, marks=(pytest.mark.slow,)),
    "PySpark": Engine(of_spark.opened, of_spark.can, (pytest.mark.spark, pytest.mark.slow)),
    "DAX": Engine(of_dax.opened, marks=(pytest.mark.slow,)),
    "the page": Engine(of_page.opened, of_page.can),
}


def each_but(*names: str) -> list[Any]:
    """The names of the engines except *names*, as parameters of a test."""
    return [pytest.param(name, marks=engine.marks) for name, engine in ENGINES.items() if name not in names]
