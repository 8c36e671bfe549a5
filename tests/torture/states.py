"""What a reader can see of all tables together, as names of versions."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

import psycopg

from customer360.tables import CUSTOMERS, EVENTS, REJECTED_ROWS, RESULT_TABLES, TABLES, Table
from tests.torture.place import PLANS

RESULTS: Final = tuple(table for table in RESULT_TABLES if not table.keeps_history and table is not REJECTED_ROWS)
_KIND: Final = (
    "SELECT obj_description(inhrelid, 'pg_class') FROM pg_inherits WHERE inhparent = 'public.customers'::regclass"
)
_HISTORY: Final = """
    SELECT array[(SELECT max(refresh_id) FROM analytics.refreshes),
                 (SELECT min(last) FROM (SELECT max(refresh_id) AS last FROM analytics.data_quality
                  UNION ALL SELECT max(refresh_id) FROM analytics.refresh_sources) lasts),
                 (SELECT rows_out FROM analytics.refreshes ORDER BY refresh_id DESC LIMIT 1)]
"""


NONE: Final = "none"


def with_events(version: str) -> str:
    """The name of the results of *version* that are built from its events too."""
    return f"{version} with events"


class State(NamedTuple):
    """
    The versions of customers, events, rejected rows and results that are seen together, and who filled the
    customers.
    """

    kind: str
    customers: str
    events: str
    rejected: str
    results: str

    def __str__(self) -> str:
        sources = f"{self.kind} {self.customers}, events {self.events}"
        return f"{sources}, rejected {self.rejected}, results {self.results}"

    @property
    def results_to_come(self) -> str:
        """The state after the next run."""
        return self.customers if self.events == NONE else with_events(self.customers)


@dataclass(frozen=True)
class Operation:
    """`mock`, `load` or `run`; the first two with the version that they fill."""

    command: str
    version: str = ""

    def after(self, state: State) -> State:
        """The state after it has succeeded."""
        if self.command == "mock":
            return state._replace(kind="mock", customers=self.version, events=self.version, rejected=NONE)
        if self.command == "load":
            return state._replace(kind="own", customers=self.version, events=NONE, rejected=self.version)
        rejected = state.customers if state.kind == "own" else NONE
        return state._replace(results=state.results_to_come, rejected=rejected)


@dataclass
class Known:
    """The versions by their checksums, learnt from operations without faults."""

    names: dict[tuple[str, ...], str] = field(default_factory=dict)

    def versions(self, tables: Iterable[Table]) -> set[str]:
        """The *tables* that have been learnt."""
        first = next(iter(tables)).name
        return {name for sums, name in self.names.items() if sums[0].startswith(f"{first} ")}

    def learn(self, tables: Iterable[Table], connection: psycopg.Connection[Any], name: str) -> None:
        """Learns the current contents of *tables* as *name*."""
        self.names[self._sums(connection, tables)] = name

    def look(self, connection: psycopg.Connection[Any]) -> State:
        """Reads all tables in one statement, which sees one moment. Unknown versions are named as such."""
        asked = ", ".join([f"({_sum(table)})" for table in (CUSTOMERS, EVENTS, REJECTED_ROWS, *RESULTS)])
        row = connection.execute(f"SELECT ({_KIND}), ({_HISTORY}), {asked}").fetchone()
        assert row is not None
        kind, history, customers, events, rejected, *results = row
        return State(
            json.loads(kind or "{}").get("kind", "nobody"),
            self._name((customers,)),
            self._name((events,)),
            self._name((rejected,)),
            self._of_one_refresh(self._name(tuple(results)), history),
        )

    def _name(self, sums: tuple[str, ...]) -> str:
        return self.names.get(sums, f"UNKNOWN {' '.join(sums)}")

    def _of_one_refresh(self, name: str, history: list[int]) -> str:
        """*name*, if the history matches the results."""
        refreshed, checked, rows = history
        plan = PLANS.get(name.split()[0])
        is_one = refreshed == checked and plan is not None and rows == plan.customers
        return name if is_one else f"MIXED {name} with refresh {refreshed}, checks {checked}, {rows} rows"

    def _sums(self, connection: psycopg.Connection[Any], tables: Iterable[Table]) -> tuple[str, ...]:
        row = connection.execute("SELECT " + ", ".join(f"({_sum(table)})" for table in tables)).fetchone()
        assert row is not None
        return tuple(row)


def look_together(known: Known, connection: psycopg.Connection[Any]) -> State:
    """Reads in several statements of one transaction, which first locks what it will read."""
    names = ", ".join(table.full_name for table in TABLES)
    with connection.transaction():
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        connection.execute(f"LOCK TABLE {names} IN ACCESS SHARE MODE")
        first = known.look(connection)
        again = known.look(connection)
    return first if first == again else again._replace(results=f"MIXED {first} and then {again}")


def _sum(table: Table) -> str:
    """Row count and a hash over all rows that does not depend on their order; empty tables differ by name."""
    # Only a file has its own id: `load` stores it, and `mock` has none.
    names = ", ".join(name for name in table.column_names if table != CUSTOMERS or name != "source_id")
    hashed = f"sum(hashtextextended(ROW({names})::text, 0))"
    return f"SELECT concat('{table.name} ', count(*), ' ', {hashed}) FROM {table.full_name} t"
