"""Durations, as typed and as shown."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from customer360.errors import Customer360Error
from customer360.report.durations import parse_duration, written


@pytest.mark.parametrize(
    ("text", "seconds"), [("90s", 90), ("15m", 900), ("26h", 93_600), ("2d", 172_800), (" 1.5 H ", 5_400)]
)
def test_a_duration_is_a_number_and_a_unit(text: str, seconds: int) -> None:
    """As in monitoring tools and cron lines."""
    assert parse_duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["", "26", "h", "-1h", "26 hours", "1h30m", "9999999d", "nan h"])
def test_anything_else_is_rejected_with_examples(text: str) -> None:
    """The unit of a bare number would be a guess."""
    with pytest.raises(
        Customer360Error, match=re.escape(f"invalid duration '{text}'; use a form such as 90s, 15m, 26h or 2d")
    ):
        parse_duration(text)


@pytest.mark.parametrize(
    ("seconds", "text"), [(-5, "0 s"), (119, "119 s"), (120, "2 min"), (26 * 3_600, "26 h"), (3 * 86_400, "3 d")]
)
def test_a_duration_is_shown_in_its_largest_whole_unit(seconds: int, text: str) -> None:
    """With a number of at least 2: 26 h says more than 1 d."""
    assert written(timedelta(seconds=seconds)) == text
