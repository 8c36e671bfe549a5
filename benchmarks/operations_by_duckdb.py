"""A peer of `customer360 run`: the same tables by DuckDB, from Parquet into memory. Started by `operations.py`."""

from __future__ import annotations

import sys
from pathlib import Path

import duckdb

from benchmarks import events_by_duckdb, value_by_duckdb
from benchmarks.workplace import AS_OF
from customer360.bands import ORDERS, STEPS, Bands, age_bands, amount_bands
from customer360.tables import CUSTOMER_SEGMENTS, ENGAGEMENT_SEGMENTS, NOT_STATED, OTHER, SLICERS, UNKNOWN

_DAY = f"DATE '{AS_OF}'"
_REJECTED = {
    "customer_id IS NULL": 1,
    "least(join_date, first_purchase, last_login::date) < DATE '1900-01-01'": 2,
    "first_purchase < join_date": 4,
    "last_login::date < join_date": 8,
    "loyalty_points < 0": 16,
    "loyalty_points > 100000000000": 32,
}
_WARNED = {
    "join_date IS NULL": 64,
    "coalesce(trim(country) = '', true)": 128,
    "coalesce(trim(loyalty_status) = '', true)": 256,
    "is_active IS NULL": 512,
    "account_balance IS NULL": 1024,
    "loyalty_points IS NULL": 2048,
    "last_login IS NULL": 4096,
    f"last_login::date > {_DAY}": 8192,
    f"first_purchase > {_DAY}": 16384,
    f"last_login::date < CASE WHEN first_purchase <= {_DAY} THEN first_purchase END": 32768,
    f"last_login::date <= {_DAY} AND is_active <> ({_DAY} - last_login::date < 90)": 65536,
}
_SUMS = """
    count(*) AS customers, sum(account_balance), count(account_balance), sum(loyalty_points),
    count(loyalty_points), sum(days_since_last_login), count(days_since_last_login), count_if(is_out_of_order)
"""
_PROFILE = """
    customer_id, source_id, join_date, loyalty_status, country, is_active, is_active_by_behaviour,
    account_age_days, account_age_band, account_balance, balance_band, loyalty_points, points_band,
    days_since_last_login, funnel_stage, is_out_of_order, last_login_month, last_seen, orders, spent,
    last_purchase, spent_band, orders_band, logins_90_days, recent_orders, recent_amount, order_recency_days,
    recency_score, frequency_score, monetary_score, rfm_segment, age_band, gender, join_month, activity,
    status_member, country_member
"""
_CELLS = ("balance", "points")
_NO_EVENTS = """
    CREATE TABLE of_events
        (customer_id bigint, last_active date, last_purchase date, orders bigint, spent numeric(22, 2),
         recent_orders bigint, recent_amount numeric(22, 2));
    CREATE TABLE recent_logins (customer_id bigint, logins_90_days bigint);
    CREATE TABLE recent_buyers (customer_id bigint, order_recency_days integer, recency_score integer,
                                frequency_score integer, monetary_score integer)
"""


def main(customers: Path, events: Path | None) -> None:
    with duckdb.connect() as duck:
        _known(duck, customers)
        if events:
            events_by_duckdb.aggregate(duck, events)
            value_by_duckdb.score(duck)
        else:
            duck.execute(_NO_EVENTS)
        bands, countries = _survey(duck)
        _described(duck, bands, countries)
        _results(duck)
        if events:
            events_by_duckdb.report(duck)
            value_by_duckdb.report(duck)


