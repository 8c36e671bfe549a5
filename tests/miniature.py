"""
The result tables in miniature, made by pandas from a few hundred invented customers.

Written apart from the operations on purpose: what a measure says of these tables can be compared with what the
rows behind them say.
"""

from __future__ import annotations

import random
from collections.abc import Collection
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa

from customer360 import tables
from customer360.bands import Bands
from customer360.postgres.types import Field, arrow_schema
from tests.additive import ADDITIVE, OF_ENGAGEMENT

AS_OF = date(2026, 6, 17)
STATUSES = ("Bronze", "Silver", "Gold", "Platinum", "Unknown")
ACTIVITIES = ("Active", "Inactive", "Unknown")
COUNTRIES = ("Chile", "Kenya", "Norway", "Other", "Unknown")
BALANCES = Bands("account_balance", tuple(map(Decimal, (100, 250, 500, 1000, 2500, 5000, 10000, 25000))), True)
POINTS = Bands("loyalty_points", tuple(map(Decimal, (50, 100, 250, 500, 1000))), True)
AGES = Bands("account_age_days", tuple(Decimal(100 * n) for n in range(1, 21)), False)
SLICERS = list(tables.SLICERS)


def customers(count: int = 700, seed: int = 360, missing: Collection[str] = ()) -> pd.DataFrame:
    """
    One row per customer with the columns of public.customers that matter, nulls and disorder included.

    The *missing* columns hold nothing.
    """
    rng = random.Random(seed)
    rows = [_customer(rng, number) | dict.fromkeys(missing) for number in range(1, count + 1)]
    return pd.DataFrame(rows, dtype=object)


def _customer(rng: random.Random, number: int) -> dict[str, object]:
    joined = AS_OF - timedelta(days=int(rng.random() ** 1.5 * 1900))
    bought = joined + timedelta(days=rng.randrange(90)) if rng.random() < 0.8 else None
    seen = AS_OF - timedelta(days=int(rng.expovariate(1 / 120))) if rng.random() < 0.9 else None
    balance = Decimal(rng.choice([-3_000, 0, 0, 500_000, 1_000_000, int(rng.lognormvariate(11, 2))])) / 100
    return {
        "customer_id": number,
        "source_id": f"C-{number:04}" if number % 3 else str(number),
        "name": f"Customer {number % 60}",
        "country": rng.choice([*COUNTRIES[:3], "Peru", None]),
        "join_date": joined if rng.random() < 0.97 else None,
        "first_purchase": bought if bought is None or bought <= AS_OF else None,
        "last_login": datetime.combine(seen, time(12)) if seen else None,
        "is_active": rng.choice([True, True, False, None]),
        "loyalty_status": rng.choice([*STATUSES[:4], None]),
        "loyalty_points": rng.choice([0, 100, rng.randrange(3_000), None]),
        "account_balance": balance if rng.random() < 0.93 else None,
    }


def profiles(customers: pd.DataFrame) -> pd.DataFrame:
    """One row per customer with its members, bands, stage and the columns that the segments add up."""
    return pd.DataFrame([_profile(row) for row in customers.to_dict("records")], dtype=object)


def _profile(row: dict[Any, Any]) -> dict[str, object]:
    unseen = (AS_OF - row["last_login"].date()).days if row["last_login"] else None
    met = [
        True,
        row["first_purchase"] is not None,
        bool(row["last_login"] and row["first_purchase"] and row["last_login"].date() >= row["first_purchase"]),
        row["is_active"] is True,
    ]
    stage = met.index(False) if False in met else 4
    country = row["country"] if row["country"] in COUNTRIES else "Other"
    return row | {
        "join_month": _month(row["join_date"]),
        "loyalty_status": row["loyalty_status"] or "Unknown",
        "activity": {True: "Active", False: "Inactive", None: "Unknown"}[row["is_active"]],
        "country": "Unknown" if row["country"] is None else country,
        "balance_band": _band(BALANCES, row["account_balance"]),
        "points_band": _band(POINTS, row["loyalty_points"]),
        "account_age_band": _band(AGES, (AS_OF - row["join_date"]).days if row["join_date"] else None),
        "last_login_month": _month(row["last_login"]),
        "funnel_stage": stage,
        "out_of_order": any(met[stage:]),
        "days_since_last_login": unseen,
    }


