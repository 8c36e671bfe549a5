"""
The result tables in miniature, built with pandas from a few hundred invented customers.

Deliberately independent of the operations: the value of a measure over these tables can be compared with the rows
behind them.
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
from customer360.report.missing import OF_EVENTS
from tests import miniature_events, miniature_value
from tests.additive import ADDITIVE, OF_ENGAGEMENT, OF_SPENDING, OF_VALUE

AS_OF = miniature_events.AS_OF
GENDERS = ("Female", "Male", "Not stated")
STATUSES = ("Bronze", "Silver", "Gold", "Platinum", "Unknown")
ACTIVITIES = ("Active", "Inactive", "Unknown")
COUNTRIES = ("Chile", "Kenya", "Norway", "Other", "Unknown")
BALANCES = Bands("account_balance", tuple(map(Decimal, (100, 250, 500, 1000, 2500, 5000, 10000, 25000))), True)
POINTS = Bands("loyalty_points", tuple(map(Decimal, (50, 100, 250, 500, 1000))), True)
AGES = Bands("account_age_days", tuple(Decimal(100 * n) for n in range(1, 21)), False)
SPENT = Bands("spent", tuple(map(Decimal, (25, 50, 100, 250, 500, 1000))), True)
ORDERS = {0: "0", 1: "1", 3: "2–3", 6: "4–6", 12: "7–12", 24: "13–24", None: "25 or more"}
"""The most orders of each band, from band 0, and its label."""
YEARS = {17: "under 18", 24: "18–24", 34: "25–34", 44: "35–44", 54: "45–54", 64: "55–64", None: "65 and over"}
NOT_STATED_AGE = 8
SLICERS = list(tables.SLICERS)


def customers(count: int = 700, seed: int = 360, missing: Collection[str] = ()) -> pd.DataFrame:
    """
    One row per customer with the relevant columns of public.customers, including nulls and contradictions.

    The *missing* columns are null.
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
    """One row per customer with members, bands, stage and the columns that the segments add up."""
    by_behaviour = all(flag is None for flag in customers["is_active"])
    found = [_profile(row, by_behaviour) for row in customers.to_dict("records")]
    of_all = zip(
        miniature_value.rfm(found, AS_OF),
        miniature_value.holdouts(found),
        miniature_value.tenths([row["spent"] for row in found]),
        strict=True,
    )
    for row, (scores, holdout, tenth) in zip(found, of_all, strict=True):
        row |= scores | holdout | {"spending_tenth": tenth}
    return pd.DataFrame(found, dtype=object)


def _profile(row: dict[Any, Any], by_behaviour: bool) -> dict[Any, Any]:
    seen = miniature_events.last_seen(row)
    today = {
        "account_age_days": (AS_OF - row["join_date"]).days if row["join_date"] else None,
        "is_active_by_behaviour": bool(seen and (AS_OF - seen).days < tables.ACTIVE_DAYS),
    }
    if by_behaviour:
        row |= {"is_active": today["is_active_by_behaviour"]}
    unseen = (AS_OF - row["last_login"].date()).days if row["last_login"] else None
    met = [
        True,
        row["first_purchase"] is not None,
        bool(row["last_login"] and row["first_purchase"] and row["last_login"].date() > row["first_purchase"]),
        row["is_active"] is True,
    ]
    stage = met.index(False) if False in met else 4
    country = row["country"] if row["country"] in COUNTRIES else "Other"
    return (
        row
        | today
        | {
            "join_month": _month(row["join_date"]),
            "loyalty_status": row["loyalty_status"] or "Unknown",
            "activity": {True: "Active", False: "Inactive", None: "Unknown"}[row["is_active"]],
            "stored_country": row["country"],
            "country": "Unknown" if row["country"] is None else country,
            "balance_band": _band(BALANCES, row["account_balance"]),
            "points_band": _band(POINTS, row["loyalty_points"]),
            "account_age_band": _band(AGES, today["account_age_days"]),
            "last_login_month": _month(row["last_login"]),
            "funnel_stage": stage,
            "out_of_order": any(met[stage:]),
            "days_since_last_login": unseen,
            "last_seen_month": _month(seen),
            "last_seen": seen,
            "age_band": row["customer_id"] % NOT_STATED_AGE or NOT_STATED_AGE,
            "gender": GENDERS[row["customer_id"] % 3],
            **_spending(row),
            **miniature_value.expectation(row),
        }
    )