def _known(duck: duckdb.DuckDBPyConnection, parquet: Path) -> None:
    """Creates the view of used customers, after checking every row and counting the failed checks."""
    checks = " + ".join(f"CASE WHEN {sql} THEN {bit} ELSE 0 END" for sql, bit in (_REJECTED | _WARNED).items())
    duck.execute(f"""
        CREATE TABLE checked AS SELECT customer_id, source_id, name, email, gender, birth_date, country, join_date,
            first_purchase, last_login, is_active, loyalty_status, loyalty_points, account_balance,
            CASE WHEN coalesce(join_date <= {_DAY}, true) THEN {checks} END AS failed
        FROM read_parquet('{parquet}')
    """)
    duck.sql("SELECT failed, count(*) FROM checked GROUP BY 1").fetchall()
    rejected = sum(_REJECTED.values())
    duck.execute(f"CREATE TABLE rejected AS FROM checked WHERE failed & {rejected} <> 0")
    duck.execute(f"""
        CREATE VIEW known AS SELECT * REPLACE (
            CASE WHEN first_purchase <= {_DAY} THEN first_purchase END AS first_purchase,
            CASE WHEN last_login::date <= {_DAY} THEN last_login END AS last_login)
        FROM checked WHERE failed & {rejected} = 0
    """)


def _survey(duck: duckdb.DuckDBPyConnection) -> tuple[list[Bands], list[str]]:
    steps = Bands("any amount", STEPS, of_amounts=True)
    balance, points = (_band(column, steps) for column in ("account_balance", "loyalty_points"))
    duck.execute(f"""
        CREATE TABLE cells AS SELECT {_or_unknown("loyalty_status")} AS status, is_active,
            {_or_unknown("country")} AS country, {balance} AS balance, {points} AS points, count(*) AS customers,
            sum(loyalty_points), sum(account_balance), min(join_date) AS first_join,
            count(name), count(last_login), count(first_purchase), count(account_balance)
        FROM known GROUP BY ALL
    """)
    steps_of = {c: f"SELECT {c} - 1, sum(customers)::bigint FROM cells WHERE {c} > 0 GROUP BY 1" for c in _CELLS}
    steps_of["spent"] = f"SELECT {_band('spent', steps)} - 1, count(*) FROM of_events WHERE spent > 0 GROUP BY ALL"
    counts = {name: dict(duck.sql(query).fetchall()) for name, query in steps_of.items()}
    named = duck.sql("SELECT country FROM cells GROUP BY 1 ORDER BY sum(customers) DESC, 1 LIMIT 19").fetchall()
    oldest = duck.sql(f"SELECT {_DAY} - min(first_join) FROM cells").fetchall()[0][0]
    bands = [
        amount_bands("account_balance", counts["balance"]),
        amount_bands("loyalty_points", counts["points"]),
        amount_bands("spent", counts["spent"]),
        age_bands("account_age_days", oldest),
    ]
    return bands, [country for (country,) in named]