def _month(day: date | None) -> date | None:
    return None if day is None else date(day.year, day.month, 1)


def _band(bands: Bands, value: Decimal | int | None) -> int | None:
    return None if value is None else bands.number(value)


def result_tables(profiles: pd.DataFrame, missing: Collection[str] = ()) -> dict[str, pd.DataFrame]:
    """The result tables that measures and dimensions read, by name, of customers who lack the *missing* columns."""
    engagement = ["account_age_band", "last_login_month", "funnel_stage"]
    return {
        "customer_segments": _segments(profiles, ["balance_band", "points_band"], ADDITIVE),
        "engagement_segments": _segments(profiles, engagement, ADDITIVE | OF_ENGAGEMENT),
        "top_customers": _top(profiles),
        "cohort_retention": _retention(profiles),
        "calendar_months": _calendar(profiles),
        "loyalty_statuses": _ordered("loyalty_status", "status_order", STATUSES),
        "activities": _ordered("activity", "activity_order", ACTIVITIES),
        "countries": _ordered("country", "country_order", COUNTRIES),
        "bands": pd.DataFrame(
            [
                {
                    "banded_column": bands.banded_column,
                    "band": b.number,
                    "low": b.low,
                    "high": b.high,
                    "label": b.label,
                }
                for bands in (BALANCES, POINTS, AGES)
                for b in bands.all()
            ]
        ),
        "refreshes": pd.DataFrame(
            [
                _refresh(1, date(2026, 5, 1), len(profiles), 9),
                _refresh(2, AS_OF, len(profiles), 4) | {"missing_columns": ", ".join(missing)},
            ]
        ),
        "refresh_sources": pd.DataFrame([_source(1, ()), _source(2, missing)]),
        "data_quality": pd.DataFrame(
            [
                {"refresh_id": 1, "check_name": "has an id", "rows_checked": 700, "rows_failed": 9},
                {"refresh_id": 2, "check_name": "has an id", "rows_checked": 710, "rows_failed": 4},
                {"refresh_id": 2, "check_name": "joined before buying", "rows_checked": 710, "rows_failed": 0},
            ]
        ),
    }


def _refresh(number: int, as_of: date, rows: int, rejected: int) -> dict[str, object]:
    return {
        "refresh_id": number,
        "as_of_date": as_of,
        "source_table": "public.customers",
        "source_kind": "mock",
        "rows_in": rows + rejected,
        "rows_out": rows,
        "rows_rejected": rejected,
        "rows_not_yet_joined": 0,
        "missing_columns": "",
        "started_at": datetime.combine(as_of, time(3)),
        "finished_at": datetime.combine(as_of, time(3, number)),
        "version": "test",
    }


def _source(number: int, missing: Collection[str]) -> dict[str, object]:
    return {
        "refresh_id": number,
        "source": "public.customers",
        "kind": "mock",
        "rows_in": 710,
        "rows_out": 700,
        "rows_rejected": 10,
        "rows_not_yet_known": 0,
        "missing_columns": ", ".join(column.full_name for column in of_customers(missing)),
    }


def of_customers(names: Collection[str]) -> tuple[tables.Column, ...]:
    """The columns of the customers that are called so."""
    return tuple(tables.CUSTOMERS[name] for name in names)


