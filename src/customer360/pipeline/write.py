"""Writes a user's DataFrame to a table of the database."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from customer360.errors import Invalid
from customer360.pipeline.staging import copy_rows
from customer360.postgres import standalone, types
from customer360.postgres.connection import Database
from customer360.postgres.copy import WRITERS
from customer360.spark import plain_errors

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


def write_table(
    database: Database, rows: DataFrame, table: str, *, replace: bool = False, writers: int = WRITERS
) -> None:
    """
    Stores *rows* in *table*, in place of what was written there this way before; see `standalone.move`.

    With *replace*, the rows of a table of other origin are replaced too, but never those of our own tables.
    Raises: Customer360Error, with nothing changed.
    """
    if not hasattr(rows, "mapInArrow"):
        raise Invalid(
            f"write takes a PySpark DataFrame, not a {type(rows).__name__}; convert it with spark.createDataFrame"
        )
    with plain_errors(database.where):
        with database.connect("customer360 write") as connection:
            standalone.require_own(connection, table, may_be_foreign=replace)
        staging, columns = standalone.stage(database, table, rows.schema, only_own=not replace)
        try:
            schema = types.arrow_schema(columns)
            parts = copy_rows(database, staging, schema, rows, writers, shown=table)
        except BaseException:
            with suppress(Exception):  # the next run drops it
                standalone.drop(database, staging)
            raise
        standalone.move(
            database, staging, table, sum(part["rows"] for part in parts), overwrite=True, only_own=not replace
        )
