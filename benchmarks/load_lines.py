"""Loads a shop's order lines from a CSV file, compared with DuckDB making the same tables, and COPY."""

from __future__ import annotations

import time
from functools import partial
from pathlib import Path

import adbc_driver_postgresql.dbapi
import duckdb
import pyarrow as pa

from benchmarks.arguments import chosen, in_one_line, parser
from benchmarks.commands import timed
from benchmarks.engines import EMBEDDED
from benchmarks.interleaved import Candidate, Sample, interleaved, save, say
from benchmarks.workplace import AS_OF, SCHEMA, clear, temporary_database
from customer360.own_data.mapping import ColumnMapping, written
from customer360.own_data.row_kinds import ORDER_LINES
from customer360.postgres.connection import Database

DESCRIPTION = """\
Measures the time and peak memory of `customer360 load --transactions` for a CSV file of order lines.

  bare  limit: DuckDB reads and types the file and turns its lines into customers and orders, in memory; COPY of
        both into tables without keys
  ours  customer360 load: start Python, detect the file's format, read, check every cell, make customers and
        events, copy, audit, build keys, indexes and statistics, swap

The lines are random: 2.5 per order, 10 orders per customer, over three years.
"""
_COLUMNS = ("customer_id", "order_id", "order_date", "amount")
_MAPPING = ColumnMapping({name: name for name in _COLUMNS}, kind=ORDER_LINES).with_styles("decimal point")
_ORDERS = """
    SELECT customer_id, order_id, min(order_date) AS occurred_at, sum(amount)::decimal(12, 2) AS amount
    FROM read_csv('{}') GROUP BY customer_id, order_id
"""
_CUSTOMERS = "SELECT customer_id, min(occurred_at)::date AS join_date FROM orders GROUP BY customer_id"


def main() -> None:
    arguments = parser("load_lines", DESCRIPTION, rows="5M").parse_args()
    say(f"load, {arguments.rows:,} order lines")
    with temporary_database() as (database, folder):
        file = _csv(folder / "lines.csv", arguments.rows)
        say(f"  {file.stat().st_size / 1e6:,.0f} MB")
        mapping = folder / "lines.mapping.toml"
        mapping.write_text(written(_MAPPING, file.name, _COLUMNS))
        options = ("--transactions", f"--mapping={mapping}", "--replace", f"--as-of={AS_OF}")
        command = EMBEDDED.command("load", str(file), *options)
        bare, ours = partial(_bare, database, file), partial(timed, command, folder.parent)
        empty = partial(clear, database)
        everyone = [
            Candidate("bare", "DuckDB reads, types and groups, COPY", "limit", bare, empty),
            Candidate("ours", "**customer360 load**", "ours", ours, empty),
        ]
        measured = interleaved(chosen(everyone, arguments.only), repeats=arguments.repeats)
    save("lines", arguments.rows, measured, arguments.results)


def _csv(path: Path, lines: int) -> Path:
    with duckdb.connect() as duck:
        duck.execute("SET threads = 1; SELECT setseed(0.7)")
        duck.execute(f"""
            COPY (SELECT 1 + orders % {max(lines // 25, 1)} AS customer_id,
                  'A' || (orders + 10_000_000) AS order_id,
                  DATE '{AS_OF}' - 1 - (hash(orders) % 1095)::integer AS order_date,
                  round(1 + 99 * random(), 2) AS amount
                  FROM (SELECT floor(range / 2.5)::bigint AS orders FROM range({lines})))
            TO '{path}' (HEADER)
        """)
    return path


def _bare(database: Database, file: Path) -> Sample:
    with database.connect("benchmark") as connection:
        columns = "customer_id bigint, order_id text, occurred_at timestamp, amount numeric(12, 2)"
        connection.execute(f"CREATE TABLE {SCHEMA}.orders ({columns})")
        connection.execute(f"CREATE TABLE {SCHEMA}.joined (customer_id bigint, join_date date)")
    started = time.perf_counter()
    with duckdb.connect() as duck:
        orders = duck.sql(_ORDERS.format(file)).to_arrow_table()
        customers = duck.sql(_CUSTOMERS).to_arrow_table()
    moment = orders.column_names.index("occurred_at")
    orders = orders.set_column(moment, "occurred_at", orders["occurred_at"].cast(pa.timestamp("us")))
    with adbc_driver_postgresql.dbapi.connect(database.url) as connection, connection.cursor() as cursor:
        for name, rows in {"orders": orders, "joined": customers}.items():
            cursor.adbc_ingest(name, rows.to_reader(), mode="append", db_schema_name=SCHEMA)
        connection.commit()
    return Sample(time.perf_counter() - started)


if __name__ == "__main__":
    in_one_line(main)
