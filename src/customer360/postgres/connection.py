"""Opening a PostgreSQL database."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cache
from threading import Lock
from typing import TYPE_CHECKING, Any, Final

import psycopg
from psycopg import conninfo, pq, sql

from customer360.errors import Invalid, Unavailable
from customer360.errors.failures import plain
from customer360.errors.postgresql import LOST_SNAPSHOT, lost_snapshot, refusal
from customer360.postgres import catalog

if TYPE_CHECKING:
    from customer360.postgres.arrow import ArrowConnection

OLDEST_SERVER: Final = 14
_CONNECT_SECONDS: Final = 10
_COMPLETE: Final = {"user", "password", "host", "port", "dbname"}
_UNNAMED_VARIABLES: Final = {"PGSERVICEFILE", "PGSYSCONFDIR", "PGREQUIRESSL", "PGDATESTYLE", "PGTZ", "PGGEQO"}
"""Variables that libpq reads but does not list among its options."""

_SESSION: Final = sql.SQL("""
    SELECT pg_backend_pid(), set_config('TimeZone', 'UTC', pg_backend_pid() <> {pid})
    UNION ALL SELECT pg_backend_pid(), set_config(name, '0', pg_backend_pid() <> {pid}) FROM pg_settings
    WHERE name IN ('statement_timeout', 'transaction_timeout', 'idle_in_transaction_session_timeout',
        'idle_session_timeout') AND setting <> '0' AND source <> 'client'
""")
"""
Sessions use UTC and no timeouts, because copies take long; timeouts that the URL itself sets stay.

Only the session of *pid* is changed permanently: a pooler gives its sessions to other applications later.
"""

_environment: Final = Lock()
_reached: Final[dict[str, str]] = {}
_with_sessions: Final[set[str]] = set()

# What it logs about a lost connection, here and in Spark's workers, is already in the error.
logging.getLogger("psycopg").addHandler(logging.NullHandler())


@dataclass(frozen=True)
class Database:
    """A PostgreSQL database by its libpq URL; the URL contains the password and is never shown."""

    url: str = field(repr=False)

    def __post_init__(self) -> None:
        if not self.url.strip():
            raise Invalid("the database URL is empty; write it as postgresql://USER@HOST:5432/DATABASE")
        try:
            conninfo.conninfo_to_dict(self.url)
        except (psycopg.ProgrammingError, UnicodeError) as error:
            # libpq quotes what it cannot parse, which may be the password.
            reason = str(error).splitlines()[0].split('"')[0].strip().rstrip(":")
        else:
            return
        raise Invalid(  # out here, so that no traceback contains libpq's message
            f"the database URL cannot be read ({reason}); "
            "write it as postgresql://USER:PASSWORD@HOST:5432/DATABASE"
        )

    @property
    def parts(self) -> dict[str, str]:
        return {key: str(value) for key, value in conninfo.conninfo_to_dict(self.url).items()}

    @property
    def is_complete(self) -> bool:
        """Whether the URL has every part that the embedded server's has, so libpq's variables do not apply."""
        parts = self.parts
        return parts.get("require_auth") == "scram-sha-256" and parts.keys() >= _COMPLETE

    @property
    def where(self) -> str:
        """USER@HOST:PORT/DATABASE of the server that answered, else of the configured one; no password."""
        return _reached.get(self.url) or _shown(self.parts, {} if self.is_complete else _defaults() | self.parts)

    def connect(self, purpose: str = "customer360", **options: Any) -> psycopg.Connection[tuple[Any, ...]]:
        """An autocommit connection with its session in UTC. Raises: Customer360Error when refused."""
        try:
            with self._own_environment():
                settings = {**self._always(purpose), "connect_timeout": _CONNECT_SECONDS, **options}
                connection = psycopg.connect(self.url, autocommit=True, **settings)
        except psycopg.OperationalError as error:
            _reached.pop(self.url, None)
            refused = refusal(self.where, str(error), self.parts.get("password", ""))
        else:
            return self._prepared(connection)
        raise refused  # out here, because libpq's message in a traceback may quote the password

    def _prepared(self, connection: psycopg.Connection[tuple[Any, ...]]) -> psycopg.Connection[tuple[Any, ...]]:
        with ExitStack() as unless_ready, plain(self.where):
            unless_ready.callback(connection.close)
            self._prepare(connection)
            unless_ready.pop_all()
        return connection

    def connect_arrow(self) -> ArrowConnection:
        """A connection that reads and writes Arrow."""
        from customer360.postgres.arrow import ArrowConnection

        url = conninfo.make_conninfo(self.url, **self._always("customer360 copy"))
        with self._own_environment():
            return ArrowConnection(url, self.where, prepare=_SESSION.format(pid=sql.SQL("pg_backend_pid()")))

    def _always(self, purpose: str) -> dict[str, str]:
        """Text is exchanged in UTF-8, regardless of the server's encoding and of any other setting."""
        return {"application_name": purpose, "client_encoding": "utf8"}

    def _prepare(self, connection: psycopg.Connection[Any]) -> None:
        version = connection.info.server_version // 10_000
        if version < OLDEST_SERVER:
            raise Unavailable(f"{self.where} runs PostgreSQL {version}; {OLDEST_SERVER} or newer is required")
        _reached[self.url] = _shown(self.parts, _used(connection.info))
        pid = _set_up(connection, connection.info.backend_pid)
        if pid != connection.info.backend_pid:  # a pooler is in between
            self._require_session(connection, pid)
            _set_up(connection, pid)

    def _require_session(self, connection: psycopg.Connection[Any], pid: int) -> None:
        """Raises: Customer360Error when others get the session *pid* between two statements of *connection*."""
        for _ in range(0 if self.url in _with_sessions else 2):  # a pooler may hand out its sessions in turns
            with psycopg.connect(self.url, connect_timeout=_CONNECT_SECONDS) as other:
                if _is_shared(pid, connection, other):
                    raise Unavailable(
                        f"{self.where} is a connection pooler in transaction mode, where each statement may run "
                        "in another session; use its session mode, or the server's own port"
                    )
        _with_sessions.add(self.url)

    @contextmanager
    def _own_environment(self) -> Iterator[None]:
        """Removes libpq's variables from the environment while a connection opens by a complete URL."""
        if not self.is_complete:
            yield
            return
        with _environment:  # threads share it
            aside = {name: os.environ.pop(name) for name in libpq_variables() & os.environ.keys()}
            try:
                yield
            finally:
                os.environ.update(aside)

    @contextmanager
    def snapshot(self, *relations: sql.Composable, purpose: str = "customer360 snapshot") -> Iterator[str]:
        """
        The id of a snapshot that any number of readers can share while the context is open.

        *relations* cannot be rewritten meanwhile: to an older snapshot they would look empty. They are locked
        first; the snapshot is taken by a later statement, which READ COMMITTED allows.
        """
        with self.connect(purpose) as connection, connection.transaction():
            connection.execute("SET TRANSACTION ISOLATION LEVEL READ COMMITTED, READ ONLY")
            catalog.hold(connection, relations)
            yield str(catalog.value(connection, "SELECT pg_export_snapshot()"))

    @contextmanager
    def within(self, snapshot: str) -> Iterator[psycopg.Connection[tuple[Any, ...]]]:
        """A connection that sees what *snapshot* saw. Raises: Customer360Error when it is no longer held."""
        with self.connect() as connection, connection.transaction():
            connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            try:
                connection.execute(sql.SQL("SET TRANSACTION SNAPSHOT {}").format(snapshot))
            except psycopg.Error as error:
                if error.sqlstate not in LOST_SNAPSHOT:
                    raise
                raise lost_snapshot(self.where) from None
            yield connection


