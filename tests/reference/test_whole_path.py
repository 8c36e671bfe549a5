"""From order lines in a CSV file to result tables in PostgreSQL, compared with a recomputation from the lines."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.csv
import pytest

import customer360
from customer360.postgres.connection import Database
from customer360.postgres.read import read_table
from customer360.tables import RESULT_TABLES
from tests.reference.ledgers import CDNOW_AS_OF, COMPLETE_JOURNEY_AS_OF, cdnow, complete_journey
from tests.reference.recomputed import RECOMPUTED, disagreements, recomputed_from_lines, rows

pytestmark = [pytest.mark.spark, pytest.mark.slow]


@pytest.mark.parametrize(
    ("ledger", "as_of"),
    [(cdnow, CDNOW_AS_OF), (complete_journey, COMPLETE_JOURNEY_AS_OF)],
    ids=["cdnow", "grocer"],
)
def test_order_lines_in_a_file_become_the_results_of_a_recomputation(
    database: Database, spark, tmp_path: Path, ledger: Callable[[], pa.Table], as_of: date
) -> None:
    """Without a mapping or a date: every column is guessed, and the last day in the data is the as-of date."""
    lines = ledger()
    file = tmp_path / "orders.csv"
    named = lines.rename_columns(["customer_id", "order_id", "order_date", "amount"])
    pyarrow.csv.write_csv(named.drop_columns([] if lines["order_id"].null_count == 0 else ["order_id"]), file)

    with customer360.connect(database.url) as c:
        c.load(file, transactions=True)
        refresh = c.run()

    assert refresh.as_of_date == as_of
    with recomputed_from_lines(lines, as_of) as duck:
        for table in (table for table in RESULT_TABLES if table.name in RECOMPUTED):
            found = read_table(database, table.full_name, table.column_names)
            assert found.num_rows == rows(duck, f"SELECT count(*) FROM {RECOMPUTED[table.name]}")[0][0]
            assert disagreements(duck, RECOMPUTED[table.name], found) == []
