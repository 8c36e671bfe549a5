"""What must not be left behind: in the database, among the processes, in the temporary folder."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any, Final

import psycopg

from tests.torture.place import Place

_CHECKS: Final = {
    "staging table": """
        SELECT c.relname FROM pg_class c
        WHERE c.relnamespace = 'customer360_internal'::regnamespace AND c.relkind = 'r' AND NOT c.relispartition
          AND c.relname <> 'copied_parts'
    """,
    "ledger row": """
        SELECT staging FROM customer360_internal.copied_parts
        WHERE staging NOT IN (SELECT relname FROM pg_class WHERE relispartition)
    """,
    "second partition of": "SELECT inhparent::regclass::text FROM pg_inherits i JOIN pg_class c ON c.oid = inhparent"
    " WHERE c.relkind = 'p' GROUP BY 1 HAVING count(*) > 1",
    "lock": "SELECT l.locktype || ' ' || l.objid FROM pg_locks l"
    " WHERE l.locktype = 'advisory' AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())",
    "replication slot": "SELECT slot_name::text FROM pg_replication_slots",
    "prepared transaction": "SELECT gid FROM pg_prepared_xacts",
}
_SESSIONS: Final = """
    SELECT application_name || ': ' || left(query, 60) FROM pg_stat_activity
    WHERE datname = current_database() AND application_name LIKE 'customer360%' AND application_name <> 'customer360 dashboard'
"""


def in_database(connection: psycopg.Connection[Any]) -> list[str]:
    """What is left in the database by a successful run after a failed one."""
    return [f"{kind} {name}" for kind, query in _CHECKS.items() for (name,) in connection.execute(query)]


def sessions(connection: psycopg.Connection[Any], seconds: float) -> list[str]:
    """The sessions of commands that still exist after *seconds*."""
    give_up = time.monotonic() + seconds
    while True:
        left = [f"session {name}" for (name,) in connection.execute(_SESSIONS)]
        if not left or time.monotonic() > give_up:
            return left
        time.sleep(0.05)


def files(place: Place, alive: int) -> list[str]:
    """The contents of the temporary folder, except one engine of the process *alive* and the shared lock."""
    paths = [path.relative_to(place.temporary) for path in place.temporary.rglob("*")]
    own = f"-{alive}-"
    engines = [path for path in paths if path.name.startswith(f"engine{own}") and path.suffix != ".lock"]
    others = [path for path in paths if own not in str(path) and path.name != ".lock" and path.parent != Path()]
    return [f"temporary {path}" for path in (*others, *engines[1:])]
