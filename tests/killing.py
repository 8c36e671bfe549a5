"""
Kill -9 at random moments of `mock` and `run`, while a reader polls: `python -m tests.killing --kills 50`.

Every kill takes the whole command: Python, its JVM and its workers. What the reader saw has to be a whole state
each time, old or new, and the next run has to work and to leave nothing behind.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from customer360.postgres.connection import Database

SIZES = (20_000, 30_000)
"""The mock data alternates between these, so that old and new can be told apart."""

_CUSTOMERS = (
    "SELECT count(*), count(DISTINCT customer_id), min(customer_id), max(customer_id) FROM public.customers"
)
_RESULTS = """
    SELECT (SELECT rows_out FROM analytics.refreshes ORDER BY refresh_id DESC LIMIT 1),
           (SELECT count(*) FROM analytics.customer_profiles),
           (SELECT sum(customers) FROM analytics.customer_segments)::bigint,
           (SELECT sum(customers) FROM analytics.engagement_segments)::bigint
"""


@dataclass
class Seen:
    """What the reader saw: how many states, and those that were not whole."""

    states: int = 0
    broken: list[str] = field(default_factory=list)

    def look(self, connection: object) -> None:
        rows, distinct, first, last = connection.execute(_CUSTOMERS).fetchone()  # type: ignore[attr-defined]
        if not (rows == distinct == last and rows in SIZES and first == 1):
            self.broken.append(f"customers: {rows} rows, {distinct} ids, {first} to {last}")
        totals = connection.execute(_RESULTS).fetchone()  # type: ignore[attr-defined]
        if len(set(totals)) != 1:
            self.broken.append(f"results: {totals}")
        self.states += 1


@contextmanager
def reader(database: Database) -> Iterator[Seen]:
    """Polls in the background."""
    seen, over = Seen(), threading.Event()

    def poll() -> None:
        with database.connect("killing: reader") as connection:
            while not over.wait(0.01):
                seen.look(connection)

    thread = threading.Thread(target=poll)
    thread.start()
    try:
        yield seen
    finally:
        over.set()
        thread.join()


def command(database: Database, name: str, *options: str) -> subprocess.Popen[bytes]:
    """A command in a process group of its own; the database's URL goes by the environment, as a person's would."""
    environment = {**os.environ, "CUSTOMER360_DATABASE_URL": database.url}
    code = "from customer360.cli import main; main()"
    arguments = [sys.executable, "-c", code, name, "--master", "local[2]", *options]
    return subprocess.Popen(
        arguments, env=environment, start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


def kill_at_random(database: Database, name: str, seconds: float, *options: str) -> bool:
    """
    Starts a command, waits until it has begun to write and up to *seconds* longer, and kills it.

    True when the kill came before the command had ended by itself.
    """
    before = staging_tables(database)
    running = command(database, name, *options)
    while running.poll() is None and staging_tables(database) <= before:
        time.sleep(0.02)
    time.sleep(random.uniform(0, seconds))
    killed = running.poll() is None
    if killed:
        os.killpg(running.pid, signal.SIGKILL)
    running.wait()
    return killed


def staging_tables(database: Database) -> set[str]:
    query = """
        SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = 'customer360_internal' AND c.relkind = 'r' AND NOT c.relispartition
          AND c.relname <> 'copied_parts'
    """
    with database.connect("killing: look") as connection:
        return {name for (name,) in connection.execute(query)}


def finish(database: Database, name: str, *options: str) -> None:
    """The next run, unharmed: it has to work, and to leave nothing behind."""
    if code := command(database, name, *options).wait():
        raise AssertionError(f"the run after a kill ended with {code}")
    if left := staging_tables(database):
        raise AssertionError(f"left behind: {left}")


def kill_many(database: Database, kills: int) -> tuple[Seen, dict[str, int]]:
    """*kills* of each command; then both once more, to the end. Returns what was seen, and the kills that hit."""
    hits = {"mock": 0, "run": 0}
    finish(database, "mock", "--customers", str(SIZES[0]))
    finish(database, "run")
    with reader(database) as seen:
        for number in range(kills):
            hits["mock"] += kill_at_random(database, "mock", 3.0, "--customers", str(SIZES[number % 2]))
            hits["run"] += kill_at_random(database, "run", 8.0)
            sys.stderr.write(f"\r{number + 1} of {kills}: {hits}, {len(seen.broken)} broken states")
        finish(database, "mock", "--customers", str(SIZES[1]))
        finish(database, "run")
    return seen, hits


def main() -> None:
    from customer360.postgres.embedded import EmbeddedPostgres
    from tests.conftest import new_home

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=50, help="kills of each command (default: 50)")
    embedded = EmbeddedPostgres(new_home())
    try:
        seen, hits = kill_many(embedded.start(), parser.parse_args().kills)
    finally:
        embedded.stop()
    sys.stdout.write(f"\nkilled {hits}; {seen.states:,} states seen, {len(seen.broken)} of them broken\n")
    sys.exit(bool(seen.broken))


if __name__ == "__main__":
    main()
