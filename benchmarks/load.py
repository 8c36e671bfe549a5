"""Loads customers from a CSV file, compared with DuckDB reading it and a bare COPY of its rows."""

from __future__ import annotations

import time
from functools import partial
from pathlib import Path

import adbc_driver_postgresql.dbapi
import duckdb
import pyarrow as pa
import pyarrow.csv

from benchmarks.arguments import chosen, in_one_line, parser
from benchmarks.commands import timed
from benchmarks.engines import EMBEDDED
from benchmarks.interleaved import Candidate, Sample, interleaved, save, say
from benchmarks.workplace import AS_OF, SCHEMA, clear, plan, temporary_database
from customer360.mock_data.generate import generate_block
from customer360.own_data.mapping import ColumnMapping, written
from customer360.postgres.connection import Database
from customer360.tables import CUSTOMERS

DESCRIPTION = """\
Measures the time and peak memory of `customer360 load` for a CSV file of mock customers.

  bare  limit: DuckDB reads and types the file in memory; COPY of these rows into a table without a key
  ours  customer360 load: start Python, detect the file's format, read, check every cell, search for duplicates,
        copy, audit, build the key and the statistics, swap
"""

_MAPPING = ColumnMapping({name: name for name in CUSTOMERS.column_names}, newest_by="last_login")
_SCHEMA = CUSTOMERS.arrow_schema


def main() -> None:
    arguments = parser("load", DESCRIPTION, repeats=3).parse_args()
    say(f"load, {arguments.rows:,} rows")
    with temporary_database() as (database, folder):
        file = _csv(folder / "customers.csv", arguments.rows)
        say(f"  {file.stat().st_size / 1e6:,.0f} MB")
        mapping = folder / "customers.mapping.toml"
        mapping.write_text(written(_MAPPING, file.name, CUSTOMERS.column_names))
        command = EMBEDDED.command("load", str(file), f"--mapping={mapping}", "--replace", f"--as-of={AS_OF}")
        bare, ours = partial(_bare, database, file), partial(timed, command, folder.parent)
        empty = partial(clear, database)
        everyone = [
            Candidate("bare", "DuckDB reads and types, COPY", "limit", bare, empty),
            Candidate("ours", "**customer360 load**", "ours", ours, empty),
        ]
        measured = interleaved(chosen(everyone, arguments.only), repeats=arguments.repeats)
    save("loading", arguments.rows, measured, arguments.results)


def _csv(path: Path, rows: int) -> Path:
    story = plan(rows)
    with pa.csv.CSVWriter(path, _SCHEMA) as writer:
        for block in range(story.blocks):
            writer.write_batch(generate_block(story, block))
    return path


def _bare(database: Database, file: Path) -> Sample:
    columns = ", ".join(f"{column.name} {column.type}" for column in CUSTOMERS.columns)
    with database.connect("benchmark") as connection:
        connection.execute(f"CREATE TABLE {SCHEMA}.bare ({columns})")
    started = time.perf_counter()
    with duckdb.connect() as duck:
        rows = duck.sql(f"FROM read_csv('{file}')").to_arrow_table().cast(_SCHEMA)
    with adbc_driver_postgresql.dbapi.connect(database.url) as connection, connection.cursor() as cursor:
        cursor.adbc_ingest("bare", rows.to_reader(), mode="append", db_schema_name=SCHEMA)
        connection.commit()
    return Sample(time.perf_counter() - started)


if __name__ == "__main__":
    in_one_line(main)
