"""A small published database that these tests share. They write only audiences and the access log."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest
from pyspark.sql import SparkSession

from customer360.mock_data.plan import plan_of
from customer360.pipeline.fill import fill_mock_data
from customer360.pipeline.run import run_operations
from customer360.postgres.connection import Database
from tests.conftest import new_database

AS_OF = date(2026, 6, 17)


@pytest.fixture(scope="package")
def small(server: Database, spark: SparkSession) -> Iterator[Database]:
    """The results of 1,500 mock customers with their events."""
    with new_database(server) as database:
        fill_mock_data(database, spark, plan_of(1_500, 7, AS_OF, 0.0, 20))
        run_operations(database, spark)
        yield database
