"""
The public API: what each method promises, its examples exactly as written, and that commands call nothing else.
"""

from __future__ import annotations

import doctest
import inspect
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import psycopg
import pytest
from pyspark.sql import SparkSession

import customer360
from customer360 import Customer360, Customer360Error, Invalid, Refused, Unavailable, settings
from customer360.pipeline import of_people
from customer360.postgres.connection import Database
from customer360.postgres.embedded import EmbeddedPostgres
from customer360.tables import CUSTOMERS, RESULT_TABLES
from customer360.web import ask, store
from tests.conftest import new_database, new_home
from tests.documentation import ROOT, blocks

AS_OF = "2026-06-30"
METHODS = [name for name, _ in inspect.getmembers(Customer360) if not name.startswith("_")]
IN_ORDER = (
    "connect", "database", "spark", "fill_mock", "run", "ask", "table", "status", "read", "write", "people", "about",
    "forget", "forgotten", "load", "load_events", "close",
)  # fmt: skip
"""The examples are one session: each continues the previous one."""

pytestmark = pytest.mark.slow


def examples() -> dict[str, doctest.DocTest]:
    finder = doctest.DocTestFinder()
    found = [*finder.find(customer360), *finder.find(of_people)]
    return {one.name.rpartition(".")[2]: one for one in found if one.examples}


@pytest.fixture(scope="module")
def c(server: Database, spark: SparkSession) -> Iterator[Customer360]:
    """A session on mock customers with results, which the tests only read."""
    with new_database(server) as database, customer360.connect(database.url) as session:
        session.fill_mock(2_000, as_of=AS_OF, dirt=0.02)
        session.run()
        yield session


@pytest.fixture
def own(database: Database, spark: SparkSession) -> Iterator[Customer360]:
    """A session on a database for one test."""
    with customer360.connect(database.url) as session:
        yield session


def fetch(session: Customer360, query: str) -> list[tuple[Any, ...]]:
    with session.database.connect() as connection:
        return connection.execute(query).fetchall()


# --- as it is documented ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["connect", *METHODS])
def test_every_method_is_documented_by_an_example(name: str) -> None:
    """Methods without an example are not found, and every example is part of the session that runs them."""
    assert name in examples()
    assert name in IN_ORDER


@pytest.mark.parametrize("name", ["connect", *METHODS])
def test_every_argument_is_typed_and_documented(name: str) -> None:
    """By its name, in the text."""
    member: Any = inspect.getattr_static(Customer360, name, customer360.connect)
    function: Any = member.fget if isinstance(member, property) else member
    text = inspect.getdoc(member) or ""
    for argument in inspect.signature(function).parameters.values():
        if argument.name != "self":
            assert argument.annotation is not argument.empty
            assert argument.name in text or argument.kind is argument.VAR_KEYWORD


@pytest.mark.both
@pytest.mark.spark
def test_the_examples_are_what_happens(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """From an empty machine to results, word for word, with the installed engine."""
    home = new_home()
    monkeypatch.setenv(settings.HOME, str(home))
    monkeypatch.chdir(tmp_path)
    for name in ("members.csv", "orders.csv"):
        shutil.copy(ROOT / "examples" / name, tmp_path)
    told: list[str] = []
    names: dict[str, Any] = {}
    try:
        for name in IN_ORDER:
            example = examples()[name]
            example.globs = names
            doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE).run(
                example, out=told.append, clear_globs=False
            )
    finally:
        EmbeddedPostgres(home).stop()
        shutil.rmtree(home)

    assert "".join(told) == ""
    assert sorted(path.name for path in tmp_path.iterdir()) == ["members.csv", "orders.csv"]


@pytest.mark.spark
def test_the_session_on_the_page_works(
    database: Database, spark: SparkSession, monkeypatch: Any, capsys: Any
) -> None:
    """It is what everyone copies first."""
    monkeypatch.setenv(settings.DATABASE_URL, database.url)
    page = ROOT / "docs" / "api.md"
    [session] = (block for block in blocks(page) if block.language == "python")

    exec(compile(session.text, page, "exec"), {})

    printed = capsys.readouterr().out
    assert "average_balance" in printed
    assert printed.endswith("2000 customers\n")


