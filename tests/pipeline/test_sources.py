"""Both sources are replaced in one transaction, and rows of other origin in either stay."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pyarrow as pa
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from customer360.errors import Refused
from customer360.pipeline.sources import empty_mock_data, prepare_sources
from customer360.postgres.connection import Database
from customer360.postgres.copy import writer
from customer360.postgres.obstacle import obstacle
from customer360.postgres.origin import Origin, origin
from customer360.postgres.publish import Publication, publication
from customer360.postgres.status import status
from customer360.tables import CUSTOMERS, EVENTS, Source
from tests.postgres.test_publish import stop_after_statement

pytestmark = pytest.mark.slow

BOTH = (CUSTOMERS, EVENTS)
OURS = "event_id bigint, customer_id bigint, occurred_at timestamp, kind text"
UNRELATED = "id uuid, user_id int, created_at timestamptz, payload jsonb"


def stage(database: Database, change: Publication, source: Source, rows: int, kind: str) -> None:
    numbers = pa.array(range(1, rows + 1), pa.int64())
    values: dict[str, Any] = {"customer_id": numbers}
    if source == EVENTS:
        moments = pa.array([0] * rows, pa.timestamp("us"))
        values |= {"event_id": numbers, "occurred_at": moments, "kind": pa.array(["login"] * rows)}
    staged = change.stage(source)
    with writer(database) as copier:
        copier.copy_once(staged, 0, [pa.record_batch(values)])
    change.describe(source, Origin(kind, rows=rows).record())


def fill(
    database: Database, *, customers: int = 2, events: int | None = None, kind: str = "mock", replace: bool = False
) -> None:
    """Fills as `mock` does; without events if *events* is None."""
    filled = {CUSTOMERS: customers} | ({} if events is None else {EVENTS: events})
    with publication(database, "test") as change:
        prepare_sources(change, filled, replace=replace, instead="To fill no events: --events-per-customer 0")
        for source, rows in filled.items():
            stage(database, change, source, rows, kind)
        change.publish()


def execute(database: Database, *statements: str) -> None:
    with database.connect() as connection:
        for statement in statements:
            connection.execute(statement)


def counts(database: Database) -> tuple[int, ...]:
    with database.connect() as connection:
        query = sql.SQL("SELECT count(*) FROM {}")
        tables = [sql.Identifier("public", one.name) for one in BOTH]
        return tuple(connection.execute(query.format(table)).fetchone()[0] for table in tables)  # type: ignore[index]


def kinds(database: Database) -> tuple[str, ...]:
    with database.connect() as connection:
        return tuple(origin(connection, one.full_name).kind for one in BOTH)


def make_events(database: Database, columns: str) -> None:
    execute(database, f"CREATE TABLE public.events ({columns})", "INSERT INTO public.events DEFAULT VALUES")


def test_mock_data_replaces_the_mock_data_of_both(database: Database) -> None:
    """All existing mock data is deleted, in both tables."""
    for rows in (3, 5):
        fill(database, customers=rows, events=2 * rows)

        assert counts(database) == (rows, 2 * rows)
        assert kinds(database) == ("mock", "mock")


def test_mock_customers_without_events_delete_the_earlier_events(database: Database) -> None:
    """They would belong to other customers with the same ids."""
    fill(database, events=4)
    execute(database, "CREATE VIEW public.kinds AS SELECT kind FROM public.events")

    fill(database)

    assert counts(database) == (2, 0)
    assert kinds(database) == ("mock", "absent")
    fill(database, events=3)
    assert counts(database) == (2, 3)


def test_rows_that_somebody_adds_to_emptied_events_are_kept(database: Database) -> None:
    """A table that this software emptied is not its property forever."""
    fill(database, events=4)
    fill(database)
    execute(database, "INSERT INTO public.events VALUES (1, 1, '2026-06-01', 'login')")

    for events in (3, None):
        with pytest.raises(Refused, match=r"public\.events was filled with 0 events and now has 1: .*--replace"):
            fill(database, events=events)

    assert counts(database) == (2, 1)
    assert status(database, BOTH).sources["events"].change


def test_a_filling_stopped_after_any_statement_leaves_both_tables_old_or_new(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Events of other customers would look like those of the new ones."""
    fill(database, customers=1, events=1)
    for nth in range(2, 1_000):
        before = counts(database)
        with monkeypatch.context() as patching, suppress(KeyboardInterrupt):
            stop_after_statement(nth - 1, patching)
            fill(database, customers=nth, events=nth)
            break
        assert counts(database) in (before, (nth, nth))

    assert counts(database) == (nth, nth)
    assert nth > 30


@pytest.mark.parametrize("source", BOTH)
def test_own_rows_in_either_table_keep_both_from_being_replaced(database: Database, source: Source) -> None:
    """The other one does not change either, since both are published together."""
    fill(database, events=4)
    with publication(database, "test") as change:
        stage(database, change, source, 7, "own")
        change.publish()
    before = counts(database)

    with pytest.raises(Refused, match=rf"{source.full_name} was loaded from your own data; nothing was deleted"):
        fill(database, customers=1, events=1)

    assert counts(database) == before
    fill(database, customers=1, events=1, replace=True)
    assert counts(database) == (1, 1)


