"""Fills the database with mock customers, compared with the server's own COPY, Spark JDBC and Faker."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from benchmarks import faker_rows
from benchmarks.arguments import chosen, engines, has_uv, in_one_line, jdbc_jar, named, parser, with_events
from benchmarks.engines import EMBEDDED, SPARK, Engine
from benchmarks.interleaved import Candidate, Sample, interleaved, nothing, save, say
from benchmarks.limits import ServerCopy
from benchmarks.sessions import Session, session
from benchmarks.workplace import SCHEMA, clear, like, temporary_database
from customer360.mock_data.plan import BLOCK_ROWS
from customer360.postgres.connection import Database
from customer360.tables import CUSTOMERS, EVENTS

DESCRIPTION = """\
Measures filling the database with mock customers and their events, in running sessions.

  copy   limit: the same rows by server-side binary COPY, two writers, no key except that of events
  ours   customer360 mock on the embedded engine: made and copied in its tasks; with primary key, ANALYZE and swap
  spark  the same on Apache Spark
  jdbc   peer: rows from Spark expressions, written by Spark JDBC, no key
  faker  peer: Faker and COPY row by row, measured on 20,000 rows and scaled up, no key

The peers make no events.
"""
_WAKING_ROWS = 2 * BLOCK_ROWS
"""One block for each of two tasks, so that both cores have a worker."""

_BY_JDBC = f"{SCHEMA}.by_jdbc"
_BY_FAKER = f"{SCHEMA}.by_faker"


def main() -> None:
    arguments = with_events(parser("fill", DESCRIPTION)).parse_args()
    events = arguments.events_per_customer
    jar, rows = jdbc_jar(arguments) if not events else None, arguments.rows
    say(f"fill, {rows:,} rows, {events} events each")
    with temporary_database() as (database, folder), ExitStack() as until_end:
        running = {engine: until_end.enter_context(session(engine, database, jar)) for engine in engines()}
        running[EMBEDDED].timed("fill", rows, events)  # the limit copies these rows
        everyone = [_limit(database, folder, events)]
        everyone += [_ours(*each, database, rows, events) for each in running.items()]
        everyone += [_by_jdbc(running[SPARK], database, rows)] if jar and SPARK in running else []
        everyone += _by_faker(database, rows) if not events and has_uv() else []
        measured = interleaved(chosen(everyone, arguments.only), repeats=arguments.repeats)
    save(named("fill", arguments), rows, measured, arguments.results)


def _limit(database: Database, folder: Path, events: int) -> Candidate:
    copies = [ServerCopy(database, folder, CUSTOMERS)]
    copies += [ServerCopy(database, folder, EVENTS, has_key=True)] if events else []

    def prepare() -> None:
        clear(database)
        for copy in copies:
            copy.prepare()

    def run() -> None:
        for copy in copies:
            copy.run()

    return Candidate("copy", "server-side binary COPY, 2 writers", "limit", run, prepare)


def _ours(engine: Engine, running: Session, database: Database, rows: int, events: int) -> Candidate:
    def wake() -> None:
        # Spark ends Python workers after an idle minute: a slower peer would leave our run a cold start.
        running.timed("fill", _WAKING_ROWS, 0)
        clear(database)

    run = partial(running.timed, "fill", rows, events)
    return Candidate(engine.key(), engine.label("customer360 mock"), "ours", run, wake)


def _by_jdbc(spark: Session, database: Database, rows: int) -> Candidate:
    write = partial(spark.timed, "fill by JDBC", rows, _BY_JDBC)
    prepare = _cleared(database, lambda: like(database, CUSTOMERS.full_name, _BY_JDBC))
    return Candidate("jdbc", "Spark expressions, Spark JDBC", "peer", write, prepare)


def _by_faker(database: Database, rows: int) -> list[Candidate]:
    def write() -> Sample:
        return Sample(faker_rows.seconds(database, _BY_FAKER) * rows / faker_rows.ROWS)

    prepare = _cleared(database, lambda: like(database, CUSTOMERS.full_name, _BY_FAKER))
    return [Candidate("faker", f"Faker row by row, scaled from {faker_rows.ROWS:,}", "peer", write, prepare)]


def _cleared(database: Database, then: Callable[[], None] = nothing) -> Callable[[], None]:
    def prepare() -> None:
        clear(database)
        then()

    return prepare


if __name__ == "__main__":
    in_one_line(main)
