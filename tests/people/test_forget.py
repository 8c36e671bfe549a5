"""Forgetting a customer: what is deleted, how totals change, what is kept, and what happens if the id returns."""

from __future__ import annotations

import random
import secrets
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import make_conninfo
from pyspark.sql import SparkSession

from customer360 import connect
from customer360.errors import Invalid, Refused, Unavailable
from customer360.people.about import about
from customer360.people.forget import forget
from customer360.people.person import find
from customer360.pipeline.own_data import Load, load_own_data, load_own_events
from customer360.pipeline.people import Chosen, save_audience
from customer360.pipeline.requested import requested, requested_together
from customer360.pipeline.run import run_operations
from customer360.postgres.connection import Database
from customer360.postgres.forgotten import forgotten_days
from customer360.postgres.programs import installed_programs
from customer360.postgres.publish import CHANNEL, publication
from customer360.postgres.status import last_refresh, status
from customer360.spark.lake import place
from customer360.tables import RESULT_TABLES, Table
from customer360.tables.value_results import EXPECTED, RFM
from tests.conftest import new_database
from tests.statements import execute, fetch

pytestmark = pytest.mark.published

AS_OF = "2026-06-30"
GONE = "M-07"
NAME, EMAIL = "Zoe Quux", "zoe.quux@example.com"
COUNTRIES, TIERS = ("Spain", "Italy", "Norway"), ("Bronze", "Silver", "Gold")
OF_ALL = {
    "rfm_scores", "value_model", "value_holdout", "value_segments", "bands", "countries", "loyalty_statuses",
    "activities", "calendar_months", "data_quality", "refreshes", "refresh_sources", "rejected_rows",
}  # fmt: skip
"""Numbers about all customers together stay until the next run; rejected rows differ in their line numbers."""
SCORES = {"customer_profiles": {*(column.name for column in (*RFM[2:], *EXPECTED)), "order_recency_days"}}
OF_LAST_REFRESH = (
    "SELECT rows_in, rows_out, rows_rejected, rows_not_yet_joined FROM analytics.refreshes "
    "ORDER BY refresh_id DESC LIMIT 1"
)
OF_ITS_SOURCES = (
    "SELECT source, kind, rows_in, rows_out, rows_rejected, rows_not_yet_known FROM analytics.refresh_sources "
    "WHERE refresh_id = (SELECT max(refresh_id) FROM analytics.refreshes) ORDER BY 1"
)


def members() -> list[str]:
    """Thirty members, several of each country and tier, so that one customer changes no band."""
    rng = random.Random(7)
    rows = [
        "customer_id,name,email,gender,birth_date,country,join_date,last_login,is_active,loyalty_status,loyalty_points,account_balance"
    ]
    for number in range(1, 31):
        name, email = (NAME, EMAIL) if number == 7 else (f"Person {number}", f"p{number}@example.com")
        joined = date(2025, 1 + number % 6, 5)
        seen = date(2026, 6, 1) - timedelta(days=rng.randrange(300))
        rows.append(
            f"M-{number:02},{name},{email},{'female' if number % 2 else 'male'},19{60 + number}-02-03,"
            f"{COUNTRIES[number % 3]},{joined},{seen},{'yes' if number % 4 else 'no'},{TIERS[number % 3]},"
            f"{100 * (number % 5)},{50 * (number % 7)}.50"
        )
    rows.append(
        f"M-07x,Somebody,{EMAIL},female,1850-01-01,Spain,2025-01-01,,yes,Gold,1,1"
    )  # rejected: her address
    rows.append("M-77,Reject Only,only@example.com,female,1850-01-01,Spain,2025-01-01,,yes,Gold,1,1")
    return rows


