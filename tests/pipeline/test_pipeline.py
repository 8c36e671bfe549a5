"""From rows in a table to results in tables, with a real database and a real engine."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import make_conninfo
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from customer360.errors import Customer360Error
from customer360.mock_data.plan import Plan
from customer360.pipeline.as_of import last_day_of_rows
from customer360.pipeline.fill import fill_mock_data
from customer360.pipeline.refresh import Refresh
from customer360.pipeline.run import run_operations
from customer360.pipeline.staging import stage
from customer360.postgres.connection import Database
from customer360.postgres.programs import psql_command
from customer360.postgres.publish import publication
from customer360.spark import plain_errors
from customer360.tables import CUSTOMERS, RESULT_TABLES, columns_read
from tests.statements import execute, fetch

pytestmark = pytest.mark.slow

AS_OF = date(2026, 6, 30)
AWKWARD = Path(__file__).parents[1] / "data" / "awkward_customers.csv"
"""200 customers, valid and awkward: ten persons, each twenty times, with the ids 101-120, 201-220, ..."""


def value(database: Database, query: str) -> Any:
    ((found,),) = fetch(database, query)
    return found


def checksum(database: Database, table: str) -> tuple[Any, ...]:
    """The number of rows and a hash of them that does not depend on their order."""
    (found,) = fetch(database, f"SELECT count(*), sum(hashtextextended(t::text, 0)) FROM {table} t")
    return found


def copy_awkward(database: Database) -> None:
    """Creates a table as a person would, and fills it with psql's \\copy."""
    script = f"""
        CREATE SCHEMA crm;
        CREATE TABLE crm.members (
            customer_id bigint, name text, join_date date, first_purchase date, last_login timestamp,
            is_active boolean, loyalty_status varchar(20), loyalty_points integer, account_balance numeric(12,2),
            country text);
        \\copy crm.members FROM '{AWKWARD}' WITH (FORMAT csv, HEADER)
    """
    command, environment = psql_command(database)
    subprocess.run([*command, "-v", "ON_ERROR_STOP=1"], input=script, env=environment, check=True, text=True)


@pytest.fixture(scope="module")
def awkward(spark: SparkSession, module_database: Database) -> tuple[Database, Refresh]:
    copy_awkward(module_database)
    return module_database, run_operations(module_database, spark, table="crm.members", as_of=AS_OF)


def test_a_users_table_gives_the_figures_computed_by_hand(awkward: tuple[Database, Refresh]) -> None:
    """Nulls everywhere, unicode, negative and huge balances, no purchases, a login in the future."""
    database, refresh = awkward
    assert (refresh.rows_in, refresh.rows_out, refresh.rows_rejected, refresh.rows_not_yet_joined) == (
        200,
        200,
        0,
        0,
    )
    assert refresh.source_kind == "unknown"

    # Each person differs from the nine others in some dimension, so each is a separate segment.
    for table in ("customer_segments", "engagement_segments"):
        assert fetch(
            database,
            f"""SELECT count(*), sum(customers), sum(balance_sum), sum(balance_count), sum(points_sum),
                       sum(points_count), sum(recency_days_sum), sum(recency_count) FROM analytics.{table}""",
        ) == [(10, 200, Decimal("2000056999.80"), 140, 31_700, 140, 37_600, 120)]
    assert fetch(database, "SELECT activity, sum(customers) FROM analytics.customer_segments GROUP BY 1 ORDER BY 1") == [
        ("Active", 80), ("Inactive", 60), ("Unknown", 60),
    ]  # fmt: skip
    assert fetch(
        database,
        """SELECT funnel_stage, sum(customers), sum(out_of_order_customers)
           FROM analytics.engagement_segments GROUP BY 1 ORDER BY 1""",
    ) == [(1, 80, 20), (2, 80, 40), (3, 20, 0), (4, 20, 0)]
    assert value(database, "SELECT count(*) FROM analytics.customer_profiles WHERE is_active_by_behaviour") == 40


