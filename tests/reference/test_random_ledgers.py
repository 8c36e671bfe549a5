"""Every result of events, by PySpark and by SQL, on ledgers of every kind: clean and dirty, now and in the past."""

from __future__ import annotations

from datetime import date
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from customer360 import tables
from customer360.operations.run import EventRows, ResultTables, results
from customer360.tables import CUSTOMERS, EVENTS, columns_read
from customer360.tables.row_checks import DiffersFromEvents
from tests.reference.filters import filters_that_disagree
from tests.reference.ledgers import CDNOW_AS_OF, COMPLETE_JOURNEY_AS_OF, cdnow, complete_journey
from tests.reference.random_ledgers import LAST_DAY, random_ledger
from tests.reference.recomputed import (
    RECOMPUTED,
    counted_customers,
    counted_events,
    disagreements,
    recomputed,
    recomputed_from_lines,
)

pytestmark = pytest.mark.spark

PAST = date(2025, 9, 12)


def on_spark(spark, rows: pa.Table, source: tables.Source):
    """*rows* with the columns that operations read, in the source's types."""
    names = columns_read(source)
    schema = ", ".join(f"{name} {source[name].spark_type}" for name in names)
    return spark.createDataFrame(
        rows.select(list(names)).cast(pa.schema([source.arrow_schema.field(name) for name in names])), schema
    )


def found_by_operations(spark, customers: pa.Table, events: pa.Table, as_of: date):
    return results(
        on_spark(spark, customers, CUSTOMERS), as_of=as_of, events=EventRows(on_spark(spark, events, EVENTS))
    )


def all_disagreements(duck: duckdb.DuckDBPyConnection, found: ResultTables) -> dict[str, list[str]]:
    differences = {
        name: disagreements(duck, recomputed_as, found.tables[name].toArrow())
        for name, recomputed_as in RECOMPUTED.items()
    }
    return {name: lines for name, lines in differences.items() if lines}


@pytest.mark.parametrize(
    ("seed", "as_of", "has_flags"),
    [
        (1, LAST_DAY, True),
        pytest.param(2, PAST, True, marks=[pytest.mark.slow, pytest.mark.both]),
        pytest.param(3, LAST_DAY, False, marks=pytest.mark.slow),
        pytest.param(4, date(2025, 2, 28), False, marks=pytest.mark.slow),
        pytest.param(5, date(2027, 3, 31), True, marks=pytest.mark.slow),
    ],
)
def test_the_results_of_a_random_ledger_equal_a_recomputation_from_its_rows(spark, seed, as_of, has_flags):
    """Including duplicates, unknown customers, odd kinds, and events before joining and after the as-of date."""
    ledger = random_ledger(seed, has_flags=has_flags)

    with recomputed(*ledger, as_of) as duck, found_by_operations(spark, *ledger, as_of) as found:
        assert all_disagreements(duck, found) == {}
        assert counted(found) == counted_events(duck) | counted_customers(duck)
        assert filters_that_disagree(duck, *segments(found), seed) == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("lines", "as_of"),
    [
        (cdnow, CDNOW_AS_OF),
        (cdnow, date(1997, 3, 15)),
        (complete_journey, COMPLETE_JOURNEY_AS_OF),
        (complete_journey, date(2017, 8, 31)),
    ],
)
def test_the_results_of_a_real_ledger_equal_a_recomputation_from_its_rows(spark, lines, as_of):
    with recomputed_from_lines(lines(), as_of) as duck:
        customers, events = (duck.sql(f"FROM {name}").to_arrow_table() for name in ("customers", "events"))
        with found_by_operations(spark, customers, events, as_of) as found:
            assert all_disagreements(duck, found) == {}
            assert filters_that_disagree(duck, *segments(found), seed=as_of.day) == []


def segments(found: ResultTables) -> tuple[pa.Table, pa.Table]:
    return found.tables["activity_segments"].toArrow(), found.tables["demographic_segments"].toArrow()


def counted(found: ResultTables) -> dict[str, Any]:
    """The numbers of events read, used and rejected, failures by check, and customers that differ from their events."""
    quality = found.event_quality
    assert quality is not None
    read = {"in": quality.rows_in, "out": quality.rows_out, "rejected": quality.rows_rejected}
    return (
        read
        | {count.check.name: count.rows_failed for count in quality.checks}
        | {
            count.check.name: count.rows_failed
            for count in found.data_quality.checks
            if isinstance(count.check.condition, DiffersFromEvents)
        }
    )