def ledger() -> list[str]:
    """Events of all but three members; member 7 has every kind, including a change of tier."""
    rng = random.Random(8)
    rows = ["event_id,customer_id,occurred_at,kind,amount,points,loyalty_status"]
    number = 0
    for member in range(1, 28):
        for month in range(1, 7):
            for kind, amount, points, tier in (
                ("purchase", 10 * (member % 6 + 1), 5, ""), ("login", "", "", ""),
                ("redeem", "", -1, ""), ("tier_change", "", "", TIERS[(member + month // 3) % 3]),
            ):  # fmt: skip
                if rng.random() < 0.6 or member in (1, 7):
                    number += 1
                    day = date(2026, month, 1 + rng.randrange(27))
                    rows.append(f"{number},M-{member:02},{day} 10:00,{kind},{amount},{points},{tier}")
    rows.append("9001,M-07,2026-03-03 10:00,nonsense,1,1,")
    return rows


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    _write(tmp_path, members(), ledger())
    return tmp_path


def _write(folder: Path, of_members: list[str], of_ledger: list[str]) -> None:
    (folder / "members.csv").write_text("\n".join(of_members) + "\n")
    (folder / "ledger.csv").write_text("\n".join(of_ledger) + "\n")


def load(database: Database, **options: Any) -> Any:
    request, events = requested_together(
        "members.csv", None, events="ledger.csv", as_of=AS_OF, max_rejected=0.5, **options
    )
    return load_own_data(database, request, events=events, agree=lambda _: None)


def run(database: Database, spark: SparkSession) -> None:
    run_operations(database, spark, as_of=date.fromisoformat(AS_OF), allow_shrink=True)


@pytest.fixture(scope="module")
def club_once(
    server: Database, spark: SparkSession, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Database]:
    """Thirty members with events, loaded and run; for tests that do not change it."""
    folder = tmp_path_factory.mktemp("club")
    _write(folder, members(), ledger())
    with new_database(server) as database, pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        load(database)
        run(database, spark)
        yield database


@pytest.fixture
def club(folder: Path, server: Database, club_once: Database) -> Iterator[Database]:
    """A copy of `club_once`."""
    name, template = f"test_{secrets.token_hex(4)}", club_once.parts["dbname"]
    execute(server, f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
    yield Database(make_conninfo(server.url, dbname=name))
    execute(server, f"DROP DATABASE {name} WITH (FORCE)")


def contents(database: Database, table: Table) -> list[tuple[Any, ...]]:
    kept = [column.name for column in table.columns if column.name not in SCORES.get(table.name, ())]
    return sorted(fetch(database, f"SELECT {', '.join(kept)} FROM {table.full_name}"), key=repr)


def differing(one: Database, other: Database) -> dict[str, Any]:
    """The result tables whose rows differ, with some of the rows; except numbers about all customers together."""
    found = {}
    for table in RESULT_TABLES:
        if table.name not in OF_ALL:
            left, right = ({*map(repr, contents(database, table))} for database in (one, other))
            if left != right:
                found[table.name] = (sorted(left - right)[:2], sorted(right - left)[:2])
    return found


def test_all_results_are_those_of_a_run_without_the_customer(
    club: Database, server: Database, spark: SparkSession, folder: Path
) -> None:
    """Rows, totals and the counts of the refresh; the e-mail address also identifies a rejected row."""
    done = forget(club, GONE)

    theirs = (f"{GONE},", f",{GONE},", EMAIL)
    _write(
        folder, *([row for row in rows if not any(one in row for one in theirs)] for rows in (members(), ledger()))
    )
    with new_database(server) as fresh:
        load(fresh)
        run(fresh, spark)
        assert differing(club, fresh) == {}
        for counts in (OF_LAST_REFRESH, OF_ITS_SOURCES):
            assert fetch(club, counts) == fetch(fresh, counts)
    assert done.rows_deleted["public.customers"] == 1
    assert done.rows_deleted["analytics.rejected_rows"] == 2
    assert done.remains == ()
    assert done.refresh_id == 2


def test_the_segments_of_value_are_those_of_the_remaining_customers(club: Database) -> None:
    """Scores depend on all customers, so a run without this one can change other scores; sums still add up."""
    forget(club, GONE)

    by_segment = "SELECT rfm_segment, sum(customers)::int, sum(recent_amount), sum(recent_orders)::int, sum(expected_amount) FROM analytics.value_segments GROUP BY 1 ORDER BY 1"
    by_profile = (
        "SELECT rfm_segment, count(*)::int, sum(CASE WHEN recency_score IS NULL THEN 0 ELSE recent_amount END), "
        "sum(recent_orders)::int, coalesce(sum(expected_amount), 0) FROM analytics.customer_profiles GROUP BY 1 ORDER BY 1"
    )
    assert fetch(club, by_segment) == fetch(club, by_profile)
    scored = "SELECT score::int, customers_with_score::int FROM analytics.rfm_scores WHERE score_of = 'monetary' ORDER BY 1"
    told = (
        "SELECT s::int, count(p.monetary_score)::int FROM generate_series(1, 5) s "
        "LEFT JOIN analytics.customer_profiles p ON p.monetary_score = s GROUP BY 1 ORDER BY 1"
    )
    assert fetch(club, scored) == fetch(club, told)


def test_nothing_in_the_database_names_the_customer(club: Database) -> None:
    """Neither a row of any schema, nor a comment, nor PostgreSQL's statistics of values."""
    assert mentions(club, NAME, EMAIL, GONE)

    customer_id = find_id(club, GONE)
    forget(club, GONE)

    assert mentions(club, NAME, EMAIL, GONE, str(customer_id)) == []


def test_neither_does_a_backup(club: Database) -> None:
    """The output of PostgreSQL's own pg_dump, including statistics."""
    forget(club, GONE)

    command = [str(installed_programs() / "bin" / "pg_dump"), "--statistics", club.url]
    dump = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "Person 8" in dump
    assert not [one for one in (NAME, EMAIL, GONE) if one in dump]


def find_id(database: Database, asked: str) -> int | None:
    with database.connect() as connection:
        return find(connection, asked).customer_id


def mentions(database: Database, *texts: str) -> list[str]:
    """The tables with a row whose text contains one of *texts*."""
    query = "SELECT relnamespace::regnamespace || '.' || quote_ident(relname) FROM pg_class WHERE relkind IN ('r', 'm')"
    tables = [name for (name,) in fetch(database, query) if not name.startswith("information_schema.")]
    found = []
    for name in [one for one in tables if not one.startswith("pg_catalog.")] + ["pg_description", "pg_stats"]:
        is_there = " OR ".join(f"t::text LIKE '%{text}%'" for text in texts)
        if fetch(database, f"SELECT true FROM {name} AS t WHERE {is_there} LIMIT 1"):
            found.append(name)
    return found


def test_answers_change_by_one_customer_and_dashboards_are_notified(club: Database) -> None:
    """The dashboard's own answers, before and after; listeners are notified as of a publication."""
    with connect(club.url) as c, club.connect() as listener:
        listener.execute(f"LISTEN {CHANNEL}")
        before = {
            name: c.ask(name, by="country").set_index("country")[name]
            for name in ("total_customers", "total_balance")
        }
        [(balance,)] = fetch(
            club, f"SELECT account_balance::float FROM public.customers WHERE source_id = '{GONE}'"
        )

        c.forget(GONE)

        after = {name: c.ask(name, by="country").set_index("country")[name] for name in before}
        assert (before["total_customers"] - after["total_customers"]).to_dict() == {
            "Italy": 1,
            "Norway": 0,
            "Spain": 0,
        }
        assert (before["total_balance"] - after["total_balance"]).to_dict() == {
            "Italy": balance,
            "Norway": 0,
            "Spain": 0,
        }
        assert c.ask("total_customers").iloc[0, 0] == 29
        [notice] = listener.notifies(timeout=5, stop_after=1)
        assert "customer_segments" in notice.payload
        assert [one.customers for one in c.forgotten()] == [1]


def test_the_age_of_the_results_does_not_change(club: Database) -> None:
    """Deleting a customer does not change the age of the results."""
    before = status(club)

    forget(club, GONE)

    after = status(club)
    assert after.last_refresh is not None
    assert before.last_refresh is not None
    assert after.last_refresh["finished_at"] == before.last_refresh["finished_at"]
    assert (after.last_refresh["refresh_id"], after.stale) == (2, False)
    assert after.rows["public.customers"] == 29


@pytest.mark.parametrize("statement", range(1, 130, 9))
def test_a_kill_at_any_statement_leaves_all_or_nothing(
    club_once: Database, monkeypatch: pytest.MonkeyPatch, statement: int
) -> None:
    """The server ends the session in the middle of the work, at any statement."""
    before = {table.name: contents(club_once, table) for table in RESULT_TABLES}
    execute_as_ever, seen = psycopg.Connection.execute, 0

    def execute_or_die(self: psycopg.Connection[Any], query: Any, *given: Any, **options: Any) -> Any:
        nonlocal seen
        if self.info.transaction_status is psycopg.pq.TransactionStatus.INTRANS:
            seen += 1
            if seen == statement:
                pid = self.info.backend_pid
                with psycopg.connect(club_once.url) as other:
                    execute_as_ever(other, "SELECT pg_terminate_backend(%s, 5000)", (pid,))
        return execute_as_ever(self, query, *given, **options)

    monkeypatch.setattr(psycopg.Connection, "execute", execute_or_die)
    with pytest.raises(Unavailable):
        forget(club_once, GONE)
    monkeypatch.undo()

    assert {table.name: contents(club_once, table) for table in RESULT_TABLES} == before
    assert fetch(club_once, f"SELECT count(*) FROM public.customers WHERE source_id = '{GONE}'") == [(1,)]
    assert days(club_once) == []


def days(database: Database) -> list[int]:
    with database.connect() as connection:
        return [one.customers for one in forgotten_days(connection)]


def test_it_waits_for_a_run_that_is_under_way(club: Database) -> None:
    """A run that has read the customer already would publish it again."""
    with publication(club, "run"), pytest.raises(Unavailable, match="another run is using the database"):
        forget(club, GONE, wait_seconds=0.3)
    with publication(club, "run"):
        waiting = threading.Thread(target=forget, args=(club, GONE), kwargs={"wait_seconds": 30})
        waiting.start()
        time.sleep(1)
        assert fetch(club, f"SELECT count(*) FROM public.customers WHERE source_id = '{GONE}'") == [(1,)]
    waiting.join()

    assert fetch(club, f"SELECT count(*) FROM public.customers WHERE source_id = '{GONE}'") == [(0,)]


def test_a_load_rejects_forgotten_customers_and_keeps_nothing(club: Database, spark: SparkSession) -> None:
    """Members and their events are rejected; the rest is loaded, and a run counts the remaining customers."""
    customer_id = find_id(club, GONE)
    forget(club, GONE)

    done = load(club, replace=True)

    assert (done.customers, done.reasons["forgotten"]) == (29, 1)
    assert done.of_events.reasons["event_forgotten"] > 20
    kept = "SELECT DISTINCT key, original_row FROM analytics.rejected_rows WHERE reasons LIKE '%forgotten%'"
    assert fetch(club, kept) == [(None, "{}")]
    named = [one for one in mentions(club, NAME, GONE + '"', str(customer_id)) if not one.startswith("pg_stats")]
    assert named == []
    run(club, spark)
    assert fetch(club, "SELECT count(*) FROM analytics.customer_profiles") == [(29,)]


@pytest.mark.parametrize("append", [False, True])
def test_events_of_forgotten_customers_are_rejected(club: Database, folder: Path, append: bool) -> None:
    """Loaded alone, replacing the others, or in addition to them."""
    forget(club, GONE)
    heading, *_ = ledger()
    (folder / "more.csv").write_text(
        "\n".join([heading, "8001,M-07,2026-05-05 10:00,login,,,", "8002,M-01,2026-05-05 10:00,login,,,"])
    )

    request = requested("more.csv", None, is_of_events=True, append=append, as_of=AS_OF, replace=not append)
    done = load_own_events(club, request, agree=lambda _: None)

    assert (done.events, done.reasons) == (1, {"event_forgotten": 1})
    assert fetch(club, "SELECT original_row FROM analytics.rejected_rows WHERE reasons = 'event_forgotten'") == [
        ("{}",)
    ]


def test_a_run_rejects_forgotten_customers_in_a_foreign_table(club: Database, spark: SparkSession) -> None:
    """It cannot be deleted there, so the report says where it remains, and the next run excludes it."""
    execute(
        club,
        "CREATE SCHEMA crm",
        "CREATE TABLE crm.members AS SELECT * FROM public.customers",
        "CREATE TABLE crm.ledger AS SELECT * FROM public.events",
    )
    customer_id = find_id(club, GONE)
    run_operations(club, spark, table="crm.members", events="crm.ledger", as_of=date.fromisoformat(AS_OF))

    done = forget(club, GONE)
    refresh = run_operations(
        club, spark, table="crm.members", events="crm.ledger", as_of=date.fromisoformat(AS_OF)
    )

    assert "crm.members, which the last run read" in done.remains[0]
    assert (refresh.rows_in, refresh.rows_out, refresh.rows_rejected) == (30, 29, 1)
    assert refresh.events_rejected > 20
    kept = (
        "SELECT DISTINCT key, reasons, original_row FROM analytics.rejected_rows WHERE found_by = 'run' ORDER BY 2"
    )
    assert fetch(club, kept) == [(None, "event_forgotten", "{}"), (None, "forgotten", "{}")]
    assert fetch(club, f"SELECT count(*) FROM analytics.customer_profiles WHERE customer_id = {customer_id}") == [
        (0,)
    ]
    failed = "SELECT rows_failed FROM analytics.data_quality WHERE check_name = 'forgotten' ORDER BY refresh_id DESC LIMIT 1"
    assert fetch(club, failed) == [(1,)]


def test_the_eleventh_moves_up(server: Database, database: Database, spark: SparkSession, folder: Path) -> None:
    """Customers with numeric ids and without events; the highest balance of thirteen is deleted."""
    rows = [f"{n},Person {n},p{n}@example.com,Spain,2025-02-03,yes,Gold,{n},{n}00" for n in range(1, 14)]
    heading = "customer_id,name,email,country,join_date,is_active,loyalty_status,loyalty_points,account_balance"
    for one, kept in ((database, rows),):
        (folder / "plain.csv").write_text("\n".join([heading, *kept]))
        load_plain(one)
        run(one, spark)

    forget(database, "13")

    (folder / "plain.csv").write_text("\n".join([heading, *rows[:-1]]))
    with new_database(server) as fresh:
        load_plain(fresh)
        run(fresh, spark)
        assert differing(database, fresh) == {}
        load_plain(database, replace=True)
    names = "SELECT name FROM analytics.top_customers ORDER BY cell_rank"
    assert [name for (name,) in fetch(database, names)] == [f"Person {n}" for n in range(12, 2, -1)]


def load_plain(database: Database, **options: Any) -> Load:
    return load_own_data(database, requested("plain.csv", None, as_of=AS_OF, **options), agree=lambda _: None)


def test_a_forgotten_number_is_rejected(database: Database, folder: Path) -> None:
    """Loaded before, or known only from a rejected row; the adjacent number is another customer."""
    rows = ["13,Ann,2025-02-03", "14,Bob,2025-02-03", "15,Cid,1850-01-01"]
    (folder / "plain.csv").write_text("\n".join(["customer_id,name,join_date", *rows]))
    load_plain(database, max_rejected=0.5)

    forget(database, "13")
    forget(database, "15")

    (folder / "plain.csv").write_text("\n".join(["customer_id,name,join_date", *rows]).replace("1850", "2025"))
    done = load_plain(database, replace=True)
    assert (done.customers, done.reasons) == (1, {"forgotten": 2})
    assert fetch(database, "SELECT name FROM public.customers") == [("Bob",)]


def test_a_customer_forgotten_while_a_file_is_read_is_not_loaded(folder: Path, database: Database) -> None:
    """Its rows were already checked, so nothing is loaded."""
    load(database)

    @contextmanager
    def forgetting(
        label: str, *, total: int | None = None, done: Callable[[], int] | None = None
    ) -> Iterator[None]:
        if label == "Examining the rows" and not days(database):
            forget(database, GONE)
        yield

    request = requested("members.csv", None, as_of=AS_OF, max_rejected=0.5, replace=True)
    with pytest.raises(Refused, match="a customer was forgotten meanwhile"):
        load_own_data(database, request, agree=lambda _: None, progress=forgetting)
    assert fetch(database, f"SELECT count(*) FROM public.customers WHERE source_id = '{GONE}'") == [(0,)]


def test_events_that_name_their_customer_by_address_are_rejected(club: Database, folder: Path) -> None:
    """If events use the address as their id, a rejected row would keep it."""
    forget(club, GONE)
    (folder / "more.csv").write_text(
        "event_id,customer_id,occurred_at,kind\n"
        f"8001,{EMAIL},2026-05-05 10:00,login\n8002,p1@example.com,2026-05-05 10:00,login\n"
    )

    request = requested("more.csv", None, is_of_events=True, as_of=AS_OF, replace=True)
    done = load_own_events(club, request, agree=lambda _: None)

    assert (done.events, done.reasons) == (1, {"event_forgotten": 1})
    assert [one for one in mentions(club, EMAIL) if one != "pg_stats"] == []


def test_rows_that_remain_in_a_lake_are_reported(club: Database, spark: SparkSession, folder: Path) -> None:
    """Rows of individual customers outside the database, and the totals derived from them."""
    day = date.fromisoformat(AS_OF)
    run_operations(club, spark, as_of=day, profiles_to=place(str(folder / "profiles")))
    before = fetch(club, "SELECT sum(customers) FROM analytics.customer_segments")

    done = forget(club, GONE)

    [said] = done.remains
    assert said.startswith(
        "the rows of analytics.customer_profiles are in a lake, which still contains the customer"
    )
    assert "customer360 run --profiles-to PLACE" in said
    assert fetch(club, "SELECT sum(customers) FROM analytics.customer_segments") == before
    assert mentions(club, NAME, EMAIL, GONE) == []
    again = run_operations(club, spark, as_of=day, profiles_to=place(str(folder / "profiles")))
    assert (again.rows_out, again.refresh_id) == (29, 4)


def test_before_any_run_there_are_only_sources(folder: Path, database: Database) -> None:
    """Rows that were loaded but not yet counted are deleted too."""
    load(database)

    done = forget(database, GONE)

    assert done.refresh_id is None
    assert mentions(database, NAME, EMAIL, GONE) == []


def test_an_id_that_only_rejected_rows_have(club: Database) -> None:
    """Its row is deleted; the results stay unchanged."""
    before = last_refresh(club_connection := club.connect())
    club_connection.close()

    done = forget(club, "M-77")

    assert done.rows_deleted == {"analytics.rejected_rows": 1}
    assert done.refresh_id is None
    with club.connect() as connection:
        assert last_refresh(connection) == before
    assert mentions(club, "M-77", "only@example.com") == []


def test_an_unknown_id_changes_nothing(club: Database) -> None:
    """The error is one line; forgetting the same customer again gives the same error."""
    with pytest.raises(Invalid, match="no customer has the ID 'M-99'"):
        forget(club, "M-99")
    with pytest.raises(Invalid, match="no customer has the ID 'm-07'"):
        about(club, "m-07")
    assert days(club) == []


def test_an_id_of_two_customers_is_refused(club: Database) -> None:
    """The customer_id of one customer can be the source's id of another."""
    customer_id = find_id(club, GONE)
    execute(club, f"UPDATE public.customers SET source_id = '{customer_id}' WHERE source_id = 'M-01'")

    with pytest.raises(Invalid, match="of one customer and the source_id of another"):
        forget(club, str(customer_id))


def test_mock_data_can_be_filled_again(database: Database) -> None:
    """Forgetting a customer does not make the data the user's own; ids of mock customers are not remembered."""
    with connect(database.url) as c:
        c.fill_mock(300, as_of=AS_OF)
        c.run()
        c.forget(17)
        assert c.status().sources["customers"].change is None
        assert c.status().sources["events"].change is None
        assert days(database) == [1]

        c.fill_mock(300, as_of=AS_OF)
        c.run()

        assert c.status().rows["analytics.customer_profiles"] >= 299
    assert days(database) == []
    assert fetch(database, "SELECT count(*) FROM public.customers WHERE customer_id = 17") == [(1,)]


def test_changed_mock_data_is_still_recognized(database: Database) -> None:
    """Rows are missing because of a forgotten customer, and one because somebody deleted it."""
    with connect(database.url) as c:
        c.fill_mock(300, as_of=AS_OF)
        c.forget(17)
        execute(database, "DELETE FROM public.customers WHERE customer_id = 18")

        with pytest.raises(Refused, match="someone changed it"):
            c.fill_mock(300, as_of=AS_OF)


def test_the_access_log_keeps_its_entries_without_the_id(club: Database) -> None:
    """The log keeps who looked, but no longer at whom."""
    execute(
        club,
        f"INSERT INTO analytics.people_access VALUES (now(), 'ana', 'customer', 'customer {GONE}', 1), "
        f"(now(), 'ana', 'customer', 'customer {GONE}1', 1), (now(), 'ana', 'list', 'country=Spain', 10)",
    )

    assert [entry["who"] for entry in about(club, GONE)["access_log"]] == ["ana"]
    forget(club, GONE)

    assert sorted(fetch(club, "SELECT action, selection FROM analytics.people_access WHERE who = 'ana'")) == [
        ("customer", "customer (forgotten)"), ("customer", f"customer {GONE}1"), ("list", "country=Spain"),
    ]  # fmt: skip
    assert mentions(club, EMAIL) == []


def test_about_returns_everything(club: Database) -> None:
    """Rows of each table, rejected rows with the address, and the audiences with the customer."""
    for name, country in (("italians", "Italy"), ("spaniards", "Spain")):
        save_audience(club, name, Chosen({"country": [country]}))

    found = about(club, GONE)

    assert found["customer_id"] == find_id(club, GONE)
    assert found["tables"]["public.customers"][0]["name"] == NAME
    assert found["tables"]["analytics.customer_contacts"][0]["email"] == EMAIL
    assert len(found["tables"]["public.events"]) >= 20
    assert {"analytics.customer_profiles", "analytics.customer_months", "analytics.customer_moves",
            "analytics.top_customers", "analytics.top_spenders"} <= found["tables"].keys()  # fmt: skip
    assert len(found["rejected_rows"]) == 2
    assert found["audiences"] == ["italians"]
    again = about(club, str(found["customer_id"]))
    [entry] = again.pop("access_log")
    assert again == {name: value for name, value in found.items() if name != "access_log"}
    assert (entry["action"], entry["selection"], entry["customers"]) == (
        "about",
        f"customer_id={found['customer_id']}",
        1,
    )
