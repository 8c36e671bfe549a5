"""The checks of a source's rows give the same reasons when a file is loaded and when a table is run."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
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
from customer360.tables import CUSTOMERS, EARLIEST_DATE, MOST_POINTS

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = pytest.mark.both

AS_OF = date(2031, 1, 1)
"""After every day that is drawn: what lies in the future is rejected by `load` alone, and counted by `run`."""
CALLED_BY_LOAD = {
    "customer_id_unreadable": "not_a_whole_number",
    "loyalty_points_unreadable": "not_a_whole_number",
}


@dataclass(frozen=True)
class Row:
    """What the checks look at; birth dates are left out, as only `load` asks whether they are placeholders."""

    customer_id: int | None
    join_date: date | None
    first_purchase: date | None
    last_login: datetime | None
    loyalty_points: Decimal | None


ZEROS = {date(1, 1, 1), date(1899, 12, 30), date(1899, 12, 31)}
"""In text they are what programs write for no date, so that `load` reads them as null."""
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
]


def by_load(rows: Sequence[Row], path: Path) -> list[set[str]]:
    """The reasons for which `load` rejects each of *rows*, written as text to a file at *path*."""
    names = list(Row.__dataclass_fields__)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow([*names, "city"])
        for number, row in enumerate(rows):
            values = [getattr(row, name) for name in names]
            # Another city in each row, since rows that say the same are one customer.
            writer.writerow(["" if value is None else str(value) for value in values] + [f"city {number}"])
    mapping = ColumnMapping({name: name for name in (*names, "city")})
    found: list[set[str]] = [set() for _ in rows]
    with spool_file(path) as raw:
        for part in find_loadable(raw, mapping, as_of=AS_OF).rejected:
            for lost in pq.ParquetFile(part).read(["source_line", "reasons"]).to_pylist():
                found[lost["source_line"] - 2] = {
                    CALLED_BY_LOAD.get(reason, reason) for reason in lost["reasons"].split(", ")
                }
    return found


def by_run(rows: Sequence[Row], spark: SparkSession) -> list[set[str]]:
    """The reasons for which `run` rejects each of *rows*, read from a table as typed values."""
    from customer360.operations.checks import FAILED_CHECKS, bits, checked
    from customer360.operations.conform import source_rows

    types = {"customer_id": pa.int64(), "join_date": pa.date32(), "first_purchase": pa.date32(),
             "last_login": pa.timestamp("us"), "loyalty_points": pa.decimal128(20, 1)}  # fmt: skip
    columns = {name: pa.array([getattr(row, name) for row in rows], kind) for name, kind in types.items()}
    columns["source_id"] = pa.array(map(str, range(len(rows))))
    table = spark.createDataFrame(pa.table(columns))
    checks = checked(source_rows(table, CUSTOMERS), CUSTOMERS, as_of=AS_OF, keys_are_unique=False).select(
        "source_id", FAILED_CHECKS
    )
    failed = {int(row["source_id"]): row[FAILED_CHECKS] for row in checks.toArrow().to_pylist()}
    return [
        {check.name for check in CUSTOMERS.rejects if failed[place] & bits(CUSTOMERS, [check])}
        for place in range(len(rows))
    ]


@settings(  # the rows that differ are shown: to look for fewer of them would start a hundred jobs
    max_examples=4, phases=[Phase.generate], suppress_health_check=list(HealthCheck)
)
@given(drawn=st.lists(ROWS, min_size=150, max_size=300))
def test_a_row_is_rejected_for_the_same_reasons_when_it_is_loaded_and_when_it_is_run(
    spark: SparkSession, tmp_path_factory: pytest.TempPathFactory, drawn: list[Row]
) -> None:
    """Both are rendered from one definition: a row that loads is never lost later, and the other way round."""
    rows = [*EVERY_REASON, *drawn]
    loaded, run = by_load(rows, tmp_path_factory.mktemp("rows") / "rows.csv"), by_run(rows, spark)

    assert set().union(*run) == {check.name for check in CUSTOMERS.rejects}
    differences = [(row, one, other) for row, one, other in zip(rows, loaded, run, strict=True) if one != other]
    assert differences[:3] == []
