"""`customer360 status`: where the database is, what it contains, and how fresh it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

import click

from customer360.commands.context import Context
from customer360.commands.options import DATABASE_AND_JSON, Parsed, ValuedCommand, options
from customer360.errors import Unavailable
from customer360.report.durations import parse_duration, written
from customer360.tables import SOURCES, Source

if TYPE_CHECKING:
    from customer360.postgres.status import Status

_NOT_RUNNING: Final = "the embedded PostgreSQL is not running; start it with: customer360 db start"


@click.command(cls=ValuedCommand)
@click.option(
    "--max-age",
    type=Parsed("duration", parse_duration),
    metavar="DURATION",
    help="Exit with code 1 if the results are missing or older than this: 90s, 15m, 26h, 2d.",
)
@options(DATABASE_AND_JSON)
def status(context: Context, max_age: timedelta | None) -> None:
    """
    Show where the database is, what it contains, and how fresh it is.

    \b
    Example:
      customer360 status --json
      customer360 status --max-age 26h
    """
    from customer360.spark.installed import description

    outcome = StatusOutcome(look(context), description())
    context.show(outcome)
    if max_age is not None:
        outcome.require_fresh(max_age)


@dataclass(frozen=True)
class StatusOutcome:
    """The result of `status`: what the database contains, or that there is none yet."""

    status: Status | None
    engine: str

    def lines(self) -> Iterator[str]:
        if self.status is None:
            yield _NOT_RUNNING
            yield f"engine     {self.engine}"
            return
        yield f"database   {self.status.where} (PostgreSQL {self.status.server_version})"
        yield f"engine     {self.engine}"
        for source in SOURCES:
            if source.name in self.status.sources:
                yield f"{source.name:<10} {self._source(source)}"
        yield f"results    {self._results()}"
        for table, rows in self.status.rows.items():
            yield f"  {table:<32} {rows:>14,}"

    def _source(self, source: Source) -> str:
        assert self.status is not None  # noqa: S101  checked by lines()
        state = self.status.sources[source.name]
        found, change = state.origin, state.change
        kept = f"; {change}, so `mock` and `load` keep it unless --replace is given" if change else ""
        if state.obstacle:
            return f"none; {source.full_name} is another table, which `run` does not read: {state.obstacle}"
        return {
            "absent": f"none{kept}" if source.is_optional else "none; fill them with: customer360 mock",
            "mock": f"mock data as of {found.as_of}, seed {found.seed}{kept}",
            "own": "your own data",
        }.get(found.kind, "not made by customer360")

    def _results(self) -> str:
        assert self.status is not None  # noqa: S101  checked by lines()
        refresh = self.status.last_refresh
        if refresh is None:
            return "none; make them with: customer360 run"
        stale = "; older than the data, renew them with: customer360 run" if self.status.stale else ""
        seconds, finished = self.status.age_seconds or 0, refresh["finished_at"][:16].replace("T", " ")
        direction = "ago" if seconds >= 0 else "ahead of this machine's clock"
        ago = f"{written(timedelta(seconds=abs(seconds)))} {direction}"
        return (
            f"refresh {refresh['refresh_id']} as of {refresh['as_of_date']}, finished {finished} UTC, {ago}{stale}"
        )

    def require_fresh(self, max_age: timedelta) -> None:
        """Raises: Customer360Error when results are missing, older than *max_age*, or dated in the future."""
        if self.status is None:
            raise Unavailable(_NOT_RUNNING)
        seconds = self.status.age_seconds
        if seconds is None:
            raise Unavailable("there are no results; make them with: customer360 run")
        if seconds < 0:
            raise Unavailable(
                f"the results are dated {written(timedelta(seconds=-seconds))} ahead of this machine's clock; "
                "correct the clocks, then renew the results with: customer360 run"
            )
        if seconds > max_age.total_seconds():
            found, limit = written(timedelta(seconds=seconds)), written(max_age)
            raise Unavailable(
                f"the results are {found} old, the limit is {limit}; renew them with: customer360 run"
            )

    def as_json(self) -> Mapping[str, Any]:
        facts = {"running": self.status is not None, "engine": self.engine}
        return facts if self.status is None else {**facts, **self.status.as_json()}


def look(context: Context) -> Status | None:
    """The status, without starting anything; None when the embedded PostgreSQL is not running."""
    from customer360.postgres.embedded import EmbeddedPostgres

    server = EmbeddedPostgres()
    if not context.is_external and not server.is_running():
        if server.is_made():
            server.database()  # raises, as is_made does, what a start would raise
        return None
    return context.connect().status()