def test_dimensions_contain_what_occurs_and_a_separate_unknown(awkward: tuple[Database, Refresh]) -> None:
    """Tiers by their mean points, countries by customers, months without gaps."""
    database, _ = awkward
    assert fetch(database, "SELECT loyalty_status FROM analytics.loyalty_statuses ORDER BY status_order") == [
        ("Bronze",), ("Silver",), ("Gold",), ("Unknown",),
    ]  # fmt: skip
    assert fetch(database, "SELECT country FROM analytics.countries ORDER BY country_order") == [
        ("Polska",), ("Côte d'Ivoire",), ("日本",), ("Unknown",),
    ]  # fmt: skip
    assert fetch(database, "SELECT min(month), max(month), count(*) FROM analytics.calendar_months") == [
        (date(2024, 2, 1), date(2026, 6, 1), 29)
    ]


def test_the_top_ten_of_every_cell_is_exact(awkward: tuple[Database, Refresh]) -> None:
    """Twenty customers of a cell have the same balance: the lower ids are included, and names stay unchanged."""
    database, _ = awkward
    assert value(database, "SELECT count(*) FROM analytics.top_customers") == 70
    assert fetch(
        database,
        "SELECT cell_rank, customer_id, name FROM analytics.top_customers WHERE account_balance = 99999999.99 ORDER BY 1",
    ) == [(rank, 400 + rank, "Renée “Zoë” d'Arc") for rank in range(1, 11)]


def test_retention_follows_each_cohort_to_the_last_complete_month(awkward: tuple[Database, Refresh]) -> None:
    """Of the 40 who joined in January 2025, 20 were last seen in that month and 20 on the as-of day."""
    database, _ = awkward
    query = "SELECT months_since, retained_customers, retained_share FROM analytics.cohort_retention WHERE join_month = "
    assert value(database, "SELECT count(*) FROM analytics.cohort_retention") == 29 + 19 + 18 + 17 + 6 + 1
    assert fetch(database, query + "'2025-01-01' AND months_since IN (0, 1, 17) ORDER BY 1") == [
        (0, 40, Decimal(1)), (1, 20, Decimal("0.5")), (17, 20, Decimal("0.5")),
    ]  # fmt: skip


def test_checks_count_what_is_missing(awkward: tuple[Database, Refresh]) -> None:
    """For each refresh, the history shows what the averages omit."""
    database, _ = awkward
    failed = dict(
        fetch(database, "SELECT check_name, rows_failed FROM analytics.data_quality WHERE refresh_id = 1")
    )
    assert failed["balance_missing"] == 60
    assert failed["join_date_missing"] == 20
    assert failed["last_login_after_as_of"] == 20
    assert failed["negative_points"] == 0


@pytest.fixture
def filled(spark: SparkSession, database: Database) -> Database:
    fill_mock_data(database, spark, Plan(3_000, seed=7, as_of=AS_OF))
    return database


def test_mock_data_always_replaces_the_mock_data_before_it(spark: SparkSession, filled: Database) -> None:
    """Notebook 1 deletes the existing data and fills the tables again, with the key in place."""
    fill_mock_data(filled, spark, Plan(2_000, seed=8, as_of=AS_OF))

    assert fetch(filled, "SELECT count(*), min(customer_id), max(customer_id) FROM customers") == [
        (2_000, 1, 2_000)
    ]


def test_results_do_not_depend_on_the_order_of_rows(spark: SparkSession, filled: Database) -> None:
    """The same customers and events in another order, in one partition or many, give byte-identical results."""
    run_operations(filled, spark, as_of=AS_OF)
    replaced = [table for table in RESULT_TABLES if not table.keeps_history]
    first = {table.name: checksum(filled, table.full_name) for table in replaced}
    with filled.connect() as connection:
        connection.execute("CREATE SCHEMA shuffled")
        connection.execute(
            "CREATE TABLE shuffled.customers AS SELECT * FROM customers ORDER BY md5(customer_id::text)"
        )
        connection.execute("CREATE TABLE shuffled.events AS SELECT * FROM events ORDER BY md5(event_id::text)")

    second_run = run_operations(filled, spark, table="shuffled.customers", events="shuffled.events", as_of=AS_OF)

    assert second_run.refresh_id == 2
    assert {table.name: checksum(filled, table.full_name) for table in replaced} == first


