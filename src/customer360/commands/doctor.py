"""Whether this machine has what the commands need. Looking changes nothing and starts nothing."""

from __future__ import annotations

import http.client
import json
import os
import platform
import shutil
import stat
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, Literal

import psutil
import psycopg

from customer360 import settings
from customer360.commands.context import Where
from customer360.errors import Customer360Error
from customer360.errors.failures import plain
from customer360.postgres import catalog
from customer360.postgres.connection import Database
from customer360.postgres.copy import INTERNAL_SCHEMA
from customer360.postgres.embedded import HOST, PREFERRED_PORT, EmbeddedPostgres, free_port
from customer360.postgres.preflight import require_replaceable
from customer360.postgres.programs import installed_programs
from customer360.postgres.publish import leftovers
from customer360.postgres.reader import READER, missing_grants
from customer360.spark import accounts, embedded, installed, java, machine
from customer360.tables import CUSTOMERS, RESULT_SCHEMA, SOURCE_SCHEMA, TABLES

OLDEST_PYTHON: Final = (3, 10)
DASHBOARD_PORT: Final = 8360
_ANSWER_SECONDS: Final = 1
_CONNECT_SECONDS: Final = 3
_PURPOSE: Final = "customer360 doctor"
_GB: Final = 1e9


@dataclass(frozen=True)
class Finding:
    """What one check found; *mend* says what to do about anything that is not ok."""

    check: str
    state: Literal["ok", "warning", "failed"]
    found: str
    mend: str = ""

    def lines(self) -> Iterator[str]:
        yield f"{self.state:<8} {self.check:<16} {self.found}"
        if self.mend:
            yield f"{'':<8} {'':<16} mend: {self.mend}"


@dataclass(frozen=True)
class Diagnosis:
    """The end of `doctor`: what every check found."""

    findings: tuple[Finding, ...]

    @property
    def has_failed(self) -> bool:
        return any(finding.state == "failed" for finding in self.findings)

    def lines(self) -> Iterator[str]:
        for finding in self.findings:
            yield from finding.lines()
        counts = Counter(finding.state for finding in self.findings)
        yield ", ".join(f"{counts[state]} {state}" for state in ("ok", "warning", "failed") if counts[state])

    def facts(self) -> Mapping[str, Any]:
        return {"failed": self.has_failed, "checks": [asdict(finding) for finding in self.findings]}


Check = Callable[[Where], Iterator[Finding]]


def diagnose(where: Where) -> Diagnosis:
    """Every check, of the database that *where* names."""
    return Diagnosis(tuple(finding for check in CHECKS for finding in check(where)))


# -- programs ---------------------------------------------------------------------------------------------


def python(_: Where) -> Iterator[Finding]:
    oldest = ".".join(map(str, OLDEST_PYTHON))
    if sys.version_info >= OLDEST_PYTHON:
        yield Finding("Python", "ok", platform.python_version())
    else:
        yield Finding("Python", "failed", platform.python_version(), f"install Python {oldest} or newer")


def engine(_: Where) -> Iterator[Finding]:
    """The one that computes where nobody names a cluster, and for Spark the Java that it would be started with."""
    try:
        is_embedded = installed.default_engine() == "embedded"
    except Customer360Error as error:  # which says itself what to do
        yield Finding("engine", "failed", str(error))
        return
    if is_embedded:
        yield _embedded_engine(embedded.LOCKS, accounts.others())
    else:
        yield Finding("engine", "ok", installed.description())
        yield _java()


def _embedded_engine(is_locked: bool, has_others: bool) -> Finding:
    """Nobody else may compute with it, as this user."""
    found = installed.description()
    if is_locked:
        return Finding("engine", "ok", f"{found}; its port is locked against everybody else")
    if not has_others:
        return Finding("engine", "ok", f"{found}; its port cannot be locked here, but nobody else has an account")
    mend = "where you do not trust them, use --master 'local[*]' (pip install 'customer360[spark]')"
    return Finding("engine", "warning", f"{found}; its port is open to other accounts of this machine", mend)


def _java() -> Finding:
    if own := java.machine_java():
        return Finding("Java", "ok", f"{own.version} of this machine, {own.path}")
    packaged = java.packaged_java()
    if packaged and (number := java.java_version(packaged)):
        return Finding("Java", "ok", f"{number}, installed with this package")
    found = f"none that Spark can use; {packaged} does not run here" if packaged else "none that Spark can use"
    return Finding("Java", "failed", found, f"install Java {java.OLDEST_JAVA} or newer and set JAVA_HOME")


# -- the database -----------------------------------------------------------------------------------------


def postgresql(where: Where) -> Iterator[Finding]:
    try:
        yield from _external(where) if where.is_external else _embedded()
    except Customer360Error as error:
        mend = f"correct --database or {settings.DATABASE_URL}, or start the server they name"
        # What keeps the embedded one from starting says itself what to do.
        yield Finding("PostgreSQL", "failed", str(error), mend if where.is_external else "")


def _external(where: Where) -> Iterator[Finding]:
    yield from _connected(Database(where.database or settings.database_url() or ""), "")


