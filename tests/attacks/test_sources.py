"""For any query of another PostgreSQL, `load` ends with a result or one line; on a real server."""

from __future__ import annotations

from pathlib import Path

import pytest

from customer360.postgres.embedded import EmbeddedPostgres
from tests.attacks.command_line import customer360, nothing_to_reach
from tests.attacks.inputs import HOSTILE, Tried
from tests.attacks.test_reader import fingerprint

QUERIES = (
    "SELEC 1", "SELECT 1 AS a, 2 AS a", "SELECT 1/0 AS customer_id", "SELECT 'x'::int", "SELECT", "VALUES (1)", "DELETE FROM public.customers",
    "SELECT 1) AS q; DELETE FROM public.customers; --", "SELECT 1; DROP TABLE public.customers", "WITH d AS (DELETE FROM public.customers RETURNING *) SELECT * FROM d",
    "SELECT pg_sleep(0), 1 AS customer_id, '2024-01-01' AS join_date", "SELECT NULL AS customer_id", "SELECT 'NaN'::numeric AS customer_id, now() AS join_date",
    "SELECT 1e200::numeric AS customer_id", "SELECT '{1,2}'::int[] AS customer_id, 'a' AS name", "SELECT 'infinity'::date AS join_date, 1 AS customer_id",
    "SELECT 1 AS \"a\"\"b\", 2 AS \"%s\", 3 AS \"{}\"", "SELECT generate_series(1, 3) AS customer_id, '4713-01-01 BC'::date AS join_date", "TABLE nothing",
)  # fmt: skip


@pytest.mark.parametrize("option", ["--query", "--table"])
def test_any_query_and_any_table_are_read_or_refused(
    embedded: EmbeddedPostgres, tmp_path: Path, tried: Tried, option: str
) -> None:
    """A query may be invalid, or return values that no customer has; the queried database is unchanged."""
    reader, before = embedded.database().url, fingerprint(embedded)
    with nothing_to_reach(tmp_path):
        for text in (*QUERIES, *HOSTILE):
            asked = text.replace("\0", "")
            ended = customer360(
                "load", "--from-database", reader, f"{option}={asked}", "--dry-run", "--max-rejected=1"
            )
            assert ended.code in {0, 1, 2}, (asked, ended)
            assert ended.code == 0 or ended.stderr.splitlines()[-1].startswith("customer360: "), (asked, ended)
            assert embedded.database().parts["password"] not in ended.stdout + ended.stderr
            tried(ended.code)

    assert fingerprint(embedded) == before
