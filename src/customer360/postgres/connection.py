"""Opening a PostgreSQL database."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import psycopg
from psycopg import conninfo

from customer360.errors import Customer360Error
from customer360.postgres import failures

if TYPE_CHECKING:
    from customer360.postgres.arrow import ArrowConnection

OLDEST_SERVER: Final = 14
_CONNECT_SECONDS: Final = 10

# What it would say of a connection that was lost, here and in Spark's workers, the error says.
logging.getLogger("psycopg").addHandler(logging.NullHandler())


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
            raise failures.refusal(self.where, str(error), self.parts.get("password", "")) from None
        try:
            self._prepare(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _prepare(self, connection: psycopg.Connection[Any]) -> None:
        version = connection.info.server_version // 10_000
        if version < OLDEST_SERVER:
            raise Customer360Error(f"{self.where} runs PostgreSQL {version}; {OLDEST_SERVER} or newer is needed")
        connection.execute("SET TIME ZONE 'UTC'")

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
