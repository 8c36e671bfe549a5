"""What commands share: the database, Spark, and how they show progress and results."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from customer360 import Customer360
from customer360.commands import logs
from customer360.errors import printable
from customer360.pipeline.progress import Progress, events, for_person, silent
from customer360.settings import database_url

if TYPE_CHECKING:
    from customer360.postgres.connection import Database


class Outcome(Protocol):
    """The result of a command: lines for a person, or JSON for a program."""

    def lines(self) -> Iterator[str]: ...

    def as_json(self) -> Mapping[str, Any]: ...


@dataclass(frozen=True)
class Context:
    """The shared options; each command has those it needs."""

    database: str | None = None
    as_json: bool = False
    master: str | None = None
    remote: str | None = None
    run_seconds: float = 600.0
    swap_seconds: float = 60.0

    @property
    def at_terminal(self) -> bool:
        """Whether a person reads the output."""
        return sys.stdout.isatty() and not self.as_json

    @property
    def progress(self) -> Progress:
        if logs.are_json():
            return events
        return silent if self.as_json else for_person()

    def connect(self) -> Customer360:
        """A session with these options; it opens the database and starts PySpark when it needs them."""
        return Customer360(
            self.database, self.master, self.remote, self.progress, (self.run_seconds, self.swap_seconds)
        )

    def open_database(self) -> Database:
        """The database, which answers. Raises: Unavailable when it does not, or when workers cannot reach it."""
        return self.connect().database

    def open_reader(self) -> Database:
        """The database for readers: the embedded one as its reader role, or the given one."""
        from customer360.postgres.embedded import EmbeddedPostgres

        database = self.open_database()
        return database if self.is_external else EmbeddedPostgres().reader_database()

    def open_people(self) -> Database:
        """
        The database for users who may see individual customers; each access is logged.

        The embedded one is opened as customer360_people; a given one acts as that role if its user may. Raises:
        Unavailable, with the GRANT to run, when the user may not read customers or write the log.
        """
        from customer360.postgres.embedded import EmbeddedPostgres
        from customer360.postgres.people import people_only, prepare_access_log, require_people

        database = self.open_database()
        prepare_access_log(database)
        people = people_only(database if self.is_external else EmbeddedPostgres().people_database())
        with people.connect("customer360 people") as connection:
            require_people(connection)
        return people

    @property
    def is_external(self) -> bool:
        return self.database is not None or database_url() is not None

    def show(self, outcome: Outcome) -> None:
        """Prints the lines of *outcome*, or with --json one JSON object."""
        if self.as_json:
            sys.stdout.write(json.dumps(outcome.as_json(), default=str, indent=2) + "\n")
        else:
            sys.stdout.writelines(f"{printable(line)}\n" for line in outcome.lines())
        sys.stdout.flush()
