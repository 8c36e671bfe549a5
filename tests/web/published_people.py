"""The miniature with individual customers: the results of a run, contact data, and an access log."""

from __future__ import annotations

import pyarrow as pa

from customer360.postgres.connection import Database
from customer360.postgres.copy import writer
from customer360.postgres.publish import publication
from customer360.tables import (
    CUSTOMER_CONTACTS,
    CUSTOMER_MONTHS,
    CUSTOMER_MOVES,
    CUSTOMER_PROFILES,
    CUSTOMERS,
    EVENTS,
)
from customer360.web.store import LOADED
from tests.web.published import miniature_results, publish


def publish_people(database: Database, count: int) -> None:
    """Publishes *count* customers like "Ana Nº 7", ana7@example.com, C-7; without months and events."""
    results = dict(miniature_results(count, tables=(*LOADED, CUSTOMER_PROFILES)))
    results[CUSTOMER_PROFILES] = _completed(results[CUSTOMER_PROFILES])
    with publication(database, "test") as change, writer(database) as copier:
        for table in (CUSTOMERS, EVENTS, CUSTOMER_MONTHS, CUSTOMER_MOVES):
            change.stage(table)
        change.describe(EVENTS, {"kind": "mock", "rows": 0})
        rows = _contacts(results[CUSTOMER_PROFILES])
        copier.copy_once(change.stage(CUSTOMER_CONTACTS), 0, rows.to_batches())
        change.publish()
    publish(database, results)


def _completed(profiles: pa.Table) -> pa.Table:
    """Fills every column that is never null; the miniature has only those that segments are built from."""
    columns = [profiles[column.name] for column in CUSTOMER_PROFILES.columns]
    wanted = zip(CUSTOMER_PROFILES.columns, columns, strict=True)
    nothing = {"boolean": False, "text": "Unknown"}
    filled = [rows.fill_null(nothing.get(one.type, 0)) if one.required else rows for one, rows in wanted]
    return pa.table(filled, schema=CUSTOMER_PROFILES.arrow_schema)


def _contacts(profiles: pa.Table) -> pa.Table:
    ids = profiles["customer_id"].to_pylist()
    columns = [
        ids,
        [f"C-{one}" for one in ids],
        [f"Ana Nº {one}" for one in ids],
        [f"ana{one}@example.com" for one in ids],
    ]
    return pa.table(columns, schema=CUSTOMER_CONTACTS.arrow_schema)
