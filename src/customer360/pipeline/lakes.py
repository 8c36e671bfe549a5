"""The results that are written to a lake; their tables in the database are published empty."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from customer360.errors import Invalid
from customer360.pipeline.progress import Progress
from customer360.postgres.publish import Publication
from customer360.spark import lake
from customer360.spark.lake import Location
from customer360.tables import CUSTOMER_MONTHS, Table

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

Lakes = Mapping[Table, Location]
"""Where the rows of a table are written instead."""


def choose_lakes(wanted: Mapping[Table, Location | None], refresh_id: int, *, read: Collection[Location]) -> Lakes:
    """
    The folders of one refresh for the tables that are *wanted* in a lake.

    Raises: Customer360Error when rows would overwrite others, or what is *read*.
    """
    targets = {table: target for table, target in wanted.items() if target}
    for target in targets.values():
        for place in read:
            lake.require_apart(place, target)
    if len({target.name.rstrip("/") for target in targets.values()}) < len(targets):
        raise Invalid(f"{' and '.join(table.name for table in targets)} need different places in a lake")
    return {table: lake.folder(target, refresh_id) for table, target in targets.items()}


def write_to_lake(change: Publication, table: Table, rows: DataFrame, target: Location, progress: Progress) -> int:
    """
    Writes all *rows* to *target*, before the refresh is published and readers use it.

    Returns what a reader finds there, for `audit_totals`: the number of rows, for customer_months of active ones.
    """
    change.stage(table)
    change.describe(table, {"rows_are_in": str(target)})
    with progress(f"Writing {table.name} to {target}"):
        found = lake.write(rows, target)
        if table == CUSTOMER_MONTHS:
            found = lake.read(rows.sparkSession, target).where("is_active").count()
    return found
