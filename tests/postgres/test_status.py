"""The freshness of the results is determined by fillings, not by clocks."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from typing import Any

import pytest

from customer360.commands.status import StatusOutcome
from customer360.errors import Customer360Error
from customer360.postgres.connection import Database
from customer360.postgres.origin import origin
from customer360.postgres.publish import publication
from customer360.postgres.status import FILL_KEPT_WITH, next_refresh_id, status
from customer360.tables import CUSTOMERS, DATA_QUALITY, REFRESHES

AHEAD = timedelta(days=2)


def now() -> datetime:
    return datetime.now(timezone.utc).replace(tzinfo=None)


def fill(database: Database, clock: timedelta = timedelta()) -> None:
    with publication(database, "test") as change:
        change.stage(CUSTOMERS)
        change.describe(CUSTOMERS, {"kind": "own", "rows": 0, "filled_at": now() + clock})
        change.publish()


def refresh(database: Database, clock: timedelta = timedelta(), *, notes_fill: bool = True) -> None:
    values: dict[str, Any] = {"as_of_date": date(2026, 6, 30), "source_table": "public.customers", "source_kind": "own",
                              "missing_columns": "", "started_at": now() + clock, "finished_at": now() + clock,
                              "version": "1"}  # fmt: skip
    with publication(database, "test") as change:
        refresh_id = values["refresh_id"] = next_refresh_id(change.connection)
        change.stage(FILL_KEPT_WITH)
        if notes_fill:
            fill = origin(change.connection, CUSTOMERS.full_name).fill
            change.describe(FILL_KEPT_WITH, {"refresh_id": refresh_id, "customers_fill": fill})
        change.append(REFRESHES, [[values.get(name, 0) for name in REFRESHES.column_names]])
        change.publish()


@pytest.mark.parametrize("clock", [-AHEAD, timedelta(), AHEAD])
def test_results_are_stale_once_customers_were_filled_after_them(database: Database, clock: timedelta) -> None:
    """Regardless of the clock of the machine that ran the refresh."""
    fill(database)
    assert status(database).stale
    refresh(database, clock)
    assert not status(database).stale

    fill(database)
    assert status(database).stale


def test_a_refresh_of_an_older_version_is_judged_by_its_clock(database: Database) -> None:
    """It did not record what it read."""
    fill(database)
    refresh(database, notes_fill=False)
    assert not status(database).stale
    fill(database)
    assert status(database).stale


def test_a_refresh_in_the_future_is_reported_and_never_fresh(database: Database) -> None:
    """A monitor must not stay silent for two days because a clock was ahead during the run."""
    refresh(database, AHEAD)
    found = StatusOutcome(status(database), "embedded")

    assert "ahead of this machine's clock" in "\n".join(found.lines())
    with pytest.raises(
        Customer360Error, match=r"dated (4\d h|2 d) ahead of this machine's clock; correct the clocks"
    ):
        found.require_fresh(timedelta(days=365))


def test_clocks_may_differ_by_seconds(database: Database) -> None:
    """The clocks of two machines never agree exactly."""
    refresh(database, timedelta(seconds=30))

    assert status(database).age_seconds == 0
    StatusOutcome(status(database), "embedded").require_fresh(timedelta(hours=1))


@pytest.mark.parametrize("missing", [REFRESHES, DATA_QUALITY])
def test_the_next_refresh_has_a_number_that_is_in_no_table_of_the_history(
    database: Database, missing: Any
) -> None:
    """Someone may have renamed either of them."""
    refresh(database)
    with publication(database, "test") as change:
        change.append(DATA_QUALITY, [(1, "a check", "warn", "a row", 1, 0, None)])
        change.publish()
    with database.connect() as connection:
        connection.execute(f"ALTER TABLE {missing.full_name} RENAME TO {missing.name}_old")
        assert next_refresh_id(connection) == 2


def test_changed_mock_data_is_reported(database: Database) -> None:
    """It looks like mock data but may be someone's own."""
    with publication(database, "test") as change:
        change.stage(CUSTOMERS)
        change.describe(CUSTOMERS, {"kind": "mock", "rows": 0, "seed": 7, "as_of": "2026-06-30"})
        change.publish()
    assert status(database).sources["customers"].change is None

    with database.connect() as connection:
        connection.execute("INSERT INTO public.customers (customer_id) VALUES (1)")

    (line,) = [
        line for line in StatusOutcome(status(database), "embedded").lines() if line.startswith("customers")
    ]
    assert line.startswith(
        "customers  mock data as of 2026-06-30, seed 7; was filled with 0 customers and now has 1"
    )
