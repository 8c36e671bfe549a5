"""
The customers' own values, so that X is also exact between band edges.

Segments contain only the band of a value. When a reader first sets X to a value between edges, the values are
read, with the columns a page can be filtered by, and kept until the next refresh.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from decimal import Decimal
from threading import Lock
from typing import TYPE_CHECKING, Any, Final

from psycopg import sql

from customer360.errors import Customer360Error
from customer360.postgres import catalog, ddl
from customer360.postgres.connection import Database
from customer360.postgres.read import read_together
from customer360.report.dimensions import DIMENSIONS, FACTS, dimensions_of
from customer360.report.expressions import Measure, parameter_of
from customer360.report.parameters import PARAMETERS, Parameter
from customer360.tables import CUSTOMER_PROFILES, REFRESHES, SLICERS, Column, Table
from customer360.web.scope import Parameters

if TYPE_CHECKING:
    from customer360.web.store import Results

MOST_CUSTOMERS: Final = 20_000_000
"""The most customers whose values are kept in memory; each takes about 50 bytes."""

_AGAIN_SECONDS: Final = 60
_LOG: Final = logging.getLogger(__name__)
_CALLED: Final = {one.column: one.profile_column for one in DIMENSIONS if one.of_customer}
"""The names in customer_profiles of columns of the segments."""


def threshold_of(measure: Measure) -> Parameter | None:
    """The threshold over bands that *measure* depends on, if any."""
    parameter = parameter_of(measure)
    return parameter if parameter and parameter.of else None


def by_value(parameter: Parameter) -> Table:
    """The fact of *parameter* with the customers' own values instead of sums."""
    fact = next(
        fact for fact in FACTS if {*SLICERS} <= {*fact.column_names} and parameter.of in dimensions_of(fact)
    )
    cuts = {cut.column for cut in dimensions_of(fact)}
    kept = tuple(column for column in fact.columns if column.name in cuts)
    value = replace(CUSTOMER_PROFILES[parameter.column], is_additive=False)
    columns = (*kept, value, fact["customers"])
    return replace(fact, name=f"{fact.name}__by_{parameter.column}", columns=columns)


def readable(connection: Any, customers: int) -> frozenset[str]:
    """The thresholds whose values can be read, if the profiles are in the database and not too many."""
    if customers > MOST_CUSTOMERS:
        return frozenset()
    there = {*catalog.shape(connection, CUSTOMER_PROFILES)[1:]}
    thresholds = [parameter for parameter in PARAMETERS if parameter.of]
    known = {one.name for one in thresholds if {(c.name, c.type) for c in _profiles(one).columns} <= there}
    return frozenset(known if known and _has_rows(connection) else ())


def _has_rows(connection: Any) -> bool:
    """Whether the profiles are in the database, not in a lake, and may be read."""
    query = "SELECT has_table_privilege(to_regclass(%s), 'SELECT')"
    if not catalog.value(connection, query, catalog.quoted(CUSTOMER_PROFILES.full_name)):
        return False
    name = ddl.identifier(CUSTOMER_PROFILES)
    return bool(catalog.value(connection, sql.SQL("SELECT EXISTS (SELECT FROM {})").format(name)))


@dataclass
class Values:
    """
    The values that can be read from *database*, and *tables* of those in memory, by the name of the threshold.

    Thread-safe.
    """

    database: Database | None = None
    readable: frozenset[str] = frozenset()
    tables: dict[str, Table] = field(default_factory=dict)
    _failed: float = float("-inf")
    _lock: Lock = field(default_factory=Lock)

    @property
    def held(self) -> frozenset[str]:
        return frozenset(self.tables)

    def is_wanted(self, parameter: Parameter) -> bool:
        """Whether to read the values: they are readable, not in memory yet, and reading has not just failed."""
        is_new = parameter.name in self.readable and parameter.name not in self.tables
        return is_new and time.monotonic() - self._failed > _AGAIN_SECONDS

    def read(self, parameters: Iterable[Parameter], results: Results) -> None:
        """Reads the wanted values of *parameters*. After a failure, it retries later."""
        with self._lock:
            try:
                for parameter in filter(self.is_wanted, parameters):
                    self._read(parameter, results)
            except Customer360Error as error:
                _LOG.warning("X is rounded to band edges for now: %s", error)
                self._failed = time.monotonic()

    def _read(self, parameter: Parameter, results: Results) -> None:
        assert self.database  # noqa: S101 - without it nothing is wanted
        profiles, table = _profiles(parameter), by_value(parameter)
        read = read_together(self.database, [REFRESHES, profiles])
        if max(read[REFRESHES].column("refresh_id").to_pylist()) != results.refresh_row["refresh_id"]:
            return  # the newer results arrive in a moment
        selected = ", ".join(_selected(column, parameter) for column in table.columns)
        with results.connection.cursor() as cursor:
            cursor.register("rows", read[profiles])
            cursor.execute(f"CREATE TABLE {table.full_name} AS SELECT {selected} FROM rows")  # noqa: S608  our names
        self.tables[parameter.name] = table


def _profiles(parameter: Parameter) -> Table:
    """The part of the profiles that is read."""
    names = [_CALLED.get(column.name, column.name) for column in by_value(parameter).columns[:-1]]
    return replace(CUSTOMER_PROFILES, columns=tuple(CUSTOMER_PROFILES[name] for name in names))


def _selected(column: Column, parameter: Parameter) -> str:
    if column.name == "customers":
        return "CAST(1 AS bigint) AS customers"
    if column.name == parameter.column:
        return f"CAST({column.name} AS DECIMAL(18, 2)) AS {column.name}"
    return f"{_CALLED.get(column.name, column.name)} AS {column.name}"


def table_of(measures: Iterable[Measure], parameters: Parameters, results: Results) -> Table | None:
    """The table of the customers' own values, if *measures* need it and it is in memory."""
    held = [one for one in between_edges(parameters, results) if one.name in results.values.held]
    needed = [threshold_of(one) for one in measures] if held else []
    return next((results.values.tables[one.name] for one in held if one in needed), None)


def between_edges(parameters: Parameters, results: Results) -> list[Parameter]:
    """The thresholds that *parameters* set to a value between band edges."""
    thresholds = [one for one in PARAMETERS if one.of and one.name in parameters]
    return [one for one in thresholds if parameters[one.name] not in results.edges[one.name]]


def edge(x: Decimal | int, edges: Collection[Decimal]) -> Decimal | int:
    """The edge used for *x* if only the bands of values are known: the next edge, or the highest."""
    return min((one for one in edges if one >= x), default=max(edges, default=x))
