"""The account used as the reference for points in other tests."""

from __future__ import annotations

from datetime import date

import pytest

from tests.reference.accounts import failures


@pytest.mark.parametrize(
    ("moves", "expected"),
    [
        ([("purchase", 10, 5), ("redeem", -10, 6)], []),
        ([("purchase", 10, 5), ("redeem", -11, 6)], ["points_above_balance"]),
        ([("redeem", -1, 5), ("purchase", 10, 6)], ["points_above_balance"]),
        ([("earn", 10, 5), ("expire", -10, 15)], []),
        ([("earn", 10, 5), ("expire", -10, 14)], ["spent_points_expired"]),
        ([("earn", 10, 5), ("earn", 10, 9), ("redeem", -4, 10), ("expire", -6, 15)], []),
        ([("earn", 10, 5), ("earn", 10, 9), ("redeem", -4, 10), ("expire", -10, 15)], ["spent_points_expired"]),
    ],
)
def test_an_account_notices_points_that_are_taken_twice(moves, expected):
    """Here points are valid for ten days; a partly spent lot expires partly."""
    dated = [
        (kind, points, date(2026, 6, day + 10) if points > 0 else None, date(2026, 6, day))
        for kind, points, day in moves
    ]

    assert list(failures(dated, undated=date.max)) == expected