@pytest.mark.parametrize("statement", [
    "INSERT INTO public.events VALUES (9, 1, '2026-06-01', 'login')",
    "DELETE FROM public.events WHERE event_id = 1",
    "UPDATE public.events SET points = 1 WHERE event_id = 1",
])  # fmt: skip
@pytest.mark.parametrize("events", [1, None])
def test_mock_events_that_somebody_changed_are_kept(
    database: Database, statement: str, events: int | None
) -> None:
    """As for customers, even if the next filling has no events."""
    fill(database, events=4)
    execute(database, statement)

    with pytest.raises(Refused, match=r"public\.events .* --replace"):
        fill(database, events=events)


@pytest.mark.parametrize("columns", [OURS, UNRELATED])
def test_events_that_somebody_made_by_hand_need_replace(database: Database, columns: str) -> None:
    """Many databases have such a table; the error names the alternative first."""
    make_events(database, columns)

    with pytest.raises(Refused) as refused:
        fill(database, events=4)

    assert str(refused.value) == (
        "public.events was not made by customer360; nothing was deleted. To fill no events: "
        "--events-per-customer 0; to delete it anyway: --replace"
    )
    fill(database, events=4, replace=True)
    assert counts(database) == (2, 4)


@pytest.mark.parametrize("make", [
    "CREATE VIEW public.events AS SELECT 1 AS event_id",
    f"CREATE TABLE public.events ({OURS}); CREATE ROLE %s; ALTER TABLE public.events OWNER TO %s",
])  # fmt: skip
def test_anything_called_events_is_refused_with_the_alternative(database: Database, make: str) -> None:
    """Nobody wants to rename or take over a view, or a table of another owner."""
    role = f"other_{database.parts['dbname']}"
    execute(database, *make.replace("%s", role).split("; "))
    try:
        with pytest.raises(Refused, match="To fill no events: --events-per-customer 0; to delete it"):
            fill(database, events=4)
    finally:
        execute(database, *([f"DROP OWNED BY {role}", f"DROP ROLE {role}"] if "%s" in make else []))


@pytest.mark.parametrize("replace", [False, True])
def test_an_unrelated_table_does_not_matter_without_events(database: Database, replace: bool) -> None:
    """No run reads it, so it is not emptied, regardless of the flag for the customers."""
    make_events(database, UNRELATED)

    fill(database, replace=replace)

    assert counts(database) == (2, 1)
    assert kinds(database) == ("mock", "unknown")


def test_loading_customers_deletes_only_mock_events(database: Database) -> None:
    """Mock events belong to mock customers; your own may have been loaded before the customers."""
    fill(database, events=4)
    with publication(database, "test") as change:
        stage(database, change, CUSTOMERS, 3, "own")
        empty_mock_data(change, EVENTS)
        change.publish()
    assert (counts(database), kinds(database)) == ((3, 0), ("own", "absent"))

    with publication(database, "test") as change:
        stage(database, change, EVENTS, 5, "own")
        change.publish()
    with publication(database, "test") as change:
        stage(database, change, CUSTOMERS, 4, "own")
        empty_mock_data(change, EVENTS)
        change.publish()
    assert (counts(database), kinds(database)) == ((4, 5), ("own", "own"))


@pytest.mark.parametrize(("columns", "why"), [
    (OURS, None),
    (OURS.replace("timestamp", "timestamptz").replace("event_id bigint", "event_id numeric(20,0)"), None),
    ("event_id bigint, customer_id int, occurred_at date, kind varchar(9), more text", None),
    (UNRELATED, "it lacks event_id, customer_id, occurred_at, kind"),
    (OURS.replace("kind", "type"), "it lacks kind"),
    (OURS.replace("event_id bigint", "event_id uuid"), "its event_id is uuid, not bigint"),
    (OURS.replace("timestamp", "text"), "its occurred_at is text, not timestamp"),
])  # fmt: skip
def test_a_run_reads_a_possible_table_of_events_by_default(
    database: Database, columns: str, why: str | None
) -> None:
    """It needs the four columns of events, in types that need no guess."""
    execute(database, f"CREATE TABLE public.events ({columns})")

    with database.connect() as connection:
        assert obstacle(connection, EVENTS) == why


def test_unreadable_events_are_not_touched(database: Database) -> None:
    """
    Such as a foreign table whose server is gone, or this view: its rows are not read to see that it does not fit.
    """
    execute(database, "CREATE VIEW public.events AS SELECT 1 / 0 AS n")

    assert status(database).sources["events"].obstacle == "it lacks event_id, customer_id, occurred_at, kind"
    assert status(database).rows == {}


def test_events_without_permission_are_not_touched(database: Database) -> None:
    """They belong to another program in the same database; they cause no failure, and are not counted."""
    role = f"app_{database.parts['dbname']}"
    execute(
        database, f"CREATE TABLE public.events ({OURS})", f"CREATE ROLE {role} LOGIN PASSWORD 'for this test'",
        f"GRANT CREATE ON DATABASE {database.parts['dbname']} TO {role}",
    )  # fmt: skip
    app = Database(make_conninfo(database.url, user=role, password="for this test"))
    try:
        with app.connect() as connection:
            assert obstacle(connection, EVENTS) == "you are not allowed to read it"
        assert status(app).sources["events"].obstacle == "you are not allowed to read it"
        assert status(app).rows == {}
    finally:
        execute(database, f"DROP OWNED BY {role}", f"DROP ROLE {role}")


def test_missing_events_are_not_read(database: Database) -> None:
    with database.connect() as connection:
        assert obstacle(connection, EVENTS) == "it does not exist"
