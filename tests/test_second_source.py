"""
A source is a value: another one, declared only here, passes through every step like the customers.

No other code mentions these tables.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from customer360.errors import Refused
from customer360.operations.checks import checked, fails
from customer360.operations.conform import conform, source_rows
from customer360.operations.data_quality import data_quality
from customer360.operations.rejected_rows import rejected_rows
from customer360.pipeline.staging import prepare_source, stage, stage_files
from customer360.postgres.connection import Database
from customer360.postgres.origin import Origin, origin
from customer360.postgres.publish import publication
from customer360.postgres.status import status
from customer360.tables import Column, Index, RowCheck, Source, Table
from customer360.tables.markdown import section
from customer360.tables.row_checks import IsMissing, LiesBefore, Repeats

AS_OF = date(2026, 6, 30)
VISITS = Source(
    "public",
    "visits",
    "one row per visit",
    "The visits.",
    (
        Column("visit_id", "integer", "Identifies the visit.", required=True),
        Column("visited_on", "date", "Day of the visit."),
    ),
    key=("visit_id",),
    known_from="visited_on",
    checks=(
        RowCheck("visit_id_duplicate", "reject", "The visit_id occurs more than once.", Repeats("visit_id")),
        RowCheck("too_early", "reject", "Lies before 2000.", LiesBefore(("visited_on",), date(2000, 1, 1))),
        RowCheck("day_missing", "warn", "visited_on is null.", IsMissing("visited_on")),
    ),
)
VISITS_BY_DAY = Table(
    "analytics",
    "visits_by_day",
    "one row per day with a visit",
    "Visits by day.",
    (
        Column("visited_on", "date", "The day.", required=True, derived_from=(VISITS["visited_on"],)),
        Column("visits", "smallint", "Number of visits.", required=True, minimum=1, is_additive=True),
    ),
    key=("visited_on",),
)
ROWS = {
    "visit_id": ["1", "2", "3", "3", "4", "5", "6"],
    "visited_on": ["2026-06-01", "2026-06-01", "2026-06-02", "2026-06-02", None, "1999-12-31", "2026-07-01"],
    "note": ["not declared"] * 7,
}


def visits_by_day(visits: DataFrame) -> DataFrame:
    """One row per day with a visit."""
    by_day = visits.where(F.col("visited_on").isNotNull()).groupBy("visited_on")
    return conform(by_day.agg(F.count("*").alias("visits")), VISITS_BY_DAY)


@pytest.fixture
def rows(spark: SparkSession) -> DataFrame:
    """The visits in a user's table: texts, and an additional column."""
    return checked(
        source_rows(spark.createDataFrame(pa.table(ROWS)), VISITS, [VISITS_BY_DAY]),
        VISITS,
        as_of=AS_OF,
        keys_are_unique=False,
    )


def test_its_rows_are_read_and_checked(rows: DataFrame) -> None:
    """Only the key and the columns that a result derives from, in the source's types; each check counted."""
    quality = data_quality(rows, VISITS)

    assert rows.columns == ["visit_id", "visited_on", "failed_checks"]
    assert rows.dtypes[:2] == [("visit_id", "int"), ("visited_on", "date")]
    assert (quality.rows_in, quality.rows_out, quality.rows_rejected, quality.rows_not_yet_known) == (7, 3, 3, 1)
    assert [(count.check.name, count.rows_checked, count.rows_failed) for count in quality.checks] == [
        ("visit_id_duplicate", 6, 2),
        ("too_early", 6, 1),
        ("day_missing", 3, 1),
    ]


def test_its_rejected_rows_are_kept_with_their_reasons(rows: DataFrame) -> None:
    """Under its own key, with the columns that were read."""
    found = [
        tuple(row) for row in rejected_rows(rows, VISITS, "crm.visits").orderBy("key", "original_row").collect()
    ]

    assert found == [
        ("crm.visits", "run", "3", "visit_id_duplicate", '{"visit_id":3,"visited_on":"2026-06-02"}'),
        ("crm.visits", "run", "3", "visit_id_duplicate", '{"visit_id":3,"visited_on":"2026-06-02"}'),
        ("crm.visits", "run", "5", "too_early", '{"visit_id":5,"visited_on":"1999-12-31"}'),
    ]


def test_it_is_published_with_its_result(rows: DataFrame, database: Database, tmp_path: Path) -> None:
    """Both in one transaction, under their contracts; the origin of the rows is recorded, shown, and guarded."""
    file = tmp_path / "visits.parquet"
    pq.write_table(pa.table({"visit_id": [1, 2], "visited_on": [date(2026, 6, 1)] * 2}, VISITS.arrow_schema), file)
    with publication(database, "test") as change:
        prepare_source(change, VISITS, replace=False)
        stage_files(change, database, VISITS, [file], writers=1)
        stage(
            change, database, VISITS_BY_DAY, visits_by_day(rows.where(~fails(VISITS, VISITS.rejects))), writers=1
        )
        change.describe(VISITS, Origin("own", rows=2).record())
        change.publish()

    with database.connect() as connection:
        assert connection.execute("TABLE analytics.visits_by_day").fetchall() == [(date(2026, 6, 1), 2)]
        assert origin(connection, VISITS.full_name).kind == "own"
        with (
            publication(database, "test") as change,
            pytest.raises(Refused, match="public.visits was loaded from"),
        ):
            prepare_source(change, VISITS, replace=False)
    found = status(database, [VISITS, VISITS_BY_DAY])
    assert found.rows == {"public.visits": 2, "analytics.visits_by_day": 1}
    assert found.sources["visits"].origin.rows == 2


def test_rows_are_in_the_order_of_a_brin_index(spark: SparkSession, database: Database) -> None:
    """
    Such an index stores the least and the greatest value of some pages, which excludes nothing among unsorted
    rows.
    """
    indexed = replace(VISITS_BY_DAY, indexes=(Index(("visited_on",), "brin"),))
    days = [date(2026, 6, day) for day in (3, 1, 4, 2)]
    rows = spark.createDataFrame(pa.table({"visited_on": days, "visits": [1] * 4})).coalesce(1)
    with publication(database, "test") as change:
        stage(change, database, indexed, conform(rows, indexed), writers=1)
        change.publish()

    with database.connect() as connection:
        lying = connection.execute("SELECT visited_on FROM analytics.visits_by_day ORDER BY ctid").fetchall()
        assert lying == [(day,) for day in sorted(days)]


def test_its_result_is_held_to_its_contract(spark: SparkSession, database: Database) -> None:
    """A count of zero violates the range that the column declares."""
    wrong = spark.createDataFrame(pa.table({"visited_on": [date(2026, 6, 1)], "visits": [0]}))
    with publication(database, "test") as change:
        stage(change, database, VISITS_BY_DAY, conform(wrong, VISITS_BY_DAY), writers=1)
        with pytest.raises(Refused, match=r"visits is not 1 or more in 1 row with the key \(visited_on\)"):
            change.publish()


def test_it_is_described(database: Database) -> None:
    """In words and as SQL comments, both rendered from its declaration."""
    with publication(database, "test") as change:
        change.stage(VISITS)
        change.publish()
    with database.connect() as connection:
        comment = connection.execute("SELECT obj_description('public.visits'::regclass)").fetchone()

    assert comment == ("The visits. Grain: one row per visit.",)
    assert list(section(VISITS))[-1] == "| `visited_on` | date | Day of the visit. |  |"
