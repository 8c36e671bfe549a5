"""Opening a PostgreSQL database, and saying in one line why it cannot be opened."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import psycopg
from psycopg import conninfo

from customer360.errors import Customer360Error

if TYPE_CHECKING:
    from customer360.postgres.arrow import ArrowConnection

OLDEST_SERVER: Final = 14
_CONNECT_SECONDS: Final = 10


@dataclass(frozen=True)
class Database:
    """A PostgreSQL database by its libpq URL; the URL, which holds the password, is never shown."""

    url: str = field(repr=False)

    def __post_init__(self) -> None:
        try:
            conninfo.conninfo_to_dict(self.url)
        except (psycopg.ProgrammingError, UnicodeError) as error:
            reason = str(error).splitlines()[0]
            # libpq quotes what it could not parse, which may be the password.
            reason = reason.split('"')[0].strip().rstrip(":")
            raise Customer360Error(
                f"the database URL cannot be read ({reason}); "
                "write it as postgresql://USER:PASSWORD@HOST:5432/DATABASE"
            ) from None

    @property
    def parts(self) -> dict[str, str]:
        return {key: str(value) for key, value in conninfo.conninfo_to_dict(self.url).items()}

    @property
    def where(self) -> str:
        """USER@HOST:PORT/DATABASE, without the password."""
        parts = self.parts
        user, host = parts.get("user", ""), parts.get("host", "localhost")
        return f"{user}{'@' if user else ''}{host}:{parts.get('port', '5432')}/{parts.get('dbname', user)}"

    def connect(self, purpose: str = "customer360", **options: Any) -> psycopg.Connection[tuple[Any, ...]]:
        """An autocommit connection, with sessions in UTC. Raises: Customer360Error when refused."""
        try:
            settings = {"connect_timeout": _CONNECT_SECONDS, **options}
            connection = psycopg.connect(self.url, autocommit=True, application_name=purpose, **settings)
        except psycopg.OperationalError as error:
            raise Customer360Error(self._refusal(error)) from None
        if connection.info.server_version < OLDEST_SERVER * 10_000:
            version = connection.info.server_version // 10_000
            connection.close()
            raise Customer360Error(f"{self.where} runs PostgreSQL {version}; {OLDEST_SERVER} or newer is needed")
        connection.execute("SET TIME ZONE 'UTC'")
        return connection

    def connect_arrow(self) -> ArrowConnection:
        """A connection that speaks Arrow both ways."""
        from customer360.postgres.arrow import ArrowConnection

        url = conninfo.make_conninfo(self.url, application_name="customer360 copy")
        return ArrowConnection(url, self.where)

    @contextmanager
    def snapshot(self) -> Iterator[str]:
        """The id of a snapshot that any number of readers may share while the context is open."""
        with self.connect("customer360 snapshot") as connection, connection.transaction():
            connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            row = connection.execute("SELECT pg_export_snapshot()").fetchone()
            assert row is not None  # noqa: S101  a SELECT without FROM has one row
            yield str(row[0])

    def _refusal(self, error: psycopg.OperationalError) -> str:
        reason = _reason(str(error))
        if (password := self.parts.get("password")) and len(password) > 1:
            reason = reason.replace(password, "****")
        return f"cannot connect to {self.where}: {reason}. {_way_out(reason)}"


def failure(where: str, error: Exception) -> Customer360Error:
    """What to say when the server at *where*, or the way to it, failed in the middle of the work."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    reason = lines[0].rpartition("[libpq]")[2].strip().rstrip(":.") if lines else type(error).__name__
    is_full = "No space left" in str(error)
    way = "make room on the server's disk" if is_full else "see that the server runs and can be reached"
    return Customer360Error(
        f"{where} failed: {reason}; what is published is whole, as it was or as it was to be: {way}, "
        "then run the same command again"
    )


def _reason(message: str) -> str:
    """What went wrong at last: libpq puts host and port before it, and advice of its own after it."""
    lines = [line.strip() for line in message.splitlines() if line.strip()] or ["no reason given"]
    told = [line for line in lines if re.search("FATAL:|failed:", line)] or lines
    return re.split("FATAL:|failed:", told[-1])[-1].strip().rstrip(".")


def _way_out(reason: str) -> str:
    ways = {
        "certificate": "Check sslmode and sslrootcert in the URL.",
        "password": "Check user and password in the URL.",
        "does not exist": "Create it first, or correct the name in the URL.",
        "refused": "Is the server running, and are host and port right?",
        "timeout": "Is the host reachable from here, and the port open?",
        "resolve host": "Check host and port in the URL.",
        "translate host name": "Check host and port in the URL.",
        "permission denied": "Ask the database's owner for the right to connect.",
        "SSL": "Check sslmode and sslrootcert in the URL.",
        "too many": "The server has no free connection; close some or raise max_connections.",
    }
    return next((way for word, way in ways.items() if word in reason), "Check the URL and the server's log.")