def test_a_run_does_not_import_what_examines_files() -> None:
    """It would cost every run a tenth of a second."""
    code = "from customer360.spark.client import import_client; import_client(); import customer360.pipeline.run"
    loaded = "import sys; print([name for name in sys.modules if name.startswith('customer360.own_data.')])"

    run = subprocess.run([sys.executable, "-c", f"{code}; {loaded}"], capture_output=True, text=True, check=True)

    assert run.stdout == "[]\n"


def test_a_second_run_adds_to_the_history(spark: SparkSession, filled: Database) -> None:
    """A past as-of date gives the past: fewer customers, since later ones have not joined yet."""
    run_operations(filled, spark)
    past = run_operations(filled, spark, as_of=date(2024, 6, 30))

    assert past.rows_in == 3_000
    assert 0 < past.rows_out < 3_000
    assert past.rows_out + past.rows_rejected + past.rows_not_yet_joined == 3_000
    assert fetch(filled, "SELECT refresh_id, as_of_date FROM analytics.refreshes ORDER BY 1") == [
        (1, AS_OF), (2, date(2024, 6, 30)),
    ]  # fmt: skip


def test_dirty_rows_are_rejected_with_reasons_and_nothing_is_lost(spark: SparkSession, database: Database) -> None:
    """Each row is in the results, or unchanged among the rejected ones."""
    fill_mock_data(database, spark, Plan(2_000, seed=7, as_of=AS_OF, dirt=0.2))

    refresh = run_operations(database, spark)

    assert refresh.rows_rejected > 0
    assert refresh.rows_out + refresh.rows_rejected == 2_000
    assert refresh.events_rejected > 0
    assert refresh.events_in == value(database, "SELECT count(*) FROM public.events")
    kept = "SELECT source, found_by, count(*) FROM analytics.rejected_rows GROUP BY 1, 2 ORDER BY 1"
    assert fetch(database, kept) == [
        ("public.customers", "run", refresh.rows_rejected),
        ("public.events", "run", refresh.events_rejected),
    ]
    key = "original_row::json ->> CASE source WHEN 'public.events' THEN 'event_id' ELSE 'customer_id' END"
    assert value(database, f"SELECT count(*) FROM analytics.rejected_rows WHERE {key} IS DISTINCT FROM key") == 0


def test_other_peoples_customers_are_never_deleted(spark: SparkSession, database: Database) -> None:
    """Only an explicit --replace deletes them."""
    with database.connect() as connection:
        connection.execute("CREATE TABLE public.customers AS SELECT 1::bigint AS customer_id, 'precious' AS name")

    with pytest.raises(Customer360Error, match="was not made by customer360; nothing was deleted.*--replace"):
        fill_mock_data(database, spark, Plan(100, as_of=AS_OF))
    assert fetch(database, "SELECT name FROM customers") == [("precious",)]

    fill_mock_data(database, spark, Plan(100, as_of=AS_OF), replace=True)
    assert value(database, "SELECT count(*) FROM customers") == 100


def test_mock_data_that_someone_changed_is_not_deleted(spark: SparkSession, filled: Database) -> None:
    """Rows that a person added to the mock table must not be lost."""
    with filled.connect() as connection:
        connection.execute("INSERT INTO customers (customer_id, name) VALUES (999999, 'mine')")

    with pytest.raises(
        Customer360Error, match="was filled with 3,000 customers and now has 3,001: someone changed it"
    ):
        fill_mock_data(filled, spark, Plan(100, as_of=AS_OF))
    assert value(filled, "SELECT count(*) FROM customers") == 3_001


