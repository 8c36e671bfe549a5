"""One refresh in memory: what is loaded, its rollups, and what it may not do."""

from __future__ import annotations

import threading
from datetime import date

import duckdb
import pytest

from customer360.errors import Customer360Error
from customer360.postgres.reader import read_only
from customer360.report import customer_measures as m
from customer360.report.dimensions import COUNTRY, DIMENSIONS, JOIN_MONTH, Between, Filters, dimensions_of
from customer360.report.expressions import columns_of
from customer360.report.missing import OF_EVENTS
from customer360.tables import (
    ACTIVITY_SEGMENTS,
    COHORT_RETENTION,
    CUSTOMER_SEGMENTS,
    DEMOGRAPHIC_SEGMENTS,
    ENGAGEMENT_SEGMENTS,
    REFRESH_SOURCES,
    SOURCES,
    TOP_CUSTOMERS,
    VALUE_HOLDOUT,
)
from customer360.web import sql
from customer360.web.answers import answer
from customer360.web.ask import ask
from customer360.web.outline import outline
from customer360.web.sql import Query
from customer360.web.store import current, hold, latest_refresh, load
from customer360.web.view import view
from tests import miniature
from tests.web.published import EVERY_TABLE, WHOLE, miniature_results, publish


@pytest.fixture(scope="module")
def filled(module_database, tables):
    publish(module_database, tables)
    return module_database


# --- loading ----------------------------------------------------------------------------------------------------


def test_the_loaded_results_are_those_published(filled, tables):
    """Every table, row by row."""
    loaded = load(read_only(filled))

    assert loaded
    for table, rows in tables.items():
        [(count,)] = loaded.rows(Query(f"SELECT count(*) FROM {table.full_name}", ()))
        of_one = len(SOURCES) if table == REFRESH_SOURCES else 1
        assert count == (of_one if table.keeps_history else rows.num_rows)
    assert loaded.refresh_row["refresh_id"] == 1
    assert loaded.as_of == miniature.AS_OF


def test_an_empty_database_has_no_results(database):
    """There is neither a schema nor a refresh."""
    assert latest_refresh(database) is None
    assert load(read_only(database)) is None


def test_a_missing_table_is_named(database, tables):
    """Somebody dropped a table by hand."""
    publish(database, tables)
    with database.connect() as connection:
        connection.execute("DROP TABLE analytics.bands")

    with pytest.raises(
        Customer360Error, match='cannot read the tables: relation "analytics.bands" does not exist'
    ):
        load(database)


def missing_in(database):
    loaded = load(read_only(database))
    assert loaded
    return loaded.missing


@pytest.mark.parametrize(
    "older",
    ["DROP TABLE analytics.refresh_sources", "DELETE FROM analytics.refresh_sources"],
    ids=["before the first run", "not noted"],
)
def test_the_missing_columns_of_an_older_refresh_are_known(database, older):
    """Its version recorded the names of the columns with the refresh, without the source."""
    missing = ("country", "loyalty_points")
    publish(database, miniature_results(60, missing=missing))
    assert missing_in(database) == miniature.of_customers(missing)

    with database.connect() as connection:
        connection.execute(older)

    assert missing_in(database) == (*miniature.of_customers(missing), *OF_EVENTS)


def test_results_from_before_events_existed_are_shown(database):
    """A visual of a missing table, or of one with fewer columns, says so; all others are unchanged."""
    publish(database, miniature_results(60, tables=EVERY_TABLE))
    with database.connect() as connection:
        connection.execute(
            "DROP TABLE analytics.activity_segments, analytics.tier_moves, analytics.demographic_segments"
        )
        connection.execute("ALTER TABLE analytics.cohort_retention DROP active_customers, DROP active_share")
        connection.execute("DELETE FROM analytics.refresh_sources WHERE source = 'public.events'")

    loaded = load(read_only(database))
    asked = current(database, None, ACTIVITY_SEGMENTS)

    assert loaded
    assert asked
    assert outline(loaded)
    for page in WHOLE.pages:
        shown = answer(view(page, [], loaded), loaded)["visuals"]
        for visual in page.visuals:
            is_older = visual.fact in (ACTIVITY_SEGMENTS, COHORT_RETENTION, DEMOGRAPHIC_SEGMENTS)
            assert not is_older or {*shown[visual.name]} & {"missing", "unavailable"}
    with pytest.raises(Customer360Error, match="'orders' needs purchase events: not in your data"):
        ask(asked, "orders", by=["activity_month"])
    with pytest.raises(Customer360Error, match="the results have no analytics.demographic_segments yet"):
        ask(asked, "total_customers", by=["gender"])


def test_tables_that_no_page_shows_are_loaded_on_demand(database):
    """Customers' rows and columns of facts that no page shows stay in the database until they are requested."""
    publish(database, miniature_results(60, tables=EVERY_TABLE))

    loaded = current(database, None)
    holdout = current(database, loaded, VALUE_HOLDOUT)
    again = current(database, holdout, COHORT_RETENTION)

    assert loaded
    assert holdout
    assert again
    assert {table.name for table in loaded.sizes}.isdisjoint(
        {"customer_profiles", "customer_months", "value_model", "rfm_scores", "data_quality", "rejected_rows"}
    )
    assert "active_share" not in loaded.smallest(COHORT_RETENTION, ()).column_names
    assert VALUE_HOLDOUT not in loaded.sizes
    assert VALUE_HOLDOUT in holdout.sizes
    assert {VALUE_HOLDOUT, COHORT_RETENTION} <= {*again.sizes}
    assert current(database, again, VALUE_HOLDOUT) is again
    assert current(database, again) is again