def test_importing_it_imports_next_to_nothing() -> None:
    """Every module of the package imports it first, including those of commands that answer immediately."""
    heavy = ("pyarrow", "psycopg", "pyspark", "pandas", "numpy", "duckdb", "click", "rich")
    program = f"import sys, customer360; print([name for name in {heavy} if name in sys.modules])"

    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert run.stdout == "[]\n"


# --- where it works ---------------------------------------------------------------------------------------


def test_an_address_where_nothing_answers_fails_immediately() -> None:
    """Not after minutes of work."""
    with pytest.raises(Unavailable, match=r"127\.0\.0\.1:1/"):
        customer360.connect("postgresql://ada@127.0.0.1:1/crm")


def test_workers_elsewhere_need_a_reachable_database() -> None:
    """The embedded one listens only on this machine."""
    with pytest.raises(Unavailable, match="workers of spark://missing:7077 cannot reach it"):
        customer360.connect(master="spark://missing:7077")


@pytest.mark.both
def test_an_active_session_is_used_and_not_stopped(c: Customer360, spark: SparkSession) -> None:
    """A platform's notebook continues to use it."""
    with customer360.connect(c.database.url) as session:
        assert session.spark is spark

    assert spark.range(3).count() == 3


@pytest.mark.both
def test_a_session_that_it_started_is_stopped(database: Database) -> None:
    """In a separate process, where none is active."""
    program = (
        "import sys, customer360\n"
        "with customer360.connect(sys.argv[1]) as c:\n"
        "    session = c.spark\n"
        "    assert session.range(3).count() == 3\n"
        "from customer360 import spark\n"
        "assert spark.cluster(None, None) is None\n"
        "again, is_new = spark.shared_session()\n"
        "assert is_new and again is not session\n"
        "spark.stop(again)\n"
    )
    run = subprocess.run([sys.executable, "-c", program, database.url], capture_output=True, text=True)

    assert run.returncode == 0, run.stderr


@pytest.mark.both
def test_a_session_that_ended_is_started_again(database: Database) -> None:
    """Whether it was stopped, or killed with its engine: a notebook continues where it was."""
    program = (
        "import sys, customer360\n"
        "from customer360 import spark\n"
        "with customer360.connect(sys.argv[1]) as c:\n"
        "    for end in (spark.stop, spark.kill):\n"
        "        before = c.spark\n"
        "        assert c.spark is before\n"
        "        end(before)\n"
        "        assert c.spark is not before\n"
        "        assert c.spark.range(3).count() == 3\n"
    )
    run = subprocess.run([sys.executable, "-c", program, database.url], capture_output=True, text=True)

    assert run.returncode == 0, run.stderr


def test_it_shows_no_password(c: Customer360) -> None:
    """A notebook shows the last value of a cell."""
    assert repr(c).startswith("Customer 360: test_")
    assert c.database.parts["password"] not in repr(c)


# --- customers --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("customers", [300, "300", "0.3k"])
def test_a_fill_says_what_it_filled(own: Customer360, customers: int | str) -> None:
    """In any notation of the number, and with the requested figures."""
    fill = own.fill_mock(customers, seed=5, as_of=AS_OF, events_per_customer=10, report=True)

    assert repr(fill) == (
        f"300 mock customers in public.customers and {fill.events:,} events in public.events "
        "as of 2026-06-30 (seed 5)"
    )
    assert 2_000 < fill.events < 4_500
    assert fill.gates
    assert fetch(own, "SELECT count(*)::int FROM customers") == [(300,)]


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        ({"customers": "many"}, "invalid size 'many'; write it like"),
        ({"customers": 0}, "invalid value 0 for customers"),
        ({"as_of": "2026-06-31"}, "invalid date '2026-06-31'; use YYYY-MM-DD"),
        ({"as_of": "9999-01-01"}, "out of range"),
        ({"dirt": 0.9}, "invalid value 0.9 for dirt"),
    ],
)
def test_an_invalid_value_is_rejected_before_anything_is_opened(arguments: dict[str, Any], line: str) -> None:
    """Not even the embedded server is started for it."""
    session = Customer360("postgresql://ada@127.0.0.1:1/crm", None, None, False, (1, 1))
    with pytest.raises(Invalid, match=line):
        session.fill_mock(**arguments)


