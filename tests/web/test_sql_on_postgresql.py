"""The same SQL on PostgreSQL: anyone can run the dashboard's queries on the database itself."""

import psycopg
import pytest

from customer360.report.dimensions import DIMENSIONS, dimension
from customer360.report.expressions import Sum
from customer360.report.measures import measure
from customer360.report.pages import REPORT
from customer360.report.parameters import BALANCE_THRESHOLD
from customer360.tables import ENGAGEMENT_SEGMENTS
from customer360.web import sql
from tests import miniature, row_level
from tests.engines.of_sql import copy_results

VISUALS = REPORT.visuals
X = {BALANCE_THRESHOLD.name: 1_000}
FILTERS = {"country": ["Kenya", "Norway"], "activity": ["Active", "Unknown"]}


@pytest.fixture(scope="module")
def tables():
    return miniature.result_tables(miniature.profiles(miniature.customers(300)))


@pytest.fixture(scope="module")
def duckdb(tables):
    with miniature.database(tables) as connection:
        yield connection


@pytest.fixture(scope="module")
def postgresql(module_database, duckdb, tables):
    with module_database.connect(cursor_factory=psycopg.RawCursor) as connection:
        copy_results(duckdb, connection, tables)
        yield connection


def query_of(visual):
    if visual.top:
        return sql.top(visual.fact, visual.measure, visual.columns, visual.top, filters=FILTERS)
    asked = [measure(name) for name in visual.all_measures]
    cuts = [dimension(name) for name in visual.by]
    return sql.aggregate(visual.fact, asked, by=cuts, filters={**FILTERS, **visual.only}, parameters=X)


def same(one, other):
    return one == other or (not isinstance(one, str) and row_level.same(one, other))


@pytest.mark.parametrize("visual", VISUALS, ids=lambda visual: visual.name)
def test_postgresql_answers_every_visual_as_duckdb_does(postgresql, duckdb, visual):
    """The same rows with the same values; tables also have the same order."""
    query = query_of(visual)
    cuts = len(visual.by)

    of_postgresql = sorted(postgresql.execute(query.text, query.parameters).fetchall(), key=lambda row: row[:cuts])
    of_duckdb = sorted(duckdb.execute(query.text, query.parameters).fetchall(), key=lambda row: row[:cuts])

    assert of_duckdb
    assert len(of_postgresql) == len(of_duckdb)
    differ = [rows for rows in zip(of_postgresql, of_duckdb, strict=True) if not all(map(same, *rows))]
    assert differ == []


@pytest.mark.parametrize("share", ["share_of_first_stage", "share_of_previous_stage"])
@pytest.mark.parametrize("cut", ["join_month", "join_year"])
def test_postgresql_answers_a_share_of_a_stage_by_when_customers_joined(postgresql, duckdb, cut, share):
    """The share queries the same members again; a year is computed from the month of each row."""
    query = sql.aggregate(ENGAGEMENT_SEGMENTS, [measure(share)], by=[dimension(cut), dimension("funnel_stage")])

    of_postgresql = sorted(postgresql.execute(query.text, query.parameters).fetchall())
    of_duckdb = sorted(duckdb.execute(query.text, query.parameters).fetchall())

    assert of_duckdb
    assert [one[:2] for one in of_postgresql] == [other[:2] for other in of_duckdb]
    assert all(map(same, (one[2] for one in of_postgresql), (other[2] for other in of_duckdb)))


@pytest.mark.parametrize("cut", DIMENSIONS, ids=lambda cut: cut.name)
def test_postgresql_returns_the_members_in_order(postgresql, duckdb, cut):
    """The keys and their labels."""
    query = sql.members(cut)

    found = postgresql.execute(query.text, query.parameters).fetchall()

    assert found
    assert found == duckdb.execute(query.text, query.parameters).fetchall()


def test_postgresql_returns_the_edges_of_the_threshold(postgresql, duckdb):
    """They are the slider's values."""
    query = sql.edges(BALANCE_THRESHOLD)

    found = postgresql.execute(query.text, query.parameters).fetchall()

    assert found
    assert found == duckdb.execute(query.text, query.parameters).fetchall()


def test_only_a_sum_ranks_rows(tables):
    """A ratio is not a value of single rows, so it cannot rank them."""
    ratio = measure("average_balance")

    assert not isinstance(ratio.expression, Sum)
    with pytest.raises(TypeError, match="average_balance is not the value of one row"):
        sql.top(VISUALS[0].fact, ratio, ["customer_id"], 10)