def _embedded() -> Iterator[Finding]:
    installed_programs()
    server = EmbeddedPostgres()
    if server.is_running():
        yield from _connected(server.database(), "embedded, ")
    elif server.is_made():
        server.require_version()
        server.database()  # refuses when it is another user's
        yield Finding("PostgreSQL", "ok", f"embedded in {server.home}, stopped; a command that needs it starts it")
    else:
        yield Finding("PostgreSQL", "ok", f"embedded, not made yet; the first command makes it in {server.home}")


def _connected(database: Database, kind: str) -> Iterator[Finding]:
    with plain(database.where), database.connect(_PURPOSE, connect_timeout=_CONNECT_SECONDS) as connection:
        version = connection.info.parameter_status("server_version") or ""
        yield Finding("PostgreSQL", "ok", f"{kind}{version.split()[0]} at {database.where}")
        yield encoding(connection.info.parameter_status("server_encoding") or "")
        yield from _rights(connection)


def encoding(name: str) -> Finding:
    """Names come in every script, and only UTF8 holds all of them."""
    if name == "UTF8":
        return Finding("encoding", "ok", name)
    mend = "use a database that was made with: CREATE DATABASE ... ENCODING 'UTF8' TEMPLATE template0"
    limit = "text is not checked" if name == "SQL_ASCII" else "text that it cannot hold is refused"
    return Finding("encoding", "warning", f"{name}; {limit}", mend)


def _rights(connection: psycopg.Connection[Any]) -> Iterator[Finding]:
    """Whether the server takes changes at all, and ours in particular."""
    query = "SELECT pg_is_in_recovery(), current_setting('default_transaction_read_only')::boolean"
    ((is_standby, is_read_only),) = connection.execute(query).fetchall()
    if is_standby:
        found, mend = "this server is a standby, which takes no changes", "name the primary in the URL"
        yield Finding("rights", "failed", found, mend)
    elif is_read_only:
        mend = "ALTER ROLE or ALTER DATABASE ... SET default_transaction_read_only = off"
        yield Finding("rights", "failed", "default_transaction_read_only is on: nothing can be changed", mend)
    else:
        yield from _creation(connection)


def _creation(connection: psycopg.Connection[Any]) -> Iterator[Finding]:
    """Whether the schemas can be made, or tables in those that are there; then what is in them."""
    query = """
        SELECT name,
            CASE WHEN to_regnamespace(name) IS NULL THEN has_database_privilege(current_database(), 'CREATE')
            ELSE has_schema_privilege(name, 'CREATE') AND has_schema_privilege(name, 'USAGE') END,
            to_regnamespace(name) IS NULL, quote_ident(current_database()), quote_ident(current_user)
        FROM unnest(%s::text[]) AS name
    """
    schemas = [SOURCE_SCHEMA, RESULT_SCHEMA, INTERNAL_SCHEMA]
    rows = connection.execute(query, (schemas,)).fetchall()
    user = rows[0][-1]
    refused = {
        name: f"CREATE ON DATABASE {database}" if is_missing else f"USAGE, CREATE ON SCHEMA {name}"
        for name, is_allowed, is_missing, database, _ in rows
        if not is_allowed
    }
    if refused:
        grants = "; ".join(f"GRANT {right} TO {user}" for right in dict.fromkeys(refused.values()))
        yield Finding("rights", "failed", f"{user} may not create tables in {', '.join(refused)}", f"{grants};")
    else:
        yield Finding("rights", "ok", f"{user} may create tables in {', '.join(schemas)}")
        yield from _tables(connection)
        yield from _reader(connection)


def _tables(connection: psycopg.Connection[Any]) -> Iterator[Finding]:
    """Whether the next `mock`, `load` or `run` can replace what is there."""
    try:
        require_replaceable(connection, TABLES, foreign=[CUSTOMERS])
    except Customer360Error as error:
        found, _, mend = str(error).partition("; ")
        yield Finding("tables", "failed", found, mend)
    else:
        yield Finding("tables", "ok", "those that are there can be replaced")
    if catalog.exists(connection, CUSTOMERS.full_name):
        told = f"dump the whole database: pg_dump -t {CUSTOMERS.full_name} would hold no rows"
        yield Finding("backup", "ok", f"{told} (docs/operating.md)")
    _, others = leftovers(connection)
    if others:
        names = ", ".join(f"{INTERNAL_SCHEMA}.{name}" for name in sorted(others))
        mend = f"when nobody needs them: DROP TABLE {names};"
        yield Finding("other tables", "warning", f"published nowhere, and never dropped: {names}", mend)


def _reader(connection: psycopg.Connection[Any]) -> Iterator[Finding]:
    """Whether the dashboard's and Power BI's role can read the results."""
    if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (READER,)).fetchone():
        return
    if missing := missing_grants(connection, READER):
        yield Finding("reader", "failed", f"{READER} may not read all results", missing)
    else:
        yield Finding("reader", "ok", f"{READER} may read the results that are there")


# -- room -------------------------------------------------------------------------------------------------


