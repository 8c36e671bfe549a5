"""
The errors that users see: each is one line that says what is wrong and how to fix it.

    Customer360Error     the user can fix it: one line, no traceback, exit code 1
    ├── Unavailable      something cannot be reached or is missing: a server, table, file, engine, package, memory
    │   └── ServerFull   a PostgreSQL server has no free connection
    ├── Refused          the operation would destroy or publish something that it must not
    └── Invalid          the input is wrong: an option, a name, a mapping, the content of a file or table

Callers catch a class; they do not read a message.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Final

EXIT_CODES: Final = {
    0: "Success; the dashboard was stopped by Ctrl-C or SIGTERM.",
    1: "Failure: one line says what is wrong and how to fix it; also a failed check of `doctor` or `--max-age`.",
    2: "Unknown command, or invalid option or value; nothing was started.",
    130: "Stopped by Ctrl-C.",
    143: "Stopped by SIGTERM.",
}
"""What the exit code of every command means; `db psql` returns psql's own."""


class Customer360Error(Exception):
    """
    An error that the user can fix: shown as one line, without a traceback, with exit code 1.

    It is raised as a subclass. The message says what failed and where, what is wrong, and the nearest valid name
    or how to fix it. Failures outside of this software are converted (`customer360.errors.failures`). Anything
    else is a bug of ours and keeps its traceback.
    """


class Unavailable(Customer360Error):
    """Something that is needed cannot be reached or is missing."""


class ServerFull(Unavailable):
    """A PostgreSQL server has no free connection at the moment."""


class Refused(Customer360Error):
    """The operation would destroy or publish something that it must not; nothing was changed."""


class Invalid(Customer360Error):
    """The input is wrong: an option, a name, a mapping, the content of a file or table."""


KINDS: Final = {kind.__name__: kind for kind in (Customer360Error, Unavailable, ServerFull, Refused, Invalid)}
"""By name, for an error that arrives as text from a Spark worker or another process."""


def nearest(name: str, valid: Iterable[str]) -> str:
    """`" Did you mean 'x'?"` for the closest of *valid*, else `" Valid: a, b, c."`."""
    names = list(valid)
    close = difflib.get_close_matches(name, names, n=1)
    return f" Did you mean '{close[0]}'?" if close else f" Valid: {', '.join(names)}."


def one_line(text: str) -> str:
    """*text* for a terminal, without line breaks."""
    return printable(" ".join(text.split()))


def printable(text: str) -> str:
    """*text* with ? in place of control characters, which a file could use to control a terminal."""
    return "".join(sign if sign.isprintable() else " " if sign.isspace() else "?" for sign in text)
