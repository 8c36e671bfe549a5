"""Lists of customers outside the browser: those of a selection, logged before the first is returned."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import psycopg

from customer360.errors import Invalid, Refused, Unavailable
from customer360.people import audiences, export, lists
from customer360.people.access_log import Action, local_user, log_access
from customer360.people.audiences import Audience
from customer360.people.lists import ID, Found, Order
from customer360.postgres.connection import Database
from customer360.report.dimensions import dimension
from customer360.report.people import Selection
from customer360.tables import CUSTOMER_CONTACTS, Column
from customer360.web import selections, store
from customer360.web.people import columns_named, columns_shown
from customer360.web.store import Results

if TYPE_CHECKING:
    import pandas as pd

_AT_A_TIME: Final = 5_000
HASHED: Final = "email"


@dataclass(frozen=True)
class Chosen:
    """A choice of customers by members of dimensions, by a measure that counts them, and by an audience."""

    where: Mapping[str, Any] = field(default_factory=dict)
    measure: str | None = None
    parameters: Mapping[str, float] = field(default_factory=dict)
    audience: str | None = None

    def __str__(self) -> str:
        """For the access log: it names no customer."""
        parts = [f"measure={self.measure}"] if self.measure else []
        parts += [f"audience={self.audience}"] if self.audience else []
        parts += [f"{name}={value}" for name, value in (*self.where.items(), *self.parameters.items())]
        return ", ".join(parts) or "all customers"


@dataclass(frozen=True)
class People:
    """An open list: the number of customers, its columns, and the connection that reads it."""

    connection: psycopg.Connection[Any]
    selection: Selection
    order: Order
    columns: tuple[Column, ...]
    customers: int

    def rows(self, limit: int | None = None) -> Iterator[tuple[Any, ...]]:
        """The first *limit* customers, or all, one row each; the last value is what they add to a number."""
        ask, after, left = lists.asking(self.connection), None, self.customers if limit is None else limit
        while left > 0 and (page := lists.found(ask, self.selection, self.order, after, min(left, _AT_A_TIME))):
            values = lists.values_of(self.connection, [one.customer_id for one in page], self.columns)
            yield from (_row(values[one.customer_id], one, self.selection) for one in page)
            after, left = page[-1], left - len(page)

    @property
    def names(self) -> list[str]:
        """The names of the values in a row."""
        added = [self.selection.measure.name] if self.selection.total else []
        return [*(column.name for column in self.columns), *added]

    def csv(self, *, hashed: bool = False) -> Iterator[bytes]:
        return export.csv(self.connection, self.selection, self.columns, self.order, hashed=hashed)


def _row(values: tuple[Any, ...], found: Found, selection: Selection) -> tuple[Any, ...]:
    return (*values, found.added) if selection.total else values


@contextmanager
def open_people(
    database: Database,
    chosen: Chosen,
    *,
    columns: Sequence[str] | None = None,
    sort: str = ID.name,
    action: Action = "list",
    results: Results | None = None,
) -> Iterator[People]:
    """
    The list of the customers *chosen*, from one snapshot of the database, after the access is logged.

    *results* are the current ones, if the caller has them.

    Raises: Customer360Error for an unknown name, with the nearest, for missing data, without results, and when the
    user may not see people or write the access log.
    """
    results = results or results_of(database)
    with database.connect("customer360 people") as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        with connection.transaction():
            _require_permission(connection)
            selection = selection_of(connection, chosen, results)
            order = lists.order_of(sort, selection)
            shown = columns_named(columns) if columns else columns_shown(results)
            customers, _ = lists.counted(lists.asking(connection), selection)
            log_access(database, local_user(), action, str(chosen), customers)
            yield People(connection, selection, order, shown, customers)


def people_frame(
    database: Database, chosen: Chosen, results: Results, *, columns: Sequence[str] | None, sort: str,
    limit: int | None,
) -> pd.DataFrame:  # fmt: skip
    """The list as a pandas DataFrame; amounts are floats, days datetimes."""
    import pandas as pd

    with open_people(database, chosen, columns=columns, sort=sort, results=results) as people:
        rows = [*people.rows(limit)]
    frame: pd.DataFrame = pd.DataFrame(rows, columns=people.names)
    for name in frame.columns:
        values = frame[name].dropna()
        if len(values) and isinstance(values.iloc[0], Decimal):
            frame[name] = frame[name].astype(float)
        elif len(values) and isinstance(values.iloc[0], date):
            frame[name] = pd.to_datetime(frame[name])
    return frame


def results_of(database: Database, held: Results | None = None) -> Results:
    """The current results: *held*, unless they are older. Raises: Unavailable without any."""
    results = store.current(database, held)
    if results is None:
        raise Unavailable("there are no results; make them with: customer360 run")
    return results


def selection_of(connection: psycopg.Connection[Any], chosen: Chosen, results: Results) -> Selection:
    selection = selections.named(results, chosen.where, chosen.measure, chosen.parameters)
    if chosen.audience is None:
        return selection
    return replace(selection, audience=audiences.audience(connection, chosen.audience).name)


def save_audience(database: Database, name: str, chosen: Chosen) -> int:
    """Saves the customers *chosen* as the audience *name*; returns their current number."""
    results = results_of(database)
    for cut in chosen.where:
        if dimension(cut).banded_column:
            raise Invalid(
                f"'{cut}' cannot be saved: its bands change with the data; use a measure with a fixed threshold, "
                "such as --measure customers_above_threshold --parameter balance_threshold=1000"
            )
    with database.connect("customer360 audience") as connection:
        selection = selection_of(connection, chosen, results)
        kept = Audience(name, chosen.where, chosen.measure, chosen.parameters)
        audiences.save(connection, kept, selection, results.as_of)
        return lists.counted(lists.asking(connection), selection)[0]


def _require_permission(connection: psycopg.Connection[Any]) -> None:
    query = "SELECT has_table_privilege(to_regclass(%s), 'SELECT')"
    found = connection.execute(query, (CUSTOMER_CONTACTS.full_name,)).fetchone()
    if not found or found[0] is None:
        raise Unavailable(f"{CUSTOMER_CONTACTS.full_name} is missing; renew the results with: customer360 run")
    if not found[0]:
        raise Refused("you may not see people: this requires the role customer360_people")