def _described(duck: duckdb.DuckDBPyConnection, bands: list[Bands], countries: list[str]) -> None:
    shown = ", ".join(f"'{country}'" for country in [UNKNOWN, *countries])
    balance, points, spent, age, orders = (_band(each.banded_column, each) for each in (*bands, ORDERS))
    has_returned = "coalesce(last_login::date > first_purchase, false)"
    ages = " + ".join(
        f"(birth_date + INTERVAL {years} YEAR <= {_DAY})::integer" for years in (18, 25, 35, 45, 55, 65)
    )
    duck.execute(f"""
        CREATE VIEW described AS SELECT *,
            {age} AS account_age_band, {balance} AS balance_band, {points} AS points_band,
            {spent} AS spent_band, {orders} AS orders_band, {value_by_duckdb.segment()} AS rfm_segment,
            coalesce({_DAY} - last_seen < 90, false) AS is_active_by_behaviour,
            coalesce(is_active, false) AND NOT {has_returned} AS is_out_of_order,
            CASE WHEN first_purchase IS NULL THEN 1 WHEN NOT {has_returned} THEN 2
                 WHEN NOT coalesce(is_active, false) THEN 3 ELSE 4 END AS funnel_stage
        FROM (SELECT *, {_DAY} - join_date AS account_age_days, {_DAY} - last_login::date AS days_since_last_login,
              date_trunc('month', join_date) AS join_month, date_trunc('month', last_login) AS last_login_month,
              greatest(last_login::date, last_active) AS last_seen, 1 + {ages} AS age_band,
              CASE WHEN trim(gender) <> '' THEN gender ELSE '{NOT_STATED}' END AS gender
              FROM (SELECT known.* EXCLUDE (gender), gender, last_active, coalesce(orders, 0) AS orders,
                    coalesce(spent, 0) AS spent, last_purchase, coalesce(logins_90_days, 0) AS logins_90_days,
                    coalesce(recent_orders, 0) AS recent_orders, coalesce(recent_amount, 0) AS recent_amount,
                    order_recency_days, recency_score, frequency_score, monetary_score
                    FROM known LEFT JOIN of_events USING (customer_id)
                    LEFT JOIN recent_logins USING (customer_id) LEFT JOIN recent_buyers USING (customer_id)))
    """)
    duck.execute(f"""
        CREATE VIEW with_members AS SELECT *, {_or_unknown("loyalty_status")} AS status_member,
            CASE WHEN is_active THEN 'Active' WHEN NOT is_active THEN 'Inactive' ELSE '{UNKNOWN}' END AS activity,
            CASE WHEN {_or_unknown("country")} IN ({shown}) THEN {_or_unknown("country")} ELSE '{OTHER}' END
                AS country_member
        FROM described
    """)
    duck.execute("""
        CREATE VIEW in_cells AS
        SELECT * REPLACE (status_member AS loyalty_status, country_member AS country) FROM with_members
    """)


def _results(duck: duckdb.DuckDBPyConnection) -> None:
    duck.execute(f"CREATE TABLE customer_profiles AS SELECT {_PROFILE} FROM with_members")
    duck.execute("CREATE TABLE customer_contacts AS SELECT customer_id, source_id, name, email FROM known")
    for table in (CUSTOMER_SEGMENTS, ENGAGEMENT_SEGMENTS):
        key = ", ".join(table.key)
        duck.execute(f"CREATE TABLE {table.name} AS SELECT {key}, {_SUMS} FROM in_cells GROUP BY {key}")
    cell = ", ".join(SLICERS)
    duck.execute(f"""
        CREATE TABLE top_customers AS SELECT {cell}, customer_id, name, account_balance,
            row_number() OVER (PARTITION BY {cell} ORDER BY account_balance DESC, customer_id) AS cell_rank
        FROM in_cells WHERE account_balance IS NOT NULL QUALIFY cell_rank <= 10
    """)
    duck.execute(f"""
        CREATE TABLE cohort_retention AS
        WITH seen AS (SELECT join_month, date_trunc('month', last_seen) AS month_seen, count(*) AS customers
                      FROM in_cells
                      WHERE join_month IS NOT NULL GROUP BY ALL),
             later AS (SELECT *, unnest(range(0, date_diff('month', join_month, {_DAY}) + 1)) AS n FROM seen)
        SELECT join_month, n, sum(customers),
            sum(CASE WHEN coalesce(date_diff('month', join_month, month_seen), 0) >= n THEN customers END)
        FROM later GROUP BY ALL
    """)


def _or_unknown(column: str) -> str:
    return f"CASE WHEN trim({column}) <> '' THEN {column} ELSE '{UNKNOWN}' END"


def _band(column: str, bands: Bands) -> str:
    low = [f"WHEN {column} < 0 THEN -1", f"WHEN {column} = 0 THEN 0"] if bands.of_amounts else []
    steps = [f"WHEN {column} <= {edge:f} THEN {number}" for number, edge in enumerate(bands.edges, start=1)]
    cases = " ".join([f"WHEN {column} IS NULL THEN NULL", *low, *steps])
    return f"CASE {cases} ELSE {len(bands.edges) + 1} END"


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]) if sys.argv[2:] else None)