def test_your_own_customers_are_not_deleted(own: Customer360, tmp_path: Path) -> None:
    """Neither by mock data nor by another file."""
    path = tmp_path / "members.csv"
    path.write_text("customer_id,name,country\n1,Ann,Spain\n2,Bob,Italy\n")
    own.load(path, as_of=AS_OF)

    with pytest.raises(Refused, match="nothing was deleted"):
        own.fill_mock(100)
    with pytest.raises(Refused, match="nothing was deleted"):
        own.load(path)
    own.load(path, replace=True)
    assert repr(own.fill_mock(100, as_of=AS_OF, replace=True)).startswith("100 mock customers")


def test_a_load_without_a_mapping_guesses_and_says_what(
    own: Customer360, tmp_path: Path, monkeypatch: Any
) -> None:
    """No terminal, no question, and no file in the current folder."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "people.csv").write_text("Member No;Full name;Nation;Card\n7;Ann;Spain;Gold\nx;Bob;Italy;Red\n")

    load = own.load("people.csv", max_rejected=0.5)

    assert repr(load) == "1 customers loaded into public.customers from 2 rows of people.csv; 1 rows rejected"
    assert load.columns["customer_id"] == "Member No"
    assert load.reasons == {"customer_id_unreadable": 1}
    assert [path.name for path in tmp_path.iterdir()] == ["people.csv"]


def test_a_returned_mapping_can_be_passed_again(own: Customer360, tmp_path: Path) -> None:
    """The user edits the guess of a dry run and passes it again, or names a file."""
    path = tmp_path / "people.csv"
    path.write_text("Member No;Full name;Card\n7;Ann;Gold\n8;Bob;Red\n")
    mapping = own.load(path, dry_run=True).mapping
    mapping["columns"]["loyalty_status"] = "upper(Card)"
    mapping["loyalty_status"] = {"order": ["RED", "GOLD"]}

    own.load(path, mapping)

    assert fetch(own, "SELECT loyalty_status FROM customers ORDER BY customer_id") == [("GOLD",), ("RED",)]
    file = tmp_path / "other.toml"
    file.write_text('[columns]\ncustomer_id = "Member No"\nname = "Card"\n')
    own.load(path, str(file), replace=True)
    assert fetch(own, "SELECT name FROM customers ORDER BY customer_id") == [("Gold",), ("Red",)]


def test_a_trial_changes_nothing_and_needs_no_database(tmp_path: Path) -> None:
    """Nor Spark."""
    path = tmp_path / "people.csv"
    path.write_text("customer_id,name\n7,Ann\n")
    session = Customer360("postgresql://ada@127.0.0.1:1/crm", None, None, False, (1, 1))

    assert session.load(path, dry_run=True).customers == 1


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (
            {"mapping": {"colums": {}}},
            "unknown section 'colums' in the mapping that was given. Did you mean 'columns'?",
        ),
        ({"mapping": {"columns": {"customer": "id"}}}, "Did you mean 'customer_id'?"),
        ({"dates": "day first"}, "invalid dates 'day first'. Did you mean 'day-first'?"),
        ({"decimal": ","}, "invalid decimal ','"),
        ({"max_rejected": 5}, "invalid max_rejected 5; use a share from 0 to 1"),
        ({"path": "missing.csv"}, "missing.csv"),
    ],
)
def test_a_wrong_load_is_one_line(tmp_path: Path, arguments: dict[str, Any], line: str) -> None:
    path = tmp_path / "people.csv"
    path.write_text("customer_id,name\n7,Ann\n")
    session = Customer360("postgresql://ada@127.0.0.1:1/crm", None, None, False, (1, 1))

    with pytest.raises(Customer360Error) as refused:
        session.load(**{"path": path, "dry_run": True, **arguments})

    assert line in str(refused.value)


# --- results ----------------------------------------------------------------------------------------------


def test_a_run_says_what_it_published(c: Customer360) -> None:
    """Every row that was read is accounted for."""
    last = c.status().last_refresh
    assert last
    assert c.run(as_of=AS_OF).refresh_id == last["refresh_id"] + 1
    assert last["rows_in"] == last["rows_out"] + last["rows_rejected"] == 2_000


def test_a_run_reads_a_table_or_a_lake(c: Customer360) -> None:
    """Not both."""
    with pytest.raises(Invalid, match="a table or from a source, not both; omit one"):
        c.run(table="crm.members", source="lake/members")


def test_without_results_the_next_command_is_named(own: Customer360) -> None:
    """The error names the next command."""
    with pytest.raises(Unavailable, match="there are no results; make them with: customer360 run"):
        own.ask("total_customers")
    with pytest.raises(
        Unavailable, match="analytics.countries does not exist yet; create it with: customer360 run"
    ):
        own.table("countries")
    with pytest.raises(Unavailable, match="table public.customers does not exist"):
        own.run()


def test_ask_follows_each_refresh(own: Customer360) -> None:
    """Results in memory are never older than the published ones."""
    for customers in (300, 200):
        own.fill_mock(customers, as_of=AS_OF)
        own.run()
        assert own.ask("total_customers").total_customers.tolist() == [customers]


@pytest.mark.parametrize("name", ["rows_checked", "rows_failed", "rows_rejected"])
def test_ask_knows_the_checks_of_the_latest_refresh(c: Customer360, name: str) -> None:
    """Including those that the pages of the dashboard do not show."""
    counted = {
        "rows_checked": "SELECT sum(rows_checked) FROM analytics.data_quality WHERE refresh_id = {}",
        "rows_failed": "SELECT sum(rows_failed) FROM analytics.data_quality WHERE refresh_id = {}",
        "rows_rejected": "SELECT rows_rejected FROM analytics.refreshes WHERE refresh_id = {}",
    }
    newest = "(SELECT max(refresh_id) FROM analytics.refreshes)"

    [found] = c.ask(name)[name]

    assert found == fetch(c, counted[name].format(newest))[0][0] > 0


def test_ask_takes_one_dimension_or_two(c: Customer360) -> None:
    """With the same answers as the function behind it."""
    results = store.current(c.database, None)
    assert results

    one = c.ask("active_share", "loyalty_status", {"country": ["Spain", "Italy"]})
    two = c.ask("active_share", by=["loyalty_status", "activity"])

    pd.testing.assert_frame_equal(
        one, ask.ask(results, "active_share", by=["loyalty_status"], where={"country": ["Spain", "Italy"]})
    )
    assert list(two.columns) == ["loyalty_status", "activity", "active_share"]


@pytest.mark.parametrize("table", [CUSTOMERS, *RESULT_TABLES], ids=lambda table: table.name)
def test_table_returns_every_row_with_or_without_the_schema(c: Customer360, table: Any) -> None:
    """Numbers that add up, and dates that can be plotted."""
    frame = c.table(table.name)

    assert frame.columns.tolist() == list(table.column_names)
    assert fetch(c, f"SELECT count(*) FROM {table.full_name}") == [(len(frame),)]
    assert len(c.table(table.full_name)) == len(frame)
    assert not [
        name for name in frame if frame[name].map(type).astype(str).str.contains("Decimal|datetime.date").any()
    ]


def test_a_table_of_another_name_is_refused_with_the_nearest(c: Customer360) -> None:
    """For other tables, use `read`."""
    with pytest.raises(Invalid, match="'customer_segment' is not a table of customer360. Did you mean"):
        c.table("customer_segment")


# --- your own DataFrames ----------------------------------------------------------------------------------


@pytest.mark.both
def test_read_takes_any_table_or_view(c: Customer360) -> None:
    """Completely, in Spark's types."""
    with c.database.connect() as connection:
        connection.execute("CREATE OR REPLACE VIEW gold AS SELECT * FROM customers WHERE loyalty_status = 'Gold'")
    frame = c.read("public.gold")

    assert c.read("public.gold", ["name"]).columns == ["name"]
    with pytest.raises(Invalid, match="no column 'nam'. Did you mean 'name'"):
        c.read("public.gold", ["nam"])
    assert frame.count() == fetch(c, "SELECT count(*) FROM gold")[0][0] > 0
    assert dict(frame.dtypes)["account_balance"] == "decimal(12,2)"
    with pytest.raises(Unavailable, match='cannot read "public"."missing"'):
        c.read("public.missing")


