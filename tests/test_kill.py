"""Nothing is lost to a kill: a handful here, fifty of each by `python -m tests.killing`."""

from __future__ import annotations

import pytest

from customer360.postgres.connection import Database
from tests.killing import kill_many


@pytest.mark.spark
@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_kill_leaves_the_old_data_whole_and_the_next_run_works(database: Database) -> None:
    """Readers poll throughout; only complete states of all tables may be seen."""
    seen, hits = kill_many(database, kills=2)

    assert seen.states > 100
    assert seen.broken == []
    assert hits["mock"] > 0
    assert hits["run"] > 0