def test_customers_written_while_mock_data_is_filled_are_not_deleted(
    spark: SparkSession, filled: Database
) -> None:
    """The first check may be minutes old when the swap begins."""

    @contextmanager
    def progress(label: str, **_: Any) -> Iterator[None]:
        yield
        if label == "Filling customers":
            with filled.connect() as connection:
                connection.execute("INSERT INTO customers (customer_id, name) VALUES (999999, 'mine')")

    with pytest.raises(Customer360Error, match="now has 3,001: someone changed it; nothing was deleted"):
        fill_mock_data(filled, spark, Plan(100, as_of=AS_OF), progress=progress)
    assert value(filled, "SELECT name FROM customers WHERE customer_id = 999999") == "mine"

    with filled.connect() as connection:
        connection.execute("DELETE FROM customers WHERE customer_id IN (5, 6, 7)")
        connection.execute("INSERT INTO customers (customer_id) VALUES (5), (6)")
    with pytest.raises(Customer360Error, match="has rows that someone changed, added or restored"):
        fill_mock_data(filled, spark, Plan(100, as_of=AS_OF))
    fill_mock_data(filled, spark, Plan(100, as_of=AS_OF), replace=True)
    fill_mock_data(filled, spark, Plan(200, as_of=AS_OF))
    assert value(filled, "SELECT count(*) FROM customers") == 200


def test_a_history_of_an_older_version_continues(spark: SparkSession, filled: Database) -> None:
    """
    The first version did not record missing columns; its refreshes stay, and the next one has the next number.
    """
    with filled.connect() as connection:
        run_operations(filled, spark)
        connection.execute("ALTER TABLE analytics.refreshes DROP COLUMN missing_columns")
        connection.execute("DROP TABLE analytics.refresh_sources")

        assert run_operations(filled, spark).refresh_id == 2
        connection.execute("ALTER TABLE analytics.refreshes RENAME TO refreshes_old")
        assert run_operations(filled, spark).refresh_id == 3

    assert fetch(filled, "SELECT missing_columns FROM analytics.refreshes_old ORDER BY refresh_id") == [
        (None,), ("",),
    ]  # fmt: skip
    assert value(filled, "SELECT count(DISTINCT refresh_id) FROM analytics.data_quality") == 3
    noted = fetch(
        filled,
        "SELECT refresh_id, rows_out, missing_columns FROM analytics.refresh_sources "
        "WHERE source = 'public.customers' ORDER BY 1",
    )
    assert noted == [(1, 3_000, ""), (2, 3_000, ""), (3, 3_000, "")]


def test_results_of_a_version_without_events_are_brought_up_to_date(spark: SparkSession, filled: Database) -> None:
    """What people built on its tables stays, and so do the records of its refreshes."""
    run_operations(filled, spark, events="none")
    execute(filled, AS_WITHOUT_EVENTS)

    refresh = run_operations(filled, spark)

    assert refresh.events_out > 3_000
    assert value(filled, "SELECT count(*) FROM public.members") == 3_000
    assert value(filled, "SELECT count(*) FROM analytics.customer_profiles WHERE last_seen IS NOT NULL") > 0
    checked = "SELECT refresh_id, source FROM analytics.data_quality GROUP BY 1, 2 ORDER BY 1, 2"
    assert fetch(filled, checked) == [(1, None), (2, "public.customers"), (2, "public.events")]
    months = (
        "SELECT count(*) > 0, has_table_privilege('customer360_reader', 'analytics.customer_months', 'SELECT')"
    )
    assert fetch(filled, f"{months} FROM analytics.customer_months") == [(True, True)]


AS_WITHOUT_EVENTS = """
    DROP TABLE analytics.customer_months, analytics.activity_segments, analytics.tier_moves,
      analytics.demographic_segments, analytics.refresh_sources;
    ALTER TABLE analytics.data_quality DROP COLUMN source;
    ALTER TABLE analytics.cohort_retention DROP COLUMN active_customers, DROP COLUMN active_share;
    ALTER TABLE analytics.customer_profiles DROP COLUMN last_seen, DROP COLUMN orders, DROP COLUMN spent,
      DROP COLUMN activity, DROP COLUMN gender, DROP COLUMN age_band;
    CREATE VIEW public.members AS SELECT customer_id, funnel_stage FROM analytics.customer_profiles;
    CREATE VIEW public.cohorts AS SELECT * FROM analytics.cohort_retention;
    CREATE VIEW public.checks AS SELECT * FROM analytics.data_quality;
"""