@pytest.mark.slow
def test_a_load_sees_one_refresh_even_if_another_is_published(database, tables):
    """Never one table from the old refresh and another from the new one."""
    publish(database, tables)
    small = miniature_results(60, seed=1)
    ended = threading.Event()

    def refresh():
        for number in range(6):
            publish(database, small if number % 2 else tables)
        ended.set()

    thread = threading.Thread(target=refresh)
    thread.start()
    seen = set()
    while not ended.is_set():
        loaded = load(database)
        assert loaded
        counts = [loaded.rows(Query(f"SELECT sum(customers) FROM {fact.full_name}", ())) for fact in SHOWN]
        assert counts[0] == counts[1]
        seen.add(loaded.refresh_row["refresh_id"])
    thread.join()

    assert len(seen) > 1


# --- reading only -----------------------------------------------------------------------------------------------


def test_a_connection_of_the_dashboard_cannot_write(filled):
    """Even if the user in the URL could."""
    with read_only(filled).connect() as connection, pytest.raises(Exception, match="read-only transaction"):
        connection.execute("CREATE TABLE analytics.mine (n int)")


def test_a_connection_of_the_dashboard_sees_the_results_and_no_customer(server, tables, database):
    """It uses the reader role if there is one, which cannot read e-mail addresses."""
    publish(database, tables)
    with database.connect() as connection:
        connection.execute("CREATE TABLE public.customers (email text)")

    with read_only(database).connect() as connection:
        assert connection.execute("SELECT current_user").fetchone() == ("customer360_reader",)
        assert connection.execute("SELECT count(*) > 0 FROM analytics.bands").fetchone() == (True,)
        with pytest.raises(Exception, match="permission denied for table customers"):
            connection.execute("SELECT email FROM public.customers")


def test_a_statement_is_cancelled_after_two_minutes(filled):
    """A hanging dashboard blocks nobody else."""
    with read_only(filled).connect() as connection:
        assert connection.execute("SHOW statement_timeout").fetchone() == ("2min",)


def test_the_copy_in_memory_reads_no_file_and_keeps_its_settings(results):
    """Regardless of the query."""
    with pytest.raises(duckdb.Error, match="file system operations are disabled"):
        results.rows(Query("SELECT * FROM read_text('/etc/hostname')", ()))
    with pytest.raises(duckdb.Error, match="configuration has been locked"):
        results.rows(Query("SET enable_external_access = true", ()))


def test_hidden_names_are_not_in_memory(tables):
    """Customers are named by customer_id."""
    hidden = hold(tables, hide_names=True)

    names = hidden.rows(Query("SELECT DISTINCT name, source_id, customer_id FROM analytics.top_customers", ()))

    assert names
    assert all((name, shown) == (f"Customer {number}", str(number)) for name, shown, number in names)


# --- members and rollups ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "cut",
    [cut for cut in DIMENSIONS if cut.members or cut.name in ("funnel_stage", "months_since")],
    ids=lambda cut: cut.name,
)
def test_every_dimension_of_a_page_has_members(results, cut):
    """Each has its own order and labels."""
    assert list(results.members[cut])


SHOWN = [CUSTOMER_SEGMENTS, ENGAGEMENT_SEGMENTS]


@pytest.mark.parametrize("fact", SHOWN, ids=lambda fact: fact.name)
def test_every_rollup_sums_to_its_fact(results, fact):
    """No customer and no amount is lost or counted twice."""
    cuts = {cut.column for cut in dimensions_of(fact)}
    sums = ", ".join(f"sum({name})" for name in fact.column_names if name not in cuts)
    copies = results.tables[fact]

    assert len(copies) > 3
    assert len({tuple(results.rows(Query(f"SELECT {sums} FROM {copy.full_name}", ()))[0]) for copy in copies}) == 1


def test_a_question_reads_the_smallest_table_that_can_answer_it(results):
    """Fewer dimensions, fewer rows."""

    def rows(table):
        return results.rows(Query(f"SELECT count(*) FROM {table.full_name}", ()))[0][0]

    few = results.smallest(CUSTOMER_SEGMENTS, ["loyalty_status", "customers"])
    more = results.smallest(CUSTOMER_SEGMENTS, ["join_month", "country", "balance_band", "customers"])
    all_of_it = results.smallest(CUSTOMER_SEGMENTS, CUSTOMER_SEGMENTS.column_names)

    assert rows(few) < rows(more) < rows(all_of_it)
    assert "country" not in few.column_names or "join_month" not in few.column_names
    assert all_of_it is CUSTOMER_SEGMENTS
    assert results.smallest(TOP_CUSTOMERS, ["name"]) is TOP_CUSTOMERS


@pytest.mark.parametrize("fact", SHOWN, ids=lambda fact: fact.name)
def test_every_table_gives_the_same_measures(results, fact):
    """A measure does not depend on the copy from which it is read."""
    filters: Filters = {JOIN_MONTH.name: Between(date(2024, 1, 1), miniature.AS_OF), "loyalty_status": ["Gold"]}
    asked = [m.TOTAL_CUSTOMERS, m.ACTIVE_SHARE, m.AVERAGE_LOGIN_RECENCY, m.NEW_CUSTOMERS]
    needed = {COUNTRY.name, JOIN_MONTH.name, "loyalty_status"}.union(*map(columns_of, asked))

    answers = {
        str(sorted(results.rows(sql.aggregate(copy, asked, by=[COUNTRY], filters=filters)), key=str))
        for copy in results.tables[fact]
        if needed <= set(copy.column_names)
    }

    assert len(answers) == 1


def test_a_query_of_engagement_never_reads_balances(results):
    """The two facts stay separate."""
    assert results.smallest(ENGAGEMENT_SEGMENTS, ["customers"]).name.startswith("engagement_segments")
