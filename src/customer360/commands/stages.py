"""What each command does and what it says at the end. Spark is imported by the commands that need it, alone."""

from __future__ import annotations

import os
import sys
import webbrowser
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any, Final

from customer360.commands.context import Where
from customer360.errors import Invalid, Unavailable
from customer360.mock_data.plan import Plan
from customer360.postgres.connection import Database
from customer360.postgres.embedded import EmbeddedPostgres
from customer360.postgres.read import read_table
from customer360.postgres.reader import require_readable
from customer360.postgres.status import Status, last_refresh
from customer360.postgres.status import status as database_status
from customer360.report.durations import written
from customer360.spark import lake
from customer360.spark.lake import Place
from customer360.tables import CUSTOMERS

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from customer360.mock_data.realism import Gate
    from customer360.pipeline.run import Refresh
    from customer360.power_bi.project import Built
    from customer360.web.credentials import Credentials
    from customer360.web.server import Address

_PROJECT_FOLDER: Final = "power_bi"
_NOT_RUNNING: Final = "the embedded PostgreSQL is not running; start it with: customer360 db start"


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
    """The end of `run`: the refresh that was published, and where a lake has its profiles."""

    refresh: Refresh
    profiles: Place | None = None

    def lines(self) -> Iterator[str]:
        refresh = self.refresh
        yield (
            f"refresh {refresh.refresh_id}: {refresh.rows_out:,} customers of {refresh.source_table} "
            f"as of {refresh.as_of_date}{self._why_this_day()}"
        )
        if self.profiles:
            yield f"analytics.customer_profiles is empty: its rows are in {self.profiles}"
        if refresh.rows_rejected:
            yield f"{refresh.rows_rejected:,} rows were rejected; why: analytics.rejected_customers"
        if refresh.rows_not_yet_joined:
            yield f"{refresh.rows_not_yet_joined:,} rows join after the as-of date and were left out"
        if refresh.logins_after:
            yield (
                f"{refresh.logins_after:,} customers logged in after the as-of date; their logins before it are "
                "not in the data, so they count as without a known login"
            )
        if refresh.missing_columns:
            yield f"not in your data: {refresh.missing_columns}; the report says so where it needs them"

    def _why_this_day(self) -> str:
        return ", the last day in the data (for another: --as-of DAY)" if self.refresh.as_of_is_last_day else ""

    def facts(self) -> Mapping[str, Any]:
        return {**asdict(self.refresh), "profiles": str(self.profiles) if self.profiles else None}