def _segments(profiles: pd.DataFrame, bands: list[str], added: dict[str, Any]) -> pd.DataFrame:
    columns = SLICERS + bands
    everyone = profiles.assign(place=range(len(profiles)))
    people = profiles.to_dict("records")  # once: a thousand cells would take a second
    return pd.DataFrame(
        [
            dict(zip(columns, cell, strict=True)) | {name: of(members) for name, of in added.items()}
            for cell, rows in everyone.groupby(columns, dropna=False)
            for members in [[people[place] for place in rows["place"]]]
        ]
    ).astype(object)


def _top(profiles: pd.DataFrame) -> pd.DataFrame:
    known = profiles[profiles["account_balance"].notna()]
    ranked = sorted(known.to_dict("records"), key=lambda row: (-row["account_balance"], row["customer_id"]))
    rows: list[dict[str, Any]] = []
    filled: dict[tuple[Any, ...], int] = {}
    for row in ranked:
        cell = tuple(row[slicer] for slicer in SLICERS)
        filled[cell] = filled.get(cell, 0) + 1
        if filled[cell] <= 10:
            kept = {name: row[name] for name in (*SLICERS, "customer_id", "source_id", "name", "account_balance")}
            rows.append(kept | {"cell_rank": filled[cell]})
    return pd.DataFrame(rows, columns=list(tables.TOP_CUSTOMERS.column_names)).astype(object)


def _retention(profiles: pd.DataFrame) -> pd.DataFrame:
    last = 12 * AS_OF.year + AS_OF.month - 2
    rows = []
    for month, cohort in profiles[profiles["join_month"].notna()].groupby("join_month"):
        joined = 12 * month.year + month.month - 1
        for since in range(last - joined + 1):
            kept = [
                seen
                for seen in cohort["last_login_month"]
                if since == 0 or (seen and 12 * seen.year + seen.month - 1 >= joined + since)
            ]
            rows.append(
                {
                    "join_month": month,
                    "months_since": since,
                    "cohort_customers": len(cohort),
                    "retained_customers": len(kept),
                    "retained_share": round(Decimal(len(kept)) / len(cohort), 6),
                }
            )
    return pd.DataFrame(rows, columns=list(tables.COHORT_RETENTION.column_names)).astype(object)


def _calendar(profiles: pd.DataFrame) -> pd.DataFrame:
    joined = profiles["join_month"].dropna()
    months = pd.date_range(min(joined), AS_OF, freq="MS") if len(joined) else pd.DatetimeIndex([])
    return pd.DataFrame(
        {
            "month": [month.date() for month in months],
            "year": [month.year for month in months],
            "quarter": [f"{month.year} Q{month.quarter}" for month in months],
            "month_label": [f"{month:%b %Y}" for month in months],
        }
    ).astype(object)


def _ordered(key: str, order: str, members: tuple[str, ...]) -> pd.DataFrame:
    return pd.DataFrame({key: members, order: range(1, len(members) + 1)})


def database(results: dict[str, pd.DataFrame]) -> duckdb.DuckDBPyConnection:
    """DuckDB holding *results* in the schema and the types of `tables`."""
    connection = duckdb.connect()
    connection.execute(f"CREATE SCHEMA {tables.RESULT_SCHEMA}")
    for table in tables.RESULT_TABLES:
        if table.name in results:
            _load(connection, table, results[table.name])
    return connection


def _load(connection: duckdb.DuckDBPyConnection, table: tables.Table, rows: pd.DataFrame) -> None:
    columns = [column for column in table.columns if column.name in rows.columns]
    types = ", ".join(f"{column.name} {column.type}" for column in columns)
    connection.execute(f"CREATE TABLE {table.full_name} ({types})")
    schema = arrow_schema([Field(column.name, column.type) for column in columns])
    values = {name: [None if pd.isna(value) else value for value in rows[name]] for name in schema.names}
    connection.register("arrow", pa.table(values, schema))  # row by row DuckDB would take seconds
    connection.execute(f"INSERT INTO {table.full_name} SELECT * FROM arrow")
    connection.unregister("arrow")