def test_what_cannot_be_replaced_is_reported_before_spark_reads_anything(
    spark: SparkSession, filled: Database
) -> None:
    """Not at the end of the run."""
    run_operations(filled, spark)
    with filled.connect() as connection:
        connection.execute("CREATE TABLE notes (country text REFERENCES analytics.countries)")
        connection.execute("CREATE TABLE orders (customer_id bigint REFERENCES public.customers)")

    def nothing_is_done(*_: Any, **__: Any) -> Any:
        raise AssertionError

    with pytest.raises(Customer360Error, match="notes has a foreign key on analytics.countries.*DROP CONSTRAINT"):
        run_operations(filled, spark, progress=nothing_is_done)
    with pytest.raises(Customer360Error, match="orders has a foreign key on public.customers.*DROP CONSTRAINT"):
        fill_mock_data(filled, spark, Plan(100, as_of=AS_OF), replace=True, progress=nothing_is_done)


def test_a_table_without_what_customers_need_is_one_line(spark: SparkSession, database: Database) -> None:
    """Before Spark has read anything; with the existing columns, since one may just have another name."""
    with database.connect() as connection:
        connection.execute("CREATE TABLE members (customer_id bigint, source_id text, joined date)")

    with pytest.raises(
        Customer360Error, match="members have only customer_id, source_id, joined; .* name, email, gender,"
    ):
        run_operations(database, spark, table="public.members", as_of=AS_OF)
    with pytest.raises(Customer360Error, match=r"lack the column customer_id. Did you mean 'customer_idd'\?"):
        with database.connect() as connection:
            connection.execute("ALTER TABLE members RENAME customer_id TO customer_idd")
        run_operations(database, spark, table="public.members", as_of=AS_OF)
    with database.connect() as connection:
        connection.execute("CREATE TABLE accounts (customer_id uuid, name text)")
    with pytest.raises(
        Customer360Error, match="is of type uuid, .*customer360 load --from-database URL --table public.acc"
    ):
        run_operations(database, spark, table="public.accounts", as_of=AS_OF)
    assert value(database, "SELECT to_regclass('analytics.refreshes') IS NULL")


def test_customers_without_any_date_or_balance_are_counted_by_known_columns(
    spark: SparkSession, database: Database
) -> None:
    """As of today, since there is no other day; what needs a date is null rather than zero."""
    with database.connect() as connection:
        connection.execute(
            "CREATE TABLE members AS SELECT id AS customer_id, 'Name ' || id AS name, "
            "CASE WHEN id % 3 = 0 THEN 'Chile' ELSE 'Kenya' END AS country FROM generate_series(1, 90) id"
        )

    refresh = run_operations(database, spark, table="public.members")

    assert (refresh.rows_in, refresh.rows_out, refresh.rows_rejected) == (90, 90, 0)
    assert refresh.as_of_date == datetime.now(timezone.utc).date()
    assert refresh.missing_columns.split(", ") == [
        name for name in columns_read(CUSTOMERS) if name not in (*CUSTOMERS.ids, "name", "country")
    ]
    assert fetch(
        database, "SELECT country, sum(customers) FROM analytics.customer_segments GROUP BY 1 ORDER BY 1"
    ) == [("Chile", 30), ("Kenya", 60)]
    assert value(database, "SELECT count(*) FROM analytics.customer_profiles WHERE account_age_days IS NULL") == 90
    for empty in ("cohort_retention", "calendar_months"):
        assert value(database, f"SELECT count(*) FROM analytics.{empty}") == 0
    assert value(database, "SELECT count(balance_band) FROM analytics.customer_segments") == 0