@dataclass(frozen=True)
class Stands:
    """The end of `status`: what is in the database, or that there is none yet."""

    status: Status | None
    engine: str

    def lines(self) -> Iterator[str]:
        if self.status is None:
            yield _NOT_RUNNING
            yield f"engine     {self.engine}"
            return
        yield f"database   {self.status.where} (PostgreSQL {self.status.server_version})"
        yield f"engine     {self.engine}"
        yield f"customers  {self._customers()}"
        yield f"results    {self._results()}"
        for table, rows in self.status.rows.items():
            yield f"  {table:<32} {rows:>14,}"

    def _customers(self) -> str:
        assert self.status is not None  # noqa: S101  lines() has looked
        kind, facts, change = self.status.customers_kind, self.status.customers_facts, self.status.customers_change
        kept = f"; {change}, so `mock` and `load` keep it unless --replace is given" if change else ""
        return {
            "absent": "none; fill them with: customer360 mock",
            "mock": f"mock data as of {facts.get('as_of')}, seed {facts.get('seed')}{kept}",
            "own": "your own data",
        }.get(kind, "made by someone else")

    def _results(self) -> str:
        assert self.status is not None  # noqa: S101  lines() has looked
        refresh = self.status.last_refresh
        if refresh is None:
            return "none; make them with: customer360 run"
        stale = "; older than the customers, renew them with: customer360 run" if self.status.stale else ""
        seconds, finished = self.status.age_seconds or 0, refresh["finished_at"][:16].replace("T", " ")
        direction = "ago" if seconds >= 0 else "ahead of this machine's clock"
        ago = f"{written(timedelta(seconds=abs(seconds)))} {direction}"
        return f"refresh {refresh['refresh_id']} as of {refresh['as_of_date']}, made {finished} UTC, {ago}{stale}"

    def require_fresh(self, max_age: timedelta) -> None:
        """Raises: Customer360Error when results are missing, older than *max_age*, or stamped in the future."""
        if self.status is None:
            raise Unavailable(_NOT_RUNNING)
        seconds = self.status.age_seconds
        if seconds is None:
            raise Unavailable("there are no results; make them with: customer360 run")
        if seconds < 0:
            raise Unavailable(
                f"the results are stamped {written(timedelta(seconds=-seconds))} ahead of this machine's clock; "
                "set the clocks right, then renew the results with: customer360 run"
            )
        if seconds > max_age.total_seconds():
            found, limit = written(timedelta(seconds=seconds)), written(max_age)
            raise Unavailable(
                f"the results are {found} old, and {limit} are allowed; renew them with: customer360 run"
            )

    def facts(self) -> Mapping[str, Any]:
        facts = {"running": self.status is not None, "engine": self.engine}
        return facts if self.status is None else {**facts, **self.status.as_json()}


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
class Serving:
    """The start of `dashboard`: its address, and of when the data is."""

    url: str
    refresh: Mapping[str, Any] | None

    def lines(self) -> Iterator[str]:
        yield f"serving {self.url} {self._state()}; Ctrl-C stops"

    def _state(self) -> str:
        if self.refresh is None:
            return "without results, make them with: customer360 run"
        return f"as of {self.refresh['as_of_date']} (refresh {self.refresh['refresh_id']})"

    def facts(self) -> Mapping[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Demonstrated:
    """The end of `demo`: every stage, the Power BI project to open, and how it connects."""

    filled: Filled
    ran: Ran
    project: Path
    connection: Mapping[str, str]
    is_checked: bool
    """Whether the dashboard was looked at; else it is served next."""

    def lines(self) -> Iterator[str]:
        yield from self.filled.lines()
        yield from self.ran.lines()
        yield f"open {self.project} in Power BI Desktop; set its parameters, and sign in, so:"
        for name, value in self.connection.items():
            yield f"  {name:<9} {value}"
        if self.is_checked:
            yield "see it with: customer360 dashboard"

    def facts(self) -> Mapping[str, Any]:
        return {
            "mock": self.filled.facts(),
            "run": self.ran.facts(),
            "power_bi": str(self.project),
            "connection": self.connection,
            "dashboard": {"checked": self.is_checked},
        }


def demo(where: Where, story: Mapping[str, Any]) -> Demonstrated:
    """Every stage, with one Spark session, on the embedded database unless told otherwise."""
    plan = _plan(story)
    database = where.open_database()
    with where.session() as spark:
        filled = _fill(where, database, spark, plan, replace=False)
        ran = _run(where, database, spark, CUSTOMERS.full_name, None)
    reader = where.open_reader()
    connection = _connection(where, reader)
    project = _project(connection)
    if not where.at_terminal:
        _check_dashboard(where, reader)
    return Demonstrated(filled, ran, project, connection, is_checked=not where.at_terminal)


def _check_dashboard(where: Where, reader: Database) -> None:
    from customer360.web.app import make_app
    from customer360.web.server import Address, check

    with where.watch("Checking the dashboard"):
        check(make_app(reader), Address(port=0))


def _project(connection: Mapping[str, str]) -> Path:
    """The project in the folder power_bi; built when there is none, else left as it is, for it may hold work."""
    from customer360.power_bi import project

    existing = Path(_PROJECT_FOLDER) / f"{project.NAME}.pbip"
    if existing.exists():
        return existing
    return project.build(_PROJECT_FOLDER, server=connection["server"], database=connection["database"]).project


def mock(where: Where, story: Mapping[str, Any], *, replace: bool, report: bool) -> Filled:
    from customer360.mock_data.realism import REPORT_COLUMNS, realism_report

    plan = _plan(story)
    database = where.open_database()
    with where.session() as spark:
        filled = _fill(where, database, spark, plan, replace=replace)
    if not report:
        return filled
    with where.watch("Measuring how real it looks"):
        customers = read_table(database, CUSTOMERS.full_name, REPORT_COLUMNS)
        return Filled(plan, tuple(realism_report(customers, plan.as_of)))


def run(
    where: Where,
    table: str,
    as_of: date | None,
    *,
    allow_shrink: bool = False,
    source: str | None = None,
    profiles_to: str | None = None,
) -> Ran:
    if source and table != CUSTOMERS.full_name:
        raise Invalid("the customers come from either --table or --source; leave one out")
    database = where.open_database()
    with where.session() as spark:
        return _run(
            where, database, spark, table, as_of, allow_shrink=allow_shrink,
            source=lake.place(source) if source else None,
            profiles_to=lake.place(profiles_to) if profiles_to else None,
        )  # fmt: skip


def power_bi(folder: str, *, server: str | None = None, **options: Any) -> Rendered:
    """Builds the project; without *server*, for the embedded database, where there is one."""
    from customer360.power_bi import project

    if server is None:
        embedded = EmbeddedPostgres()
        server = _address(embedded.database()) if embedded.is_made() else project.SERVER
    return Rendered(project.build(folder, server=server, **options))


def status(where: Where) -> Stands:
    """Looks without starting anything."""
    from customer360.spark.installed import description

    server, engine = EmbeddedPostgres(), description()
    if not where.is_external and not server.is_running():
        if server.is_made():
            server.database()  # refuses, as is_made does, what a start would refuse too
        return Stands(None, engine)
    return Stands(database_status(where.open_database()), engine)


def dashboard(
    where: Where,
    address: Address,
    *,
    credentials: Credentials | None = None,
    hide_names: bool = False,
    open_browser: bool | None = None,
) -> None:
    """Serves the dashboard until it is stopped. *open_browser* None: where a person is there to see it."""
    from customer360.web.app import make_app
    from customer360.web.server import serve

    address.require(credentials)
    reader = where.open_reader()
    app = make_app(reader, hide_names=hide_names, credentials=credentials, loopback=address.is_loopback)
    with reader.connect() as connection:
        require_readable(connection)
        refresh = last_refresh(connection)

    def opened(bound: Address) -> None:
        where.show(Serving(bound.url, refresh))
        if open_browser or (open_browser is None and where.at_terminal and _has_desktop()):
            Thread(target=webbrowser.open, args=[bound.from_here().url], daemon=True).start()

    serve(app, address, opened=opened)
    sys.stdout.write("stopped\n")


def dashboard_of_demo(where: Where) -> None:
    """The dashboard on its usual port or the next one that is free."""
    from customer360.web.server import Address, next_free

    dashboard(where, next_free(Address()) or Address(port=0))


def _has_desktop() -> bool:
    return sys.platform in {"darwin", "win32"} or bool({"DISPLAY", "WAYLAND_DISPLAY"} & os.environ.keys())


def _plan(story: Mapping[str, Any]) -> Plan:
    as_of = story["as_of"] or datetime.now(timezone.utc).date()
    return Plan(story["customers"], seed=story["seed"], as_of=as_of, dirt=story["dirt"])


def _fill(where: Where, database: Database, spark: SparkSession, plan: Plan, *, replace: bool) -> Filled:
    from customer360.pipeline.fill import fill_mock_data

    fill_mock_data(database, spark, plan, replace=replace, waiting=where.waiting, watch=where.watch)
    return Filled(plan)


def _run(
    where: Where,
    database: Database,
    spark: SparkSession,
    table: str,
    as_of: date | None,
    *,
    allow_shrink: bool = False,
    source: Place | None = None,
    profiles_to: Place | None = None,
) -> Ran:
    from customer360.pipeline.run import run_operations

    refresh = run_operations(
        database, spark, table=table, source=source, profiles_to=profiles_to, as_of=as_of,
        allow_shrink=allow_shrink, waiting=where.waiting, watch=where.watch,
    )  # fmt: skip
    return Ran(refresh, lake.folder(profiles_to, refresh.refresh_id) if profiles_to else None)


def _connection(where: Where, reader: Database) -> dict[str, str]:
    """What a person types into Power BI; the password is shown only by the command that is asked for it."""
    parts = reader.parts
    return {
        "server": _address(reader),
        "database": parts.get("dbname", ""),
        "user": parts.get("user", ""),
        "password": "that of this user" if where.is_external else "shown by: customer360 db url --reader",
    }


def _address(database: Database) -> str:
    return f"{database.parts.get('host', 'localhost')}:{database.parts.get('port', '5432')}"
