"""Shared fixtures of the attacks."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest

from customer360.postgres.copy import writer
from customer360.postgres.embedded import EmbeddedPostgres
from customer360.postgres.publish import publication
from customer360.tables import CUSTOMER_CONTACTS, CUSTOMERS, EVENTS, PEOPLE_ACCESS, REJECTED_ROWS
from tests.attacks.inputs import tried
from tests.conftest import new_home
from tests.mock_data.mock_rows import all_rows
from tests.web.published import miniature_results, publish

__all__ = ["tried"]


@pytest.fixture(scope="session")
def embedded() -> Iterator[EmbeddedPostgres]:
    """A separate embedded server with mock customers, one of them rejected, and results."""
    server = EmbeddedPostgres(new_home())
    database = server.start()
    customers = all_rows(200)
    [first, *_] = customers.to_pylist()
    with publication(database, "test") as change, writer(database) as copier:
        copier.copy_once(change.stage(CUSTOMERS), 0, customers.to_batches())
        copier.copy_once(change.stage(REJECTED_ROWS), 0, rejected(first))
        contacts = customers.select(CUSTOMER_CONTACTS.column_names).combine_chunks()
        copier.copy_once(change.stage(CUSTOMER_CONTACTS), 0, contacts.to_batches())
        change.append(PEOPLE_ACCESS, [])
        change.stage(EVENTS)
        change.describe(CUSTOMERS, {"kind": "mock", "rows": 200})
        change.publish()
    publish(database, miniature_results())
    yield server
    server.stop()
    shutil.rmtree(server.home)


def rejected(row: dict[str, object]) -> list[object]:
    """*row* as stored when it could not be loaded."""
    import pyarrow as pa

    schema = REJECTED_ROWS.arrow_schema
    kept = {"source": "public.customers", "found_by": "load", "reasons": "a_reason", "original_row": str(row)}
    return pa.Table.from_pylist([kept], schema=schema).to_batches()
