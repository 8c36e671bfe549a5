"""One's own customers into the database, what was rejected beside them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from customer360 import __version__
from customer360.errors import Refused
from customer360.own_data.loadable import Loadable
from customer360.pipeline.progress import Progress, silent
from customer360.pipeline.rejected import keep_others, rejected_at_loading
from customer360.pipeline.shrinkage import require_no_smaller_load
from customer360.pipeline.staging import WAITING, Waiting, now, prepare_source, stage_files
from customer360.postgres.connection import Database
from customer360.postgres.copy import WRITERS
from customer360.postgres.origin import Origin, origin
from customer360.postgres.publish import Publication, publication
from customer360.settings import MAX_REJECTED
from customer360.tables import REJECTED_ROWS


def load_customers(
    database: Database,
    found: Loadable,
    facts: Mapping[str, Any],
    *,
    max_rejected: float = MAX_REJECTED,
    replace: bool = False,
    allow_shrink: bool = False,
    writers: int = WRITERS,
    waiting: Waiting = WAITING,
    progress: Progress = silent,
) -> None:
    """
    Deletes the customers in the database and loads those of *found*, its rejected rows beside them, at once.

    Raises: Customer360Error when more than the share *max_rejected* is rejected, when the customers there are
    someone's own and not *replace*, or when they are of the same source and twice as many and not *allow_shrink*;
    nothing is changed then. *facts* are kept with the customers.
    """
    found.tally.require(max_rejected)
    table = found.table
    with publication(database, "load", wait_seconds=waiting.run_seconds) as change:
        change.prepare([REJECTED_ROWS])
        prepare_source(change, table, replace=replace)
        if not allow_shrink:
            change.require(lambda: _require_no_smaller_load(change, found, facts))
        with progress("Loading customers", total=found.tally.customers, done=partial(change.rows, table)):
            stage_files(change, database, table, found.customers, writers)
        with progress("Keeping the rejected rows", done=partial(change.rows, REJECTED_ROWS)):
            rows_of = partial(rejected_at_loading, table)
            stage_files(change, database, REJECTED_ROWS, found.rejected, writers, rows_of)
            keep_others(change, table)
        _audit_loaded(change, found)
        loaded = Origin("own", **found.facts(), **facts, filled_at=now(), version=__version__)
        change.describe(table, loaded.record())
        with progress("Building the key and publishing"):
            change.publish(lock_seconds=waiting.swap_seconds)


def _require_no_smaller_load(change: Publication, found: Loadable, facts: Mapping[str, Any]) -> None:
    before = origin(change.connection, found.table.full_name)
    require_no_smaller_load(before, facts.get("source", ""), found.tally.customers)


def _audit_loaded(change: Publication, found: Loadable) -> None:
    arrived = change.rows(found.table)
    if arrived != found.tally.customers:
        raise Refused(
            f"{arrived:,} customers arrived where {found.tally.customers:,} were read; nothing was changed"
        )
