"""
One definition, every engine of `tests.engines`: the value of a measure must not depend on what computes it.

Most measures are compared with individual customers, the others between two engines.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from typing import Any

import pandas as pd
import psycopg
import pytest
from pyspark.sql import SparkSession

from customer360.pipeline.run import run_operations
from customer360.postgres.connection import Database
from customer360.report.dimensions import DIMENSIONS, Dimension
from customer360.tables import RESULT_TABLES
from tests import engines, miniature
from tests.engines import Ask, Customers, Question
from tests.engines.of_spark import COLUMNS
from tests.engines.table import ENGINES, each_but

NOT_READ = ("customer_profiles", "rejected_rows")
CUTS = [
    pytest.param(name, cut, id=f"{name}-{cut.name}", marks=engine.marks)
    for name, engine in ENGINES.items()
    for cut in DIMENSIONS
    if name != "DuckDB"
    if any(engine.can(engines.of_parts(cut), one) for one in engines.of_parts(cut).measures)
]


@pytest.fixture(scope="module")
def customers() -> Customers:
    """A few hundred customers, and their results computed in plain Python."""
    source = miniature.customers(400)
    return Customers(source, miniature.result_tables(miniature.profiles(source)))


Opened = Callable[[str], Ask]


@contextmanager
def opening(customers: Customers, request: pytest.FixtureRequest) -> Iterator[Opened]:
    """The engine of a name with *customers* in it; each is opened once."""
    with ExitStack() as stack:
        yield cache(lambda name: stack.enter_context(ENGINES[name].open(customers, request)))


@pytest.fixture(scope="module")
def opened(customers: Customers, request: pytest.FixtureRequest) -> Iterator[Opened]:
    with opening(customers, request) as opened:
        yield opened


def differences(opened: Opened, one: str, other: str, asked: Iterable[Question]) -> list[Any]:
    """The differences between two engines, in what both can compute."""
    both = engines.asked(ENGINES[other], engines.asked(ENGINES[one], list(asked)))
    return engines.differences(opened(one)(both), opened(other)(both), both)


@pytest.mark.parametrize("name", each_but("plain Python"))
def test_every_measure_is_what_the_customers_say(opened: Opened, name: str) -> None:
    """Overall, under every slicer value, and under any filters: they combine, and narrow each other."""
    assert differences(opened, name, "plain Python", engines.of_segments(seeds=60)) == []


@pytest.mark.parametrize("name", each_but("plain Python", "PySpark", "the page"))
def test_every_measure_of_events_is_what_the_events_say(opened: Opened, name: str) -> None:
    """By month, of one month, and of several, under any filters."""
    assert differences(opened, name, "plain Python", engines.of_events()) == []


@pytest.mark.parametrize("name", each_but("DuckDB", "plain Python", "PySpark"))
def test_every_measure_of_every_table_is_the_same(opened: Opened, name: str) -> None:
    """Two renderings of one definition, read by two engines that share no code."""
    assert differences(opened, name, "DuckDB", engines.of_every_table()) == []


@pytest.mark.parametrize(("name", "cut"), CUTS)
def test_every_part_of_a_visual_is_the_same(opened: Opened, name: str, cut: Dimension) -> None:
    """Each member of an axis, and its share of what is shown."""
    assert differences(opened, name, "DuckDB", [engines.of_parts(cut)]) == []


# --- through the operations ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def after_operations(
    spark: SparkSession, module_database: Database, request: pytest.FixtureRequest
) -> Iterator[Opened]:
    """
    The engines with the results of the real operations on other customers, in the database where they are
    published.
    """
    customers = miniature.customers(900, seed=11)[list(COLUMNS)]
    with module_database.connect(cursor_factory=psycopg.RawCursor) as connection:
        _insert(connection, customers)
        run_operations(module_database, spark, table="crm.people", as_of=miniature.AS_OF)
        results = {
            table.name: _frame(connection, table.full_name)
            for table in RESULT_TABLES
            if table.name not in NOT_READ
        }
        used = {number for (number,) in connection.execute("SELECT customer_id FROM analytics.customer_profiles")}
        assert len(used) > 500
        published = Customers(customers[customers["customer_id"].isin(used)], results, connection)
        with opening(published, request) as opened:
            yield opened


def _insert(connection: Any, customers: pd.DataFrame) -> None:
    columns = ", ".join(f"{name} {kind}" for name, kind in COLUMNS.items())
    connection.execute("CREATE SCHEMA crm")
    connection.execute(f"CREATE TABLE crm.people ({columns})")
    marks = ", ".join(f"${number}" for number in range(1, len(COLUMNS) + 1))
    with connection.cursor() as cursor:
        cursor.executemany(f"INSERT INTO crm.people VALUES ({marks})", customers.values.tolist())


def _frame(connection: Any, table: str) -> pd.DataFrame:
    cursor = connection.execute(f"TABLE {table}")
    return pd.DataFrame(cursor.fetchall(), columns=[column.name for column in cursor.description], dtype=object)


@pytest.mark.slow
@pytest.mark.parametrize("name", each_but("plain Python"))
def test_after_the_operations_every_measure_is_what_the_customers_say(after_operations: Opened, name: str) -> None:
    """The path through PySpark, publishing and PostgreSQL changes no number."""
    slicers = {**engines.SLICERS, "country": ("Chile", "Kenya")}
    questions = engines.of_segments(20, slicers, others={}, facts=engines.SEGMENTS)

    assert differences(after_operations, name, "plain Python", questions) == []
