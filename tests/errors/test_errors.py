"""One line that says what is wrong and the way out."""

from __future__ import annotations

from customer360.errors import nearest, one_line, printable


def test_a_slip_of_the_pen_is_answered_with_the_nearest_name() -> None:
    """Most wrong names are nearly right."""
    assert nearest("custmer_id", ["name", "customer_id"]) == " Did you mean 'customer_id'?"


def test_a_name_that_resembles_none_is_answered_with_all() -> None:
    """Then the person needs the choice."""
    assert nearest("zzz", ["Gold", "Silver"]) == " Valid: Gold, Silver."


def test_a_line_for_a_terminal_cannot_steer_it() -> None:
    """What is quoted in it may come from somebody's file."""
    assert one_line("a\n\tb\x1b[2J \u202ec\x9b\udcff") == "a b?[2J ?c??"
    assert printable("  a\u00a0b") == "  a b"
