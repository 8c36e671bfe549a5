"""The one error a person sees: a line that says what is wrong and the way out."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class Customer360Error(Exception):
    """
    A mistake a person can mend: shown as one line, without a traceback, with exit code 1.

    The message says who uses what where, what is wrong, and the nearest valid name or the way out.
    Anything else that escapes is our own fault and keeps its traceback.
    """


def nearest(name: str, valid: Iterable[str]) -> str:
    """`" Did you mean 'x'?"` for the closest of *valid*, else `" Valid: a, b, c."`."""
    names = list(valid)
    close = difflib.get_close_matches(name, names, n=1)
    return f" Did you mean '{close[0]}'?" if close else f" Valid: {', '.join(names)}."
