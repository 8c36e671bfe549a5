"""The events of mock customers agree with their rows, for every customer."""

from __future__ import annotations

import pytest

from customer360.mock_data.plan import Plan
from tests.reference.mock_ledger import AS_OF, wrong


@pytest.mark.slow
def test_every_mock_customer_agrees_with_their_events():
    found = wrong(Plan(100_000, as_of=AS_OF))

    assert found.pop("customers") == 100_000
    assert 18 * 100_000 < found.pop("events") < 22 * 100_000
    assert {name: count for name, count in found.items() if count} == {}
