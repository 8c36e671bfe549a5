"""How a source is read: its rows, from the database or a lake, and what is known about them in advance."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import psycopg

from customer360.errors import Invalid, Unavailable
from customer360.operations.conform import require_columns
from customer360.pipeline.as_of import LastDay, last_day_of_rows, last_day_of_table
from customer360.postgres import catalog, types
from customer360.postgres.connection import Database
from customer360.postgres.dataframe import read_dataframe
from customer360.postgres.ddl import named
from customer360.postgres.origin import Origin, origin
from customer360.spark import lake
from customer360.spark.lake import Location
from customer360.tables import Source, columns_read

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession


@dataclass(frozen=True)
class Reading:
    """The *rows* of a source, with those columns that operations read and that exist."""

    name: str
    rows: DataFrame
    origin: Origin
    keys_are_unique: bool
    last_day: LastDay


def read_database(
    connection: psycopg.Connection[Any], spark: SparkSession, database: Database, source: Source, table: str,
    snapshot: str,
) -> Reading:  # fmt: skip
    """The *table*, read as *source*, in parallel from *snapshot*."""
    columns = _columns(connection, source, table)
    rows = read_dataframe(spark, database, table, columns, snapshot=snapshot)
    is_unique = catalog.has_unique_key(connection, table, source.key[0])
    return Reading(table, rows, origin(connection, table), is_unique, last_day_of_table(connection, source, table))


def read_lake(spark: SparkSession, source: Source, location: Location) -> Reading:
    """The rows at *location*, read as *source*."""
    rows = lake.read(spark, location)
    _require(rows.columns, source, f"the {source.name} in {location}")
    return Reading(str(location), rows, Origin("unknown"), False, last_day_of_rows(source, rows))


def _columns(connection: psycopg.Connection[Any], source: Source, table: str) -> list[str]:
    if not catalog.exists(connection, table):
        raise Unavailable(
            f"table {table} does not exist; fill {source.full_name} with: customer360 mock, or name yours with "
            f"{'--events' if source.is_optional else '--table'}"
        )
    fields = types.fields(connection, named(table))
    present = [field.name for field in fields]
    _require(present, source, f"the {source.name} in {table}")
    whole = [column.name for column in source.columns if column.required and column.is_whole]
    if uuids := [field.name for field in fields if field.name in whole and field.postgres_type == "uuid"]:
        raise Invalid(
            f"{uuids[0]} of {table} is of type uuid, but the results need integers; load the {source.name}, "
            f"which numbers them: customer360 load --from-database URL --table {table}"
        )
    return [name for name in columns_read(source) if name in present]


def _require(present: Collection[str], source: Source, whose: str) -> None:
    require_columns(present, source, [source[name] for name in columns_read(source)], whose)
