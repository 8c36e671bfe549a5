"""Whether a reader waits longer with a hundred times as many customers."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack

import pyarrow as pa
from psycopg import sql

from benchmarks.arguments import chosen, in_one_line
from benchmarks.dashboard.browser import chromium
from benchmarks.dashboard.cells import with_cells
from benchmarks.dashboard.interaction import steps
from benchmarks.dashboard.options import add_turns, parser
from benchmarks.dashboard.places import dashboard, home_with_results, results_in
from benchmarks.dashboard.readers import dashboard_reader
from benchmarks.dashboard.turns import Turn, in_turns
from benchmarks.interleaved import save, say
from customer360.postgres.connection import Database
from customer360.postgres.embedded import EmbeddedPostgres
from customer360.postgres.read import read_together
from customer360.tables import CUSTOMER_SEGMENTS, ENGAGEMENT_SEGMENTS, Table
from customer360.web.store import LOADED

DESCRIPTION = """\
Measures a click on result tables as large as those of 100 thousand to 10 million customers. A page reads only the
segment tables, so these are filled with as many random cells; no customers are made.

  100k, 1M, 10M  ours: a slicer change on the overview page, as in the benchmark `interaction`
"""
CELLS: Mapping[str, Mapping[Table, int]] = {
    "100k": {CUSTOMER_SEGMENTS: 49_000, ENGAGEMENT_SEGMENTS: 45_000},
    "1M": {CUSTOMER_SEGMENTS: 133_000, ENGAGEMENT_SEGMENTS: 159_000},
    "10M": {CUSTOMER_SEGMENTS: 214_000, ENGAGEMENT_SEGMENTS: 354_000},
}
"""The rows of the segment tables by number of customers, as measured by `benchmarks.growth`."""
_FILLED = 100_000
"""Customers of the database whose segment tables are then replaced."""


_LARGEST = 10_000_000


def main() -> None:
    made = parser("sizes", DESCRIPTION)
    add_turns(made)
    arguments = made.parse_args()
    say("sizes, segment tables as of 100k to 10M customers")
    with home_with_results(_FILLED, None) as home, ExitStack() as stack:
        walk = steps(results_in(home), arguments.repeats + 1)
        tables = read_together(EmbeddedPostgres(home).database(), LOADED)
        browser = stack.enter_context(chromium())
        sizes = []
        for size, cells in CELLS.items():
            _replace(EmbeddedPostgres(home).database(), with_cells(tables, cells), list(cells))
            url = stack.enter_context(dashboard(home)).url
            reader = dashboard_reader(browser, url, "overview", walk)
            sizes.append(Turn(size, f"**dashboard**, tables as of {size} customers", "ours", reader.take))
        measured = in_turns(chosen(sizes, arguments.only), repeats=arguments.repeats)
    save("sizes", _LARGEST, measured, arguments.results)


def _replace(database: Database, tables: Mapping[Table, pa.Table], changed: list[Table]) -> None:
    """Replaces the rows of the *changed* tables without notifying processes that have loaded the results."""
    with database.connect("benchmark") as connection, connection.cursor() as cursor:
        for table in changed:
            name = sql.Identifier(table.schema, table.name)
            cursor.execute(sql.SQL("TRUNCATE {}").format(name))
            with cursor.copy(sql.SQL("COPY {} FROM STDIN").format(name)) as copy:
                for row in zip(*(column.to_pylist() for column in tables[table].columns), strict=True):
                    copy.write_row(row)


if __name__ == "__main__":
    in_one_line(main)
