"""The coverage of the recomputation: it proves nothing about what it omits or what never occurs."""

from __future__ import annotations

from customer360.tables import RESULT_TABLES
from tests.reference.filters import filters_that_disagree
from tests.reference.random_ledgers import LAST_DAY, random_ledger
from tests.reference.recomputed import (
    NOT_RECOMPUTED,
    RECOMPUTED,
    counted_customers,
    counted_events,
    disagreements,
    recomputed,
)


def test_every_column_of_the_tables_of_events_is_recomputed():
    with recomputed(*random_ledger(1), LAST_DAY) as duck:
        found = {name: set(duck.sql(f"FROM {of} LIMIT 0").columns) for name, of in RECOMPUTED.items()}

    columns = {table.name: set(table.column_names) for table in RESULT_TABLES if table.name in RECOMPUTED}
    assert found == {name: columns[name] - NOT_RECOMPUTED.get(name, set()) for name in columns}


def test_a_random_ledger_fails_every_check():
    """Except those for decimals, which no column of a ledger has, and for forgotten customers: there are none."""
    with recomputed(*random_ledger(1), LAST_DAY) as duck:
        found = counted_events(duck) | counted_customers(duck)

    assert [name for name, count in found.items() if not count] == ["event_not_a_whole_number", "event_forgotten"]


def test_a_missing_row_is_noticed():
    """By the comparison of tables, and under the filters that keep it."""
    with recomputed(*random_ledger(1), LAST_DAY) as duck:
        activity, people = (
            duck.sql(f"FROM {name}").to_arrow_table() for name in ("activity_segments", "demographic_segments")
        )

        assert disagreements(duck, "activity_segments", activity) == []
        assert filters_that_disagree(duck, activity, people, seed=1) == []
        assert len(disagreements(duck, "activity_segments", activity.slice(1))) == 1
        assert 0 < len(filters_that_disagree(duck, activity.slice(1), people, seed=1)) < 15
        assert 0 < len(filters_that_disagree(duck, activity, people.slice(1), seed=1)) < 15