@cache
def libpq_variables() -> frozenset[str]:
    """The environment variables that libpq reads."""
    options = pq.Conninfo.get_defaults()
    return frozenset({option.envvar.decode() for option in options if option.envvar} | _UNNAMED_VARIABLES)


def _defaults() -> dict[str, str]:
    """The values that libpq uses for parts missing from a URL: from the environment, else its own defaults."""
    options = pq.Conninfo.get_defaults()
    return {option.keyword.decode(): option.val.decode() for option in options if option.val}


def _used(info: psycopg.ConnectionInfo) -> dict[str, str]:
    """The parts of the address that was connected to, which may be one of several in the URL."""
    used = {"user": info.user, "host": info.host, "port": str(info.port), "dbname": info.dbname}
    return used | ({"hostaddr": info.hostaddr} if "hostaddr" in info.get_parameters() else {})


def _shown(said: dict[str, str], used: dict[str, str]) -> str:
    """The host as the URL names it, unless an address from elsewhere took precedence."""
    parts = said | used
    user, host = parts.get("user", ""), parts.get("host") or "localhost"
    if not {"host", "hostaddr"} <= said.keys():
        host = parts.get("hostaddr") or host
    return f"{user}{'@' if user else ''}{host}:{parts.get('port', '5432')}/{parts.get('dbname', user)}"


def _set_up(connection: psycopg.Connection[Any], pid: int) -> int:
    """Prepares the session *pid*; returns the id of the session that answered."""
    rows = connection.execute(_SESSION.format(pid=pid)).fetchall()
    return int(rows[0][0])


def _is_shared(pid: int, one: psycopg.Connection[Any], other: psycopg.Connection[Any]) -> bool:
    """Whether *other* gets the session *pid* of *one*; its transaction keeps the session that it gets."""
    try:
        return _pid(other) == pid or _pid(one) != pid
    except psycopg.errors.ProtocolViolation:  # no transactions: a pooler in statement mode
        return True


def _pid(connection: psycopg.Connection[Any]) -> int:
    rows = connection.execute("SELECT pg_backend_pid()").fetchall()
    return int(rows[0][0])
