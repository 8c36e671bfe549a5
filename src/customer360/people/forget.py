"""
Forgetting a customer: deletes every row, subtracts the customer from every total, and keeps a hash of the id.

This is one transaction, under the lock that allows only one run, load or fill at a time. Otherwise a run in
progress would publish the customer again.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime, timezone
from typing import Any, Final

import psycopg
from psycopg import sql

from customer360.errors import Refused
from customer360.people.contribution import subtract
from customer360.people.forgotten_access import forget_in_log
from customer360.people.person import RejectedRow, columns_of, find, is_customer, rejected_of
from customer360.people.refreshed import Fewer, append_refresh
from customer360.people.sources import delete_from, is_ours, rows_in
from customer360.postgres import catalog, ddl, forgotten, locks, older
from customer360.postgres.connection import Database
from customer360.postgres.forgotten import SourceKind
from customer360.postgres.internal_schema import leftovers
from customer360.postgres.origin import Origin, origin
from customer360.postgres.publish import CHANNEL, publication
from customer360.postgres.status import fill_of, last_refresh, read_by
from customer360.tables import (
    CUSTOMER_CONTACTS,
    CUSTOMER_MONTHS,
    CUSTOMER_MOVES,
    CUSTOMER_PROFILES,
    CUSTOMERS,
    EVENTS,
    REJECTED_ROWS,
    RESULT_TABLES,
    SOURCES,
    TOP_CUSTOMERS,
    TOP_SPENDERS,
    Source,
    Table,
)

_OF_CUSTOMERS: Final = (
    CUSTOMER_PROFILES, CUSTOMER_CONTACTS, CUSTOMER_MONTHS, CUSTOMER_MOVES, TOP_CUSTOMERS, TOP_SPENDERS,
)  # fmt: skip
"""The result tables with rows of individual customers."""
_STATISTICS_TARGET: Final = 30


@dataclass(frozen=True)
class Forgetting:
    """
    A forgotten customer: how many rows were deleted from which tables, and what *remains* elsewhere, in words.

    *refresh_id* is the refresh without the customer; None if the results did not change.
    """

    rows_deleted: Mapping[str, int]
    refresh_id: int | None
    remains: tuple[str, ...] = ()

    def __repr__(self) -> str:
        rows = sum(self.rows_deleted.values())
        return f"forgotten: {rows:,} row{'s' * (rows != 1)} deleted"


def forget(database: Database, asked: str, *, wait_seconds: float = locks.RUN_SECONDS) -> Forgetting:
    """
    Permanently deletes the customer whose customer_id or source_id is *asked*, with all data about the customer.

    Readers see the data either before or after the deletion, never in between.
    Raises: Invalid when no customer has the id; Unavailable when another run locks the database for longer than
    *wait_seconds*. Nothing is changed then.
    """
    with database.connect("customer360 forget") as connection:
        find(connection, asked)  # an unknown id fails before waiting for the lock
    with publication(database, "forget", wait_seconds=wait_seconds) as change:
        connection = change.connection
        with connection.transaction():
            done = _Work(connection, asked).done()
        _clear(connection, done.rows_deleted)
    return done


@dataclass
class _Work:
    """The steps of the transaction."""

    connection: psycopg.Connection[Any]
    asked: str
    deleted: dict[str, int] = field(default_factory=dict)
    remains: list[str] = field(default_factory=list)

    def done(self) -> Forgetting:
        connection = self.connection
        person = find(connection, self.asked)
        origins = {source: origin(connection, source.full_name) for source in SOURCES}
        rejected, results = list(rejected_of(connection, person)), _results(connection)
        refresh_id = None
        if person.customer_id is not None:
            refresh_id = self._delete(person.customer_id, origins, rejected, results)
        self._delete_rejected(rejected)
        forget_in_log(connection, person)
        kind: SourceKind = "mock" if origins[CUSTOMERS].kind == "mock" else "own"
        forgotten.remember(connection, person.hashed_ids, kind, datetime.now(timezone.utc).date())
        connection.execute("SELECT pg_notify(%s, %s)", (CHANNEL, ",".join(one.name for one in results)))
        return Forgetting(self.deleted, refresh_id, tuple(self.remains))

    def _delete(
        self,
        customer: int,
        origins: Mapping[Source, Origin],
        rejected: Collection[RejectedRow],
        results: Collection[Table],
    ) -> int | None:
        """Deletes the rows in results and sources; returns the id of the new refresh."""
        last = last_refresh(self.connection)
        self._note_remains(customer, origins, results, last)
        fewer = self._fewer(customer, origins, rejected, last) if last else {}
        self._delete_results(customer, results)
        for source, found in origins.items():
            if is_ours(found):
                self._count(source, delete_from(self.connection, source, customer))
        if last is None:
            return None
        customers = fewer.pop(last["source_table"], Fewer())
        return append_refresh(self.connection, last, customers, fewer)

    def _count(self, table: Table, rows: int) -> None:
        if rows:
            self.deleted[table.full_name] = rows

    def _delete_results(self, customer: int, results: Collection[Table]) -> None:
        for table in _OF_CUSTOMERS:
            if table in results:
                self._count(table, _rows_of(self.connection, table, customer))
        subtract(self.connection, customer, results)

    def _delete_rejected(self, rejected: Collection[RejectedRow]) -> None:
        if rejected:
            delete = sql.SQL("DELETE FROM {} WHERE ctid = ANY(%s::tid[])").format(ddl.identifier(REJECTED_ROWS))
            self.connection.execute(delete, ([one.place for one in rejected],))
            self._count(REJECTED_ROWS, len(rejected))

    def _fewer(
        self,
        customer: int,
        origins: Mapping[Source, Origin],
        rejected: Collection[RejectedRow],
        last: Mapping[str, Any],
    ) -> dict[str, Fewer]:
        """By source, how many fewer rows the last refresh would have read without the customer."""
        connection, as_of = self.connection, date.fromisoformat(last["as_of_date"])
        known = sum(_rows_of(connection, one, customer) for one in (CUSTOMER_CONTACTS,))
        if known and not _rows_of(connection, CUSTOMER_PROFILES, customer):
            return {}  # the profiles are in a lake, and the totals stay
        found = {}
        for source, name in ((CUSTOMERS, last["source_table"]), (EVENTS, EVENTS.full_name)):
            if source is EVENTS and not read_by(connection, last, name):
                continue
            turned_down = _rejected_by_run(rejected, name)
            if not is_ours(origins[source]) or name != source.full_name:
                rows_out = known if source is CUSTOMERS else _used_events(connection, customer, as_of, known)
                found[name] = Fewer(rows_out, -rows_out)
            elif fill_of(connection, source, last) == origins[source].fill:
                rows = rows_in(connection, source, customer)
                used = known if source is CUSTOMERS else _used_events(connection, customer, as_of, known)
                rows_out = max(0, min(used, rows - turned_down))
                found[name] = Fewer(rows_out, turned_down, max(0, rows - rows_out - turned_down))
        return found

    def _note_remains(
        self,
        customer: int,
        origins: Mapping[Source, Origin],
        results: Collection[Table],
        last: Mapping[str, Any] | None,
    ) -> None:
        connection = self.connection
        for source, found in origins.items():
            if not is_ours(found) and rows_in(connection, source, customer):
                self.remains.append(
                    f"{source.full_name} was not made by customer360 and still contains the customer; delete "
                    "the rows there. Until then, every run rejects them"
                )
        if last and last["source_table"] != CUSTOMERS.full_name:
            self.remains.append(
                f"{last['source_table']}, which the last run read, may still contain the customer; delete the "
                "rows there. Until then, every run rejects them"
            )
        for table, option in ((CUSTOMER_PROFILES, "--profiles-to"), (CUSTOMER_MONTHS, "--months-to")):
            if table in results and _is_in_lake(connection, table, last):
                self.remains.append(
                    f"the rows of {table.full_name} are in a lake, which still contains the customer, and totals "
                    f"derived from them still count the customer; rebuild them with: customer360 run {option} "
                    "PLACE, and delete the folders of earlier refreshes"
                )
        staging, unknown = leftovers(connection)
        if others := staging | unknown:
            self.remains.append(f"not checked: customer360_internal.{', '.join(sorted(others))}")
        if catalog.is_reachable(connection, older.REJECTED_CUSTOMERS):
            self.remains.append(
                f"{older.REJECTED_CUSTOMERS.full_name} of an older version remains until the next customer360 run"
            )


def _results(connection: psycopg.Connection[Any]) -> list[Table]:
    """The result tables in the database. Raises: Refused for tables of another version, whose totals differ."""
    there = [table for table in RESULT_TABLES if catalog.is_reachable(connection, table)]
    if not any(table in there for table in _OF_CUSTOMERS):
        return []
    wanted = [table for table in RESULT_TABLES if table.role in {"profile", "fact"}]
    for table in wanted:
        if not {*catalog.wanted_shape(table)} <= {*catalog.shape(connection, table)}:
            raise Refused(
                f"{table.full_name} was made by another version of customer360; rebuild the results with: "
                "customer360 run, then forget the customer. Nothing was changed"
            )
    return there


def _rows_of(connection: psycopg.Connection[Any], table: Table, customer: int) -> int:
    columns = columns_of(connection, table)
    if "customer_id" not in columns:
        return 0
    query = sql.SQL("SELECT count(*) FROM {} WHERE {}")
    return int(catalog.value(connection, query.format(ddl.identifier(table), is_customer(columns, customer))))


def _rejected_by_run(rejected: Collection[RejectedRow], source: str) -> int:
    return sum(one.row["found_by"] == "run" and one.row["source"] == source for one in rejected)


def _used_events(connection: psycopg.Connection[Any], customer: int, as_of: date, known: int) -> int:
    """The customer's events up to the as-of date; none if the customer is not in the results."""
    columns = columns_of(connection, EVENTS)
    if not known or not {"customer_id", "occurred_at"} <= columns.keys():
        return 0
    query = sql.SQL("SELECT count(*) FROM {} WHERE {} AND occurred_at::date <= {}")
    where = is_customer(columns, customer)
    return int(catalog.value(connection, query.format(ddl.identifier(EVENTS), where, sql.Literal(as_of))))


def _is_in_lake(connection: psycopg.Connection[Any], table: Table, last: Mapping[str, Any] | None) -> bool:
    """Whether a refresh with rows of *table* left it empty in the database."""
    if (
        not last
        or not last["rows_out"]
        or (table is CUSTOMER_MONTHS and not (read_by(connection, last, EVENTS.full_name) or {}).get("rows_out"))
    ):
        return False
    return not catalog.value(connection, sql.SQL("SELECT true FROM {} LIMIT 1").format(ddl.identifier(table)))


def _clear(connection: psycopg.Connection[Any], tables: Collection[str]) -> None:
    """
    Removes the deleted rows from the files of their tables and from PostgreSQL's statistics.

    PostgreSQL later clears by itself what cannot be cleared now, because another user owns it or still reads it.
    """
    connection.execute(sql.SQL("SET default_statistics_target = {}").format(_STATISTICS_TARGET))
    for table in tables:
        with suppress(psycopg.Error):
            connection.execute(sql.SQL("VACUUM (ANALYZE) {}").format(ddl.named(table)))
