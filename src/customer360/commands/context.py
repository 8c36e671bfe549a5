"""What commands share: the database, Spark, and how they show what happens."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from customer360.commands import logs
from customer360.errors import Unavailable, printable
from customer360.pipeline.progress import Watch, events, for_person, silent
from customer360.settings import DATABASE_URL, database_url

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from customer360.pipeline.staging import Waiting
    from customer360.postgres.connection import Database


class Outcome(Protocol):
    """What a command ends with: lines for a person, or facts for a program."""

    def lines(self) -> Iterator[str]: ...

    def facts(self) -> Mapping[str, Any]: ...


@dataclass(frozen=True)
class Context:
    """The options that commands share; each command has those it needs."""

    database: str | None = None
    as_json: bool = False
    master: str | None = None
    remote: str | None = None
    run_seconds: float = 600.0
    swap_seconds: float = 60.0

    @property
    def at_terminal(self) -> bool:
        """Whether a person reads what the command prints."""
        return sys.stdout.isatty() and not self.as_json

    @property
    def watch(self) -> Watch:
        if logs.are_json():
            return events
        return silent if self.as_json else for_person()

    def open_database(self) -> Database:
        """The database; it answers. Raises: Customer360Error when it does not, or is out of the workers' reach."""
        from customer360.postgres.embedded import open_database

        if (cluster := self.cluster) and not self.is_external:
            raise Unavailable(
                f"the embedded PostgreSQL listens on this machine only, so the workers of {cluster} cannot reach "
                f"it; set {DATABASE_URL} or --database to a PostgreSQL that they reach"
            )
        database = open_database(self.database)
        if self.is_external:
            database.connect().close()  # a wrong address is told now, not after Spark has started
        return database

    @property
    def cluster(self) -> str | None:
        """Where Spark's workers are when they are not on this machine, so that they share no files with it."""
        from customer360 import spark

        if self.master:
            return None if spark.workers.is_local(self.master) else self.master
        return spark.shown(self.remote) if self.remote else spark.active_cluster()

    def open_reader(self) -> Database:
        """The database for those who only read: of the embedded one the reader's, else the one that is given."""
        from customer360.postgres.embedded import EmbeddedPostgres

        database = self.open_database()
        return database if self.is_external else EmbeddedPostgres().reader_database()

    @property
    def waiting(self) -> Waiting:
        from customer360.pipeline.staging import Waiting

        return Waiting(self.run_seconds, self.swap_seconds)

    @property
    def is_external(self) -> bool:
        return self.database is not None or database_url() is not None

    @contextmanager
    def session(self) -> Iterator[SparkSession]:
        """A PySpark session that ends with the command."""
        from customer360 import spark

        with self.watch("Starting PySpark"):
            session = spark.session(master=self.master, remote=self.remote)
        try:
            with spark.plain_errors():
                yield session
        except KeyboardInterrupt:
            spark.kill(session)
            raise
        finally:
            spark.stop(session)

    def show(self, outcome: Outcome) -> None:
        """On stdout: the outcome's lines, or with --json one JSON object."""
        if self.as_json:
            sys.stdout.write(json.dumps(outcome.facts(), default=str, indent=2) + "\n")
        else:
            sys.stdout.writelines(f"{printable(line)}\n" for line in outcome.lines())
        sys.stdout.flush()
