"""One line that says what is wrong and the way out."""

from __future__ import annotations

from customer360.errors import nearest


def test_a_slip_of_the_pen_is_answered_with_the_nearest_name() -> None:
    """Most wrong names are nearly right."""
    assert nearest("custmer_id", ["name", "customer_id"]) == " Did you mean 'customer_id'?"


def test_a_name_that_resembles_none_is_answered_with_all() -> None:
    """Then the person needs the choice."""
    assert nearest("zzz", ["Gold", "Silver"]) == " Valid: Gold, Silver."
