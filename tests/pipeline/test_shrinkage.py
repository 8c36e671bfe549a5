"""When fewer customers than before are refused, and when they are accepted."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest

from customer360.errors import Customer360Error
from customer360.pipeline.shrinkage import require_no_shrinkage, require_no_smaller_load
from customer360.postgres.origin import Origin
from customer360.tables import CUSTOMERS

AS_OF = date(2026, 6, 30)
BEFORE = {
    "refresh_id": 3, "as_of_date": "2026-06-30", "source_table": "crm.members", "source_kind": "unknown",
    "started_at": "2026-07-01T02:00:00", "rows_out": 1_000,
}  # fmt: skip
SOMEONES = Origin("unknown")


def mock(filled_at: str) -> Origin:
    return Origin("mock", filled_at=datetime.fromisoformat(filled_at))


def test_fewer_than_half_of_your_own_table_are_refused() -> None:
    """It looks the same as an interrupted nightly import."""
    with pytest.raises(Customer360Error) as refused:
        require_no_shrinkage(BEFORE, None, "crm.members", SOMEONES, AS_OF, 499)

    assert str(refused.value) == (
        "crm.members has 499 customers, but refresh 3 had 1,000, and it was not filled since; "
        "nothing was published. To publish them anyway: --allow-shrink"
    )


def test_fewer_than_half_of_the_same_mock_data_are_refused() -> None:
    """Someone deleted rows, or the checks suddenly reject them."""
    before = {**BEFORE, "source_table": "public.customers", "source_kind": "mock"}

    with pytest.raises(Customer360Error, match="public.customers has 0 customers"):
        require_no_shrinkage(before, None, "public.customers", mock("2026-07-01T01:00:00"), AS_OF, 0)


@pytest.mark.parametrize(
    ("before", "table", "source", "as_of", "customers"),
    [
        pytest.param(None, "crm.members", SOMEONES, AS_OF, 0, id="the first refresh"),
        pytest.param(BEFORE, "crm.members", SOMEONES, AS_OF, 500, id="half of them are left"),
        pytest.param(BEFORE, "crm.others", SOMEONES, AS_OF, 1, id="another table"),
        pytest.param(BEFORE, "crm.members", SOMEONES, date(2020, 1, 1), 1, id="an earlier day"),
        pytest.param(BEFORE, "crm.members", mock("2026-06-01T00:00:00"), AS_OF, 1, id="filled by another"),
        pytest.param(
            {**BEFORE, "source_kind": "mock"},
            "crm.members",
            mock("2026-07-02T00:00:00"),
            AS_OF,
            1,
            id="filled again",
        ),
    ],
)
def test_fewer_customers_on_purpose_need_no_flag(
    before: dict[str, Any] | None, table: str, source: Origin, as_of: date, customers: int
) -> None:
    """Filling fewer customers, reading another table, and an earlier as-of date are intentional."""
    require_no_shrinkage(before, None, table, source, as_of, customers)


def test_the_filling_and_not_the_clock_decides_whether_customers_were_filled_since() -> None:
    """A clock that was ahead at the refresh, or at the filling, must not change the outcome."""
    before = {
        **BEFORE,
        "source_table": "public.customers",
        "source_kind": "own",
        "started_at": "2026-07-09T02:00:00",
    }
    refilled = Origin("own", "customers_2", filled_at=datetime(2026, 7, 1))
    same = Origin("own", "customers_1", filled_at=datetime(2026, 8, 1))

    require_no_shrinkage(before, "customers_1", "public.customers", refilled, AS_OF, 1)
    with pytest.raises(Customer360Error, match="has 1 customers"):
        require_no_shrinkage(before, "customers_1", "public.customers", same, AS_OF, 1)


def test_a_file_that_lost_half_of_its_customers_is_refused() -> None:
    """An interrupted export, loaded each night by a script with --replace --yes."""
    before = Origin("own", source="members.csv", rows=1_000)

    require_no_smaller_load(before, CUSTOMERS, "members.csv", 500)
    require_no_smaller_load(before, CUSTOMERS, "others.csv", 1)
    require_no_smaller_load(Origin("mock", rows=1_000), CUSTOMERS, "members.csv", 1)
    with pytest.raises(Customer360Error, match=r"^members.csv has 499 customers, but 1,000 .*: --allow-shrink$"):
        require_no_smaller_load(before, CUSTOMERS, "members.csv", 499)
