"""
Nothing is lost under fire: each kind of fault once here; by the hundred, and many at the same time, with `make
torture`.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from tests.torture.concurrency import scenes, timed
from tests.torture.lane import Lane, new_lane
from tests.torture.schedule import SMALL_DISK_MEGABYTES, quick, strike_all
from tests.torture.tally import Tally

pytestmark = [pytest.mark.spark, pytest.mark.slow]

_MOST_SECONDS = 240


@pytest.fixture(scope="module")
def lane() -> Iterator[Lane]:
    with new_lane(seed=1, disk_megabytes=SMALL_DISK_MEGABYTES) as lane:
        yield lane


@pytest.mark.timeout(600)
def test_no_fault_loses_anything_or_leaves_anything_behind(lane: Lane) -> None:
    """A reader reads throughout; the next run works; every survivor reports what happened in one line."""
    tally = Tally(deadline=time.monotonic() + _MOST_SECONDS)

    strike_all(lane, quick(), tally)

    assert tally.problems() == []
    assert tally.looks > len(tally.strikes), "the reader looked on"
    assert sum(strike.has_hit for strike in tally.strikes) > len(tally.strikes) / 2


@pytest.mark.timeout(600)
@pytest.mark.parametrize("scene", scenes(quick=True), ids=lambda scene: scene.__name__)
def test_many_at_the_same_time_do_not_harm_one_another(lane: Lane, scene) -> None:
    """Two commands, and two that start the server."""
    assert timed(scene, lane).problems == ()
