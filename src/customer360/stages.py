"""What each command does and what it says at the end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from customer360.mock_data.plan import Plan
from customer360.mock_data.realism import REPORT_COLUMNS, Gate, realism_report
from customer360.pipeline import Refresh, Waiting, fill_mock_data, run_operations
from customer360.postgres.connection import Database
from customer360.postgres.embedded import EmbeddedPostgres
from customer360.postgres.read import read_table
from customer360.postgres.status import Status
from customer360.postgres.status import status as database_status
from customer360.tables import CUSTOMERS
from customer360.where import Where

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from customer360.power_bi.project import Built


_PROJECT_FOLDER: Final = "power_bi"


@dataclass(frozen=True)
class Filled:
    """The end of `mock`: how many customers, of which plan, and how real they look when that was asked."""

    plan: Plan
    gates: tuple[Gate, ...] = ()

    def lines(self) -> Iterator[str]:
        plan = self.plan
        yield f"{plan.customers:,} mock customers in {CUSTOMERS.full_name} as of {plan.as_of} (seed {plan.seed})"
        if plan.dirt:
            yield f"{plan.dirt:.1%} of them with one defect each"
        for gate in self.gates:
            mark = "ok  " if gate.passed else "FAIL"
            yield f"  {mark} {gate.name:<34} {gate.value:>9.3f}   {gate.low:g} to {gate.high:g}"

    def facts(self) -> Mapping[str, Any]:
        plan = {name: getattr(self.plan, name) for name in ("customers", "seed", "as_of", "dirt")}
        return {**plan, "gates": [{**asdict(gate), "passed": gate.passed} for gate in self.gates]}


@dataclass(frozen=True)
class Ran:
    """The end of `run`: the refresh that was published."""

    refresh: Refresh

    def lines(self) -> Iterator[str]:
        refresh = self.refresh
        yield (
            f"refresh {refresh.refresh_id}: {refresh.rows_out:,} customers of {refresh.source_table} "
            f"as of {refresh.as_of_date}"
        )
        if refresh.rows_rejected:
            yield f"{refresh.rows_rejected:,} rows were rejected; why: analytics.rejected_customers"
        if refresh.rows_not_yet_joined:
            yield f"{refresh.rows_not_yet_joined:,} rows join after the as-of date and were left out"

    def facts(self) -> Mapping[str, Any]:
        return asdict(self.refresh)


@dataclass(frozen=True)
class Stands:
    """The end of `status`: what is in the database, or that there is none yet."""

    status: Status | None

    def lines(self) -> Iterator[str]:
        if self.status is None:
            yield "the embedded PostgreSQL is not running; start it with: customer360 db start"
            return
        yield f"database   {self.status.where} (PostgreSQL {self.status.server_version})"
        yield f"customers  {self._customers()}"
        yield f"results    {self._results()}"
        for table, rows in self.status.rows.items():
            yield f"  {table:<32} {rows:>14,}"

    def _customers(self) -> str:
        assert self.status is not None  # noqa: S101  lines() has looked
        kind, facts = self.status.customers_kind, self.status.customers_facts
        return {
            "absent": "none; fill them with: customer360 mock",
            "mock": f"mock data as of {facts.get('as_of')}, seed {facts.get('seed')}",
            "own": "your own data",
        }.get(kind, "made by someone else")

    def _results(self) -> str:
        assert self.status is not None  # noqa: S101  lines() has looked
        refresh = self.status.last_refresh
        if refresh is None:
            return "none; make them with: customer360 run"
        stale = "; older than the customers, renew them with: customer360 run" if self.status.stale else ""
        finished = refresh["finished_at"][:16].replace("T", " ")
        return f"refresh {refresh['refresh_id']} as of {refresh['as_of_date']}, made {finished} UTC{stale}"

    def facts(self) -> Mapping[str, Any]:
        return {"running": False} if self.status is None else {"running": True, **self.status.as_json()}


@dataclass(frozen=True)
class Rendered:
    """The end of `power-bi`: the project that was built."""

    built: Built

    def lines(self) -> Iterator[str]:
        built = self.built
        yield f"open {built.project} in Power BI Desktop: {built.pages} pages, {built.measures} measures"

    def facts(self) -> Mapping[str, Any]:
        return asdict(self.built)


@dataclass(frozen=True)
class Demonstrated:
    """The end of `demo`: every stage, the Power BI project to open, and how it connects."""

    filled: Filled
    ran: Ran
    project: Path
    connection: Mapping[str, str]

    def lines(self) -> Iterator[str]:
        yield from self.filled.lines()
        yield from self.ran.lines()
        yield f"open {self.project} in Power BI Desktop; its parameters and the sign-in:"
        for name, value in self.connection.items():
            yield f"  {name:<9} {value}"

    def facts(self) -> Mapping[str, Any]:
        return {
            "mock": self.filled.facts(),
            "run": self.ran.facts(),
            "power_bi": str(self.project),
            "connection": self.connection,
        }


def demo(where: Where, story: Mapping[str, Any]) -> Demonstrated:
    """Every stage, with one Spark session, on the embedded database unless told otherwise."""
    plan = _plan(story)
    database = where.open_database()
    with where.session() as spark:
        filled = _fill(where, database, spark, plan, replace=False)
        ran = _run(where, database, spark, CUSTOMERS.full_name, None)
    connection = _connection(where, database)
    return Demonstrated(filled, ran, _project(connection), connection)


def _project(connection: Mapping[str, str]) -> Path:
    """The project in the folder power_bi; built when there is none, else left as it is, for it may hold work."""
    from customer360.power_bi import project

    existing = Path(_PROJECT_FOLDER) / f"{project.NAME}.pbip"
    if existing.exists():
        return existing
    return project.build(_PROJECT_FOLDER, server=connection["server"], database=connection["database"]).project


def mock(where: Where, story: Mapping[str, Any], *, replace: bool, report: bool) -> Filled:
    plan = _plan(story)
    database = where.open_database()
    with where.session() as spark:
        filled = _fill(where, database, spark, plan, replace=replace)
    if not report:
        return filled
    with where.watch("Measuring how real it looks"):
        customers = read_table(database, CUSTOMERS.full_name, REPORT_COLUMNS)
        return Filled(plan, tuple(realism_report(customers, plan.as_of)))


def run(where: Where, table: str, as_of: date | None) -> Ran:
    database = where.open_database()
    with where.session() as spark:
        return _run(where, database, spark, table, as_of)


def power_bi(
    folder: str,
    *,
    server: str | None = None,
    database: str = "customer360",
    schema: str = "analytics",
    storage: str = "import",
    overwrite: bool = False,
) -> Rendered:
    """Builds the project; without *server*, for the embedded database, where there is one."""
    from customer360.power_bi import project

    if server is None:
        embedded = EmbeddedPostgres()
        server = _address(embedded.database()) if embedded.is_made() else project.SERVER
    built = project.build(
        folder, server=server, database=database, schema=schema, storage=storage, overwrite=overwrite
    )
    return Rendered(built)


def status(where: Where) -> Stands:
    """Looks without starting anything."""
    if not where.is_external and not EmbeddedPostgres().is_running():
        return Stands(None)
    return Stands(database_status(where.open_database()))


def _plan(story: Mapping[str, Any]) -> Plan:
    as_of = story["as_of"] or datetime.now(timezone.utc).date()
    return Plan(story["customers"], seed=story["seed"], as_of=as_of, dirt=story["dirt"])


def _fill(where: Where, database: Database, spark: SparkSession, plan: Plan, *, replace: bool) -> Filled:
    fill_mock_data(database, spark, plan, replace=replace, waiting=_waiting(where), watch=where.watch)
    return Filled(plan)


def _run(where: Where, database: Database, spark: SparkSession, table: str, as_of: date | None) -> Ran:
    refresh = run_operations(database, spark, table=table, as_of=as_of, waiting=_waiting(where), watch=where.watch)
    return Ran(refresh)


def _waiting(where: Where) -> Waiting:
    return Waiting(where.run_seconds, where.swap_seconds)


def _connection(where: Where, database: Database) -> dict[str, str]:
    """What a person types into Power BI; the password is shown only by the command that is asked for it."""
    reader = database if where.is_external else EmbeddedPostgres().reader_database()
    parts = reader.parts
    return {
        "server": _address(reader),
        "database": parts.get("dbname", ""),
        "user": parts.get("user", ""),
        "password": "that of this user" if where.is_external else "shown by: customer360 db url --reader",
    }


def _address(database: Database) -> str:
    return f"{database.parts.get('host', 'localhost')}:{database.parts.get('port', '5432')}"
