"""Segment tables of a given size, like those of any number of customers, without making the customers."""

from __future__ import annotations

from collections.abc import Mapping

import duckdb
import pyarrow as pa

from customer360.tables import (
    ACTIVITIES,
    BANDS,
    CALENDAR_MONTHS,
    COUNTRIES,
    CUSTOMER_SEGMENTS,
    ENGAGEMENT_SEGMENTS,
    LOYALTY_STATUSES,
    Table,
)

_MEMBERS = (CALENDAR_MONTHS, LOYALTY_STATUSES, ACTIVITIES, COUNTRIES, BANDS)
_SUMS = """
    1 + (random() * 20)::bigint AS customers, (random() * 10000)::decimal(22, 2) AS balance_sum,
    1::bigint AS balance_count, (random() * 9000)::bigint AS points_sum, 1::bigint AS points_count,
    (random() * 400)::bigint AS recency_days_sum, 1::bigint AS recency_count
"""
_SLICED = "SELECT joined.month AS join_month, loyalty_status, activity, country"
_FROM = "FROM calendar_months AS joined, loyalty_statuses, activities, countries"
_STATEMENTS = {
    CUSTOMER_SEGMENTS: f"""
        {_SLICED}, balance.band AS balance_band, points.band AS points_band, {_SUMS} {_FROM},
            (SELECT band FROM bands WHERE banded_column = 'account_balance') AS balance,
            (SELECT band FROM bands WHERE banded_column = 'loyalty_points') AS points
    """,
    ENGAGEMENT_SEGMENTS: f"""
        {_SLICED}, age.band AS account_age_band, seen.month AS last_login_month,
            stages.stage::smallint AS funnel_stage, {_SUMS}, 0::bigint AS out_of_order_customers {_FROM},
            (SELECT band FROM bands WHERE banded_column = 'account_age_days') AS age,
            calendar_months AS seen, range(1, 5) AS stages (stage)
    """,
}


def with_cells(tables: Mapping[Table, pa.Table], cells: Mapping[Table, int]) -> dict[Table, pa.Table]:
    """*tables* with the given number of random distinct cells in each table of *cells*, if possible."""
    connection = duckdb.connect()
    connection.execute("SELECT setseed(0.5)").fetchall()
    for table in _MEMBERS:
        connection.register(table.name, tables[table])
    made = {table: _cells(connection, table, rows).cast(tables[table].schema) for table, rows in cells.items()}
    return {**tables, **made}


def _cells(connection: duckdb.DuckDBPyConnection, table: Table, rows: int) -> pa.Table:
    [(possible,)] = connection.execute(f"SELECT count(*) FROM ({_STATEMENTS[table]})").fetchall()
    kept = f"SELECT * FROM ({_STATEMENTS[table]}) WHERE random() < {1.05 * rows / possible} LIMIT {rows}"
    return connection.sql(kept).to_arrow_table()