@pytest.mark.parametrize("known", ["join_date date", "account_balance numeric", "name text"])
def test_missing_columns_are_reported_with_the_results(
    spark: SparkSession, database: Database, known: str
) -> None:
    """Only an id and any other column are required; an empty column counts as missing."""
    column, kind = known.split()
    with database.connect() as connection:
        connection.execute(
            f"CREATE TABLE members AS SELECT id AS customer_id, NULL::{kind} AS {column}, ' ' AS country "
            "FROM generate_series(1, 50) id"
        )
        connection.execute(f"UPDATE members SET {column} = {VALUES[kind]}")

    refresh = run_operations(database, spark, table="public.members", as_of=AS_OF)

    assert refresh.rows_out == 50
    assert refresh.missing_columns.split(", ") == [
        name for name in columns_read(CUSTOMERS) if name not in (*CUSTOMERS.ids, column)
    ]
    assert value(database, "SELECT missing_columns FROM analytics.refreshes") == refresh.missing_columns
    noted = fetch(
        database,
        "SELECT source, kind, rows_in, rows_out, missing_columns FROM analytics.refresh_sources "
        "WHERE kind <> 'absent'",
    )
    whole = ", ".join(f"public.customers.{name}" for name in refresh.missing_columns.split(", "))
    assert noted == [(refresh.source_table, refresh.source_kind, refresh.rows_in, refresh.rows_out, whole)]


VALUES = {"date": "DATE '2024-03-05' + customer_id::int", "numeric": "customer_id", "text": "'A'"}


def test_a_missing_table_is_one_line(spark: SparkSession, database: Database) -> None:
    """A newcomer's first command may well be `run`."""
    with pytest.raises(
        Customer360Error, match="table public.customers does not exist; fill .* with: customer360 mock"
    ):
        run_operations(database, spark, as_of=AS_OF)


MEMBERS = """
    SELECT id AS customer_id, 'M' || id AS name, 'Spain' AS country, DATE '2024-01-01' + id::int AS join_date,
           TIMESTAMP '2025-01-01' AS last_login, true AS is_active, 'Gold' AS loyalty_status, id AS loyalty_points,
           id * 1.50::numeric(12,2) AS account_balance
    FROM generate_series(1, 20) id
"""


def test_a_table_with_a_quoted_name_is_read(spark: SparkSession, database: Database) -> None:
    """Next to one whose name differs only in case; a unique key of one does not apply to the other."""
    with database.connect() as connection:
        connection.execute("CREATE SCHEMA crm")
        connection.execute(f"CREATE TABLE crm.members AS {MEMBERS} WHERE id <= 3")
        connection.execute("ALTER TABLE crm.members ADD PRIMARY KEY (customer_id)")
        connection.execute(f'CREATE TABLE crm."Members" AS {MEMBERS}')
        connection.execute('INSERT INTO crm."Members" SELECT * FROM crm."Members" WHERE customer_id = 20')
        connection.execute('CREATE VIEW crm."My.View" AS SELECT * FROM crm."Members" WHERE customer_id < 20')

    for table, rows in [("crm.Members", 19), ('crm."Members"', 19), ('crm."My.View"', 19), ("crm.members", 3)]:
        refresh = run_operations(database, spark, table=table, as_of=AS_OF, allow_shrink=True)
        assert (refresh.rows_out, refresh.source_table) == (rows, table)


