"""The state of the connection to the embedded engine after Ctrl-C."""

from __future__ import annotations

import pytest
from pyspark.sql import SparkSession

pytestmark = [pytest.mark.embedded, pytest.mark.slow]  # it waits for an engine


def test_a_lock_not_released_after_an_interrupt_costs_neither_the_session_nor_the_engine(
    spark: SparkSession,
) -> None:
    """gRPC acquires it in Python, where KeyboardInterrupt may come before its release is guaranteed."""
    spark.range(3).createOrReplaceTempView("three")
    client = spark.client
    client._channel._channel._call_state.lock.acquire()

    client.interrupt_operation("00000000-0000-0000-0000-000000000000")

    assert spark.table("three").count() == 3