def _spending(row: dict[Any, Any]) -> dict[str, Any]:
    """The customer's spending and orders, up to the as-of date and in the months of RFM."""
    orders = miniature_value.orders_of(row)
    spent = miniature_value.total(miniature_events.events_of(row))
    recent = miniature_value.recent(row, AS_OF)
    return {
        "orders": len(orders),
        "spent": spent,
        "last_purchase": max((event.day for event in orders), default=None),
        "spent_band": SPENT.number(spent),
        "orders_band": next(n for n, most in enumerate(ORDERS) if most is None or len(orders) <= most),
        "recent_orders": recent.orders if recent else None,
        "recent_amount": miniature_value.total(miniature_value.in_window(row, AS_OF)),
        "order_recency_days": recent.days if recent else None,
    }


def _month(day: date | None) -> date | None:
    return None if day is None else date(day.year, day.month, 1)


def _band(bands: Bands, value: Decimal | int | None) -> int | None:
    return None if value is None else bands.number(value)


def result_tables(
    profiles: pd.DataFrame, missing: Collection[str] = (), *, no_events: Collection[tables.Column] = ()
) -> dict[str, pd.DataFrame]:
    """
    The result tables that measures and dimensions read, by name, for customers without the *missing* columns.

    *no_events* are the columns or kinds of events that the notes list as missing.
    """
    people = profiles.to_dict("records")
    engagement = ["account_age_band", "last_login_month", "funnel_stage"]
    return {
        "customer_profiles": _frame(tables.CUSTOMER_PROFILES, [_published(row) for row in people]),
        "customer_segments": _segments(profiles, ["balance_band", "points_band"], ADDITIVE),
        "engagement_segments": _segments(profiles, engagement, ADDITIVE | OF_ENGAGEMENT),
        "top_customers": _top(profiles, tables.TOP_CUSTOMERS, "account_balance"),
        "cohort_retention": _retention(profiles),
        "activity_segments": _frame(tables.ACTIVITY_SEGMENTS, miniature_events.activity_segments(people, SLICERS)),
        "tier_moves": _frame(tables.TIER_MOVES, miniature_events.tier_moves(people)),
        "demographic_segments": _segments(profiles, ["age_band", "gender"], {"customers": len}),
        "value_segments": _segments(profiles, ["rfm_segment"], OF_VALUE),
        "value_holdout": _frame(tables.VALUE_HOLDOUT, miniature_value.value_holdout(people)),
        "value_model": _frame(tables.VALUE_MODEL, miniature_value.value_model(people)),
        "spending_segments": _segments(profiles, ["spent_band", "orders_band"], OF_SPENDING),
        "spending_tenths": _frame(tables.SPENDING_TENTHS, miniature_value.spending_tenths(people)),
        "top_spenders": _top(profiles, tables.TOP_SPENDERS, "spent"),
        "rfm_scores": _frame(tables.RFM_SCORES, miniature_value.rfm_scores(people)),
        "rfm_segments": _frame(tables.RFM_SEGMENTS, miniature_value.RFM_SEGMENTS),
        "calendar_months": _calendar(profiles),
        "loyalty_statuses": _ordered("loyalty_status", "status_order", STATUSES),
        "activities": _ordered("activity", "activity_order", ACTIVITIES),
        "countries": _ordered("country", "country_order", COUNTRIES),
        "bands": _bands(),
        "refreshes": pd.DataFrame(
            [
                _refresh(1, date(2026, 5, 1), len(profiles), 9),
                _refresh(2, AS_OF, len(profiles), 4) | {"missing_columns": ", ".join(missing)},
            ]
        ),
        **notes(missing, no_events),
        "data_quality": pd.DataFrame(
            [
                {"refresh_id": 1, "check_name": "has an id", "rows_checked": 700, "rows_failed": 9},
                {"refresh_id": 2, "check_name": "has an id", "rows_checked": 710, "rows_failed": 4},
                {"refresh_id": 2, "check_name": "joined before buying", "rows_checked": 710, "rows_failed": 0},
            ]
        ),
    }


def notes(missing: Collection[str] = (), no_events: Collection[tables.Column] = ()) -> dict[str, pd.DataFrame]:
    """The notes of the refreshes on their sources; the first is by a version without events."""
    rows = [
        _source(1, tables.CUSTOMERS, ()),
        _source(2, tables.CUSTOMERS, of_customers(missing)),
        _source(2, tables.EVENTS, no_events),
    ]
    return {"refresh_sources": pd.DataFrame(rows)}


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


def _source(number: int, source: tables.Source, missing: Collection[tables.Column]) -> dict[str, object]:
    return {
        "refresh_id": number,
        "source": source.full_name,
        "kind": "absent" if {*missing} == {*OF_EVENTS} else "mock",
        "rows_in": 710,
        "rows_out": 700,
        "rows_rejected": 10,
        "rows_not_yet_known": 0,
        "missing_columns": ", ".join(column.full_name for column in missing),
    }