def test_infinite_and_endless_values_are_accepted(spark: SparkSession, database: Database) -> None:
    """A join date of infinity has not happened yet, such a login is unknown, and a seventh is rounded to cents."""
    with database.connect() as connection:
        connection.execute(f"CREATE TABLE odd AS {MEMBERS}")
        connection.execute("UPDATE odd SET join_date = 'infinity' WHERE customer_id = 1")
        connection.execute("UPDATE odd SET last_login = 'infinity' WHERE customer_id = 2")
        connection.execute(
            "UPDATE odd SET last_login = '-infinity', join_date = '-infinity' WHERE customer_id = 3"
        )
        connection.execute("ALTER TABLE odd ALTER account_balance TYPE numeric")
        connection.execute("UPDATE odd SET account_balance = 'Infinity' WHERE customer_id = 4")
        connection.execute(
            "CREATE VIEW members AS SELECT customer_id, name, country, join_date, last_login, is_active, "
            "loyalty_status, loyalty_points, account_balance * 1.0 / 7 AS account_balance FROM odd"
        )

    refresh = run_operations(database, spark, table="public.members", as_of=AS_OF)

    assert (refresh.rows_in, refresh.rows_rejected, refresh.rows_not_yet_joined, refresh.rows_out) == (
        20,
        0,
        1,
        19,
    )
    rows = "SELECT {} FROM analytics.customer_profiles WHERE customer_id = {}"
    assert value(database, rows.format("account_balance::text", 5)) == "1.07"
    assert value(database, rows.format("account_balance IS NULL", 4))
    assert value(database, rows.format("join_date IS NULL", 3))
    failed = "SELECT rows_failed FROM analytics.data_quality WHERE check_name = '{}'"
    assert value(database, failed.format("last_login_after_as_of")) == 1
    assert value(database, failed.format("last_login_missing")) == 1


def test_a_row_that_a_policy_hides_is_in_no_result(
    spark: SparkSession, server: Database, database: Database
) -> None:
    """Even if the table has partitions that the role may read directly."""
    role = f"app_{database.parts['dbname']}"
    with database.connect() as connection:
        connection.execute("CREATE SCHEMA crm")
        connection.execute(f"CREATE TABLE crm.all_members AS {MEMBERS}")
        connection.execute("CREATE TABLE crm.members (LIKE crm.all_members) PARTITION BY HASH (customer_id)")
        for part in range(3):
            connection.execute(
                f"CREATE TABLE crm.part_{part} PARTITION OF crm.members FOR VALUES WITH (MODULUS 3, REMAINDER {part})"
            )
        connection.execute("INSERT INTO crm.members SELECT * FROM crm.all_members")
        connection.execute("ALTER TABLE crm.members ENABLE ROW LEVEL SECURITY")
        connection.execute(f"CREATE ROLE {role} LOGIN PASSWORD 'for this test'")
        connection.execute(f"CREATE POLICY few ON crm.members TO {role} USING (customer_id <= 5)")
        connection.execute(f"GRANT USAGE ON SCHEMA crm TO {role}")
        connection.execute(f"GRANT SELECT ON ALL TABLES IN SCHEMA crm TO {role}")
        connection.execute(f"GRANT CREATE ON DATABASE {database.parts['dbname']} TO {role}")
    app = Database(make_conninfo(database.url, user=role, password="for this test"))

    try:
        assert run_operations(app, spark, table="crm.members", as_of=AS_OF).rows_in == 5
    finally:
        with database.connect() as connection:
            connection.execute(f"DROP OWNED BY {role}")
            connection.execute(f"DROP ROLE {role}")


def test_customers_cannot_be_emptied_while_they_are_read(spark: SparkSession, database: Database) -> None:
    """A nightly reload waits for the run, or vice versa: the results are those of all customers."""
    with database.connect() as connection:
        connection.execute(f"CREATE TABLE members AS {MEMBERS}")
    refused: list[str] = []

    @contextmanager
    def progress(label: str, **_: Any) -> Iterator[None]:
        if label == "Reading and checking customers":
            with database.connect(options="-c lock_timeout=50ms") as other:
                try:
                    other.execute("TRUNCATE members")
                except psycopg.errors.LockNotAvailable:
                    refused.append(label)
        yield

    refresh = run_operations(database, spark, table="public.members", as_of=AS_OF, progress=progress)

    assert (refresh.rows_out, len(refused)) == (20, 1)
    with database.connect(options="-c lock_timeout=50ms") as other:
        other.execute("TRUNCATE members")


def test_an_empty_table_gives_empty_results(spark: SparkSession, database: Database) -> None:
    """The first refresh of a new shop."""
    copy_awkward(database)
    with database.connect() as connection:
        connection.execute("TRUNCATE crm.members")

    refresh = run_operations(database, spark, table="crm.members", as_of=AS_OF)

    assert (refresh.rows_in, refresh.rows_out) == (0, 0)
    assert value(database, "SELECT count(*) FROM analytics.customer_segments") == 0