@pytest.mark.both
def test_write_stores_a_transformation_of_what_was_read(c: Customer360) -> None:
    """Filtered, joined and grouped; a second write replaces the first, even with other columns."""
    customers = c.read("public.customers")
    held = customers.where("account_balance > 0").groupBy("country").count()
    c.write(held, "analytics.held_by_country")
    c.write(held.join(customers.groupBy("country").avg("loyalty_points"), "country"), "analytics.held_by_country")

    stored = "SELECT sum(count)::int, count(DISTINCT country)::int FROM analytics.held_by_country"
    expected = "SELECT count(*)::int, count(DISTINCT country)::int FROM customers WHERE account_balance > 0"
    expected += " AND country IS NOT NULL"  # an inner join
    assert fetch(c, stored) == fetch(c, expected)
    assert c.read("analytics.held_by_country").columns == ["country", "count", "avg(loyalty_points)"]


@pytest.mark.both
def test_readers_never_see_half_of_a_write(own: Customer360) -> None:
    """A reader that has started sees the old rows to the end; all others see the new ones."""
    own.write(own.spark.range(1_000), "public.numbers")
    with own.database.connect() as reader, reader.transaction():
        reader.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        reader.execute("SELECT count(*) FROM pg_class")
        own.write(own.spark.range(5_000, 9_000), "public.numbers")

        assert reader.execute("SELECT count(*), min(id) FROM numbers").fetchall() == [(1_000, 0)]
    assert fetch(own, "SELECT count(*), min(id) FROM numbers") == [(4_000, 5_000)]


