"""The checks of a source's rows give the same reasons when a file is loaded and when a table is run."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from customer360.own_data.loadable import find_loadable
from customer360.own_data.mapping import ColumnMapping
from customer360.own_data.raw_tables import spool_file
from customer360.own_data.row_kinds import CUSTOMER_ROWS, EVENT_ROWS, RowKind
from customer360.tables import CUSTOMERS, EARLIEST_DATE, EVENT_KINDS, EVENTS, MOST_POINTS, Source
from customer360.tables.forgotten import Forgotten, hashed
from customer360.tables.row_checks import IsUnknownTo

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = pytest.mark.both

AS_OF = date(2031, 1, 1)
"""Later than every drawn day: `load` rejects future days, and `run` counts them."""
CALLED_BY_LOAD = {
    CUSTOMERS: {"customer_id_unreadable": "not_a_whole_number", "loyalty_points_unreadable": "not_a_whole_number"},
    EVENTS: {"points_unreadable": "event_not_a_whole_number"},
}


@dataclass(frozen=True)
class Row:
    """
    What the checks examine; birth dates are excluded, because only `load` checks whether they are placeholders.
    """

    customer_id: int | None
    join_date: date | None
    first_purchase: date | None
    last_login: datetime | None
    loyalty_points: Decimal | None


ZEROS = {date(1, 1, 1), date(1899, 12, 30), date(1899, 12, 31)}
"""As text, programs write these for a missing date, so `load` reads them as null."""
LIMITS = (date(1, 1, 2), EARLIEST_DATE, date(1970, 1, 1), date(2024, 2, 29), date(2030, 12, 30))
DAYS = st.builds(lambda day, more: day + timedelta(days=more), st.sampled_from(LIMITS), st.integers(-1, 1)).filter(
    lambda day: day not in ZEROS
)
TIMES = st.sampled_from([time(0), time(0, 0, 0, 1), time(12), time(23, 59, 59, 999_999)])
POINTS = st.builds(
    lambda limit, more: limit + more,
    st.sampled_from([Decimal(0), Decimal(MOST_POINTS)]),
    st.sampled_from([Decimal(text) for text in ("-1", "-0.1", "0", "0.1", "1")]),
)
ROWS = st.builds(
    Row,
    customer_id=st.none() | st.integers(1, 400),
    join_date=st.none() | DAYS,
    first_purchase=st.none() | DAYS,
    last_login=st.none() | st.builds(datetime.combine, DAYS, TIMES),
    loyalty_points=st.none() | POINTS,
)
NEXT = date(2024, 3, 1)
FORGOTTEN = 508
SALT = b"salt"
WHO_IS_FORGOTTEN = Forgotten(SALT, frozenset({hashed(SALT, "customer_id", FORGOTTEN)}))
"""One row for each reason, so that none can be missed."""
EVERY_REASON = [
    Row(None, NEXT, NEXT, datetime(2024, 3, 1), Decimal(0)),
    Row(501, date(1899, 12, 29), None, None, None),
    Row(502, NEXT, date(2024, 2, 29), None, Decimal(MOST_POINTS)),
    Row(503, NEXT, None, datetime(2024, 2, 29, 23, 59, 59, 999_999), None),
    Row(504, None, None, None, Decimal(-1)),
    Row(505, None, None, None, Decimal(MOST_POINTS + 1)),
    Row(506, None, None, None, Decimal("0.1")),
    Row(507, NEXT, None, None, None),
    Row(507, NEXT, None, None, Decimal(1)),
    Row(FORGOTTEN, NEXT, None, None, None),
]


@dataclass(frozen=True)
class Event:
    """What the checks of an event examine without other rows."""

    event_id: int | None
    customer_id: int | None
    occurred_at: datetime | None
    kind: str | None
    amount: Decimal | None
    points: Decimal | None


KINDS = st.sampled_from([None, "dance", *EVENT_KINDS, *(kind.upper() for kind in EVENT_KINDS)])
AMOUNTS = st.sampled_from([None, *(Decimal(text) for text in ("-0.01", "0", "0.01"))])
MOVED = st.builds(
    lambda sign, limit, more: sign * (limit + more),
    st.sampled_from([1, -1]),
    st.sampled_from([Decimal(0), Decimal(MOST_POINTS)]),
    st.sampled_from([Decimal(text) for text in ("-1", "0", "1")]),
)
"""Integers: `load` rejects others as such, and `run` sees them without their decimals."""
EVENTS_DRAWN = st.builds(
    Event,
    event_id=st.none() | st.integers(1, 400),
    customer_id=st.none() | st.integers(1, 400),
    occurred_at=st.none() | st.builds(datetime.combine, DAYS, TIMES),
    kind=KINDS,
    amount=AMOUNTS,
    points=st.none() | MOVED,
)
AT = datetime(2024, 3, 1, 12)
EVERY_REASON_OF_EVENTS = [
    Event(None, 1, AT, "login", None, None),
    Event(501, None, AT, "login", None, None),
    Event(502, 1, None, "login", None, None),
    Event(503, 1, datetime(1899, 12, 29), "login", None, None),
    Event(504, 1, AT, None, None, None),
    Event(505, 1, AT, "dance", None, None),
    Event(506, 1, AT, "purchase", Decimal("-0.01"), None),
    Event(507, 1, AT, "refund", Decimal("0.01"), None),
    Event(508, 1, AT, "earn", None, Decimal(-1)),
    Event(509, 1, AT, "redeem", None, Decimal(1)),
    Event(510, 1, AT, "adjust", None, Decimal(MOST_POINTS + 1)),
    Event(511, 1, AT, "adjust", None, Decimal(-MOST_POINTS - 1)),
    Event(512, 1, AT, "adjust", None, Decimal("0.1")),
    Event(513, 1, AT, "login", None, None),
    Event(513, 1, AT, "login", None, Decimal(0)),
    Event(514, FORGOTTEN, AT, "login", None, None),
]


def by_load(
    rows: Sequence[Row] | Sequence[Event], path: Path, kind: RowKind = CUSTOMER_ROWS, more: str = "city"
) -> list[set[str]]:
    """
    The reasons for which `load` rejects each of *rows*, written as text to a file at *path*. *more* is a column
    with different text in each row, since identical rows count once.
    """
    names = [field.name for field in fields(rows[0])]
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow([*names, more])
        for number, row in enumerate(rows):
            values = [getattr(row, name) for name in names]
            writer.writerow(["" if value is None else str(value) for value in values] + [f"{more} {number}"])
    mapping = ColumnMapping({name: name for name in (*names, more)}, kind=kind)
    found: list[set[str]] = [set() for _ in rows]
    with spool_file(path) as raw:
        for part in find_loadable(raw, mapping, as_of=AS_OF, forgotten=WHO_IS_FORGOTTEN).rejected:
            for lost in pq.ParquetFile(part).read(["source_line", "reasons"]).to_pylist():
                found[lost["source_line"] - 2] = {
                    CALLED_BY_LOAD[kind.table].get(reason, reason) for reason in lost["reasons"].split(", ")
                }
    return found


def by_run(rows: Sequence[Row] | Sequence[Event], spark: SparkSession, source: Source) -> list[set[str]]:
    """The reasons for which `run` rejects each of *rows* of *source*, read from a table as typed values."""
    from customer360.operations.checks import FAILED_CHECKS, bits, checked
    from customer360.operations.conform import source_rows

    names = [field.name for field in fields(rows[0])]
    exact = {"loyalty_points": pa.decimal128(20, 1), "points": pa.decimal128(20, 1)}
    columns = {
        name: pa.array([getattr(row, name) for row in rows], exact.get(name, source[name].arrow_type))
        for name in names
    }
    place = source.own_id or "order_id"
    columns[place] = pa.array(map(str, range(len(rows))))
    table = spark.createDataFrame(pa.table(columns))
    checks = checked(source_rows(table, source), source, as_of=AS_OF, keys_are_unique=False, forgotten=[FORGOTTEN])
    failed = {
        int(row[place]): row[FAILED_CHECKS] for row in checks.select(place, FAILED_CHECKS).toArrow().to_pylist()
    }
    rejects = [check for check in source.rejects if not isinstance(check.condition, IsUnknownTo)]
    return [
        {check.name for check in rejects if failed[place] & bits(source, [check])} for place in range(len(rows))
    ]


def assert_same(rows: Sequence[Row] | Sequence[Event], loaded: list[set[str]], run: list[set[str]]) -> None:
    differences = [(row, one, other) for row, one, other in zip(rows, loaded, run, strict=True) if one != other]
    assert differences[:3] == []


_DRAWN = settings(  # the rows that differ are shown: shrinking them would start a hundred jobs
    max_examples=4, phases=[Phase.generate], suppress_health_check=list(HealthCheck)
)


@_DRAWN
@given(drawn=st.lists(ROWS, min_size=150, max_size=300))
def test_a_row_is_rejected_for_the_same_reasons_when_it_is_loaded_and_when_it_is_run(
    spark: SparkSession, tmp_path_factory: pytest.TempPathFactory, drawn: list[Row]
) -> None:
    """Both are rendered from one definition: a row that loads is never lost later, and vice versa."""
    rows = [*EVERY_REASON, *drawn]
    loaded, run = by_load(rows, tmp_path_factory.mktemp("rows") / "rows.csv"), by_run(rows, spark, CUSTOMERS)

    assert set().union(*run) == {check.name for check in CUSTOMERS.rejects}
    assert_same(rows, loaded, run)


@_DRAWN
@given(drawn=st.lists(EVENTS_DRAWN, min_size=100, max_size=150))
def test_an_event_is_rejected_for_the_same_reasons_when_it_is_loaded_and_when_it_is_run(
    spark: SparkSession, tmp_path_factory: pytest.TempPathFactory, drawn: list[Event]
) -> None:
    """Except events of unknown customers, since each knows other customers."""
    rows, path = [*EVERY_REASON_OF_EVENTS, *drawn], tmp_path_factory.mktemp("rows") / "events.csv"
    loaded, run = by_load(rows, path, EVENT_ROWS, "order_id"), by_run(rows, spark, EVENTS)

    assert set().union(*run) == {check.name for check in EVENTS.rejects} - {"event_customer_unknown"}
    assert_same(rows, loaded, run)