def room(where: Where) -> Iterator[Finding]:
    """For the data, when it is ours to keep, and for what Spark writes meanwhile."""
    if not where.is_external:
        home = _existing(settings.home())
        yield disk("disk", home, shutil.disk_usage(home).free, f"set {settings.HOME} to a folder with more room")
    temporary = Path(tempfile.gettempdir())
    yield disk(
        "temporary files", temporary, shutil.disk_usage(temporary).free, "set TMPDIR to a folder with more room"
    )


def disk(check: str, folder: Path, free: int, mend: str) -> Finding:
    """100,000 customers take 0.2 GB with everything, 10 million 10 GB."""
    return _amount(check, free, 1, 5, f"{free / _GB:,.1f} GB free in {folder}", mend)


def memory(_: Where) -> Iterator[Finding]:
    total = machine.memory()
    yield free_memory(min(psutil.virtual_memory().available, total), total)


def free_memory(free: int, total: int) -> Finding:
    """The embedded engine takes half a GB for 1 million customers, Spark's JVM 1 to 3 GB, PostgreSQL the rest."""
    found = f"{free / _GB:,.1f} of {total / _GB:,.1f} GB free"
    return _amount("memory", free, 1, 2, found, "close other programs, or take a machine with more memory")


def _amount(check: str, have: int, needed: float, enough: float, found: str, mend: str) -> Finding:
    """Failed below *needed* GB, a warning below *enough*."""
    if have >= enough * _GB:
        return Finding(check, "ok", found)
    return Finding(check, "warning" if have >= needed * _GB else "failed", found, mend)


# -- ports ------------------------------------------------------------------------------------------------


def database_port(where: Where) -> Iterator[Finding]:
    """A taken one stops nothing, but what connects to the embedded server has to be told another."""
    if where.is_external:
        return
    server = EmbeddedPostgres()
    try:
        port = int(server.database().parts["port"]) if server.is_made() else PREFERRED_PORT
        is_running = server.is_running()
    except Customer360Error:
        return  # the check of PostgreSQL has said it
    if is_running:
        yield Finding("database port", "ok", f"{port}, where the embedded PostgreSQL listens")
    elif free_port(port) == port:
        yield Finding("database port", "ok", f"{port} is free")
    else:
        mend = "end that program, if Power BI is to find the database there"
        found = f"{port} is taken by another program; PostgreSQL will start on another port"
        yield Finding("database port", "warning", found, mend)


def dashboard_port(_: Where, port: int = DASHBOARD_PORT) -> Iterator[Finding]:
    if free_port(port) == port:
        yield Finding("dashboard port", "ok", f"{port} is free")
    elif _is_dashboard(port):
        yield Finding("dashboard port", "ok", f"{port}, where a dashboard is served")
    else:
        mend = "customer360 dashboard --port 0"
        yield Finding("dashboard port", "warning", f"{port} is taken by another program", mend)


def _is_dashboard(port: int) -> bool:
    connection = http.client.HTTPConnection(HOST, port, timeout=_ANSWER_SECONDS)
    try:
        connection.request("GET", "/healthz")
        health = json.loads(connection.getresponse().read(10_000))
        return isinstance(health, dict) and {"status", "refresh", "database"} <= health.keys()
    except (OSError, ValueError, http.client.HTTPException):
        return False
    finally:
        connection.close()


# -- the folder -------------------------------------------------------------------------------------------


def permissions(where: Where) -> Iterator[Finding]:
    """Nobody else may read the passwords or the data, nor put other files in their place."""
    home = settings.home()
    if where.is_external or sys.platform == "win32":
        return
    if not _is_there(home):
        yield _can_be_made(home)
        return
    forbidden = {home: 0o022, home / "account.json": 0o077, home / "data": 0o077}
    open_to_others = {
        path: mode & ~rights
        for path, rights in forbidden.items()
        if _is_there(path) and (mode := stat.S_IMODE(path.stat().st_mode)) & rights
    }
    if open_to_others:
        found = ", ".join(f"{path} is open to others" for path in open_to_others)
        mend = "; ".join(f"chmod {mode:o} {path}" for path, mode in open_to_others.items())
        yield Finding("permissions", "failed", found, mend)
    elif not os.access(home, os.W_OK):
        mend = f"set {settings.HOME} to a folder of your own"
        yield Finding("permissions", "failed", f"{home} belongs to another user", mend)
    else:
        yield Finding("permissions", "ok", f"passwords and data in {home} are closed to others")


def _can_be_made(home: Path) -> Finding:
    parent = _existing(home)
    if os.access(parent, os.W_OK):
        return Finding("permissions", "ok", f"{home} is not there yet and can be made")
    mend = f"set {settings.HOME} to a folder of your own"
    return Finding("permissions", "failed", f"{home} cannot be made: {parent} is not yours to write to", mend)


def _existing(folder: Path) -> Path:
    """*folder*, or the nearest above it that exists."""
    return next(path for path in (folder, *folder.parents) if _is_there(path))


def _is_there(path: Path) -> bool:
    """Whether it exists, as far as this user may see."""
    return os.access(path, os.F_OK)


CHECKS: Final[tuple[Check, ...]] = (
    python, engine, postgresql, room, memory, database_port, dashboard_port, permissions,
)  # fmt: skip
