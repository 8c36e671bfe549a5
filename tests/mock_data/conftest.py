"""Mock customers for several tests, generated once."""

from __future__ import annotations

import pyarrow as pa
import pytest

from tests.mock_data.mock_rows import all_events, all_rows


@pytest.fixture(scope="session")
def customers() -> pa.Table:
    """100,000 clean customers as of 30 June 2026."""
    return all_rows(100_000)


@pytest.fixture(scope="session")
def events() -> pa.Table:
    """The events of these customers, about 20 each."""
    return all_events(100_000)