def test_a_table_that_lost_half_of_its_customers_needs_confirmation(
    spark: SparkSession, database: Database
) -> None:
    """The old results stay until somebody confirms."""
    copy_awkward(database)
    run_operations(database, spark, table="crm.members", as_of=AS_OF)
    with database.connect() as connection:
        connection.execute("DELETE FROM crm.members WHERE customer_id > 300")

    with pytest.raises(
        Customer360Error, match="crm.members has 40 customers, but refresh 1 had 200, .*--allow-shrink"
    ):
        run_operations(database, spark, table="crm.members", as_of=AS_OF)
    assert value(database, "SELECT count(*) FROM analytics.customer_profiles") == 200

    assert run_operations(database, spark, table="crm.members", as_of=AS_OF, allow_shrink=True).rows_out == 40


def test_fewer_mock_customers_need_no_confirmation(spark: SparkSession, filled: Database) -> None:
    """If you fill fewer on purpose, you get the results of fewer."""
    run_operations(filled, spark)
    fill_mock_data(filled, spark, Plan(100, seed=7, as_of=AS_OF))

    assert run_operations(filled, spark).rows_out == 100


def test_a_null_that_spark_copies_is_one_line_without_the_row(spark: SparkSession, database: Database) -> None:
    """It fails in a worker, whose error would be a page long and contain the customer."""
    rows = spark.createDataFrame([(1, "Ada Lovelace"), (None, "Grace Hopper")], "customer_id bigint, name string")
    rows = rows.select(*(F.col(c.name) if c.name in rows.columns else F.lit(None).cast(c.spark_type).alias(c.name)
                         for c in CUSTOMERS.columns))  # fmt: skip

    with (
        pytest.raises(Customer360Error) as refused,
        publication(database, "test") as change,
        plain_errors(),
    ):
        stage(change, database, CUSTOMERS, rows, writers=2)

    assert str(refused.value) == "customers: customer_id is null in a row, but is required; nothing was published"


def test_results_are_as_of_the_last_day_in_the_data(spark: SparkSession, database: Database) -> None:
    """As of today, data that ends in 2011 would show that nobody has logged in for 15 years, and nobody is new."""
    with database.connect() as connection:
        connection.execute("CREATE TABLE members (customer_id int, join_date date, last_login timestamp)")
        connection.execute(
            "INSERT INTO members VALUES (1, '2011-01-05', '2011-12-09 12:50'), (2, '2011-02-01', '2011-12-01 08:00'), "
            "(3, '2011-03-01', '2011-06-30 08:00')"
        )

    refresh = run_operations(database, spark, table="public.members")

    assert (refresh.as_of_date, refresh.as_of_is_last_day, refresh.logins_after) == (date(2011, 12, 9), True, 0)
    days = value(database, "SELECT sum(recency_days_sum) FROM analytics.customer_segments")
    assert days == 0 + 8 + 162
    past = run_operations(database, spark, table="public.members", as_of=date(2011, 11, 30))
    assert (past.as_of_is_last_day, past.logins_after) == (False, 2)


def test_a_lake_too_is_reported_as_of_its_last_day(spark: SparkSession) -> None:
    """By the same rule as a table: the future is not the end of the data."""
    rows = spark.sql("SELECT date'2011-01-05' AS join_date, timestamp_ntz'2011-12-09 23:59' AS last_login "
                     "UNION ALL SELECT date'2099-12-31', NULL")  # fmt: skip

    assert last_day_of_rows(CUSTOMERS, rows)(date(2026, 6, 30)) == date(2011, 12, 9)
    assert last_day_of_rows(CUSTOMERS, rows.select("join_date").limit(0))(date(2026, 6, 30)) is None
    assert last_day_of_rows(CUSTOMERS, spark.sql("SELECT 20110105 AS join_date"))(date(2026, 6, 30)) is None