@pytest.mark.both
def test_a_write_that_fails_changes_nothing(own: Customer360) -> None:
    """Even though some tasks have copied all of their rows by then."""
    own.write(own.spark.range(10), "public.numbers")
    failing = own.spark.range(0, 1_000, 1, 4).selectExpr("CAST(IF(id < 900, '1', concat('C-', id)) AS int) AS id")

    with pytest.raises(Exception, match="'C-9"):
        own.write(failing, "public.numbers")

    assert fetch(own, "SELECT count(*) FROM numbers") == [(10,)]
    assert fetch(own, "SELECT count(*) FROM pg_class WHERE relname LIKE 'write\\_%'") == [(0,)]


def test_write_replaces_neither_our_tables_nor_those_of_others(own: Customer360) -> None:
    """Tables of other origin only with `replace`; our own never."""
    rows = own.spark.range(3)
    with own.database.connect() as connection:
        connection.execute("CREATE TABLE theirs (id bigint PRIMARY KEY)")
        connection.execute("INSERT INTO theirs VALUES (7)")

    with pytest.raises(Refused, match="was not made by customer360"):
        own.write(rows, "public.theirs")
    for replace in (False, True):
        with pytest.raises(Refused, match="is one of customer360's own tables"):
            own.write(rows, "analytics.customer_segments", replace=replace)
    assert fetch(own, "SELECT id FROM theirs") == [(7,)]
    own.write(rows, "public.theirs", replace=True)
    assert fetch(own, "SELECT id FROM theirs ORDER BY id") == [(0,), (1,), (2,)]
    with own.database.connect() as connection, pytest.raises(psycopg.errors.UniqueViolation):
        connection.execute("INSERT INTO theirs VALUES (1)")


def test_write_takes_no_frame_of_pandas(c: Customer360) -> None:
    """This is checked first."""
    with pytest.raises(
        Invalid, match="write takes a PySpark DataFrame, not a DataFrame; convert it with spark.createDataFrame"
    ):
        c.write(c.ask("total_customers"), "analytics.total")  # type: ignore[arg-type]


def test_progress_is_shown_on_request(own: Customer360, capfd: pytest.CaptureFixture[str]) -> None:
    """On stderr; by default, a notebook stays quiet."""
    own.fill_mock(100, as_of=AS_OF)
    assert capfd.readouterr().err == ""

    with customer360.connect(own.database.url, progress=True) as shown:
        shown.fill_mock(100, as_of=AS_OF)

    assert "Filling customers: 100 rows" in capfd.readouterr().err