def of_customers(names: Collection[str]) -> tuple[tables.Column, ...]:
    """The columns of the customers with these names."""
    return tuple(tables.CUSTOMERS[name] for name in names)


def _published(row: dict[Any, Any]) -> dict[Any, Any]:
    """A published profile: status and country as stored and as members."""
    stored = {"loyalty_status": None if row["loyalty_status"] == "Unknown" else row["loyalty_status"]}
    members = {"status_member": row["loyalty_status"], "country_member": row["country"]}
    return {**row, **stored, **members, "country": row["stored_country"]}


def _segments(profiles: pd.DataFrame, bands: list[str], added: dict[str, Any]) -> pd.DataFrame:
    columns = SLICERS + bands
    everyone = profiles.assign(place=range(len(profiles)))
    people = profiles.to_dict("records")  # once, because doing it for a thousand cells takes a second
    return pd.DataFrame(
        [
            dict(zip(columns, cell, strict=True)) | {name: of(members) for name, of in added.items()}
            for cell, rows in everyone.groupby(columns, dropna=False)
            for members in [[people[place] for place in rows["place"]]]
        ]
    ).astype(object)


def _bands() -> pd.DataFrame:
    found: list[tuple[object, ...]] = [
        (bands.banded_column, band.number, band.low, band.high, band.label)
        for bands in (BALANCES, POINTS, AGES, SPENT)
        for band in bands.all()
    ]
    found += _labelled("orders", 0, None, ORDERS) + _labelled("age_years", 1, 0, YEARS)
    found.append(("age_years", NOT_STATED_AGE, None, None, "Not stated"))
    return pd.DataFrame(found, columns=list(tables.BANDS.column_names), dtype=object)


def _labelled(column: str, first: int, low: int | None, bands: dict[Any, str]) -> list[tuple[object, ...]]:
    """Bands with their upper edges and labels."""
    lows = [low, *bands]
    return [(column, first + n, lows[n], most, label) for n, (most, label) in enumerate(bands.items())]


def _top(profiles: pd.DataFrame, table: tables.Table, amount: str) -> pd.DataFrame:
    """The ten customers of each slicer cell with the highest *amount*."""
    known = profiles[profiles[amount].notna()]
    ranked = sorted(known.to_dict("records"), key=lambda row: (-row[amount], row["customer_id"]))
    rows: list[dict[str, Any]] = []
    filled: dict[tuple[Any, ...], int] = {}
    for row in ranked:
        cell = tuple(row[slicer] for slicer in SLICERS)
        filled[cell] = filled.get(cell, 0) + 1
        if filled[cell] <= 10:
            rows.append({**row, "cell_rank": filled[cell]})
    return _frame(table, rows)


def _retention(profiles: pd.DataFrame) -> pd.DataFrame:
    last = 12 * AS_OF.year + AS_OF.month - 2
    rows = []
    for month, cohort in profiles[profiles["join_month"].notna()].groupby("join_month"):
        joined = 12 * month.year + month.month - 1
        people = cohort.to_dict("records")
        active_in = [_active_months(row) for row in people]
        for since in range(last - joined + 1):
            seen = [row["last_seen_month"] for row in people]
            kept = sum(since == 0 or bool(one and 12 * one.year + one.month - 1 >= joined + since) for one in seen)
            in_view = date(*_year_and_month(joined + since), 1)
            has_events = in_view >= miniature_events.FIRST_DAY.replace(day=1)
            active = sum(in_view in months for months in active_in) if has_events else None
            rows.append(
                {
                    "join_month": month,
                    "months_since": since,
                    "cohort_customers": len(people),
                    "retained_customers": kept,
                    "retained_share": round(Decimal(kept) / len(people), 6),
                    "active_customers": active,
                    "active_share": None if active is None else round(Decimal(active) / len(people), 6),
                }
            )
    return _frame(tables.COHORT_RETENTION, rows)


def _year_and_month(number: int) -> tuple[int, int]:
    return number // 12, number % 12 + 1


def _active_months(customer: dict[Any, Any]) -> set[date]:
    return {event.month for event in miniature_events.events_of(customer) if event.is_active}


def _frame(table: tables.Table, rows: list[dict[str, Any]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=list(table.column_names)).astype(object)


def _calendar(profiles: pd.DataFrame) -> pd.DataFrame:
    first = min(profiles["join_month"].dropna(), default=miniature_events.FIRST_DAY.replace(day=1))
    months = pd.date_range(first, AS_OF, freq="MS")
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
    """DuckDB with *results* in the schema and types of `tables`."""
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
    connection.register("arrow", pa.table(values, schema))  # row by row would take seconds
    connection.execute(f"INSERT INTO {table.full_name} SELECT * FROM arrow")
    connection.unregister("arrow")
